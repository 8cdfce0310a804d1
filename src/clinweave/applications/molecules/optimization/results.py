"""Ranked results: scores and parts, similarity to the start, synthetic accessibility, alerts, novelty, call number."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.applications.molecules.files import write_records
from clinweave.applications.molecules.optimization.measures import best_so_far, top_auc
from clinweave.applications.molecules.optimization.objectives import synthetic_accessibility
from clinweave.applications.molecules.optimization.oracle import Call
from clinweave.applications.molecules.optimization.search import Outcome
from clinweave.applications.molecules.properties import PROPERTIES, properties_of
from clinweave.applications.molecules.structure_filters import alerts, liabilities, matched_classes

if TYPE_CHECKING:
    from rdkit.Chem import Mol

Row = dict[str, Any]


def rows_of(outcome: Outcome, top: int, home: Path) -> list[Row]:
    """Return the best `top` molecules, ranked, with all of their columns.

    Of equal scores the molecule more similar to the start comes first.
    `drug` and `in MOSES` are None where these were not fetched; see `clinweave fetch drug-names moses`.
    """
    calls = _ranked(outcome)[:top]
    rows = [_row(rank, call, outcome.start) for rank, call in enumerate(calls, 1)]
    drugs, seen = _drugs(home, calls), in_moses([call.smiles for call in calls], home)
    for row in rows:
        row["drug"] = None if drugs is None else drugs.get(row["smiles"], "")
        row["in MOSES"] = None if seen is None else row["smiles"] in seen
    return rows


def _ranked(outcome: Outcome) -> list[Call]:
    calls = outcome.oracle.ranked()
    if not outcome.start or len({call.scored.value for call in calls}) == len(calls):
        return calls
    alike = likeness([call.smiles for call in calls], outcome.start)
    order = sorted(range(len(calls)), key=lambda n: (-calls[n].scored.value, -alike[n], calls[n].number))
    return [calls[n] for n in order]


def _row(rank: int, call: Call, start: str) -> Row:
    from rdkit import Chem

    molecule: Mol = Chem.MolFromSmiles(call.smiles)
    return {
        "rank": rank,
        "smiles": call.smiles,
        "score": call.scored.value,
        **{f"part: {name}": value for name, value in call.scored.parts.items()},
        "similarity to start": likeness([call.smiles], start)[0] if start else None,
        "SA score": round(synthetic_accessibility(molecule), 3),
        "alerts": "; ".join(alerts(molecule)),
        "other liabilities": "; ".join(liabilities(molecule)[len(alerts(molecule)) :]),
        "controlled": "; ".join(matched_classes(molecule)),
        **{name: round(value, 3) for name, value in zip(PROPERTIES, properties_of(molecule), strict=True)},
        "call": call.number,
    }


def likeness(smiles: Sequence[str], start: str) -> list[float]:
    """Return Tanimoto similarity to the start of Morgan bits (radius 2, 2,048)."""
    from rdkit import Chem, DataStructs

    from clinweave.applications.molecules.prediction.structures import fingerprint

    first = fingerprint(Chem.MolFromSmiles(start))
    prints = [fingerprint(Chem.MolFromSmiles(item)) for item in smiles]
    return [round(float(item), 4) for item in DataStructs.BulkTanimotoSimilarity(first, prints)]


def _drugs(home: Path, calls: Sequence[Call]) -> dict[str, str] | None:
    """Return the names of those that are known drugs, or None where the drugs' structures were not fetched."""
    from clinweave.applications.molecules.drugs.known import named_drugs

    drugs = named_drugs((call.smiles for call in calls), home)
    if drugs is None:
        return None
    return {smiles: f"{match.name} ({match.how})" for smiles, match in drugs.items()}


def in_moses(smiles: Sequence[str], home: Path) -> set[str] | None:
    """Return which of these are among MOSES' training molecules, or None where the set was not fetched."""
    import gzip

    from clinweave.core.errors import ClinweaveError
    from clinweave.resources import located

    try:
        path = next(file for name, file in located("moses", home).items() if name.startswith("train"))
    except (ClinweaveError, StopIteration):
        return None
    requested, members = set(smiles), set()
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        for line in stream:
            text = line.partition(",")[0].strip()
            if text in requested:
                members.add(text)
    return members


def summary(outcome: Outcome, rows: Sequence[Row]) -> Row:
    """Return the counts and measures of a search."""
    oracle = outcome.oracle
    problems: dict[str, int] = {}
    for call in oracle.calls:
        if call.scored.problem:
            problems[call.scored.problem] = problems.get(call.scored.problem, 0) + 1
    scores = oracle.scores
    began = next((entry.scored.value for entry in oracle.calls if entry.smiles == outcome.start), None)
    good = [entry for entry in scores if not math.isnan(entry)]
    result: Row = {
        "scorer": oracle.scorer.name,
        "method": outcome.search.method,
        "budget": oracle.budget,
        "calls": len(oracle.calls),
        "calls_from_journal": oracle.resumed,
        "scored": len(good),
        "failed": len(scores) - len(good),
        "problems": dict(sorted(problems.items(), key=lambda item: -item[1])[:5]),
        "fates": dict(oracle.fates),
        "refused_by_rule": dict(outcome.makeable.counts.most_common()) if outcome.makeable else None,
        "refusals": outcome.makeable.describe() if outcome.makeable else None,
        "liability_weight": outcome.search.liability_weight,
        "allowed_for_start": [": ".join(filter(None, item)) for item in outcome.excused],
        "best": max(good, default=None),
        "top10": float(best_so_far(scores, 10)[-1]) if good else None,
        # the area starts at a score of 0 and is meaningless for scores below
        "top10_auc": top_auc(scores, oracle.budget) if good and min(good) >= 0 else None,
        "start": outcome.start or None,
        "start_score": began,
        "keep": outcome.search.keep or None,
        "cpu_seconds": round(outcome.seconds, 1),
        "stopped": outcome.stopped,
    }
    if began is not None and good:
        better = sum(entry > began for entry in good)
        result |= {"better_than_start": better, "better_per_call": better / len(scores)}
    shown = [row for row in rows if row["drug"]]
    result["known_drugs"] = {row["smiles"]: row["drug"] for row in shown}
    return result


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write the answer with all of its columns, in the format that the ending names."""
    write_records(path, rows)
