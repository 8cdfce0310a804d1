"""Applicability domain: where predictions are covered as often as stated, by similarity and simple properties.

Similarity is Tanimoto similarity of Morgan fingerprints to the nearest training structure. A row is inside if it is
at least as similar as held-out scaffolds had to be to be covered as stated (`covered_from`), and its weight, logP and
polar surface lie in the range of the training structures (`Ranges`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rdkit.Chem import Mol
    from rdkit.DataStructs import ExplicitBitVect

Floats = NDArray[np.float64]
EDGES = (0.3, 0.4, 0.5, 0.6, 0.7)  # of the classes in which errors are shown
RANGES = ("weight", "logp", "tpsa")  # daltons, log units, square angstroms


@dataclass(frozen=True)
class Ranges:
    """Lowest and highest value of each of `RANGES` over the training structures. `low`, `high`: (3,)."""

    low: Floats
    high: Floats

    @classmethod
    def fit(cls, molecules: "Sequence[Mol]") -> "Ranges":
        """Return the ranges of these molecules."""
        values = _simple(molecules)
        return cls(values.min(0), values.max(0))

    def outside(self, molecules: "Sequence[Mol]") -> list[str]:
        """Return what of each molecule lies outside, such as "weight 812 above 630"; "" for one that lies inside."""
        return [
            "; ".join(
                f"{name} {value:.4g} {'below' if value < low else 'above'} {low if value < low else high:.4g}"
                for name, value, low, high in zip(RANGES, row, self.low, self.high, strict=True)
                if not low <= value <= high
            )
            for row in _simple(molecules)
        ]

    def to_json(self) -> dict[str, list[float]]:
        """Return lowest and highest by name."""
        pairs = zip(self.low, self.high, strict=True)
        return {name: [float(low), float(high)] for name, (low, high) in zip(RANGES, pairs, strict=True)}

    @classmethod
    def from_json(cls, table: Mapping[str, Sequence[float]]) -> "Ranges":
        """Return what `to_json` wrote."""
        return cls(*(np.array([table[name][end] for name in RANGES], np.float64) for end in (0, 1)))


def _simple(molecules: "Sequence[Mol]") -> Floats:
    """Return `RANGES` of each molecule (n, 3)."""
    from rdkit.Chem import Crippen, Descriptors, rdMolDescriptors

    rows = [
        (Descriptors.MolWt(item), Crippen.MolLogP(item), rdMolDescriptors.CalcTPSA(item))
        for item in molecules
    ]
    return np.array(rows, np.float64).reshape(-1, len(RANGES))


def covered_from(similarity: Floats, covered: NDArray[np.bool_], coverage: float) -> float:
    """Return the least similarity from which held-out rows are covered at least as often as stated.

    How often rows are covered (n,) is taken to rise with their similarity (n,): isotonic regression. Returns infinity
    where no similarity is enough, and no less than the 5th percentile, below which too few rows were seen.
    """
    from sklearn.isotonic import isotonic_regression

    values, index = np.unique(similarity, return_inverse=True)
    counts = np.bincount(index).astype(np.float64)
    share = isotonic_regression(np.bincount(index, covered) / counts, sample_weight=counts)
    enough = np.flatnonzero(share >= coverage)
    if not len(enough):
        return float("inf")
    return max(float(values[enough[0]]), float(np.quantile(similarity, 0.05)))


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
