"""Estimate a stage's memory before loading anything, and suggest which setting to change if it does not fit."""

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from clinweave.core.errors import UserError
from clinweave.training.settings import Settings
from clinweave.training.stages import FACTS, stage_name

_BYTES = {"float32": 4.0, "bfloat16": 2.0, "nf4": 0.56}
# Activations kept for a backward pass: values per token and layer, in units of the width; those of the inner layer of a
# feed-forward network in units of its own width (Qwen2.5-1.5B's is 5.8 times the model's, SmolLM2's 2.7 times).
_PER_TOKEN_LAYER, _PER_TOKEN_INNER = 18, 6
_CONTRAST_LOGITS = 2  # times the logits: of right and wrong replies at once
_RESERVE = 0.7e9  # Python, torch, the data


@dataclass(frozen=True)
class Shape:
    """What of a model decides its memory."""

    parameters: int
    width: int
    layers: int
    vocabulary: int
    tied: bool = False  # one matrix for both ends
    inner: int = 0  # width inside the feed-forward network; 0: 8/3 of the width, as Llama has

    @property
    def values(self) -> float:
        """Return the activations that one token keeps in one layer, in units of the width."""
        return _PER_TOKEN_LAYER + _PER_TOKEN_INNER * (self.inner / self.width if self.inner else 8 / 3)


@dataclass(frozen=True)
class Need:
    """Bytes by what they are for."""

    weights: float
    training: float  # gradients and Adam's two moments
    activations: float
    logits: float

    @property
    def total(self) -> float:
        """Return all bytes, with what the program itself takes."""
        return self.weights + self.training + self.activations + self.logits + _RESERVE


def estimate(shape: Shape, settings: Settings, stage: str, precision: str = "float32") -> Need:
    """Return the memory that one device needs for a stage; an upper estimate of its peak.

    `sharded` settings spread weights and training over the devices; one layer is whole on each while it is computed.
    """
    facts = FACTS[stage_name(stage)]
    learning = facts.learning
    lora = settings.lora_rank > 0
    ends = shape.vocabulary * shape.width * (1 if shape.tied else 2)
    last = min(settings.layers or shape.layers, shape.layers)  # of all weights: of how many layers
    everything = shape.parameters if last == shape.layers else (shape.parameters - ends) * last / shape.layers
    trainable = (14 * shape.width * settings.lora_rank * shape.layers) if lora else everything
    trainable += learning * shape.parameters
    # what learns is kept in float32, as job.py loads it; a frozen base may be smaller
    size = _BYTES[precision] if lora else _BYTES["float32"]
    copies = 1 + (facts.frozen_with_lora if lora else facts.frozen) + learning
    weight_bytes = shape.parameters * size * copies
    if settings.quantise and lora:  # of the learning model; its ends are not quantised but kept in float32
        weight_bytes += (
            (shape.parameters - ends) * _BYTES[settings.quantise] + ends * 4.0 - shape.parameters * size
        )
    shards = settings.processes if settings.sharded else 1
    gathered = shape.parameters / shape.layers * _BYTES[precision] * 2 if shards > 1 else 0.0
    # items that share their prompts stand in rows of `share` tokens
    row = max(settings.max_length, int(getattr(settings, "share", 0)))
    tokens = settings.batch * row * max(1, facts.sequences)
    backward = shape.layers if lora else last
    saved_layers = backward * (2 / shape.values) + 1 if settings.checkpointing else backward
    logits = _CONTRAST_LOGITS if getattr(settings, "contrast", 0.0) else facts.logits
    activation = 4.0 if precision == "float32" else 2.0
    return Need(
        weights=weight_bytes / shards + gathered,
        training=trainable * 12.0 / shards,
        activations=tokens * shape.width * shape.values * saved_layers * activation * (1 + learning),
        logits=tokens * shape.vocabulary * 4.0 * logits,
    )


def require(shape: Shape, settings: Settings, stage: str, precision: str) -> Need:
    """Return the need, or raise `UserError` naming the knob that saves most where it exceeds what may be used."""
    need = estimate(shape, settings, stage, precision)
    limit = settings.memory_gb * 1e9 or free_memory()
    if need.total <= limit:
        return need
    options = {
        "batch (with a larger accumulate)": replace(settings, batch=max(1, settings.batch // 2)),
        "max_length": replace(settings, max_length=settings.max_length // 2),
        "checkpointing = true": replace(settings, checkpointing=True),
        "lora_rank = 16 (adapters in place of all weights)": replace(
            settings, lora_rank=settings.lora_rank or 16
        ),
    }
    if settings.processes > 1 and not settings.quantise:
        options["sharded = true"] = replace(settings, sharded=True)
    if share := int(getattr(settings, "share", 0)):
        options["share"] = replace(settings, share=share // 2)  # type: ignore[call-arg]  # of sft
    if settings.lora_rank and not settings.sharded and _accelerated():
        options['quantise = "nf4"'] = replace(settings, quantise="nf4")
    totals = {name: estimate(shape, changed, stage, precision).total for name, changed in options.items()}
    best = min(totals, key=lambda name: totals[name])
    message = f"{stage} needs about {need.total / 1e9:.1f} GB, and {limit / 1e9:.1f} GB may be used"
    if totals[best] < need.total:
        message += f"; set {best}: then about {totals[best] / 1e9:.1f} GB"
    raise UserError(f"{message}. If that is not enough, take a smaller base model or set memory_gb")


def free_memory() -> float:
    """Return the bytes free on the accelerator, else in main memory."""
    import psutil
    import torch

    if torch.cuda.is_available():
        return float(torch.cuda.mem_get_info()[0])
    # processes of one machine share its memory
    local_processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return float(psutil.virtual_memory().available) / local_processes


def _accelerated() -> bool:
    try:
        import torch
    except ImportError:  # the estimate is given before the extra is installed, too
        return False
    return bool(torch.cuda.is_available())


def shape_of(folder: Path) -> Shape:
    """Return the shape of transformers weights, from config.json alone."""
    values: dict[str, object] = json.loads((folder / "config.json").read_text("utf-8"))
    return shape_from(values)


def shape_from(config: dict[str, Any]) -> Shape:
    """Return the shape of a model of Llama's kind from its configuration."""
    try:
        width, layers = int(config["hidden_size"]), int(config["num_hidden_layers"])
        inner, words = int(config["intermediate_size"]), int(config["vocab_size"])
        heads = int(config["num_attention_heads"])
    except KeyError as error:
        raise UserError(f"config.json lacks {error}: only Llama-like models can be trained") from error
    keys = int(config.get("num_key_value_heads") or heads) * int(config.get("head_dim") or width // heads)
    own = int(config.get("head_dim") or width // heads) * heads
    layer = 2 * width * own + 2 * width * keys + 3 * width * inner + 2 * width
    ends = 1 if config.get("tie_word_embeddings") else 2
    return Shape(layers * layer + ends * words * width + width, width, layers, words, ends == 1, inner)
