"""ICD-10-CM codes for the words of a question, and the name of a code."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clinweave.core.predicates import CLOSE_MATCH, SUBCLASS
from clinweave.knowledge.linking.normalise import words_of
from clinweave.knowledge.query.query import Intent, Query

if TYPE_CHECKING:
    from clinweave.knowledge.graph.graph import Graph

MAX_CODES = 6
_PREFIX = "ICD10CM:"
_FILLER = frozenset(
    words_of(
        "unspecified other specified without of the a an in and not elsewhere classified nos code organism site type"
    )
)
_PHRASE = re.compile(
    r"\b(?:codes?|icd(?:-?10(?:-?cm)?)?)\b(?:\s+(?:codes?|number))?\s*(?:for|of|to)\s+(?:an?\s+|the\s+)?(.+)|\bcode\s+(?:an?\s+)?(.+)",
    re.IGNORECASE,
)
_SIDE = re.compile(r"\s+\bin\s+icd\b.*$|\s+coded\b.*$|[?.!]+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class CodeMatch:
    """A code with its name, and how well its name fits what was asked (0 to 1)."""

    id: str
    name: str
    score: float
    parent: str = ""


def codes_for(query: Query, graph: "Graph") -> list[CodeMatch]:
    """Return the codes that a query asks for, or the names of the codes that it gives, best first."""
    if query.intent == Intent.CODE_NAME:
        return [CodeMatch(code, graph.concept(code).name, 1.0, _parent(code, graph)) for code in query.codes]
    matches: dict[str, CodeMatch] = {}
    for topic in query.topics:
        for sense in (topic.id, *topic.senses):
            for code in _linked(sense, graph):
                concept = graph.concept(code)
                fit = max(
                    _fit(concept.name, name)
                    for name in (phrase_of(query) or topic.text, topic.text, topic.name)
                )
                matches.setdefault(code, CodeMatch(code, concept.name, 0.5 + 0.5 * fit))
    for phrase in dict.fromkeys(
        [phrase_of(query), *(topic.text for topic in query.topics), *(topic.name for topic in query.topics)]
    ):
        if not phrase:
            continue
        for concept, _ in graph.search(phrase, 25, {"ICD10CM"}):
            names = (concept.name, *concept.synonyms)
            score = max(_fit(name, phrase) for name in names)
            if phrase != phrase_of(query) and phrase_of(query):
                score = min(score, max(_fit(name, phrase_of(query)) for name in names) + 0.1)
            if score >= 0.5 and score > getattr(matches.get(concept.id), "score", 0.0):
                matches[concept.id] = CodeMatch(concept.id, concept.name, score)
    children = {code: _leaf(code, graph) for code in matches}
    ordered = sorted(
        matches.values(),
        key=lambda item: (-round(item.score, 2), not children[item.id], len(item.id), item.id),
    )
    return ordered[:MAX_CODES]


def phrase_of(query: Query) -> str:
    """Return the words of the question that name what is to be coded, "" if they are not plain."""
    match = _PHRASE.search(query.text)
    if match is None:
        return ""
    return _SIDE.sub("", _SIDE.sub("", (match[1] or match[2]).strip())).strip()


def _linked(sense: str, graph: "Graph") -> list[str]:
    """Return the codes that a concept is, has as xref, or closely matches."""
    if sense.startswith(_PREFIX):
        return [sense]
    ends = [row.object for row in graph.relations(sense, CLOSE_MATCH)]
    ends += [row.subject for row in graph.relations(None, CLOSE_MATCH, sense)]
    ends += [item for item in graph.concept(sense).xrefs if item.startswith(_PREFIX)]
    return [item for item in dict.fromkeys(ends) if item.startswith(_PREFIX) and graph.resolve(item) == item]


def _fit(name: str, phrase: str) -> float:
    """Return the share of content words that a name and a phrase have in common; "unspecified" counts little."""
    first, second = words_of(name), words_of(phrase)
    weight = {word: 0.15 if word in _FILLER else 1.0 for word in (*first, *second)}
    shared = sum(weight[word] for word in set(first) & set(second))
    every = sum(weight[word] for word in set(first) | set(second))
    return shared / every if every else 0.0


def _leaf(code: str, graph: "Graph") -> bool:
    return not graph.relations(None, SUBCLASS, code, limit=1)


def _parent(code: str, graph: "Graph") -> str:
    names = [graph.concept(item).name for item in graph.parents(code)]
    return names[0] if names else ""
