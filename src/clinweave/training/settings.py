"""Settings and inputs common to all training stages."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Progress = Callable[[int, int, Mapping[str, Any]], None]  # steps done, of how many, what was logged


def silent(_done: int, _total: int, _logged: Mapping[str, object]) -> None:
    """No-op progress callback."""


@dataclass(frozen=True)
class Settings:
    """Settings common to all stages. `lora_rank` 0 trains all weights."""

    steps: int = 100  # optimiser steps
    batch: int = 4  # items at once on one device
    accumulate: int = 1  # batches to one step
    learning_rate: float = 2e-4
    warmup: float = 0.05  # share of the steps
    max_length: int = 512  # tokens of prompt and reply; a longer item is left out and counted
    lora_rank: int = 16
    lora_alpha: int = 32
    layers: int = 0  # of all weights (lora_rank 0) train only those of the last so many layers; 0: all
    checkpointing: bool = False  # gradient checkpointing: less memory, about a third more time
    precision: str = "auto"  # float32 | bfloat16; auto: bfloat16 where the hardware gains from it
    quantise: str = ""  # nf4: the base in 4 bits under adapters (QLoRA; the gpu extra)
    processes: int = 1  # devices, one process each; `batch` is what one of them takes at once
    sharded: bool = False  # weights, gradients and moments are spread over the devices
    threads: int = 0  # 0: torch's own choice
    save_every: int = 50  # steps between checkpoints, from which an interrupted run goes on
    log_every: int = 1
    seed: int = 0
    memory_gb: float = 0.0  # what may be used; 0: what is free


@dataclass(frozen=True)
class Inputs:
    """What a stage reads. `data` is a folder of `clinweave data build`, or one file in any known shape."""

    base: str = "smollm2"  # smollm2, a .gguf file, a folder of transformers weights (such as a stage's)
    data: Path = Path("data")
    reward: Path | None = None  # the folder of a trained reward model
    graph: Path | None = None  # for rewards that check citations
    replay: Path | None = None  # general text or conversations mixed in against forgetting
    home: Path | None = None
    progress: Progress = silent
