"""A retriever is one module: registered by name, used by `ask`, by the command line's option, and as an arm."""

import sys
import tomllib
from pathlib import Path

import pytest

from clinweave.core.errors import UserError
from clinweave.evaluation.comparison import find_condition, in_report_order
from clinweave.evaluation.comparison.conditions import EvidenceProvider
from clinweave.knowledge import ContextBuilder, open_retriever, parse_retrievers, retriever_names
from clinweave.records import Question
from tests.knowledge.fakes import FakeGraph, FakeIndex, FakeLinker
from tests.knowledge.small_base import SmallBase

EXAMPLE = Path(__file__).parents[2] / "examples" / "plugin"


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install the example package: its module, and its entry point as an installer writes it."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]
    info = tmp_path / "clinweave_almanac-1.0.dist-info"
    info.mkdir()
    name, version = project["name"], project["version"]
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", "utf-8")
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{key} = {value}" for key, value in points.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n", "utf-8")
    monkeypatch.syspath_prepend(str(EXAMPLE / "src"))
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    for name in [name for name in sys.modules if name.startswith("clinweave_almanac")]:
        del sys.modules[name]


def test_names_and_aliases():
    assert {"graph", "text"} <= set(retriever_names())
    assert parse_retrievers("graph, text,graph") == ("graph", "text")
    assert parse_retrievers("both") == ("graph", "text")
    assert parse_retrievers("none") == parse_retrievers("") == ()
    with pytest.raises(UserError, match=r"no retriever 'grph'; did you mean 'graph'\?"):
        parse_retrievers("grph")


def test_the_parts_are_those_of_the_knowledge_base():
    result = open_retriever("graph", SmallBase()).retrieve(_query("features of Alpha syndrome"), limit=3)
    assert 0 < len(result) <= 3
    assert all(item.relations for item in result)


def test_an_installed_retriever_answers(installed):
    assert "almanac" in retriever_names()
    answer = SmallBase().ask("When was Alpha syndrome described?", retrievers=("almanac",))
    assert "first described in 1931" in answer.text
    assert answer.evidence[0].passage.document == "almanac.txt"


def test_an_installed_retriever_is_a_condition_of_a_comparison(installed):
    condition = find_condition("graph+almanac")
    assert (condition.retrievers, condition.title) == (("graph", "almanac"), "+ graph and almanac")
    assert in_report_order(["lookup", "almanac", "base"]) == ["base", "almanac", "lookup"]
    base = SmallBase()
    context_builder = ContextBuilder(
        FakeGraph(), FakeLinker(), FakeIndex(), open_other=lambda name: open_retriever(name, base)
    )
    provider = EvidenceProvider(context_builder, lambda text: len(text.split()), 60)
    question = Question("q", "t", "When do the features of Alpha syndrome begin?", ("a", "b"), 0)
    kinds = [item.kind for item in provider.evidence(condition, question, ()).items]
    assert kinds[-1] == "passage"
    assert "relation" in kinds
    with pytest.raises(UserError, match="no condition, control or retriever is called 'alamanc'"):
        find_condition("alamanc")


def _query(text):
    from clinweave.knowledge import parse_query

    return parse_query(text, graph=FakeGraph(), linker=FakeLinker())
