import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinweave.core.artifacts import read_manifest, sha256, write_manifest
from clinweave.core.errors import UserError
from clinweave.knowledge import Graph
from clinweave.knowledge.graph.arrays import Net, closure, offsets, shortest_paths, within
from clinweave.knowledge.graph.search import NameSearch, fold
from clinweave.knowledge.graph.tables import broken_cycles, distinct_relations, plain
from clinweave.records import Concept, Grade, Relation
from clinweave.schemas import RELATIONS, table
from tests.knowledge.graph_fixture import DISEASE, FINDING, GENE_OF, HAS, IS_A, RECORDS, SOURCES, build


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return build(tmp_path_factory.mktemp("graph") / "graph")


def test_equal_identifiers_become_one_concept(graph: Graph) -> None:
    marble = graph.concept("OMIM:100")
    assert marble.id == "MONDO:0000010"
    assert marble.name == "Marble syndrome"
    assert "MARBLE SYNDROME; MBS" in marble.synonyms
    assert {"OMIM:100", "ORPHA:7", "UMLS:C1"} <= set(marble.xrefs)
    assert graph.resolve("umls:C1") == graph.resolve("Orphanet:7") == "MONDO:0000010"
    assert graph.concept("DRUGBANK:DB1").id == "CHEBI:1"
    assert graph.concept("CHEBI:1").category == "biolink:Drug"
    assert graph.resolve("HP:0009999") == "HP:0000002"


def test_a_damaged_file_of_names_is_named(tmp_path: Path) -> None:
    file = tmp_path / "search.arrow"
    for content in (b"", b"ARROW1", b"x" * 4000):
        file.write_bytes(content)
        with pytest.raises(UserError, match=r"search\.arrow is damaged"):
            NameSearch(file, None)


def test_one_to_many_is_never_merged(graph: Graph) -> None:
    assert graph.resolve("OMIM:200") == "OMIM:200"
    matches = graph.relations(object="OMIM:200", predicate="biolink:close_match")
    assert {item.subject for item in matches} == {"MONDO:0000020", "MONDO:0000030"}
    assert all(item.grade != Grade.CURATED for item in matches)
    assert graph.resolve("ORPHA:8") == "ORPHA:8"
    loose = graph.relations("MONDO:0000010", "biolink:related_to", "ORPHA:8")
    assert len(loose) == 1
    assert loose[0].grade == Grade.CLASS_INFERRED


def test_codes_are_not_diseases(graph: Graph) -> None:
    assert graph.resolve("ICD10CM:Q1") == "ICD10CM:Q1"
    assert graph.find("marble syndrome") == "MONDO:0000010"
    assert len(graph.relations("MONDO:0000010", object="ICD10CM:Q1")) == 1


def test_every_merge_has_a_reason(graph: Graph) -> None:
    merges = {row["id"]: row for row in graph.merges().to_pylist()}
    assert merges["OMIM:100"]["because"] == "MONDO:0000010 lists OMIM:100"
    assert merges["OMIM:100"]["source"] == "mondo"
    assert "both are called 'marble syndrome'" in merges["ORPHA:7"]["because"]
    assert set(merges) == {"OMIM:100", "ORPHA:7", "DRUGBANK:DB1"}


def test_relations_carry_where_they_come_from(graph: Graph) -> None:
    seen = graph.relations("MONDO:0000010", HAS, "HP:0000002")
    assert [item.frequency for item in seen] == ["7/12", "7/12", "HP:0040281"]
    by_id = {(item.original_subject, item.original_object): item for item in seen}
    assert by_id["OMIM:100", "HP:0009999"].publications == ("PMID:2",)
    assert by_id["ORPHA:7", ""].release == "hpoa-1"
    assert by_id["ORPHA:7", ""].licence == "licence of hpoa"
    assert by_id["ORPHA:7", ""].grade is Grade.CURATED


def test_equal_rows_join_their_publications() -> None:
    rows = [Relation("A:1", HAS, "B:1", "s", pubs) for pubs in (("P:3", "P:1"), ("P:2", "P:1"), ())]
    rows += [Relation("A:1", HAS, "B:1", "t"), Relation("A:0", HAS, "B:2", "s", ("",))]
    result = distinct_relations(plain(table(rows, RELATIONS))).to_pylist()
    assert [(row["subject"], row["source"], row["publications"]) for row in result] == [
        ("A:0", "s", []), ("A:1", "s", ["P:1", "P:2", "P:3"]), ("A:1", "t", []),
    ]  # fmt: skip


