"""Random sampler of names and records of a graph for labelled pairs, reproducible by seed."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from clinweave.core.predicates import SUBCLASS
from clinweave.datasets.citations.templates import TEMPLATES, Split
from clinweave.records import Evidence, Grade, Passage, Relation

if TYPE_CHECKING:
    from clinweave.knowledge import Graph

MAX_RELATIONS = 12  # relations in one cited item

Made = tuple[str, tuple[Evidence, ...]]
Maker = Callable[["GraphSampler", Split], Made | None]


class GraphSampler:
    """Random draws from a graph, repeatable by the seed of its `random`."""

    def __init__(self, graph: "Graph", random: Random) -> None:
        self.graph = graph
        self.random = random
        self._pools: dict[str, list[str]] = {}

    def ids(self, prefix: str) -> list[str]:
        """Return all concept ids of a vocabulary, sorted."""
        return _ids(self.graph, prefix)

    def draw(self, prefix: str, predicate: str, fits: Callable[[Relation], bool]) -> Relation | None:
        """Return one relation of a random subject of the vocabulary, or None where this draw has none that fits."""
        ids = self.ids(prefix)
        if not ids:
            return None
        subject = self.random.choice(ids)
        matching = [item for item in self.graph.relations(subject=subject, predicate=predicate) if fits(item)]
        return self.random.choice(matching) if matching else None

    def name(self, curie: str, *, plain: bool = False) -> str:
        """Return a name of a concept: its label, or one time in four a synonym of two words or more."""
        concept = self.graph.concept(curie)
        if concept.id.startswith("HGNC:"):
            return concept.name
        others = [name for name in concept.synonyms if 6 < len(name) < 60 and " " in name and ";" not in name]
        if others and not plain and self.random.random() < 0.25:
            return self.random.choice(sorted(others))
        return concept.name

    def say(self, split: Split, which: str, subject: str, target: str, **more: str) -> str:
        """Return a sentence from a template of the split."""
        return fill(self.random.choice(TEMPLATES[split][which]), subject, target, **more)

    def cite(self, gold: Relation, *, number: str = "1") -> Evidence:
        """Return an item as the context_builder shows it: the relation among others of its subject and predicate."""
        same = self.graph.relations(subject=gold.subject, predicate=gold.predicate)
        alike = [item for item in same if item.negated == gold.negated and item.grade == gold.grade]
        triple = [
            item for item in alike if item.object == gold.object
        ]  # all records of one fact are shown together
        others = [item for item in alike if item.object != gold.object]
        extra = self.random.sample(others, min(len(others), self.random.randint(0, MAX_RELATIONS)))
        return item_of([*triple, *extra], number=number)

    def siblings(self, curie: str) -> list[str]:
        """Return the other children of a concept's parents."""
        related = {
            child.subject
            for parent in self.graph.parents(curie)
            for child in self.graph.relations(predicate=SUBCLASS, object=parent, limit=200)
        }
        return sorted(related - {curie} - self.graph.ancestors(curie) - self.graph.descendants(curie))

    def holds(self, subject: str, predicate: str, target: str) -> bool:
        """Tell whether any record, of any grade, makes the triple true or denies it, by the closure of the object."""
        below = {target, *self.graph.descendants(target)}
        above = {target, *self.graph.ancestors(target)}
        records = self.graph.relations(subject=subject, predicate=predicate)
        return any(item.object in (above if item.negated else below) for item in records)


def item_of(relations: Sequence[Relation], *, number: str = "1") -> Evidence:
    """Return one evidence item that stands on these relations."""
    return Evidence(number, "relation", "", 1.0, tuple(relations))


def passage_of(passage: Passage, *, number: str = "1") -> Evidence:
    """Return one evidence item that shows a passage."""
    return Evidence(number, "passage", passage.text, 1.0, (), passage)


def fill(template: str, subject: str, target: str, **more: str) -> str:
    """Return the template with its slots filled, its first letter a capital."""
    text = template.format(s=subject, o=target, **more)
    return text[0].upper() + text[1:] if not text[:1].isupper() and text.split(" ")[0].isalpha() else text


def curated(relation: Relation) -> bool:
    """Tell whether a relation is a plain curated yes: not denied, and not looked for in vain."""
    never = relation.frequency == "HP:0040285" or relation.frequency.startswith("0/")
    return relation.grade == Grade.CURATED and not relation.negated and not never


def made_up(subject: str, predicate: str, target: str) -> Relation:
    """Return a record made for a pair, where the graph has none of the predicate."""
    return Relation(subject, predicate, target, source="citation-pairs", release="1", licence="CC0 1.0")


def without_limits(relation: Relation) -> Relation:
    """Return a relation without frequency, sex and onset."""
    return replace(relation, frequency="", sex="", onset="")


def _ids(graph: "Graph", prefix: str) -> list[str]:
    """Return all concept ids of a vocabulary, sorted; read once per graph."""
    pools = _POOLS.setdefault(str(getattr(graph, "path", id(graph))), {})
    if not pools:
        for curie in sorted(set(_all_ids(graph))):
            pools.setdefault(curie.partition(":")[0], []).append(curie)
    return pools.get(prefix, [])


_POOLS: dict[str, dict[str, list[str]]] = {}


def _all_ids(graph: "Graph") -> Iterator[str]:
    yield from graph.names().column("id").to_pylist()
