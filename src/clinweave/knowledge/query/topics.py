"""The concepts that a question names, each with its senses as a disease, a finding, a drug or a gene."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from clinweave.knowledge.linking.normalise import words_of
from clinweave.knowledge.query.lexicon import (
    aspect_words,
    cue_words,
    drug_classes,
    everyday_words,
    frame_words,
    is_cue,
    organs,
)
from clinweave.knowledge.query.query import Intent, Kind, Topic
from clinweave.records import Concept, Mention

if TYPE_CHECKING:
    from clinweave.knowledge.graph.graph import Graph
    from clinweave.knowledge.linking.linker import Linker

MAX_NAMES = 40  # names of one topic that matching uses
_KINDS = {
    "biolink:Disease": Kind.DISEASE,
    "biolink:PhenotypicFeature": Kind.FINDING,
    "biolink:Drug": Kind.DRUG,
    "biolink:ChemicalEntity": Kind.DRUG,
    "biolink:SmallMolecule": Kind.DRUG,
    "biolink:Gene": Kind.GENE,
    "biolink:ChemicalRole": Kind.ROLE,
}
# Roots of the vocabularies: they say nothing of what is asked.
_ROOTS = frozenset(
    [
        "MONDO:0000001",
        "MONDO:0700096",
        "MONDO:0002254",
        "HP:0000001",
        "HP:0000118",
        "CHEBI:24431",
        "CHEBI:50906",
        "CHEBI:23888",
    ]
)
_FINDINGS_FIRST = frozenset({Intent.DIFFERENTIAL})
_DISEASES_FIRST = frozenset(
    {
        Intent.GENES, Intent.FEATURES, Intent.PREVALENCE, Intent.INHERITANCE, Intent.ONSET, Intent.TREATMENT,
        Intent.DIAGNOSIS, Intent.CAUSES, Intent.PREVENTION, Intent.OUTLOOK, Intent.COMPLICATIONS, Intent.SUBTYPES,
        Intent.DEFINITION, Intent.DOSE, Intent.SAFETY, Intent.GENERAL, Intent.GENE_DISEASES, Intent.CODE,
    }
)  # fmt: skip
# "a feature of Y", "in Y": what follows is the disease; "Y cause X", "Y affect X": what goes before.
_BEFORE_DISEASE = re.compile(
    r"\b(?:of|in|with|have|having|has|from)\s+(?:the\s+|an?\s+|patients?\s+with\s+|people\s+with\s+)*$"
)


_BORDER = re.compile(
    r"[,.;:?!]|\b(?:and|with|has|have|had|who|which|what|presents?|presented|presenting|of|is|are|or|plus|shows?|by|as|from|than)\b",
    re.IGNORECASE,
)
_MODES = frozenset(["autosomal", "dominant", "recessive", "linked"])
_OF_MODES = frozenset(
    words_of("x y disease disorder condition trait inherited inheritance genetic hereditary")
)
_MIN_NAME = 0.35  # of the graph's name search: all words, in a name not much longer


def kind_of(mention: Mention) -> Kind:
    """Return what kind of thing a mention is."""
    if mention.id.startswith("ICD10CM:"):
        return Kind.CODE
    return _KINDS.get(mention.category, Kind.OTHER)


def linked_topics(
    text: str, linker: "Linker", graph: "Graph", language: str = "en"
) -> tuple[list[list[Mention]], tuple[Mention, ...]]:
    """Return the mentions grouped by span (several senses each), and those of the linker's own choice."""
    own = linker.link(text)
    prefixes = {curie for curie in ("MONDO", "HP") if curie in linker.vocabulary.crosswalk.prefixes}
    readers = (in_order(linker), linker) if language == "en" else (linker,)
    every = []
    for rank, reader in enumerate(dict.fromkeys(readers)):
        passes = [reader.link(text), *(reader.link(text, {prefix}) for prefix in sorted(prefixes))]
        every += [(rank, item) for topics in passes for item in topics if not _empty(item)]
    # Names as they stand come before names in another word order, longer ones before shorter ones.
    # "Smith-Jones-Miller syndrome" is no Miller syndrome.
    every = [
        pair for pair in every if not (text[: pair[1].start].endswith("-") and pair[1].text[:1].isupper())
    ]
    every.sort(key=lambda pair: (pair[0], -(pair[1].end - pair[1].start), pair[1].start))
    spans: list[list[Mention]] = []
    for _, item in every:
        same = next(
            (group for group in spans if (group[0].start, group[0].end) == (item.start, item.end)), None
        )
        if same is not None:
            if item.id not in {other.id for other in same}:
                same.append(item)
        elif not any(item.start < group[0].end and group[0].start < item.end for group in spans):
            spans.append([item])
    spans.sort(key=lambda group: group[0].start)
    return [_widened(group, graph, linker) for group in spans], tuple(own)


