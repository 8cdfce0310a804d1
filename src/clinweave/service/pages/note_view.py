"""What was read in a letter, as the page shows it: the marked text, and a table of findings that can be corrected."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clinweave.applications.diagnosis import (
    Case,
    denied_of_relatives,
    is_value,
    kind_of,
    read_age,
    read_letter,
    segments,
)
from clinweave.knowledge import NoteReader, unread_language
from clinweave.patients import check_note
from clinweave.records import Mention
from clinweave.service.pages.note_form import NoteForm

if TYPE_CHECKING:
    from clinweave.knowledge import Graph
    from clinweave.knowledge_base import KnowledgeBase

KINDS = ("present", "absent", "uncertain", "relative")
SIGNS = {"present": "+", "absent": "\u2212", "uncertain": "?", "relative": "family"}
LABELS = {
    "present": "present",
    "absent": "absent",
    "uncertain": "uncertain",
    "relative": "of a relative",
    "removed": "removed",
}
_MAX_CHILDREN = 12
_SUBCLASS = "biolink:subclass_of"


@dataclass(frozen=True)
class MarkedPiece:
    """A stretch of the letter; `kind` is "" without a finding. `labels` say what was read in it."""

    text: str
    kind: str
    labels: tuple[str, ...] = ()
    anchor: str = ""  # id of the row in the table


@dataclass(frozen=True)
class TermLink:
    """A term that a finding can be replaced by."""

    id: str
    name: str


@dataclass(frozen=True)
class FindingRow:
    """A finding in the table. `status` is "present", "absent", "uncertain", "relative" or "removed"."""

    id: str
    name: str
    status: str
    words: tuple[str, ...]  # in the letter
    values: tuple[str, ...]  # how a measured value was read
    by_hand: bool
    parents: tuple[TermLink, ...] = ()
    children: tuple[TermLink, ...] = ()

    @property
    def counts(self) -> bool:
        """Return whether the ranking uses it."""
        return self.status in {"present", "absent"}


@dataclass(frozen=True)
class LetterView:
    """The marked letter, the findings, and what to warn of."""

    pieces: tuple[MarkedPiece, ...]
    rows: tuple[FindingRow, ...]
    counts: Mapping[str, int]
    sentences: int
    silent: int
    warnings: tuple[str, ...]

    @property
    def observed(self) -> tuple[str, ...]:
        """Return the ids that count as present."""
        return tuple(row.id for row in self.rows if row.status == "present")

    @property
    def excluded(self) -> tuple[str, ...]:
        """Return the ids that count as absent."""
        return tuple(row.id for row in self.rows if row.status == "absent")

    def case(self, form: NoteForm) -> Case:
        """Return the case for the ranking and the export."""
        return Case("patient", self.observed, self.excluded, form.sex, read_age(form.age))


def read_view(base: "KnowledgeBase", form: NoteForm) -> LetterView:
    """Read a letter and apply the corrections. Raises `UserError` for a text that is no letter of one patient."""
    warnings: list[str] = []
    mentions: Sequence[Mention] = ()
    if form.text.strip():
        warnings += check_note(form.text)
        if unread := unread_language(form.text, base.linker.languages):
            warnings.append(unread)
        mentions = NoteReader(base.linker).read(form.text)
    letter = read_letter(form.text, mentions)
    if form.text.strip():
        warnings += [text.replace(" with --hpo", " below") for text in letter.warnings()]
    kinds = [kind_of(mention) for mention in letter.mentions]
    return LetterView(
        pieces=tuple(_pieces(form.text, letter.mentions)),
        rows=tuple(_rows(base.graph, letter.mentions, form)),
        counts={kind: kinds.count(kind) for kind in KINDS},
        sentences=letter.sentences,
        silent=letter.silent,
        warnings=tuple(warnings),
    )


def _pieces(text: str, mentions: Sequence[Mention]) -> list[MarkedPiece]:
    return [
        MarkedPiece(
            piece,
            kind_of(group[0]) if group else "",
            tuple(_label(mention) for mention in group),
            anchor_of(group[0].id) if group else "",
        )
        for piece, group in segments(text, mentions)
    ]


def anchor_of(id_: str) -> str:
    """Return the id of a finding's row in the page."""
    return f"t-{id_.replace(':', '_')}"


def _label(mention: Mention) -> str:
    same = " ".join(mention.text.split()).casefold() == mention.name.casefold()
    named = "" if same else mention.name
    denied = "absent in relatives" if denied_of_relatives(mention) else ""
    value = _value(mention) if is_value(mention) else ""
    return ", ".join(part for part in (named, denied, value) if part)


def _value(mention: Mention) -> str:
    """Return how a measured value was read: "3.1 mmol/L, usual range 3.5 to 5.2"."""
    return mention.reason.partition(":")[2].strip()


def _rows(graph: "Graph", mentions: Sequence[Mention], form: NoteForm) -> list[FindingRow]:
    """Return the findings: those set by hand first, then those that count, then the others; each id once."""
    rows: dict[str, FindingRow] = {}
    order = {kind: number for number, kind in enumerate(KINDS)}
    for mention in sorted(mentions, key=lambda item: (order[kind_of(item)], item.start)):
        row = rows.get(mention.id) or FindingRow(
            mention.id, mention.name, kind_of(mention), (), (), by_hand=False
        )
        value = (_value(mention),) if is_value(mention) else ()
        words = " ".join(mention.text.split())
        rows[mention.id] = replace(
            row,
            words=row.words if words in row.words else (*row.words, words),
            values=(*row.values, *value),
        )
    for status, ids in (("present", form.observed), ("absent", form.excluded), ("removed", form.ignored)):
        for id_ in ids:
            row = rows.get(id_) or FindingRow(id_, _name(graph, id_), status, (), (), by_hand=True)
            rows[id_] = replace(row, status=status, by_hand=True)
    ranked = sorted(rows.values(), key=lambda row: [*KINDS, "removed"].index(row.status))
    return [_with_neighbours(graph, row) for row in ranked]


def _with_neighbours(graph: "Graph", row: FindingRow) -> FindingRow:
    if not row.counts:
        return row
    below = [item.subject for item in graph.relations(predicate=_SUBCLASS, object=row.id)]
    return replace(
        row,
        parents=_links(graph, graph.parents(row.id)),
        children=_links(graph, below[: _MAX_CHILDREN * 2])[:_MAX_CHILDREN],
    )


def _links(graph: "Graph", ids: Sequence[str]) -> tuple[TermLink, ...]:
    own = [id_ for id_ in dict.fromkeys(ids) if id_.startswith("HP:") and id_ != "HP:0000118"]
    return tuple(TermLink(concept.id, concept.name) for concept in graph.concepts(own))


def _name(graph: "Graph", id_: str) -> str:
    resolved = graph.resolve(id_)
    return graph.concept(resolved).name if resolved else id_


def term_choices(graph: "Graph", text: str, limit: int = 8) -> tuple[TermLink, ...]:
    """Return the findings whose name or synonym is nearest to a text, best first."""
    if not text.strip():
        return ()
    return tuple(TermLink(concept.id, concept.name) for concept, _ in graph.search(text, limit, ["HP"]))
