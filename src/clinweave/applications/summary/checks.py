"""Checks of a sentence against what it cites: its numbers, doses and dates must stand there as they are written."""

import re
from collections.abc import Iterable

_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")


def numbers_of(text: str) -> list[str]:
    """Return the numbers of a text as written, dates and ratios as one: "4.1", "120/80", "2020-01-02"."""
    return _NUMBER.findall(text)


def unsupported_numbers(text: str, sources: Iterable[str]) -> list[str]:
    """Return the numbers of `text` that stand in none of the sources; a part of a longer number does not count."""
    stated = {number for source in sources for number in numbers_of(source)}
    return [number for number in dict.fromkeys(numbers_of(text)) if number not in stated]
