"""Statements of a passage that are quoted together, and how they are shown."""

import re
from dataclasses import dataclass

from clinweave.applications.consult.units import Unit, adjacent, date_of, units_of
from clinweave.knowledge import Origin
from clinweave.records import Evidence, Statement

STORED_QUESTION = re.compile(r"^(?:what|how|who|is|are|when|why|does)\b.*\?$", re.IGNORECASE)


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
