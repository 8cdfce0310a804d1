"""Rank correlation of a measure with people's ratings, with an interval over clusters."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from clinweave.core import statistics


@dataclass(frozen=True)
class Correlation:
    """Spearman's rho with its 95 % bootstrap interval; `rho` is None where one side has one value only."""

    rho: float | None
    low: float | None
    high: float | None
    n: int
    clusters: int
    ceiling: float  # share of people's ratings that are the most frequent value: what cannot be ranked


def rank_correlation(
    measure: Sequence[float],
    ratings: Sequence[float],
    clusters: Sequence[str],
    *,
    resamples: int = 2_000,
    seed: int = statistics.SEED,
) -> Correlation:
    """Return Spearman's rank correlation; whole clusters (the texts of one source) are resampled.

    Raises ValueError for sequences of different lengths, or fewer than three items.
    """
    import numpy as np

    if not len(measure) == len(ratings) == len(clusters):
        raise ValueError("measure, ratings and clusters differ in length")
    if len(measure) < 3:
        raise ValueError(f"{len(measure)} items; a correlation needs three")
    left, right = np.asarray(measure, np.float64), np.asarray(ratings, np.float64)
    members: dict[str, list[int]] = defaultdict(list)
    for index, name in enumerate(clusters):
        members[name].append(index)
    groups = [np.array(indices) for indices in members.values()]
    random = np.random.default_rng(seed)
    drawn = []
    for _ in range(resamples):
        chosen = np.concatenate([groups[i] for i in random.integers(0, len(groups), len(groups))])
        if (rho := _spearman(left[chosen], right[chosen])) is not None:
            drawn.append(rho)
    rho = _spearman(left, right)
    low = high = None
    if drawn and rho is not None:
        low, high = (float(end) for end in np.quantile(drawn, (0.025, 0.975)))
    counts = np.unique(right, return_counts=True)[1]
    return Correlation(rho, low, high, len(left), len(groups), float(counts.max() / counts.sum()))


def _spearman(left: "statistics.Floats", right: "statistics.Floats") -> float | None:
    import numpy as np
    from scipy.stats import rankdata

    a, b = rankdata(left), rankdata(right)
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum() / scale) if scale > 0 else None
