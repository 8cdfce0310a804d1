"""REINVENT-style policy optimisation (Olivecrona et al. 2017, doi:10.1186/s13321-017-0235-x).

The agent's log-likelihood of a string is drawn towards the prior's plus sigma times its score. The best molecules so
far are mixed with the new ones (experience replay), as in the version that Gao et al. 2022 measured.
"""

from collections.abc import Sequence

import numpy as np
import torch

from clinweave.applications.molecules.optimization.oracle import Answer
from clinweave.applications.molecules.optimization.policy import Policy
from clinweave.applications.molecules.optimization.problem import Archive, OptimizationTask

DRAWN = 64
REPLAYED = 24
SIGMA = 500.0
RATE = 5e-4
STEPS = 1


class Reinvent:
    """See the module. The first prior is the packaged decoder without a graph."""

    def __init__(self, problem: OptimizationTask) -> None:
        self.problem = problem
        self.policy = Policy(problem, RATE)
        self.archive = Archive(problem.penalty)
        self.random = np.random.default_rng([problem.seed, 3])
        self.first = problem.beginning()
        self.tokens: list[list[int]] = []

    def ask(self) -> list[str]:
        """Return the start and the pool, which are shown again later, then what the agent writes."""
        if self.first:
            first, self.first = self.first, []
            self.tokens = [[] for _ in first]
            return first
        drawn = self.policy.sample(DRAWN)
        self.tokens = drawn.tokens
        return drawn.strings

    def tell(self, answers: Sequence[Answer]) -> None:
        """Take a step; a string that is no molecule, or lacks what is kept, has a score of 0."""
        self.archive.add(answers)
        values = [
            self.archive.value(answer.smiles) if answer.fate == "scored" else float("nan")
            for answer in answers
        ]
        rewards = self.archive.reward(values, bounded=self.problem.bounded)
        rows = [
            (row, float(reward)) for row, reward in zip(self.tokens, rewards, strict=True) if len(row) > 1
        ]
        for _ in range(STEPS):
            both = rows + self._replay()
            if both:
                self._step([row for row, _ in both], [reward for _, reward in both])

    def _replay(self) -> list[tuple[list[int], float]]:
        best = self.archive.best(100)
        if not best:
            return []
        values = self.archive.reward(
            [self.archive.value(text) for text in best], bounded=self.problem.bounded
        )
        shares = (values + 1e-3) / (values + 1e-3).sum()
        some = self.random.choice(len(best), min(REPLAYED, len(best)), p=shares, replace=False)
        rows = self.policy.tokens_of([best[index] for index in some])
        return [(row, float(values[index])) for row, index in zip(rows, some, strict=True) if len(row) > 1]

    def _step(self, rows: list[list[int]], rewards: list[float]) -> None:
        with torch.no_grad():
            prior = -self.policy.losses(rows, prior=True)
        agent = -self.policy.losses(rows)
        target = prior + SIGMA * torch.tensor(rewards, dtype=torch.float32)
        self.policy.step(((target - agent) ** 2).mean())
