"""The text index as a retriever: the user's own documents first, then stored questions that fit, then definitions.

Collections are recognised by their passages: a question as the title makes a stored question with its answer; the
part of the graph holds definitions; everything else is a document of the user's own.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from clinweave.knowledge.linking.normalise import words_of
from clinweave.knowledge.query.lexicon import broader_phrases, cue_words, equivalents, frame_words
from clinweave.knowledge.query.parse import intent_of
from clinweave.knowledge.query.query import Intent, Kind, Query, Topic
from clinweave.knowledge.query.topics import kind_of
from clinweave.knowledge.retrieval.index_store import GRAPH_PART
from clinweave.records import Evidence, Passage

if TYPE_CHECKING:
    from clinweave.knowledge.retrieval.hybrid_index import HybridIndex
    from clinweave.knowledge.retrieval.retrievers import KnowledgeParts
    from clinweave.knowledge.retrieval.text_index import Hit, TextIndex

MAX_OWN, MAX_STORED = 8, 5
_KINDS = frozenset(
    words_of("type ii iii iv i mellitus primary secondary acute chronic essential adult juvenile familial")
)
MAX_ABOUT, MIN_ABOUT = 24, 0.5  # passages about a topic that are looked at, and the fit of their titles
EACH = 3  # passages of one stored answer
TITLED = 160  # passages with the subject in their title that are looked at
MAX_WORDS = 400  # words of an evidence text


class Origin(StrEnum):
    """Where a passage comes from."""

    OWN = "own"
    STORED = "stored"  # an answer to a stored question
    DEFINED = "defined"  # a database's definition


# added to the score (0 to 1) of a passage
ORIGIN_BOOST = {Origin.OWN: 3.0, Origin.STORED: 2.0, Origin.DEFINED: 1.0}


# A stored question of these intents also answers the one asked, in this order.
_ALSO = {
    Intent.FEATURES: (Intent.DEFINITION,),
    Intent.ONSET: (Intent.DEFINITION, Intent.FEATURES, Intent.HOW_OFTEN),
    Intent.PREVALENCE: (Intent.HOW_OFTEN, Intent.DEFINITION),
    Intent.HOW_OFTEN: (Intent.FEATURES, Intent.DEFINITION),
    Intent.RELATED: (Intent.FEATURES, Intent.DEFINITION, Intent.COMPLICATIONS, Intent.CAUSES),
    Intent.CAUSES: (Intent.GENES, Intent.DEFINITION),
    Intent.GENES: (Intent.CAUSES, Intent.DEFINITION),
    Intent.COMPLICATIONS: (Intent.DEFINITION, Intent.FEATURES),
    Intent.OUTLOOK: (Intent.DEFINITION,),
    Intent.SUBTYPES: (Intent.DEFINITION,),
    Intent.SAFETY: (Intent.TREATMENT,),
    Intent.DOSE: (),
    Intent.DIAGNOSIS: (Intent.DEFINITION,),
    Intent.TREATMENT: (Intent.DEFINITION,),
    Intent.PREVENTION: (Intent.DEFINITION, Intent.TREATMENT, Intent.CAUSES),
    Intent.DIFFERENTIAL: (Intent.CAUSES,),
    Intent.GENERAL: (Intent.DEFINITION, Intent.TREATMENT, Intent.FEATURES, Intent.CAUSES, Intent.DIAGNOSIS),
}


# Words of the stored questions of an intent, as collections of questions and answers put them.
_ASKED = {
    Intent.FEATURES: "symptoms",
    Intent.TREATMENT: "treatments",
    Intent.DIAGNOSIS: "diagnose",
    Intent.CAUSES: "causes risk",
    Intent.PREVENTION: "prevent",
    Intent.OUTLOOK: "outlook prognosis",
    Intent.HOW_OFTEN: "people affected",
    Intent.INHERITANCE: "inherited",
    Intent.GENES: "genetic changes",
    Intent.COMPLICATIONS: "complications",
}

# Words of the statements that answer an intent, whatever the question of the text they stand in.
_TELLING = {
    Intent.OUTLOOK: "life expectancy survive survival lifespan outlook prognosis live fatal",
    Intent.COMPLICATIONS: "complications untreated lead damage",
    Intent.PREVALENCE: "affects estimated prevalence incidence",
    Intent.DIAGNOSIS: "diagnosed diagnose test exam detect",
    Intent.TREATMENT: "treatment treated therapy medicine",
    Intent.PREVENTION: "prevent reduce avoid",
    Intent.ONSET: "age childhood infancy adulthood begin",
    Intent.INHERITANCE: "inherited autosomal recessive dominant carrier",
}


def also_answers(intent: Intent) -> tuple[Intent, ...]:
    """Return the other intents whose stored questions may answer one of this intent, the nearest first."""
    return _ALSO.get(intent, ())


def origin_of(passage: Passage) -> Origin:
    """Return where a passage comes from."""
    if passage.title.rstrip().endswith("?") or ".xml#" in passage.document:
        return Origin.STORED
    if passage.concepts and re.fullmatch(r"[A-Za-z][\w.]*:\S+", passage.document):
        return Origin.DEFINED
    return Origin.OWN


@lru_cache(maxsize=1 << 14)
def stored_intent(title: str) -> Intent:
    """Return what a stored question asks."""
    intent = intent_of(title, "en")
    return Intent.PREVALENCE if intent == Intent.HOW_OFTEN else intent


def subject_fit(title: str, names: Iterable[str]) -> float:
    """Return how well a stored question's subject is one of the names: 1 the same words, 0 nothing shared."""
    words, left = _words(title), _subject_words(title)
    best = 0.0
    for name in names:
        own = _words(name)
        if own and own <= words and not _is_like(words, own):
            best = max(best, len(own) / len(own | left))
    return best


