"""Calibrated probabilities and prediction intervals, from out-of-fold scores.

Classification: cross Venn-Abers predictors (Vovk, Petej and Fedorova 2015, "Large-scale probabilistic predictors with
and without guarantees of validity", algorithm 2): each fold's model is calibrated on the fold it was not fitted on,
by isotonic regression with the new molecule once taken as negative and once as positive; the two probabilities are
averaged over folds geometrically, and their distance says how little is known. Platt's (1999) logistic curve and plain
isotonic regression on the pooled out-of-fold scores are compared with it.

Regression: conformal intervals from out-of-fold residuals, with one quantile for all, or one for each class of
similarity to the molecules trained on (Mondrian: Vovk, Gammerman and Shafer 2005). Classification: conformal sets of
labels, with one quantile of 1 - p for each label.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_POINTS = 300  # calibration scores kept individually; above this, equal-sized groups
_MIN_RESIDUALS = 40  # residuals that a similarity class needs for a quantile of its own


@dataclass(frozen=True)
class VennAbers:
    """One fold's calibration. `edges` (n,) ascending; `low`, `high` (2n + 1,): below, at, between, ..., above them."""

    edges: Floats
    low: Floats
    high: Floats

    @classmethod
    def fit(cls, scores: Floats, truth: Floats) -> "VennAbers":
        """Calibrate on scores (n,) with answers 0 or 1."""
        edges, hits, counts = _grouped(scores, truth)
        positions = np.arange(2 * len(edges) + 1)
        low, high = (
            [_with(hits, counts, int(position), label) for position in positions] for label in (0.0, 1.0)
        )
        return cls(edges, np.array(low), np.array(high))

    def between(self, scores: Floats) -> tuple[Floats, Floats]:
        """Return the lower and the upper probability of scores (m,)."""
        left = np.searchsorted(self.edges, scores, "left")
        offset = np.searchsorted(self.edges, scores, "right") > left
        index = 2 * left + offset
        return self.low[index], self.high[index]

    def to_json(self) -> dict[str, list[float]]:
        """Return the table as plain values."""
        return {name: [float(v) for v in getattr(self, name)] for name in ("edges", "low", "high")}

    @classmethod
    def from_json(cls, table: dict[str, list[float]]) -> "VennAbers":
        """Return what `to_json` wrote."""
        return cls(*(np.array(table[name], np.float64) for name in ("edges", "low", "high")))


def _grouped(scores: Floats, truth: Floats) -> tuple[Floats, Floats, Floats]:
    """Return distinct scores ascending, with the positives and the number of answers at each."""
    edges, index = np.unique(scores, return_inverse=True)
    where: NDArray[np.int64] = index
    if len(edges) > _POINTS:
        order = np.argsort(scores, kind="stable")
        parts = np.array_split(order, _POINTS)
        edges = np.maximum.accumulate(np.array([scores[part].mean() for part in parts]))
        edges, first = np.unique(edges, return_inverse=True)
        where = np.empty(len(scores), np.int64)
        for number, part in enumerate(parts):
            where[part] = first[number]
    count = np.bincount(where, minlength=len(edges)).astype(np.float64)
    hits: Floats = np.bincount(where, truth, minlength=len(edges)).astype(np.float64)
    return edges, hits, count


def _with(hits: Floats, counts: Floats, position: int, label: float) -> float:
    """Return isotonic regression's value of a new score at `place` (even: between edges) that has this label."""
    from sklearn.isotonic import isotonic_regression

    index, between = position // 2, position % 2 == 0
    if between:
        hits, counts = np.insert(hits, index, label), np.insert(counts, index, 1.0)
    else:
        hits, counts = hits.copy(), counts.copy()
        hits[index] += label
        counts[index] += 1
    return float(isotonic_regression(hits / counts, sample_weight=counts)[index])


def merged(lows: Sequence[Floats], highs: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return one probability a row, and the width of what was merged: folds' pairs, by geometric means."""
    high = np.exp(np.mean(np.log(np.clip(highs, 1e-12, None)), axis=0))
    rest = np.exp(np.mean(np.log(np.clip(1 - np.array(lows), 1e-12, None)), axis=0))
    return high / (high + rest), np.mean(np.array(highs) - np.array(lows), axis=0)


def platt(scores: Floats, truth: Floats) -> tuple[float, float]:
    """Return slope and intercept of the logistic curve through pooled scores, with Platt's smoothed targets."""
    from scipy.optimize import minimize

    ups, downs = truth.sum(), len(truth) - truth.sum()
    goal = np.where(truth > 0.5, (ups + 1) / (ups + 2), 1 / (downs + 2))

    def loss(line: NDArray[np.float64]) -> float:
        logit = line[0] * scores + line[1]
        return float(np.mean(np.logaddexp(0, logit) - goal * logit))

    result = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead", options={"maxiter": 2000})
    return float(result.x[0]), float(result.x[1])


def quantile(residuals: Floats, coverage: float) -> float:
    """Return the ceil((n + 1) coverage)-th smallest absolute residual; infinite where there are too few."""
    rank = int(np.ceil((len(residuals) + 1) * coverage))
    return float(np.sort(residuals)[rank - 1]) if 0 < rank <= len(residuals) else float("inf")


def held_out_coverage(
    residuals: Floats, folds: NDArray[np.int64], coverage: float, labels: NDArray[np.int64] | None = None
) -> NDArray[np.bool_]:
    """Say which rows (n,) are covered by the quantile of the other folds (and, with `labels`, of the same label)."""
    labels = np.zeros(len(residuals), np.int64) if labels is None else labels
    result = np.zeros(len(residuals), bool)
    for fold in np.unique(folds):
        for label in np.unique(labels):
            rows = (folds == fold) & (labels == label)
            others = residuals[(folds != fold) & (labels == label)]
            result[rows] = residuals[rows] <= quantile(others, coverage)
    return result


@dataclass(frozen=True)
class Widths:
    """Half-widths of intervals by similarity class. `edges` (k - 1,) ascending, `half` (k,)."""

    edges: Floats
    half: Floats

    @classmethod
    def fit(cls, residuals: Floats, similarity: Floats, coverage: float, classes: int = 3) -> "Widths":
        """Fit one quantile for each of up to `classes` equally large similarity classes."""
        classes = max(1, min(classes, len(residuals) // _MIN_RESIDUALS))
        edges = np.unique(np.quantile(similarity, np.arange(1, classes) / classes))
        bins = np.searchsorted(edges, similarity, "right")
        half = [quantile(residuals[bins == item], coverage) for item in range(len(edges) + 1)]
        whole = quantile(residuals, coverage)
        return cls(edges, np.array([item if np.isfinite(item) else whole for item in half]))

    def of(self, similarity: Floats) -> Floats:
        """Return the half-width of rows with these similarities."""
        return self.half[np.searchsorted(self.edges, similarity, "right")]
