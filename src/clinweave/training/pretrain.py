"""Continued pre-training on running text, packed: texts are concatenated and cut into blocks of equal length."""

from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from clinweave.core.artifacts import Artifact
from clinweave.datasets import Kind
from clinweave.training.items import load_examples
from clinweave.training.runner import Job, as_dataset, run_job
from clinweave.training.settings import Inputs, Settings
from clinweave.training.tokens import packed

if TYPE_CHECKING:
    from transformers import Trainer


@dataclass(frozen=True)
class Config(Settings):
    """`replay` is the share of general text mixed in from the replay file, against forgetting."""

    replay: float = 0.0


def run(config: Config, inputs: Inputs, out: Path) -> Artifact:
    """Train on the running text of the training split."""
    return run_job("pretrain", config, inputs, out, lambda job: trainer(job, config))


def trainer(job: Job, config: Config) -> "Trainer":
    """Return TRL's trainer over packed blocks."""
    from trl import SFTConfig, SFTTrainer

    random = Random(config.seed)  # noqa: S311
    texts = job.examples(Kind.TEXT)
    if config.replay and job.inputs.replay is not None:
        general = load_examples(job.inputs.replay, Kind.TEXT, "train")
        texts += random.choices(general, k=int(len(texts) * config.replay / (1 - config.replay)))
    random.shuffle(texts)
    blocks = packed(job.tokenizer, texts, config.max_length)
    job.notes.update(items=len(texts), blocks=len(blocks), tokens=sum(len(block.ids) for block in blocks))
    return SFTTrainer(
        model=job.model(),
        args=SFTConfig(**job.arguments(max_length=None, dataset_kwargs={"skip_prepare_dataset": True})),
        train_dataset=as_dataset(blocks),
        processing_class=job.tokenizer,
        peft_config=job.lora(),
    )
