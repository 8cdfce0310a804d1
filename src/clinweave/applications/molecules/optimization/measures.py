"""How well a search did: top-k area under the curve, the best so far, and the front of several aims."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def top_auc(scores: Sequence[float], budget: int, top: int = 10, every: int = 100) -> float:
    """Return the area under the mean of the best `top` scores over oracle calls, divided by the budget.

    Scores (calls,) stand in the order of the calls; one that failed is NaN and counts as 0. Trapezoids between every
    `every` calls from (0, 0), and the last mean holds to the end of the budget where a search ended before: Gao et al.
    2022 (arXiv:2206.12411), section 2, as in their code.
    """
    given = np.nan_to_num(np.asarray(scores, np.float64)[:budget], nan=0.0)
    if not len(given) or budget < 1:
        return 0.0
    area = before = 0.0
    done = 0
    for place in [*range(every, len(given), every), len(given)]:
        now = float(np.sort(given[:place])[-top:].mean())
        area += (place - done) * (now + before) / 2
        before, done = now, place
    return (area + (budget - done) * before) / budget


def best_so_far(scores: Sequence[float], top: int = 1) -> Floats:
    """Return the mean of the best `top` scores after each call (calls,); a NaN leaves it as it was."""
    best: list[float] = []
    found = np.full(len(scores), np.nan)
    for place, score in enumerate(scores):
        if not math.isnan(score):
            best = sorted([*best, float(score)], reverse=True)[:top]
        if best:
            found[place] = sum(best) / len(best)
    return found


def front(points: Floats) -> NDArray[np.int64]:
    """Return the rows of points (n, aims), higher is better, that no other row beats (Pareto), by first aim."""
    kept: list[int] = []
    for row in np.lexsort(tuple(-points[:, aim] for aim in reversed(range(points.shape[1])))):
        one = points[row]
        if not np.isfinite(one).all():
            continue
        if not any(
            (points[other] >= one).all() and (points[other] > one).any() for other in kept
        ) and not any((points[other] == one).all() for other in kept):
            kept.append(int(row))
    return np.array(kept, np.int64)
