"""Drugs and other substances by the code of the harm that they do (drugs.tsv, poisons.tsv)."""

import re
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple


class Substance(NamedTuple):
    """Names of a substance as a pattern, and its code without the sign of intent."""

    stem: str
    names: str
    pattern: re.Pattern[str]


@lru_cache(maxsize=1)
def drugs() -> tuple[Substance, ...]:
    """Return drugs, whose codes say poisoning or adverse effect."""
    return _read("drugs.tsv")


@lru_cache(maxsize=1)
def poisons() -> tuple[Substance, ...]:
    """Return substances that are no drugs; they have toxic effects only."""
    return _read("poisons.tsv")


def _read(name: str) -> tuple[Substance, ...]:
    text = files("clinweave.applications.coding").joinpath(name).read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return tuple(
        Substance(stem, names.lower(), re.compile(rf"\b(?:{names})\b", re.IGNORECASE)) for stem, names in rows
    )
