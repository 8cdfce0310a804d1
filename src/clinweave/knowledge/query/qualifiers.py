"""Words of another language next to a disease that narrow it: "syndrome d'Ehlers-Danlos vasculaire"."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from clinweave.knowledge.linking.languages import BY_CHARACTER, WORD, folded_word, word_lists
from clinweave.knowledge.query import lexicon
from clinweave.knowledge.query.query import Kind, Query, Topic
from clinweave.knowledge.query.topics import names_of

if TYPE_CHECKING:
    from clinweave.knowledge.graph.graph import Graph

_MIN_PREFIX = 5  # letters that a word and its English cognate begin with
_BETWEEN = 2  # words between a name and its qualifier ("de tipo vascular")
_TYPE = frozenset({"tipo", "type", "forme", "forma", "variante"})
_ADJECTIVE = re.compile(r"e[nrsm]?$")  # in German
_MAX_KINDS = 400  # kinds of one disease that are compared
_SPELLINGS = (
    ("cion", "tion"), ("ph", "f"), ("th", "t"), ("qu", "c"), ("k", "c"), ("z", "c"), ("y", "i"), ("ae", "e"),
    ("oe", "e"),
)  # fmt: skip
_GENERIC = frozenset(
    ["tipe", "form", "variant", "sindrome", "disease", "disorder", "the", "of"]
)  # as `_root` has them


def foreign_frame(text: str, language: str) -> frozenset[str]:
    """Return the words of a question in another language that carry the question and name nothing."""
    if language == "en" or language in BY_CHARACTER:
        return frozenset()
    lists = word_lists(language)
    words = {word.lower() for word in WORD.findall(text)}
    asking = {
        word
        for item in lexicon.cues()
        if (pattern := item.patterns.get(language)) is not None
        for match in pattern.finditer(text)
        for word in WORD.findall(match[0].lower())
    }
    known = (lists.own | lists.stops) - lists.content.keys()
    translated = {word for word, english in lists.content.items() if english}
    return frozenset(word for word in words if word in known or word in asking or word in translated)


def read_in_english(query: Query, topics: Sequence[Topic], words: Iterable[str]) -> tuple[str, ...]:
    """Return the English words for what a question in another language asks about its topics ("heart", "enzyme").

    Of `words`, those of the question with its English words behind it, English ones are kept.
    """
    rest = query.text
    for topic in sorted(topics, key=lambda topic: -topic.start):
        rest = f"{rest[: topic.start]} {rest[topic.end :]}"
    asked = [word for word, form in lexicon.aspect_words() if form.search(rest)]
    if query.language in BY_CHARACTER:
        return tuple(asked)
    content = word_lists(query.language).content.values()
    english = {word for item in content for word in item.lower().split()}
    return tuple(dict.fromkeys([*asked, *(word for word in words if word in english)]))


def with_english(text: str, topics: Sequence[Topic], language: str) -> str:
    """Return a question in another language with the English words for its content behind it ("pregnancy")."""
    if language == "en" or language in BY_CHARACTER:
        return text
    content = word_lists(language).content
    words = [
        content.get(match[0].lower(), "")
        for match in WORD.finditer(text)
        if not any(topic.start < match.end() and match.start() < topic.end for topic in topics)
    ]
    return " ".join([text, *dict.fromkeys(filter(None, words))])


def narrowed(
    topics: Sequence[Topic], text: str, language: str, graph: "Graph"
) -> tuple[tuple[Topic, ...], tuple[str, ...]]:
    """Return the topics, diseases narrowed to the one kind that a qualifier names, and the qualifiers not read.

    A qualifier is a word next to a disease that no name has. It is read where its beginning is that of an English word
    in the names of exactly one kind of the disease (or of one above all others).
    """
    if language == "en" or language in BY_CHARACTER:
        return tuple(topics), ()
    read: list[Topic] = []
    unread: list[str] = []
    for topic in topics:
        beside = _beside(topic, topics, text, language) if topic.kind == Kind.DISEASE else None
        kind = _kind(topic, beside[0], graph) if beside is not None else None
        if beside is None:
            read.append(topic)
        elif kind is None:
            read.append(topic)
            unread.append(beside[0])
        else:
            start, end = min(beside[1], topic.start), max(beside[2], topic.end)
            concept = graph.concept(kind)
            read.append(
                replace(
                    topic, text=text[start:end], start=start, end=end, id=kind, name=concept.name,
                    names=names_of([concept], concept.name), senses=(),
                )
            )  # fmt: skip
    return tuple(read), tuple(unread)


def _beside(topic: Topic, topics: Sequence[Topic], text: str, language: str) -> tuple[str, int, int] | None:
    """Return (word, start, end) of a topic's qualifier, or None: the word behind it, in German the adjective before."""
    candidates = list(WORD.finditer(text, topic.end))[: _BETWEEN + 1]
    if language == "de":
        candidates = [match for match in WORD.finditer(text[: topic.start]) if _ADJECTIVE.search(match[0])][
            -1:
        ]
        candidates = [match for match in candidates if not text[match.end() : topic.start].strip()]
    frame = foreign_frame(text, language) | _TYPE
    for match in candidates:
        gap = text[topic.end : match.start()]
        taken = any(item.start < match.end() and match.start() < item.end for item in topics)
        if taken or re.search(r"[.;:!?,()]", gap):
            return None
        word = match[0].lower()
        if word not in frame:
            return (word, match.start(), match.end()) if len(word) >= _MIN_PREFIX and word.isalpha() else None
    return None


def _kind(topic: Topic, word: str, graph: "Graph") -> str | None:
    """Return the kind of a disease that is named by the disease's own words and the cognate of a word, or None."""
    if not topic.id or graph.resolve(topic.id) is None:
        return None
    kinds = graph.concepts(sorted(graph.descendants(topic.id) - {topic.id})[:_MAX_KINDS])
    root = _root(word)
    own = [{_root(item) for item in WORD.findall(name)} for name in topic.names]
    having = [
        concept.id
        for concept in kinds
        if any(_is_kind(name, root, own) for name in (concept.name, *concept.synonyms))
    ]
    top = [item for item in having if not graph.ancestors(item) & (set(having) - {item})]
    return top[0] if len(top) == 1 else None


def _is_kind(name: str, root: str, own: Sequence[set[str]]) -> bool:
    """Say whether a name has the words of one of the disease's names, a cognate of a word, and nothing else."""
    words = {_root(item) for item in WORD.findall(name)}
    cognates = {item for item in words if _same_root(item, root)}
    return bool(cognates) and any(words - cognates - _GENERIC == names - _GENERIC for names in own)


def _root(word: str) -> str:
    """Return the letters of a word in which its European forms agree ("vasculaire", "vaskulär", "vascular")."""
    folded = folded_word(word)
    for before, after in _SPELLINGS:
        folded = folded.replace(before, after)
    return re.sub(r"(.)\1", r"\1", folded)


def _same_root(one: str, other: str) -> bool:
    least = max(_MIN_PREFIX, (min(len(one), len(other)) * 2 + 2) // 3)
    return one[:least] == other[:least] and min(len(one), len(other)) >= _MIN_PREFIX
