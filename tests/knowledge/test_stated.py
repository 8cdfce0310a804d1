"""Statements of identity from mappings, merges undone, tiers, which files are read, and mixed releases."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clinweave import databases
from clinweave.cli import main
from clinweave.core.errors import UserError
from clinweave.databases import Database, Record
from clinweave.knowledge import Graph, build_graph, graph_inputs
from clinweave.knowledge.graph.identity import Node, merge_identifiers
from clinweave.knowledge.graph.inputs import files_of, mixed_releases, reader_versions
from clinweave.knowledge.graph.stated import read_apart
from clinweave.records import Concept, Grade, Relation, Source, Tier

DISEASE = "biolink:Disease"
EXACT = "biolink:exact_match"


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Return a function that builds a graph of records by database id; gated where the id begins so."""

    def build(records: dict[str, list[Record]], apart: Path | None = None) -> Graph:
        files = {}
        for name, items in records.items():
            tier = Tier.GATED if name.startswith("gated") else Tier.PUBLIC
            source = Source(name, name, f"infores:{name}", "1", "CC0", "", tier)
            base = Database(name, "", (f"{name}.txt",), lambda _, s=source: s, lambda _, __, i=items: iter(i))
            monkeypatch.setitem(databases.DATABASES, name, base)
            path = tmp_path / f"{name}.txt"
            path.write_text(repr(items))
            files[name] = {path.name: path}
        return Graph.open(build_graph(files, tmp_path / "g", apart=apart).path)

    return build


def match(subject: str, target: str, *, negated: bool = False, grade: Grade = Grade.CURATED) -> Relation:
    return Relation(subject, EXACT, target, "maps", negated=negated, grade=grade)


BOTH: dict[str, list[Record]] = {
    "one": [Concept("MONDO:0000001", DISEASE, "knee wobble", "one")],
    "other": [Concept("MESH:D000001", DISEASE, "Wobble of Knee", "other")],
}


def test_a_curated_exact_match_joins(made: Any) -> None:
    graph = made({**BOTH, "maps": [match("MESH:D000001", "MONDO:0000001")]})
    assert graph.resolve("MESH:D000001") == "MONDO:0000001"
    assert graph.merges().to_pylist()[0]["source"] == "maps"


@pytest.mark.parametrize(
    "rows",
    [
        [match("MESH:D000001", "MONDO:0000001", grade=Grade.CLASS_INFERRED)],
        [match("MESH:D000001", "MONDO:0000001"), match("MONDO:0000001", "MESH:D000001", negated=True)],
    ],
    ids=["by a program", "denied elsewhere"],
)
def test_other_matches_do_not(made: Any, rows: list[Relation]) -> None:
    graph = made({**BOTH, "maps": rows})
    assert graph.resolve("MESH:D000001") == "MESH:D000001"
    assert len(graph.merges()) == 0


def test_a_merge_is_undone_by_a_list(made: Any, tmp_path: Path) -> None:
    records: dict[str, list[Record]] = {
        "one": [Concept("MONDO:0000001", DISEASE, "knee wobble", "one", xrefs=("OMIM:100001",))],
        "other": [Concept("OMIM:100001", DISEASE, "KNEE WOBBLE", "other")],
    }
    graph = made(records)
    assert graph.resolve("OMIM:100001") == "MONDO:0000001"
    listed = tmp_path / "unmerge.tsv"
    listed.write_text(
        "id\tcanonical\tbecause\n" + "\t".join(list(graph.merges().to_pylist()[0].values())[:3]) + "\n"
    )
    graph = made(records, listed)
    assert graph.resolve("OMIM:100001") == "OMIM:100001"
    assert [item.predicate for item in graph.about("OMIM:100001")] == ["biolink:close_match"]


def test_apart_holds_by_way_of_a_third() -> None:
    nodes = [
        Node("MONDO:1", DISEASE, "a", ("OMIM:1", "DOID:1")),
        Node("DOID:1", DISEASE, "b"),
        Node("OMIM:1", DISEASE, "c"),
    ]
    assert set(merge_identifiers(nodes)[0]) == {"DOID:1", "OMIM:1"}
    assert set(merge_identifiers(nodes, {("OMIM:1", "DOID:1")})[0]) == {"DOID:1"}


def test_where_databases_disagree_the_leading_one_counts() -> None:
    nodes = [
        Node("MONDO:1", DISEASE, "mondo", ("ORPHA:1",)),
        Node("MONDO:2", DISEASE, "mondo"),
        Node("ORPHA:1", DISEASE, "orphanet", ("MONDO:2",)),
    ]
    assert merge_identifiers(nodes)[0] == {"ORPHA:1": "MONDO:1"}
    assert merge_identifiers(reversed(nodes))[0] == {"ORPHA:1": "MONDO:1"}
    silent = [
        Node("MONDO:2", DISEASE, "mondo"),
        Node("DOID:1", DISEASE, "doid", ("ORPHA:1",)),
        Node("ORPHA:1", DISEASE, "orphanet", ("MONDO:2",)),
    ]
    assert merge_identifiers(silent)[0] == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "first line"), ("a\tb\n", "id and canonical"), ("id\tcanonical\nMONDO:1\tnone\n", "row 2")],
)
def test_a_list_that_cannot_be_read_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "u.tsv"
    path.write_text(text)
    with pytest.raises(UserError, match=said):
        read_apart(path)


