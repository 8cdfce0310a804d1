"""What a question about one record asks for: which entries, which of them, and what is said of them."""

import re
import tomllib
from calendar import month_name
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from clinweave.applications.summary.vocabulary import (
    DrugClass,
    Measurement,
    find_class,
    find_measurement,
    rewritten,
)


@lru_cache(maxsize=1)
def _cues() -> dict[str, Any]:
    text = files("clinweave.applications.summary").joinpath("question_cues.toml").read_text("utf-8")
    return tomllib.loads(text)


def cue(name: str, table: str = "patterns") -> re.Pattern[str]:
    """Return a pattern of `question_cues.toml`: alternatives between word borders, whatever their case."""
    return re.compile(rf"\b(?:{'|'.join(_cues()[table][name])})(?!\w)", re.IGNORECASE)


_KINDS = tuple((name, cue(name, "kinds")) for name in _cues()["kinds"])
_PICKS = tuple((name, cue(name, "picks")) for name in _cues()["picks"])
_ADVICE, _COMPUTED, _RELATIVE_DAY, _SPECIMEN = (
    cue(name) for name in ("advice", "computed", "relative_day", "specimen")
)
_DRUG_WORD = re.compile(
    r"\b(?:medications?|medicines?|drugs?|meds|tablets?|prescri\w+|supplements?|replacement)\b", re.IGNORECASE
)
_STOP = frozenset(_cues()["words"]["stop"].split())
_OR = re.compile(r"\b([a-z-]{3,}) or ([a-z-]{3,})\b")  # either word will do
_YEAR = r"((?:1[89]|2\d)\d\d"
_ISO = re.compile(rf"\b{_YEAR}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?)\b")
_MONTHS = {name.lower(): number for number, name in enumerate(month_name) if name}
_ORDINAL = r"(\d{1,2})(?:st|nd|rd|th)?"
_NAMED = re.compile(
    rf"\b(?:{_ORDINAL} (?:of )?)?({'|'.join(_MONTHS)})(?: {_ORDINAL})?,? {_YEAR})\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class RecordQuestion:
    """A question taken apart. `words` are what is left to look for in names of entries."""

    text: str
    kind: str  # "value", "drug", "problem", "allergy", "vaccine", ...; "" where only the words say what is asked
    pick: str  # "last", "first", "trend", "highest", "lowest", "count", "all"
    words: tuple[str, ...]
    measurement: Measurement | None
    drug_class: DrugClass | None
    date: str  # "2019", "2019-03", "2019-03-02", "" for any time
    specimen: str  # the specimen other than blood that is named, or ""
    concepts: frozenset[str]  # what the words mean in the graph, with everything below it
    unanswerable: str  # why no entry can answer it, or ""

    @property
    def named(self) -> str:
        """Return the words as they are shown."""
        return " ".join(self.words).replace("|", " or ")


Related = Callable[[str], frozenset[str]]


def parse_record_question(question: str, related: Related = lambda _: frozenset()) -> RecordQuestion:
    """Return what a question asks of a record (English). `related` gives the concepts that words name, and below."""
    text = rewritten(" ".join(question.split()))
    measurement, drug_class = find_measurement(text), find_class(text)
    kind = next((name for name, pattern in _KINDS if pattern.search(text)), "")
    if drug_class and kind in {"", "problem", "note", "value"}:
        kind = "drug"
    elif measurement and kind in {"", "value", "problem", "note", "drug"} and not _DRUG_WORD.search(text):
        kind = "value"
    date = _date_of(text)
    tokens = re.findall(r"[a-z0-9][a-z0-9'|-]*", _OR.sub(r"\1|\2", text.lower()))
    words = tuple(word for word in tokens if _telling(word, date))
    pick = next((name for name, pattern in _PICKS if pattern.search(text)), "last")
    specimen = _SPECIMEN.search(text)
    return RecordQuestion(
        text,
        kind,
        pick,
        words,
        measurement,
        drug_class,
        date,
        specimen[0].lower() if specimen else "",
        related(" ".join(words)) if words and not measurement else frozenset(),
        _unanswerable(text),
    )


def _telling(word: str, date: str) -> bool:
    return (
        word not in _STOP
        and word not in _MONTHS
        and not (date and re.fullmatch(r"[\d-]+(?:st|nd|rd|th)?", word))
    )


def _unanswerable(text: str) -> str:
    """Return why a question asks for more than a record states, or ""."""
    if match := _ADVICE.search(text):
        return f"it asks for a judgement ({match[0]!r}), and a record states only what was recorded"
    if match := _COMPUTED.search(text):
        return f"it asks for a computed figure ({match[0]!r}); values are only copied here"
    if match := _RELATIVE_DAY.search(text):
        return f"{match[0]!r} is no date in the record; give the day as YYYY-MM-DD"
    return ""


def _date_of(text: str) -> str:
    if match := _NAMED.search(text):
        day = match[1] or match[3]
        month = f"{match[4]}-{_MONTHS[match[2].lower()]:02d}"
        return f"{month}-{int(day):02d}" if day else month
    match = _ISO.search(text)
    return match[1] if match else ""
