"""A knowledge base over the hand-made graph, linker and index of `fakes`."""

from clinweave.knowledge_base import KnowledgeBase
from clinweave.models.scripted import ScriptedModel
from tests.knowledge.fakes import RELATIONS, FakeGraph, FakeIndex, FakeLinker


class SmallBase(KnowledgeBase):
    """A `KnowledgeBase` whose parts are made, not opened; everything else is the real one."""

    def __init__(self, model="none", *, relations=RELATIONS, passages=(), audience=None, **options):
        super().__init__(model=model, audience=audience, **options)
        self.__dict__.update(
            graph=FakeGraph(relations), linker=FakeLinker(), index=FakeIndex(passages)
        )  # in the place of the cached properties

    def has(self, part):
        return True


def says(reply, **more):
    """Return a model that always replies so."""
    return ScriptedModel({"rules": [], "otherwise": reply, **more})
