"""Read a note: which terms of the index it names, whether each is so, and the words that choose the code."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from clinweave.applications.coding.lexicon import Term, lexicon
from clinweave.applications.coding.mention_state import ABSENT, ENDED, FAMILY, PAST, state_of
from clinweave.applications.coding.patterns import misread, pattern, table
from clinweave.applications.coding.sections import Sections
from clinweave.applications.coding.tables import Tables
from clinweave.applications.coding.tabular_names import tabular_terms
from clinweave.knowledge import OwnNames, normal_form, tick_marks

if TYPE_CHECKING:
    from clinweave.applications.coding.codebook import Codebook
    from clinweave.knowledge import NameSpan

_NEGATED = pattern("negated")
_SIGN = re.compile(r"[,;:\n()](?!\d)")
_CUT = pattern("cut")
_CAUSE = pattern("cause")
_CAUSED = re.compile(
    r"\A(?:[^,;.\n]{0,40}?)(?:due to|d/t|secondary to|caused by|because of|2/2)\s+(?:\w+\s+){0,3}\Z",
    re.IGNORECASE,
)
_SIDES = (
    (re.compile(r"\b(?:r|rt)\b(?![/'])\.?"), "right"),
    (re.compile(r"\b(?:l|lt)\b(?![/'])\.?(?! ?\d)"), "left"),
    (re.compile(r"\b(?:b/l|bilat|ou)\b\.?"), "bilateral"),
    (re.compile(r"\brle\b"), "right lower extremity"),
    (re.compile(r"\blle\b"), "left lower extremity"),
    (re.compile(r"\brue\b"), "right upper extremity"),
    (re.compile(r"\blue\b"), "left upper extremity"),
)
_BACTERIUM = re.compile(r"\b([A-Z])\. ?(?=[a-z]{4})")
_SHORT = re.compile(r"[a-z]?[A-Z][A-Za-z]{0,2}[A-Z]?s?|[A-Z][A-Z0-9]{1,4}")


@dataclass(eq=False)
class Finding:
    """A term in the note."""

    term: Term
    start: int
    end: int
    text: str
    sentence: tuple[int, int]
    state: str
    section: str
    context: str = ""  # words in lower case that belong to the mention, for the choice of the code
    clause: str = ""  # the whole sentence
    codes: tuple[str, ...] = ()
    support: frozenset[str] = frozenset()
    reasons: list[str] = field(default_factory=list)


# A sentence for rules that read the note themselves; a decimal point ends none.
SENTENCE = re.compile(r"[^.;\n]+(?:\.(?=\d)[^.;\n]*)*")


def finding_at(code: str, text: str, span: tuple[int, int], sentence: tuple[int, int]) -> Finding:
    """Return the finding of a code that a rule read in `text` itself, at `span` in `sentence` (offsets)."""
    start, end = span
    term = Term(code, frozenset(), "", (), ())
    finding = Finding(term, start, end, text[start:end], sentence, "present", "narrative")
    finding.clause = text[sentence[0] : sentence[1]]
    return finding


class Reader:
    """Finds the terms of the index in notes."""

    def __init__(self, book: "Codebook") -> None:
        """Take the tabular list, whose names are read in addition to those of the project's own index."""
        self._terms = (*lexicon().terms, *tabular_terms(book))
        self._owner: list[Term] = []
        names: list[str] = []
        for term in self._terms:
            for name in term.names:
                names.append(name)
                self._owner.append(term)
        self._names = names
        self._finder = OwnNames(names)

    def read(self, text: str) -> list[Finding]:
        """Return the terms in a note by place, with their state."""
        tables = Tables(text)
        plain = _BACTERIUM.sub(lambda match: match[0].replace(".", " "), tables.separated())
        letters = [character for character in text[:20000] if character.isalpha()]
        lower = bool(letters) and sum(map(str.isupper, letters)) <= 0.005 * len(letters)
        upper = bool(letters) and sum(map(str.isupper, letters)) > 0.8 * len(letters)

        def accept(name: int, start: int, end: int) -> bool:
            return self._accepted(self._names[name], text, start, end, lower or upper)

        spans = [_in_row(span, tables) for span in self._finder.find(plain, accept)]
        unticked = [(start, end) for start, end, present in tick_marks(text) if not present]
        sections = Sections(text)
        findings: list[Finding] = []
        borders = [span for span in spans if not self._is_context(span)]
        for span in spans:
            section = sections.at(span.start).kind
            for term in dict.fromkeys(self._owner[name] for name in span.names):
                state = state_of(term, span, plain, section)
                if any(start <= span.start < end for start, end in unticked):
                    state = ABSENT
                row_state = tables.state(span.start)
                state = row_state or state
                if ("f" in term.flags) != (state == FAMILY) and (
                    "f" in term.flags or _twin(span, self._owner)
                ):
                    continue
                finding = Finding(
                    term,
                    span.start,
                    span.end,
                    text[span.start : span.end],
                    _sentence(text, span),
                    state,
                    section,
                )
                finding.clause = text[finding.sentence[0] : finding.sentence[1]]
                if row_state == PAST and not past_code(finding):
                    finding.state = ENDED
                finding.context = _context(plain, borders, span, finding.sentence)
                findings.append(finding)
        return findings

    def _is_context(self, span: "NameSpan") -> bool:
        """Return whether a mention is an organism or a drug, which says something of its neighbours."""
        return all(self._owner[name].flags & {"o", "d"} for name in span.names)

    def _accepted(self, name: str, text: str, start: int, end: int, one_case: bool) -> bool:
        surface = text[start:end]
        short = len(name) <= 4 and _SHORT.fullmatch(name) is not None and not one_case
        if name.startswith("#") and not text[max(0, start - 2) : start].rstrip().endswith("#"):
            return False
        if one_case and surface in _NEVER_LOWER:
            return False
        if short and surface.rstrip("s") != name.rstrip("s") and surface.lower() not in _SAFE:
            return False
        return not _misread(name, text, start, end)


