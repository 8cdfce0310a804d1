"""Model sizes and training settings."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any

from clinweave.core.errors import UserError


@dataclass(frozen=True)
class Shape:
    """What a network is made of. `encoder` is messages or transformer, `decoder` gru or transformer."""

    encoder: str = "messages"
    layers: int = 4  # of the graph encoder
    width: int = 128
    heads: int = 8  # of transformers
    readouts: tuple[int, ...] = (1, 2, 3, 4)  # the layers (1 is the first) whose readout goes into the latent
    chunk: int = 16  # latent numbers from each readout
    decoder: str = "gru"
    decoder_layers: int = 1
    decoder_width: int = 512
    embedding: int = 192  # of tokens; shared by input and output
    vocabulary: int = 1000

    @property
    def latent(self) -> int:
        """Return the length of the latent fingerprint."""
        return self.chunk * len(self.readouts)


@dataclass(frozen=True)
class Schedule:
    """How a network is trained. Shares are of molecules; `molecules` is the end of the whole schedule."""

    molecules: int = 3_000_000  # seen in all, over every epoch
    batch: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    warmup: int = 50_000  # molecules
    decay: float = 0.25  # last share of the schedule, in which the rate falls to nothing
    clip: float = 1.0
    beta: float = 0.05  # weight of a nat of KL divergence
    beta_warmup: int = 300_000  # molecules until beta has its full weight
    strings: float = 0.5  # share of batches from molecules with strings alone, where there are such
    free: float = 0.3  # share of the others whose latent is the learned "null": the string-only mode
    scaffold: float = 0.15  # share whose graph is the scaffold alone: the decoder learns to grow it
    masked: float = (
        0.3  # share of molecules with no property given; of the others each is hidden with 1/2, or none is
    )
    average: float = 0.999  # decay of the running mean of the weights, which is what is kept
    save_every: int = 100_000  # molecules between checkpoints
    seed: int = 0


SHAPES: dict[str, Shape] = {
    "tiny": Shape(layers=2, width=16, readouts=(1, 2), chunk=4, decoder_width=32, embedding=16),
    "small": Shape(),
    # the published size, as far as it is known: 10 graph-transformer layers of 512, latent 8 x 256 from these layers,
    # 6 decoder layers of 512; 8 heads, because 512 is not divisible by the 6 that are reported
    "base": Shape(
        encoder="transformer",
        layers=10,
        width=512,
        readouts=(1, 2, 3, 4, 5, 6, 8, 10),
        chunk=256,
        decoder="transformer",
        decoder_layers=6,
        decoder_width=512,
        embedding=512,
    ),
}


def shape_named(name: str, **changes: object) -> Shape:
    """Return a shape by name. Raises `UserError` if there is none."""
    if name not in SHAPES:
        raise UserError(f"no model size {name!r}: choose from {', '.join(SHAPES)}")
    return shape_from({**SHAPES[name].__dict__, **changes})


def shape_from(values: dict[str, Any]) -> Shape:
    """Return a shape from the values of a config file."""
    names = {item.name for item in fields(Shape)}
    other = set(values) - names
    if other:
        raise UserError(f"unknown fields of a model's shape: {', '.join(sorted(other))}")
    return Shape(**{**values, "readouts": tuple(values.get("readouts", Shape.readouts))})


def schedule_of(changes: Sequence[str], **more: Any) -> Schedule:
    """Return a schedule with changes such as "batch=128". Raises `UserError` on an unknown key or a wrong value."""
    plain = Schedule()
    values: dict[str, Any] = dict(more)
    for change in changes:
        key, _, text = change.partition("=")
        if not hasattr(plain, key):
            near = get_close_matches(key, plain.__dict__, n=1)
            raise UserError(
                f"--set {change}: no setting {key!r}" + (f"; did you mean {near[0]}?" if near else "")
            )
        try:
            values[key] = type(getattr(plain, key))(text)
        except ValueError:
            raise UserError(f"--set {change}: {text!r} is no {type(getattr(plain, key)).__name__}") from None
    return Schedule(**values)
