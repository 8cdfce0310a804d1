"""Statistics used by all packages: pairing, clustered bootstrap intervals and significance tests.

`pair` is the only place that says which items belong together. The difference, its bootstrap interval and its
p value all derive from the same `Pairs`, so they cannot drift apart. Scores are fractions of an item (0, 1, or a
share such as 1/4 where a control did not decide); nothing here knows what a score means.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

RESAMPLES = 10_000
SEED = 20_250_228
_CELLS = 2_000_000  # resampling weights in memory at once


class Interval(NamedTuple):
    """A two-sided interval, both ends included."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Return whether `value` lies inside."""
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Pairs:
    """Two arms on the same items: sums and sizes per cluster, in a fixed order. Items in one arm only are counted."""

    items: tuple[str, ...]
    differences: "Floats"  # per item, arm minus baseline
    sums: "Floats"  # per cluster
    sizes: "Floats"  # per cluster
    unpaired: int

    @property
    def mean(self) -> float:
        """Return the mean difference per item."""
        return float(self.sums.sum() / self.sizes.sum())


class Difference(NamedTuple):
    """A paired difference `arm - baseline` in fractions, with its interval and raw p value."""

    n: int
    clusters: int
    difference: float
    low: float
    high: float
    p: float
    gained: int  # items where the arm scores more than the baseline
    lost: int
    unpaired: int


def wilson(successes: float, n: int, confidence: float = 0.95) -> Interval:
    """Return Wilson's score interval of a proportion; (0, 1) where nothing was seen.

    Source: Wilson 1927, doi:10.1080/01621459.1927.10502953.
    """
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n} items")
    if n == 0:
        return Interval(0.0, 1.0)
    z = _normal_quantile(0.5 + confidence / 2)
    share = successes / n
    centre = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if successes == 0 else max(0.0, (centre - half) / scale)
    return Interval(low, 1.0 if successes == n else min(1.0, (centre + half) / scale))


