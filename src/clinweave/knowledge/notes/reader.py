"""Read the findings of clinical notes more fully than by names: `NoteReader`."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from clinweave.knowledge.linking.cues import STATUSES
from clinweave.knowledge.linking.languages import language_of
from clinweave.knowledge.linking.linker import FAMILY, Linker
from clinweave.knowledge.linking.normalise import Tokens, join
from clinweave.knowledge.linking.shorthand import tokenised
from clinweave.knowledge.linking.status import assess
from clinweave.knowledge.linking.vocabulary import NamedGraph
from clinweave.knowledge.notes.denied_predicates import denied_predicates
from clinweave.knowledge.notes.examination import examined
from clinweave.knowledge.notes.growth import measures
from clinweave.knowledge.notes.laboratory import Laboratory, Value
from clinweave.knowledge.notes.milestones import milestones
from clinweave.knowledge.notes.person import Person, merged_person, person_of
from clinweave.knowledge.notes.phrases import families, merged, phrases
from clinweave.knowledge.notes.recurrence import recurrent
from clinweave.knowledge.notes.shared_subjects import shared_subjects
from clinweave.knowledge.notes.signs import signs
from clinweave.knowledge.notes.table_marks import ticked
from clinweave.knowledge.notes.wrapping import placed, unwrapped
from clinweave.records import Mention

FINDINGS = ("HP",)
_MEASURED, _APART = 0.9, 0.7  # scores of findings by a value, and by words that stand apart
# What the HPO says of diseases and not of patients: variability, expressivity, sporadic occurrence.
_OF_DISEASES = frozenset({"HP:0003812", "HP:0003828", "HP:0003745"})
_OPEN = frozenset({"uncertain", "hypothetical"})  # statuses that a denial leaves as they are
_PIECE = 1 << 18
_OPENING = 4000  # characters that tell the language


class NoteReader:
    """Reads the findings (HPO) of notes: the linker's, those whose words stand apart, and those of values."""

    def __init__(self, linker: Linker, *, values: bool = True, apart: bool = True) -> None:
        """Take a linker; the rest is for measuring what each part does."""
        self.linker, self.measured, self.apart = linker, values, apart
        ids = linker.vocabulary.ids.to_pylist()
        self._row = {curie: row for row, curie in enumerate(ids) if curie.startswith("HP:")}
        names = list(_finding_names(linker))
        self._laboratory = Laboratory(names)
        self._recurrent = {
            name.lower(): (curie, linker.vocabulary.labels[self._row[curie]].as_py())
            for name, curie in names
            if name.lower().startswith("recurrent ")
        }

    @classmethod
    def open(cls, graph: NamedGraph) -> "NoteReader":
        """Return the reader of `graph`; its vocabulary is compiled once, next to the graph."""
        return cls(Linker.open(graph))

    def read(self, text: str, person: Person | None = None) -> list[Mention]:
        """Return the findings in `text`, by place: `mention.text == text[mention.start:mention.end]`.

        `person` gives the age and sex for which ranges are taken, in place of those of the text.
        """
        return self.read_many([text], person)[0]

    def read_many(self, texts: Sequence[str], person: Person | None = None) -> list[list[Mention]]:
        """Return the findings of each text; texts in other languages than English are read by names alone.

        Words and lines that a scan or a narrow column broke are joined; places are those of the original. `person`
        is as in `read`, for all texts.
        """
        joined = [unwrapped(text) for text in texts]
        clean_texts = [text for text, _ in joined]
        read: list[list[Mention]] = []
        for piece in _pieces(clean_texts, range(len(clean_texts))):
            read += self._read_joined([clean_texts[number] for number in piece], person)
        return [
            ticked(text, mentions if clean is text else placed(mentions, text, places))
            for text, (clean, places), mentions in zip(texts, joined, read, strict=True)
        ]

    def _read_joined(self, texts: Sequence[str], person: Person | None) -> list[list[Mention]]:
        linked = [
            [item for item in mentions if item.id not in _OF_DISEASES] for mentions in self._linked(texts)
        ]
        english = [number for number, text in enumerate(texts) if language_of(text[:_OPENING]) == "en"]
        for piece in _pieces(texts, english):
            batch = _Batch.of([texts[number] for number in piece])
            if self.apart:
                for number, more in zip(piece, self._phrases(batch), strict=True):
                    linked[number] = merged(linked[number], more)
                for number, more_findings in zip(piece, self._predicates(batch), strict=True):
                    linked[number] = _merged(linked[number], more_findings)
            if self.measured:
                for number, values in zip(piece, self._values(batch, person), strict=True):
                    linked[number] = _merged(linked[number], values)
            for number in piece:
                linked[number] = recurrent(texts[number], linked[number], self._recurrent)
        return linked

    def _linked(self, texts: Sequence[str]) -> list[list[Mention]]:
        return self.linker.link_many(texts, FINDINGS)

    def _phrases(self, batch: "_Batch") -> list[list[tuple[Mention, frozenset[str]]]]:
        """Return the findings whose words stand apart, with the families of their names, for each text."""
        found = sorted(phrases(self.linker, batch.tokens), key=lambda item: (item.first, item.size))
        mentions: list[list[tuple[Mention, frozenset[str]]]] = [[] for _ in batch.texts]
        if not found:
            return mentions
        first = np.array([item.first for item in found], np.int64)
        size = np.array([item.size for item in found], np.int64)
        assessed = assess(batch.whole, batch.tokens, first, size)
        starts, ends = batch.tokens.start[first], batch.tokens.end[first + size - 1]
        rows = zip(
            found,
            starts.tolist(),
            ends.tolist(),
            assessed.status.tolist(),
            assessed.family.tolist(),
            strict=True,
        )
        for item, start, end, status, family in rows:
            document, begin = batch.place(start)
            curie = self.linker.vocabulary.ids[item.row].as_py()
            if curie in self._row:
                span = (start - begin, end - begin)
                reason = f"words of {item.name!r} with others between"
                mention = self._mention(
                    batch.texts[document], span, curie, (_APART, reason, STATUSES[status]), family=family
                )
                mentions[document].append((mention, families(item.name)))
        return mentions

    def _predicates(self, batch: "_Batch") -> list[list[Mention]]:
        """Return the findings of each text whose words stand around a "not" or are shared by two predicates."""
        mentions: list[list[Mention]] = [[] for _ in batch.texts]
        found = [(*item, True) for item in denied_predicates(self.linker, batch.whole)]
        found += [(*item, False) for item in shared_subjects(self.linker, batch.whole)]
        found.sort()
        first = np.searchsorted(batch.tokens.end, [item[0] for item in found], side="right")
        last = np.searchsorted(batch.tokens.start, [item[1] for item in found])
        assessed = assess(batch.whole, batch.tokens, first, np.maximum(last - first, 1))
        rows = zip(found, assessed.status.tolist(), assessed.family.tolist(), strict=True)
        for (start, end, curie, name, negated), cue, family in rows:
            document, begin = batch.place(start)
            status = "absent" if negated and STATUSES[cue] not in _OPEN else STATUSES[cue]
            words = "'not' between its words" if negated else "two predicates of one subject"
            span, how = (start - begin, end - begin), (_APART, f"{name!r}, with {words}", status)
            mentions[document].append(self._mention(batch.texts[document], span, curie, how, family=family))
        return mentions

    def _values(self, batch: "_Batch", person: Person | None) -> list[list[Mention]]:
        """Return the findings of values for each text."""
        mentions: list[list[Mention]] = [[] for _ in batch.texts]
        people = batch.people(person)
        values = self._laboratory.find(batch.whole, batch.tokens, people) + _grown(
            batch.whole, batch.tokens, people
        )
        values.sort(key=lambda item: (item.first, item.start))
        first = np.array([item.first for item in values], np.int64)
        size = np.array([item.size for item in values], np.int64)
        assessed = assess(batch.whole, batch.tokens, first, size)
        for item, status, family in zip(
            values, assessed.status.tolist(), assessed.family.tolist(), strict=True
        ):
            document, begin = batch.place(item.start)
            text, start = batch.texts[document], item.start - begin
            finding = item.finding if item.finding in self._row else item.otherwise
            if finding in self._row:
                span = (start, _closed(text, start, item.end - begin))
                how = (_MEASURED, f"value: {item.how}", _status(item, STATUSES[status]))
                mentions[document].append(self._mention(text, span, finding, how, family=family))
        return mentions

    def _mention(
        self, text: str, span: tuple[int, int], curie: str, how: tuple[float, str, str], *, family: bool
    ) -> Mention:
        """Return a mention; `how` are its score, reason and status."""
        (start, end), (score, reason, status) = span, how
        vocabulary, row = self.linker.vocabulary, self._row[curie]
        label, category = vocabulary.labels[row].as_py(), vocabulary.categories[row].as_py()
        experiencer = FAMILY if family else ""
        return Mention(
            start,
            end,
            text[start:end],
            curie,
            label,
            category,
            score,
            status == "absent",
            reason,
            experiencer,
            status,
        )


