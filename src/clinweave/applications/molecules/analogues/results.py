"""Analogues with what was changed, and what became of every proposal."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clinweave.applications.molecules.files import Cell, write_molecules
from clinweave.applications.molecules.grid import MoleculeGrid
from clinweave.applications.molecules.properties import PROPERTIES
from clinweave.core.reports.blocks import Report, Section, Table, write_report

REASONS = ("the lead itself", "invalid", "cannot be made of its parts", "proposed before", "without what is kept",
           "outside the similarity", "outside the window", "refused as not makeable")  # fmt: skip


@dataclass(frozen=True)
class Analogue:
    """One analogue. `transformation` says what was changed, `support` in how many matched pairs that was seen."""

    smiles: str
    way: str
    transformation: str
    support: int
    similarity: float
    properties: dict[str, float]


@dataclass(frozen=True)
class WaySummary:
    """What one way proposed. `success` is the share of distinct valid proposals that meet every demand.

    `diversity` is the mean Tanimoto distance between its analogues, None of fewer than two.
    """

    way: str
    proposed: int
    valid: int
    accepted: int
    left_out: dict[str, int]
    success: float
    diversity: float | None
    note: str = ""


@dataclass
class AnalogueResult:
    """Analogues in their order, what became of the proposals of each way, and why there are fewer than asked for."""

    lead: str
    asked: int
    analogues: list[Analogue] = field(default_factory=list)
    ways: list[WaySummary] = field(default_factory=list)
    shortfall: str = ""


@dataclass
class Tally:
    """Counts of one way while it runs."""

    way: str
    proposed: int = 0
    valid: set[str] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)
    accepted: list[Analogue] = field(default_factory=list)
    note: str = ""

    def summary(self) -> WaySummary:
        """Return the counts as they stand."""
        smiles = [analogue.smiles for analogue in self.accepted]
        share = len(smiles) / len(self.valid) if self.valid else 0.0
        counts = {reason: self.left_out[reason] for reason in REASONS if self.left_out[reason]}
        return WaySummary(
            self.way, self.proposed, len(self.valid), len(smiles), counts, share, diversity(smiles), self.note
        )


def diversity(smiles: Sequence[str]) -> float | None:
    """Return the mean Tanimoto distance of all pairs (of the first 500), None of fewer than two."""
    from rdkit import Chem, DataStructs

    from clinweave.applications.molecules.prediction.structures import fingerprint

    prints = [fingerprint(Chem.MolFromSmiles(text)) for text in smiles[:500]]
    if len(prints) < 2:
        return None
    total = sum(sum(DataStructs.BulkTanimotoSimilarity(prints[n], prints[:n])) for n in range(1, len(prints)))
    return 1 - total / (len(prints) * (len(prints) - 1) / 2)


def shortfall(tallies: Sequence[Tally], asked: int, found: int) -> str:
    """Return why fewer analogues were found than asked for, or ""."""
    if found >= asked:
        return ""
    reasons: Counter[str] = Counter()
    for tally in tallies:
        reasons += tally.left_out
    proposed = sum(tally.proposed for tally in tallies)
    counted = ", ".join(f"{count:,} {reason}" for reason, count in reasons.most_common())
    notes = "; ".join(f"{tally.way}: {tally.note}" for tally in tallies if tally.note)
    return f"{found:,} of {asked:,}: of {proposed:,} proposals {counted or 'none was left out'}" + (
        f"; {notes}" if notes else ""
    )


Rows = list[dict[str, Cell]]


def rows_of(
    result: AnalogueResult, flags: Sequence[str], controlled: Mapping[str, str], drugs: Mapping[str, str]
) -> Rows:
    """Return the rows of the output; `flags` has one text for each analogue, the others texts by SMILES."""
    return [
        {
            "rank": rank,
            "smiles": item.smiles,
            "way": item.way,
            "transformation": item.transformation,
            "matched pairs": item.support,
            "similarity": round(item.similarity, 4),
            **{name: round(value, 3) for name, value in item.properties.items()},
            "flags": flag,
            "controlled": controlled.get(item.smiles, ""),
            "drug": drugs.get(item.smiles, ""),
        }
        for rank, (item, flag) in enumerate(zip(result.analogues, flags, strict=True), 1)
    ]


def write_analogues(path: Path, result: AnalogueResult, home: Path) -> Rows:
    """Write the analogues in the format that the ending names, with flags and known drugs; return the rows.

    Flags are the structural alerts of `optimize`, `controlled` the classes named by law. Of no analogue, the header
    alone is written.
    """
    from rdkit import Chem

    from clinweave.applications.molecules.drugs.known import named_drugs
    from clinweave.applications.molecules.structure_filters import alerts, controlled_among

    smiles = [item.smiles for item in result.analogues]
    flags = ["; ".join(alerts(Chem.MolFromSmiles(text))) for text in smiles]
    matches = named_drugs(smiles, home) or {}
    drugs = {text: f"{match.name} ({match.how})" for text, match in matches.items()}
    rows = rows_of(result, flags, controlled_among(smiles), drugs)
    write_molecules(path, COLUMNS, [[row[name] for name in COLUMNS] for row in rows], COLUMNS.index("smiles"))
    return rows


COLUMNS = (
    "rank",
    "smiles",
    "way",
    "transformation",
    "matched pairs",
    "similarity",
    *PROPERTIES,
    "flags",
    "controlled",
    "drug",
)


def write_page(path: Path, result: AnalogueResult, rows: Rows) -> Path:
    """Write a page: what each way proposed, and a drawing of every analogue."""
    counts = [
        (
            item.way, f"{item.proposed:,}", f"{item.valid:,}", f"{item.accepted:,}", f"{item.success:.1%}",
            "" if item.diversity is None else f"{item.diversity:.2f}",
            item.note or "; ".join(f"{count:,} {reason}" for reason, count in item.left_out.items()),
        )
        for item in result.ways
    ]  # fmt: skip
    head = ("way", "proposed", "valid", "accepted", "success rate", "diversity", "left out")
    cards = [{name: value for name, value in row.items() if name != "smiles"} for row in rows]
    sections = [
        Section("Ways", [Table(head, counts)], note=result.shortfall),
        Section("Lead", [MoleculeGrid([result.lead], [{}])]),
        Section(f"{len(rows):,} analogues", [MoleculeGrid([str(row["smiles"]) for row in rows], cards)]),
    ]
    caution = "Nothing here says that a molecule is safe, active or can be made."
    return write_report(Report(f"Analogues of {result.lead}", "molecules", (), caution, sections), path)
