"""The patterns by which the coder reads a note (patterns.toml)."""

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any


def table(name: str) -> dict[str, list[str]]:
    """Return a table of lists of words."""
    words: dict[str, list[str]] = _table()[name]
    return words


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return tomllib.loads(files("clinweave.applications.coding").joinpath("patterns.toml").read_text("utf-8"))


def pattern(name: str) -> re.Pattern[str]:
    """Return the compiled pattern of that name; case is ignored."""
    return re.compile("".join(_table()[name]), re.IGNORECASE)


def misread() -> dict[str, re.Pattern[str]]:
    """Return, by name, where it stands for something else; NUL stands for the name itself."""
    return {
        name: re.compile(text.replace("@", "\x00"), re.IGNORECASE)
        for name, text in _table()["misread"].items()
    }
