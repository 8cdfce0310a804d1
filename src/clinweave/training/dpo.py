"""Direct preference optimisation on preference pairs; the reference model is the one that training starts from."""

import os
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from clinweave.core.artifacts import Artifact
from clinweave.core.errors import UserError
from clinweave.datasets import Kind
from clinweave.training.reward import pair_ids
from clinweave.training.runner import Job, run_job
from clinweave.training.settings import Inputs, Settings

if TYPE_CHECKING:
    from transformers import Trainer


@dataclass(frozen=True)
class Config(Settings):
    """`beta` holds the model to the reference."""

    learning_rate: float = 5e-5
    beta: float = 0.1


def run(config: Config, inputs: Inputs, out: Path) -> Artifact:
    """Train on the pairs of the training split."""
    return run_job("dpo", config, inputs, out, lambda job: trainer(job, config))


def trainer(job: Job, config: Config) -> "Trainer":
    """Return TRL's trainer; pairs longer than `max_length` are left out, never cut."""
    from trl import DPOConfig, DPOTrainer

    from datasets import Dataset

    pairs = job.examples(Kind.PREFERENCE)
    seen = config.steps * config.batch * config.accumulate * int(os.environ.get("WORLD_SIZE", "1"))
    if seen < len(pairs):  # the trainer tokenises all that it is given
        pairs = Random(config.seed).sample(pairs, seen)  # noqa: S311
    fitting = [pair for pair in pairs if max(map(len, pair_ids(job.tokenizer, pair))) <= config.max_length]
    if not fitting:
        raise UserError(f"no pair fits into {config.max_length} tokens: raise max_length")
    job.notes.update(items=len(fitting), too_long=len(pairs) - len(fitting))
    rows = [
        {
            "prompt": list(pair.prompt),
            "chosen": [{"role": "assistant", "content": pair.completion}],
            "rejected": [{"role": "assistant", "content": pair.rejected}],
        }
        for pair in fitting
    ]
    return DPOTrainer(
        model=job.model(),
        args=DPOConfig(**job.arguments(max_length=None, beta=config.beta)),
        train_dataset=Dataset.from_list(rows),
        processing_class=job.tokenizer,
        peft_config=job.lora(),
    )
