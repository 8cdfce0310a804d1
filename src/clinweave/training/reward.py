"""The reward model: trained on preference pairs; held-out pairs give its accuracy and calibration.

A poisoned or mislabelled file shows in the held-out accuracy: `suspect` names the kinds of pair that a model learnt
the wrong way round, or not at all.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.core import statistics
from clinweave.core.artifacts import Artifact
from clinweave.core.errors import UserError
from clinweave.datasets import Example, Kind
from clinweave.training.runner import Job, run_job
from clinweave.training.settings import Inputs, Settings
from clinweave.training.tokens import prompt_ids, reply_ids

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, Trainer

_BINS = 5
HELD_OUT = ("validation", "held-out-diseases")


@dataclass(frozen=True)
class Config(Settings):
    """`required` is the held-out accuracy under which the file is held to be suspect; `held_out` pairs judge it."""

    required: float = 0.6
    held_out: int = 400


def run(config: Config, inputs: Inputs, out: Path) -> Artifact:
    """Train on the pairs of the training split and judge on pairs of other diseases."""
    return run_job(
        "reward",
        config,
        inputs,
        out,
        lambda job: trainer(job, config),
        lambda job, trained: judged(job, trained, config),
    )


def pair_ids(tokenizer: "PreTrainedTokenizerBase", example: Example) -> tuple[list[int], list[int]]:
    """Return the ids of the better and of the worse conversation, each ending at the end of its turn."""
    prompt = prompt_ids(tokenizer, example.prompt)
    return prompt + reply_ids(tokenizer, example.completion), prompt + reply_ids(tokenizer, example.rejected)


def trainer(job: Job, config: Config) -> "Trainer":
    """Return TRL's trainer over pairs that are tokenised here."""
    from trl import RewardConfig, RewardTrainer

    from datasets import Dataset

    pairs = [pair_ids(job.tokenizer, pair) for pair in job.examples(Kind.PREFERENCE)]
    fitting = [pair for pair in pairs if max(map(len, pair)) <= config.max_length]
    if not fitting:
        raise UserError(f"no pair fits into {config.max_length} tokens: raise max_length")
    job.notes.update(items=len(fitting), too_long=len(pairs) - len(fitting))
    rows = [{"chosen_ids": better, "rejected_ids": worse} for better, worse in fitting]
    return RewardTrainer(
        model=job.model(reward=True),
        args=RewardConfig(**job.arguments(max_length=config.max_length)),
        train_dataset=Dataset.from_list(rows),
        processing_class=job.tokenizer,
        peft_config=job.lora(reward=True),
    )


def judged(job: Job, trained: "Trainer", config: Config) -> dict[str, Any]:
    """Return accuracy and calibration on held-out pairs, whole and by kind of fault."""
    pairs = held_out(job)[: config.held_out]
    margins = [_margin(trained.model, job.tokenizer, pair) for pair in pairs]
    return {"held_out": report(pairs, margins, config.required)}


def held_out(job: Job) -> list[Example]:
    """Return pairs of diseases that were not trained on; of a single file, its last tenth is not held out."""
    if not job.inputs.data.is_dir():
        return []
    pairs = []
    for split in HELD_OUT:
        if (job.inputs.data / f"{Kind.PREFERENCE}.{split}.jsonl").is_file():
            pairs += job.examples(Kind.PREFERENCE, split)
    return pairs


def report(pairs: Sequence[Example], margins: Sequence[float], required: float) -> dict[str, Any]:
    """Return what margins (better minus worse, in nats) on held-out pairs say of the model and of its data."""
    if not pairs:
        return {"pairs": 0, "suspect": ["no held-out pairs: the data cannot be evaluated"]}
    kinds: dict[str, list[float]] = defaultdict(list)
    for pair, margin in zip(pairs, margins, strict=True):
        kinds[pair.rejection or pair.task].append(margin)
    by_kind = {kind: _accuracy(group) for kind, group in sorted(kinds.items())}
    accuracy = _accuracy(margins)
    suspect = [
        f"{kind}: {result['accuracy']:.0%} of {result['pairs']} pairs, with all of the interval under {required:.0%}"
        for kind, result in {"all": accuracy, **by_kind}.items()
        if result["interval"][1] < required
    ]
    return {
        **accuracy,
        "kinds": by_kind,
        "calibration": calibration(margins),
        "required": required,
        "suspect": suspect,
    }


def calibration(margins: Sequence[float]) -> dict[str, Any]:
    """Return the expected calibration error and the bins behind it.

    The model's certainty in its own choice is sigmoid(|margin|), between 0.5 and 1; its choice is right where the
    margin is positive.
    """
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(_BINS)]
    for margin in margins:
        certain = 1 / (1 + math.exp(-min(abs(margin), 700)))
        bins[min(_BINS - 1, int((certain - 0.5) * 2 * _BINS))].append((certain, margin > 0))
    rows = []
    error = 0.0
    for members in filter(None, bins):
        mean = sum(certain for certain, _ in members) / len(members)
        right = sum(good for _, good in members) / len(members)
        error += len(members) * abs(mean - right) / len(margins)
        rows.append({"pairs": len(members), "certainty": round(mean, 4), "accuracy": round(right, 4)})
    return {"error": round(error, 4), "bins": rows}


def score(model: "PreTrainedModel", ids: Sequence[int]) -> float:
    """Return the reward of one tokenised conversation, in nats."""
    import torch

    model.eval()
    with torch.inference_mode():
        inputs = torch.tensor([list(ids)], device=next(model.parameters()).device)
        return float(model(input_ids=inputs, attention_mask=torch.ones_like(inputs)).logits[0, 0])


def _margin(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase", pair: Example) -> float:
    better, worse = pair_ids(tokenizer, pair)
    return score(model, better) - score(model, worse)


def _accuracy(margins: Sequence[float]) -> Mapping[str, Any]:
    right = sum(margin > 0 for margin in margins)
    low, high = statistics.wilson(right, len(margins))
    return {
        "pairs": len(margins),
        "accuracy": round(right / len(margins), 4),
        "interval": [round(low, 4), round(high, 4)],
        "margin": round(sum(margins) / len(margins), 4),
    }
