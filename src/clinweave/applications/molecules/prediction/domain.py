"""How near a molecule is to those that a model was trained on: Tanimoto similarity of Morgan fingerprints."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EDGES = (0.3, 0.4, 0.5, 0.6, 0.7)  # of the classes in which errors are shown


def nearest(queries: Sequence[Any], known: Sequence[Any]) -> tuple[Floats, NDArray[np.int64]]:
    """Return the highest Tanimoto similarity of each query to `known`, and whose it is (-1 where nothing is known)."""
    from rdkit import DataStructs

    best, place = np.zeros(len(queries)), np.full(len(queries), -1, np.int64)
    if known:
        for row, query in enumerate(queries):
            found = np.array(DataStructs.BulkTanimotoSimilarity(query, known))
            place[row] = found.argmax()
            best[row] = found[place[row]]
    return best, place


def out_of_fold(prints: Sequence[Any], folds: NDArray[np.int64]) -> Floats:
    """Return each molecule's similarity to the nearest one of another fold."""
    found = np.zeros(len(prints))
    for fold in np.unique(folds):
        others = [one for one, place in zip(prints, folds, strict=True) if place != fold]
        rows = np.flatnonzero(folds == fold)
        found[rows] = nearest([prints[int(row)] for row in rows], others)[0]
    return found


def by_class(similarity: Floats, errors: Floats) -> list[dict[str, float]]:
    """Return number and mean error of the molecules in each class of similarity that holds any."""
    place = np.searchsorted(EDGES, similarity, "right")
    ends = (0.0, *EDGES, 1.0)
    return [
        {
            "from": ends[i],
            "to": ends[i + 1],
            "n": int((place == i).sum()),
            "error": float(errors[place == i].mean()),
        }
        for i in range(len(EDGES) + 1)
        if (place == i).any()
    ]
