"""Mention classifier: a logistic model of which matches an annotator would have marked.

It is applied if the concepts are reported in a vocabulary of findings, diseases or chemicals. The weights
(`mention_classifier.json`) were learned on the training parts of annotated corpora by `benchmarks/linkers/learning.py`.
The model only rejects matches that the dictionary proposes. Features are computed for a batch at once.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinweave.knowledge.linking.crosswalk import OWN
from clinweave.knowledge.linking.dictionary import TokenMatches
from clinweave.knowledge.linking.normalise import Hashes, Ints, Tokens, hashes_of, mix
from clinweave.knowledge.linking.ranking import DISEASE, EVERYDAY_KINDS, FINDING, KINDS, OTHER
from clinweave.knowledge.linking.vocabulary import Scope, Vocabulary

_LENGTHS = np.array([3, 4, 5, 6, 8, 11, 16])  # characters
WORDS = ("before", "after", "first", "last", "whole")  # the features that are words


class Matches(NamedTuple):
    """Candidates of one batch: token spans, kind of match, senses and documents."""

    spans: TokenMatches
    how: Ints
    sense: Ints
    document: Ints


class Model(NamedTuple):
    """Weights: by feature and value, and for words by hash."""

    intercept: float
    threshold: tuple[float, ...]  # by group
    tables: Mapping[str, NDArray[np.float64]]
    words: Mapping[str, tuple[Hashes, NDArray[np.float64]]]


@lru_cache(maxsize=1)
def model() -> Model:
    """Return the learned model."""
    text = files("clinweave.knowledge.linking").joinpath("mention_classifier.json").read_text("utf-8")
    learned: dict[str, Any] = json.loads(text)
    words = {}
    for name, weights in learned["words"].items():
        rows = sorted((_hash_of(spelt, whole=name == "whole"), weight) for spelt, weight in weights.items())
        keys = np.array([key for key, _ in rows], np.uint64)
        words[name] = keys, np.array([weight for _, weight in rows], np.float64)
    tables = {name: np.array(values, np.float64) for name, values in learned["tables"].items()}
    return Model(learned["intercept"], tuple(learned["threshold"]), tables, words)


def _hash_of(spelt: str, *, whole: bool) -> int:
    """Return the hash of a feature as `learning.py` spells it: the group's number, then the words."""
    group, *words = spelt.split(" ")
    hashes = hashes_of(words)
    if whole:
        placed: Any = hashes + np.arange(len(hashes), dtype=np.uint64)
        hashes = mix(placed).sum(keepdims=True, dtype=np.uint64)
    else:
        hashes = mix(hashes)
    return int(_in_group(hashes, np.array([int(group)]))[0])


def groups(vocabulary: Vocabulary, scope: Scope, sense: Ints) -> Ints:
    """Return the group of each sense: a finding where HPO was asked, else a disease or a chemical."""
    concept = vocabulary.concept[sense]
    group = vocabulary.groups[concept].astype(np.int64)
    if scope.row is None:
        return np.full(len(group), OTHER)
    walk = vocabulary.crosswalk
    finding = np.zeros(len(walk.prefixes), np.bool_)
    if "HP" in walk.prefixes:
        finding[walk.prefixes.index("HP")] = True
    return np.where((group == DISEASE) & finding[walk.prefix[scope.row[concept]]], FINDING, group)


def features(
    tokens: Tokens, matches: Matches, vocabulary: Vocabulary, scope: Scope, group: Ints
) -> dict[str, Ints]:
    """Return the values of each feature that is a small number."""
    spans, how, sense, document = matches
    last = spans.first + spans.size - 1
    concept = vocabulary.concept[sense].astype(np.int64)
    kind = vocabulary.kind[sense].astype(np.int64)
    kind[np.isin(kind, EVERYDAY_KINDS)] = KINDS.index("lay")  # the model was learned without these
    cased = vocabulary.exact_case[sense].astype(np.int64)
    length = np.searchsorted(_LENGTHS, tokens.end[last] - tokens.start[spans.first], side="right")
    plural = (tokens.end[last] - tokens.start[last] > tokens.last[last] - tokens.first[last]).astype(np.int64)
    level = vocabulary.crosswalk.level[scope.row[concept]].astype(np.int64) if scope.row is not None else OWN
    size = np.minimum(spans.size, 4) - 1
    sense_counts = vocabulary.senses_per_key[spans.key]
    senses = np.searchsorted(np.array([2, 3, 5]), sense_counts, side="right")
    supported = _supported(document, concept, (cased == 0) & (length >= 3))
    repeated = _repeated(document, spans.key)
    inside = _inside(spans, how)
    capital = tokens.capital[spans.first].astype(np.int64)
    opened = _bracketed(tokens, spans)
    kinds = kind * 3 + np.minimum(how, 2)
    return {
        "kind": kinds,
        "kind in group": kinds * 4 + group,
        "length": (length * 2 + cased) * 4 + group,
        "level": (np.zeros(len(group), np.int64) + level) * 4 + group,
        "size": (size * 3 + np.minimum(how, 2)) * 4 + group,
        "number": (plural * 2 + vocabulary.plural[sense]) * 4 + group,
        "senses": senses * 4 + group,
        "support": (supported * 2 + cased) * 4 + group,
        "repeats": (repeated * 2 + cased) * 4 + group,
        "inside": inside * 4 + group,
        "capital": (capital * 2 + cased) * 4 + group,
        "brackets": (opened * 2 + cased) * 4 + group,
        "category": vocabulary.groups[concept].astype(np.int64) * 4 + group,
    }


