"""Score modifiers: map raw properties to [0, 1], and aggregate them into one score.

The forms are those of GuacaMol (Brown et al. 2019, doi:10.1021/acs.jcim.8b00839, section 3 and table 3).
"""

import math
from collections.abc import Callable, Sequence

Modifier = Callable[[float], float]


def gaussian(mu: float, sigma: float) -> Modifier:
    """Return exp(-((x - mu) / sigma)^2 / 2): 1 at mu (Gaussian)."""
    return lambda x: math.exp(-0.5 * ((x - mu) / sigma) ** 2)


def at_most(mu: float, sigma: float) -> Modifier:
    """Return 1 up to mu, falling as a Gaussian beyond it (MinGaussian)."""
    full = gaussian(mu, sigma)
    return lambda x: full(max(x, mu))


def at_least(mu: float, sigma: float) -> Modifier:
    """Return 1 from mu upwards, falling as a Gaussian below it (MaxGaussian)."""
    full = gaussian(mu, sigma)
    return lambda x: full(min(x, mu))


def thresholded(threshold: float) -> Modifier:
    """Return x / threshold, 1 from the threshold upwards (Thresholded)."""
    return lambda x: min(max(x / threshold, 0.0), 1.0)


def plain(x: float) -> float:
    """Return x."""
    return x


def geometric_mean(values: Sequence[float]) -> float:
    """Return the geometric mean of values of 0 or more: one part at 0 makes the whole 0."""
    return math.prod(values) ** (1 / len(values))


def arithmetic_mean(values: Sequence[float]) -> float:
    """Return the arithmetic mean."""
    return sum(values) / len(values)
