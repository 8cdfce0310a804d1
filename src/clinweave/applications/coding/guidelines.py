"""The rules of the official guidelines as data (rules.toml)."""

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any


@lru_cache(maxsize=1)
def rules() -> dict[str, Any]:
    """Return the rules."""
    return tomllib.loads(files("clinweave.applications.coding").joinpath("rules.toml").read_text("utf-8"))


def explained(rule: str) -> str:
    """Return what a section of the guidelines says, in a few words, "" if it is not known."""
    sections: dict[str, str] = rules()["sections"]
    return sections.get(rule, "")
