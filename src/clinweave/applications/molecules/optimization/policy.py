"""The decoder as a policy: a copy of the packaged weights that can be sampled, scored and fine-tuned.

Its condition is fixed: the null latent (the string-only mode), or, where a pattern is kept, the latent of the part
of the start that matches it, in the view in which the decoder grows a scaffold.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from clinweave.applications.molecules.batches import FREE, SCAFFOLD, Batch, padded
from clinweave.applications.molecules.generator import Generator
from clinweave.applications.molecules.network import Network
from clinweave.applications.molecules.optimization.problem import OptimizationTask
from clinweave.applications.molecules.properties import PROPERTIES
from clinweave.applications.molecules.tokens import END

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rdkit.Chem import Mol


@dataclass(frozen=True)
class Sample:
    """GenerationResult strings and their tokens, END included."""

    strings: list[str]
    tokens: list[list[int]]


class Policy:
    """See the module. `network` is trained, the generator's own never is."""

    def __init__(self, problem: OptimizationTask, learning_rate: float) -> None:
        if problem.model is None:
            raise ValueError("a policy needs a model")
        self.model: Generator = problem.model
        self.network: Network = copy.deepcopy(self.model.checkpoint.network)
        self.random = torch.Generator().manual_seed(problem.seed)
        self.view = FREE
        self.latent: Tensor = self.model.checkpoint.network.null.detach().clone()
        core = core_of(problem)
        if core:
            self.view, self.latent = SCAFFOLD, torch.from_numpy(latent_of(self.model, core))
        trained = [*self.network.decoder.parameters(), *self.network.context.parameters()]
        self.optimizer = torch.optim.Adam(trained, lr=learning_rate)

    def sample(self, count: int, temperature: float = 1.0) -> Sample:
        """Draw strings from the policy."""
        self.network.eval()

        def choose(logits: Tensor) -> Tensor:
            shares = torch.softmax(logits / temperature, 1)
            return torch.multinomial(shares, 1, generator=self.random)[:, 0]

        with torch.inference_mode():
            ids = self.network.decoder.write(self._context(self.network, count), choose).tolist()
        tokens = [row[: row.index(END) + 1] if END in row else [] for row in ids]
        return Sample(self.model.checkpoint.tokens.decode([row[:-1] for row in tokens]), tokens)

    def tokens_of(self, smiles: Sequence[str]) -> list[list[int]]:
        """Return the tokens of molecules, END included."""
        return [[*row, END] if row else [] for row in self.model.checkpoint.tokens.encode(list(smiles))]

    def losses(self, tokens: Sequence[Sequence[int]], *, prior: bool = False) -> Tensor:
        """Return the negative log-likelihood (B,) of token rows, none empty, in nats; `prior`: by the first weights."""
        order = sorted(range(len(tokens)), key=lambda row: -len(tokens[row]))
        batch = self._batch([tokens[row] for row in order])
        network = self.model.checkpoint.network if prior else self.network
        nll = network.decoder.losses(self._context(network, len(order)), batch)
        back = torch.empty(len(order), dtype=torch.int64)
        back[torch.tensor(order)] = torch.arange(len(order))
        return nll[back]

    def step(self, loss: Tensor) -> None:
        """Take one step down a loss."""
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()

    def _batch(self, rows: Sequence[Sequence[int]]) -> Batch:
        counts = np.array([len(row) - 1 for row in rows], np.int64)  # `padded` adds END itself
        ids = np.array([token for row in rows for token in row[:-1]], np.int16)
        hidden = torch.full((len(rows), len(PROPERTIES)), float("nan"))
        return Batch(padded(ids, counts), torch.full((len(rows),), self.view), None, hidden)

    def _context(self, network: Network, count: int) -> Tensor:
        hidden = torch.full((count, len(PROPERTIES)), float("nan"))
        return network.decoder_context(self.latent.expand(count, -1), hidden, torch.full((count,), self.view))


def core_of(problem: OptimizationTask) -> str:
    """Return the SMILES of the part of the start that matches what is kept; "" where nothing is kept."""
    from rdkit import Chem

    if problem.keep is None or not problem.start:
        return ""
    molecule: Mol = Chem.MolFromSmiles(problem.start)
    match = set(molecule.GetSubstructMatch(problem.keep))
    info = molecule.GetRingInfo()
    for ring in info.AtomRings():  # a cut ring is no molecule: keep all rings that the pattern touches
        if len(match & set(ring)) > 1:
            match |= set(ring)
    text = Chem.MolFragmentToSmiles(molecule, sorted(match))
    return text if Chem.MolFromSmiles(text) is not None else problem.start


def latent_of(model: Generator, smiles: str) -> "NDArray[np.float32]":
    """Return the latent (latent,) of a molecule, also of one unlike those that the model has seen."""
    latent: NDArray[np.float32] = np.nan_to_num(model.encode([smiles], strict=False).latents[0])
    return latent
