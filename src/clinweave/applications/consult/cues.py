"""The words by which statements are seen to answer a question (cues.toml), compiled once."""

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any

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
