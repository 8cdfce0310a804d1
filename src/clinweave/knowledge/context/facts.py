"""Relations and passages as evidence items that can be shortened without cutting a fact in two."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from clinweave.core.predicates import (
    CLOSE_MATCH,
    CONTRAINDICATED,
    GENE,
    HAS_PHENOTYPE,
    INHERITANCE,
    ROLE,
    SUBCLASS,
    TREATS,
)
from clinweave.knowledge.citations.sentences import split
from clinweave.knowledge.graph import frequency
from clinweave.knowledge.graph.verbalise import phrase
from clinweave.records import Evidence, Grade, Passage, Relation


class Heading(NamedTuple):
    """How many objects of one subject are introduced (`forward`), and many subjects of one object."""

    forward: str
    reverse: str
    forward_not: str
    reverse_not: str


HEADINGS: dict[str, Heading] = {
    HAS_PHENOTYPE: Heading(
        "{} has the features",
        "Diseases with the feature {}",
        "{} is recorded as not having the features",
        "Diseases recorded as not having the feature {}",
    ),
    GENE: Heading(
        "{} is a gene associated with",
        "Genes associated with {}",
        "{} is recorded as a gene not associated with",
        "Genes recorded as not associated with {}",
    ),
    ROLE: Heading(
        "{} has the roles",
        "Chemicals with the role {}",
        "{} is recorded as not having the roles",
        "Chemicals recorded as not having the role {}",
    ),
    INHERITANCE: Heading(
        "{} has the mode of inheritance",
        "Diseases with {}",
        "{} is recorded as not having the mode of inheritance",
        "Diseases recorded as not having {}",
    ),
    SUBCLASS: Heading(
        "{} is a kind of", "Kinds of {}", "{} is recorded as not a kind of", "Recorded as not kinds of {}"
    ),
    TREATS: Heading(
        "{} treats", "Drugs that treat {}", "{} is recorded as not treating", "Recorded as not treating {}"
    ),
    CONTRAINDICATED: Heading(
        "{} is contraindicated in",
        "Drugs contraindicated in {}",
        "{} is recorded as not contraindicated in",
        "Drugs recorded as not contraindicated in {}",
    ),
    CLOSE_MATCH: Heading(
        "{} closely matches",
        "Close matches of {}",
        "{} is recorded as not matching",
        "Recorded as not matching {}",
    ),
}


class Part(NamedTuple):
    """One fact of an item (or one sentence of a passage): it is shown whole or not at all."""

    text: str
    relations: tuple[Relation, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """An evidence item before it is numbered: `cut(n)` keeps its first n facts, or its best n sentences."""

    kind: str  # "relation" | "path" | "passage" | "structure"
    head: str
    parts: tuple[Part, ...]
    score: float
    whole: bool = False  # a path is shown whole or not at all
    passage: Passage | None = None
    spans: tuple[tuple[int, int], ...] = ()  # of the sentences inside passage.text
    question_words: frozenset[str] = field(
        default_factory=frozenset
    )  # words of the question, to choose sentences by

    def cut(self, count: int, number: str = "") -> Evidence:
        """Return the item with `count` of its parts, numbered `number`."""
        if self.passage is not None:
            return self._cut_passage(count, number)
        parts = self.parts[:count]
        text = self.head + "; ".join(part.text for part in parts) + "."
        relations = tuple(relation for part in parts for relation in part.relations)
        return Evidence(number, self.kind, text, self.score, relations)

    def _cut_passage(self, count: int, number: str) -> Evidence:
        assert self.passage is not None
        first = self._best_window(count)
        start, end = self.spans[first][0], self.spans[first + count - 1][1]
        text = self.passage.text[start:end]
        shortened = replace(
            self.passage, text=text, start=self.passage.start + start, end=self.passage.start + end
        )
        return Evidence(number, self.kind, self.head + " ".join(text.split()), self.score, (), shortened)

    def _best_window(self, count: int) -> int:
        """Return the first sentence of the run of `count` that shares most words with the question."""
        words = [self.question_words & content_words(part.text) for part in self.parts]
        scores = [
            len(frozenset().union(*words[first : first + count])) for first in range(len(words) - count + 1)
        ]
        return scores.index(max(scores))


def content_words(text: str) -> frozenset[str]:
    """Return the lower-case words of three letters and more."""
    return frozenset(word for word in re.findall(r"\w+", text.lower()) if len(word) > 2)


def rank(relation: Relation) -> tuple[float, ...]:
    """Return a sort key, best first: curated, frequent, with many publications, from published evidence."""
    return (
        float(relation.grade != Grade.CURATED),
        -round(frequency.weight(relation.frequency), 6),
        -float(len(relation.publications)),
        float(("PCS", "TAS", "", "IEA").index(relation.evidence) if relation.evidence in _CODES else 2),
    )


_CODES = frozenset({"PCS", "TAS", "", "IEA"})


def group(
    relations: Iterable[Relation], centre: str, names: Mapping[str, str], score: Callable[[Relation], float]
) -> list[Draft]:
    """Return one draft for each predicate, direction, polarity and grade around the concept `centre`.

    `names` maps CURIEs to labels, `score` says how relevant a relation's group is (the highest counts). Several
    records of the same triple are one fact that holds all of them.
    """
    groups: dict[tuple[str, bool, bool, str], dict[str, list[Relation]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for relation in relations:
        forward = relation.subject == centre
        other = relation.object if forward else relation.subject
        groups[relation.predicate, forward, relation.negated, relation.grade][other].append(relation)
    drafts = []
    for (predicate, forward, negated, grade), facts in groups.items():
        ordered = sorted(
            ((other, sorted(members, key=rank)) for other, members in facts.items()),
            key=lambda item: (*rank(item[1][0]), -len(item[1]), names.get(item[0], item[0]), item[0]),
        )
        head = _head(predicate, forward, negated, Grade(grade), names.get(centre, centre))
        parts = tuple(
            Part(_fact_text(names.get(other, other), members), tuple(members)) for other, members in ordered
        )
        drafts.append(Draft("relation", head, parts, max(score(members[0]) for _, members in ordered)))
    return sorted(drafts, key=lambda draft: (-draft.score, draft.head))


def path(relations: Sequence[Relation], names: Mapping[str, str], score: float) -> Draft:
    """Return a chain of relations as one draft that is shown whole or not at all."""
    parts = tuple(
        Part(
            _head(
                relation.predicate,
                True,
                relation.negated,
                Grade(relation.grade),
                _name(names, relation.subject),
            ).removesuffix(": ")
            + " "
            + _fact_text(_name(names, relation.object), [relation]),
            (relation,),
        )
        for relation in relations
    )
    return Draft("path", "", parts, score, whole=True)


def passage(item: Passage, question: str, score: float) -> Draft:
    """Return a passage as a draft that can be trimmed to the run of sentences nearest to the question."""
    spans = split(item.text)
    lead = item.title if not item.section else f"{item.title}, {item.section}"
    head = f"{lead}: " if lead and not item.text.startswith(item.title) else ""
    return Draft(
        "passage",
        head,
        tuple(Part(span.text) for span in spans),
        score,
        passage=item,
        spans=tuple((span.start, span.end) for span in spans),
        question_words=content_words(question),
    )


def as_draft(item: Evidence) -> Draft:
    """Return an item of another retriever as a draft that is shown whole or not at all."""
    if item.passage is not None:
        cut_passage = replace(item.passage, text=item.text)
        spans = ((0, len(item.text)),)
        return Draft(
            item.kind, "", (Part(item.text),), item.score, whole=True, passage=cut_passage, spans=spans
        )
    return Draft(item.kind, "", (Part(item.text.removesuffix("."), item.relations),), item.score, whole=True)


def _name(names: Mapping[str, str], identifier: str) -> str:
    return names.get(identifier, identifier)


def _head(predicate: str, forward: bool, negated: bool, grade: Grade, name: str) -> str:
    heading = HEADINGS.get(predicate)
    if heading is None:
        wording = phrase(predicate)
        verb = wording.negated if negated else wording.verb
        text = f"{name} {verb}" if forward else f"What {verb} {name}"
    elif forward:
        text = (heading.forward_not if negated else heading.forward).format(name)
    else:
        text = (heading.reverse_not if negated else heading.reverse).format(name)
    label = "" if grade == Grade.CURATED else f" ({grade.value}, not curated)"
    return f"{text}{label}: "


def _fact_text(name: str, relations: Sequence[Relation]) -> str:
    """Return an object's name with what its best record states: "Arachnodactyly (very frequent)"."""
    best = relations[0]
    notes = [
        frequency.describe(best.frequency),
        {"MALE": "males", "FEMALE": "females"}.get(best.sex.upper(), ""),
    ]
    stated = ", ".join(note for note in notes if note)
    return f"{name} ({stated})" if stated else name