class _Batch(NamedTuple):
    """Several texts as one, with their tokens and where each begins."""

    texts: Sequence[str]
    whole: str
    begins: list[int]
    tokens: Tokens

    @classmethod
    def of(cls, texts: Sequence[str]) -> "_Batch":
        whole, begins = join(texts)
        written, tokens = tokenised(whole)
        return cls(texts, written, begins.tolist(), tokens)

    def place(self, start: int) -> tuple[int, int]:
        """Return the number of the text that has a character of the whole, and where it begins."""
        number = bisect_right(self.begins, start) - 1
        return number, self.begins[number]

    def people(self, stated: Person | None) -> list[tuple[int, int, Person]]:
        """Return (start, end, person) of each text; what is stated of the person goes before what the text says."""
        spans = zip(self.texts, self.begins[:-1], self.begins[1:], strict=True)
        return [(begin, end, merged_person(stated, person_of(text))) for text, begin, end in spans]


def _status(item: Value, cue: str) -> str:
    """Return the status of a value; "no" before it counts where words decide, and no number."""
    if item.absent:
        return "absent"
    doubted = cue in {"hypothetical", "historical", "uncertain"} or (cue == "absent" and not item.measured)
    return cue if doubted else "present"


def _grown(whole: str, tokens: Tokens, people: Sequence[tuple[int, int, Person]]) -> list[Value]:
    """Return the findings of growth, blood pressure, milestones, birth and the size of organs."""
    measured = [*measures(whole, people), *milestones(whole, people), *examined(whole)]
    measured += signs(whole, tokens)
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


def _merged(linked: list[Mention], more: list[Mention]) -> list[Mention]:
    """Return the mentions of both by place; a finding that stands there already is not repeated."""
    taken: dict[str, list[tuple[int, int]]] = {}
    for item in linked:
        taken.setdefault(item.id, []).append((item.start, item.end))
    kept = list(linked)
    for item in sorted(more, key=lambda mention: mention.start):
        spans = taken.setdefault(item.id, [])
        at = bisect_right(spans, (item.start, item.end))
        neighbours = spans[max(0, at - 1) : at + 1]
        if not any(item.start < end and start < item.end for start, end in neighbours):
            spans.insert(at, (item.start, item.end))
            kept.append(item)
    return sorted(kept, key=lambda item: (item.start, item.end))
