"""The words by which statements are seen to answer a question (cues.toml), and the form of answer that it asks for.

Forms are "how long", "when", "what level": a statement has the form if it states a duration, a time, a value.
"""

import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

from clinweave.applications.consult.matching import Facet
from clinweave.applications.consult.units import Unit, normal
from clinweave.knowledge import Intent


@lru_cache(maxsize=1)
def _tables() -> dict[str, Any]:
    return tomllib.loads(files("clinweave.applications.consult").joinpath("cues.toml").read_text("utf-8"))


@lru_cache(maxsize=64)
def pattern(table: str, name: str) -> re.Pattern[str]:
    """Return a list of cues as one pattern; raises `KeyError` for an unknown one."""
    return re.compile("|".join(_tables()[table][name]), re.IGNORECASE)


def cue_of(intent: Intent, text: str) -> bool:
    """Say whether a statement has the words of an answer of this kind."""
    return intent not in _tables()["weak"] or bool(pattern("weak", intent.value).search(text))


def strong_cue_of(intent: Intent, text: str) -> bool:
    """Say whether a statement opens an answer of this kind by itself."""
    return intent not in _tables()["strong"] or bool(pattern("strong", intent.value).search(text))


_IS = re.compile(r"\b(?:is|are|means?|refers? to|defined as|occurs? when)\b", re.IGNORECASE)
_COUNT = r"(?:\d[\d.,]*|an?|one|two|three|four|five|six|seven|eight|ten|twelve)"
_SPAN = rf"\b{_COUNT}(?:\s*(?:to|-|–|or)\s*{_COUNT})?[\s-]*(?:minutes?|mins?|hours?|days?|weeks?|months?|years?)\b"
# (words of the question, words of a statement that answers), the first that the question has counts.
_FORMS = tuple(
    (re.compile(asked, re.IGNORECASE), re.compile(answer, re.IGNORECASE))
    for asked, answer in (
        (
            r"\bhow long\b|\bduration\b|\bhow many (?:days|weeks|months|hours)\b|\bfor what (?:time|period)\b",
            rf"{_SPAN}|\b(?:lifelong|life-long|for life|indefinite\w*|until|continuous\w*)\b",
        ),
        (
            r"\bhow (?:often|frequently|regularly)\b|\bwhat interval\b",
            r"\bevery\b|\b(?:once|twice|(?:two|three|four) times|daily|hourly|weekly|fortnightly|monthly"
            r"|quarterly|yearly|annual\w*)\b|\bat (?:each|\d)",
        ),
        (
            r"\b(?:what|which)\b[^?]{0,40}\b(?:levels?|values?|targets?|thresholds?|ranges?|concentrations?|counts?|pressures?|rates?|cut-?offs?"
            r"|limits?|saturations?|temperatures?|goals?|age|weight)\b"
            r"|\bat what (?!point|time|stage)\w+|\bhow (?:high|low)\b",
            r"(?<![A-Za-z\d])\d|\btarget\b",
        ),
        (
            r"\bwhen\b|\bhow (?:soon|quickly|early|late)\b|\bat what (?:point|time|stage)\b|\bunder what\b"
            r"|\bin (?:which|what) (?:case|situation|circumstance)",
            r"\b(?:if|when|whenever|before|after|within|once|until|above|below|at least|over|under"
            r"|in case|immediately|as soon as|unless|for)\b|" + _SPAN,
        ),
        (
            r"\b(?:maxim\w+|highest|at most|upper limit|ceiling)\b",
            r"\b(?:maxim\w+|at most|up to|not exceed|no more than|not more than|ceiling)\b",
        ),
        (r"^\W*why\b|\breasons?\b", r"\b(?:because|since|due to|as it|as they|risk|cause\w*|owing)\b"),
    )
)


def has_form(question: str, text: str) -> bool | None:
    """Say whether a statement has the form that a question asks for; None if the question asks for none."""
    for asked, answer in _FORMS:
        if asked.search(question):
            return bool(answer.search(text))
    return None


# What is done: a question about starting is not answered by what is said of stopping.
_ACTS = tuple(
    re.compile(rf"\b(?:{words})\w*", re.IGNORECASE)
    for words in (
        "start|begin|began|begun|initiat|introduc",
        "stop|discontinu|withh[eo]ld|cease|suspend",
        r"add(?:ed|ing)?\b",
        "repeat",
        "check|monitor|measur",
        "refer",
        "switch|chang|convert",
        "increas|doubl|titrat|rais",
        "reduc|halv|lower",
    )
)


def same_act(question: str, text: str) -> bool | None:
    """Say whether a statement is about what the question asks to do ("started"); None if it asks for no such act."""
    acts = [act for act in _ACTS if act.search(question)]
    return any(act.search(text) for act in acts) if acts else None


def defines(unit: Unit, facets: Sequence[Facet]) -> bool:
    """Say whether a statement says what something that the question names is ("Sepsis is ...")."""
    subject, verb, _ = _IS.sub("\0", unit.text, count=1).partition("\0")
    norm = f" {normal(subject)} "
    named = any(facet.within(norm) for facet in facets)
    return bool(verb) and named and not pattern("stored", "directs").search(unit.text)
