"""Look up identifiers by name in vocabulary releases, for sources that give names without identifiers.

A match of names is no statement of a source. What rests on one is at most class-inferred or synthetic, and keeps the
name as it stood in `original_subject` or `original_object`. A name that means several things is left out.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.databases.base import RowLog
from clinweave.records import Concept

if TYPE_CHECKING:
    from clinweave.databases.base import Database


def folded(name: str) -> str:
    """Return a name in lower case, words of letters and digits alone."""
    return " ".join(re.findall(r"[^\W_]+", name.casefold()))


def slug(name: str) -> str:
    """Return a name as the local part of an identifier."""
    return folded(name).replace(" ", "-")


def unambiguous(concepts: Iterable[Concept], *, fold: bool = True) -> dict[str, str]:
    """Return name -> id; a label goes before synonyms, and a name of several concepts is left out."""
    labels: dict[str, set[str]] = {}
    others: dict[str, set[str]] = {}
    for concept in concepts:
        for table, names in ((labels, (concept.name,)), (others, concept.synonyms)):
            for name in names:
                table.setdefault(folded(name) if fold else name.lower(), set()).add(concept.id)
    result = {name: next(iter(ids)) for name, ids in others.items() if len(ids) == 1 and name not in labels}
    result.update({name: next(iter(ids)) for name, ids in labels.items() if len(ids) == 1})
    return result


def _names(database: "Database", path: Path, *, fold: bool = True) -> dict[str, str]:
    records = database.read({database.files[0]: path}, RowLog(keep=0))
    return unambiguous((record for record in records if isinstance(record, Concept)), fold=fold)


def drug_names(path: Path, *, fold: bool = False) -> dict[str, str]:
    """Return the names of drugs of the dictionary of drug names."""
    from clinweave.databases.drug_names import DRUG_NAMES

    return _names(DRUG_NAMES, path, fold=fold)


def findings(path: Path) -> dict[str, str]:
    """Return the names of HPO's terms."""
    from clinweave.databases.hpo import HPO

    return _names(HPO, path)


def diseases(path: Path) -> dict[str, str]:
    """Return the names of Mondo's diseases."""
    from clinweave.databases.mondo import MONDO

    return _names(MONDO, path)
