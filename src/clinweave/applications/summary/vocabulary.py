"""Names of measurements and classes of drugs as questions use them (`record_terms.toml`)."""

import re
import tomllib
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

_INVISIBLE = re.compile("[\u200b\u00ad]")


class DrugClass(NamedTuple):
    """A class of drugs with the substances that are looked for."""

    name: str
    substances: tuple[str, ...]


class Measurement(NamedTuple):
    """A measurement with the beginnings of the names of codes that mean it."""

    name: str
    beginnings: tuple[str, ...]

    def means(self, code_name: str) -> bool:
        """Say whether a code of this name is this measurement, and not another one that begins with its word."""
        component = _INVISIBLE.sub("", code_name).lower()
        return any(_begins(component, item) for item in self.beginnings)


@lru_cache(maxsize=1)
def _terms() -> dict[str, Any]:
    text = files("clinweave.applications.summary").joinpath("record_terms.toml").read_text("utf-8")
    return tomllib.loads(text)


def find_measurement(text: str) -> Measurement | None:
    """Return the measurement that a question names (the longest name), or None."""
    names = {**{name: name for name in _terms()["measurements"]}, **_terms()["synonyms"]}
    name = _longest(text, names)
    return Measurement(name, tuple(_terms()["measurements"][name])) if name else None


def find_class(text: str) -> DrugClass | None:
    """Return the class of drugs that a question names, or None."""
    names = {**{name: name for name in _terms()["drug_classes"]}, **_terms()["class_synonyms"]}
    name = _longest(text, names)
    return DrugClass(name, tuple(_terms()["drug_classes"][name].split())) if name else None


def other_forms(words: Sequence[str]) -> list[tuple[str, ...]]:
    """Return other words for the same: ("copd",) -> [("chronic", "obstructive", "pulmonary", "disease")]."""
    table, text = _terms()["forms"], f" {' '.join(words)} "
    sequences = []
    for name, forms in table.items():
        if f" {name} " in text:
            rest = text.replace(f" {name} ", " ").split()
            sequences += [(*rest, *form.split()) for form in forms]
    return sequences


def rewritten(text: str) -> str:
    """Return a text with the terms for phrases that hold a measurement's name: "high blood pressure"."""
    for phrase, term in _terms()["rewritten"].items():
        text = re.sub(rf"\b{re.escape(phrase)}\b", term, text, flags=re.IGNORECASE)
    return text


def _longest(text: str, names: dict[str, str]) -> str:
    """Return the meaning of the longest name that stands in the text as whole words, also in the plural."""
    lowered = f" {text.lower()} "
    best = max(
        (name for name in names if re.search(rf"(?<![\w-]){re.escape(name)}s?(?![\w-])", lowered)),
        key=len,
        default="",
    )
    return names.get(best, "")


def _begins(component: str, beginning: str) -> bool:
    """Say whether a name begins with these words and goes on with a unit, specimen or method, not another analyte."""
    if not component.startswith(beginning):
        return False
    rest = component[len(beginning) :]
    if beginning.endswith("["):
        return True
    return (
        re.match(
            r"(?:$|\s*[\[(,]|\s*/\s*1[.]73|\s+(?:in|of|by|at|auto|presence|count|nhis|serum|plasma|blood|lab|total|i|t)\b|\s+-|\s*level)",
            rest,
        )
        is not None
    )
