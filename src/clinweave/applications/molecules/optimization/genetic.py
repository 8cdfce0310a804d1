"""Genetic algorithm on molecular graphs, after Jensen 2019 (doi:10.1039/C8SC05372C); no learned model.

Small generations and parents drawn by rank over everything scored, as in Tripp and Hernandez-Lobato 2023
(arXiv:2310.09267), because few calls are what counts here.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from clinweave.applications.molecules.optimization.crossover import cross
from clinweave.applications.molecules.optimization.mutation import mutate
from clinweave.applications.molecules.optimization.oracle import Answer
from clinweave.applications.molecules.optimization.problem import Archive, OptimizationTask

if TYPE_CHECKING:
    from rdkit.Chem import Mol

BROOD = 20  # children in a generation
ELDERS = 120  # the best so many may be parents
MUTATED = 0.5  # share of crossed children that are changed as well


class GraphGA:
    """See the module."""

    def __init__(self, problem: OptimizationTask) -> None:
        self.problem = problem
        self.random = np.random.default_rng([problem.seed, 1])
        self.archive = Archive(problem.penalty)
        self.first = problem.beginning()

    def ask(self) -> list[str]:
        """Return the beginning, then generation after generation."""
        if self.first:
            first, self.first = self.first, []
            return first
        return self.children(BROOD)

    def tell(self, answers: Sequence[Answer]) -> None:
        """Keep what was scored."""
        self.archive.add(answers)

    def children(self, count: int) -> list[str]:
        """Return new molecules made from the best, none of them scored before."""
        from rdkit import Chem

        result: dict[str, None] = {}
        for _ in range(20 * count):
            if len(result) >= count:
                break
            child = self._child()
            smiles = Chem.MolToSmiles(child) if child is not None else ""
            if smiles and smiles not in self.archive.scores and self._is_makeable(smiles, child):
                result[smiles] = None
        return list(result)

    def _is_makeable(self, smiles: str, child: "Mol") -> bool:
        """Return whether the filter lets a child pass: the oracle would refuse it, so the surrogate need not see it."""
        makeable = self.problem.makeable
        return makeable is None or not makeable.refuse(smiles, child)

    def _child(self) -> "Mol | None":
        keep = self.problem.keep
        if not len(self.archive):
            return mutate(_molecule(self.problem.start or "CC"), self.random, keep)
        parent = _molecule(self.parent())
        if self.random.random() < 0.5:
            return mutate(parent, self.random, keep)
        child = cross(parent, _molecule(self._mate()), self.random, keep)
        if child is not None and self.random.random() < MUTATED:
            return mutate(child, self.random, keep) or child
        return child

    def parent(self) -> str:
        """Return one of the best: its rank is the logarithm of a uniform number: the best are drawn most often."""
        best = self.archive.best(ELDERS)
        index = int(len(best) ** self.random.random()) - 1
        return best[min(max(index, 0), len(best) - 1)]

    def _mate(self) -> str:
        """Return a second parent; where a pattern is kept, half of them come from the pool."""
        if self.problem.pool and self.problem.keep is not None and self.random.random() < 0.5:
            return self.problem.pool[int(self.random.integers(len(self.problem.pool)))]
        return self.parent()


@lru_cache(2048)
def _molecule(smiles: str) -> "Mol":
    from rdkit import Chem

    return Chem.MolFromSmiles(smiles)
