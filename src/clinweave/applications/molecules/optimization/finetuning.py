"""Hill climbing: sample, score, fine-tune on the best, repeat (as Brown et al. 2019's SMILES LSTM)."""

from collections.abc import Sequence

import numpy as np
import torch

from clinweave.applications.molecules.optimization.oracle import Answer
from clinweave.applications.molecules.optimization.policy import Policy
from clinweave.applications.molecules.optimization.problem import Archive, OptimizationTask

DRAWN = 64  # strings a round
BEST = 64  # molecules that are learned from
STEPS = 4
BATCH = 32
RATE = 1e-3


class FineTuning:
    """See the module. The pool and the start are scored first, as the first training data."""

    def __init__(self, problem: OptimizationTask) -> None:
        self.problem = problem
        self.policy = Policy(problem, RATE)
        self.archive = Archive(problem.penalty)
        self.random = np.random.default_rng([problem.seed, 2])
        self.temperature = 1.0
        self.first = problem.beginning()

    def ask(self) -> list[str]:
        """Return the beginning, then what the policy writes."""
        if self.first:
            first, self.first = self.first, []
            return first
        return self.policy.sample(DRAWN, self.temperature).strings

    def tell(self, answers: Sequence[Answer]) -> None:
        """Keep what was scored, train on the best; a policy that repeats itself is trained less and drawn hotter."""
        new = self.archive.add(answers) / max(len(answers), 1)
        self.temperature = heated(self.temperature, new)
        learn(self.policy, self.archive.best(BEST), round(STEPS * min(1.0, 2 * new)), self.random)


def heated(temperature: float, new: float) -> float:
    """Return the next temperature, by the share of strings that were new molecules."""
    return min(2.0, temperature * 1.15) if new < 0.4 else max(1.0, temperature * 0.95)


def learn(policy: Policy, smiles: Sequence[str], steps: int, random: np.random.Generator) -> None:
    """Raise the likelihood of molecules; a better one is drawn more often (they stand best first)."""
    rows = [row for row in policy.tokens_of(smiles) if row]
    if not rows:
        return
    weights = 1 / (np.arange(len(rows)) + 0.25 * len(rows))
    for _ in range(steps):
        some = random.choice(len(rows), min(BATCH, len(rows)), p=weights / weights.sum())
        losses = policy.losses([rows[row] for row in some])
        policy.step(losses.sum() / torch.tensor(sum(len(rows[row]) for row in some)))
