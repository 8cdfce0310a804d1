"""A metric of a comparison: the share of questions to which the model gave a reply that could be read."""

from collections.abc import Sequence
from typing import Protocol


class ScoredSample(Protocol):
    """What the metric reads of a sample."""

    @property
    def choice(self) -> int | None:
        """Return the chosen option, None if the reply could not be read."""


def answered(samples: Sequence[ScoredSample]) -> float | None:
    """Return the share from 0 to 1, None without samples."""
    if not samples:
        return None
    return sum(sample.choice is not None for sample in samples) / len(samples)
