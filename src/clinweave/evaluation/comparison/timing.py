"""What each condition cost: seconds and tokens, the only part of results that differs between runs."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from clinweave.evaluation.comparison.samples import Sample, by_condition


@dataclass(frozen=True)
class Timing:
    """What a condition cost."""

    seconds: float
    seconds_per_item: float
    tokens_per_item: float
    tokens_per_second: float | None


@dataclass(frozen=True)
class Timings:
    """Seconds and tokens per task and condition: the only part of results that differs between runs."""

    tasks: dict[str, dict[str, Timing]] = field(default_factory=dict)
    cores: int | None = None
    python: str = ""


def timings(samples: Sequence[Sample]) -> dict[str, dict[str, Timing]]:
    """Return seconds and tokens a second per task and condition."""
    times: dict[str, dict[str, Timing]] = {}
    for task in dict.fromkeys(sample.task for sample in samples):
        for name, rows in by_condition(row for row in samples if row.task == task).items():
            seconds = sum(row.seconds for row in rows)
            tokens = sum(row.tokens for row in rows)
            times.setdefault(task, {})[name] = Timing(
                seconds=round(seconds, 3),
                seconds_per_item=round(seconds / len(rows), 4),
                tokens_per_item=round(tokens / len(rows), 1),
                tokens_per_second=round(tokens / seconds, 1) if seconds else None,
            )
    return times
