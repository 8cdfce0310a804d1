"""Structural neighbours as evidence for a question about a drug.

An item of its own kind ("structure"), graded as computed: the citation checker takes only curated records, so that no
clinical claim can rest on it. It says what is similar, never what follows from that.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from clinweave.knowledge import Draft, Part
from clinweave.predicates import ALIKE
from clinweave.records import Grade, Relation

if TYPE_CHECKING:
    from clinweave.knowledge import Graph
    from clinweave.molecules.drugs.known import KnownDrugs, Neighbour

LEAST = 0.4  # Tanimoto similarity of Morgan bits; unrelated drugs have 0.1 to 0.2
MOST = 6
_ASKS = re.compile(
    r"\b(similar|analog|structur|scaffold|resembl|chemical|derivativ|related drug)", re.IGNORECASE
)


class StructureEvidence:
    """Gives a `Weaver` the drugs that are similar in structure to those that a question names."""

    def __init__(self, graph: "Graph", drugs: "KnownDrugs") -> None:
        self.graph, self.drugs = graph, drugs

    def __call__(self, concepts: Sequence[str], question: str) -> list[Draft]:
        """Return one item for each drug with a structure; ranked first only where the question asks for likeness."""
        score = 1.5 if _ASKS.search(question) else 0.1
        found = []
        for concept in concepts:
            row = self._row(concept)
            if row is not None and (near := self.drugs.similar(self.drugs.smiles[row], MOST, LEAST)):
                found.append(self._draft(concept, row, near, score))
        return found

    def _row(self, concept: str) -> int | None:
        """Return the row of a concept, by any of the identifiers that the graph joined into it."""
        known = [concept, *(one for item in self.graph.concepts([concept]) for one in item.xrefs)]
        rows = [row for one in known if (row := self.drugs.row(one)) is not None]
        return rows[0] if rows else None

    def _draft(self, concept: str, row: int, near: "Sequence[Neighbour]", score: float) -> Draft:
        name = self.drugs.names[row]
        head = (
            f"Drugs similar in structure to {name} (computed, not curated; Tanimoto similarity of Morgan fingerprints; "
            "says nothing about effect or safety): "
        )
        parts = tuple(
            Part(f"{one.name} ({one.similarity:.2f})", (self._relation(concept, one),)) for one in near
        )
        return Draft("structure", head, parts, score)

    def _relation(self, concept: str, near: "Neighbour") -> Relation:
        return Relation(
            concept,
            ALIKE,
            self.graph.resolve(near.id) or near.id,
            "structures",
            evidence=f"Tanimoto {near.similarity:.2f}, Morgan radius 2, 2,048 bits",
            grade=Grade.COMPUTED,
            knowledge_level="prediction",
            agent_type="data_analysis_pipeline",
            release=str(self.drugs.about.get("release", "")),
            licence=str(self.drugs.about.get("licence", "")),
        )
