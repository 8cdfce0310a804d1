"""Dose statements: an amount belongs to the drug named nearest to it, and its conditions go with it."""

import re
from collections.abc import Sequence

from clinweave.applications.consult.cues import pattern
from clinweave.applications.consult.limits import overlaps
from clinweave.applications.consult.matching import AMOUNT, Facet, drug_facets
from clinweave.applications.consult.units import Unit, normal
from clinweave.knowledge import Kind

# "reduce the dose by one third": an adjustment without an amount
_FRACTION = re.compile(
    r"\bdoses?\b[^.;]{0,40}\b(?:half|third|quarter|per ?cent)|\b(?:halve|double)\b[^.;]{0,30}\bdose"
    r"|\b(?:half|third|quarter)\b[^.;]{0,20}\bdose",
    re.IGNORECASE,
)

_AMOUNT_OF = re.compile(
    r"\b(?:how much|(?:doses?|dosage|amount|rate|volume) of|how many \w+ of) ([\w-]+)", re.IGNORECASE
)


def states_amount(text: str) -> bool:
    """Say whether a text has an amount of something given (not only a measured value)."""
    return any(not _measured(text, match) for match in AMOUNT.finditer(text))


def _measured(text: str, match: re.Match[str]) -> bool:
    """Say whether an amount is a limit or a measurement ("below 30 mL/min", "6.5 mmol/L or more")."""
    before, after = text[max(0, match.start() - 22) : match.start()], text[match.end() : match.end() + 14]
    if re.match(r"\s*/\s*(?:L|min|dL|ml)\b", after, re.IGNORECASE):
        return True
    limit = r"(?:below|above|less than|more than|at least|over|under|weight|age|is|of age)\s*$"
    return bool(re.search(limit, before, re.I) or re.match(r"\s*or (?:more|less|older|above|below)\b", after))


def changes_by_fraction(text: str) -> bool:
    """Say whether a text changes a dose without an amount ("give half of each dose")."""
    return bool(_FRACTION.search(text))


def is_dose_of(unit: Unit, drug: Sequence[Facet], others: Sequence[str]) -> bool:
    """Say whether a statement gives an amount of the drug that the facets name.

    `others` are names of other drugs in the passage. An amount belongs to what follows it after "of" ("10 units of
    soluble insulin"), else to the drug named last before it in the sentence, else to the label or the nearest head.
    """
    if not drug:
        return states_amount(unit.text)
    if unit.kind == "row":
        return states_amount(unit.text) and _row_of(unit, drug, others)
    if all(facet.within(unit.norm) for facet in drug) and _adjusts(unit, drug[0]):
        return True
    for match in AMOUNT.finditer(unit.text):
        if _measured(unit.text, match):
            continue
        if _owner_is(unit, match, drug, others):
            return True
    return False


def substance(question: str, facets: Sequence[Facet]) -> tuple[Facet, ...]:
    """Return what a dose is asked of: the drugs of the question, else its first other word ("fluid")."""
    words = [facet for facet in facets if facet.kind in {"word", "class"}]
    named = _AMOUNT_OF.search(question)
    first = [facet for facet in words if named and facet.within(f" {normal(named[1])} ")]
    drugs = drug_facets(facets)
    if first and all(facet.kind == "word" for facet in drugs):  # required words that no vocabulary has
        return tuple(first[:1])
    return drugs or tuple(words[:1])


def covers_value(question: str, unit: Unit, drug: Sequence[Facet], others: Sequence[str] = ()) -> bool:
    """Say whether a row of a table is for a value that the question states, whatever it says to give ("none")."""
    return (
        unit.kind == "row"
        and _row_of(unit, drug, others)
        and overlaps(question, unit.text, " ".join(unit.heads))
    )


def _row_of(unit: Unit, drug: Sequence[Facet], others: Sequence[str]) -> bool:
    """Say whether a row is about the drug: it names it, or its nearest head does and the row names no other."""
    foreign = any(
        f" {normal(other)} " in unit.norm for other in others if not _names(f" {normal(other)} ", drug)
    )
    headed = bool(unit.heads) and _names(f" {normal(unit.heads[-1])} ", drug)
    return _names(unit.norm, drug) or (headed and not foreign)


def _adjusts(unit: Unit, drug: Facet) -> bool:
    """Say whether a clause changes the dose of the drug by a fraction ("reduce the warfarin dose by one third")."""
    clauses = re.split(r"[;.,]", unit.text)
    return any(_FRACTION.search(clause) and drug.within(f" {normal(clause)} ") for clause in clauses)


