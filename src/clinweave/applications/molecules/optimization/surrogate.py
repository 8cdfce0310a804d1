"""Gaussian process over molecules with a Tanimoto kernel: predicted score and its uncertainty.

The kernel is the min-max (Tanimoto) similarity of counts of Morgan environments (Ralaivola et al. 2005; for design
within few calls, Tripp et al. 2021 and Gao et al. 2022's GP BO). Counts are written as thermometers: the
similarity of many pairs is one matrix product.
"""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rdkit.Chem.rdFingerprintGenerator import FingerprintGenerator64

BITS, LEVELS = 1024, 4  # hashed environments, and the counts that are distinguished
NOISE = 1e-2  # variance, in units of the scores' own
MAX_MOLECULES = 1200  # molecules that are learned from: the best half and the latest half

Floats = NDArray[np.float32]


class TanimotoProcess:
    """See the module. Fit on molecules and scores, then ask for mean and deviation of others."""

    def __init__(self) -> None:
        self._seen: dict[str, NDArray[np.uint8]] = {}
        self._rows: Floats = np.zeros((0, BITS * LEVELS), np.float32)
        self._factor: NDArray[np.float64] = np.zeros((0, 0))  # lower triangular
        self._weights: NDArray[np.float64] = np.zeros(0)
        self._centre, self._spread = 0.0, 1.0

    def fit(self, scores: dict[str, float]) -> None:
        """Learn from molecules and their scores, in the order they were scored."""
        from scipy.linalg import cho_factor, cho_solve

        names = list(scores)
        if len(names) > MAX_MOLECULES:
            best = sorted(names, key=lambda text: -scores[text])[: MAX_MOLECULES // 2]
            names = list(dict.fromkeys([*best, *names[-MAX_MOLECULES // 2 :]]))
        values = np.array([scores[text] for text in names])
        self._centre, self._spread = float(values.mean()), float(values.std()) or 1.0
        self._rows = self._features(names)
        kernel = similarity(self._rows, self._rows).astype(np.float64)
        kernel[np.diag_indices(len(names))] += NOISE
        factor = cho_factor(kernel, lower=True)
        self._factor = factor[0]
        self._weights = cho_solve(factor, (values - self._centre) / self._spread)

    def predict(self, smiles: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return mean and standard deviation (n,) of the scores of molecules."""
        from scipy.linalg import solve_triangular

        cross = similarity(self._features(smiles), self._rows).astype(np.float64)
        mean = cross @ self._weights
        solved = solve_triangular(self._factor, cross.T, lower=True)
        variance = np.clip(1 - (solved**2).sum(0), 1e-6, None)
        return self._centre + self._spread * mean, self._spread * np.sqrt(variance)

    def _features(self, smiles: Sequence[str]) -> Floats:
        for text in smiles:
            if text not in self._seen:
                self._seen[text] = thermometer(text)
        return np.array([self._seen[text] for text in smiles], np.float32).reshape(-1, BITS * LEVELS)


def thermometer(smiles: str) -> NDArray[np.uint8]:
    """Return (BITS * LEVELS,) uint8: for each level t, whether an environment is there at least t times."""
    from rdkit import Chem, DataStructs

    counts = np.zeros(BITS, np.uint32)
    DataStructs.ConvertToNumpyArray(_generator().GetCountFingerprint(Chem.MolFromSmiles(smiles)), counts)
    return np.concatenate([counts >= level for level in range(1, LEVELS + 1)]).astype(np.uint8)


@cache
def _generator() -> "FingerprintGenerator64":
    from rdkit.Chem import rdFingerprintGenerator

    return rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=BITS)


def similarity(first: Floats, two: Floats) -> Floats:
    """Return the min-max similarity (n, m) of thermometers."""
    both = first @ two.T
    either = first.sum(1)[:, None] + two.sum(1)[None] - both
    return np.asarray(both / np.maximum(either, 1.0), np.float32)
