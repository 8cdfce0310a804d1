"""What counts as a disagreement of sources, and what does not."""

from pathlib import Path
from typing import Any

import pytest

from clinweave.core.artifacts import stage
from clinweave.knowledge import Graph, conflict_counts, find_conflicts
from clinweave.knowledge.graph.build import assemble
from clinweave.knowledge.graph.conflicts import frequency_class
from clinweave.records import Concept, Relation, Source

FEATURE, TREATS, AGAINST = "biolink:has_phenotype", "biolink:treats", "biolink:contraindicated_in"
KIND = "biolink:subclass_of"
CONCEPTS = [
    Concept("MONDO:1", "biolink:Disease", "one", "a"),
    Concept("MONDO:2", "biolink:Disease", "two", "a"),
    Concept("HP:1", "biolink:PhenotypicFeature", "wobble", "a"),
    Concept("DRUGBANK:DB1", "biolink:Drug", "drug", "a"),
]


@pytest.fixture
def found(tmp_path: Path) -> Any:
    """Return a function that builds a graph of relations of the sources a and b and finds its conflicts."""

    def find(*relations: Relation) -> list[Any]:
        sources = {name: Source(name, name, f"infores:{name}", "1", "CC0", "") for name in "ab"}
        records = {"a": CONCEPTS, "b": list(relations)}
        stage(
            tmp_path / "g", "graph", {}, {"r": repr(relations)}, lambda work: assemble(records, sources, work)
        )
        return find_conflicts(Graph.open(tmp_path / "g"))

    return find


def test_a_statement_and_its_denial(found: Any) -> None:
    (item,) = found(
        Relation("MONDO:1", FEATURE, "HP:1", "a"), Relation("MONDO:1", FEATURE, "HP:1", "b", negated=True)
    )
    assert (item.kind, item.subject, item.object) == ("denied", "MONDO:1", "HP:1")
    assert item.statements == ("a: has_phenotype (curated)", "b: not has_phenotype (curated)")


def test_excluded_counts_as_denied(found: Any) -> None:
    (item,) = found(
        Relation("MONDO:1", FEATURE, "HP:1", "a", frequency="HP:0040281"),
        Relation("MONDO:1", FEATURE, "HP:1", "b", frequency="HP:0040285"),
    )
    assert item.kind == "denied"


def test_treats_and_contraindicated(found: Any) -> None:
    stated = found(
        Relation("DRUGBANK:DB1", TREATS, "MONDO:1", "a"), Relation("DRUGBANK:DB1", AGAINST, "MONDO:1", "b")
    )
    assert [item.kind for item in stated] == ["treats and contraindicated"]
    assert not found(
        Relation("DRUGBANK:DB1", TREATS, "MONDO:1", "a", negated=True),
        Relation("DRUGBANK:DB1", AGAINST, "MONDO:1", "b"),
    )


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("HP:0040281", "HP:0040283", True),
        ("HP:0040281", "HP:0040282", False),  # neighbours
        ("9/10", "HP:0040283", True),
        ("1/1", "HP:0040283", False),  # too few were counted
        ("", "HP:0040283", False),
    ],
)
def test_frequencies(found: Any, one: str, other: str, differ: bool) -> None:
    stated = found(
        Relation("MONDO:1", FEATURE, "HP:1", "a", frequency=one),
        Relation("MONDO:1", FEATURE, "HP:1", "b", frequency=other),
    )
    assert [item.kind for item in stated] == ["frequency"] * differ


def test_one_source_does_not_disagree_with_itself_about_frequency(found: Any) -> None:
    assert not found(
        Relation("MONDO:1", FEATURE, "HP:1", "a", frequency="HP:0040281"),
        Relation("MONDO:1", FEATURE, "HP:1", "a", frequency="HP:0040284"),
    )


def test_a_circle_leaves_the_row_of_the_childs_own_source(found: Any) -> None:
    (item,) = found(Relation("MONDO:1", KIND, "MONDO:2", "b"), Relation("MONDO:2", KIND, "MONDO:1", "a"))
    assert (item.kind, item.statements) == ("circle", ("b: MONDO:1 is_a MONDO:2",))


def test_a_denied_mapping_that_another_source_links(found: Any) -> None:
    stated = found(
        Relation("MONDO:1", "biolink:exact_match", "MONDO:2", "b", negated=True),
        Relation("MONDO:2", "biolink:close_match", "MONDO:1", "a"),
    )
    assert [item.kind for item in stated] == ["identity"]
    assert not found(Relation("MONDO:1", "biolink:exact_match", "MONDO:2", "b", negated=True))


def test_counts_name_every_kind(found: Any) -> None:
    counts = conflict_counts(found())
    assert set(counts.values()) == {0}
    assert list(counts) == ["denied", "treats and contraindicated", "frequency", "circle", "identity"]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("HP:0040285", 0),
        ("HP:0040284", 1),
        ("HP:0040283", 2),
        ("HP:0040282", 3),
        ("HP:0040281", 4),
        ("HP:0040280", 5),
        ("0/20", 0),
        ("x", None),
    ],
)
def test_frequency_classes(text: str, level: int | None) -> None:
    assert frequency_class(text) == level
