"""Estimate how long a stage takes: operations for its tokens divided by the measured throughput of the devices.

Operations per token of a dense transformer (https://arxiv.org/abs/2001.08361, https://arxiv.org/abs/2204.02311): 2 N
forward and 4 N backward, with N the weights that a token meets, and 12 L d T for attention in both; with adapters the
frozen weights' own gradients (2 N) are not computed; checkpointing computes the forward pass once more.
"""

from dataclasses import dataclass

from clinweave.training.memory import Shape
from clinweave.training.settings import Settings
from clinweave.training.stages import FACTS, stage_name

NOT_ESTIMATED = (
    "a stage that writes replies is bound by memory's speed, not by operations: measure a few steps"
)


@dataclass(frozen=True)
class Work:
    """Tokens and operations of a stage, over all devices."""

    tokens: float
    operations: float

    def hours(self, sustained: float, devices: int = 1) -> float:
        """Return the hours that `devices` take that each sustain so many operations a second."""
        return self.operations / (sustained * devices) / 3600


def work(shape: Shape, settings: Settings, stage: str, tokens_per_item: float | None = None) -> Work | None:
    """Return what a stage costs, or None for ppo and grpo (`NOT_ESTIMATED`).

    `tokens_per_item` is the mean length of an item with its padding; without it each is as long as `max_length` allows.
    """
    facts = FACTS[stage_name(stage)]
    if facts.writes_replies:
        return None
    length = tokens_per_item or settings.max_length
    items = settings.steps * settings.batch * settings.accumulate * settings.processes * facts.sequences
    tokens = items * length
    return Work(tokens, tokens * per_token(shape, settings, length, reference=facts.frozen > 0))


def per_token(shape: Shape, settings: Settings, length: float, *, reference: bool = False) -> float:
    """Return the operations of one token's step in a sequence of `length` tokens; `reference` adds a forward pass."""
    met = met_weights(shape)
    attention = 4 * shape.layers * shape.width * length  # forward
    forward = 2 * met + attention
    backward = 2 * forward if not settings.lora_rank else forward + attention
    again = forward if settings.checkpointing else 0.0
    return forward + backward + again + (forward if reference else 0.0)


def met_weights(shape: Shape) -> float:
    """Return the weights that a token is multiplied with: all but a look-up table that is not the head as well."""
    table = shape.vocabulary * shape.width
    return shape.parameters - (0 if shape.tied else table)
