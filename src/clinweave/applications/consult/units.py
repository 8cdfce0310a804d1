"""A passage as statements that can be quoted alone: sentences, list items and table rows with what they stand under."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise

from clinweave.knowledge import normal_form, split_sentences, withdraws
from clinweave.records import Passage

_BULLET = re.compile(r"^\s*(?:[-*+•–]|\d{1,2}[.)])\s+")
_MARKDOWN = re.compile(r"^\s*(#{1,6})\s+(.+?)\s*#*$")
_ROW = re.compile(r"^\s*\|(.+)\|\s*$")
_RULE = re.compile(r"^[\s|:\-=]+$")
# "Drug: A; Dose: 5 mg", also with a semicolon within a cell
_HEADED = re.compile(r"^[^:;]{1,80}: [^;]*(?:; [^:;]{1,80}: [^;]*(?:; [^:;]{1,80}(?=;|$))*)+$")
_LABEL = re.compile(r"^([^.:;!?]{2,60}):\s+(?=\S)")
# A line that breaks off where its list follows ("A doctor diagnoses it with").
_OPEN_END = re.compile(
    r"\s(?:with|are|is|includ\w+|of|for|who|that|to|by|from|may|can|has|have|as|such as|and|or"
    r"|if|when|in)$"
)
# "Over 12 years: 500 mg", "Below 10 kg: ...": a line of its own, whatever the line before it ends with.
_BAND = re.compile(r"^(?=[A-Z\d<>≥≤])(?=[^.:;!?]{0,40}\d)[^.:;!?]{2,50}:\s")
# "It is not given for pain.", "Never give it into a vein.", but not "It is important to ..."
_REFERS = re.compile(
    r"^(?:It|They|This drug|These drugs)\b(?!\s+(?:is|may be|can be)\s+\w+\s+(?:to|that)\b)"
    r"|^(?:Never|Do not|Don't|Avoid|Always|Only)\b[^.;]{0,40}\b(?:it|them)\b"
)
_SUBJECT = re.compile(
    r"(?!It|They|This|These|There|That|If|When)"
    r"((?:[A-Z][\w-]+)(?: [a-z][\w-]+){0,2}?) (?:is|are|was|may|must|should|can|has|have|can't|cannot)\b"
    r"|(?:Give|Use|Start|Offer|Prescribe|Continue|Stop|Take|Administer)"
    r" ([\w-]+(?: (?:sulfate|sulphate|chloride|gluconate))?)\b"
)
_COMPARING = frozenset(
    [
        "or",
        "more",
        "less",
        "over",
        "under",
        "above",
        "below",
        "than",
        "to",
        "and",
        "from",
        "at",
        "least",
        "most",
        "of",
        "in",
        "if",
    ]
)
_ENDED = re.compile(r"[.!?]['\")\]]*$")
normal = lru_cache(maxsize=1 << 15)(
    normal_form
)  # the linker's normal form; the same texts come again and again
MAX_LABEL = 3  # words of a lead-in that says nothing alone
MAX_LEAD = 25  # words of a lead-in, or of an item that governs the items nested below it
LONG_LINE = 60  # characters from which on a line without a full stop is taken as wrapped


@dataclass(frozen=True, slots=True)
class Unit:
    """One statement of a passage. Its heads govern it: headings, the lead-in of a list, the label of its line."""

    text: str
    heads: tuple[str, ...] = ()  # outermost first
    label: str = ""  # "Warfarin" of a line "Warfarin: ..." that the sentence belongs to
    block: int = 0  # statements of one paragraph share it
    kind: str = "sentence"  # | "item" | "row"
    norm: str = field(default="", compare=False)  # normal form with a space at either end
    head_norm: str = field(default="", compare=False)
    label_norm: str = field(default="", compare=False)
    referent: str = ""  # what its "it" or "they" stands for: the subject or object of the sentence before it
    referent_norm: str = field(default="", compare=False)

    @property
    def opens(self) -> bool:
        """Say whether it is the lead-in of a list, with a colon or without ("Refer to a specialist if")."""
        return self.text.endswith(":") or bool(_OPEN_END.search(self.text))


def units_of(passage: Passage) -> list[Unit]:
    """Return the statements of a passage in order, without those under a heading that withdraws them ("Myths")."""
    reader = _Reader(passage)
    for line in _joined(passage.text):
        reader.read(line)
    return [unit for unit in reader.units if not any(map(withdraws, (*unit.heads, unit.label)))]


def _joined(text: str) -> list[str]:
    """Return the lines of a text with wrapped ones joined; "" between paragraphs."""
    lines: list[str] = []
    for raw in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        line = (
            raw.rstrip() if _BULLET.match(raw) else raw.strip()
        )  # the indent says what an item stands under
        last = lines[-1] if lines else ""
        wrapped = bool(line) and bool(last) and not _ENDED.search(last) and not last.endswith((":", ";", "|"))
        starts = any(form.match(line) for form in (_BULLET, _MARKDOWN, _ROW, _HEADED, _BAND))
        wrapped = wrapped and not starts and not _MARKDOWN.match(last) and not _HEADED.match(last)
        if wrapped and (line[:1].islower() or len(last) >= LONG_LINE):
            lines[-1] = f"{last} {line}"
            continue
        lines.append(line)
    return lines


@dataclass(frozen=True, slots=True)
class _Item:
    """A bullet: its indent in characters, its text, and whether an indented list follows it."""

    indent: int
    text: str
    nests: bool = False

    @property
    def opens(self) -> bool:
        """Say whether it is the lead-in of a list."""
        return self.text.endswith(":")

    def governs(self, item: "_Item") -> bool:
        """Say whether another bullet below this one stands under it."""
        flat = self.opens and not self.nests and not item.opens
        return item.indent > self.indent or (item.indent == self.indent and flat)


def _indent(line: str) -> int:
    line = line.expandtabs(4)
    return len(line) - len(line.lstrip())


class _Reader:
    """Reads lines in order and keeps the heads that govern them."""

    def __init__(self, passage: Passage) -> None:
        self.units: list[Unit] = []
        self.block = 0
        section = [part.strip() for part in passage.section.split(" > ")] if " > " in passage.section else []
        base = [passage.title, *(part for part in section if part != passage.title)]
        if (
            not section
            and passage.section
            and passage.section != passage.title
            and not passage.title.rstrip().endswith("?")
        ):
            base.append(passage.section)
        self.base = tuple(part for part in base if part)
        self.path: list[str] = []  # markdown headings by level
        self.heading = ""  # a short line alone
        self.lead = ""  # "Do not:"
        self.last_item: int | None = None  # the paragraph of the last bullet below the lead-in
        self.columns: list[str] = []
        self.above: list[_Item] = []  # the bullets that the next one may stand under

    def read(self, line: str) -> None:
        """Take one line: a heading, a lead-in, an item, a row, or sentences."""
        if not line:
            self.block += 1
            self.columns = []
            return
        if heading := _MARKDOWN.match(line):
            self.path = [*self.path[: len(heading[1]) - 1], heading[2]]
            self.heading = self.lead = ""
            self.above = []
            return
        if row := _ROW.match(line):
            self._row([cell.strip() for cell in row[1].split("|")], line)
            return
        self.columns = []
        if bullet := self._bullet(line):
            self._item(_Item(_indent(line), line[bullet.end() :]))
        else:
            self.above = []
            self._plain(line)

    def _plain(self, text: str) -> None:
        """Take a line that is no bullet."""
        if self._is_heading(text):
            self.heading, self.lead = text.rstrip(":"), ""
            return
        opens = text.endswith(":") or bool(_OPEN_END.search(text))
        if opens and len(text.split()) <= MAX_LEAD:
            self.lead, self.last_item = text, None
            if len(text.split()) > MAX_LABEL:
                self._add(text, "sentence")
            return
        if _HEADED.match(text):
            self._add(text, "row")
            return
        if _ENDED.search(text) and len(text.split()) > 12:
            self.lead = ""
        self._sentences(text, "item" if self.lead else "sentence")

    def _bullet(self, line: str) -> re.Match[str] | None:
        """Return the bullet of a line; what follows a list is not governed by its lead-in."""
        bullet = _BULLET.match(line)
        if bullet:
            self.last_item = self.block
        elif self.last_item is not None and self.last_item != self.block:
            self.lead, self.last_item = "", None
        return bullet

    def _item(self, item: "_Item") -> None:
        """Take a bullet, below those that it stands under: of a smaller indent, or "Mild:" before a list with the same.

        The lead-in above an item that opens a list of its own goes on after that list.
        """
        while self.above and not self.above[-1].governs(item):
            self.above.pop()
        if self.above and item.indent > self.above[-1].indent:
            self.above[-1] = replace(self.above[-1], nests=True)
        self.above.append(item)
        if item.opens and len(item.text.split()) <= MAX_LEAD:
            if len(item.text.split()) > MAX_LABEL:
                self._add(item.text, "sentence")
        elif _HEADED.match(item.text):
            self._add(item.text, "row")
        else:
            self._sentences(item.text, "item")

    def _is_heading(self, text: str) -> bool:
        words = text.split()
        return (
            not self.lead and 1 <= len(words) <= 8 and not re.search(r"[.;,:!]$", text) and text[:1].isupper()
            and not _OPEN_END.search(text)
            and not re.search(r"\d", words[0]) and not _LABEL.match(text) and not re.search(r"\b(?:mg|mL|mmol)\b", text)
        )  # fmt: skip

    def _row(self, cells: list[str], line: str) -> None:
        if _RULE.match(line):
            return
        if not self.columns:
            self.columns = cells
            return
        pairs = [f"{head}: {cell}" for head, cell in zip(self.columns, cells, strict=False) if cell]
        self._add("; ".join(pairs), "row")

    def _sentences(self, text: str, kind: str) -> None:
        label = ""
        if (match := _LABEL.match(text)) and kind == "sentence":
            label = match[1]
        named, last = "", label
        for span in split_sentences(text):
            sentence = " ".join(span.text.split())
            if not re.search(r"\w", sentence):
                continue
            refers = bool(_REFERS.search(sentence))
            own = label
            if last and (match := _LABEL.match(sentence)) and match[1] != last and _alike(last, match[1]):
                own, last = match[1], match[1]  # "Mild: A. Severe: B." in one line
                label = ""  # what follows is said of neither alone
            self._add(sentence, kind, own, named if refers else "")
            if not refers:
                subject = _SUBJECT.match(sentence)
                named = (subject[1] or subject[2]) if subject else ""
        self.block += 1

    def _add(self, text: str, kind: str, label: str = "", referent: str = "") -> None:
        heads = [*self.base, *(part for part in self.path if part not in self.base)]
        heads += [part for part in (self.heading, self.lead.rstrip(":")) if part and part not in heads]
        if self.lead and text == self.lead:
            heads = heads[:-1]
        above = [item.text.rstrip(":") for item in self.above[:-1] if len(item.text.split()) <= MAX_LEAD]
        heads += [text for text in above if text not in heads]
        self.units.append(
            Unit(
                text, tuple(heads), label, self.block, kind,
                _padded(text), _padded(" . ".join(heads)), _padded(label), referent, _padded(referent),
            )
        )  # fmt: skip


def _alike(label: str, other: str) -> bool:
    """Say whether two labels of a line are of one kind (no limits, or of one measure): the second ends the first.

    "Hb below 95" goes on under "Weight 70 kg or more".
    """
    if not re.search(r"\d", label + other):
        return True
    first, second = (set(re.findall(r"[a-z]{2,}", text.lower())) - _COMPARING for text in (label, other))
    return bool(first & second)


def _padded(text: str) -> str:
    return f" {normal(text)} "


def merged(units: Sequence[Unit]) -> Unit:
    """Return statements as one, under the heads of the first."""
    text = " ".join(unit.text for unit in units)
    return replace(units[0], text=text, norm="".join(unit.norm for unit in units))


def adjacent(units: Sequence[Unit], first: Unit, second: Unit) -> bool:
    """Say whether two statements stand next to each other in a passage."""
    return any(pair == (first, second) for pair in pairwise(units))


def date_of(heads: Sequence[str]) -> str:
    """Return the first date in some heads (2026, 2026-02, 2026-02-11), "" for none."""
    match = re.search(r"\b(?:19|20)\d\d(?:-\d\d)?(?:-\d\d)?\b", " ".join(heads))
    return match[0] if match else ""
