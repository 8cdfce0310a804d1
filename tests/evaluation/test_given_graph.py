"""`compare --graph`: the questions are asked in a graph that was built before, and nothing of it is changed."""

from clinweave.evaluation.worlds import Worlds
from tests.knowledge.graph_fixture import build


def test_a_given_graph_is_used_as_it_is(tmp_path):
    graph = build(tmp_path / "mine")
    before = sorted(item.name for item in (tmp_path / "mine").iterdir())
    world = Worlds(tmp_path / "home", (), lambda _: None, str(tmp_path / "mine")).usual()
    assert world.graph_key == graph.manifest["key"]
    assert world.graph.find("Marble syndrome") == "MONDO:0000010"
    assert [hit.passage.title for hit in world.index.search("fingers")] == ["Long fingers"]
    assert sorted(item.name for item in (tmp_path / "mine").iterdir()) == before
    assert (tmp_path / "home" / "worlds" / f"graph-{world.graph_key}" / "index").is_dir()
    assert not (tmp_path / "home" / "graph").exists()
