"""Cues of notes and dialogues (`note_cues.toml`)."""

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any


@lru_cache(maxsize=1)
def _cues() -> dict[str, Any]:
    return tomllib.loads(
        files("clinweave.applications.summary").joinpath("note_cues.toml").read_text("utf-8")
    )


@lru_cache(maxsize=64)
def cue(name: str) -> re.Pattern[str]:
    """Return a pattern: alternatives between word borders, whatever their case."""
    return re.compile(rf"(?<!\w)(?:{'|'.join(_cues()['patterns'][name])})(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=1)
def sections() -> dict[str, str]:
    """Return heading (lower case) -> section of the summary."""
    return {heading: section for section, headings in _cues()["headings"].items() for heading in headings}