def word_features(tokens: Tokens, matches: TokenMatches, group: Ints) -> dict[str, Hashes]:
    """Return the hash of the word before, after, first, last, and of the whole where it has up to three words.

    Findings share their words with diseases: corpora of findings are too small to learn words from.
    """
    group = np.maximum(group, DISEASE)
    last = matches.first + matches.size - 1
    before, after = np.maximum(matches.first - 1, 0), np.minimum(last + 1, len(tokens) - 1)
    none = np.uint64(0)
    same_before = (matches.first > 0) & (tokens.sentence[before] == tokens.sentence[matches.first])
    same_after = (last + 1 < len(tokens)) & (tokens.sentence[after] == tokens.sentence[last])
    single = {
        "before": np.where(same_before, tokens.hash[before], none),
        "after": np.where(same_after, tokens.hash[after], none),
        "first": tokens.hash[matches.first],
        "last": tokens.hash[last],
    }
    hashed = {name: _in_group(mix(values), group) for name, values in single.items()}
    whole = np.zeros(len(matches), np.uint64)
    for number in range(3):
        within = matches.size > number
        position = np.minimum(matches.first + number, len(tokens) - 1)
        whole += np.where(within, mix(tokens.hash[position] + np.uint64(number)), none)
    hashed["whole"] = np.where(matches.size <= 3, _in_group(whole, group), none)
    return hashed


def _in_group(values: Hashes, group: Ints) -> Hashes:
    return mix(values ^ (group + 1).astype(np.uint64))


def _probability(
    tokens: Tokens, matches: Matches, vocabulary: Vocabulary, scope: Scope, group: Ints
) -> NDArray[np.float64]:
    """Return how likely an annotator is to mark each match."""
    learned = model()
    total = np.full(len(matches.spans), learned.intercept)
    for name, values in features(tokens, matches, vocabulary, scope, group).items():
        total += learned.tables[name][values]
    for name, hashes in word_features(tokens, matches.spans, group).items():
        keys, weights = learned.words[name]
        if len(keys):
            index = np.minimum(np.searchsorted(keys, hashes), len(keys) - 1)
            total += np.where(keys[index] == hashes, weights[index], 0.0)
    return np.asarray(1.0 / (1.0 + np.exp(-total)))


def accepted(tokens: Tokens, matches: Matches, vocabulary: Vocabulary, scope: Scope) -> NDArray[np.bool_]:
    """Return which matches stay."""
    if scope.row is None or not len(matches.spans):
        return np.ones(len(matches.spans), np.bool_)
    group = groups(vocabulary, scope, matches.sense)
    limit = np.array([*model().threshold, 0.0])[group]
    return np.asarray(_probability(tokens, matches, vocabulary, scope, group) >= limit)


def _supported(document: Ints, concept: Ints, full: NDArray[np.bool_]) -> Ints:
    """Return 1 where the document names the same concept in full, too (at another place for a full name itself)."""
    key = document * (1 << 32) + concept
    named, counts = np.unique(key[full], return_counts=True)
    if not len(named):
        return np.zeros(len(key), np.int64)
    index = np.minimum(np.searchsorted(named, key), len(named) - 1)
    count = np.where(named[index] == key, counts[index], 0) - full
    more: Ints = (count > 0).astype(np.int64)
    return more


def _repeated(document: Ints, key: Ints) -> Ints:
    """Return how often the document has the same words: 0 for once, to 3 for five times and more."""
    _, which, counts = np.unique(document * (1 << 32) + key, return_inverse=True, return_counts=True)
    bins: Ints = np.searchsorted(np.array([2, 3, 5]), counts[which], side="right").astype(np.int64)
    return bins


def _inside(matches: TokenMatches, how: Ints) -> Ints:
    """Return 0 for a match in no other, 1 in one found by other words alone, 2 in a longer name."""
    inside = np.zeros(len(matches), np.int64)
    end = matches.first + matches.size
    for code, chosen in ((1, how > 0), (2, how == 0)):
        begin, stop = matches.first[chosen], end[chosen]
        order = np.argsort(begin, kind="stable")
        begin, stop = begin[order], np.maximum.accumulate(stop[order]) if len(order) else stop
        if not len(begin):
            continue
        # Longer ones that begin earlier and reach as far, or begin here and reach further.
        earlier = np.searchsorted(begin, matches.first) - 1
        reach = np.where(earlier >= 0, stop[np.maximum(earlier, 0)], -1) >= end
        preceding = np.searchsorted(begin, matches.first, side="right") - 1
        further = np.where(preceding >= 0, stop[np.maximum(preceding, 0)], -1) > end
        inside[reach | further] = code
    return inside


def _bracketed(tokens: Tokens, matches: TokenMatches) -> Ints:
    """Return 1 where the match fills a clause of its own: between commas or brackets."""
    last = matches.first + matches.size - 1
    left = (matches.first == 0) | (
        tokens.clause[np.maximum(matches.first - 1, 0)] != tokens.clause[matches.first]
    )
    after = np.minimum(last + 1, len(tokens) - 1)
    right = (last + 1 >= len(tokens)) | (tokens.clause[after] != tokens.clause[last])
    filled: Ints = (left & right).astype(np.int64)
    return filled
