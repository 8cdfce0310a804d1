"""Look for entries of one record by words or concepts, and say what was searched if there are none."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import DamerauLevenshtein

from clinweave.applications.summary.note_sentences import Sentence, read_sentences
from clinweave.applications.summary.question import RecordQuestion, cue
from clinweave.applications.summary.record import Entry, Record
from clinweave.applications.summary.results import Citation
from clinweave.applications.summary.vocabulary import other_forms

MAX_ENTRIES = 8  # entries that an answer lists
_QUOTES = 3
_SPECIMEN = cue("specimen")
_SHORTEST = 6  # letters of a word whose misspelling is looked for
_WORD = re.compile(r"[a-z][a-z'-]+")


@dataclass(frozen=True, slots=True)
class Reply:
    """The text of an answer and what it cites."""

    text: str
    citations: tuple[Citation, ...] = ()
    abstained: bool = False
    kind: str = ""


def matching(
    entries: Iterable[Entry], words: Sequence[str], concepts: frozenset[str] = frozenset()
) -> list[Entry]:
    """Return the entries whose names have all these words or other words for them, or whose concept is one of these."""
    forms = [tuple(words), *other_forms(words)] if words else []
    return [
        item
        for item in entries
        if item.concept in concepts or any(all(has_word(item.name, word) for word in form) for form in forms)
    ]


def has_word(name: str, word: str) -> bool:
    """Say whether a name has a word, in the singular or plural; of "a|b" either."""
    if "|" in word:
        return any(has_word(name, part) for part in word.split("|"))
    stem = re.sub(r"(?<=\w{3})(?:es|s|'s)$", "", word.lower())
    return re.search(rf"(?<![a-z0-9]){re.escape(stem)}(?:s|es|e)?(?![a-z0-9])", name.lower()) is not None


def of_specimen(item: Entry, specimen: str) -> bool:
    """Say whether a measurement is of the specimen that a question names; "" is blood, or none named."""
    match = _SPECIMEN.search(item.name)
    if not specimen:
        return match is None
    return match is not None and match[0].lower()[:4] == specimen[:4]


def in_time(entries: Sequence[Entry], date: str) -> list[Entry]:
    """Return the entries of a year, month or day ("" for all)."""
    return [item for item in entries if not date or item.date.startswith(date)]


def nothing(
    record: Record, what: str, pool: Sequence[Entry], asked: RecordQuestion, other: Sequence[Entry] = ()
) -> Reply:
    """Say that the record holds no such entry, what was searched, and what comes near: notes, other days, spellings."""
    when = f" dated {asked.date}" if asked.date else ""
    parts = [f"The record holds no {what}{when}. {searched(pool)}"]
    cited: list[Citation] = []
    if other:
        parts.append(f"At other times it has {len(other)}, {record.span(other)}.")
        cited.append(other[-1].citation)
    elif similar := _similar([item for item in pool if item.kind == "drug"], asked.words):
        parts.append(f"Is a similar name meant? {'; '.join(dict.fromkeys(item.name for item in similar))}.")
        cited += [item.citation for item in similar]
    elif parts_of := _by_word(pool, asked.words):
        listed_words = "; ".join(f"{word}: {names(items[-1:])}" for word, items in parts_of.items())
        parts.append(f"No entry has all of these words; single words are in {listed_words}.")
        cited += [items[-1].citation for items in parts_of.values()]
    elif asked.words:
        parts.append("It may be recorded under another name.")
    quotes = _in_notes(record, asked)
    if quotes:
        parts.append(f"Notes have these words: {quoted(quotes)}.")
    elif asked.words and record.of("note"):
        parts.append(f"None of {len(record.of('note'))} notes has these words.")
    return Reply(" ".join(parts), (*dict.fromkeys(cited), *quotes), abstained=not quotes)


def searched(pool: Sequence[Entry]) -> str:
    """Say how many entries were searched, and from when to when."""
    days = sorted(item.date for item in pool if item.date)
    return f"Searched: {len(pool)} entries{f', {days[0]} to {days[-1]}' if days else ''}."


def _by_word(pool: Sequence[Entry], words: Sequence[str]) -> dict[str, list[Entry]]:
    """Return, for a question of several words, the entries that have one of them."""
    if len(words) < 2:
        return {}
    found = {word: matching(pool, (word,)) for word in words if len(word) > 3}
    return dict(list({word: items for word, items in found.items() if items}.items())[:_QUOTES])


def _similar(pool: Sequence[Entry], words: Sequence[str]) -> list[Entry]:
    """Return entries whose names have a word one letter away from a longer word that was asked."""
    long = [word for word in words if len(word) >= _SHORTEST]
    result: dict[str, Entry] = {}
    for item in pool:
        for part in _WORD.findall(item.name.lower()):
            similar_word = len(part) >= _SHORTEST and any(
                DamerauLevenshtein.distance(part, word) == 1 for word in long
            )
            if similar_word:
                result.setdefault(item.name, item)
    return list(result.values())[:_QUOTES]


def _in_notes(record: Record, asked: RecordQuestion) -> list[Citation]:
    """Return sentences of the latest notes that have all words asked for; a quotation keeps its denials."""
    words = asked.words or (tuple(asked.measurement.name.split()) if asked.measurement else ())
    if asked.drug_class:
        names = re.compile(rf"\b(?:{'|'.join(map(re.escape, asked.drug_class.substances))})\b", re.IGNORECASE)
        return quotes_of(record, lambda item: names.search(item.text) is not None, asked.date)
    if not words:
        return []
    return quotes_of(record, lambda item: all(has_word(item.text, word) for word in words), asked.date)


def quotes_of(record: Record, wanted: Callable[[Sentence], bool], date: str = "") -> list[Citation]:
    """Return the sentences of the latest notes that are wanted, each once, at most three."""
    quotes: dict[str, Citation] = {}
    for note in reversed(in_time(record.of("note"), date)):
        for item in read_sentences(note.text).sentences:
            if len(quotes) >= _QUOTES:
                return list(quotes.values())
            if wanted(item):
                quotes.setdefault(item.text, Citation(note.id, note.date, item.start, item.end, item.text))
    return list(quotes.values())


def quoted(quotes: Sequence[Citation]) -> str:
    """Return the words of quotations in quotation marks."""
    return "; ".join(f"\u201c{item.text}\u201d" for item in quotes)


def groups_of(entries: Iterable[Entry]) -> list[list[Entry]]:
    """Return entries of one name and status together, the latest first."""
    groups: dict[str, list[Entry]] = {}
    for item in entries:
        groups.setdefault(f"{item.name} {item.status}", []).append(item)
    return sorted(groups.values(), key=lambda items: items[-1].date, reverse=True)


def courses(lead: str, entries: Sequence[Entry]) -> Reply:
    """Return entries of one name together, each with its first and last day, its status and what it states."""
    groups = groups_of(entries)
    rows, cited = [], list[Citation]()
    for items in groups[:MAX_ENTRIES]:
        first, last = items[0], items[-1]
        status = "" if last.status == "present" else f" [recorded as {last.status}]"
        rows.append(f"{last.name}{status}: {span_of(items)}{f' ({last.value})' if last.value else ''}")
        cited += [first.citation, last.citation]
    return Reply(
        f"{lead} {'; '.join(rows)}.{further(len(groups) - MAX_ENTRIES)}", tuple(dict.fromkeys(cited))
    )


def span_of(items: Sequence[Entry]) -> str:
    """Return when entries were recorded: one day, or how many with the first and last."""
    first, last = (item.date or "undated" for item in (items[0], items[-1]))
    return last if len(items) == 1 else f"{len(items)} entries, first {first}, last {last}"


def listed(lead: str, entries: Sequence[Entry], total: int = 0) -> Reply:
    """Return entries one by one with value and day."""
    return Reply(f"{lead} {names(entries)}.{further(total - len(entries))}", cited(entries))


def further(count: int) -> str:
    """Say that more entries are not listed."""
    return f" {count} further ones are not listed here." if count > 0 else ""


def names(entries: Sequence[Entry]) -> str:
    """Return names with value and day."""
    rows = [
        f"{item.name}{f': {item.value}' if item.value else ''} ({item.date or 'undated'})" for item in entries
    ]
    return "; ".join(dict.fromkeys(rows))


def cited(entries: Iterable[Entry]) -> tuple[Citation, ...]:
    """Return the citations of entries, each once."""
    return tuple(dict.fromkeys(item.citation for item in entries))
