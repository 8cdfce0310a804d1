"""Classes of drugs that a drug belongs to, by its name (ramipril is an ACE inhibitor), and examples of each class.

Sources: stems of International Nonproprietary Names (WHO, 2018) and the ATC index; see `class_membership.toml`.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

MIN_BEFORE = 2  # letters of a name before its stem: "pril" alone is no drug


@dataclass(frozen=True, slots=True)
class DrugClass:
    """A class of drugs, and why a drug is taken to be one of it."""

    name: str
    names: tuple[str, ...]  # singular and plural, as guidelines write them
    why: str  # "INN stem -pril", "ATC group C07"
    examples: tuple[str, ...] = ()  # well-known members; never all of them


@lru_cache(maxsize=1 << 12)
def classes_of(names: tuple[str, ...]) -> tuple[DrugClass, ...]:
    """Return the classes that a drug with any of these names belongs to, () for a drug that is in none of the table."""
    drugs = [name.lower() for name in names if name]
    classes = []
    for item in _table().values():
        others = item.get("but", [])
        stem = next((why for drug in drugs if drug not in others and (why := _stem(drug, item))), "")
        members = {member.lower() for member in item.get("members", [])}
        listed = not members.isdisjoint(drugs)
        if stem or listed:
            why = f"INN stem {stem}" if stem else f"ATC group {item['atc']}"
            classes.append(_drug_class(item, why))
    return tuple(classes)


@lru_cache(maxsize=256)
def classes_named(name: str) -> tuple[DrugClass, ...]:
    """Return the classes of the table that have this name, in singular or plural ("SSRIs"), () where none has."""
    wanted = normal_class_name(name)
    return tuple(
        _drug_class(item, f"ATC group {item['atc']}")
        for item in _table().values()
        if wanted in {normal_class_name(form) for form in _with_plurals(item["names"])}
    )


@lru_cache(maxsize=1)
def known_members() -> frozenset[str]:
    """Return all drugs that the table names, in lower case."""
    return frozenset(
        name.lower()
        for item in _table().values()
        for name in (*item.get("members", []), *item.get("examples", []))
    )


def normal_class_name(name: str) -> str:
    """Return a name of a class in lower case, its hyphens as spaces."""
    return " ".join(name.lower().replace("-", " ").split())


def _drug_class(item: dict[str, list[str]], why: str) -> DrugClass:
    names = tuple(_with_plurals(item["names"]))
    return DrugClass(item["names"][0], names, why, (*item.get("examples", []), *item.get("members", [])))


def _stem(drug: str, item: dict[str, list[str]]) -> str:
    """Return the stem of a class that a name has ("-pril", "cef-"), "" for none."""
    if " " in drug and not any(" " in stem for stem in item.get("stems", [])):
        return ""
    for stem in item.get("stems", []):
        if drug.endswith(stem) and len(drug) >= len(stem) + MIN_BEFORE:
            return f"-{stem}"
    return next(
        (
            f"{start}-"
            for start in item.get("starts", [])
            if drug.startswith(start) and len(drug) > len(start) + MIN_BEFORE
        ),
        "",
    )


def _with_plurals(names: Iterable[str]) -> list[str]:
    forms = []
    for name in names:
        forms += [name, f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"]
    return forms


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, list[str]]]:
    text = files("clinweave.knowledge.query").joinpath("class_membership.toml").read_text("utf-8")
    return tomllib.loads(text)