def test_rows_without_a_concept_are_counted(graph: Graph) -> None:
    assert graph.manifest["dropped"] == {
        "hpoa: object HP is no known concept": 1,
        "hpoa: subject OMIM is no known concept": 1,
    }
    assert graph.relations(object="HP:0000003", negated=True)[0].subject == "MONDO:0000010"


def test_looking_from_both_ends(graph: Graph) -> None:
    assert graph.relations(object="HP:0000002", predicate=HAS) == [
        item for item in graph.relations(predicate=HAS) if item.object == "HP:0000002"
    ]
    about = graph.about("HP:0000002")
    assert about == graph.relations("HP:0000002") + graph.relations(object="HP:0000002")
    assert graph.about("HP:0000002", limit=2) == about[:2]
    assert graph.relations(["MONDO:0000010", "OMIM:200"], negated=True) == [
        item for item in graph.relations() if item.negated or item.frequency == "HP:0040285"
    ]
    assert graph.relations("MONDO:7777777") == []
    assert graph.relations(predicate="biolink:no_such") == []


def test_classes(graph: Graph) -> None:
    assert graph.parents("MONDO:0000020") == ["MONDO:0000010"]
    assert graph.ancestors("MONDO:0000020") == {"MONDO:0000010", "MONDO:0000001"}
    assert graph.descendants("OMIM:100") == {"MONDO:0000020"}
    assert graph.ancestors("no:such") == frozenset()


def test_paths_avoid_roots_and_negations(graph: Graph) -> None:
    (path,) = graph.paths("HGNC:5", "Long fingers")
    assert [(step.subject, step.object) for step in path] == [
        ("HGNC:5", "MONDO:0000010"), ("MONDO:0000010", "HP:0000002"),
    ]  # fmt: skip
    # HP:0000118 joins all findings and the root all diseases; neither is a connection, and a NOT row is none either
    assert graph.paths("HP:0000002", "HP:0000003", max_length=2) == []
    assert graph.paths("MONDO:0000030", "MONDO:0000010", max_length=2) == []
    assert graph.paths("CHEBI:1", "HP:0000002") == []
    assert graph.paths("HP:0000002", "HP:0000002") == []


def test_a_finding_that_no_patient_had_connects_nothing(tmp_path: Path) -> None:
    records = {
        "mondo": [
            Concept("MONDO:1", DISEASE, "without", "mondo"),
            Concept("MONDO:2", DISEASE, "with", "mondo"),
        ],
        "hpo": [Concept("HP:1", FINDING, "lens", "hpo"), Concept("HGNC:1", "biolink:Gene", "GENE", "hpo")],
        "hpoa": [
            *(Relation("HGNC:1", GENE_OF, disease, "hpoa") for disease in ("MONDO:1", "MONDO:2")),
            Relation("MONDO:1", HAS, "HP:1", "hpoa", frequency="0/3"),
            Relation("MONDO:2", HAS, "HP:1", "hpoa", frequency="0/9"),
            Relation("MONDO:2", HAS, "HP:1", "hpoa", frequency="2/5"),
        ],
    }
    (path,) = build(tmp_path / "g", records).paths("HGNC:1", "HP:1")
    assert [step.object for step in path] == ["MONDO:2", "HP:1"]
    assert path[1].frequency == "2/5"


def test_search(graph: Graph) -> None:
    assert [item.id for item, _ in graph.search("marble syndrome", prefixes=["MONDO"])] == ["MONDO:0000010"]
    assert graph.search("SPIDER  fingers!")[0][0].id == "HP:0000002"
    assert graph.search("fingers long")[0][0].id == "HP:0000002"
    assert graph.search("OMIM:100")[0] == (graph.concept("MONDO:0000010"), 1.0)
    assert graph.search("dissol")[0][0].id == "CHEBI:1"
    assert graph.search("  ?! ") == []
    assert graph.search("zebra") == []
    scores = [score for _, score in graph.search("marble")]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    "query", ["mar", "marble", "syndrome marble", "fingers", "disease", "that", "stone solvent"]
)
def test_search_finds_every_name_that_has_the_words(graph: Graph, query: str) -> None:
    words = fold(query).split()
    expected = {
        row["id"]
        for row in graph.names().to_pylist()
        if all(f" {word}" in fold(row["name"]) for word in words) or fold(row["name"]).startswith(f" {query}")
    }
    assert {item.id for item, _ in graph.search(query, limit=100)} == expected


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ("MONDO:0000011", "MONDO:0000010"),
        ("Marbel syndrome", "Marble syndrome"),
        ("Qqq", "clinweave graph search"),
    ],
)
def test_an_unknown_concept_names_near_ones(graph: Graph, asked: str, named: str) -> None:
    with pytest.raises(UserError, match=named):
        graph.find(asked)
    with pytest.raises(UserError, match=named):
        graph.paths(asked, "HP:0000002")


