import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinweave.knowledge.graph.identity import (
    Node,
    aliases,
    is_curie,
    merge_identifiers,
    prefix_of,
    rank,
    spelt,
)

DISEASE = "biolink:Disease"


def node(
    curie: str, *xrefs: str, related: tuple[str, ...] = (), name: str = "", category: str = DISEASE
) -> Node:
    return Node(curie, category, "s", xrefs, related, name)


def test_the_higher_prefix_stands_for_both_whoever_states_it() -> None:
    assert merge_identifiers([node("MONDO:1", "OMIM:1"), node("OMIM:1")])[0] == {"OMIM:1": "MONDO:1"}
    assert merge_identifiers([node("MONDO:1"), node("OMIM:1", "MONDO:1")])[0] == {"OMIM:1": "MONDO:1"}


def test_a_chain_ends_at_the_first_prefix() -> None:
    canonical, merges = merge_identifiers(
        [node("MONDO:1", "OMIM:1"), node("OMIM:1"), node("ORPHA:1", "OMIM:1")]
    )
    assert canonical == {"OMIM:1": "MONDO:1", "ORPHA:1": "MONDO:1"}
    assert [merge.because for merge in merges] == ["MONDO:1 lists OMIM:1", "ORPHA:1 lists OMIM:1"]


def test_a_shared_identifier_joins_only_where_it_is_of_a_trusted_vocabulary() -> None:
    assert merge_identifiers([node("MONDO:1", "OMIM:9"), node("DECIPHER:1", "OMIM:9")])[0] == {
        "DECIPHER:1": "MONDO:1"
    }
    assert merge_identifiers([node("MONDO:1", "UMLS:9"), node("DECIPHER:1", "UMLS:9")])[0] == {}


@pytest.mark.parametrize(
    "nodes",
    [
        [node("MONDO:1", "OMIM:1"), node("MONDO:2", "OMIM:1"), node("OMIM:1")],  # one claimed by two
        [node("MONDO:1"), node("MONDO:2"), node("OMIM:1", "MONDO:1", "MONDO:2")],  # one claims two
        [node("MONDO:1"), node("OMIM:1", "MONDO:1"), node("OMIM:2", "MONDO:1")],  # two claim one
        [node("MONDO:1", "MONDO:2"), node("MONDO:2")],  # one vocabulary does not list a thing twice
        [node("MONDO:1", "HP:1"), node("HP:1", category="biolink:PhenotypicFeature")],
        [node("MONDO:1", "ICD10CM:A1"), node("ICD10CM:A1")],
        [node("MONDO:1", related=("OMIM:1",)), node("OMIM:1")],
        [node("MONDO:1", name="x"), node("OMIM:1", name="x")],  # a name alone
    ],
)
def test_what_stays_apart(nodes: list[Node]) -> None:
    assert merge_identifiers(nodes) == ({}, [])


def test_a_name_confirms_a_stated_link() -> None:
    nodes = [node("MONDO:1", related=("ORPHA:1", "ORPHA:2"), name="Stone disease"),
             node("ORPHA:1", name="stone-disease"), node("ORPHA:2", name="Stone disease 2")]  # fmt: skip
    assert merge_identifiers(nodes)[0] == {"ORPHA:1": "MONDO:1"}
    genes = [Node(item.id, "biolink:Gene", "s", (), item.related, item.name) for item in nodes]
    assert merge_identifiers(genes)[0] == {}


def test_aliases_keep_all_claims_and_prefer_the_home_family() -> None:
    finding = node("HP:1", "OMIM:7", "UMLS:7", category="biolink:PhenotypicFeature")
    assert aliases([finding, node("MONDO:1", "OMIM:7", "UMLS:7", "HP:1")]) == [
        ("OMIM:7", "MONDO:1"), ("UMLS:7", "HP:1"), ("UMLS:7", "MONDO:1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "meant"),
    [("Orphanet:558", "ORPHA:558"), ("omim:1", "OMIM:1"), ("mondo:0000001", "MONDO:0000001"), ("Zoo:1", "Zoo:1"),
     (" MSH:D1 ", "MESH:D1"), ("no curie", "no curie")],
)  # fmt: skip
def test_spellings(written: str, meant: str) -> None:
    assert spelt(written) == meant
    assert spelt(meant) == meant


CURIES = st.builds(
    "{}:{}".format, st.sampled_from(["MONDO", "OMIM", "ORPHA", "MESH", "ZOO"]), st.integers(1, 4)
)
NODES = st.lists(
    st.builds(node, CURIES, CURIES, CURIES, related=st.tuples(CURIES), name=st.sampled_from(["", "a", "b"])),
    max_size=12,
    unique_by=lambda item: item.id,
)


@settings(deadline=None)
@given(NODES, st.randoms())
def test_joining_depends_on_no_order_and_climbs_only(nodes: list[Node], chance: object) -> None:
    canonical, merges = merge_identifiers(nodes)
    mixed = list(nodes)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert merge_identifiers(mixed)[0] == canonical
    known = {item.id for item in nodes}
    for merge in merges:
        assert {merge.id, merge.canonical} <= known
        assert rank(merge.canonical) < rank(merge.id)
        assert merge.canonical not in canonical  # an end, never a step
    assert {merge.id: merge.canonical for merge in merges} == canonical


@settings(deadline=None)
@given(st.text())
def test_curies(text: str) -> None:
    if is_curie(text):
        assert prefix_of(text)
        assert not any(character.isspace() for character in text.partition(":")[2])
