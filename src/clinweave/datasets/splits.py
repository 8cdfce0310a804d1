"""Assign diseases and facts to splits by hash: reproducible everywhere, and defined for new diseases too.

Types of one disease share most features, so a family is split as one: the topmost class above a disease that is still
narrow. A disease whose kin stands in another split is left out of training, and so is every broad class.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from clinweave.datasets.distractors import Hierarchy

NARROW = 40  # a class with more kinds below it is broad
LEFT_OUT = "left-out"


class HasClasses(Hierarchy, Protocol):
    """What is needed of a graph here."""


@dataclass
class Splits:
    """Shares of the families and facts; `seed` draws other ones."""

    graph: HasClasses
    seed: int = 0
    held_out: float = 0.15  # of the families: never trained on
    validation: float = 0.05
    held_facts: float = 0.15  # of the facts of the diseases trained on
    _known: dict[str, str] = field(default_factory=dict)
    _below: dict[str, frozenset[str]] = field(default_factory=dict)

    def of(self, concept: str) -> str:
        """Return "train", "validation", "held-out-diseases" or "left-out"."""
        if concept not in self._known:
            self._known[concept] = self._of(concept)
        return self._known[concept]

    def of_fact(self, subject: str, predicate: str, target: str, about: str) -> str:
        """Return the split of one fact about the concept `about`."""
        own = self.of(about)
        if own != "train" or self._draw("fact", subject, predicate, target) >= self.held_facts:
            return own
        return "held-out-facts"

    def family(self, concept: str) -> str:
        """Return the topmost narrow class of a concept, or the concept itself."""
        narrow = {
            above: len(below)
            for above in self.graph.ancestors(concept)
            if len(below := self._under(above)) <= NARROW
        }
        return min(narrow, key=lambda candidate: (-narrow[candidate], candidate), default=concept)

    def _of(self, concept: str) -> str:
        below = self._under(concept)
        if len(below) > NARROW:
            return LEFT_OUT
        own = self._side(concept)
        if own == "held-out-diseases":
            return own
        kin = below | {
            ancestor for ancestor in self.graph.ancestors(concept) if len(self._under(ancestor)) <= NARROW
        }
        return own if all(self._side(ancestor) == own for ancestor in kin) else LEFT_OUT

    def _side(self, concept: str) -> str:
        share = self._draw("family", self.family(concept))
        if share < self.held_out:
            return "held-out-diseases"
        return "validation" if share < self.held_out + self.validation else "train"

    def _under(self, concept: str) -> frozenset[str]:
        if concept not in self._below:
            self._below[concept] = self.graph.descendants(concept)
        return self._below[concept]

    def _draw(self, *parts: str) -> float:
        text = "|".join((str(self.seed), *parts))
        return int.from_bytes(sha256(text.encode()).digest()[:8], "big") / 2**64
