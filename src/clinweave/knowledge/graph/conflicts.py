"""Find disagreements between sources: denied or contradicted statements, and different frequencies.

Nothing is resolved here: the graph keeps every statement with its source, and a reader may see both.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from clinweave.core.predicates import CONTRAINDICATED, HAS_PHENOTYPE, TREATS
from clinweave.knowledge.graph import frequency

if TYPE_CHECKING:
    from clinweave.knowledge.graph.graph import Graph

KINDS = {
    "denied": "one source states it, another (or the same) denies it",
    "treats and contraindicated": "a drug is said to treat a disease and to be contraindicated in it",
    "frequency": "two sources put a finding into frequency classes that are not neighbours",
    "circle": "one source's is_a would make a class its own ancestor by another's; the row was left out",
    "identity": "one source states that two identifiers are the same, another denies it; they were not merged",
}
_EASES = "biolink:ameliorates_condition"
_BOUNDS = (1.0, 5.0, 30.0, 80.0, 100.0)  # per cent; below is excluded, then very rare up to always


@dataclass(frozen=True)
class Conflict:
    """Two or more statements about one pair of concepts that do not agree."""

    kind: str
    subject: str
    object: str
    statements: tuple[str, ...]  # "source: statement", sorted


def find_conflicts(graph: "Graph") -> list[Conflict]:
    """Return every disagreement of the graph's sources, in the order of `KINDS`, then by subject and object."""
    conflicts = [*_opposed(graph), *_frequencies(graph), *_circles(graph), *_identities(graph)]
    order = list(KINDS)
    return sorted(conflicts, key=lambda item: (order.index(item.kind), item.subject, item.object))


def conflict_counts(conflicts: list[Conflict]) -> dict[str, int]:
    """Return kind -> how many."""
    counted = Counter(item.kind for item in conflicts)
    return {kind: counted[kind] for kind in KINDS}


def _pairs(graph: "Graph", rows: np.ndarray) -> Iterator[tuple[tuple[str, str], np.ndarray]]:
    """Yield ((subject, object), rows) of the pairs that have more than one of these rows."""
    subject, target = (
        np.asarray(graph._array(name))[rows].astype(np.int64) for name in ("subject", "object")
    )
    key = subject * (int(target.max(initial=0)) + 1) + target
    order = np.argsort(key, kind="stable")
    _, starts, sizes = np.unique(key[order], return_index=True, return_counts=True)
    for start, size in zip(starts[sizes > 1], sizes[sizes > 1], strict=True):
        mine = rows[order[start : start + size]]
        yield (graph._ids[int(subject[order[start]])], graph._ids[int(target[order[start]])]), np.sort(mine)


def _rows(graph: "Graph", *predicates: str) -> np.ndarray:
    codes = [graph._predicates[name] for name in predicates if name in graph._predicates]
    return np.flatnonzero(np.isin(graph._predicate_codes, codes))


def _statements(graph: "Graph", rows: object, *columns: str) -> list[tuple[Any, ...]]:
    taken = graph._relations.take(rows)
    return list(zip(*(taken.column(name).to_pylist() for name in columns), strict=True))


def _opposed(graph: "Graph") -> Iterator[Conflict]:
    negated = np.asarray(graph._array("negated"))
    subject, target = (np.asarray(graph._array(name)).astype(np.int64) for name in ("subject", "object"))
    size = len(graph._ids)
    key = subject * size + target
    against = _rows(graph, CONTRAINDICATED)
    pair_keys = np.union1d(key[negated], key[against])
    rows = np.flatnonzero(np.isin(key, pair_keys))
    for (first, other), mine in _pairs(graph, rows):
        statements = _statements(graph, mine, "predicate", "source", "negated", "frequency", "grade")
        denies = negated[mine]
        for predicate in sorted({item[0] for item in statements}):
            chosen = [index for index, item in enumerate(statements) if item[0] == predicate]
            if len({bool(denies[index]) for index in chosen}) == 2 and predicate != "biolink:exact_match":
                words = {_words(statements[index], bool(denies[index])) for index in chosen}
                yield Conflict("denied", first, other, tuple(sorted(words)))
        kinds = {item[0] for index, item in enumerate(statements) if not denies[index]}
        if CONTRAINDICATED in kinds and kinds & {TREATS, _EASES}:
            words = {_words(item, bool(denies[index])) for index, item in enumerate(statements)}
            yield Conflict("treats and contraindicated", first, other, tuple(sorted(words)))


def _words(statement: tuple[Any, ...], denies: bool) -> str:
    predicate, source, _, recorded, grade = statement
    parts = ["not" if denies else "", predicate.removeprefix("biolink:"), recorded, f"({grade})"]
    return f"{source}: {' '.join(part for part in parts if part)}"


def _frequencies(graph: "Graph") -> Iterator[Conflict]:
    for (subject, other), mine in _pairs(graph, _rows(graph, HAS_PHENOTYPE)):
        affirmed = mine[~np.asarray(graph._array("negated"))[mine]]
        statements = [
            (source, recorded, level)
            for source, recorded in _statements(graph, affirmed, "source", "frequency")
            if (level := frequency_class(recorded)) is not None
        ]
        for (a, _, low), (b, _, high) in ((x, y) for x in statements for y in statements if x[0] < y[0]):
            if a != b and abs(low - high) > 1:
                words = {f"{source}: {recorded}" for source, recorded, _ in statements}
                yield Conflict("frequency", subject, other, tuple(sorted(words)))
                break


def frequency_class(text: str) -> int | None:
    """Return 0 (excluded) to 5 (always) for a recorded frequency; None where none, or too few were counted."""
    value = frequency.parse(text)
    if value is None or (value.total is not None and value.total < 5):
        return None
    middle = (value.low + value.high) / 2
    return int(sum(middle >= bound for bound in _BOUNDS))


def _circles(graph: "Graph") -> Iterator[Conflict]:
    for reason in graph.manifest.get("dropped", {}):
        source, _, text = reason.partition(": ")
        if text.endswith("would close a circle"):
            words = text.split()
            yield Conflict("circle", words[0], words[2], (f"{source}: {words[0]} is_a {words[2]}",))


def _identities(graph: "Graph") -> Iterator[Conflict]:
    """Yield the denied exact matches whose two ends another source states to be one, or links."""
    denied = [item for item in graph.relations(predicate="biolink:exact_match") if item.negated]
    for _, group in groupby(denied, key=lambda item: (item.subject, item.object)):
        item = next(group)
        ends = {item.subject, item.object}
        words = {f"{item.source}: not exact_match"}
        for concept in graph.concepts(sorted(ends)):
            other = next(iter(ends - {concept.id}), "")
            names = {other, *graph.concept(other).xrefs} if other else set()
            if names & set(concept.xrefs):
                words.add(f"{concept.source}: {concept.id} lists {min(names & set(concept.xrefs))}")
        stated = graph.relations(subject=list(ends), predicate="biolink:close_match", object=list(ends))
        words.update(
            f"{relation.source}: {relation.subject} close_match {relation.object}"
            for relation in stated
            if not relation.negated
        )
        if len(words) > 1:
            yield Conflict("identity", item.subject, item.object, tuple(sorted(words)))
