"""The patterns of `patterns.toml`, compiled: instructions to a model, and words that take back what a passage says."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("patterns.toml").read_text(encoding="utf-8"))


@cache
def pattern(name: str, section: str = "context") -> re.Pattern[str]:
    """Return one pattern of a section."""
    return re.compile("".join(_file()[section][name]), re.IGNORECASE)


@cache
def intents() -> tuple[tuple[str, re.Pattern[str], re.Pattern[str]], ...]:
    """Return what a question may ask for: a name, the question's words and those of a sentence that says it."""
    return tuple(
        (name, re.compile("".join(found["question"]), re.IGNORECASE), re.compile("".join(found["sentence"])))
        for name, found in _file()["intents"].items()
    )


@cache
def instructions() -> re.Pattern[str]:
    """Return the pattern of everything that speaks to a language model."""
    words = {name: "".join(pieces) for name, pieces in _file()["words"].items()}
    whole = "|".join(f"(?:{''.join(pieces)})" for pieces in _file()["instructions"]["patterns"])
    for name, alternatives in words.items():
        whole = whole.replace("{" + name + "}", alternatives)
    return re.compile(whole, re.IGNORECASE | re.MULTILINE)
