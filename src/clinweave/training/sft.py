"""Supervised fine-tuning on completions: the loss counts the reply and the end of its turn, nothing else."""

from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from clinweave.artifacts import Artifact
from clinweave.datasets import BLIND, Kind, choice_prompt
from clinweave.training.job import Job, as_dataset, load_examples, run_job
from clinweave.training.settings import Inputs, Settings
from clinweave.training.tokens import fitting


@dataclass(frozen=True)
class Config(Settings):
    """`replay` is the share of general items mixed in from the replay file, against forgetting.

    `cited` is how often items with evidence in the prompt come, where by-heart items would outnumber them.
    `blind` hides every question and trains on the answers alone: the options-only control.
    """

    replay: float = 0.0
    cited: int = 1
    blind: bool = False


def run(config: Config, inputs: Inputs, out: Path) -> Artifact:
    """Train on the instructions of the training split."""
    return run_job("sft", config, inputs, out, lambda job: trainer(job, config))


def trainer(job: Job, config: Config) -> Any:
    """Return TRL's trainer over items that are tokenised and masked here."""
    from trl import SFTConfig, SFTTrainer

    examples = job.examples(Kind.INSTRUCTION)
    if config.blind:
        examples = [
            replace(one, prompt=choice_prompt(BLIND)) for one in examples if one.task == "closed-book"
        ]
    examples += [one for one in examples if one.evidence] * (max(1, config.cited) - 1)
    if config.replay and job.inputs.replay is not None:
        general = load_examples(job.inputs.replay, Kind.INSTRUCTION, "train")
        wanted = int(len(examples) * config.replay / (1 - config.replay))
        examples += Random(config.seed).choices(general, k=wanted)  # noqa: S311
    items, dropped = fitting(job.tokenizer, examples, config.max_length)
    job.notes.update(items=len(items), too_long=dropped, tokens=sum(len(one.ids) for one in items))
    return SFTTrainer(
        model=job.model(),
        args=SFTConfig(**job.arguments(max_length=None, dataset_kwargs={"skip_prepare_dataset": True})),
        train_dataset=as_dataset(items),
        processing_class=job.tokenizer,
        peft_config=job.lora(),
    )
