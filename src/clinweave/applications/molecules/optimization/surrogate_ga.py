"""Surrogate-guided search: a genetic algorithm proposes, a Gaussian process selects what is scored.

The process is fitted to what was scored; of the proposals those with the highest mean plus beta deviations, less the
penalty for liabilities, are asked, beta redrawn each round (from exploiting to exploring).
"""

from collections.abc import Sequence

import numpy as np

from clinweave.applications.molecules.optimization.genetic import GraphGA
from clinweave.applications.molecules.optimization.oracle import Answer
from clinweave.applications.molecules.optimization.problem import OptimizationTask
from clinweave.applications.molecules.optimization.surrogate import TanimotoProcess

CHILDREN = 120  # a round
CHOSEN = 20


class SurrogateSearch:
    """See the module. No weights are needed."""

    def __init__(self, problem: OptimizationTask) -> None:
        self.problem = problem
        self.genetic = GraphGA(problem)
        self.process = TanimotoProcess()
        self.random = np.random.default_rng([problem.seed, 6])

    def ask(self) -> list[str]:
        """Return the beginning, then the proposals that the process likes best."""
        archive = self.genetic.archive
        if self.genetic.first:
            return self.genetic.ask()
        proposals = [text for text in dict.fromkeys(self.proposals()) if text not in archive.scores]
        if len(archive) < 3 or len(proposals) <= CHOSEN:
            return proposals[:CHOSEN]
        self.process.fit(archive.scores)
        mean, deviation = self.process.predict(proposals)
        beta = 10 ** self.random.uniform(-2, 0)
        return self.problem.penalty.choose(proposals, mean + beta * deviation, archive.spread, CHOSEN)

    def proposals(self) -> list[str]:
        """Return the molecules from which the process selects."""
        return self.genetic.children(CHILDREN)

    def tell(self, answers: Sequence[Answer]) -> None:
        """Keep what was scored."""
        self.genetic.tell(answers)
