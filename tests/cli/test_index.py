"""`clinweave index`: build, add, list, search, remove, info; messages where something is missing."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clinweave.cli import index
from clinweave.core.errors import UserError
from clinweave.knowledge import SentenceEncoder
from tests.knowledge.test_vectors import MeaningEncoder


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def run(*arguments: str) -> str:
    result = CliRunner().invoke(index.app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_from_a_folder_to_a_hit_and_away(tmp_path: Path, home: Path) -> None:
    texts = tmp_path / "my texts"
    texts.mkdir()
    (texts / "a.md").write_text("# Glue\n\nGlue is [sticky].")
    (texts / "b.txt").write_text("")
    result = CliRunner().invoke(index.app, ["add", str(texts), "--name", "strict"])
    assert (result.exit_code, "b.txt: empty" in result.stderr) == (1, True)
    run("remove", "strict")
    printed = json.loads(run("add", str(texts), "--skip-unreadable", "--json"))
    assert printed["collection"]["name"] == "my-texts"
    assert printed["collection"]["dropped"] == {"empty": 1}
    assert printed["index"]["parts"]["my-texts"]["passages"] == 1
    assert "(unchanged)" in run("add", str(texts), "--skip-unreadable")
    assert list(json.loads(run("list", "--json"))) == ["my-texts"]
    (hit,) = json.loads(run("search", "sticky", "--json"))["hits"]
    assert (hit["document"], hit["section"], hit["text"]) == ("a.md", "Glue", "Glue is [sticky].")
    assert "[sticky]" in run("search", "sticky")
    assert "nothing was found" in run("search", "unheard")
    assert json.loads(run("info", "--json"))["passages"] == 1
    assert json.loads(run("build", "--json"))["fresh"] is False
    run("remove", "my-texts")
    assert not (home / "index").exists()
    assert json.loads(run("list", "--json")) == {}


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    for command in (["search", "x"], ["info"]):
        with pytest.raises(UserError, match="clinweave index build"):
            run(*command)
    with pytest.raises(UserError, match="clinweave graph build"):
        run("build")
    with pytest.raises(UserError, match="does not exist"):
        run("add", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match="there are: none"):
        run("remove", "nothing")


def test_versions_are_listed_replaced_and_preferred(tmp_path: Path) -> None:
    for name, files in {"old": ["sepsis v1", "sepsis v2"], "new": ["asthma"]}.items():
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / f"{file}.md").write_text(f"{file} text on sepsis and asthma", "utf-8")
    result = CliRunner().invoke(index.app, ["add", str(tmp_path / "old"), "--name", "own"])
    assert result.exit_code == 0
    assert "own/sepsis v1.md: older version (version 1): sepsis v2.md is version 2" in result.stderr
    run("add", str(tmp_path / "new"), "--name", "other")
    assert run("prefer", "own") == "preferred: own\n"
    assert json.loads(run("list", "--json"))["own"]["preferred"] is True
    (hit,) = json.loads(run("search", "sepsis", "--collection", "other", "--json"))["hits"]
    assert hit["document"] == "asthma.md"
    assert "1 documents" in run("replace", "own", str(tmp_path / "new"))
    assert json.loads(run("search", "v2", "--json"))["hits"] == []
    assert run("prefer", "--none") == "preferred: none\n"
    with pytest.raises(UserError, match="not both"):
        run("prefer", "own", "--none")
    with pytest.raises(UserError, match="no collection 'lost'"):
        run("search", "sepsis", "--collection", "lost")


def test_vectors_and_hybrid_search(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = tmp_path / "own"
    texts.mkdir()
    (texts / "a.txt").write_text("Anticoagulants in cardiac disease.")
    (texts / "b.txt").write_text("Pulmonary rehabilitation for the lung.")
    run("add", str(texts))
    with pytest.raises(UserError, match="run `clinweave fetch all-minilm-l6-v2`"):
        run("vectors")
    encoder = MeaningEncoder()
    monkeypatch.setattr(SentenceEncoder, "open", lambda _: encoder)
    with pytest.raises(UserError, match="no collection has vectors: run `clinweave index vectors"):
        run("search", "ticker", "--hybrid")
    assert json.loads(run("vectors", "--json"))["own"]["passages"] == 2
    hits = json.loads(run("search", "ticker", "--hybrid", "--json"))["hits"]
    assert (hits[0]["document"], hits[0]["reason"]) == ("a.txt", "similar meaning (1.00)")
    (texts / "c.txt").write_text("The kidney clears it.")
    run("replace", "own", str(texts))  # what has vectors keeps them up to date
    hits = json.loads(run("search", "renal", "--hybrid", "--json"))["hits"]
    assert hits[0]["document"] == "c.txt"


def test_the_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(UserError, match=r"pip install 'clinweave\[dense\]'"):
        SentenceEncoder(tmp_path / "a", tmp_path / "b", "test")