def mcnemar(gained: int, lost: int) -> float:
    """Return the exact two-sided McNemar p value from the discordant counts; 1 if there are none."""
    n, k = gained + lost, min(gained, lost)
    if n == 0:
        return 1.0
    tail = sum(math.comb(n, i) for i in range(k + 1))
    return float(min(Fraction(1), Fraction(2 * tail, 2**n)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's step-down adjusted p values, in the order given."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, running = [0.0] * len(p_values), 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, p_values[i] * (len(p_values) - rank)))
        adjusted[i] = running
    return adjusted


def pair(arm: Mapping[str, float], baseline: Mapping[str, float], cluster: Mapping[str, str]) -> Pairs:
    """Join two arms by item; items that share a cluster name are one unit, an empty name is a cluster of its own."""
    import numpy as np

    items = tuple(sorted(arm.keys() & baseline.keys()))
    differences = np.array([arm[item] - baseline[item] for item in items], dtype=np.float64)
    names = [cluster.get(item) or f"\0{item}" for item in items]
    codes = np.unique(np.array(names, dtype=object), return_inverse=True)[1] if items else np.array([], int)
    return Pairs(
        items,
        differences,
        np.bincount(codes, weights=differences).astype(np.float64),
        np.bincount(codes).astype(np.float64),
        len(arm.keys() ^ baseline.keys()),
    )


def difference(
    arm: Mapping[str, float],
    baseline: Mapping[str, float],
    cluster: Mapping[str, str],
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Difference:
    """Return the paired difference with a cluster-bootstrap (BCa) interval and an exact p value.

    The p value is `flip_test`: McNemar's where every cluster is one item scored 0 or 1, and its generalisation to
    clusters otherwise. Raises ValueError where no item is in both arms.
    """
    pairs = pair(arm, baseline, cluster)
    if not pairs.items:
        raise ValueError("no item was scored in both arms")
    low, high = bootstrap(pairs, confidence=confidence, resamples=resamples, seed=seed)
    return Difference(
        n=len(pairs.items),
        clusters=len(pairs.sums),
        difference=pairs.mean,
        low=low,
        high=high,
        p=flip_test(pairs.sums, seed=seed),
        gained=int((pairs.differences > 0).sum()),
        lost=int((pairs.differences < 0).sum()),
        unpaired=pairs.unpaired,
    )


def bootstrap(
    pairs: Pairs, *, confidence: float = 0.95, resamples: int = RESAMPLES, seed: int = SEED
) -> Interval:
    """Return the BCa interval of the mean difference, whole clusters resampled.

    Where every cluster says the same, resampling would return a point; then the interval is as wide as Wilson's for
    as many unanimous clusters. Source: Efron 1987, doi:10.1080/01621459.1987.10478410.
    """
    import numpy as np

    mean, count = pairs.mean, len(pairs.sums)
    if np.ptp(pairs.sums / pairs.sizes) < 1e-12:
        slack = 1 - wilson(count, count, confidence).low
        return Interval(max(-1.0, mean - slack), min(1.0, mean + slack))
    drawn = _resampled_means(pairs, resamples, seed)
    left = (np.sum(drawn < mean) + np.sum(drawn <= mean)) / 2  # ties are shared, differences are discrete
    shift = _normal_quantile(float(np.clip(left / resamples, 1 / resamples, 1 - 1 / resamples)))
    without = (pairs.sums.sum() - pairs.sums) / np.maximum(pairs.sizes.sum() - pairs.sizes, 1)
    lean = without.mean() - without
    spread = float((lean**2).sum()) ** 1.5
    skew = float((lean**3).sum()) / (6 * spread) if spread > 0 else 0.0
    ends = []
    for share in ((1 - confidence) / 2, (1 + confidence) / 2):
        z = shift + _normal_quantile(share)
        ends.append(_normal_cdf(shift + z / (1 - skew * z)))
    low, high = np.quantile(drawn, ends)
    return Interval(float(low), float(high))


def _resampled_means(pairs: Pairs, resamples: int, seed: int) -> "Floats":
    import numpy as np

    random = np.random.default_rng(seed)
    count = len(pairs.sums)
    batch = max(1, _CELLS // count)
    means = []
    for start in range(0, resamples, batch):
        drawn = random.integers(0, count, size=(min(batch, resamples - start), count))
        means.append(pairs.sums[drawn].sum(axis=1) / pairs.sizes[drawn].sum(axis=1))
    return np.concatenate(means)


def flip_test(sums: "Floats | Sequence[float]", *, seed: int = SEED, draws: int = 20_000) -> float:
    """Return the two-sided p value of "each cluster's sum was as likely to have the other sign".

    Exact by convolution where the sums are multiples of a small fraction (scores of 0, 1 or 1/options always are);
    drawn with `seed` otherwise. With single items scored 0 or 1 this is exactly McNemar's test.
    """
    import numpy as np

    values = np.asarray(sums, dtype=np.float64)
    steps = _as_steps(values)
    if steps is None:
        random = np.random.default_rng(seed)
        signs = random.integers(0, 2, size=(draws, len(values))) * 2 - 1
        extreme = np.abs((signs * values).sum(axis=1)) >= abs(values.sum()) - 1e-9
        return float((extreme.sum() + 1) / (draws + 1))
    size = int(np.abs(steps).sum())
    chance = np.zeros(2 * size + 1)  # chance[size + s]: the probability of the sum s
    chance[size] = 1.0
    for step in np.abs(steps[steps != 0]):
        chance = (np.roll(chance, step) + np.roll(chance, -step)) / 2
    distance = np.abs(np.arange(-size, size + 1))
    return float(min(1.0, chance[distance >= abs(int(steps.sum()))].sum()))


def _as_steps(values: "Floats") -> "npt.NDArray[np.int64] | None":
    """Return the values as whole multiples of one small fraction, or None if there is no such fraction."""
    import numpy as np

    for scale in (1, 2, 3, 4, 5, 12, 60, 420):
        integers = np.rint(values * scale)
        if np.abs(values * scale - integers).max(initial=0.0) < 1e-6 and np.abs(integers).sum() < 200_000:
            return integers.astype(np.int64)
    return None


def chance_floor(options: Sequence[int]) -> float:
    """Return the expected accuracy of a blind guess, given the number of options of each item."""
    return sum(1 / count for count in options) / len(options) if options else 0.0


def majority_floor(labels: Sequence[str]) -> float:
    """Return the accuracy of always saying the commonest label (a position, or yes/no/maybe)."""
    return max((labels.count(label) for label in set(labels)), default=0) / max(len(labels), 1)


def at_floor(intervals: Sequence[Interval], chance: float) -> bool:
    """Return whether every interval includes chance: then no arm may be read as knowing anything."""
    return all(interval.holds(chance) for interval in intervals)


def standard_error(scores: Mapping[str, float], cluster: Mapping[str, str]) -> float:
    """Return the clustered standard error of a mean score; NaN with fewer than two clusters."""
    pairs = pair(scores, dict.fromkeys(scores, 0.0), cluster)
    count = len(pairs.sums)
    if count < 2:
        return math.nan
    residual = pairs.sums - pairs.mean * pairs.sizes
    return float(math.sqrt(count / (count - 1) * (residual**2).sum()) / pairs.sizes.sum())


def _normal_quantile(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)


def _normal_cdf(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))
