"""Generate molecules: only valid ones are returned, optionally only new ones or those without alerts.

Everything that is left out is counted by its reason, because a share that refusal has made whole says nothing of the
model: the drawn strings are reported as well as the delivered ones.
"""

import time
from collections.abc import Callable, Container, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from clinweave.applications.molecules.generator import Generator, open_model
from clinweave.applications.molecules.molecule import parse, standardise
from clinweave.applications.molecules.patterns import scaffold_pattern
from clinweave.applications.molecules.properties import properties_of
from clinweave.applications.molecules.structure_filters import StructureFilter, open_filter
from clinweave.applications.molecules.windows import Window, outside
from clinweave.core.errors import ClinweaveError, UserError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

Progress = Callable[[int, int], None]  # delivered, of how many
TRIES = 200  # strings drawn for each molecule delivered, at most


@dataclass(frozen=True)
class GenerationRequest:
    """What a delivered molecule must be, besides valid."""

    scaffold: str | None = None  # SMILES that it holds
    distinct: bool = False  # no repeats
    new_to: Container[str] = ()  # canonical SMILES that it is none of
    passes: "Callable[[Mol], bool] | None" = None  # such as MOSES' filters, of an RDKit molecule
    makeable: StructureFilter | None = field(default_factory=open_filter)  # None: refuse nothing
    windows: Mapping[str, Window] = field(default_factory=dict)  # property -> values that it may have


@dataclass
class GenerationResult:
    """Outcome of sampling. A molecule is left out for the first reason that holds, in the order
    of the fields, and counted there alone; only `repeated` also counts those that are delivered again."""

    smiles: list[str] = field(default_factory=list)  # delivered, canonical
    raw: int = 0  # strings drawn
    valid: int = 0
    outside: int = 0  # valid, but with charges, isotopes or several parts
    without_scaffold: int = 0
    outside_window: int = 0  # a property lies outside the window asked for
    known: int = 0  # in the set to which new molecules were asked for
    with_alerts: int = 0  # stopped by the filters
    not_makeable: int = 0  # that a chemist would not make; repeated structures count each time
    refused_by: dict[str, int] = field(default_factory=dict)  # rule -> number of them
    repeated: int = 0  # drawn before (left out where distinct ones were asked for)
    trained_on: int | None = None  # delivered, and in the training set (1 in 1,024 of them is not)
    seconds: float = 0.0  # CPU
    shortfall: str = ""  # why there are fewer than asked for

    def table(self) -> dict[str, Any]:
        """Return the counts and rates."""
        counts = {name: value for name, value in asdict(self).items() if name not in {"smiles", "shortfall"}}
        delivered = len(self.smiles)
        others = self.outside + self.without_scaffold + self.outside_window + self.known + self.with_alerts
        others += self.not_makeable
        return {
            "delivered": delivered,
            **counts,
            "repeats_left_out": self.valid - others - delivered,
            "raw_validity": self.valid / max(self.raw, 1),
            "delivered_per_cpu_second": delivered / max(self.seconds, 1e-9),
            "unique": len(set(self.smiles)) / max(delivered, 1),
        }


def generate(
    count: int,
    condition: Mapping[str, float] | None = None,
    wish: GenerationRequest | None = None,
    *,
    model: Generator | None = None,
    source: str = "free",
    temperature: float = 1.0,
    top_p: float = 1.0,
    seed: int = 0,
    partial: bool = False,
    progress: Progress | None = None,
) -> GenerationResult:
    """Return `count` valid molecules as canonical SMILES, each read by RDKit, and each as it is wished.

    Raises `UserError` for a scaffold or condition that cannot be, `ClinweaveError` where too few drawn strings will do;
    with `partial` only where none does, else the result has fewer and its `shortfall` says why.
    """
    if count < 1:
        raise UserError(f"--n {count}: ask for at least one molecule")
    model, wish = model or open_model(), wish or GenerationRequest()
    pattern = _pattern(wish.scaffold)
    if pattern is not None and wish.makeable is not None:  # what the scaffold has is wanted
        makeable = wish.makeable.excuse(wish.makeable.violations(pattern))
        makeable.counts = wish.makeable.counts
        wish = replace(wish, makeable=makeable)
    drawn, before = GenerationResult(), set[str]()
    started = time.process_time()
    for strings in model.write(
        condition, scaffold=wish.scaffold, source=source, temperature=temperature, top_p=top_p, seed=seed
    ):
        for text in strings:
            if len(drawn.smiles) == count:
                break
            _take(text, drawn, before, pattern, wish)
        if progress:
            progress(len(drawn.smiles), count)
        drawn.seconds = time.process_time() - started
        if len(drawn.smiles) == count or drawn.raw > TRIES * max(len(drawn.smiles), 50):
            return _finished(drawn, count, model, partial=partial)
    raise AssertionError("the model stopped writing")


def _finished(drawn: GenerationResult, count: int, model: Generator, *, partial: bool) -> GenerationResult:
    if len(drawn.smiles) < count:
        drawn.shortfall = _shortfall(drawn, count)
        if not (partial and drawn.smiles):
            raise ClinweaveError(f"{drawn.shortfall}: ask for fewer, or less")
    if model.seen is not None:
        drawn.trained_on = sum(smiles in model.seen for smiles in drawn.smiles)
    return drawn


def _shortfall(drawn: GenerationResult, count: int) -> str:
    return (
        f"only {len(drawn.smiles)} of {count} molecules after {drawn.raw:,} strings ({drawn.valid:,} valid, "
        f"{drawn.without_scaffold:,} without the scaffold, {drawn.outside_window:,} outside the window, "
        f"{drawn.known:,} known, {drawn.with_alerts:,} with alerts, {drawn.not_makeable:,} not makeable, "
        f"{drawn.repeated:,} repeated)"
    )


def _take(
    text: str, drawn: GenerationResult, before: set[str], pattern: "Mol", wish: GenerationRequest
) -> None:
    from rdkit import Chem

    drawn.raw += 1
    answer = standardise(text) if text else None
    if answer is None or answer.smiles is None:
        if text and not isinstance(parse(text), str):
            drawn.valid += 1
            drawn.outside += 1
        return
    drawn.valid += 1
    looked_at = pattern is not None or wish.passes is not None or wish.windows
    molecule: Mol = Chem.MolFromSmiles(answer.smiles) if looked_at else None
    if pattern is not None and not molecule.HasSubstructMatch(pattern):
        drawn.without_scaffold += 1
    elif wish.windows and outside(properties_of(molecule, qed="qed" in wish.windows), wish.windows):
        drawn.outside_window += 1
    elif answer.smiles in wish.new_to:
        drawn.known += 1
    elif wish.passes is not None and not wish.passes(molecule):
        drawn.with_alerts += 1
    elif wish.makeable is not None and (rule := wish.makeable.refuse(answer.smiles, molecule)):
        drawn.not_makeable += 1
        drawn.refused_by[rule] = drawn.refused_by.get(rule, 0) + 1
    else:
        drawn.repeated += answer.smiles in before
        if not (wish.distinct and answer.smiles in before):
            drawn.smiles.append(answer.smiles)
        before.add(answer.smiles)


def _pattern(scaffold: str | None) -> "Mol":
    return None if scaffold is None else scaffold_pattern(scaffold)
