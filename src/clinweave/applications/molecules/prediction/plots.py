"""Plots of predictions: their spread, observed against predicted, and whether probabilities hold."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from clinweave.core.reports.plots import Points, Tone, histogram, scatter_plot

Floats = NDArray[np.float64]
_FEW = 300  # with more points their intervals would hide them


def bars(values: Floats, name: str) -> str:
    """Return a histogram."""
    return histogram(values.tolist(), f"Spread of the {name}", name, bins=20)


def observed(truth: Floats, value: Floats, low: Floats, high: Floats, inside: NDArray[np.bool_]) -> str:
    """Return predicted over observed values with the intervals; molecules outside the domain are red."""
    few = len(truth) <= _FEW

    def group(name: str, rows: NDArray[np.bool_], tone: Tone) -> Points:
        points = Points(name, truth[rows].tolist(), value[rows].tolist(), tone=tone, size=4)
        return replace(points, low=low[rows].tolist(), high=high[rows].tolist()) if few else points

    groups = [group("inside the domain", inside, "accent"), group("outside", ~inside, "down")]
    title = "Predicted over measured values"
    labels = ("measured", "predicted, with its interval")
    return scatter_plot([each for each in groups if each.x], title, *labels, diagonal=True)


def calibration(truth: Floats, probability: Floats, bins: int = 10) -> str:
    """Return the share of yes over the probability in bins of equal count, with Wilson's intervals."""
    from clinweave.core.statistics import wilson

    order = np.argsort(probability, kind="stable")
    rows = []
    for part in np.array_split(order, min(bins, max(1, len(order) // 5))):
        low, high = wilson(float(truth[part].sum()), len(part))
        rows.append((float(probability[part].mean()), float(truth[part].mean()), low, high))
    x, y, low_ends, high_ends = (list(column) for column in zip(*rows, strict=True))
    group = Points("molecules of similar probability", x, y, low_ends, high_ends, size=6)
    return scatter_plot([group], "Calibration", "probability", "share of yes", diagonal=True)