_SAFE = frozenset(table("words")["lower_case"])
_NEVER_LOWER = frozenset(table("words")["never_lower_case"])  # words and units: "42 mm", "all"


def _twin(span: "NameSpan", owner: Sequence[Term]) -> bool:
    """Return whether a name of the span is one of a family history."""
    return any("f" in owner[name].flags for name in span.names)


def _misread(name: str, text: str, start: int, end: int) -> bool:
    """Return whether a short form stands for something else here."""
    before, after = text[max(0, start - 25) : start], text[end : end + 25]
    pattern = _OTHER.get(name)
    if pattern is None:
        return False
    return bool(pattern.search(f"{before}\x00{after}"))


_OTHER = misread()


@lru_cache(maxsize=2)
def reader(book: "Codebook") -> Reader:
    """Return the reader of notes for a release, built once."""
    return Reader(book)


def _in_row(span: "NameSpan", tables: Tables) -> "NameSpan":
    """Return a mention with its row as its sentence, where it stands in a table."""
    row = tables.row(span.start)
    if row is None:
        return span
    low, high = span.sentence
    return span._replace(sentence=(max(low, row[0]), max(min(high, row[1]), span.end)))


def _sentence(text: str, span: "NameSpan") -> tuple[int, int]:
    """Return the offsets of the sentence, at most 400 characters, and what ends it."""
    low, high = span.sentence
    low, high = max(low, span.start - 200), min(high, max(span.end, span.start + 200))
    while high < len(text) and text[high] in ".!?)%":
        high += 1
    return low, high


def _context(text: str, borders: "Sequence[NameSpan]", span: "NameSpan", sentence: tuple[int, int]) -> str:
    """Return the words about a mention: to the neighbours of the same sentence, negated phrases taken out."""
    low, high = sentence
    number = bisect_left(borders, span.start, key=lambda item: item.start)
    if number and borders[number - 1].end > low:
        gap_start = min(borders[number - 1].end, span.start)
        if _CAUSE.fullmatch(text, gap_start, span.start):
            low = max(low, borders[number - 1].start)
        else:
            low = _border(text, gap_start, span.start, gap_start)[1]
    number += number < len(borders) and borders[number].start == span.start
    if number < len(borders) and borders[number].start < high:
        following = borders[number]
        gap_end = max(following.start, span.end)
        if _CAUSE.fullmatch(text, span.end, gap_end) or _CAUSED.match(text[span.end : gap_end]):
            high = following.end
        else:
            high = _border(text, span.end, gap_end, gap_end)[0]
    before = text[max(low, span.start - 120) : span.start]
    after = text[span.end : min(high, span.end + 160)]
    own = text[span.start : span.end]
    words = " ".join(f"{_NEGATED.sub(' ', before)}{own}{_NEGATED.sub(' ', after)}".lower().split())
    for pattern_, side in _SIDES:
        words = pattern_.sub(side, words)
    return words


def _border(text: str, begin: int, end: int, default: int) -> tuple[int, int]:
    """Return where the words of one mention end and those of the next begin: the last comma, else the first "and"."""
    signs = list(_SIGN.finditer(text, begin, end))
    cut = signs[-1] if signs else _CUT.search(text, begin, end)
    return (cut.start(), cut.end()) if cut else (default, default)


def past_code(finding: Finding) -> str:
    """Return the code for a condition that is over, "" if there is none."""
    return finding.term.history or lexicon().past.get(normal_form(finding.text), "")
