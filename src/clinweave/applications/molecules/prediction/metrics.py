"""Prediction metrics: ranking, error, calibration, coverage."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def auroc(truth: Floats, score: Floats) -> float:
    """Return the area under the ROC curve; NaN where only one class is there."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(truth, score)) if 0 < truth.mean() < 1 else float("nan")


def average_precision(truth: Floats, score: Floats) -> float:
    """Return the average precision (its floor is the share of positives); NaN without positives."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(truth, score)) if truth.any() else float("nan")


def rmse(truth: Floats, value: Floats) -> float:
    """Return the root of the mean squared error, in the unit of the values."""
    return float(np.sqrt(np.mean((truth - value) ** 2)))


def mae(truth: Floats, value: Floats) -> float:
    """Return the mean absolute error, in the unit of the values."""
    return float(np.mean(np.abs(truth - value)))


def spearman(truth: Floats, value: Floats) -> float:
    """Return the rank correlation; NaN where either is constant."""
    from scipy.stats import spearmanr

    return float(spearmanr(truth, value).statistic) if np.ptp(truth) and np.ptp(value) else float("nan")


def brier(truth: Floats, probability: Floats) -> float:
    """Return the mean squared error of a probability (Brier 1950)."""
    return float(np.mean((truth - probability) ** 2))


def calibration_error(truth: Floats, probability: Floats, bins: int = 10) -> float:
    """Return the expected calibration error over bins of equal count; see `calibration_floor` for what is nothing."""
    order = np.argsort(probability, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    gaps = [abs(truth[part].mean() - probability[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(truth))


def calibration_floor(probability: Floats, bins: int = 10, draws: int = 100, seed: int = 0) -> float:
    """Return the calibration error that these probabilities would have on average if they were exactly right."""
    random = np.random.default_rng(seed)
    drawn = [(random.uniform(size=len(probability)) < probability).astype(np.float64) for _ in range(draws)]
    return float(np.mean([calibration_error(truth, probability, bins) for truth in drawn]))


def interval(
    metric: Callable[[Floats, Floats], float], truth: Floats, value: Floats, draws: int = 500, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a metric, rows resampled."""
    random = np.random.default_rng(seed)
    samples = [
        metric(truth[rows], value[rows])
        for rows in (random.integers(0, len(truth), len(truth)) for _ in range(draws))
    ]
    low, high = np.nanquantile(samples, (0.025, 0.975))
    return float(low), float(high)
