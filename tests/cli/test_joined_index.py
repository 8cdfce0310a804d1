"""The index that `clinweave batch index` made is searched by the same commands as the home's, with --index."""

import json

import pytest

from clinweave.cli import main
from clinweave.knowledge_base import open_knowledge_base
from tests.knowledge.graph_fixture import build


@pytest.fixture
def corpus(tmp_path, monkeypatch):
    """Return the folder of an index of three reports in shards, beside a home with a graph and no index."""
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    build(tmp_path / "home" / "graph")
    texts = (
        "Marble syndrome was treated with rest in twelve children.",
        "Pebble disease follows marble exposure in adults.",
        "Long fingers were measured in each child with marble syndrome.",
    )
    rows = [{"id": f"report-{n}", "title": f"Report {n}", "text": text} for n, text in enumerate(texts)]
    source = tmp_path / "corpus.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    call("batch", "index", source, "--out", tmp_path / "made", "--part-size", "100", "--set", "tier=public")
    return tmp_path / "made"


def call(*arguments, code=0):
    with pytest.raises(SystemExit) as stopped:
        main([*map(str, arguments)])
    assert stopped.value.code == code


@pytest.mark.parametrize("below", ["", "joined"])
def test_search_reads_the_index_that_is_named(corpus, capsys, below):
    call("index", "search", "children treated with rest", "--index", corpus / below, "--json")
    hits = json.loads(capsys.readouterr().out)["hits"]
    assert hits[0]["document"] == "report-0"
    assert "treated with rest" in hits[0]["text"]
    call("index", "info", "--index", corpus / below, "--json")
    assert json.loads(capsys.readouterr().out)["passages"] == 3
    call("index", "search", "rest", code=2)  # the home has none
    assert "run `clinweave index build`" in capsys.readouterr().err


def test_ask_quotes_the_index_that_is_named(corpus, capsys):
    question = "What is measured in marble syndrome?"
    call("ask", question, "--knowledge", "text", "--model", "none", "--index", corpus, "--json")
    answer = json.loads(capsys.readouterr().out)
    assert not answer["abstained"]
    assert "Long fingers were measured in each child" in answer["answer"]
    assert open_knowledge_base(index=corpus).search("rest")[0].passage.document == "report-0"


def test_a_folder_without_an_index_is_named(corpus, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    call("ask", "What is marble syndrome?", "--knowledge", "text", "--index", tmp_path / "empty", code=2)
    assert f"there is no text index at {tmp_path / 'empty'}" in capsys.readouterr().err
