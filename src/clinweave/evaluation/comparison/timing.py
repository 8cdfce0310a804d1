"""What each condition cost: seconds and tokens, the only part of results that differs between runs."""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from clinweave.evaluation.comparison.samples import Sample, by_condition

WATTS = 15.0  # assumed for one busy core with its memory; servers draw 5 to 20


@dataclass(frozen=True)
class Timing:
    """What a condition cost."""

    seconds: float
    seconds_per_item: float
    tokens_per_item: float
    tokens_per_second: float | None
    seconds_interval: tuple[float, float] = (0.0, 0.0)  # of the mean per item, 95 %
    watt_hours_per_item: float = 0.0  # estimate: seconds of one busy core


@dataclass(frozen=True)
class Timings:
    """Seconds and tokens per task and condition: the only part of results that differs between runs."""

    tasks: dict[str, dict[str, Timing]] = field(default_factory=dict)
    cores: int | None = None
    python: str = ""
    peak_memory_gb: float = 0.0  # of this process


def timings(samples: Sequence[Sample]) -> dict[str, dict[str, Timing]]:
    """Return seconds and tokens a second per task and condition."""
    times: dict[str, dict[str, Timing]] = {}
    for task in dict.fromkeys(sample.task for sample in samples):
        for name, rows in by_condition(row for row in samples if row.task == task).items():
            seconds = sum(row.seconds for row in rows)
            tokens = sum(row.tokens for row in rows)
            seconds_per_item = [row.seconds for row in rows]
            low, high = _interval(seconds_per_item)
            times.setdefault(task, {})[name] = Timing(
                seconds=round(seconds, 3),
                seconds_per_item=round(seconds / len(rows), 4),
                tokens_per_item=round(tokens / len(rows), 1),
                tokens_per_second=round(tokens / seconds, 1) if seconds else None,
                seconds_interval=(round(low, 4), round(high, 4)),
                watt_hours_per_item=round(seconds / len(rows) * WATTS / 3600, 6),
            )
    return times


def _interval(seconds: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % interval of the mean by the normal approximation."""
    mean = sum(seconds) / len(seconds)
    if len(seconds) < 2:
        return mean, mean
    error = math.sqrt(sum((value - mean) ** 2 for value in seconds) / (len(seconds) - 1) / len(seconds))
    return max(0.0, mean - 1.96 * error), mean + 1.96 * error


def peak_memory() -> float:
    """Return the most memory that this process held so far, in GB."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e9 if sys.platform == "darwin" else 1e6), 2)  # Linux counts in kB, macOS in bytes
