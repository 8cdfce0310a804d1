"""The Python API on a small knowledge base that is really built; damaged and empty ones."""

import doctest
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import clinweave
from clinweave.cli import main
from clinweave.core.errors import UserError
from clinweave.knowledge import Graph, Linker, add_collection, build_home_index
from clinweave.records import Concept, Relation
from tests.applications.diagnosis.conftest import hpoa, obo
from tests.knowledge.graph_fixture import DISEASE, FINDING, GENE_OF, HAS, build

PAGE = Path(__file__).parents[1] / "docs" / "python_api.md"
QUESTION = "Which gene is associated with Marfan syndrome?"
RECORDS = {
    "mondo": [Concept("MONDO:0007947", DISEASE, "Marfan syndrome", "mondo")],
    "hpo": [Concept("HP:0001166", FINDING, "Arachnodactyly", "hpo", ("Long fingers",))],
    "hgnc": [Concept("HGNC:3603", "biolink:Gene", "FBN1", "hgnc")],
    "hpoa": [
        Relation("MONDO:0007947", HAS, "HP:0001166", "hpoa", ("PMID:1",), "7/12"),
        Relation("HGNC:3603", GENE_OF, "MONDO:0007947", "hpoa", ("PMID:2",)),
    ],
}
TEXT = "# Marfan syndrome\n\nLosartan slows the widening of the aorta in Marfan syndrome.\n"


def built(home, records=RECORDS, text=TEXT):
    """Build graph, vocabulary and index below `home`."""
    graph = build(home / "graph", records)
    linker = Linker.open(graph)
    if text:
        (home / "notes.md").write_text(text, "utf-8")
        add_collection(home / "notes.md", home, name="notes", licence="CC0")
    build_home_index(graph, linker, home)
    return home


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return built(tmp_path_factory.mktemp("home"))


def test_the_examples_of_the_page_are_true(home, tmp_path, monkeypatch):
    monkeypatch.setenv("CLINWEAVE_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    reply = "The gene FBN1 is associated with Marfan syndrome [1]. It is caused by glue [1]."
    (tmp_path / "model.json").write_text(json.dumps({"otherwise": reply}), "utf-8")
    (tmp_path / "hp.obo").write_text(obo(), "utf-8")
    (tmp_path / "phenotype.hpoa").write_text(hpoa(), "utf-8")
    text = PAGE.read_text("utf-8")
    examples = doctest.DocTestParser().get_doctest(text, {"release": tmp_path}, "python_api.md", str(PAGE), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL)
    assert len(examples.examples) > 15
    assert runner.run(examples).failed == 0
    first = text.split("```python\n")[1].split("```")[0]
    printed = subprocess.run([sys.executable, "-c", first], capture_output=True, text=True, check=True)
    assert "FBN1" in printed.stdout


def test_collections_and_another_graph(home, tmp_path):
    other = build(tmp_path / "other", {**RECORDS, "hpoa": RECORDS["hpoa"][:1]})
    with clinweave.open(home, collections=["notes"], graph=tmp_path / "other") as base:
        assert base.graph.manifest["key"] == other.manifest["key"]
        assert base.ask(QUESTION, retrievers=["graph"]).abstained  # the other graph has no gene of it
        assert {hit.passage.source for hit in base.search("Marfan syndrome")} == {"notes"}
    with (
        clinweave.open(home, collections=["lost"]) as base,
        pytest.raises(UserError, match="there are: notes"),
    ):
        base.search("Marfan syndrome")
    with clinweave.open(home, graph=tmp_path / "none") as base, pytest.raises(UserError, match="no graph at"):
        base.ask(QUESTION)


def test_importing_is_quick_and_loads_nothing(home):
    loaded = "sorted(set(sys.modules) & {'numpy', 'pyarrow', 'typer'})"
    code = f"import sys, clinweave; kb = clinweave.open(); print({loaded})"
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert time.perf_counter() - started < 3


def test_parts_open_once_and_only_when_needed(home, monkeypatch):
    opened = []
    real = Graph.open
    monkeypatch.setattr(Graph, "open", lambda path: opened.append(path) or real(path))
    kb = clinweave.open(home)
    assert kb.ask("I want to kill myself").guardrail
    assert opened == []
    for _ in range(3):
        kb.ask(QUESTION)
    assert len(opened) == 1


def test_the_same_question_gives_the_same_answer(home):
    first, again = (clinweave.open(home).ask(QUESTION) for _ in range(2))
    assert (first.text, first.statements, first.evidence) == (again.text, again.statements, again.evidence)
    assert {item.passage.source for item in first.evidence if item.passage} <= {"notes", "hpo"}


def test_threads_may_ask_at_once(home):
    from concurrent.futures import ThreadPoolExecutor

    kb = clinweave.open(home)
    with ThreadPoolExecutor(4) as pool:
        texts = set(pool.map(lambda _: kb.ask(QUESTION).text, range(12)))
    assert len(texts) == 1


def test_an_empty_graph_and_a_question_without_a_known_concept(tmp_path, home):
    empty = built(tmp_path, {"mondo": [Concept("MONDO:1", DISEASE, "nothing", "mondo")]}, text="x\n")
    for kb, question in ((clinweave.open(empty), QUESTION), (clinweave.open(home), "what of zorglub")):
        answer = kb.ask(question)
        assert answer.abstained
        assert answer.statements == ()
        assert answer.text


@pytest.mark.parametrize("part", ["graph", "index"])
@pytest.mark.parametrize("how", ["truncate", "zero", "remove", "empty folder", "manifest"])
def test_a_damaged_part_is_one_clear_line(tmp_path, home, part, how, monkeypatch, capsys):
    copy = tmp_path / "home"
    shutil.copytree(home, copy)
    folder = copy / part
    if how == "empty folder":
        shutil.rmtree(folder)
        folder.mkdir()
    elif how == "manifest":
        (folder / "manifest.json").write_text("{", "utf-8")
    else:
        for path in sorted(folder.rglob("*.arrow")):
            if how == "remove":
                path.unlink()
            elif how == "truncate":
                path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
            else:
                path.write_bytes(bytes(path.stat().st_size))
    before = sorted((path, path.stat().st_mtime_ns) for path in folder.rglob("*"))
    monkeypatch.setenv("CLINWEAVE_HOME", str(copy))
    with pytest.raises(SystemExit) as stop:
        main(["ask", QUESTION])
    shown = capsys.readouterr()
    assert stop.value.code == 2
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert part in shown.err
    assert sorted((path, path.stat().st_mtime_ns) for path in folder.rglob("*")) == before


def test_diagnose_reads_ids_and_text(home, tmp_path):
    (tmp_path / "hp.obo").write_text(obo(), "utf-8")
    (tmp_path / "phenotype.hpoa").write_text(hpoa(), "utf-8")
    with pytest.raises(UserError, match="fetch"):
        clinweave.open(home).diagnose(["HP:0000102"])
    line = clinweave.open(home).diagnose(text="No long fingers.", observed=["HP:0000301"], release=tmp_path)
    assert line["ranking"][0]["name"] in {"Epilepsy", "Lens disease, first"}