def test_names_and_passages(graph: Graph) -> None:
    names = {(row["name"], row["id"]): row["kind"] for row in graph.names().to_pylist()}
    assert names["Marble syndrome", "MONDO:0000010"] == "label"
    assert names["marble bone syndrome", "MONDO:0000010"] == "exact"
    assert names["MBS", "MONDO:0000010"] == "abbreviation"
    (passage,) = graph.passages()  # the definition is told once, though the concept has it too
    assert passage.concepts == ("HP:0000002",)
    assert (passage.release, passage.licence) == ("hpo-1", "licence of hpo")


def test_a_definition_without_passage_becomes_one(tmp_path: Path) -> None:
    records = {"mondo": [Concept("MONDO:1", DISEASE, "x", "mondo", definition="Said.", xrefs=("OMIM:1",))],
               "hpoa": [Concept("OMIM:1", DISEASE, "y", "hpoa", definition="Said otherwise.")]}  # fmt: skip
    passages = list(build(tmp_path / "g", records).passages())
    assert [(item.text, item.concepts, item.source) for item in passages] == [
        ("Said.", ("MONDO:1",), "mondo"), ("Said otherwise.", ("MONDO:1",), "hpoa"),
    ]  # fmt: skip


def test_circles_are_broken_and_named(tmp_path: Path) -> None:
    names = ["MONDO:1", "MONDO:2", "MONDO:3"]
    records = {"mondo": [Concept(name, DISEASE, name, "mondo") for name in names]}
    records["mondo"] += [
        Relation(a, IS_A, b, "mondo") for a, b in zip(names, [*names[1:], names[0]], strict=True)
    ]
    graph = build(tmp_path / "g", records)
    assert graph.manifest["dropped"] == {"mondo: MONDO:3 is_a MONDO:1 would close a circle": 1}
    assert all(name not in graph.ancestors(name) for name in names)


def test_same_records_same_bytes(tmp_path: Path) -> None:
    shuffled = {name: list(reversed(rows)) for name, rows in RECORDS.items()}
    for folder, records in (("a", RECORDS), ("b", RECORDS), ("c", shuffled)):
        build(tmp_path / folder, records)
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert "relations.parquet" in files
    for name in files:
        assert sha256(tmp_path / "a" / name) == sha256(tmp_path / "b" / name), name
    assert Graph.open(tmp_path / "c").relations() == Graph.open(tmp_path / "a").relations()


def test_an_undeclared_source_is_refused(tmp_path: Path) -> None:
    bad = [Concept("A:1", DISEASE, "a", "mondo"), Relation("A:1", HAS, "A:1", "elsewhere")]
    with pytest.raises(UserError, match="elsewhere"):
        build(tmp_path / "g", {"mondo": bad})
    assert not (tmp_path / "g").exists()


def test_opening_what_is_no_graph(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="clinweave graph build"):
        Graph.open(tmp_path / "none")
    build(tmp_path / "g")
    (tmp_path / "g" / "concepts.arrow").write_bytes(b"ARROW1 broken")
    with pytest.raises(UserError, match="damaged"):
        Graph.open(tmp_path / "g")


def test_info_names_sources_and_losses(graph: Graph) -> None:
    info = json.loads(json.dumps(graph.info()))
    assert info["counts"] == {"concepts": 13, "relations": len(graph.relations()), "passages": 1, "merges": 3}
    assert info["sources"]["hpoa"]["licence"] == "licence of hpoa"
    assert graph.sources() == SOURCES


EDGES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30)


