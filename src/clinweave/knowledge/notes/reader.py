"""Read the findings of clinical notes more fully than by names: `NoteReader`."""

from collections.abc import Iterable, Sequence

import numpy as np

from clinweave.knowledge.linking.cues import STATUSES
from clinweave.knowledge.linking.languages import language_of
from clinweave.knowledge.linking.linker import FAMILY, Linker
from clinweave.knowledge.linking.normalise import Tokens, join, tokenise
from clinweave.knowledge.linking.shorthand import written_out
from clinweave.knowledge.linking.status import assess
from clinweave.knowledge.linking.vocabulary import NamedGraph
from clinweave.knowledge.notes.growth import measures
from clinweave.knowledge.notes.laboratory import Laboratory, Value
from clinweave.knowledge.notes.person import Person, person_of
from clinweave.records import Mention

FINDINGS = ("HP",)
_MEASURED = 0.9  # score of a finding by a value
_PIECE = 1 << 18


class NoteReader:
    """Reads the findings (HPO) of notes: the linker's, and those of values."""

    def __init__(self, linker: Linker, *, values: bool = True) -> None:
        """Take a linker; the rest is for measuring what each part does."""
        self.linker, self.measured = linker, values
        vocabulary = linker.vocabulary
        self._row = {
            curie: row for row, curie in enumerate(vocabulary.ids.to_pylist()) if curie.startswith("HP:")
        }
        self._laboratory = Laboratory(_finding_names(linker))

    @classmethod
    def open(cls, graph: NamedGraph) -> "NoteReader":
        """Return the reader of `graph`; its vocabulary is compiled once, next to the graph."""
        return cls(Linker.open(graph))

    def read(self, text: str) -> list[Mention]:
        """Return the findings in `text`, by place: `mention.text == text[mention.start:mention.end]`."""
        return self.read_many([text])[0]

    def read_many(self, texts: Sequence[str]) -> list[list[Mention]]:
        """Return the findings of each text; texts in other languages than English are read by names alone."""
        linked = self.linker.link_many(texts, FINDINGS)
        english = [number for number, text in enumerate(texts) if language_of(text) == "en"]
        for piece in _pieces(texts, english):
            more = self._values([texts[number] for number in piece]) if self.measured else []
            for number, mentions in zip(piece, more, strict=False):
                linked[number] = _merged(linked[number], mentions)
        return linked

    def _values(self, texts: Sequence[str]) -> list[list[Mention]]:
        whole, begins = join(texts)
        whole = written_out(whole)
        tokens = tokenise(whole)
        people = [
            (int(begin), int(end), person_of(text))
            for text, begin, end in zip(texts, begins[:-1], begins[1:], strict=True)
        ]
        values = self._laboratory.find(whole, tokens, people) + _grown(whole, tokens, people)
        values.sort(key=lambda item: (item.first, item.start))
        first = np.array([item.first for item in values], np.int64)
        size = np.array([item.size for item in values], np.int64)
        assessed = assess(whole, tokens, first, size)
        mentions: list[list[Mention]] = [[] for _ in texts]
        documents = np.searchsorted(begins, [item.start for item in values], side="right") - 1
        for item, document, status, family in zip(
            values, documents.tolist(), assessed.status.tolist(), assessed.family.tolist(), strict=True
        ):
            begin = int(begins[document])
            start, end = item.start - begin, _closed(texts[document], item.start - begin, item.end - begin)
            finding = item.finding if item.finding in self._row else item.otherwise
            if finding in self._row:
                value = item._replace(start=start, end=end, finding=finding)
                mentions[document].append(
                    self._mention(texts[document], value, STATUSES[status], family=family)
                )
        return mentions

    def _mention(self, text: str, item: Value, cue: str, *, family: bool) -> Mention:
        """Return the mention of a value; "no" before it counts where words decide, and no number."""
        status = "absent" if item.absent else "present"
        if cue in {"hypothetical", "historical", "uncertain"} or (cue == "absent" and not item.measured):
            status = "absent" if item.absent else cue
        vocabulary, row = self.linker.vocabulary, self._row[item.finding]
        return Mention(
            item.start, item.end, text[item.start:item.end], item.finding, vocabulary.labels[row].as_py(),
            vocabulary.categories[row].as_py(), _MEASURED, status == "absent", f"value: {item.how}",
            FAMILY if family else "", status,
        )  # fmt: skip


def _grown(whole: str, tokens: Tokens, people: Sequence[tuple[int, int, Person]]) -> list[Value]:
    """Return the findings of growth and blood pressure."""
    measured = list(measures(whole, people))
    first = np.searchsorted(tokens.start, [item.start for item in measured]).tolist()
    return [
        Value(item.start, item.end, at, 1, item.finding, item.absent, item.how, measured=True)
        for item, at in zip(measured, first, strict=True)
    ]


def _closed(text: str, start: int, end: int) -> int:
    """Return the end of a span with the bracket that it opens, within the text."""
    end = min(end, len(text))
    opened = text.count("(", start, end) > text.count(")", start, end)
    return end + 1 if opened and text[end : end + 1] == ")" else end


def _finding_names(linker: Linker) -> Iterable[tuple[str, str]]:
    """Yield (name, id) of every name of a finding of the HPO."""
    vocabulary = linker.vocabulary
    ids = vocabulary.ids.to_pylist()
    chosen = np.array([curie.startswith("HP:") for curie in ids], np.bool_)
    rows = np.flatnonzero(chosen[vocabulary.concept])
    names = vocabulary.names.take(vocabulary.name[rows]).to_pylist()
    return zip(names, (ids[concept] for concept in vocabulary.concept[rows].tolist()), strict=True)


def _pieces(texts: Sequence[str], numbers: Sequence[int]) -> Iterable[list[int]]:
    """Yield groups of the texts, each of about `_PIECE` characters."""
    piece: list[int] = []
    size = 0
    for number in numbers:
        piece.append(number)
        size += len(texts[number])
        if size >= _PIECE:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _merged(linked: list[Mention], more: Iterable[Mention]) -> list[Mention]:
    """Return the mentions of both by place; a finding that stands there already is not repeated."""
    spans: dict[str, list[Mention]] = {}
    for item in linked:
        spans.setdefault(item.id, []).append(item)
    kept = list(linked)
    for item in more:
        others = spans.setdefault(item.id, [])
        if not any(item.start < other.end and other.start < item.end for other in others):
            kept.append(item)
            others.append(item)
    return sorted(kept, key=lambda item: (item.start, item.end))
