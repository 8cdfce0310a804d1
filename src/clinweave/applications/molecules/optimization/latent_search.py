"""Genetic algorithm in the model's latent space, with the latents of the best molecules as parents.

A child is a parent's latent, or a mixture of two (each part of the fingerprint from one of them, or between them),
moved by noise that is measured in the spread of the best ones' latents and adapted by success (Rechenberg's 1/5
rule). It is decoded with some of a parent's properties as the condition. Where a pattern is kept, half of the
children are grown from the latent of the kept part instead.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from clinweave.applications.molecules.batches import SCAFFOLD, WHOLE
from clinweave.applications.molecules.optimization.oracle import Answer
from clinweave.applications.molecules.optimization.policy import core_of, latent_of
from clinweave.applications.molecules.optimization.problem import Archive, OptimizationTask
from clinweave.applications.molecules.properties import PROPERTIES, properties_of, standardised

Latent = NDArray[np.float32]  # of a molecule, (latent,)
CHILDREN = 64
ELDERS = 60
TEMPERATURE = 0.8


class LatentSearch:
    """See the module."""

    def __init__(self, problem: OptimizationTask) -> None:
        if problem.model is None:
            raise ValueError("a search in the latent space needs a model")
        self.problem, self.model = problem, problem.model
        self.random = np.random.default_rng([problem.seed, 4])
        self.draws = torch.Generator().manual_seed(problem.seed)
        self.archive = Archive(problem.penalty)
        self.latents: dict[str, Latent] = {}
        self.properties: dict[str, Latent] = {}
        self.noise = 0.5
        self.bar = -np.inf
        core = core_of(problem)
        self.core = latent_of(self.model, core) if core else None
        self.first = problem.beginning()

    def ask(self) -> list[str]:
        """Return the beginning, then the strings of children."""
        if self.first:
            first, self.first = self.first, []
            return first
        elders = self.archive.best(ELDERS)
        self._describe(elders)
        some = CHILDREN // 2 if self.core is not None and elders else CHILDREN if elders else 0
        latents = [self._child(elders) for _ in range(some)]
        conditions = [self._condition(elders) for _ in range(some)]
        strings = self._write(latents, conditions, WHOLE)
        if self.core is not None or not elders:
            core = self.core if self.core is not None else self.model.checkpoint.network.null.detach().numpy()
            grown = [core + self._shift(elders) * 0.5 for _ in range(CHILDREN - some)]
            view = SCAFFOLD if self.core is not None else 0
            strings += self._write(grown, [self._condition(elders) for _ in grown], view)
        return strings

    def tell(self, answers: Sequence[Answer]) -> None:
        """Keep what was scored; widen the noise where more than a fifth beat the elders' middle, else narrow it."""
        new = [answer for answer in answers if answer.new and answer.fate == "scored"]
        self.archive.add(answers)
        if new and np.isfinite(self.bar):
            success = np.mean([self.archive.value(answer.smiles) > self.bar for answer in new])
            self.noise = float(np.clip(self.noise * (1.1 if success > 0.2 else 0.95), 0.1, 2.0))
        elders = self.archive.best(ELDERS)
        self.bar = self.archive.value(elders[len(elders) // 2]) if elders else -np.inf

    def _describe(self, smiles: Sequence[str]) -> None:
        from rdkit import Chem

        new = [text for text in smiles if text not in self.latents]
        if not new:
            return
        encoded = np.nan_to_num(self.model.encode(new, strict=False).latents)
        for text, latent in zip(new, encoded, strict=True):
            self.latents[text] = latent
            values = np.array([properties_of(Chem.MolFromSmiles(text))], np.float32)
            self.properties[text] = standardised(values)[0]

    def _pick(self, elders: Sequence[str]) -> str:
        index = int(len(elders) ** self.random.random()) - 1
        return elders[min(max(index, 0), len(elders) - 1)]

    def _child(self, elders: Sequence[str]) -> Latent:
        latent = self.latents[self._pick(elders)]
        draw = self.random.random()
        if draw < 0.3:
            two = self.latents[self._pick(elders)]
            chunk = self.model.checkpoint.network.shape.chunk
            parts = np.repeat(self.random.random(len(latent) // chunk) < 0.5, chunk)
            latent = np.where(parts, latent, two)
        elif draw < 0.6:
            share = self.random.random()
            latent = share * latent + (1 - share) * self.latents[self._pick(elders)]
        return latent + self._shift(elders)

    def _shift(self, elders: Sequence[str]) -> Latent:
        width = self.model.latent
        spread = (
            np.std([self.latents[text] for text in elders], 0) if len(elders) > 4 else np.full(width, 0.5)
        )
        return (self.noise * (spread + 0.05) * self.random.standard_normal(width)).astype(np.float32)

    def _condition(self, elders: Sequence[str]) -> Latent:
        """Return a parent's properties, a random half of them shown; for a third of the children none."""
        hidden = np.full(len(PROPERTIES), np.nan, np.float32)
        if not elders or self.random.random() < 1 / 3:
            return hidden
        values = self.properties[self._pick(elders)]
        return np.where(self.random.random(len(hidden)) < 0.5, values, hidden)

    def _write(self, latents: Sequence[Latent], conditions: Sequence[Latent], view: int) -> list[str]:
        if not latents:
            return []
        tensor = torch.from_numpy(np.array(latents, np.float32))
        targets = torch.from_numpy(np.array(conditions, np.float32))
        written: list[str] = self.model.spell(tensor, targets, view, TEMPERATURE, self.draws)
        return written