def test_the_strictest_tier_travels_to_what_was_joined(made: Any) -> None:
    records = {
        "one": [Concept("MONDO:0000001", DISEASE, "knee wobble", "one", xrefs=("UMLS:C1",))],
        "gated_two": [
            Concept("UMLS:C1", DISEASE, "Secret name", "gated_two"),
            Concept("UMLS:C2", DISEASE, "x", "gated_two"),
        ],
        "three": [Concept("MONDO:0000003", DISEASE, "another", "three")],
    }
    graph = made(records)
    tiers = {item.id: item.tier for item in graph.concepts(["MONDO:0000001", "UMLS:C2", "MONDO:0000003"])}
    assert tiers == {"MONDO:0000001": "gated", "UMLS:C2": "gated", "MONDO:0000003": "public"}
    assert graph.manifest["tier"] == "gated"


def test_mixed_releases_are_said() -> None:
    def source(name: str, release: str) -> Source:
        return Source(name, name, "", release, "", "")

    assert mixed_releases({"hpo": source("hpo", "2031"), "hpoa": source("hpoa", "2031")}) == []
    (output,) = mixed_releases({"hpo": source("hpo", "2031"), "hpoa": source("hpoa", "2030")})
    assert "2030" in output
    assert "2031" in output


def test_a_graph_is_built_again_when_the_version_of_its_reader_is_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clinweave.databases import DATABASES

    versions = reader_versions(["hpo", "hgnc"])
    assert versions == reader_versions(["hgnc", "hpo"])
    monkeypatch.setitem(DATABASES, "hgnc", replace(DATABASES["hgnc"], version=99))
    assert reader_versions(["hpo"]) == {name: versions[name] for name in ("hpo", "shared")}
    assert reader_versions(["hgnc"])["hgnc"] == 99
    table = tmp_path / "hgnc_complete_set.txt"
    monkeypatch.setitem(DATABASES, "tiny", _tiny(1))
    table.write_text("x", "utf-8")
    files = {"tiny": {"tiny.txt": table}}
    assert build_graph(files, tmp_path / "graph").fresh
    assert not build_graph(files, tmp_path / "graph").fresh
    monkeypatch.setitem(DATABASES, "tiny", _tiny(2))
    assert build_graph(files, tmp_path / "graph").fresh


def _tiny(version: int) -> Database:
    source = Source("tiny", "tiny", "", "1", "CC0", "")
    concept = Concept("MONDO:1", "biolink:Disease", "alpha", "tiny")
    return Database(
        "tiny", "MONDO", ("tiny.txt",), lambda _: source, lambda *_: iter([concept]), version=version
    )


def test_files_of_a_folder_with_packed_names(tmp_path: Path) -> None:
    (tmp_path / "en_product1.xml.gz").write_bytes(b"")
    (tmp_path / "notes.txt").write_bytes(b"")
    assert set(files_of("orphanet", tmp_path)) == {"en_product1.xml"}
    assert files_of("orphanet", tmp_path / "notes.txt") == {"en_product1.xml": tmp_path / "notes.txt"}
    with pytest.raises(UserError, match=r"lacks MRCONSO\.RRF"):
        files_of("umls", tmp_path)
    with pytest.raises(UserError, match="no such file"):
        files_of("umls", tmp_path / "absent")


def test_folders_given_for_one_database_are_all_read(tmp_path: Path) -> None:
    from clinweave.databases import DATABASES, RowLog

    row = {"predicate": "biolink:treats", "quote": "q", "document": "PMID:1", "tier": "public"}
    for folder, made in (("one/out", "way 1"), ("two/out", "way 2"), ("three", "way 3")):
        place = tmp_path / folder
        place.mkdir(parents=True)
        lines = {**row, "subject": "CHEBI:1", "object": f"MONDO:000000{made[-1]}", "model": made}
        (place / "proposals.jsonl").write_text(json.dumps(lines) + "\n", "utf-8")
    folders = [tmp_path / item for item in ("one/out", "two/out", "three", "three")]
    files = graph_inputs(["proposals"], [("proposals", item) for item in folders], tmp_path)["proposals"]
    assert len(files) == 3
    database = DATABASES["proposals"]
    assert database.source(files).release == "way 1, way 2, way 3"
    assert {item.object for item in database.read(files, RowLog())} == {f"MONDO:000000{n}" for n in "123"}
    for item in ("a", "b"):
        (tmp_path / item).mkdir()
        (tmp_path / item / "en_product1.xml").write_bytes(b"")
    with pytest.raises(UserError, match=r"both .*a/en_product1.xml and .*b/en_product1.xml"):
        graph_inputs(["orphanet"], [("orphanet", tmp_path / "a"), ("orphanet", tmp_path / "b")], tmp_path)


def test_unknown_ids_and_unfetched_releases_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'zoo'"):
        graph_inputs(["zoo"], [], tmp_path)
    with pytest.raises(UserError, match="clinweave fetch hpo"):
        graph_inputs(["all"], [], tmp_path)


def test_build_from_added_files_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    from tests.databases.conftest import SAMPLES

    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    for name in ("hpo", "orphanet"):
        (tmp_path / name).mkdir()
        for file, data in SAMPLES[name].items():
            (tmp_path / name / file).write_bytes(data)
    added = [word for name in ("hpo", "orphanet") for word in ("--add", f"{name}={tmp_path / name}")]
    with pytest.raises(SystemExit) as done:
        main(["graph", "build", "--databases", "hpo,orphanet", *added, "--json"])
    assert done.value.code == 0
    assert '"concepts": 6' in capsys.readouterr().out
    with pytest.raises(SystemExit) as done:
        main(["graph", "build", "--add", "orphanet"])
    assert done.value.code == 2
    assert "ID=PATH" in capsys.readouterr().err
