"""Penalty for structural liabilities: it steers a search, and leaves the scores of the answer as they are.

Each liability that the start does not have, and half of how unusual the atoms are (`environments.unusualness`), count
as a share of the standard deviation of the scores so far, which suits scores of any unit and sign. Calls, scores and
their order in the answer stay what the scorer says.
"""

from collections.abc import Iterable, Sequence
from heapq import heapify, heappush, heappushpop

import numpy as np
from numpy.typing import NDArray

WEIGHT = 1.0  # standard deviations of the scores for each liability: docs/molecules_filters.md
UNUSUAL = 0.5  # liabilities that a molecule counts for whose atoms are as unusual as MOSES' 95th percentile


class LiabilityPenalty:
    """The penalty of one search. `weight` 0 is none."""

    def __init__(self, weight: float = WEIGHT, start: str = "") -> None:
        self.weight = weight
        self._counts: dict[str, float] = {}
        self._excused, self._allowed = frozenset[str](), 0.0
        if start and weight:
            self._excused, self._allowed = frozenset(_liabilities(start)), _surprisal(start)

    def count(self, smiles: str) -> float:
        """Return how many liabilities a molecule has that the start has not, and `UNUSUAL` of how unusual it is."""
        if not self.weight:
            return 0.0
        if smiles not in self._counts:
            own = len(set(_liabilities(smiles)) - self._excused)
            self._counts[smiles] = own + UNUSUAL * _unusualness(smiles, self._allowed)
        return self._counts[smiles]

    def of(self, smiles: str, spread: float) -> float:
        """Return what a molecule's score is lowered by, where scores have this standard deviation."""
        return self.weight * spread * self.count(smiles)

    def choose(
        self, smiles: Sequence[str], values: NDArray[np.float64], spread: float, number: int
    ) -> list[str]:
        """Return the molecules with the highest values after the penalty, best first.

        Penalties are computed in the order of the values, until no other molecule can be among the best.
        """
        best: list[tuple[float, int]] = []  # heap of (value, -index)
        heapify(best)
        for index in np.argsort(-values, kind="stable"):
            if len(best) == number and values[index] <= best[0][0]:
                break
            item = (float(values[index]) - self.of(smiles[index], spread), -int(index))
            if len(best) < number:
                heappush(best, item)
            else:
                heappushpop(best, item)
        return [smiles[-index] for _, index in sorted(best, reverse=True)]


def liability_weight_of(requested: float | None, *, filters: bool) -> float:
    """Return the weight of a search: what was asked for, else the default, which is 0 where nothing is refused."""
    if requested is not None:
        return requested
    return WEIGHT if filters else 0.0


def spread_of(scores: Iterable[float]) -> float:
    """Return the standard deviation of scores; 0 for fewer than two."""
    values = np.array(list(scores))
    return float(values.std()) if len(values) > 1 else 0.0


def _liabilities(smiles: str) -> list[str]:
    from rdkit import Chem

    from clinweave.applications.molecules.structure_filters import liabilities

    return liabilities(Chem.MolFromSmiles(smiles))


def _surprisal(smiles: str) -> float:
    from rdkit import Chem

    from clinweave.applications.molecules.structure_filters import surprisal

    return surprisal(Chem.MolFromSmiles(smiles))


def _unusualness(smiles: str, allowed: float) -> float:
    from rdkit import Chem

    from clinweave.applications.molecules.structure_filters import unusualness

    return unusualness(Chem.MolFromSmiles(smiles), allowed)
