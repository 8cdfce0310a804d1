"""Supervised fine-tuning on completions: the loss covers only replies and their end-of-turn tokens."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from clinweave.core.artifacts import Artifact
from clinweave.core.errors import UserError
from clinweave.datasets import BLIND, Example, Kind, choice_prompt
from clinweave.training.items import load_examples
from clinweave.training.packing import Row, as_rows, collator, grouped, rows
from clinweave.training.ranking_loss import contrasting
from clinweave.training.rewards import SAFETY
from clinweave.training.runner import Job, as_dataset, run_job
from clinweave.training.settings import Inputs, Settings
from clinweave.training.tokens import Tokens, by_turn, fitting, prompt_ids, reply_ids

if TYPE_CHECKING:
    from transformers import Trainer

TURNS = ("all", "last")
SAME = 16  # items whose first tokens (the rules for the assistant) are equal share a row


@dataclass(frozen=True)
class Config(Settings):
    """`replay` is the share of general items mixed in from the replay file, against forgetting.

    `cited` is how often items with evidence in the prompt come: 3 three times, 0.5 every second of them.
    `safety` is the same of requests to be refused and of emergencies, at least 1: they are few among many facts.
    `options_only` hides every question and trains on the answers alone: the options-only control.
    `share` is the tokens of a row in which items share their prompts (`clinweave.training.packing`), 0 for one item a
    row; `batch` then counts rows, and `answers` is how many replies to one prompt stand in a row, at most.
    `contrast` weighs the ranking loss (`clinweave.training.ranking_loss`, right names above wrong ones; needs `share`),
    `likelihood` that of the usual loss.
    `turns` is which turns of the assistant in a conversation the loss counts: "all", as TRL and LLaMA-Factory do for
    these shapes, or "last". Turns of a `prompt` field are never counted.
    """

    replay: float = 0.0
    cited: float = 1.0
    safety: float = 1.0
    options_only: bool = False
    share: int = 0
    answers: int = 12
    contrast: float = 0.0
    likelihood: float = 1.0
    turns: str = "all"


def run(config: Config, inputs: Inputs, out: Path) -> Artifact:
    """Train on the instructions of the training split."""
    return run_job("sft", config, inputs, out, lambda job: trainer(job, config))


def trainer(job: Job, config: Config) -> "Trainer":
    """Return TRL's trainer over items that are tokenised and masked here."""
    from trl import SFTConfig, SFTTrainer

    if config.safety < 1:
        raise UserError("safety is how often requests to be refused come: 1 or more")
    if config.contrast and not config.share:
        raise UserError("contrast needs rows that share prompts: set share, such as share=1000")
    if config.turns not in TURNS:
        raise UserError(f"turns is {config.turns!r}: use {' or '.join(TURNS)}")
    examples = chosen(job, config)
    if config.share and config.turns == "all":  # replies share their prompts one by one
        examples = [item for example in examples for item in by_turn(example)]
    items, dropped = fitting(job.tokenizer, examples, config.max_length, config.turns)
    job.notes.update(items=len(items), too_long=dropped, tokens=sum(len(row.ids) for row in items))
    job.notes.update(turns=config.turns, earlier_turns=sum(len(row.counted) for row in examples))
    more: dict[str, object] = {}
    data = as_dataset(items)
    if config.share:
        packed = shared(items, config, wrong_replies(job, examples) if config.contrast else {})
        data = as_rows(packed)
        job.notes.update(rows=len(packed), tokens_shared=sum(len(row.ids) for row in packed))
        more = {"remove_unused_columns": False}
    model = job.model()
    kind = contrasting(config.contrast, config.likelihood) if config.contrast else SFTTrainer
    return kind(
        model=model,
        args=SFTConfig(
            **job.arguments(max_length=None, dataset_kwargs={"skip_prepare_dataset": True}, **more)
        ),
        train_dataset=data,
        data_collator=collator(model.dtype, contrast=config.contrast > 0) if config.share else None,
        processing_class=job.tokenizer,
        peft_config=job.lora(),
    )


def chosen(job: Job, config: Config) -> list[Example]:
    """Return the items to train on, those with evidence and those of the replay file as often as asked."""
    examples = job.examples(Kind.INSTRUCTION)
    if config.options_only:
        examples = [
            replace(example, prompt=choice_prompt(BLIND))
            for example in examples
            if example.task == "closed-book"
        ]
    random = Random(config.seed)  # noqa: S311
    cited = _repeated([example for example in examples if example.evidence], config.cited, random)
    safety = _repeated([example for example in examples if example.task in SAFETY], config.safety - 1, random)
    examples = [example for example in examples if not example.evidence] + cited + safety
    if config.replay and job.inputs.replay is not None:
        general = load_examples(job.inputs.replay, Kind.INSTRUCTION, "train")
        count = int(len(examples) * config.replay / (1 - config.replay))
        examples += Random(config.seed).choices(general, k=count)  # noqa: S311
    return examples


def _repeated(examples: Sequence[Example], times: float, random: Random) -> list[Example]:
    """Return the items so many times over; of a fraction, a sample."""
    repeats = int(times)
    return [*examples] * repeats + random.sample(examples, round((times - repeats) * len(examples)))


def wrong_replies(job: Job, examples: Iterable[Example]) -> Mapping[tuple[int, ...], list[tuple[int, ...]]]:
    """Return the wrong options of closed-book questions as ids, by their prompt's ids."""
    by_prompt: dict[tuple[int, ...], list[tuple[int, ...]]] = {}
    encoded: dict[str, tuple[int, ...]] = {}
    for example in examples:
        if example.task != "closed-book":
            continue
        wrong = by_prompt.setdefault(tuple(prompt_ids(job.tokenizer, example.prompt)), [])
        for option in example.options:
            if option != example.completion:
                if option not in encoded:
                    encoded[option] = tuple(reply_ids(job.tokenizer, option)[:-1])
                wrong.append(encoded[option])
    return by_prompt


def shared(
    items: Sequence[Tokens], config: Config, wrong: Mapping[tuple[int, ...], list[tuple[int, ...]]]
) -> list[Row]:
    """Return rows in which items with the same beginning share it."""
    random = Random(config.seed)  # noqa: S311
    groups = grouped(items, config.answers, random, wrong)
    return rows(groups, config.share, SAME, random)
