"""Structural neighbours of a drug as evidence for a question.

An item of its own kind ("structure"), graded as computed: the citation checker takes only curated records: no
clinical claim can rest on it. It says what is similar, never what follows from that.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from clinweave.core.predicates import ALIKE
from clinweave.records import Evidence, Grade, Relation

if TYPE_CHECKING:
    from clinweave.applications.molecules.drugs.known import Neighbour
    from clinweave.knowledge import KnowledgeParts, Query

MIN_SIMILARITY = 0.4  # Tanimoto similarity of Morgan bits; unrelated drugs have 0.1 to 0.2
MAX_DRUGS = 6
_ASKS = re.compile(
    r"\b(similar|analog|structur|scaffold|resembl|chemical|derivativ|related drug)", re.IGNORECASE
)


class StructureRetriever:
    """Finds the drugs that are similar in structure to those that a question names."""

    name = "structures"

    def __init__(self, parts: "KnowledgeParts") -> None:
        """Read the structures of the fetched drug dictionary (some seconds on first use)."""
        from clinweave.applications.molecules.drugs.known import KnownDrugs

        self.graph, self.drugs = parts.graph, KnownDrugs.open(parts.home)

    def retrieve(self, query: "Query", *, limit: int) -> list[Evidence]:
        """Return one item for each drug with a structure; it scores high only where likeness is asked for."""
        score = 1.5 if _ASKS.search(query.text) else 0.1
        items = []
        for concept in dict.fromkeys(mention.id for mention in query.mentions):
            row = self._row(concept)
            if row is not None and (
                near := self.drugs.similar(self.drugs.smiles[row], MAX_DRUGS, MIN_SIMILARITY)
            ):
                items.append(self._evidence(concept, row, near, score))
        return items[:limit]

    def _row(self, concept: str) -> int | None:
        """Return the row of a concept, by any of the identifiers that the graph joined into it."""
        names = [concept, *(xref for item in self.graph.concepts([concept]) for xref in item.xrefs)]
        rows = [row for name in names if (row := self.drugs.row(name)) is not None]
        return rows[0] if rows else None

    def _evidence(self, concept: str, row: int, near: "Sequence[Neighbour]", score: float) -> Evidence:
        listed = "; ".join(f"{item.name} ({item.similarity:.2f})" for item in near)
        text = (
            f"Drugs similar in structure to {self.drugs.names[row]} (computed, not curated; Tanimoto similarity of "
            f"Morgan fingerprints; says nothing about effect or safety): {listed}."
        )
        return Evidence("", "structure", text, score, tuple(self._relation(concept, item) for item in near))

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
