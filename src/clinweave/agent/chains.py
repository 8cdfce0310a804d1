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


# what a question may ask for by words other than the names of kinds
_ASKED = {
    INHERITANCE: r"inherit\w*|heredit\w*|transmi\w+|passed (?:on|down)|runs? in families|dominant|recessive|x-linked",
    GENE: r"genes?|genetic cause|genetics|genetically|mutat\w+|variants?|sequence",
}
_DISEASES = rf"{_WORDS[DISEASE]}|illness(?:es)?"
_MORE = "other|another|further|different|second"
_OTHER = re.compile(rf"\b(?:{_MORE}|others|else|besides|also|allelic|same gene)\b", re.I)
_OTHER_GENE = re.compile(rf"\b(?:{_MORE})\s+(?:{_ASKED[GENE]})\b", re.I)
_FILLERS = re.compile(
    rf"(?:\b(?:{'|'.join([*_WORDS.values(), *_ASKED.values(), _MORE])}"
    r"|autosomal|genetic|familial|pattern|mode|of|the)\b"
    r"|[\W_])+",
    re.I,
)


def chain_of(question: str, mentions: Sequence[Mention]) -> Chain | None:
    """Return the chain that a question asks for, or None where it names no concept or takes fewer than two hops.

    The kinds of concept are read in the order of the question: the first is asked for, the last is what the named
    concept is. "Which gene is associated with the disease that has the feature X": X, disease, gene. Where that gives
    no chain, what is asked for is read from other words (`_by_asked`).
    """
    start = _start(mentions)
    if start is None:
        return None
    return _by_kinds(question, mentions, start) or _by_asked(question, mentions, start)


def _start(mentions: Sequence[Mention]) -> Mention | None:
    """Return the one concept that a question names, without words for kinds ("recessive", "genetic disorder")."""
    named = [
        item
        for item in mentions
        if item.category in _WORDS and item.id != item.category and not _FILLERS.fullmatch(item.text)
    ]
    return named[0] if len({item.id for item in named}) == 1 else None


def _by_kinds(question: str, mentions: Sequence[Mention], start: Mention) -> Chain | None:
    kinds: list[str] = []
    for match in _KIND.finditer(question):
        inside = any(item.start <= match.start() < item.end for item in mentions)
        kind = list(_WORDS)[int(str(match.lastgroup)[1:])]
        if not inside and kinds[-1:] != [kind]:
            kinds.append(kind)
    if kinds[-1:] == [start.category]:
        kinds.pop()
    return _chain(start, [start.category, *reversed(kinds)])


def _by_asked(question: str, mentions: Sequence[Mention], start: Mention) -> Chain | None:
    """Return the chain to the kind that a question asks for in other words, over the kind that lies between.

    From a gene over its disease to the inheritance; from a finding over a disease, which must be spoken of, to the gene
    or the inheritance; from a disease over its gene to the other disease, which must be called another.
    """
    rest = _without(question, [item for item in mentions if item.id == start.id])
    asked = {kind for kind, words in _ASKED.items() if re.search(rf"\b(?:{words})\b", rest, re.I)}
    path: list[str] = []
    if start.category == GENE and INHERITANCE in asked:
        path = [GENE, DISEASE, INHERITANCE]
    elif start.category == FINDING and asked and re.search(rf"\b(?:{_DISEASES})\b", rest, re.I):
        path = [FINDING, DISEASE, GENE if GENE in asked else INHERITANCE]
    elif start.category == DISEASE and _asks_for_another(rest, GENE in asked):
        path = [DISEASE, GENE, DISEASE]
    return _chain(start, path)


def _asks_for_another(question: str, of_a_gene: bool) -> bool:
    """Return whether another disease of a gene is asked for, and not another gene of the disease."""
    related = of_a_gene or "allelic" in question.lower()
    return related and bool(_OTHER.search(question)) and not _OTHER_GENE.search(question)


def _without(question: str, mentions: Sequence[Mention]) -> str:
    """Return a question without the words of mentions: a gene's name in a disease's asks for nothing."""
    for item in sorted(mentions, key=lambda mention: -mention.start):
        question = f"{question[: item.start]} ... {question[item.end :]}"
    return question


def _chain(start: Mention, path: Sequence[str]) -> Chain | None:
    pairs = list(pairwise(path))
    if len(pairs) < 2 or any(frozenset(pair) not in _PREDICATES for pair in pairs):
        return None
    return Chain(start, tuple(_hop(left, right) for left, right in pairs))


def _hop(left: str, right: str) -> Hop:
    direction = _FIRST_END.get(left) or {"subject": "object", "object": "subject"}[_FIRST_END[right]]
    return Hop(_PREDICATES[frozenset({left, right})], direction)
