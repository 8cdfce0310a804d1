"""Similarity of a molecule to the training set: Tanimoto similarity of Morgan fingerprints."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rdkit.DataStructs import ExplicitBitVect

Floats = NDArray[np.float64]
EDGES = (0.3, 0.4, 0.5, 0.6, 0.7)  # of the classes in which errors are shown


def nearest(
    queries: "Sequence[ExplicitBitVect]", references: "Sequence[ExplicitBitVect]"
) -> tuple[Floats, NDArray[np.int64]]:
    """Return the highest Tanimoto similarity of each query to `known`, and whose it is (-1 where nothing is known)."""
    from rdkit import DataStructs

    best, index = np.zeros(len(queries)), np.full(len(queries), -1, np.int64)
    if references:
        for row, query in enumerate(queries):
            similarities = np.array(DataStructs.BulkTanimotoSimilarity(query, references))
            index[row] = similarities.argmax()
            best[row] = similarities[index[row]]
    return best, index


def out_of_fold(prints: "Sequence[ExplicitBitVect]", folds: NDArray[np.int64]) -> Floats:
    """Return each molecule's similarity to the nearest one of another fold."""
    similarities = np.zeros(len(prints))
    for fold in np.unique(folds):
        others = [candidate for candidate, assigned in zip(prints, folds, strict=True) if assigned != fold]
        rows = np.flatnonzero(folds == fold)
        similarities[rows] = nearest([prints[int(row)] for row in rows], others)[0]
    return similarities


def by_class(similarity: Floats, errors: Floats) -> list[dict[str, float]]:
    """Return number and mean error of the molecules in each class of similarity that holds any."""
    bins = np.searchsorted(EDGES, similarity, "right")
    ends = (0.0, *EDGES, 1.0)
    return [
        {
            "from": ends[i],
            "to": ends[i + 1],
            "n": int((bins == i).sum()),
            "error": float(errors[bins == i].mean()),
        }
        for i in range(len(EDGES) + 1)
        if (bins == i).any()
    ]
