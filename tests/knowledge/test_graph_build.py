import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clinweave import databases
from clinweave.cli import main
from clinweave.core.artifacts import sha256
from clinweave.core.errors import ClinweaveError, UserError
from clinweave.databases import DATABASES, Database, Record, RowLog
from clinweave.knowledge import Graph, build_graph
from clinweave.knowledge.graph.inputs import as_recorded
from clinweave.records import Concept, Source
from tests.knowledge.graph_fixture import DISEASE, build


def read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    """Read one concept a line; a line without one is refused, "boom" is a crash in the middle."""
    for number, line in enumerate(files["toy.txt"].read_text().splitlines(), 1):
        if line == "boom":
            raise ClinweaveError("crash")
        if ":" not in line:
            log.drop("toy.txt", number, "no identifier")
        else:
            yield Concept(line, DISEASE, f"name of {line}", "toy")


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, dict[str, Path]]:
    source = Source("toy", "Toy", "infores:toy", "1", "CC0", "")
    base = Database("toy", "TOY", ("toy.txt",), lambda files: source, read)
    monkeypatch.setitem(databases.DATABASES, "toy", base)
    (tmp_path / "toy.txt").write_text("TOY:1\nTOY:2\nrubbish\n")
    return {"toy": {"toy.txt": tmp_path / "toy.txt"}}


def test_build_resume_and_rebuild(toy: dict[str, dict[str, Path]], tmp_path: Path) -> None:
    told: list[str] = []
    first = build_graph(toy, tmp_path / "g", progress=told.append)
    assert first.fresh
    assert "reading Toy" in told
    assert first.manifest["counts"]["concepts"] == 2
    assert first.manifest["dropped"] == {"toy: toy.txt: no identifier": 1}
    assert first.manifest["examples"] == [["toy.txt", 3, "no identifier"]]
    assert first.manifest["inputs"] == {"toy/toy.txt": sha256(tmp_path / "toy.txt")}
    assert not build_graph(toy, tmp_path / "g").fresh
    (tmp_path / "toy.txt").write_text("TOY:1\n")
    assert build_graph(toy, tmp_path / "g").fresh
    assert len(Graph.open(tmp_path / "g").names()) == 1


def test_a_crash_leaves_the_old_graph(toy: dict[str, dict[str, Path]], tmp_path: Path) -> None:
    build_graph(toy, tmp_path / "g")
    (tmp_path / "toy.txt").write_text("TOY:1\nboom\n")
    with pytest.raises(ClinweaveError, match="crash"):
        build_graph(toy, tmp_path / "g")
    assert len(Graph.open(tmp_path / "g").names()) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["g", "toy.txt"]


def test_unknown_database_and_missing_file(toy: dict[str, dict[str, Path]], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"'zoo'.*mondo"):
        build_graph({"zoo": {}}, tmp_path / "g")
    with pytest.raises(UserError, match=r"toy\.txt"):
        build_graph({"toy": {"toy.txt": tmp_path / "absent"}}, tmp_path / "g")
    assert not (tmp_path / "g").exists()


def test_a_file_that_states_no_release_is_of_what_was_fetched(tmp_path: Path) -> None:
    path = tmp_path / "positive.sssom.tsv"
    path.write_text("subject_id\tpredicate_id\tobject_id\nMESH:D1\tskos:exactMatch\tMONDO:1\n", "utf-8")
    files = {path.name: path}
    source = DATABASES["sssom"].source(files)
    assert as_recorded(source, files).release == "not stated"
    record = {"release": "7", "licence": "CC0 1.0", "files": {path.name: {}}}
    (tmp_path / "resource.json").write_text(json.dumps(record), "utf-8")
    result = as_recorded(source, files)
    assert (result.release, result.licence) == ("7", "CC0 1.0")
    assert as_recorded(replace(source, release="6"), files).release == "6"
    for unusable in (
        "[]",
        json.dumps(record | {"release": None, "licence": ""}),
        json.dumps(record | {"files": {}}),
    ):
        (tmp_path / "resource.json").write_text(unusable, "utf-8")
        assert as_recorded(source, files) == source


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs `clinweave graph ...` on the made-up graph: (exit code, stdout, stderr)."""
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    build(tmp_path / "home" / "graph")

    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as done:
            main(["graph", *words])
        return int(done.value.code or 0), *capsys.readouterr()  # type: ignore[return-value]

    return run


def test_every_command_gives_one_json_document(ask: Any, tmp_path: Path) -> None:
    def document(*words: str) -> Any:
        code, out, _ = ask(*words, "--json")
        assert code == 0
        return json.loads(out)

    assert document("info")["counts"]["concepts"] == 13
    shown = document("show", "OMIM:100", "--limit", "2")
    assert shown["concept"]["id"] == "MONDO:0000010"
    assert len(shown["relations"]) == 2 < shown["count"]
    assert {"sentence", "source", "release", "licence", "grade"} <= set(shown["relations"][0])
    assert document("search", "spider")[0]["id"] == "HP:0000002"
    assert document("path", "MRB1", "Long fingers")[0][1]["predicate"] == "biolink:has_phenotype"
    assert document("export", "--kgx", str(tmp_path / "kgx"))["rows"]["nodes"] == 13
    again = document("import", "--kgx", str(tmp_path / "kgx"), "--out", str(tmp_path / "again"))
    assert again["fresh"]
    assert document("info", "--graph", str(tmp_path / "again"))["counts"] == document("info")["counts"]


def test_every_command_prints_for_people(ask: Any, tmp_path: Path) -> None:
    for words, expected in (
        (("info",), "licence of hpoa"),
        (("show", "marble syndrome"), "Marble syndrome has the feature Long fingers in 7 of 12 patients."),
        (("search", "zebra"), "nothing found"),
        (("path", "MRB1", "Long fingers"), "MRB1 is a gene associated with Marble syndrome."),
        (("path", "CHEBI:1", "Long fingers"), "no path of at most 4 relations is recorded"),
        (("export", "--kgx", str(tmp_path / "kgx")), "edges"),
    ):
        code, out, _ = ask(*words)
        assert code == 0
        assert expected in " ".join(out.split())


def test_an_unknown_concept_ends_with_2_and_a_hint(ask: Any) -> None:
    for words in (("show", "MONDO:0000011"), ("path", "MRB1", "Marbel syndrome")):
        code, out, err = ask(*words)
        assert (code, out) == (2, "")
        assert "MONDO:0000010 (Marble syndrome)" in err


def test_no_graph_names_the_mend(ask: Any, tmp_path: Path) -> None:
    code, _, err = ask("info", "--graph", str(tmp_path / "none"))
    assert code == 2
    assert "clinweave graph build" in err
