"""`compare --graph`: the questions are asked in a graph that was built before, and nothing of it is changed."""

from clinweave.evaluation.knowledge_bases import KnowledgeBaseBuilder
from tests.knowledge.graph_fixture import build


def test_a_given_graph_is_used_as_it_is(tmp_path):
    graph = build(tmp_path / "mine")
    before = sorted(item.name for item in (tmp_path / "mine").iterdir())
    base = KnowledgeBaseBuilder(tmp_path / "home", (), lambda _: None, str(tmp_path / "mine")).default()
    assert base.graph_key == graph.manifest["key"]
    assert base.graph.find("Marble syndrome") == "MONDO:0000010"
    assert [hit.passage.title for hit in base.index.search("fingers")] == ["Long fingers"]
    assert sorted(item.name for item in (tmp_path / "mine").iterdir()) == before
    assert (tmp_path / "home" / "knowledge-bases" / f"graph-{base.graph_key}" / "index").is_dir()
    assert not (tmp_path / "home" / "graph").exists()
