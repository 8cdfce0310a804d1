"""Dates in notes, shifted by a number of weeks that a secret key gives each patient: intervals and weekdays stay.

After the usual practice of shared clinical corpora (MIMIC, i2b2). Weeks, so that "Monday" stays true.
"""

# ruff: noqa: E501 - a regular expression or list is one line
import calendar
import hashlib
import hmac
import re
from collections.abc import Iterator
from datetime import date, timedelta

from clinweave.patients.deid.spans import Kind, Span

MOST_WEEKS = 260  # five years, either way
_NAMES = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_NAMES |= {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
_MONTH = "|".join(sorted(_NAMES, key=lambda name: -len(name)))
_YEAR = r"(?:19|20|21|22)\d{2}"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<![\d.])(?P<y>{_YEAR})(?P<s>[-/.])(?P<m>\d{{1,2}})(?P=s)(?P<d>\d{{1,2}})(?=T\d|\b)",
        r"(?<![\d./-])(?P<m>\d{1,2})(?P<s>[-/.])(?P<d>\d{1,2})(?P=s)(?P<y>(?:19|20|21|22)\d{2}|\d{2})(?![\d/]|[-.]\d)",
        rf"\b(?P<d>{_DAY})(?:\s+of)?[ -](?P<M>{_MONTH})\.?(?:,?[ -](?P<y>{_YEAR}|'?\d{{2}}(?!\d|:|\s*(?:mg|ml|%))))?(?!\w)",
        rf"\b(?P<M>{_MONTH})\.?[ ](?P<d>{_DAY})(?:,?[ ]+(?P<y>{_YEAR}))?(?![\d/]|\.\d|\s*(?:mg|ml|%))(?!\w)",
        rf"\b(?P<M>{_MONTH})\.?(?:,|\s+of)?[ ](?P<y>{_YEAR})\b",
        rf"(?<![\d/.-])(?P<m>\d{{1,2}})(?P<s>/)(?P<y>{_YEAR})(?![\d/])",
        rf"\b(?:in|since|from|circa|year|until|around|of|before|after|by|early|late|mid|during|through|and|to)[ -](?P<y>{_YEAR})(?![\d/-]|\.\d|\s*(?:mg|ml|cc|units?|kcal|cal|%))\b",
        rf"\b(?:in|since|last|this|early|late|until|from|by|mid|during|of|next)[ -](?P<M>{_MONTH})(?!\w|\s+(?:be|have|not|need|cause|also|require|help|increase))",
        r"\b(?:on|since|from|until|by|dated?|of|through|before|after|due|seen|last)[: ]{1,2}(?P<m>\d{1,2})(?P<s>/)(?P<d>\d{1,2})(?![\d/]|\.\d|\s*(?:mg|strength|pain|units))",
    )
)  # fmt: skip
_HOLIDAY = re.compile(
    r"\b(?:on|since|before|after|over|at|around|last|until)\s+(?P<it>Christmas(?: Day| Eve)?|Thanksgiving|Easter|New Year'?s(?: Day| Eve)?|"
    r"Labor Day|Memorial Day|Independence Day|Halloween|Hanukkah|Ramadan)(?!\s+(?:disease|factor))"
)
_BORN = re.compile(
    r"(?:\bDOB|\bD\.O\.B\.?|\bdate of birth|\bbirth ?date|\bborn(?: on)?)[\s:(]*$", re.IGNORECASE
)


def weeks_of(key: bytes, patient: str) -> int:
    """Return the weeks by which a patient's dates move: never 0, the same for the same key and patient."""
    drawn = int.from_bytes(hmac.new(key, f"dates:{patient}".encode(), hashlib.sha256).digest()[:8], "big")
    weeks = drawn % (2 * MOST_WEEKS) - MOST_WEEKS
    return weeks if weeks < 0 else weeks + 1


def dates_in(text: str, weeks: int) -> Iterator[Span]:
    """Yield the dates of a note with what they become; one that is no day of the calendar is taken out."""
    taken: list[tuple[int, int]] = []
    newest = _newest(text)
    for pattern in _PATTERNS:
        for found in pattern.finditer(text):
            start, end = _bounds(found)
            if any(start < other_end and other_start < end for other_start, other_end in taken):
                continue
            if (moved := _moved(found, start, end, weeks)) is None:
                continue
            taken.append((start, end))
            year = _year(found)
            if year and newest - year > 89 and _BORN.search(text, max(0, start - 20), start):
                moved = "[BIRTH 90+]"
            yield Span(start, end, Kind.DATE, "date", moved)
    for found in _HOLIDAY.finditer(text):
        yield Span(found.start("it"), found.end("it"), Kind.DATE, "holiday")


def _newest(text: str) -> int:
    return max((int(year) for year in re.findall(rf"(?<!\d){_YEAR}(?!\d)", text)), default=0)


def _bounds(found: re.Match[str]) -> tuple[int, int]:
    """Return where the date itself lies, without the word before it."""
    held = [found.span(name) for name in ("y", "m", "d", "M") if name in found.re.groupindex and found[name]]
    dotted = found.re.groupindex.get("M") and found[0].endswith(".")
    return min(start for start, _ in held), max(found.end() if dotted else end for _, end in held)


def _part(found: re.Match[str], name: str) -> str:
    return (found[name] or "") if name in found.re.groupindex else ""


def _year(found: re.Match[str]) -> int:
    said = _part(found, "y").lstrip("'")
    if not said:
        return 0
    return int(said) if len(said) == 4 else int(said) + (1900 if int(said) > 40 else 2000)


def _moved(found: re.Match[str], start: int, end: int, weeks: int) -> str | None:
    """Return the date moved, written as it was; "" where it is no date of the calendar, None where it is none at all."""
    month_said, day_said, year = _part(found, "m"), _part(found, "d"), _year(found)
    number = _NAMES[_part(found, "M").lower()] if _part(found, "M") else int(month_said or 7)
    day = int(re.sub(r"\D", "", day_said) or 15)
    swapped = bool(month_said and day_said) and number > 12 >= day
    if swapped:
        number, day = day, number
    if not 1 <= number <= 12 or not 1 <= day <= 31:
        return None if not day_said or not year else ""
    try:
        new = date(year or 2001, number, day) + timedelta(weeks=weeks)
    except ValueError:
        return ""
    values = {"m": new.day if swapped else new.month, "d": new.month if swapped else new.day}
    text, offset = found.string[start:end], start
    for name in sorted(
        (name for name in ("y", "m", "d", "M") if _part(found, name)), key=found.start, reverse=True
    ):
        low, high = found.start(name) - offset, found.end(name) - offset
        text = text[:low] + _written(name, _part(found, name), new, values, "-" in text) + text[high:]
    return text


def _written(name: str, said: str, new: date, values: dict[str, int], short: bool) -> str:
    if name == "y":
        return said[: -4 if len(said) >= 4 else -2] + (
            f"{new.year:04d}" if len(said) >= 4 else f"{new.year % 100:02d}"
        )
    if name == "M":
        # "May" is both: in 5-May-2011 it is short
        full = said.lower() in {month.lower() for month in calendar.month_name} and not (
            short and len(said) == 3
        )
        word = (calendar.month_name if full else calendar.month_abbr)[new.month]
        return word.upper() if said.isupper() else word.lower() if said.islower() else word
    value = values[name]
    digits = re.sub(r"\D", "", said)
    ending = said[len(digits) :]
    if ending:
        ending = "th" if 10 < value % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value:0{len(digits) if digits.startswith('0') else 1}d}{ending}"
