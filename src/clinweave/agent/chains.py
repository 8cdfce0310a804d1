"""Questions that take several relations: which kinds of concept lead from what is named to what is asked for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from clinweave.records import Mention

GENE, DISEASE, FINDING, INHERITANCE = (
    f"biolink:{name}" for name in ("Gene", "Disease", "PhenotypicFeature", "GeneticInheritance")
)
_WORDS = {
    GENE: r"genes?",
    DISEASE: r"diseases?|syndromes?|disorders?|conditions?",
    FINDING: r"features?|findings?|symptoms?|signs?|manifestations?",
    INHERITANCE: r"inheritances?|inherited",
}
_KIND = re.compile(
    "|".join(rf"\b(?P<k{index}>{words})\b" for index, words in enumerate(_WORDS.values())), re.I
)
_PREDICATES = {
    frozenset({GENE, DISEASE}): "biolink:gene_associated_with_condition",
    frozenset({DISEASE, FINDING}): "biolink:has_phenotype",
    frozenset({DISEASE, INHERITANCE}): "biolink:has_mode_of_inheritance",
}
_FIRST_END = {GENE: "subject", FINDING: "object", INHERITANCE: "object"}


@dataclass(frozen=True, slots=True)
class Hop:
    """Relations of one kind to follow; `direction` is the end at which the concepts that are left stand."""

    predicate: str
    direction: str


@dataclass(frozen=True, slots=True)
class Chain:
    """The concept that a question names, and the hops from it to what is asked for."""

    start: Mention
    hops: tuple[Hop, ...]


def chain_of(question: str, mentions: Sequence[Mention]) -> Chain | None:
    """Return the chain that a question asks for, or None where it names no concept or takes fewer than two hops.

    The kinds of concept are read in the order of the question: the first is asked for, the last is what the named
    concept is. "Which gene is associated with the disease that has the feature X": X, disease, gene.
    """
    named = [item for item in mentions if item.category in _WORDS and item.id != item.category]
    if len({item.id for item in named}) != 1:
        return None
    start = named[0]
    kinds: list[str] = []
    for match in _KIND.finditer(question):
        inside = any(item.start <= match.start() < item.end for item in mentions)
        kind = list(_WORDS)[int(str(match.lastgroup)[1:])]
        if not inside and kinds[-1:] != [kind]:
            kinds.append(kind)
    if kinds[-1:] == [start.category]:
        kinds.pop()
    path = [start.category, *reversed(kinds)]
    pairs = list(pairwise(path))
    if len(pairs) < 2 or any(frozenset(pair) not in _PREDICATES for pair in pairs):
        return None
    return Chain(start, tuple(_hop(left, right) for left, right in pairs))


def _hop(left: str, right: str) -> Hop:
    direction = _FIRST_END.get(left) or {"subject": "object", "object": "subject"}[_FIRST_END[right]]
    return Hop(_PREDICATES[frozenset({left, right})], direction)
