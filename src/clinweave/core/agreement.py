"""Agreement between raters: weighted kappa of two raters, and Krippendorff's alpha of any number with gaps."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import permutations
from typing import Literal

Weights = Literal["none", "linear", "quadratic"]
Level = Literal["nominal", "ordinal", "interval"]


def weighted_kappa(
    first: Sequence[int], second: Sequence[int], *, weights: Weights = "quadratic"
) -> float | None:
    """Return Cohen's kappa of two raters on the same units; None if chance agreement is complete or nothing is rated.

    Source: Cohen 1968, doi:10.1037/h0026256.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} ratings")
    if not first:
        return None
    power = {"none": 0, "linear": 1, "quadratic": 2}[weights]

    def apart(a: int, b: int) -> float:
        return float(a != b) if power == 0 else float(abs(a - b) ** power)

    count = len(first)
    observed = sum(apart(a, b) for a, b in zip(first, second, strict=True)) / count
    left, right = Counter(first), Counter(second)
    expected = sum(left[a] * right[b] * apart(a, b) for a in left for b in right) / count**2
    return 1 - observed / expected if expected else None


def krippendorff_alpha(units: Sequence[Mapping[str, float]], *, level: Level = "ordinal") -> float | None:
    """Return Krippendorff's alpha; each unit maps rater -> value, and units with one value are left out.

    None if nothing can be paired or all values are equal. Source: Krippendorff 2011, "Computing Krippendorff's
    Alpha-Reliability", University of Pennsylvania.
    """
    paired = [list(unit.values()) for unit in units if len(unit) > 1]
    totals = Counter(value for values in paired for value in values)
    count = sum(totals.values())
    if count < 2:
        return None
    apart = _distance(totals, level)
    observed = sum(
        sum(apart(a, b) for a, b in permutations(values, 2)) / (len(values) - 1) for values in paired
    )
    expected = sum(totals[a] * totals[b] * apart(a, b) for a in totals for b in totals) / (count - 1)
    return 1 - observed / expected if expected else None


def _distance(totals: Mapping[float, int], level: Level) -> Callable[[float, float], float]:
    """Return the squared difference of two values at a level of measurement."""
    if level == "nominal":
        return lambda a, b: float(a != b)
    if level == "interval":
        return lambda a, b: (a - b) ** 2

    def ordinal(a: float, b: float) -> float:
        low, high = min(a, b), max(a, b)
        between = sum(count for value, count in totals.items() if low <= value <= high)
        return (between - (totals[low] + totals[high]) / 2) ** 2

    return ordinal
