"""Count the statements assumed to be false that a newer release makes true."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.core.errors import UserError
from clinweave.databases import DATABASES, RowLog
from clinweave.datasets.examples import Example, Kind
from clinweave.datasets.instructions import FEATURE
from clinweave.records import Relation

if TYPE_CHECKING:
    from clinweave.knowledge import Graph

_FILES = ("hp.obo", "phenotype.hpoa")


def later_release(folder: Path) -> list[Relation]:
    """Return the feature annotations of an HPO release in a folder (files gzip or not)."""
    files = {}
    for name in _FILES:
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                files[name] = path
        if name not in files:
            raise UserError(f"{folder} lacks {name} (or {name}.gz) of an HPO release")
    database = DATABASES["hpoa"]
    database.source(files)
    log = RowLog()
    rows = [row for row in database.read(files, log) if isinstance(row, Relation)]
    log.report()
    return [row for row in rows if row.predicate == FEATURE and not row.negated]


def made_true(graph: "Graph", examples: Iterable[Example], later: Iterable[Relation]) -> dict[str, object]:
    """Return how many wrong options and rejected statements about features a later release states.

    A statement counts as true where the release has the feature itself or a kind of it.
    """
    stated: dict[str, set[str]] = defaultdict(set)
    for row in later:
        disease = graph.resolve(row.original_subject or row.subject)
        feature = graph.resolve(row.object)
        if disease and feature:
            stated[disease] |= {feature, *graph.ancestors(feature)}
    total: Counter[str] = Counter()
    true: Counter[str] = Counter()
    which = []
    for example in examples:
        name = "rejected" if example.kind == Kind.PREFERENCE else "wrong options"
        for subject, predicate, target in example.wrong:
            if predicate != FEATURE:
                continue
            total[name] += 1
            if target in stated.get(subject, ()):
                true[name] += 1
                which.append([example.id, subject, target])
    return {"statements": dict(total), "made_true": dict(true), "which": which}