def _is_like(title: frozenset[str], name: frozenset[str]) -> bool:
    """Say whether a title is about a disease that only resembles another ("Huntington disease-like syndrome")."""
    return "like" in title and "like" not in name


def narrow_fit(title: str, names: Iterable[str]) -> float:
    """Return `subject_fit` by the telling words of the names alone: "disease" and "syndrome" make no likeness."""
    words, left = _words(title), _subject_words(title)
    best = 0.0
    for name in names:
        own = _words(name) - _asking()
        if own and own <= words and not _is_like(words, own):
            best = max(best, len(own) / len(own | left))
    return best


def is_broader(title: str, names: Iterable[str]) -> bool:
    """Say whether a stored question is about something broader: all words of its subject are in one of the names."""
    subject = _subject_words(title)
    return any(subject < _words(name) for name in names)


@lru_cache(maxsize=1 << 14)
def _words(text: str) -> frozenset[str]:
    return frozenset(words_of(text))


def _subject_words(text: str) -> frozenset[str]:
    return (_words(text) - _asking()) or _words(text)


@lru_cache(maxsize=1)
def _asking() -> frozenset[str]:
    return frame_words() | cue_words()


def _subjects(query: Query) -> tuple[Topic, ...]:
    """Return the topics that stored questions may be about: no organ where a disease is named."""
    return tuple(topic for topic in query.topics if topic.kind != Kind.ORGAN)[:2] or query.topics[:1]


def _distinct(items: Iterable[Evidence]) -> list[Evidence]:
    """Return the items best first, each passage once."""
    seen: dict[str, Evidence] = {}
    for item in sorted(items, key=lambda item: -item.score):
        assert item.passage is not None
        seen.setdefault(item.passage.id, item)
    return list(seen.values())


def _other_words(query: Query, topic: Topic) -> str:
    """Return what a question names apart from a topic, with equivalents, and words of its intent."""
    more = [name for other in query.topics if other is not topic for name in other.names[:4]]
    for word in query.words:
        more += [word, *sorted(equivalents().get(" ".join(words_of(word)), ()))]
    own = {word for name in topic.names[:4] for word in words_of(name)}
    words = words_of(" ".join([*more, _TELLING.get(query.intent, "")]))
    return " ".join(dict.fromkeys(word for word in words if word not in own))


