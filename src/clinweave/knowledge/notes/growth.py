"""Findings that percentiles, z scores and measures of growth mean, and the blood pressure of adults."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from clinweave.knowledge.notes.person import Person

_SUBJECT = re.compile(
    r"\b(?=[abhlosw])(?:(?P<birthweight>birth ?-?weight)|(?P<birthlength>birth length|length at birth)|"
    r"(?P<head>head circumference|occipito-?frontal (?:head )?circumference|OFC|HC)|"
    r"(?P<bmi>body mass index|BMI)|(?P<height>height|stature|body length|length)|(?P<weight>(?:body )?weight)|"
    r"(?P<root>aortic root|sinus(?:es)? of Valsalva)|(?P<ascending>ascending aorta)|"
    r"(?P<bp>blood pressure|BP))\b",
    re.IGNORECASE,
)
_ORDINALS = {"third": 3.0, "fifth": 5.0, "tenth": 10.0, "second": 2.0, "first": 1.0, "fourth": 4.0}
_BELOW, _ABOVE = (
    "below|under|less than|beneath|<|\u2264",
    "above|over|greater than|more than|exceed\\w*|>|\u2265",
)
_PERCENTILE = re.compile(
    rf"(?:(?:well |far |just )?(?:(?P<below>{_BELOW})|(?P<above>{_ABOVE}))\s*)?(?:the\s*)?"
    rf"(?:P ?(?P<p>\d{{1,2}}(?:\.\d+)?)\b|(?P<n>\d{{1,2}}(?:\.\d+)?|{'|'.join(_ORDINALS)})(?:st|nd|rd|th)?"
    r"(?:\s*[-\u2013]\s*\d{1,2}(?:st|nd|rd|th)?)?\s*(?:per)?(?:centile|%ile|% ?ile))",
    re.IGNORECASE,
)
_DEVIATION = re.compile(
    r"(?P<sign>[-+\u2212\u2013])?\s?(?P<n>\d(?:\.\d+)?)\s*(?:SDS?|standard deviations?|z)\b"
    r"(?:\s*(?P<side>below|above|under|less))?|"
    r"(?:z[- ]?score|SDS|SD score|z)s?\s*(?:of|:|=|was|is|,)?\s*(?P<zsign>[-+\u2212\u2013])?\s?(?P<z>\d(?:\.\d+)?)",
    re.IGNORECASE,
)
_SCORED = re.compile(r"(?:z[- ]?scores?|SDS|SD scores?) (?:for|of) (?:his |her |the )?\Z", re.IGNORECASE)
_BARE_SCORE = re.compile(
    r"[\s:=]*(?:was|is|of)?\s*(?P<sign>[-+\u2212\u2013])?\s?(?P<n>\d(?:\.\d+)?)(?P<side>)(?P<zsign>)(?P<z>)",
    re.IGNORECASE,
)
_INDEX = re.compile(r"[\s:=(,]*(?:of|was|is|at)?\s*(?P<n>\d{2}(?:\.\d+)?)(?![\d%]|th|rd|\s*(?:per)?centile)")
_PRESSURE = re.compile(
    r"[\s:=(,]*(?:of|was|is|at|measured)?\s*(?P<high>\d{2,3})\s*/\s*(?P<low>\d{2,3})\b(?!\s*(?:per)?centile)"
)
_END = re.compile(r"[.!?;](?=\s|$)|\n|\x1e")
_MAX_DISTANCE = 90  # characters after a subject in which its value stands
_ADULT = 18.0
_LOW, _HIGH = 3.0, 97.0  # percentiles beyond which the HPO calls growth abnormal
_CHART = 5.0  # "below the 5th percentile": the lowest line of the charts of the CDC
_DEVIATIONS = 2.0
_MAX_PERCENT, _NORMAL = 95.0, (5.0, 95.0)
# (low finding, high finding)
_GROWTH = {
    "height": ("HP:0004322", "HP:0000098"),  # Short stature, Tall stature
    "weight": ("HP:0004325", "HP:0004324"),  # Decreased body weight, Increased body weight
    "head": ("HP:0000252", "HP:0000256"),  # Microcephaly, Macrocephaly
    "bmi": ("HP:0045082", "HP:0001513"),  # Decreased body mass index, Obesity
    "birthweight": ("HP:0001518", "HP:0001520"),  # Small, Large for gestational age
    "birthlength": ("HP:0003561", ""),  # Birth length less than 3rd percentile
    "root": ("", "HP:0002616"),  # Aortic root aneurysm (dilatation), from a z score above 2
    "ascending": ("", "HP:0004970"),  # Ascending tubular aorta aneurysm
}
_OVERWEIGHT, _OBESITY, _CLASSES = (
    "HP:0025502",
    "HP:0001513",
    (("HP:0025501", 40.0), ("HP:0025500", 35.0), ("HP:0025499", 30.0)),
)
_THIN = "HP:0045082"
_RAISED, _HYPOTENSION = "HP:0032263", "HP:0002615"  # Increased blood pressure, Hypotension


class Measure(NamedTuple):
    """A finding at the characters `[start, end)`; absent where a normal value excludes it."""

    start: int
    end: int
    finding: str
    absent: bool
    how: str


def measures(full_text: str, people: Sequence[tuple[int, int, Person]]) -> Iterator[Measure]:
    """Yield the findings of all measures in `full_text`; `people` are (start, end, person) of each of its texts."""
    document = 0
    for subject in _SUBJECT.finditer(full_text):
        while people[document][1] <= subject.start():
            document += 1
        ends = _END.search(full_text, subject.end(), subject.end() + _MAX_DISTANCE)
        stop = ends.start() if ends else subject.end() + _MAX_DISTANCE
        following = _SUBJECT.search(full_text, subject.end(), stop)
        stop = following.start() if following else stop
        kind = str(subject.lastgroup)
        measured = _one(kind, full_text, subject, stop, people[document][2])
        if measured is not None:
            end, findings, how = measured
            yield from (Measure(subject.start(), end, finding, absent, how) for finding, absent in findings)


_Found = tuple[int, list[tuple[str, bool]], str]


def _one(kind: str, full_text: str, subject: re.Match[str], stop: int, person: Person) -> _Found | None:
    """Return the end, the findings (id, absent) and the evidence of one subject."""
    after = full_text[subject.end() : stop]
    if kind == "bp":
        return _pressure(after, subject.end(), person)
    percentile = _percentile_before(full_text, subject.start()) or _PERCENTILE.search(after)
    if percentile is not None and not _leads_on(full_text, subject, percentile, after):
        end = subject.end() + percentile.end() if percentile.string is after else subject.end()
        findings = _by_percentile(kind, percentile)
        return (end, findings, percentile[0].strip()) if findings else None
    deviation = _DEVIATION.search(after)
    if deviation is None and _SCORED.search(full_text, max(0, subject.start() - 30), subject.start()):
        deviation = _BARE_SCORE.match(after)
    if deviation is not None:
        findings = _by_deviation(kind, deviation)
        return (subject.end() + deviation.end(), findings, deviation[0].strip()) if findings else None
    return _index(after, subject.end(), person) if kind == "bmi" else None


def _percentile_before(full_text: str, start: int) -> re.Match[str] | None:
    """Return a percentile right before a subject ("14.5th percentile birth weight")."""
    for match in _PERCENTILE.finditer(full_text, max(0, start - 40), start):
        if not full_text[match.end() : start].strip():
            return match
    return None


def _leads_on(full_text: str, subject: re.Match[str], found: re.Match[str], after: str) -> bool:
    """Say whether a percentile after a subject belongs to the next one ("and 15.9th percentile head circumference")."""
    if found.string is not after:
        return False
    return _SUBJECT.match(full_text, subject.end() + found.end() + 1) is not None


def _by_percentile(kind: str, found: re.Match[str]) -> list[tuple[str, bool]]:
    text = (found["p"] or found["n"]).lower()
    value = _ORDINALS.get(text) or float(text)
    low, high = _GROWTH[kind]
    least = 10.0 if kind == "birthweight" else _CHART if kind == "bmi" else _LOW
    most = 90.0 if kind == "birthweight" else _MAX_PERCENT if kind == "bmi" else _HIGH
    if found["below"]:
        return [(low, False)] if value <= max(least, _CHART) and low else []
    if found["above"]:
        return [(high, False)] if value >= min(most, _MAX_PERCENT) and high else []
    if value < least:
        return [(low, False)] if low else []
    if value > most:
        return [(high, False)] if high else []
    inside = _NORMAL[0] <= value <= _NORMAL[1] and kind != "birthweight"
    return [(finding, True) for finding in (low, high) if finding] if inside else []


def _by_deviation(kind: str, found: re.Match[str]) -> list[tuple[str, bool]]:
    value = float(found["n"] or found["z"])
    sign = found["sign"] or found["zsign"] or ""
    below = sign in {"-", "\u2212", "\u2013"} or (found["side"] or "").lower() in {"below", "under", "less"}
    above = sign == "+" or (found["side"] or "").lower() == "above" or (found["z"] is not None and not below)
    low, high = _GROWTH[kind]
    if value >= _DEVIATIONS:
        finding = low if below else high if above else ""
        return [(finding, False)] if finding else []
    return [(finding, True) for finding in (low, high) if finding] if below or above else []


def _index(after: str, end: int, person: Person) -> _Found | None:
    """Return the finding of an adult's body mass index in kg/m2 (WHO, Technical Report Series 894, 2000)."""
    match = _INDEX.match(after)
    if match is None or person.age is None or person.age < _ADULT:
        return None
    value, at = float(match["n"]), end + match.end()
    if value >= 30.0:
        graded = next(finding for finding, least in _CLASSES if value >= least)
        return at, [(graded, False)], match["n"]
    if value >= 25.0:
        return at, [(_OVERWEIGHT, False)], match["n"]
    if value < 18.5:
        return at, [(_THIN, False)], match["n"]
    return at, [(_OBESITY, True), (_THIN, True)], match["n"]


def _pressure(after: str, end: int, person: Person) -> _Found | None:
    """Return the finding of an adult's blood pressure in mmHg: 140/90 and more, or less than 90 systolic."""
    match = _PRESSURE.match(after)
    if match is None or person.age is None or person.age < _ADULT:
        return None
    high, low, at = int(match["high"]), int(match["low"]), end + match.end()
    if not 40 <= high <= 300 or low >= high:
        return None
    if high >= 140 or low >= 90:
        return at, [(_RAISED, False)], match[0].strip(" :=(")
    if high < 90:
        return at, [(_HYPOTENSION, False)], match[0].strip(" :=(")
    return at, [(_HYPOTENSION, True)], match[0].strip(" :=(")
