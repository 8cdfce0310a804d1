"""Commands on a small knowledge base that is really built: nothing of what they assemble is replaced."""

import json
import sys
from pathlib import Path

import pytest

from tests.safety.calling import clinweave, refused
from tests.test_knowledge_base import QUESTION, built

REPLY = "The gene FBN1 is associated with Marfan syndrome [1]. It is caused by glue [1]."


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("home"))


@pytest.fixture(autouse=True)
def home(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLINWEAVE_HOME", str(made))
    monkeypatch.chdir(tmp_path)
    return made


def document(*arguments: object) -> dict:
    called = clinweave(*arguments, "--json")
    assert called.code == 0, called
    return json.loads(called.out)


def test_ask_answers_from_graph_and_index() -> None:
    answer = document("ask", QUESTION, "--model", "none")
    assert not answer["abstained"]
    assert "FBN1" in answer["answer"]
    assert answer["model"] == "none"
    shown = {name for item in answer["statements"] for name in item["evidence"]}
    evidence = {item["id"]: item for item in answer["evidence"]}
    assert shown <= evidence.keys()
    (relation,) = evidence["1"]["relations"]
    assert (relation["subject"], relation["object"]) == ("HGNC:3603", "MONDO:0007947")
    assert (relation["source"], relation["licence"]) == ("hpoa", "licence of hpoa")


def test_ask_checks_each_sentence_of_a_model(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text(json.dumps({"otherwise": REPLY}), "utf-8")
    answer = document("ask", QUESTION, "--model", "scripted:model.json")
    assert [item["verdict"] for item in answer["sentences"]] == ["supported", "not verified"]
    table = clinweave("ask", QUESTION, "--model", "scripted:model.json").out
    assert "FBN1" in table
    assert "PMID:2" in table
    assert "not verified" in table


def test_ask_reads_the_retrievers_that_it_is_given() -> None:
    question = "What slows the widening of the aorta in Marfan syndrome?"
    by_text = document("ask", question, "--knowledge", "text", "--model", "none")
    assert "Losartan slows the widening of the aorta" in by_text["answer"]
    assert {item["kind"] for item in by_text["evidence"]} == {"passage"}
    by_graph = document("ask", question, "--knowledge", "graph", "--model", "none")
    assert {item["kind"] for item in by_graph["evidence"]} <= {"relation"}


def test_ask_of_a_home_with_nothing_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "empty"))
    assert "clinweave setup" in refused("ask", QUESTION, "--model", "none")


def test_link_writes_a_line_for_each(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "text": "No long fingers. Marfan syndrome."},
        {"id": "b", "text": "Nothing of the kind."},
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    assert clinweave("link", "in.jsonl", "--out", "out.jsonl").code == 0
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [line["id"] for line in lines] == ["a", "b"]
    mentions = {item["id"]: item["status"] for item in lines[0]["mentions"]}
    assert mentions == {"HP:0001166": "absent", "MONDO:0007947": "present"}
    assert lines[1]["mentions"] == []


def test_graph_and_index_commands_read_what_was_built() -> None:
    around = document("graph", "neighbors", "Marfan syndrome")
    assert {"HP:0001166", "HGNC:3603"} <= set(json.dumps(around).replace('"', " ").replace(",", " ").split())
    hits = document("index", "search", "losartan aorta")
    assert "Losartan slows the widening" in json.dumps(hits)
    assert clinweave("check").code == 0


@pytest.mark.parametrize("chosen", [("--structures",), ("--knowledge", "graph,structures")])
def test_a_missing_extra_is_one_line(chosen: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("rdkit", "rdkit.Chem"):
        monkeypatch.setitem(sys.modules, name, None)
    question = "Which drugs are similar to CC(=O)Oc1ccccc1C(=O)O in structure?"
    assert "clinweave[molecules]" in refused("ask", question, "--model", "none", *chosen)
