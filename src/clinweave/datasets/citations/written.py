"""Human-written citation pairs: a sentence, its evidence as JSON, and whether the evidence supports it.

One JSON object a line:
`{"kind": "unit", "supported": false, "sentence": "...", "question": "", "evidence": [ITEM, ...]}`, where an item is
`{"text": "...", "section": "", "title": ""}` or `{"relations": [{"subject": "Marfan syndrome", "predicate":
"biolink:has_phenotype", "object": "Arachnodactyly", "frequency": "7/12", "sex": "", "onset": "", "negated": false}]}`.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.core.errors import UserError
from clinweave.datasets.citations.pairs import CitationPair
from clinweave.records import Concept, Evidence, Passage, Relation

if TYPE_CHECKING:
    from clinweave.knowledge import Graph

_STAND_IN = "pairs:"  # prefix of the identifiers of names that the graph does not have


class NamedConcepts:
    """The concepts of a graph, and stand-ins for names that it does not have (all of them without a graph)."""

    def __init__(self, graph: "Graph | None" = None) -> None:
        self.graph = graph
        self._stand_ins: dict[str, Concept] = {}

    def id_of(self, name: str) -> str:
        """Return the identifier of a name: the graph's, or that of a stand-in."""
        if self.graph is not None:
            try:
                return self.graph.find(name)
            except UserError:
                pass
        curie = _STAND_IN + name.replace(" ", "_")
        self._stand_ins.setdefault(curie, Concept(curie, "biolink:NamedThing", name, "pairs"))
        return curie

    def concepts(self, ids: Sequence[str]) -> list[Concept]:
        """Return the concepts of these ids."""
        in_graph = [curie for curie in ids if curie not in self._stand_ins]
        known_concepts = self.graph.concepts(in_graph) if self.graph is not None and in_graph else []
        return [*known_concepts, *(self._stand_ins[curie] for curie in ids if curie in self._stand_ins)]

    def ancestors(self, curie: str) -> Collection[str]:
        """Return all kinds that a concept belongs to."""
        if self.graph is None or curie in self._stand_ins:
            return frozenset()
        return self.graph.ancestors(curie)

    def descendants(self, curie: str) -> Collection[str]:
        """Return all concepts that are of this kind."""
        if self.graph is None or curie in self._stand_ins:
            return frozenset()
        return self.graph.descendants(curie)


def read_written_pairs(path: Path, names: NamedConcepts) -> list[CitationPair]:
    """Return the pairs of a JSONL file; raises `UserError` naming file, line and field of a bad one."""
    pairs = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                pairs.append(_pair(json.loads(line), f"{path.stem}-{number:03d}", path.stem, names))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise UserError(f"{path}, line {number}: not a citation pair ({error})") from None
    return pairs


def _pair(row: Mapping[str, Any], name: str, split: str, names: NamedConcepts) -> CitationPair:
    items = tuple(_item(item, str(number), names) for number, item in enumerate(row["evidence"], 1))
    return CitationPair(
        name, row["kind"], split, bool(row["supported"]), row["sentence"], items, row.get("question", "")
    )


def _item(item: Mapping[str, Any], number: str, names: NamedConcepts) -> Evidence:
    if "relations" in item:
        return Evidence(
            number, "relation", "", 1.0, tuple(_relation(relation, names) for relation in item["relations"])
        )
    text, title = item["text"], item.get("title", "")
    passage = Passage(number, text, title, "pairs", 0, len(text), "pairs", section=item.get("section", ""))
    return Evidence(number, "passage", text, 1.0, (), passage)


def _relation(row: Mapping[str, Any], names: NamedConcepts) -> Relation:
    return Relation(
        names.id_of(row["subject"]),
        row["predicate"],
        names.id_of(row["object"]),
        source="pairs",
        frequency=row.get("frequency", ""),
        sex=row.get("sex", ""),
        onset=row.get("onset", ""),
        negated=bool(row.get("negated", False)),
        release="1",
        licence="CC0 1.0",
    )
