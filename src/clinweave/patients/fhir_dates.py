"""Dates and times as FHIR R4 writes them. https://hl7.org/fhir/R4/datatypes.html#dateTime"""

import re
from datetime import datetime, timedelta
from typing import NamedTuple

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.A)
_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(?:Z|z|[+-](?:0\d|1[0-4]):[0-5]\d)?",
    re.A,
)
_EARLIEST = 1800  # no patient was born before


class When(NamedTuple):
    """A time on the patient's clock. Of a partial date it is the first moment, and `partial` has the date as stated."""

    time: datetime
    partial: str = ""
    remark: str = ""  # what is odd about it


def date_of(text: str) -> When | None:
    """Return a FHIR date ("1980", "1980-05", "1980-05-06"), or None where the text is none."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    year, month, day = (int(part) if part else 1 for part in match.groups())
    try:
        time = datetime(year, month, day)
    except ValueError:
        return None
    return When(time, "" if match[3] else text.strip(), _odd(time))


def time_of(text: str) -> When | None:
    """Return a FHIR date, dateTime or instant as it stood on the patient's clock, or None where the text is none.

    An offset is dropped, as MEDS times have none; a leap second becomes the first second of the next minute.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return date_of(text)
    hour, minute, second = int(match[2]), int(match[3]), int(match[4] or 0)
    fraction = int((match[5] or "").ljust(6, "0")[:6])
    leap = second == 60
    try:
        day = datetime.fromisoformat(match[1])
        time = day.replace(hour=hour, minute=minute, second=59 if leap else second, microsecond=fraction)
        time = time.replace(microsecond=0) + timedelta(seconds=1) if leap else time
    except (ValueError, OverflowError):
        return None
    return When(time, "", _odd(time) or ("a leap second: read as the next second" if leap else ""))


def _odd(time: datetime) -> str:
    if time.year < _EARLIEST:
        return f"a year before {_EARLIEST}, stored as stated"
    return "a time in the future, stored as stated" if time > datetime.now() + timedelta(days=2) else ""
