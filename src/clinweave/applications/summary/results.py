"""What a summary and an answer from a record consist of: sentences, each with the entries or spans it rests on."""

from dataclasses import asdict, dataclass, field
from typing import Any

NOTICE = "A summary of what the sources state, not a judgement of it. Read the cited entries before acting on them."


@dataclass(frozen=True, slots=True)
class Citation:
    """An entry of a record, or a span of a note: `text == note[start:end]` up to line breaks."""

    source: str  # "Observation/abc", "measurement/12", the name of the note
    date: str = ""  # of the entry, "" where it has none
    start: int = -1  # characters; -1 for an entry
    end: int = -1
    text: str = ""  # the words of the span, or the value of the entry

    @property
    def label(self) -> str:
        """Return the citation as it is printed: "Observation/abc, 2020-01-02" or "note.txt:120-180"."""
        if self.start >= 0:
            return f"{self.source}:{self.start}-{self.end}"
        return ", ".join(part for part in (self.source or "entry without id", self.date) if part)


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of a summary; `status` is present, absent, uncertain, historical, family or mixed."""

    section: str
    text: str
    citations: tuple[Citation, ...]
    status: str = "present"
    problem: str = ""  # the heading within the section
    quoted: bool = False  # the text is the words of its span


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is not in the summary, and why."""

    text: str
    reason: str
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary: `lines` by section, `contradictions` that are shown and not resolved, and what was left out."""

    title: str
    lines: tuple[Line, ...]
    contradictions: tuple[Line, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()  # (name, text) of the notes that are cited by span
    model: str = "none"
    notice: str = NOTICE

    def sections(self) -> dict[str, list[Line]]:
        """Return the lines by section, in order."""
        by_section: dict[str, list[Line]] = {}
        for line in self.lines:
            by_section.setdefault(line.section, []).append(line)
        return by_section

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, without the texts of the notes."""
        document = asdict(self)
        document["notes"] = [{"name": name, "characters": len(text)} for name, text in self.notes]
        return document


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """An answer from one record. `abstained`: the record does not answer; the text says what was searched."""

    question: str
    text: str
    citations: tuple[Citation, ...] = ()
    abstained: bool = False
    kind: str = ""  # what was understood: "value", "drug", "problem", "allergy", ...
    warnings: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; `answer` is the text."""
        document = asdict(self)
        document["answer"] = document.pop("text")
        return document
