"""Whether a question is about somebody else than the patient whose record is open."""

import re
from calendar import day_name, month_name

from clinweave.applications.summary.question import cue
from clinweave.applications.summary.record import Record

_NAME = r"(?:[A-Z][\w'\u2019-]+ ?){1,3}"
_TITLE = r"\b(?:Mr|Mrs|Ms|Miss|Mx|Master|Dame|Sir|Herr|Frau|Se\u00f1ora?|M\.|Mme)\.? +"
_TITLED = re.compile(rf"{_TITLE}({_NAME})")
_NUMBERED = re.compile(
    r"\b(?:patient|pt|mrn|record|person|subject|id)(?: (?:id|number|no\.?|nr\.?))? *[:#]? *#?"
    r"([0-9][\w-]{3,40}|[0-9a-f]{8}-[0-9a-f-]{20,40}|[0-9]+(?='s|\W*$)|[a-z]{1,3}[0-9]+\b)",
    re.IGNORECASE,
)
_OTHER = cue("others")
RELATIVE = cue("relative")
_CAPITAL = re.compile(r"(?<![.!?] )(?<!^)(?<![\w-])([A-Z][a-z\u00e0-\u00ff'\u2019-]{2,})\b")
_PERSON_BEFORE = re.compile(
    r"(?:^|\b)(?:is|was|has|did|does|had|for|of|about|with|named|called)\s+$", re.IGNORECASE
)
_PLAIN = frozenset(word.lower() for word in (*day_name, *month_name)) | {"christmas", "easter"}


def somebody_else(question: str, record: Record, known_words: frozenset[str]) -> str:
    """Return why a question is about another person, or "". `known_words`: words of the record's codes, lower case."""
    if match := _OTHER.search(question):
        return f"the question speaks of others ({match[0].strip()})"
    own = _own_words(record)
    for match in _NUMBERED.finditer(question):
        number = match[1].lower()
        if number not in {record.id.lower(), str(record.subject)} and not record.id.lower().endswith(
            f"/{number}"
        ):
            return f"the question names another id ({match[1]})"
    for match in _TITLED.finditer(question):
        if strange := [word for word in re.findall(r"[\w'\u2019-]+", match[1]) if _bare(word) not in own]:
            return f"the question names {strange[0]}, a name that this record does not hold"
    for match in _CAPITAL.finditer(question):
        word, before = match[1], question[: match.start()]
        named = question[match.end() :].startswith(("'s", "\u2019s")) or _PERSON_BEFORE.search(before)
        lowered = _bare(word)
        if re.match(_TITLE, question[match.start() :]):
            continue
        if named and lowered not in own and lowered not in known_words and lowered not in _PLAIN:
            return f"the question names {word}, which is neither a name nor an entry of this record"
    return ""


def sex_differs(question: str, record: Record) -> str:
    """Return a warning where the pronouns of a question do not fit the recorded sex, or ""."""
    fact = record.facts.get("sex")
    sex = fact.value.lower()[:1] if fact else ""
    asked = {"f": r"\b(?:he|his|him|himself)\b", "m": r"\b(?:she|her|hers|herself)\b"}.get(sex)
    if fact and asked and re.search(asked, question, re.IGNORECASE) and not RELATIVE.search(question):
        return f"check the patient: the question's pronoun does not fit the recorded sex ({fact.value})"
    return ""


def without_own_names(question: str, record: Record) -> str:
    """Return the question with the patient's own names, and titles before them, replaced by "the patient"."""
    names = sorted(
        {word for name in record.names for word in name.split() if len(word) > 1}, key=len, reverse=True
    )
    if not names:
        return question
    own = "|".join(re.escape(name) for name in names)
    return re.sub(rf"(?:{_TITLE})?\b(?:{own})(?: +(?:{own}))*\b", "the patient", question)


def _own_words(record: Record) -> frozenset[str]:
    return frozenset(_bare(word) for name in record.names for word in re.findall(r"[\w'\u2019-]+", name))


def _bare(word: str) -> str:
    return re.sub(r"(?:'s|\u2019s)$", "", word.lower()).strip("'\u2019-")
