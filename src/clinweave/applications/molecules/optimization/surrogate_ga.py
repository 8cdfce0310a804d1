"""Surrogate-guided search: genetic algorithm and policy propose, a Gaussian process selects what is scored.

The decoder, trained on the best so far, writes new kinds of molecules; the graph algorithm changes and crosses the
best, also into ones that the decoder has never seen, and the decoder learns from these (genetic expert-guided learning,
Ahn et al. 2020, arXiv:2007.04897). The process is fitted to what was scored; of the proposals those with the highest
mean plus beta deviations are asked, beta redrawn each round (from exploiting to exploring).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from clinweave.applications.molecules.molecule import standardise
from clinweave.applications.molecules.optimization.genetic import GraphGA
from clinweave.applications.molecules.optimization.oracle import Answer
from clinweave.applications.molecules.optimization.problem import OptimizationTask
from clinweave.applications.molecules.optimization.surrogate import TanimotoProcess

if TYPE_CHECKING:
    from clinweave.applications.molecules.optimization.policy import Policy

CHILDREN = 80  # of the genetic algorithm, a round
WRITTEN = 40  # of the policy
CHOSEN = 20
STEPS = 2


class SurrogateGA:
    """See the module."""

    def __init__(self, problem: OptimizationTask) -> None:
        self.problem = problem
        self.genetic = GraphGA(problem)
        self.policy = self._policy()
        self.process = TanimotoProcess()
        self.random = np.random.default_rng([problem.seed, 6])

    def ask(self) -> list[str]:
        """Return the beginning, then the proposals that the process likes best."""
        archive = self.genetic.archive
        if self.genetic.first:
            return self.genetic.ask()
        children = CHILDREN if self.policy else CHILDREN + WRITTEN
        proposals = self.genetic.children(children) + self._written()
        proposals = [text for text in dict.fromkeys(proposals) if text not in archive.scores]
        if len(archive) < 3 or len(proposals) <= CHOSEN:
            return proposals[:CHOSEN]
        self.process.fit(archive.scores)
        mean, deviation = self.process.predict(proposals)
        beta = 10 ** self.random.uniform(-2, 0)
        best = np.argsort(-(mean + beta * deviation), kind="stable")
        return [proposals[index] for index in best[:CHOSEN]]

    def tell(self, answers: Sequence[Answer]) -> None:
        """Keep what was scored, and train the policy on the best."""
        self.genetic.tell(answers)
        if self.policy:
            from clinweave.applications.molecules.optimization.finetuning import BEST, learn

            learn(self.policy, self.genetic.archive.best(BEST), STEPS, self.random)

    def _policy(self) -> "Policy | None":
        from clinweave.applications.molecules.optimization.finetuning import RATE
        from clinweave.applications.molecules.optimization.policy import Policy

        return Policy(self.problem, RATE)

    def _written(self) -> list[str]:
        """Return the molecules among what the policy writes, which have what is kept."""
        from rdkit import Chem

        if not self.policy:
            return []
        written = [standardise(text).smiles for text in self.policy.sample(WRITTEN).strings]
        keep = self.problem.keep
        return [
            smiles
            for smiles in written
            if smiles and (keep is None or Chem.MolFromSmiles(smiles).HasSubstructMatch(keep))
        ]


class SurrogateSearch(SurrogateGA):
    """The same without a policy: all proposals are the genetic algorithm's; no weights are needed."""

    def _policy(self) -> "Policy | None":
        return None
