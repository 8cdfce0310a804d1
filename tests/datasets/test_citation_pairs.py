"""The labelled pairs: their labels hold in the graph, and the checker keeps to its error rate on a made-up one."""

from copy import copy
from dataclasses import replace

import pytest

from clinweave.core.artifacts import home, read_manifest
from clinweave.datasets import citation_pairs
from clinweave.datasets.citations.kinds import KINDS
from clinweave.datasets.citations.templates import DEVELOPMENT, HELD_OUT
from clinweave.knowledge import CitationChecker, Graph, Linker
from clinweave.records import Grade, Passage, Relation, Verdict


@pytest.fixture(scope="module")
def graph():
    if read_manifest(home() / "graph") is None:
        pytest.skip(f"no graph at {home() / 'graph'}: run `clinweave fetch` and `clinweave graph build`")
    return Graph.open(home() / "graph")


@pytest.fixture(scope="module")
def made_up(small_graph):
    """Return the small graph with frequencies, records that are not curated, and passages."""
    world = copy(small_graph)
    world.rows = [
        replace(row, frequency=_FREQUENCIES[index % len(_FREQUENCIES)])
        if row.predicate == "biolink:has_phenotype" and not row.negated
        else row
        for index, row in enumerate(small_graph.rows)
    ]
    world.rows += [
        Relation(
            f"MONDO:{d:03}", "biolink:has_phenotype", f"HP:{d % 15:03}", "made-up", grade=Grade.TEXT_MINED
        )
        for d in range(0, 60, 3)
    ]
    text = "It was seen in {} of 90 patients at this hospital. The disorder is known for slowly progressing weakness."
    texts = [text.format(number) for number in range(40)]
    world.passages = lambda: iter(
        Passage(str(n), text, "t", "d", 0, len(text), "made-up") for n, text in enumerate(texts)
    )
    return world


_FREQUENCIES = ("7/12", "HP:0040281", "", "HP:0040283", "5/20", "HP:0040284", "30/40", "HP:0040282")


def test_on_a_made_up_graph_every_kind_is_made_and_the_checker_keeps_its_rate(made_up):
    pairs = citation_pairs(made_up, n=800, seed=1)
    assert {pair.kind for pair in pairs} >= set(KINDS) - {
        "sibling drug",
        "other role",
        "other kind",
    }  # no tree
    checker = CitationChecker(made_up)
    output = [(pair, checker.check(pair.sentence, pair.evidence)[0]) for pair in pairs]
    false = [verdict == Verdict.SUPPORTED for pair, verdict in output if not pair.supported]
    assert sum(false) <= 0.05 * len(false)
    true = [
        verdict == Verdict.SUPPORTED
        for pair, verdict in output
        if pair.supported and pair.split == "development"
    ]
    assert sum(true) >= 0.9 * len(true)


def test_a_graph_that_holds_nothing_gives_nothing(small_graph):
    bare = copy(small_graph)
    bare.rows, bare.passages = [], lambda: iter(())
    assert citation_pairs(bare, n=80) == []


def test_no_phrasing_is_in_both_sets():
    assert DEVELOPMENT.keys() == HELD_OUT.keys()
    for kind, phrasings in DEVELOPMENT.items():
        assert not set(phrasings) & set(HELD_OUT[kind])


def test_pairs_are_repeatable_labelled_and_of_every_kind(graph):
    pairs = citation_pairs(graph, n=160, seed=3)
    assert pairs == citation_pairs(graph, n=160, seed=3)
    assert pairs != citation_pairs(graph, n=160, seed=4)
    assert {pair.kind for pair in pairs} == set(KINDS)
    assert all(pair.supported == pair.kind.startswith("true") for pair in pairs)
    assert all(pair.evidence and pair.sentence for pair in pairs)
    assert len({pair.id for pair in pairs}) == len(pairs)


def test_corruptions_are_false_in_the_graph(graph):
    for pair in citation_pairs(graph, n=800, seed=5):
        if pair.kind != "other finding":
            continue
        cited = pair.evidence[0].relations
        for item in cited:
            name = graph.concept(item.object).name.rstrip(".")
            assert f" {name}." not in pair.sentence, "the finding said is a recorded one"


def test_false_support_is_under_five_per_cent_and_recall_over_half(graph):
    checker = CitationChecker(graph, Linker.open(graph))
    pairs = citation_pairs(graph, n=1200, seed=7)
    assert len(pairs) >= 1000
    output = {pair.id: checker.check(pair.sentence, pair.evidence)[0] == Verdict.SUPPORTED for pair in pairs}
    false = [output[pair.id] for pair in pairs if not pair.supported]
    assert sum(false) <= 0.05 * len(false)
    for split, least in (("development", 0.9), ("held-out", 0.5)):
        true = [output[pair.id] for pair in pairs if pair.supported and pair.split == split]
        assert sum(true) >= least * len(true)