def _csr(pairs: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    ordered = np.array(sorted(set(pairs)), dtype=np.int64).reshape(-1, 2)
    return offsets(ordered[:, 0], 10), ordered[:, 1]


@settings(deadline=None)
@given(EDGES, st.integers(0, 9))
def test_closure_is_all_that_can_be_reached(pairs: list[tuple[int, int]], start: int) -> None:
    reached: set[int] = set()
    waiting = [start]
    while waiting:
        here = waiting.pop()
        new = {b for a, b in pairs if a == here} - reached
        reached |= new
        waiting += new
    assert set(closure(*_csr(pairs), start).tolist()) == reached - {start}


def _all_shortest(
    pairs: list[tuple[int, int]], open_: set[int], a: int, b: int, most: int
) -> list[tuple[int, ...]]:
    paths = [(a,)]
    for _ in range(most):
        paths = [
            (*path, other)
            for path in paths
            for other in sorted(
                {y for x, y in pairs if x == path[-1]} | {x for x, y in pairs if y == path[-1]}
            )
            if other == b or (other in open_ and other not in path)
        ]
        if result := [path for path in paths if path[-1] == b]:
            return result
    return []


@settings(deadline=None)
@given(EDGES, st.sets(st.integers(0, 9)), st.integers(0, 9), st.integers(0, 9), st.integers(1, 5))
def test_shortest_paths_are_those_of_brute_force(
    pairs: list[tuple[int, int]], open_: set[int], a: int, b: int, most: int
) -> None:
    pairs = [(x, y) for x, y in pairs if x != y]
    start, targets = _csr(pairs + [(y, x) for x, y in pairs])
    cost = np.log1p(np.diff(start))
    net = Net(start, targets, np.isin(np.arange(10), list(open_)), cost)
    expected = [(a,)] if a == b else _all_shortest(pairs, open_ | {a}, a, b, most)
    result = [tuple(path) for path in shortest_paths(net, a, b, most, 1000)]
    assert sorted(result) == sorted(expected)
    tolls = [sum(cost[list(path[1:-1])]) for path in result]
    assert tolls == sorted(tolls)
    best = shortest_paths(net, a, b, most, 2)
    assert [sum(cost[path[1:-1]]) for path in best] == pytest.approx(tolls[:2])


@settings(deadline=None)
@given(EDGES)
def test_no_circle_is_left_and_nothing_else_is_lost(pairs: list[tuple[int, int]]) -> None:
    ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    out = broken_cycles(ends[:, 0], ends[:, 1], 10)
    kept = [pair for pair, lost in zip(pairs, out.tolist(), strict=True) if not lost]
    start, targets = _csr(kept)
    for node in range(10):
        assert all(
            node not in closure(start, targets, int(other))
            for other in targets[start[node] : start[node + 1]]
        )
        assert (node, node) not in kept
    for lost in np.flatnonzero(out):  # each was on a circle of the given rows
        back = closure(*_csr(pairs), int(ends[lost, 1]))
        assert ends[lost, 0] in back or ends[lost, 0] == ends[lost, 1]


@settings(deadline=None)
@given(st.text())
def test_folding_is_stable_and_bounded_by_spaces(text: str) -> None:
    once = fold(text)
    assert once.startswith(" ")
    assert "  " not in once.strip()
    assert fold(once) == once


def test_a_graph_of_an_older_version_is_told(tmp_path):
    folder = build(tmp_path / "graph").path
    whole = pa.ipc.open_file(folder / "concepts.arrow").read_all()
    narrow = whole.drop_columns(["tier"])
    with (
        pa.OSFile(str(folder / "narrow.arrow"), "wb") as sink,
        pa.ipc.new_file(sink, narrow.schema) as writer,
    ):
        writer.write_table(narrow)
    (folder / "narrow.arrow").replace(folder / "concepts.arrow")
    write_manifest(folder, read_manifest(folder) or {})
    with pytest.raises(UserError, match="older clinweave: run `clinweave graph build`"):
        Graph.open(folder)


@given(
    st.sets(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=40),
    st.integers(0, 11),
    st.integers(1, 4),
)
def test_within_is_what_a_plain_walk_finds(pairs: set[tuple[int, int]], node: int, hops: int) -> None:
    ordered = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2)
    result = within(offsets(ordered[:, 0], 12), ordered[:, 1].astype(np.int32), node, hops)
    reached, front = set(), {node}
    for _ in range(hops):
        front = {target for source, target in pairs if source in front}
        reached |= front
    assert result.tolist() == sorted(reached - {node})


def test_near_goes_both_ways_and_not_over_denials(graph: Graph) -> None:
    beside = graph.near("OMIM:100", 1)
    assert "HP:0000002" in beside
    assert "HP:0000003" not in beside  # a NOT row
    assert "OMIM:100" not in graph.near("HP:0000002", 2)
    assert set(beside) < set(graph.near("OMIM:100", 2))
    with pytest.raises(UserError, match="knows no"):
        graph.near("MONDO:9999999")