@lru_cache(maxsize=4)
def in_order(linker: "Linker") -> "Linker":
    """Return a linker of the same vocabulary that takes words in their order alone ("have short" joins nothing)."""
    from clinweave.knowledge.linking.linker import Linker

    return Linker(linker.vocabulary, any_order=False) if isinstance(linker, Linker) else linker


def _widened(group: list[Mention], graph: "Graph", linker: "Linker") -> list[Mention]:
    """Return a span's senses with the disease or finding of the same name that the linker preferred another to."""
    ids = {item.id for item in group}
    for other in re.findall(r"\b(?:MONDO|HP):\d{7}\b", group[0].reason):
        if other not in ids and graph.resolve(other) == other:
            concept = graph.concept(other)
            ids.add(other)
            group.append(replace(group[0], id=other, name=concept.name, category=concept.category))
    kinds = {kind_of(item) for item in group}
    if Kind.DISEASE in kinds and Kind.FINDING not in kinds:
        for item in linker.link(group[0].name, {"HP"}):  # "diabetes" is a finding as "Diabetes mellitus"
            if item.start == 0 and item.end == len(group[0].name) and item.id.startswith("HP:"):
                group.append(replace(group[0], id=item.id, name=item.name, category=item.category))
    return group


def is_mode(text: str) -> bool:
    """Say whether words name a mode of inheritance alone ("X-linked disease"), which is what a question asks for."""
    words = set(words_of(text))
    return bool(words & _MODES) and words <= _MODES | _OF_MODES


def _empty(mention: Mention) -> bool:
    """Say whether a mention is only a word of asking or of the frame of a question."""
    if mention.id in _ROOTS or is_cue(mention.text) or is_mode(mention.text):
        return True
    words = words_of(mention.text)
    if all(word in frame_words() for word in words):
        return True
    if kind_of(mention) == Kind.DRUG and len(words) == 1 and words[0] in drug_classes():
        return True
    everyday = len(mention.text) <= 4 and mention.text.islower() and mention.text in everyday_words()
    letters = re.search(r"'([A-Z][A-Z0-9-]{1,4})'", mention.reason)
    if letters and mention.text.islower():  # "car" is no CAR
        return True
    short_form = kind_of(mention) in {Kind.DRUG, Kind.GENE} or "abbreviation" in mention.reason
    if everyday and short_form and mention.name.lower() != mention.text:
        return True
    short = mention.name.lower().startswith(mention.text.lower() + " ")
    return short and kind_of(mention) == Kind.DRUG  # "potassium" is no potassium hydride


def topic_of(
    group: Sequence[Mention], intent: Intent, graph: "Graph", *, disease_first: bool | None = None
) -> Topic:
    """Return one topic from the senses of a span; `disease_first` decides between a disease and a finding."""
    if disease_first is None:
        disease_first = intent in _DISEASES_FIRST
    preferred = [Kind.DISEASE, Kind.FINDING] if disease_first else [Kind.FINDING, Kind.DISEASE]
    order = [*preferred, Kind.DRUG, Kind.GENE, Kind.ROLE, Kind.CODE, Kind.OTHER]
    if intent == Intent.GENE_DISEASES:
        order.insert(0, Kind.GENE)
    best = min(
        group,
        key=lambda item: (
            order.index(kind_of(item)),
            words_of(item.name) != words_of(item.text),
            -item.score,
        ),
    )
    chosen = [best, *(item for item in group if item is not best)]
    concepts = [graph.concept(item.id) for item in chosen if graph.resolve(item.id) is not None]
    return Topic(
        best.text,
        best.start,
        best.end,
        best.id,
        best.name,
        kind_of(best),
        names_of(concepts, best.text),
        tuple(item.id for item in chosen),
        best.negated,
    )


