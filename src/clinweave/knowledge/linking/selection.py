"""Choice among overlapping matches, and the abbreviations that the texts define for them."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinweave.knowledge.linking import ranking
from clinweave.knowledge.linking.abbreviations import Definition, definitions, occurrences
from clinweave.knowledge.linking.bag_of_words import DEFINED, REORDERED, SHARED, SHORT_FORM, VARIED
from clinweave.knowledge.linking.dictionary import TokenMatches
from clinweave.knowledge.linking.normalise import Hashes, Ints, Tokens, hashes_of, normal_form, tokenise
from clinweave.knowledge.linking.vocabulary import Vocabulary

_BE, _OF = hashes_of(["is", "are", "was", "were"]), hashes_of(["of"])[0]
_DETERMINERS = hashes_of(["the", "his", "her", "their", "both", "all", "these", "this", "a", "an"])
_BACK = 3  # tokens before a name in which "of" makes another noun the subject
EITHER = 8  # added: a pronoun before the mention may be the patient or a relative
EITHER_REASON = "the pronoun before it may mean the patient or the relative"
HOW = {  # how, in words
    REORDERED: "other word order or form",
    SHARED: "shared word",
    VARIED: "a word that alternates with it in other names",
    DEFINED: "defined in the text",
    SHORT_FORM: "a short form, by the words around it",
}
HOW |= {how + EITHER: "; ".join(filter(None, [HOW.get(how), EITHER_REASON])) for how in range(EITHER)}


@dataclass(frozen=True, slots=True)
class Selection:
    """Selected matches in the tokens of one batch, in text order."""

    first: Ints
    size: Ints
    sense: Ints
    key: Ints
    score: NDArray[np.float64]
    how: Ints

    def at_rows(self, rows: Ints) -> "Selection":
        """Return the matches of these rows."""
        return Selection(
            self.first[rows],
            self.size[rows],
            self.sense[rows],
            self.key[rows],
            self.score[rows],
            self.how[rows],
        )

    def without(self, gone: set[int]) -> "Selection":
        """Return the matches but for the rows `gone`."""
        if not gone:
            return self
        return self.at_rows(np.setdiff1d(np.arange(len(self.first)), np.fromiter(gone, np.int64, len(gone))))

    def joined(self, other: "Selection") -> "Selection":
        """Return the matches of both, in text order."""
        columns = (self.first, self.size, self.sense, self.key, self.score, self.how)
        added = (other.first, other.size, other.sense, other.key, other.score, other.how)
        order = np.argsort(np.concatenate([self.first, other.first]), kind="stable")
        return Selection(*(np.concatenate(both)[order] for both in zip(columns, added, strict=True)))

    def changed(self, gone: set[int], added: list[tuple[int, int, int]]) -> "Selection":
        """Return the matches without those `gone` and with `added` (token, tokens, the match it repeats)."""
        if not gone and not added:
            return self
        stay = np.setdiff1d(np.arange(len(self.first)), np.fromiter(gone, np.int64, len(gone)))
        first_tokens, size, of = np.array(added, np.int64).reshape(-1, 3).T
        order = np.argsort(np.concatenate([self.first[stay], first_tokens]), kind="stable")
        score = self.score[of] - ranking.IN_TEXT
        new = (first_tokens, size, self.sense[of], self.key[of], score, np.full(len(first_tokens), DEFINED))
        old = (self.first, self.size, self.sense, self.key, self.score, self.how)
        return Selection(
            *(np.concatenate([left[stay], right])[order] for left, right in zip(old, new, strict=True))
        )


def with_defined(texts: Sequence[str], begins: Ints, tokens: Tokens, picked: Selection) -> Selection:
    """Return the mentions with the abbreviations that the texts define: they mean what the long form means."""
    gone: set[int] = set()
    added: list[tuple[int, int, int]] = []  # token, tokens, the mention it repeats
    # Lists, for a look-up at a time: bisect is ten times as fast as searchsorted then.
    starts, ends = tokens.start[picked.first].tolist(), tokens.end[picked.first + picked.size - 1].tolist()
    spans: list[tuple[int, int, int | None]] = []
    for number, text in enumerate(texts):
        defined = {item.short: item for item in definitions(text)} if "(" in text else {}
        base = int(begins[number])
        means = {short: _meaning(item, base, starts, ends) for short, item in defined.items()}
        spans += (
            (base + begin, base + end, means[short]) for begin, end, short in occurrences(text, defined)
        )
    if not spans:
        return picked
    bounds = np.array([row[:2] for row in spans], np.int64)
    firsts, lasts = np.searchsorted(tokens.start, bounds).T
    lows, highs = np.searchsorted(picked.first, firsts), np.searchsorted(picked.first, lasts)
    stops = (picked.first + picked.size).tolist()
    columns = (item.tolist() for item in (firsts, lasts, lows, highs))
    for first, last, low, high, (_, _, meant) in zip(*columns, spans, strict=True):
        if low and stops[low - 1] > first:
            continue  # part of a longer name
        if any(stop > last for stop in stops[low:high]):
            continue
        gone.update(range(low, high))
        if meant is not None and last > first:
            added.append((first, last - first, meant))
    return picked.changed(gone, added)


def _meaning(item: Definition, base: int, starts: list[int], ends: list[int]) -> int | None:
    """Return the mention of the whole long form, or None where that is no known name."""
    index = bisect_left(ends, base + item.end)
    if index < len(ends) and ends[index] == base + item.end and starts[index] <= base + item.start:
        return index
    return None


def longest_first(first_tokens: Ints, size: Ints, score: NDArray[Any]) -> Ints:
    """Return the indices, by place, of matches `[first, first + size)` that stay so that no two overlap."""
    if not len(first_tokens):
        return np.zeros(0, np.int64)
    order = np.lexsort((-score, -size, first_tokens))
    begin, end = first_tokens[order], (first_tokens + size)[order]
    furthest = np.maximum.accumulate(end)
    lone_left = np.append(True, begin[1:] >= furthest[:-1])
    lone = lone_left & np.append(lone_left[1:], True)
    parts = [order[lone]]
    contested = order[~lone]
    contested = contested[np.lexsort((first_tokens[contested], -score[contested], -size[contested]))]
    taken = bytearray(int(furthest[-1]))
    chosen = []
    for number, low, width in zip(
        contested.tolist(), first_tokens[contested].tolist(), size[contested].tolist(), strict=True
    ):
        if taken.find(1, low, low + width) < 0:
            taken[low : low + width] = b"\x01" * width
            chosen.append(number)
    parts.append(np.array(chosen, np.int64))
    every = np.concatenate(parts)
    return np.asarray(every[np.argsort(first_tokens[every], kind="stable")])


def keys_of(vocabulary: Vocabulary, phrases: Sequence[str]) -> Ints:
    """Return the keys of phrases, sorted."""
    spelt = set(map(normal_form, phrases))
    found = np.unique(vocabulary.dictionary.match(tokenise("\n\n".join(phrases))).key)
    return np.array([key for key in found.tolist() if vocabulary.dictionary.key(key) in spelt], np.int64)


def for_another(tokens: Tokens, matches: TokenMatches) -> NDArray[np.bool_]:
    """Return which matches say no finding: "epilepsy clinic", and "of the fingers are missing" of another noun's."""
    after = np.minimum(matches.first + matches.size, len(tokens) - 1)
    last = matches.first + matches.size - 1
    served = _hashes_of_served()
    result = (
        (after > last) & np.isin(tokens.hash[after], served) & (tokens.clause[after] == tokens.clause[last])
    )
    being = np.concatenate([[0], np.cumsum(np.isin(tokens.hash, _BE))])
    stated = (being[last + 1] > being[matches.first]) & (matches.first > 0)
    of = np.zeros(len(matches), np.bool_)
    for back in range(1, _BACK + 1):  # "of", "of the", "of the index"
        before = np.maximum(matches.first - back, 0)
        here = (tokens.hash[before] == _OF) & (tokens.clause[before] == tokens.clause[matches.first])
        # "Because of pain the knee is swollen" speaks of the knee.
        of |= here & ((back < _BACK) | ~np.isin(tokens.hash[np.maximum(matches.first - 1, 0)], _DETERMINERS))
    return np.asarray(result | (stated & of))


@lru_cache(maxsize=1)
def _hashes_of_served() -> Hashes:
    return hashes_of(ranking.for_findings())


def within(matches: TokenMatches, phrases: TokenMatches) -> NDArray[np.bool_]:
    """Return which matches lie within one of the phrases."""
    if not len(phrases):
        return np.zeros(len(matches), np.bool_)
    order = np.argsort(phrases.first, kind="stable")
    first = phrases.first[order]
    reach = np.maximum.accumulate(first + phrases.size[order])
    at = np.searchsorted(first, matches.first, side="right") - 1
    return np.asarray((at >= 0) & (reach[np.maximum(at, 0)] >= matches.first + matches.size))
