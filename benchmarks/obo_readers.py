"""Readers of OBO files compared: seconds, and what of each term is read.

    python benchmarks/obo_readers.py hp.obo [more.obo ...]

clinweave's reader is compared with fastobo (a parser in Rust) and pronto (a data model on top of it). A missing library
is left out (`pip install fastobo pronto`). A term counts as equal if its id, name, synonyms with their scope,
cross-references and parents are. `refused` is the error with which a library rejects a file.
"""

import argparse
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from clinweave.databases.base import RowLog
from clinweave.databases.obo import plain, quoted, stanzas


class Term(NamedTuple):
    name: str
    synonyms: frozenset[tuple[str, str]]
    xrefs: frozenset[str]
    parents: frozenset[str]


def clinweave(path: Path) -> dict[str, Term]:
    terms = {}
    for stanza in stanzas(path, "OBO", RowLog()):
        synonyms = filter(None, map(quoted, stanza.all("synonym")))
        xrefs = (value.split(" ")[0] for value in stanza.all("xref"))
        terms[stanza.first("id")] = Term(
            plain(stanza.first("name")), frozenset(synonyms), frozenset(xrefs), frozenset(stanza.all("is_a"))
        )
    return terms


def fastobo(path: Path) -> dict[str, Term]:
    import fastobo as library
    from fastobo import term as clauses

    terms = {}
    for frame in library.iter(str(path)):
        if not isinstance(frame, clauses.TermFrame):
            continue
        name, synonyms, xrefs, parents = "", set(), set(), set()
        for clause in frame:
            if isinstance(clause, clauses.NameClause):
                name = clause.name
            elif isinstance(clause, clauses.SynonymClause):
                synonyms.add((clause.synonym.desc, clause.synonym.scope))
            elif isinstance(clause, clauses.XrefClause):
                xrefs.add(str(clause.xref.id))
            elif isinstance(clause, clauses.IsAClause):
                parents.add(str(clause.term))
        terms[str(frame.id)] = Term(name, frozenset(synonyms), frozenset(xrefs), frozenset(parents))
    return terms


def pronto(path: Path) -> dict[str, Term]:
    import pronto as library

    return {
        term.id: Term(
            term.name or "",
            frozenset((synonym.description, synonym.scope) for synonym in term.synonyms),
            frozenset(xref.id for xref in term.xrefs),
            frozenset(parent.id for parent in term.superclasses(distance=1, with_self=False)),
        )
        for term in library.Ontology(str(path)).terms()
    }


READERS: tuple[Callable[[Path], dict[str, Term]], ...] = (clinweave, fastobo, pronto)


def main(arguments: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("files", type=Path, nargs="*", help="OBO files")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args(list(arguments) if arguments is not None else None)
    if not options.files:
        print("left out: give OBO files, such as hp.obo")
    for path in options.files:
        compare(path, options.runs)


def compare(path: Path, runs: int) -> None:
    base = clinweave(path)
    print(f"{path.name}: {len(base):,} terms\n{'':<12}{'seconds':>9}{'terms':>9}{'equal':>9}")
    for reader in READERS:
        try:
            seconds, terms = min((timed(reader, path) for _ in range(runs)), key=lambda item: item[0])
        except ModuleNotFoundError as error:
            print(f"{reader.__name__:<12} left out: {error}")
        except Exception as error:
            print(f"{reader.__name__:<12} refused: {type(error).__name__}: {str(error)[:90]}")
        else:
            equal = sum(base.get(id_) == term for id_, term in terms.items())
            print(f"{reader.__name__:<12}{seconds:9.2f}{len(terms):9,}{equal:9,}")


def timed(reader: Callable[[Path], dict[str, Term]], path: Path) -> tuple[float, dict[str, Term]]:
    begun = time.process_time()
    terms = reader(path)
    return time.process_time() - begun, terms


if __name__ == "__main__":
    main()
