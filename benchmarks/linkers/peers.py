"""The floor and the peers: a plain dictionary, spaCy, flashtext2, ahocorasick_rs, all with the linker's own names."""

import re
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from clinweave.knowledge import Linker
from clinweave.knowledge.linking import ranking
from linkers.corpora import Corpus, Found

STOP = {"of", "the", "a", "an", "in", "with", "and", "to", "for", "on", "by", "or"}
Finder = Callable[[str], set[Found]]
SHORTEST = 3


def names_of(linker: Linker, corpus: Corpus) -> dict[str, str]:
    """Return lower-case name -> identifier for all names that the linker may use for a corpus, the best sense each."""
    vocabulary, scope = linker.vocabulary, linker.scope(corpus.prefixes, corpus.categories)
    allowed = scope.allowed[vocabulary.concept] & (vocabulary.kind != ranking.USAGE)
    score = vocabulary.score - scope.price[vocabulary.concept]
    rows = np.flatnonzero(allowed & (score >= ranking.MINIMUM))
    rows = rows[np.argsort(score[rows], kind="stable")]
    names = vocabulary.names.take(vocabulary.name[rows]).to_pylist()
    ids = vocabulary.shown(vocabulary.concept[rows], scope)[1].to_pylist()
    return {
        " ".join(name.lower().split()): curie
        for name, curie in zip(names, ids, strict=True)
        if len(name) >= SHORTEST and not name.isdigit()
    }


def plain(names: Mapping[str, str]) -> Finder:
    """Lower case, light plurals, any word order, the longest match first."""
    keys: dict[tuple[str, ...], str] = {}
    for name, curie in names.items():
        words = [_stem(word) for word in re.findall(r"[a-z0-9]+", name)]
        if len(words) > 1 or (words and len(words[0]) >= SHORTEST):
            keys[_key(words)] = curie

    def find(text: str) -> set[Found]:
        tokens = [(item.start(), item.end(), item[0]) for item in re.finditer(r"[a-z0-9]+", text.lower())]
        words = [_stem(word) for _, _, word in tokens]
        candidates = []
        for first in range(len(tokens)):
            if words[first] in STOP:
                continue
            for last in range(first, min(first + 10, len(tokens))):
                if last > first and re.search(r"[.;:]\s", text[tokens[last - 1][1] : tokens[last][0]]):
                    break
                curie = keys.get(_key(words[first : last + 1])) if words[last] not in STOP else None
                if curie:
                    candidates.append((tokens[first][0], tokens[last][1], curie))
        return longest(candidates)

    return find


def _key(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(word for word in words if word not in STOP))


def _stem(word: str) -> str:
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("sses", "ches", "xes", "shes")):
        return word[:-2]
    plural = word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3
    return word[:-1] if plural else word


def longest(candidates: Iterable[tuple[int, int, str]]) -> set[Found]:
    """Return the matches that stay, the longest first, then the earliest."""
    taken: set[int] = set()
    kept = set()
    for start, end, curie in sorted(candidates, key=lambda row: (row[0] - row[1], row[0])):
        if taken.isdisjoint(range(start, end)):
            taken.update(range(start, end))
            kept.add(Found(start, end, curie))
    return kept


def spacy_matcher(names: Mapping[str, str]) -> Finder:
    """spaCy's PhraseMatcher on lower case, English tokeniser."""
    import spacy
    from spacy.matcher import PhraseMatcher

    english = spacy.blank("en")
    english.max_length = 1 << 30
    matcher = PhraseMatcher(english.vocab, attr="LOWER")
    for name, curie in names.items():
        matcher.add(curie, [english.make_doc(name)])

    def find(text: str) -> set[Found]:
        document = english.make_doc(text)
        spans = (document[first:last] for _, first, last in (match for match in matcher(document)))
        return longest((span.start_char, span.end_char, names.get(span.text.lower(), "")) for span in spans)

    return find


def flashtext(names: Mapping[str, str]) -> Finder:
    """flashtext2, case ignored; it returns the leftmost longest keywords."""
    from flashtext2 import KeywordProcessor

    processor = KeywordProcessor(case_sensitive=False)
    processor.add_keywords_from_iter(names)

    def find(text: str) -> set[Found]:
        rows = processor.extract_keywords_with_span(text)
        return {Found(start, end, names.get(word.lower(), "")) for word, start, end in rows}

    return find


def aho_corasick(names: Mapping[str, str]) -> Finder:
    """ahocorasick_rs on lower case, all overlapping matches, those inside words dropped."""
    import ahocorasick_rs

    spelt = list(names)
    automaton = ahocorasick_rs.AhoCorasick(spelt, store_patterns=False)

    def find(text: str) -> set[Found]:
        lower = text.lower()
        if len(lower) != len(text):
            lower = text
        rows = automaton.find_matches_as_indexes(lower, overlapping=True)
        whole = (
            (start, end, names[spelt[number]])
            for number, start, end in rows
            if not (start and lower[start - 1].isalnum()) and not lower[end : end + 1].isalnum()
        )
        return longest(whole)

    return find


PEERS = {"spaCy PhraseMatcher": spacy_matcher, "flashtext2": flashtext, "ahocorasick_rs": aho_corasick}
