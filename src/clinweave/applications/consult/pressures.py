"""Blood pressures are two numbers ("150/95"): each is held against its own part of a limit ("140/90 to 159/109")."""

import math
import re
from collections.abc import Callable, Sequence

from clinweave.applications.consult.limits import limits_of, meets, within_heads

_PAIR = re.compile(r"(?<![\d/.])(\d{2,3})\s*/\s*(\d{2,3})(?![\d/.]|\s*(?:mg|mcg|micrograms?|ml|units?)\b)")
_DIASTOLIC = re.compile(r"\bdiastolic\b", re.IGNORECASE)
_HIGHEST, _LOWEST = 320, 20  # mmHg: other pairs ("500/125") are no blood pressures
SYSTOLIC, DIASTOLIC = 0, 1


def _is_pressure(match: re.Match[str]) -> bool:
    return _HIGHEST >= int(match[1]) > int(match[2]) >= _LOWEST


def has_pressure(text: str) -> bool:
    """Say whether a text states a blood pressure as two numbers."""
    return any(_is_pressure(match) for match in _PAIR.finditer(text))


def part(text: str, which: int) -> str:
    """Return a text with the systolic or the diastolic number in the place of each pair."""
    return _PAIR.sub(lambda match: match[which + 1] if _is_pressure(match) else match[0], text)


def pressure_within_heads(question: str, heads: Sequence[str]) -> bool | None:
    """Say what `within_heads` says, of both numbers of a blood pressure."""
    return _by_part(question, tuple(heads), within_heads)


def pressure_meets(question: str, text: str, heads: str = "") -> bool | None:
    """Say what `meets` says, of both numbers of a blood pressure."""
    return _by_part(question, (text, heads), lambda asked, texts: meets(asked, texts[0], texts[1]))


def _by_part(
    question: str, texts: tuple[str, ...], compare: Callable[[str, tuple[str, ...]], bool | None]
) -> bool | None:
    """Compare the numbers apart: above a limit is a pressure with either of them, below or between with both."""
    if not any(map(has_pressure, texts)):
        return compare(question, texts)
    if not has_pressure(question):
        which = DIASTOLIC if _DIASTOLIC.search(question) else SYSTOLIC
        return compare(question, tuple(part(text, which) for text in texts))
    found = [
        compare(part(question, which), tuple(part(text, which) for text in texts))
        for which in (SYSTOLIC, DIASTOLIC)
    ]
    limits = [limit for text in texts if has_pressure(text) for limit in limits_of(part(text, SYSTOLIC))]
    decisive = any(limit.high == math.inf for limit in limits)
    if decisive in found:
        return decisive
    return None if None in found else not decisive
