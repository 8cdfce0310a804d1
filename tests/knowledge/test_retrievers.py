"""A retriever is one module: registered by name, used by `ask`, by the command line's option, and as an arm."""

import sys

import pytest

from clinweave.errors import UserError
from clinweave.evaluation.arms import EvidenceProvider, find_arm, in_arm_order
from clinweave.knowledge import Weaver, open_retriever, parse_retrievers, retriever_names
from clinweave.records import Question
from tests.knowledge.fakes import FakeGraph, FakeIndex, FakeLinker
from tests.knowledge.small_base import SmallBase

MODULE = '''
from clinweave.records import Evidence, Passage


class Almanac:
    """Returns one passage for every question."""

    name = "almanac"

    def __init__(self, parts):
        self.home = parts.home

    def retrieve(self, query, *, limit):
        text = "Alpha syndrome was first described in 1931."
        passage = Passage("a", text, "Almanac", "almanac.txt", 0, len(text), "almanac")
        return [Evidence("1", "passage", text, 1.0, passage=passage)][:limit]
'''


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Install a package with a retriever: a module, and its entry point as an installer writes it."""
    (tmp_path / "almanac_retriever.py").write_text(MODULE, "utf-8")
    info = tmp_path / "almanac_retriever-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: almanac-retriever\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text(
        "[clinweave.retrievers]\nalmanac = almanac_retriever:Almanac\n", "utf-8"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("almanac_retriever", None)


def test_names_and_aliases():
    assert {"graph", "text"} <= set(retriever_names())
    assert parse_retrievers("graph, text,graph") == ("graph", "text")
    assert parse_retrievers("both") == ("graph", "text")
    assert parse_retrievers("none") == parse_retrievers("") == ()
    with pytest.raises(UserError, match=r"no retriever 'grph'; did you mean 'graph'\?"):
        parse_retrievers("grph")


def test_the_parts_are_those_of_the_knowledge_base():
    found = open_retriever("graph", SmallBase()).retrieve(_query("features of Alpha syndrome"), limit=3)
    assert 0 < len(found) <= 3
    assert all(item.relations for item in found)


def test_an_installed_retriever_answers(installed):
    assert "almanac" in retriever_names()
    answer = SmallBase().ask("When was Alpha syndrome described?", retrievers=("almanac",))
    assert "first described in 1931" in answer.text
    assert answer.evidence[0].passage.document == "almanac.txt"


def test_an_installed_retriever_is_an_arm_of_a_comparison(installed):
    arm = find_arm("graph+almanac")
    assert (arm.retrievers, arm.title) == (("graph", "almanac"), "+ graph and almanac")
    assert in_arm_order(["lookup", "almanac", "base"]) == ["base", "almanac", "lookup"]
    base = SmallBase()
    weaver = Weaver(
        FakeGraph(), FakeLinker(), FakeIndex(), open_other=lambda name: open_retriever(name, base)
    )
    provider = EvidenceProvider(weaver, lambda text: len(text.split()), 60)
    question = Question("q", "t", "What are the features of Alpha syndrome?", ("a", "b"), 0)
    kinds = [item.kind for item in provider.evidence(arm, question, ()).items]
    assert kinds[-1] == "passage"
    assert "relation" in kinds
    with pytest.raises(UserError, match="no arm, control or retriever is called 'alamanc'"):
        find_arm("alamanc")


def _query(text):
    from clinweave.knowledge import parse_query

    return parse_query(text, graph=FakeGraph(), linker=FakeLinker())