def _owner_is(unit: Unit, amount: re.Match[str], drug: Sequence[Facet], others: Sequence[str]) -> bool:
    after = re.match(r"\s*(?:\([^)]*\)\s*)?of\s+((?:[\w-]+\s*){1,5})", unit.text[amount.end() :])
    if after is not None:
        phrase = f" {normal(after[1])} "
        if _names(phrase, drug):
            return True
        if any(f" {normal(other)} " in phrase for other in others):
            return False
    before = unit.text[: amount.start()]
    last_own = _last(before, [form for facet in drug for form in facet.forms])
    last_other = _last(before, [other for other in others if not _names(f" {normal(other)} ", drug)])
    if last_own < 0 and last_other < 0:
        follows = f" {normal(unit.text[amount.end() : amount.end() + 60])} "
        governed = _names(unit.label_norm, drug) or (
            bool(unit.heads) and _names(f" {normal(unit.heads[-1])} ", drug)
        )
        return governed or (
            _names(follows, drug) and after is None and not any(f" {normal(o)} " in follows for o in others)
        )
    return last_own > last_other


def _names(norm: str, drug: Sequence[Facet]) -> bool:
    return any(facet.within(norm) for facet in drug)


def _as_drug(norm: str, name: str) -> bool:
    """Say whether a text names a drug, not a measurement called after it ("creatinine clearance")."""
    return bool(re.search(rf" {re.escape(name)} (?!clearance|level|concentration|kinase)", norm))


def _last(text: str, names: Sequence[str]) -> int:
    """Return where the last of some names ends in a text, -1 if none occurs."""
    norm = f" {normal(text)} "
    return max(
        (norm.rfind(f" {normal(name)} ") + len(name) for name in names if f" {normal(name)} " in norm),
        default=-1,
    )


def _adjusted_below(first: Unit, unit: Unit) -> bool:
    """Say whether a paragraph below a dose, under the same heads, gives another amount under a condition."""
    return (
        first.kind == unit.kind == "sentence"
        and first.heads == unit.heads
        and states_amount(first.text)
        and states_amount(unit.text)
        and bool(pattern("doses", "conditional").match(unit.text))
    )


def with_conditions(
    units: Sequence[Unit], index: int, drug: Sequence[Facet], others: Sequence[str]
) -> list[Unit]:
    """Return a statement with what continues it: the sentences and list items of its conditions.

    A paragraph of its own counts if it begins with a condition and states an amount ("If clearance is below 30 ...").
    """
    first = units[index]
    selected = [first]
    named = [
        normal(other) for other in others if f" {normal(other)} " in first.norm
    ]  # drugs of the statement itself
    if all(facet.kind != Kind.DRUG for facet in drug):
        drug = (*drug, Facet(tuple(named), 0.0, False, Kind.DRUG))
    general = first.opens and not named and all(facet.kind != Kind.DRUG or not facet.forms for facet in drug)
    if first.kind == "row":
        return selected
    for unit in units[index + 1 :]:
        listed = unit.kind == "item" and first.kind != "item"
        same = unit.block == first.block or (listed and selected[-1].opens)
        same = same or (listed and selected[-1].kind == "item" and selected[-1].heads == unit.heads)
        same = same or _adjusted_below(first, unit)
        foreign = any(
            _as_drug(unit.norm, normal(other)) for other in others if not _names(f" {normal(other)} ", drug)
        )
        governed = bool(unit.label) and unit.label == first.label and _names(unit.label_norm, drug)
        if (
            unit.kind == "item"
            and first.text.rstrip(":") in unit.heads[len(first.heads) :]
            and first.kind == "item"
        ):
            selected.append(unit)  # nested below it
            continue
        if general and unit.kind == "item" and unit.heads[-1:] == (first.text.rstrip(":"),):
            selected.append(unit)  # the list that the statement introduces
            continue
        if not same or (foreign and not governed and not _names(unit.norm, drug)):
            break
        if (
            unit.kind != "item"
            and not pattern("doses", "continues").match(unit.text)
            and not _names(unit.norm, drug)
        ):
            break
        selected.append(unit)
    return selected


def first_dose(units: Sequence[Unit], index: int, drugs: Sequence[Facet], others: Sequence[str]) -> int:
    """Return where the dose of the line begins that a statement adjusts ("Reduce to ... if ...")."""
    here = units[index]
    while index > 0 and here.kind != "row":  # the rows of a table do not adjust each other
        last = units[index - 1]
        if last.block != here.block or last.label != here.label or not is_dose_of(last, drugs, others):
            break
        index -= 1
    return index
