"""A knowledge base without its language model: what the sources say is shown before a model has written anything."""

from clinweave.knowledge_base import KnowledgeBase


class SourcesAlone(KnowledgeBase):
    """A view of a knowledge base that shares its opened parts and asks no model."""

    def __init__(self, base: KnowledgeBase) -> None:
        for part, names in (("graph", ("graph", "linker")), ("index", ("index",))):
            for name in names if base.has(part) else ():
                getattr(base, name)  # opened once, in the knowledge base that is shared
        vars(self).update(vars(base))
        self._address = "none"
        self._opened_model = None
