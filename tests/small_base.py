"""A knowledge base without a graph's folder, for comparisons in tests."""

from clinweave.evaluation.comparison import study
from clinweave.records import Tier


def use_small_base(monkeypatch, tmp_path, context_builder):
    """Let every comparison use the given context builder and an empty home, and build no graph."""

    class Small:
        graph_key, index_key, graph_path, key = "g", "i", tmp_path / "graph", "k"
        tier = Tier.PUBLIC

        def sources(self):
            return {}

    class Builder:
        def __init__(self, *_):
            pass

        def default(self):
            return Small()

    Small.context_builder = context_builder
    monkeypatch.setattr(study, "KnowledgeBaseBuilder", Builder)
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
