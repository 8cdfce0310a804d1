"""Properties of the semantics of any hierarchy, checked against plain definitions."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinweave.core.errors import UserError
from clinweave.knowledge import Semantics
from clinweave.knowledge.graph.semantics import annotated, closed, structural


@st.composite
def hierarchies(draw: Any) -> tuple[int, list[tuple[int, int]]]:
    """Draw a hierarchy: every class but 0 has one to three parents of a lower number."""
    size = draw(st.integers(1, 18))
    pairs = []
    for child in range(1, size):
        parents = draw(st.sets(st.integers(0, child - 1), min_size=1, max_size=3))
        pairs += [(child, parent) for parent in parents]
    return size, pairs


def above(pairs: list[tuple[int, int]], row: int) -> set[int]:
    result = {row}
    for child, parent in sorted(pairs, reverse=True):
        if child in result:
            result.add(parent)
    return result


def made(size: int, pairs: list[tuple[int, int]], information: Any = None) -> Semantics:
    closure = closed(pairs, size)
    return Semantics(
        tuple(f"X:{row:02}" for row in range(size)),
        closure,
        structural(closure) if information is None else information,
    )


@settings(max_examples=60, deadline=None)
@given(hierarchies())
def test_ancestors_are_those_of_a_plain_walk(drawn: Any) -> None:
    size, pairs = drawn
    semantics = made(size, pairs)
    for row in range(size):
        assert semantics.ancestors(f"X:{row:02}") == sorted(
            f"X:{item:02}" for item in above(pairs, row) - {row}
        )


@settings(max_examples=60, deadline=None)
@given(hierarchies(), st.data())
def test_information_grows_downwards_and_similarity_is_sound(drawn: Any, data: Any) -> None:
    size, pairs = drawn
    notes = data.draw(
        st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, size - 1)), min_size=1, max_size=20)
    )
    closure = closed(pairs, size)
    for information in (structural(closure), annotated(closure, notes)):
        semantics = made(size, pairs, information)
        assert all(information[child] >= information[parent] - 1e-9 for child, parent in pairs)
        assert abs(information[0]) < 1e-9
        a = [f"X:{row:02}" for row in range(size) for _ in range(size)]
        b = [f"X:{row:02}" for _ in range(size) for row in range(size)]
        resnik, lin = semantics.resnik(a, b).reshape(size, size), semantics.lin(a, b).reshape(size, size)
        assert np.allclose(resnik, resnik.T)
        assert np.allclose(lin, lin.T)
        assert np.allclose(np.diag(lin), 1)
        assert lin.min() >= 0
        assert lin.max() <= 1
        for entry in range(size):
            for other in range(size):
                best = max(information[item] for item in above(pairs, entry) & above(pairs, other))
                assert math.isclose(resnik[entry, other], best, abs_tol=1e-9)


@settings(max_examples=40, deadline=None)
@given(hierarchies())
def test_the_most_informative_common_ancestor_leads_the_common_ones(drawn: Any) -> None:
    size, pairs = drawn
    semantics = made(size, pairs)
    for entry in range(size):
        a, b = f"X:{entry:02}", f"X:{size - 1:02}"
        common = semantics.common(a, b)
        assert set(common) == {f"X:{item:02}" for item in above(pairs, entry) & above(pairs, size - 1)}
        assert semantics.most_informative([a], [b]) == common[:1]


def test_annotation_counts_things_once() -> None:
    closure = closed([(1, 0), (2, 0)], 3)
    information = annotated(closure, [("a", 1), ("a", 1), ("b", 2), ("c", 2), ("d", 0)])
    assert np.allclose(information, [0, math.log(4), math.log(2)])


def test_many_pairs_are_compared_in_parts() -> None:
    semantics = made(3, [(1, 0), (2, 0)])
    size = 10_000
    assert np.allclose(semantics.resnik(["X:01"] * size, ["X:02"] * size), 0)


def test_unknown_classes_and_uneven_pairs_are_refused() -> None:
    semantics = made(2, [(1, 0)])
    with pytest.raises(UserError, match="X:99"):
        semantics.ancestors("X:99")
    with pytest.raises(UserError, match="2 and 1"):
        semantics.lin(["X:00", "X:01"], ["X:00"])
    with pytest.raises(UserError, match="no annotation"):
        annotated(closed([], 1), [])


def test_of_a_graph(tmp_path: Any) -> None:
    from clinweave.knowledge import Graph
    from tests.knowledge.graph_fixture import build

    build(tmp_path / "g")
    graph = Graph.open(tmp_path / "g")
    leaf = next(
        item["id"]
        for item in graph.names().to_pylist()
        if item["id"].startswith("HP:") and graph.parents(item["id"])
    )
    root = sorted(graph.ancestors(leaf), key=lambda curie: len(graph.ancestors(curie)))[0]
    semantics = Semantics.of(graph, root)
    assert set(semantics.ids) == {root, *graph.descendants(root)}
    assert set(semantics.ancestors(leaf)) == set(graph.ancestors(leaf)) & set(semantics.ids)
    assert Semantics.of(graph, root, annotations="biolink:has_phenotype").ids == semantics.ids
