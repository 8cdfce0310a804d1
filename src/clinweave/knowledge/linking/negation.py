"""Which mentions are negated, and which are a relative's: cue phrases and their scope.

After NegEx (Chapman et al., J Biomed Inform 2001;34:301-310) and ConText (Harkema et al., J Biomed Inform
2009;42:839-851): a cue negates the mentions that follow (or precede) it in its sentence up to a terminating word;
pseudo-cues such as "no increase" only look like one. The cue lists are this project's own.
"""

import tomllib
from bisect import bisect_left
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from clinweave.knowledge.linking import experiencer
from clinweave.knowledge.linking.dictionary import Dictionary
from clinweave.knowledge.linking.normalise import Ints, Tokens
from clinweave.knowledge.linking.overlaps import longest_first

WINDOW = 7  # tokens that a cue reaches; a list of findings carries it on
_LINKS = frozenset({"and", "or", "nor", "any", "of", "the", "a", "an"})

_CLASSES = ("ahead", "behind", "pseudo", "ends", *experiencer.CLASSES)
_AHEAD, _BEHIND, _ENDS = 1, 2, 8  # bits, in that order


@lru_cache(maxsize=1)
def _cues() -> tuple[Dictionary, NDArray[np.uint16]]:
    """Return the dictionary of cues, and for each key the set of its classes as bits."""
    lists = tomllib.loads(files("clinweave.knowledge.linking").joinpath("negation.toml").read_text("utf-8"))
    names = [phrase for group in _CLASSES for phrase in lists[group]]
    bits = [1 << number for number, group in enumerate(_CLASSES) for _ in lists[group]]
    dictionary, keys = Dictionary.build(names)
    classes = np.zeros(len(dictionary), np.uint16)
    np.bitwise_or.at(classes, keys, np.array(bits, np.uint16))
    return dictionary, classes


def in_context(tokens: Tokens, at: Ints, size: Ints) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return two masks of the mentions `[at, at + size)` (tokens, sorted, not overlapping): negated, a relative's."""
    result = np.zeros(len(at), np.bool_)
    dictionary, classes = _cues()
    found = dictionary.match(tokens)
    if not len(found) or not len(at):
        return result, result.copy()
    kept = longest_first(found.at, found.size, np.zeros(len(found)))
    cue_at, cue_size, kind = found.at[kept], found.size[kept], classes[found.key[kept]]
    others = experiencer.of_relatives(tokens, at, size, experiencer.Cues(cue_at, cue_size, kind))
    # A cue inside a mention is part of the name ("absent speech").
    before = np.searchsorted(at, cue_at, side="right") - 1
    inside = (before >= 0) & (cue_at < at[before] + size[before])
    mine = ~inside & ((kind & (_AHEAD | _BEHIND | _ENDS)) > 0)
    cue_at, cue_size, kind = cue_at[mine], cue_size[mine], kind[mine]
    ends = cue_at[(kind & _ENDS) > 0].tolist()
    # Lists from here on: one look-up at a time.
    places, sizes = at.tolist(), size.tolist()
    for begin, length, bits in zip(cue_at.tolist(), cue_size.tolist(), kind.tolist(), strict=True):
        valued = _valued(tokens, places, sizes, begin) if bits & (_AHEAD | _BEHIND) else -1
        if valued >= 0:
            low, high = valued, valued + 1
        elif bits & _AHEAD:
            low, high = _reach_ahead(tokens, places, sizes, begin + length, ends)
        elif bits & _BEHIND:
            low, high = _reach_behind(tokens, places, sizes, begin, ends)
        else:
            continue
        result[low:high] = True
    return result, others


def _valued(tokens: Tokens, at: list[int], size: list[int], begin: int) -> int:
    """Return the mention that a cue answers, as in "Fever: none", or -1: a colon stands between the two."""
    last = bisect_left(at, begin) - 1
    if last < 0 or at[last] + size[last] != begin:
        return -1
    same_sentence = tokens.sentence[begin] == tokens.sentence[begin - 1]
    return last if same_sentence and tokens.segment[begin] != tokens.segment[begin - 1] else -1


def _reach_ahead(
    tokens: Tokens, at: list[int], size: list[int], begin: int, ends: list[int]
) -> tuple[int, int]:
    """Return the range of mentions that a cue ending at token `begin` negates."""
    if begin >= len(tokens):
        return 0, 0
    stop = int(np.searchsorted(tokens.sentence, tokens.sentence[begin - 1], side="right"))
    next_end = bisect_left(ends, begin)
    if next_end < len(ends):
        stop = min(stop, ends[next_end])
    low = bisect_left(at, begin)
    high = bisect_left(at, min(stop, begin + WINDOW))
    while low < high < len(at) and at[high] < stop:
        between = tokens.words(at[high - 1] + size[high - 1], at[high])
        if not _LINKS.issuperset(between):
            break
        high += 1
    return low, high


def _reach_behind(
    tokens: Tokens, at: list[int], size: list[int], begin: int, ends: list[int]
) -> tuple[int, int]:
    """Return the range of mentions that a cue starting at token `begin` negates: the nearest, and its list."""
    start = int(np.searchsorted(tokens.sentence, tokens.sentence[begin], side="left"))
    last_end = bisect_left(ends, begin) - 1
    if last_end >= 0:
        start = max(start, ends[last_end])
    high = bisect_left(at, begin)
    low = high - 1
    if low < 0 or at[low] < start or begin - (at[low] + size[low]) > WINDOW - 2:
        return 0, 0
    while low > 0 and at[low - 1] >= start:
        if not _LINKS.issuperset(tokens.words(at[low - 1] + size[low - 1], at[low])):
            break
        low -= 1
    return low, high