def names_of(concepts: Iterable[Concept], *surfaces: str) -> tuple[str, ...]:
    """Return the names under which text may speak of the concepts, the shortest synonyms first."""
    names: dict[str, None] = dict.fromkeys(surfaces)
    for concept in concepts:
        names.setdefault(concept.name)
        for name in sorted(concept.synonyms, key=len):
            if len(name) > 1:
                names.setdefault(name)
    return tuple(names)[:MAX_NAMES]


def resolve_roles(
    text: str, groups: Sequence[Sequence[Mention]], intent: Intent, graph: "Graph"
) -> tuple[Topic, ...]:
    """Return the topics of a yes/no or how-often question: which of two names is the disease, which the finding."""
    kinds = [{kind_of(item) for item in group} for group in groups]
    certain = [
        Kind.DISEASE in kinds_of_topic and Kind.FINDING not in kinds_of_topic for kinds_of_topic in kinds
    ]
    marked = [bool(_BEFORE_DISEASE.search(text[: group[0].start])) for group in groups]
    if any(certain):
        first = certain
    elif any(marked):
        first = [
            flag and number == len(marked) - 1 - marked[::-1].index(True)
            for number, flag in enumerate(marked)
        ]
    else:
        first = [number == 0 for number in range(len(groups))]
    return tuple(
        topic_of(group, intent, graph, disease_first=flag) for group, flag in zip(groups, first, strict=True)
    )


def worded_findings(text: str, taken: Collection[Topic], graph: "Graph") -> tuple[Topic, ...]:
    """Return findings of a vignette that the linker missed: stretches all of whose words one finding's name has."""
    topics = []
    borders = [0, *(offset for match in _BORDER.finditer(text) for offset in match.span()), len(text)]
    for first, last in zip(borders[::2], borders[1::2], strict=True):
        inside = text[first:last]
        start = first + len(inside) - len(inside.lstrip())
        end = start + len(inside.strip())
        if start >= end or any(start < topic.end and topic.start < end for topic in taken):
            continue
        idle = frame_words() | cue_words()
        words = [word for word in words_of(text[start:end]) if word not in idle and not word.isdigit()]
        if not 1 <= len(words) <= 5:
            continue
        hits = graph.search(" ".join(words), 10, {"HP"})
        if len(words) == 1:  # "fractures" is the best known finding that such a word ends
            ends = [pair for pair in hits if words_of(pair[0].name)[-1:] == words and " " in pair[0].name]
            hits = sorted(ends, key=lambda pair: -graph.degree(pair[0].id))
        if hits and (len(words) == 1 or hits[0][1] >= _MIN_NAME):
            concept = hits[0][0]
            names = names_of([concept], text[start:end])
            topics.append(
                Topic(
                    text[start:end], start, end, concept.id, concept.name, Kind.FINDING, names, (concept.id,)
                )
            )
    return tuple(topics)


def organ_topics(text: str, taken: Collection[Topic], graph: "Graph") -> tuple[Topic, ...]:
    """Return the organs that the text names, as the classes of their abnormalities in the phenotype ontology."""
    topics = []
    words = list(re.finditer(r"[^\W\d_]+", text))
    position = 0
    while position < len(words):
        size = 0
        for length in (2, 1):
            part = words[position : position + length]
            label = organs().get(" ".join(words_of(text[part[0].start() : part[-1].end()])))
            inside = any(part[0].start() < item.end and item.start < part[-1].end() for item in taken)
            if label is None or inside:
                continue
            concepts = [concept for concept, score in graph.search(label, 3, {"HP"}) if score >= 0.95]
            if concepts:
                start, end = part[0].start(), part[-1].end()
                names = names_of(concepts[:1], text[start:end])
                topics.append(
                    Topic(
                        text[start:end],
                        start,
                        end,
                        concepts[0].id,
                        concepts[0].name,
                        Kind.ORGAN,
                        names,
                        (concepts[0].id,),
                    )
                )
                size = length
                break
        position += max(size, 1)
    return tuple(topics)


def foreign_organs(text: str, named: Sequence[Topic], graph: "Graph") -> tuple[Topic, ...]:
    """Return the organs that a question in another language names, each where it stands."""
    topics = []
    for word, form in aspect_words():
        for match in form.finditer(text):
            inside = any(match.start() < topic.end and topic.start < match.end() for topic in named)
            if not inside and (found := organ_topics(word, (), graph)):
                topics.append(replace(found[0], text=match[0], start=match.start(), end=match.end()))
                break
    return tuple(topics)