class TextRetriever:
    """Returns passages: of the user's documents, of stored questions that fit, and definitions."""

    name = "text"

    def __init__(self, parts: "KnowledgeParts") -> None:
        self._index: TextIndex | HybridIndex = parts.index
        self._linker = parts.linker if parts.has("graph") else None
        self._drugs = lru_cache(maxsize=4096)(self._drugs_in)
        self._kinds: dict[str, Origin] = {}

    def retrieve(self, query: Query, *, limit: int) -> list[Evidence]:
        """Return at most `limit` passages, the user's own first, each with a score by origin and rank."""
        items = _distinct([*self._own(query), *self._stored(query), *self._defined(query)])
        held = {item.passage.id for item in items[:limit] if item.passage is not None}
        about = [
            item for item in self._about(query) if item.passage is not None and item.passage.id not in held
        ]
        about = about[: limit // 3]
        return [*items[: limit - len(about)], *about]

    def _about(self, query: Query) -> list[Evidence]:
        """Return passages of stored answers about a topic, whatever their question, that have other words asked for."""
        parts = self._parts(Origin.STORED)
        items: list[Evidence] = []
        for topic in _subjects(query) if parts and query.intent != Intent.DOSE else ():
            body = _other_words(query, topic)
            names = [*(name for name in topic.names[:16] if len(name) > 1), *_wider(topic.names)]
            hits = self._index.titled(names, k=MAX_ABOUT, parts=parts, body=body) if body else []
            rated = [
                (subject_fit(hit.passage.title, [*topic.names, *_wider(topic.names)]), hit) for hit in hits
            ]
            best = max((hit.score for hit in hits), default=1.0) or 1.0
            items += [
                _item(hit.passage, ORIGIN_BOOST[Origin.STORED] - 0.5 + fit * hit.score / best)
                for fit, hit in rated
                if fit >= MIN_ABOUT
            ]
        return _distinct(items)

    def _own(self, query: Query) -> list[Evidence]:
        parts = self._parts(Origin.OWN)
        if not parts:
            return []
        hits = self._search(query, MAX_OWN, parts)
        items = _scored(hits, ORIGIN_BOOST[Origin.OWN])
        return [
            replace(item, names=self._drugs(item.passage.text)) for item in items if item.passage is not None
        ]

    def _search(self, query: Query, k: int, parts: Sequence[str]) -> "list[Hit]":
        return self._index.search(widened(query), k=k, parts=parts, concepts=topic_ids(query))

    def _drugs_in(self, text: str) -> tuple[tuple[str, str], ...]:
        """Return (CURIE, name as written) of the drugs that a text names: whose an amount in it may be."""
        if self._linker is None:
            return ()
        mentions = self._linker.link(text)
        return tuple(dict.fromkeys((item.id, item.text) for item in mentions if kind_of(item) == Kind.DRUG))

    def _stored(self, query: Query) -> list[Evidence]:
        parts = self._parts(Origin.STORED)
        if not parts:
            return []
        wanted = (query.intent, *_ALSO.get(query.intent, ()))
        prefer = " ".join(_ASKED.get(intent, "") for intent in wanted)
        items: list[Evidence] = []
        for topic in _subjects(query):
            broader = [*_broader(topic.names[:6]), *_wider(topic.names)]
            names = list(dict.fromkeys([*topic.names[:16], *broader]))
            rated: list[tuple[float, int, Hit]] = []
            for hit in self._index.titled(names, k=TITLED, parts=parts, prefer=prefer):
                intent = stored_intent(hit.passage.title)
                if intent in wanted:
                    fit = max(
                        subject_fit(hit.passage.title, topic.names),
                        0.4 * subject_fit(hit.passage.title, broader),
                    )
                    rated.append((round(fit, 4), wanted.index(intent), hit))
            items += [
                _item(hit.passage, ORIGIN_BOOST[Origin.STORED] + max(fit, 0.0))
                for fit, hit in _few_of_each(_ranked(rated))
            ]
        hits = self._search(query, MAX_STORED, parts)
        if query.intent != Intent.DOSE:
            items += _scored(hits, ORIGIN_BOOST[Origin.STORED] - 0.5)
        return items[: 2 * MAX_STORED + 3]

    def _defined(self, query: Query) -> list[Evidence]:
        ids = set(topic_ids(query))
        if GRAPH_PART not in self._index.manifest["parts"] or not ids:
            return []
        text = " ".join(topic.name for topic in query.topics)
        hits = self._index.search(text, k=8, parts=[GRAPH_PART], concepts=sorted(ids))
        return _scored(
            [hit for hit in hits if ids & set(hit.passage.concepts)][:3], ORIGIN_BOOST[Origin.DEFINED]
        )

    def _parts(self, origin: Origin) -> list[str]:
        for name in self._index.manifest["parts"]:
            if name not in self._kinds:
                first = self._index.first(name)
                self._kinds[name] = (
                    Origin.DEFINED if name == GRAPH_PART or first is None else origin_of(first)
                )
        return [name for name, kind in self._kinds.items() if kind == origin]


def _ranked(rated: Sequence[tuple[float, int, "Hit"]]) -> list[tuple[float, "Hit"]]:
    """Return (fit, hit) of (fit, place of the intent, hit), best first; of each intent those about the same thing."""
    best: dict[int, float] = {}
    for fit, index, _ in rated:
        best[index] = max(fit, best.get(index, 0.0))
    selected = [
        (round(fit - 0.15 * index, 4), hit)
        for fit, index, hit in rated
        if fit >= max(0.2, best[index] - 0.35)
    ]
    return sorted(selected, key=lambda pair: (-pair[0], pair[1].passage.document, pair[1].passage.start))


def _broader(names: Sequence[str]) -> list[str]:
    """Return the names without what makes a kind of a disease: "diabetes" for "type 2 diabetes mellitus"."""
    shorter = [
        " ".join(word for word in words_of(name) if word not in _KINDS and not word.isdigit())
        for name in names
    ]
    return [name for name in dict.fromkeys(shorter) if len(name) > 3]


def _wider(names: Sequence[str]) -> list[str]:
    """Return the names of what the sources speak of in place of something narrower ("peptic ulcer")."""
    return [other for name in names for other in broader_phrases().get(" ".join(words_of(name)), ())]


def _few_of_each(rated: Sequence[tuple[float, "Hit"]]) -> list[tuple[float, "Hit"]]:
    """Return the first passages of each document: an answer begins at its beginning."""
    count: dict[str, int] = {}
    result = []
    for fit, hit in rated:
        document = hit.passage.document
        count[document] = count.get(document, 0) + 1
        if count[document] <= EACH:
            result.append((fit, hit))
    return result[: 2 * MAX_STORED]


def widened(query: Query) -> str:
    """Return the question's words with the names of its topics and the equivalents of its other words."""
    more = [topic.name for topic in query.topics]
    for word in query.words:
        more += sorted(equivalents().get(" ".join(words_of(word)), ()))
    return " ".join([query.text, *more])


def topic_ids(query: Query) -> tuple[str, ...]:
    """Return the concepts of a question's topics, with their other senses."""
    return tuple(dict.fromkeys(item for topic in query.topics for item in (topic.id, *topic.senses) if item))


def _scored(hits: Sequence["Hit"], base: float) -> list[Evidence]:
    best = max((hit.score for hit in hits), default=1.0) or 1.0
    return [_item(hit.passage, base + hit.score / best) for hit in hits]


def _item(passage: Passage, score: float) -> Evidence:
    words = passage.text.split()
    text = " ".join(words[:MAX_WORDS])
    head = f"{passage.title}: " if passage.title and not text.startswith(passage.title) else ""
    return Evidence("0", "passage", head + text, round(score, 4), (), passage)
