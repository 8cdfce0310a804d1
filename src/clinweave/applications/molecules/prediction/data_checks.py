"""What a chemist would want to look at in a column of answers before a model of it is believed."""

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
    places: dict[str, list[int]] = defaultdict(list)
    for place in np.flatnonzero(np.isfinite(values)).tolist():
        places[structures[place].smiles].append(place)
    return [
        *_contradictions(kind, values, places, rows),
        *_series(kind, values, places, groups),
        *_orders(kind, values),
    ]


def _contradictions(
    kind: str, values: Floats, places: Mapping[str, list[int]], rows: NDArray[np.int64]
) -> list[str]:
    apart = {smiles: float(np.ptp(values[where])) for smiles, where in places.items()}
    differing = [smiles for smiles, gap in apart.items() if gap > 0]
    if not differing:
        return []
    worst = max(differing, key=apart.__getitem__)
    where = ", ".join(str(rows[place] + 1) for place in places[worst][:5])
    how = "yes and no" if kind == "classification" else f"answers up to {apart[worst]:.3g} apart"
    which = (
        "1 repeated structure has" if len(differing) == 1 else f"{len(differing)} repeated structures have"
    )
    return [f"{which} {how}; all were used (rows {where}: {worst})"]


def _series(kind: str, values: Floats, places: Mapping[str, list[int]], groups: Sequence[str]) -> list[str]:
    if crowded([groups[where[0]] for where in places.values()]) is not None:
        return [
            "more than half of the structures share one scaffold (or have no ring), so that it was dealt over the "
            "folds: the measures are of more of that series, not of new scaffolds"
        ]
    for answer, name in ((1.0, "yes"), (0.0, "no")) if kind == "classification" else ():
        if len({groups[where[0]] for where in places.values() if (values[where] == answer).any()}) == 1:
            return [f"every {name} has the same scaffold: nothing can be said of new scaffolds"]
    return []


def _orders(kind: str, values: Floats) -> list[str]:
    stated = values[np.isfinite(values)]
    if kind != "regression" or not len(stated) or stated.min() <= 0:
        return []
    orders = float(np.log10(stated.max() / stated.min()))
    if orders < ORDERS:
        return []
    said = f"the numbers go over {orders:.1f} orders of magnitude; their logarithm (as in pIC50) is learned better"
    return [said]
