"""Age and sex of the patient of a note, where reference ranges depend on them."""

import re
from collections import Counter
from typing import NamedTuple

_WORDS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
_NUMBERS = {word: number for number, word in enumerate(_WORDS.split(), 1)}
_AGE = re.compile(  # of text in lower case
    r"\b(\d{1,3}(?:\.\d)?|" + "|".join(_NUMBERS) + r")[\s-]{0,2}"
    r"(year|yr|month|mo|week|wk|day)s?[\s-]{0,2}(?:old|of age)\b|"
    r"\b(\d{1,3})[\s-]?(y/?o|yo|[mf])\b(?!/)|"
    r"(?<=[,(] )(\d{1,3}) ?y(?:rs?|ears?)?\b(?! (?:ago|later|history|of|previous))|"
    r"\baged? (?:of )?(\d{1,3})(?: (year|month|week|day)s?)?\b|"
    r"\b(?:early|mid|late|in (?:his|her|their)(?: early| mid| late)?)[\s-]{1,2}(\d)0s\b",
)
_RELATIVE = re.compile(
    r"[\s-]*(?:\w+\s+){0,2}(?:mother|father|parents?|brother|sister|woman \(G\d)\b", re.IGNORECASE
)
_NEWBORN = re.compile(r"\b(?:newborn|neonate|neonatal unit|day of life|days of life)\b", re.IGNORECASE)
_MALE = frozenset({"male", "man", "boy", "gentleman", "he", "his", "him", "son"})
_FEMALE = frozenset({
    *("female", "woman", "girl", "lady", "she", "her", "daughter", "menarche"),
    *("pregnant", "pregnancy", "pregnancies"),
})  # fmt: skip
_LETTERS = re.compile("[a-z]+")
_SHORT_SEX = re.compile(r"\b\d{1,3}[\s-]?(?:y/?o|yo)?[\s-]?([MF])\b")
_NOUN = re.compile(
    r"\b(?:(man|woman|gentleman|lady|Mrs?|Ms|retired|widow(?:ed|er)?|married|husband|wife|pack[- ]years?|"
    r"(?:ex-?)?smoker)|"
    r"boy|girl|child|infant|baby|toddler|childhood)\b",
    re.IGNORECASE,
)
_PER_YEAR = {"y": 1.0, "m": 12.0, "w": 52.18, "d": 365.25}
_OPENING = 600  # characters in which a note introduces its patient
_ADULT_AGE = 18.0


class Person(NamedTuple):
    """What a note says of its patient: age in years (None: unknown) and sex ("male", "female" or "")."""

    age: float | None
    sex: str


def merged_person(stated: Person | None, read: Person) -> Person:
    """Return what is stated of a person, completed by what a text says."""
    if stated is None:
        return read
    return Person(read.age if stated.age is None else stated.age, stated.sex or read.sex)


def person_of(text: str) -> Person:
    """Return age and sex of the patient of a note, by the first age and the most frequent words for the sex."""
    return Person(_age(text[:_OPENING].lower()), _sex(text))


def _age(text: str) -> float | None:
    match = next((item for item in _AGE.finditer(text) if not _RELATIVE.match(text, item.end())), None)
    if match is None:
        noun = _NOUN.search(text)
        return 0.0 if _NEWBORN.search(text) else _ADULT_AGE if noun and noun[1] else None
    number, unit, short, _, listed, aged, aged_unit, decade = match.groups()
    if decade:
        return float(decade) * 10.0
    value = number or short or listed or aged
    years = float(_NUMBERS.get(value.lower(), 0) or value)
    return years / _PER_YEAR[(unit or aged_unit or "year")[0].lower()]


def _sex(text: str) -> str:
    """Return the sex that the opening names, else that of most pronouns; "" where both are as frequent."""
    opening = text[:_OPENING]
    if short := _SHORT_SEX.search(opening):
        return "male" if short[1].upper() == "M" else "female"
    counts = _counts(opening)
    if counts[0] == counts[1]:
        counts = _counts(text)
    return "male" if counts[0] > counts[1] else "female" if counts[1] > counts[0] else ""


def _counts(text: str) -> tuple[int, int]:
    """Return how many words of a text are of a male and of a female."""
    counts = Counter(_LETTERS.findall(text.lower()))
    return sum(counts[word] for word in _MALE), sum(counts[word] for word in _FEMALE)
