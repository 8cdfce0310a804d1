"""Groups of relations around what a question names, and the order of the records in them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinweave.knowledge.graph import frequency
from clinweave.knowledge.graph.frequency import is_absent
from clinweave.knowledge.graph.profiles import lower_share
from clinweave.knowledge.linking.normalise import words_of
from clinweave.knowledge.query.query import Kind, Query, Topic
from clinweave.records import Grade, Relation

if TYPE_CHECKING:
    from clinweave.knowledge.graph.graph import Graph


@dataclass(frozen=True, slots=True)
class Group:
    """Relations of one predicate around one centre, best first, each with its other end."""

    kind: str  # "relation" | "nearby" | "ranking" | "code"
    centre: str
    predicate: str
    relations: tuple[Relation, ...]
    score: float
    forward: bool = True  # the centre is the subject
    negated: bool = False


def subjects(query: Query, graph: "Graph", *kinds: Kind) -> list[tuple[Topic, list[str]]]:
    """Return the topics of these kinds, each with the ids under which its records may stand."""
    result = []
    for topic in query.of_kind(*kinds):
        if not topic.id:  # named, but no concept of the graph
            continue
        ids = [item for item in topic.senses or (topic.id,) if graph.resolve(item) == item]
        result.append((topic, [topic.id, *(item for item in ids if item != topic.id)]))
    return result


def kinds_of(graph: "Graph", disease: str, most: int = 40) -> list[str]:
    """Return the kinds of a disease, those that bear its name alone if there are any ("... type 2")."""
    below = sorted(graph.descendants(disease))
    words = set(words_of(graph.concept(disease).name))
    named = [item.id for item in graph.concepts(below) if words <= set(words_of(item.name))]
    return (named or below)[:most]


def denied(row: Relation) -> bool:
    """Say whether a record states an absence: a NOT row, "excluded", or seen in nobody."""
    return row.negated or is_absent(row.frequency)


def by_frequency(rows: Iterable[Relation], graph: "Graph") -> tuple[Relation, ...]:
    """Return one record per object, the frequent first: by the lower end of the frequency, then the better known."""
    by_object: dict[str, list[Relation]] = defaultdict(list)
    for row in rows:
        by_object[row.object].append(row)
    best = {
        target: min(
            same,
            key=lambda row: (
                frequency.parse(row.frequency) is None,
                row.grade != Grade.CURATED,
                -lower_share(row.frequency),
            ),
        )
        for target, same in by_object.items()
    }
    order = sorted(
        best,
        key=lambda target: (
            -round(lower_share(best[target].frequency), 4),
            best[target].grade != Grade.CURATED,
            -graph.degree(target),
            target,
        ),
    )
    return tuple(best[target] for target in order)


def with_counts(rows: Iterable[Relation], graph: "Graph") -> tuple[Relation, ...]:
    """Return the records in the order of `by_frequency`, each followed by those of the same object that differ.

    Of one object, records that count patients come first (the most patients first); sources and sexes may disagree.
    """
    rows = list(rows)
    ordered: list[Relation] = []
    for best in by_frequency(rows, graph):
        same = {(row.frequency, row.sex): row for row in rows if row.object == best.object}
        ordered += sorted(
            (row for row in same.values() if row.frequency or len(same) == 1), key=lambda row: -_counted(row)
        )
    return tuple(ordered)


def _counted(row: Relation) -> float:
    """Return how many patients a record counts; 0.5 for a share without a count, 0 without a frequency."""
    stated = frequency.parse(row.frequency)
    if stated is None:
        return 0.0
    return float(stated.total or 0.5)


def by_support(rows: Iterable[Relation], *, forward: bool) -> tuple[Relation, ...]:
    """Return the records by other end, those that most sources and records state first."""
    by_concept: dict[str, list[Relation]] = defaultdict(list)
    for row in rows:
        by_concept[row.object if forward else row.subject].append(row)

    def strength(item: tuple[str, list[Relation]]) -> tuple[float, ...]:
        same = item[1]
        curated = sum(row.grade == Grade.CURATED for row in same)
        return (-len({row.source for row in same if row.grade == Grade.CURATED}), -curated, -len(same))

    ordered = sorted(by_concept.items(), key=lambda item: (*strength(item), item[0]))
    return tuple(
        row
        for _, same in ordered
        for row in sorted(same, key=lambda row: (row.grade != Grade.CURATED, row.source))
    )
