"""Drawing molecules that are delivered only when valid: raw rate, repeats and known ones are counted."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from clinweave.errors import ClinweaveError, UserError
from clinweave.molecules.generator import Generator, open_model
from clinweave.molecules.reading import parse, standardise

Told = Callable[[int, int], None]  # delivered, of how many
TRIES = 200  # strings drawn for each molecule delivered, at most


@dataclass
class Drawn:
    """What became of the strings that were drawn."""

    smiles: list[str] = field(default_factory=list)  # delivered, canonical
    raw: int = 0  # strings drawn
    valid: int = 0
    repeated: int = 0  # valid, but delivered before (left out where distinct ones were asked for)
    known: int = 0  # valid and among the training molecules (left out where novel ones were asked for)
    without_scaffold: int = 0
    outside: int = 0  # valid, but with charges, isotopes or several parts
    seconds: float = 0.0  # CPU

    def table(self) -> dict[str, Any]:
        """Return the counts and rates."""
        counts = {name: value for name, value in asdict(self).items() if name != "smiles"}
        delivered = len(self.smiles)
        return {
            "delivered": delivered,
            **counts,
            "raw_validity": self.valid / max(self.raw, 1),
            "delivered_per_cpu_second": delivered / max(self.seconds, 1e-9),
            "unique": len(set(self.smiles)) / max(delivered, 1),
        }


def generate(
    count: int,
    condition: Mapping[str, float] | None = None,
    scaffold: str | None = None,
    *,
    model: Generator | None = None,
    source: str = "free",
    temperature: float = 1.0,
    distinct: bool = False,
    known: Collection[str] = (),
    seed: int = 0,
    told: Told | None = None,
) -> Drawn:
    """Return `count` valid molecules as canonical SMILES, each read by RDKit, each with the scaffold if one is given.

    `distinct` leaves out repeats, and molecules in `known` (canonical SMILES) are left out and counted. Raises
    `UserError` for a scaffold or condition that cannot be, `ClinweaveError` where too few drawn strings will do.
    """
    if count < 1:
        raise UserError(f"--n {count}: ask for at least one molecule")
    model = model or open_model()
    pattern = _pattern(scaffold)
    drawn, before = Drawn(), set[str]()
    started = time.process_time()
    for strings in model.write(
        condition, scaffold=scaffold, source=source, temperature=temperature, seed=seed
    ):
        for text in strings:
            if len(drawn.smiles) == count:
                break
            _take(text, drawn, before, pattern, distinct, known)
        if told:
            told(len(drawn.smiles), count)
        drawn.seconds = time.process_time() - started
        if len(drawn.smiles) == count:
            return drawn
        if drawn.raw > TRIES * max(len(drawn.smiles), 50):
            raise ClinweaveError(
                f"only {len(drawn.smiles)} of {count} molecules after {drawn.raw:,} strings ({drawn.valid:,} valid, "
                f"{drawn.without_scaffold:,} without the scaffold, {drawn.repeated:,} repeated): ask for fewer, or less"
            )
    raise AssertionError("the model stopped writing")


def _take(  # noqa: PLR0917
    text: str, drawn: Drawn, before: set[str], pattern: Any, distinct: bool, known: Collection[str]
) -> None:
    drawn.raw += 1
    molecule = parse(text) if text else ""
    if isinstance(molecule, str):
        return
    drawn.valid += 1
    answer = standardise(text)
    if answer.smiles is None:
        drawn.outside += 1
        return
    if pattern is not None and not molecule.HasSubstructMatch(pattern):
        drawn.without_scaffold += 1
        return
    repeated, seen = answer.smiles in before, answer.smiles in known
    drawn.repeated += repeated
    drawn.known += seen
    before.add(answer.smiles)
    if not (distinct and repeated) and not seen:
        drawn.smiles.append(answer.smiles)


def _pattern(scaffold: str | None) -> Any:
    if scaffold is None:
        return None
    found = parse(scaffold)
    if isinstance(found, str):
        raise UserError(f"--scaffold {scaffold}: {found}")
    return found
