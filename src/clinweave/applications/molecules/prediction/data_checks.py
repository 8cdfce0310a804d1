"""Data-quality checks of a column of measured values before a model is trained on it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from clinweave.applications.molecules.prediction.splits import crowded
from clinweave.applications.molecules.prediction.structures import Structure

Floats = NDArray[np.float64]
ORDERS = 3.0  # of magnitude: numbers over more had better be logarithms


def kind_of(answers: Floats) -> str:
    """Return "classification" where all stated answers are 0 or 1, else "regression"."""
    return "classification" if set(np.unique(answers[np.isfinite(answers)])) <= {0.0, 1.0} else "regression"


def doubts(
    values: Floats, structures: Sequence[Structure], groups: Sequence[str], rows: NDArray[np.int64]
) -> list[str]:
    """Return sentences on contradicting repeats, a series around one scaffold, and numbers better taken as logarithms.

    `values` (NaN where nothing is known), `structures` and their scaffolds (`groups`) are of the same molecules; `rows`
    are their places in the table.
    """
    kind = kind_of(values)
    indices: dict[str, list[int]] = defaultdict(list)
    for index in np.flatnonzero(np.isfinite(values)).tolist():
        indices[structures[index].smiles].append(index)
    return [
        *_contradictions(kind, values, indices, rows),
        *_series(kind, values, indices, groups),
        *_orders(kind, values),
    ]


def _contradictions(
    kind: str, values: Floats, indices: Mapping[str, list[int]], rows: NDArray[np.int64]
) -> list[str]:
    apart = {smiles: float(np.ptp(values[where])) for smiles, where in indices.items()}
    differing = [smiles for smiles, gap in apart.items() if gap > 0]
    if not differing:
        return []
    worst = max(differing, key=apart.__getitem__)
    where = ", ".join(str(rows[index] + 1) for index in indices[worst][:5])
    how = "yes and no" if kind == "classification" else f"answers up to {apart[worst]:.3g} apart"
    which = (
        "1 repeated structure has" if len(differing) == 1 else f"{len(differing)} repeated structures have"
    )
    return [f"{which} {how}; all were used (rows {where}: {worst})"]


def _series(kind: str, values: Floats, indices: Mapping[str, list[int]], groups: Sequence[str]) -> list[str]:
    if crowded([groups[where[0]] for where in indices.values()]) is not None:
        return [
            "more than half of the structures share one scaffold (or have no ring); it was spread over the "
            "folds: the measures are of more of that series, not of new scaffolds"
        ]
    for answer, name in ((1.0, "yes"), (0.0, "no")) if kind == "classification" else ():
        if len({groups[where[0]] for where in indices.values() if (values[where] == answer).any()}) == 1:
            return [f"every {name} has the same scaffold: the model cannot be judged on new scaffolds"]
    return []


def _orders(kind: str, values: Floats) -> list[str]:
    stated = values[np.isfinite(values)]
    if kind != "regression" or not len(stated) or stated.min() <= 0:
        return []
    orders = float(np.log10(stated.max() / stated.min()))
    if orders < ORDERS:
        return []
    message = f"the numbers go over {orders:.1f} orders of magnitude; their logarithm (as in pIC50) is learned better"
    return [message]
