"""Surrogate-guided search with a policy that proposes too: measured in docs/molecules_optimize.md, level without it.

The decoder, trained on the best so far, writes new kinds of molecules; the graph algorithm changes and crosses the
best, also into ones that the decoder has never seen, and the decoder learns from these (genetic expert-guided learning,
Ahn et al. 2020, arXiv:2007.04897).
"""

from collections.abc import Sequence

from clinweave.applications.molecules import standardise
from clinweave.applications.molecules.optimization import METHODS
from clinweave.applications.molecules.optimization.finetuning import BEST, RATE, learn
from clinweave.applications.molecules.optimization.oracle import Answer
from clinweave.applications.molecules.optimization.policy import Policy
from clinweave.applications.molecules.optimization.problem import OptimizationTask
from clinweave.applications.molecules.optimization.surrogate_ga import SurrogateSearch

CHILDREN = 80  # of the genetic algorithm, a round
WRITTEN = 40  # of the policy
STEPS = 2


class GuidedSearch(SurrogateSearch):
    """See the module."""

    def __init__(self, problem: OptimizationTask) -> None:
        super().__init__(problem)
        self.policy = Policy(problem, RATE)

    def proposals(self) -> list[str]:
        """Return the children of the genetic algorithm, and what the policy writes."""
        return self.genetic.children(CHILDREN) + self._written()

    def tell(self, answers: Sequence[Answer]) -> None:
        """Keep what was scored, and train the policy on the best."""
        super().tell(answers)
        learn(self.policy, self.genetic.archive.best(BEST), STEPS, self.random)

    def _written(self) -> list[str]:
        """Return the molecules among what the policy writes, which have what is kept."""
        from rdkit import Chem

        written = [standardise(text).smiles for text in self.policy.sample(WRITTEN).strings]
        keep = self.problem.keep
        return [
            smiles
            for smiles in written
            if smiles and (keep is None or Chem.MolFromSmiles(smiles).HasSubstructMatch(keep))
        ]


def register() -> None:
    """Make the method known to `optimise`."""
    METHODS["guided"] = (
        __name__,
        "GuidedSearch",
        "graph-ga and a policy propose, a Gaussian process selects",
    )
