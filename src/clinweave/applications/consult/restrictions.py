"""What restricts a dose and stands apart from it: footnotes of a table, "unless ...", "do not ..." of its drug."""

import re
from collections.abc import Sequence

from clinweave.applications.consult.cues import pattern
from clinweave.applications.consult.doses import changes_by_fraction, states_amount
from clinweave.applications.consult.drug_classes import names_a_drug
from clinweave.applications.consult.limits import suits_age
from clinweave.applications.consult.matching import Facet
from clinweave.applications.consult.units import Unit, normal
from clinweave.records import Evidence

MAX_SHOWN = 3  # restrictions shown with a dose
_MARK = re.compile(r"\s*(\*{1,3}|[\u2020\u2021\u00a7\u00b6]{1,2}|[\u00b9\u00b2\u00b3]|\[\^?\w{1,4}\])")
_STARRED = re.compile(r"[\w).%]\*+(?=\s|;|$)")
_RESTRICTS = re.compile(
    r"\b(?:unless|except(?:ing)?|other than|do not|must not|should not|never|avoid\w*|contra-?indicat\w*|withh[eo]ld\w*"
    r"|not (?:in|for|with|if|when|below|above|under|over|to be|be|recommended|suitable|after|before|within|during|until"
    r"|more than|longer than|together|again|alone))\b",
    re.IGNORECASE,
)


def notes_of(units: Sequence[Unit], index: int, drug: Sequence[Facet], others: Sequence[str]) -> list[Unit]:
    """Return the notes below a table that belong to a row: those of its marks, and a first one that goes on about it.

    `others` are names of other drugs in the passage: a note without a mark that names one of them is none of the row.
    """
    row = units[index]
    below = [unit for unit in units[index + 1 :] if unit.heads == row.heads and unit.kind != "row"]
    notes: list[Unit] = []
    marked = False
    for unit in below:
        if mark := _MARK.match(unit.text):
            marked = _has_mark(row.text, mark[1])
        elif not (notes and notes[-1].block == unit.block):
            marked = False
        if marked:
            notes.append(unit)
    if below and not notes and not _MARK.match(below[0].text):
        first = below[0]
        starred = first.kind == "item" and bool(_STARRED.search(row.text))  # "* Halve ..." is read as an item
        continues = bool(pattern("doses", "continues").match(first.text))
        if starred or (continues and not _names_other(first, drug, others)):
            notes.append(first)
    adjusting = [
        unit
        for unit in below
        if unit not in notes and _adjusts(unit) and not _names_other(unit, drug, others)
    ]
    return [*notes, *adjusting[:MAX_SHOWN]]


def _adjusts(unit: Unit) -> bool:
    """Say whether a statement below a table changes its doses under a condition ("Over 70 years: half each dose")."""
    begins = bool(pattern("doses", "conditional").match(unit.text))
    return begins and (changes_by_fraction(unit.text) or states_amount(unit.text))


def _has_mark(text: str, mark: str) -> bool:
    edge = re.escape(mark[0])
    return bool(re.search(rf"(?<!{edge}){re.escape(mark)}(?!{edge})", text))


def restrictions(
    question: str, item: Evidence, units: Sequence[Unit], selected: Sequence[Unit], drug: Sequence[Facet]
) -> tuple[Unit, ...]:
    """Return what restricts a dose and stands apart from it: notes of its row, then up to `MAX_SHOWN` others.

    These name the drug, or stand under its heading and name no other one. What is for another age is left out.
    """
    first, others = selected[0], [name for _, name in item.names]
    if first.kind != "row" and not states_amount(first.text):
        return ()
    notes = notes_of(units, units.index(first), drug, others) if first.kind == "row" else []
    apart = [
        unit
        for unit in units
        if drug
        and unit not in (*selected, *notes)
        and unit.kind != "row"
        and _RESTRICTS.search(f"{unit.label} {unit.text}")
        and (_names(unit, drug) or _under(first, unit, drug, others))
    ]
    return tuple(unit for unit in (*notes, *apart[:MAX_SHOWN]) if suits_age(question, unit.text) is not False)


def _names(unit: Unit, drug: Sequence[Facet]) -> bool:
    return all(facet.within(unit.norm) or facet.within(unit.label_norm) for facet in drug)


def _under(first: Unit, unit: Unit, drug: Sequence[Facet], others: Sequence[str]) -> bool:
    """Say whether a statement stands under the same heading of the drug as its dose and names no other drug."""
    headed = bool(unit.heads) and all(facet.within(f" {normal(unit.heads[-1])} ") for facet in drug)
    return headed and unit.heads == first.heads and not _names_other(unit, drug, others)


def _names_other(unit: Unit, drug: Sequence[Facet], others: Sequence[str]) -> bool:
    names = (f" {normal(other)} " for other in others)
    return any(name in unit.norm and not any(facet.within(name) for facet in drug) for name in names)


def titled(unit: Unit, drugs: Sequence[Facet]) -> bool:
    """Say whether a statement that names no drug, nor does its nearest head, stands under a title of the asked one."""
    near = f"{unit.norm}{unit.label_norm}{normal(unit.heads[-1]) if unit.heads else ''} "
    named = (
        bool(drugs) and bool(unit.heads) and all(facet.named(f" {normal(unit.heads[0])} ") for facet in drugs)
    )
    return named and not names_a_drug(near, len(near))
