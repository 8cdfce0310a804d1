"""The optimisation task, and the ask-and-tell protocol of all methods."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from clinweave.applications.molecules.molecule import standardise
from clinweave.applications.molecules.optimization.oracle import Answer
from clinweave.applications.molecules.optimization.penalty import LiabilityPenalty, spread_of
from clinweave.applications.molecules.salts import without_counter_ions
from clinweave.applications.molecules.structure_filters import StructureFilter
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

    from clinweave.applications.molecules.generator import Generator


FIRST = 100  # of the pool


@dataclass(frozen=True)
class OptimizationTask:
    """Where a search begins. `start` and `pool` are canonical SMILES; `keep` a pattern that all must have, or None."""

    start: str | None
    keep: "Mol"
    pool: tuple[str, ...]  # the first molecules, before anything is learned
    model: "Generator | None"  # None for methods that need none
    bounded: bool = True  # scores from 0 to 1
    seed: int = 0
    makeable: StructureFilter | None = None  # what it refuses is proposed to no scorer
    penalty: LiabilityPenalty = field(default_factory=lambda: LiabilityPenalty(0.0))

    def beginning(self) -> list[str]:
        """Return what every method scores first: the start and, where nothing must be kept, the pool's first."""
        pool = self.pool[:FIRST] if self.keep is None else ()
        return list(dict.fromkeys([*([self.start] if self.start else []), *pool]))


class Method(Protocol):
    """A search. It sees scores only through `tell`: all methods are charged the same calls."""

    def ask(self) -> list[str]:
        """Return strings to be scored, valid or not."""
        ...

    def tell(self, answers: Sequence[Answer]) -> None:
        """Learn from what became of the strings that `ask` returned last, in their order."""
        ...


class Archive:
    """All scored molecules, best first after the penalty for their liabilities."""

    def __init__(self, penalty: LiabilityPenalty | None = None) -> None:
        self.scores: dict[str, float] = {}
        self.penalty = penalty or LiabilityPenalty(0.0)
        self.spread = 0.0  # standard deviation of the scores
        self._ranked: list[str] | None = []

    def __len__(self) -> int:
        """Return the number of molecules with a score."""
        return len(self.scores)

    def add(self, answers: Sequence[Answer]) -> int:
        """Take in what was scored; return how many are new."""
        before = len(self.scores)
        for answer in answers:
            if answer.fate == "scored":
                self.scores.setdefault(answer.smiles, answer.value)
        if len(self.scores) > before:
            self._ranked = None
            self.spread = spread_of(self.scores.values())
        return len(self.scores) - before

    def best(self, count: int) -> list[str]:
        """Return the best molecules; of equals the earlier."""
        if self._ranked is None:
            self._ranked = sorted(self.scores, key=lambda text: -self.value(text))  # stable: earlier first
        return self._ranked[:count]

    def value(self, smiles: str) -> float:
        """Return a molecule's score less the penalty for its liabilities."""
        return self.scores[smiles] - self.penalty.of(smiles, self.spread)

    def reward(self, values: Sequence[float], *, bounded: bool) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return scores as 0 to 1; unbounded ones by where they lie between the 5th percentile and the best."""
        array = np.asarray(values, np.float64)
        if bounded or not self.scores:
            return np.clip(np.nan_to_num(array), 0, None)
        archived = np.array(list(self.scores.values()))
        low, high = float(np.quantile(archived, 0.05)), float(archived.max())
        return np.nan_to_num(np.clip((array - low) / max(high - low, 1e-9), 0, 1))


def parse_start(smiles: str, keep: str) -> "tuple[str, Mol | None]":
    """Return the start's canonical SMILES (of a salt the active part) and the pattern to keep (None for "").

    Raises `UserError` for a start or pattern that cannot be.
    """
    from rdkit import Chem, rdBase

    pattern: Mol | None = None
    if keep:
        with rdBase.BlockLogs():
            pattern = Chem.MolFromSmarts(keep)
        if pattern is None or not pattern.GetNumAtoms():
            raise UserError(f"--required-substructure {keep}: not a SMARTS pattern")
    if not smiles:
        if keep:
            raise UserError("--required-substructure needs --start: a molecule that has the pattern")
        return "", None
    answer = standardise(without_counter_ions(smiles)[0])
    if answer.smiles is None:
        raise UserError(f"--start {smiles}: {answer.reason}")
    molecule: Mol = Chem.MolFromSmiles(answer.smiles)
    if pattern is not None and not molecule.HasSubstructMatch(pattern):
        raise UserError(f"--required-substructure {keep}: the start {answer.smiles} does not contain it")
    return answer.smiles, pattern
