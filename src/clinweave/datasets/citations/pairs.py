"""Labelled pairs of a sentence and the evidence it cites: true sentences, and minimal corruptions of them.

Names and records are the graph's own. A corruption that names another concept is checked against the graph's closure,
so that no record makes it true; the others say what the cited record does not. Kinds that the core graph lacks (treats,
contraindicated) take real names in made-up records, graded as if curated: what is scored is the checker, not medicine.
"""

from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import TYPE_CHECKING

from clinweave.datasets.citations.kinds import KINDS
from clinweave.datasets.citations.sampler import GraphSampler
from clinweave.datasets.citations.templates import Split
from clinweave.records import Evidence

if TYPE_CHECKING:
    from clinweave.knowledge import Graph

SPLITS: tuple[Split, ...] = ("development", "held-out")


@dataclass(frozen=True, slots=True)
class CitationPair:
    """One sentence, what it cites, and whether the evidence supports it. `kind` says how it was made."""

    id: str
    kind: str
    split: str
    supported: bool
    sentence: str
    evidence: tuple[Evidence, ...]
    question: str = ""  # where the pair asks whether a true sentence answers a question


def citation_pairs(graph: "Graph", *, n: int = 2000, seed: int = 0) -> list[CitationPair]:
    """Return about `n` pairs, each kind in both splits as often as the other, in a fixed order.

    The same graph, `n` and `seed` give the same pairs. A kind for which the graph has nothing is left out.
    """
    pairs: list[CitationPair] = []
    per_kind = max(1, -(-n // (len(KINDS) * len(SPLITS))))
    for index, (kind, (supported, make)) in enumerate(KINDS.items()):
        for split in SPLITS:
            world = GraphSampler(graph, Random(f"{seed}-{kind}-{split}"))  # noqa: S311 - repeatable
            drafts = (item for _ in range(per_kind * 30) if (item := make(world, split)) is not None)
            for number, (sentence, evidence) in enumerate(islice(drafts, per_kind)):
                name = f"{index:02d}-{split[0]}-{number:04d}"
                pairs.append(CitationPair(name, kind, split, supported, sentence, evidence))
    return pairs
