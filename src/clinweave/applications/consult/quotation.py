"""Statements of a passage that are quoted together, and how they are shown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from clinweave.applications.consult import polarity
from clinweave.applications.consult.cues import has_form, same_act
from clinweave.applications.consult.units import Unit, adjacent, date_of, units_of
from clinweave.knowledge import Origin, Query
from clinweave.records import Evidence, Statement

STORED_QUESTION = re.compile(r"^(?:what|how|who|is|are|when|why|does)\b.*\?$", re.IGNORECASE)
_MARK = re.compile(r"\[\^\w{1,8}\](?!:)")
MAX_PARAGRAPH = 5  # statements of a paragraph of which a neighbour is quoted as well
_INSTEAD = re.compile(
    r"^\W*(?:(?:in|for) (?:these|them|such \w+),? )?(?:instead,? )?(?:use|give|offer|prescribe|prefer|choose|switch to"
    r"|change to|replace (?:it|them) (?:by|with)|treat with|start)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Quote:
    """Statements of one passage that answer together."""

    evidence: Evidence
    units: tuple[Unit, ...]
    coverage: float
    origin: Origin
    stance: str = ""
    direct: bool = False  # every facet of the question is met
    other_names: str = ""  # of what a definition is of
    labelled: bool = True  # the label of the line belongs to the first statement
    restricted: tuple[Unit, ...] = ()  # footnotes and prohibitions of a dose that stand apart from it

    def statement(self) -> Statement:
        """Return the quotation as it is shown."""
        first = self.units[0]
        heads = (
            [head for head in first.heads if not STORED_QUESTION.match(head.strip())]
            if self.origin == Origin.STORED
            else list(first.heads)
        )
        if self.origin == Origin.STORED and self.evidence.passage is not None:
            heads = [self.evidence.passage.title.replace(" ?", "?")]
        if (
            first.label
            and self.labelled
            and not first.text.startswith(first.label)
            and self.origin != Origin.STORED
        ):
            heads.append(first.label)  # the quotation itself is text of the passage as it stands
        around = units_of(self.evidence.passage) if self.evidence.passage is not None else []
        if self.other_names and heads:
            heads[0] = f"{heads[0]} (also called {self.other_names})"
        parts = []
        for index, unit in enumerate(self.units):
            ahead = self.units[index - 1] if index else None
            listed = unit.kind in {"item", "row"} and ahead is not None and ahead.kind == unit.kind
            gap = ahead is not None and not adjacent(around, ahead, unit)
            joined = (
                " [...] "
                if gap
                else "; "
                if listed and ahead is not None and not ahead.text.endswith((".", ";"))
                else " "
            )
            parts.append((joined if index else "") + unit.text)
        score = self.coverage + (1.0 if self.origin == Origin.OWN else 0.0)
        return Statement(
            "".join(parts),
            "quotation",
            (self.evidence.id,),
            " > ".join(dict.fromkeys(heads)),
            date_of(heads),
            score,
        )


def completed(query: Query, units: Sequence[Unit], selected: Sequence[Unit]) -> tuple[Unit, ...]:
    """Return the statements of a quotation with the neighbours that a reader needs, and the footnotes of its marks.

    Neighbours stand in the same paragraph: what to give in place of the forbidden; and, beside a statement that is not
    about the act asked for ("start") or has not the form asked for ("how long"), the next or last one that is.
    """
    if any(unit.kind == "row" for unit in selected):
        return tuple(selected)
    marks = _MARK.findall(" ".join(unit.text for unit in selected))
    notes = [
        unit for unit in units if unit not in selected and unit.text.startswith(tuple(f"{m}:" for m in marks))
    ]
    return (*_with_neighbour(query, units, selected), *notes)


def _with_neighbour(query: Query, units: Sequence[Unit], selected: Sequence[Unit]) -> tuple[Unit, ...]:
    last, first = selected[-1], selected[0]
    after = _neighbour(units, last, 1)
    if after is not None and polarity.forbids(last) and _INSTEAD.match(after.text):
        return (*selected, after)
    text = " ".join(unit.text for unit in selected)
    if query.yes_no or not _lacks(query.text, text):
        return tuple(selected)
    if after is not None and _has(query.text, after.text):
        return (*selected, after)
    before = _neighbour(units, first, -1)
    return (before, *selected) if before is not None and _has(query.text, before.text) else tuple(selected)


def _neighbour(units: Sequence[Unit], unit: Unit, step: int) -> Unit | None:
    """Return the statement next to one in its short paragraph, if there is one."""
    index = units.index(unit) + step
    paragraph = sum(other.block == unit.block for other in units)
    if not 0 <= index < len(units) or not paragraph <= MAX_PARAGRAPH:
        return None
    other = units[index]
    return other if other.block == unit.block and other.kind == unit.kind else None


def _lacks(question: str, text: str) -> bool:
    return same_act(question, text) is False or has_form(question, text) is False


def _has(question: str, text: str) -> bool:
    """Say whether a statement is about the asked act and has the asked form, of which the question has one at least."""
    act, form = same_act(question, text), has_form(question, text)
    return False not in {act, form} and True in {act, form}
