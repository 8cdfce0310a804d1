"""Random search baseline: score the pool, then samples of the unmodified model. Other methods are compared with it."""

from collections.abc import Sequence

from clinweave.applications.molecules.optimization.oracle import Answer
from clinweave.applications.molecules.optimization.policy import Policy
from clinweave.applications.molecules.optimization.problem import OptimizationTask


class RandomSearch:
    """See the module."""

    def __init__(self, problem: OptimizationTask) -> None:
        self.policy = Policy(problem, 0.0)
        self.first = problem.beginning()

    def ask(self) -> list[str]:
        """Return the start and the pool, then unguided drawings."""
        if self.first:
            first, self.first = self.first, []
            return first
        return self.policy.sample(128).strings

    def tell(self, answers: Sequence[Answer]) -> None:
        """Learn nothing."""
