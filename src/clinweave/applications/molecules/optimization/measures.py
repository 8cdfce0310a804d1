"""Metrics of a search: top-k area under the curve, best so far, and Pareto front of several objectives."""

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
    values = np.nan_to_num(np.asarray(scores, np.float64)[:budget], nan=0.0)
    if not len(values) or budget < 1:
        return 0.0
    area = before = 0.0
    done = 0
    for end in [*range(every, len(values), every), len(values)]:
        now = float(np.sort(values[:end])[-top:].mean())
        area += (end - done) * (now + before) / 2
        before, done = now, end
    return (area + (budget - done) * before) / budget


def best_so_far(scores: Sequence[float], top: int = 1) -> Floats:
    """Return the mean of the best `top` scores after each call (calls,); a NaN leaves it as it was."""
    best: list[float] = []
    curve = np.full(len(scores), np.nan)
    for index, score in enumerate(scores):
        if not math.isnan(score):
            best = sorted([*best, float(score)], reverse=True)[:top]
        if best:
            curve[index] = sum(best) / len(best)
    return curve


def front(points: Floats) -> NDArray[np.int64]:
    """Return the rows of points (n, aims), higher is better, that no other row beats (Pareto), by first aim."""
    selected: list[int] = []
    for row in np.lexsort(tuple(-points[:, aim] for aim in reversed(range(points.shape[1])))):
        point = points[row]
        if not np.isfinite(point).all():
            continue
        if not any(
            (points[other] >= point).all() and (points[other] > point).any() for other in selected
        ) and not any((points[other] == point).all() for other in selected):
            selected.append(int(row))
    return np.array(selected, np.int64)
