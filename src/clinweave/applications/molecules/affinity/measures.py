"""Standard metrics of affinity prediction: mean squared error, concordance index, r_m^2."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def mse(truth: Floats, predicted: Floats) -> float:
    """Return the mean squared error, in squared log units."""
    return float(np.mean((truth - predicted) ** 2))


def concordance(truth: Floats, predicted: Floats) -> float:
    """Return the concordance index: of two pairs with different truths, the share ordered rightly; ties count half.

    Gonen and Heller 2005. 0.5 for a constant; NaN where all truths are equal.
    """
    order = np.argsort(truth, kind="stable")
    truth, predicted = truth[order], predicted[order]
    right = pairs = 0.0
    edges = np.flatnonzero(np.diff(truth)) + 1
    for start, end in zip(edges, np.append(edges[1:], len(truth)), strict=True):
        lower = np.sort(predicted[:start])
        same = predicted[start:end]
        below, upto = np.searchsorted(lower, same, "left"), np.searchsorted(lower, same, "right")
        right += float(below.sum() + 0.5 * (upto - below).sum())
        pairs += float(start * len(same))
    return right / pairs if pairs else float("nan")


def rm2(truth: Floats, predicted: Floats) -> float:
    """Return the modified squared correlation r_m^2 = r^2 (1 - sqrt(|r^2 - r0^2|)) (Roy et al. 2013, as in DeepDTA)."""
    if np.ptp(predicted) == 0 or np.ptp(truth) == 0:
        return 0.0
    squared = float(np.corrcoef(truth, predicted)[0, 1] ** 2)
    slope = float((truth * predicted).sum() / (predicted**2).sum())
    through = 1 - float(((truth - slope * predicted) ** 2).sum() / ((truth - truth.mean()) ** 2).sum())
    return squared * (1 - float(np.sqrt(abs(squared - through))))
