"""Which mentions are negated: cue phrases and their scope.

After NegEx (Chapman et al., J Biomed Inform 2001;34:301-310) and ConText (Harkema et al., J Biomed Inform
2009;42:839-851): a cue negates the mentions that follow (or precede) it in its sentence up to a terminating word;
pseudo-cues such as "no increase" only look like one. The cue lists are this project's own.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from clinweave.knowledge.dictionary import Dictionary
from clinweave.knowledge.normalise import Ints, Tokens
from clinweave.knowledge.overlaps import longest_first

WINDOW = 7  # tokens that a cue reaches; a list of findings carries it on
_LINKS = frozenset("and or nor any of the a an".split())

AHEAD = (
    "no", "not", "without", "denies", "denied", "denying", "deny", "never", "never had", "absence of", "no evidence of",
    "negative for", "free of", "free from", "lack of", "lacked", "lacks", "lacking", "no sign of", "no history of", "nor",
    "neither", "cannot", "did not", "does not", "do not", "has not", "have not", "had not", "was not", "were not", "rules out",
    "ruled out", "rule out", "excluded", "exclude", "excludes", "excluding a diagnosis of", "no longer", "fails to reveal",
    "failed to reveal", "didn't", "doesn't", "don't", "hasn't", "haven't", "hadn't", "wasn't", "weren't", "isn't", "aren't",
    "unremarkable for", "rather than", "instead of", "non", "resolution of", "none had", "none of whom had",
)  # fmt: skip
BEHIND = (
    "was ruled out", "were ruled out", "is ruled out", "are ruled out", "has been ruled out", "have been ruled out",
    "been ruled out", "was excluded", "were excluded", "is excluded", "has been excluded", "was absent", "were absent",
    "is absent", "are absent", "was not present", "were not present", "is not present", "are not present", "not present",
    "was not seen", "were not seen", "was not observed", "were not observed", "was not found", "were not found",
    "was not detected", "were not detected", "not observed", "not seen", "not detected", "was negative", "were negative",
    "is unlikely", "was unlikely", "are unlikely", "denied", "absent",
)  # fmt: skip
PSEUDO = (
    "no increase", "no increased", "no change", "no significant change", "no interval change", "no decrease", "not only",
    "not necessarily", "not certain if", "not certain whether", "no doubt", "without doubt", "without difficulty",
    "no further", "gram negative", "not extend", "not drain", "not cause", "not rule out", "not ruled out",
    "cannot be ruled out", "can not be ruled out", "could not be ruled out", "not been ruled out", "not exclude",
    "cannot exclude", "not be excluded", "cannot be excluded", "not always", "not all", "not every", "not uncommon",
    "not uncommonly", "not unusual", "not just", "no difference", "without treatment", "not treated", "if not", "whether or not",
    "or not", "not known", "not clear", "not fully understood", "not well understood", "not yet", "not responding", "not respond",
    "not improve", "not resolve", "no improvement", "no cure", "no specific treatment", "no treatment", "no relief",
    "no known", "not completely", "not enough", "no single", "no matter", "not associated",
)  # fmt: skip
ENDS = (
    "but", "however", "although", "though", "except", "except for", "apart from", "aside from", "yet", "still", "nevertheless",
    "whereas", "while", "because", "since", "secondary to", "due to", "which", "who", "presents with", "presented with",
    "complains of", "reports", "reported", "developed", "until", "unless", "despite", "if", "then", "causes", "caused by",
    "other than", "besides", "he has", "she has", "he had", "she had", "patient has", "patient had", "there is", "there was",
)  # fmt: skip
_CLASSES = (AHEAD, BEHIND, PSEUDO, ENDS)


@lru_cache(maxsize=1)
def _cues() -> tuple[Dictionary, NDArray[np.uint8]]:
    """Return the dictionary of cues, and for each key the set of its classes as bits."""
    names = [phrase for group in _CLASSES for phrase in group]
    bits = [1 << number for number, group in enumerate(_CLASSES) for _ in group]
    dictionary, keys = Dictionary.build(names)
    classes = np.zeros(len(dictionary), np.uint8)
    np.bitwise_or.at(classes, keys, np.array(bits, np.uint8))
    return dictionary, classes


def negated(tokens: Tokens, at: Ints, size: Ints) -> NDArray[np.bool_]:
    """Return which of the mentions `[at, at + size)` (tokens, sorted, not overlapping) are negated."""
    result = np.zeros(len(at), np.bool_)
    dictionary, classes = _cues()
    found = dictionary.match(tokens)
    if not len(found) or not len(at):
        return result
    kept = longest_first(found.at, found.size, np.zeros(len(found)))
    cue_at, cue_size, kind = found.at[kept], found.size[kept], classes[found.key[kept]]
    # A cue inside a mention is part of the name ("absent speech").
    before = np.searchsorted(at, cue_at, side="right") - 1
    inside = (before >= 0) & (cue_at < at[before] + size[before])
    cue_at, cue_size, kind = cue_at[~inside], cue_size[~inside], kind[~inside]
    ends = cue_at[(kind & 8) > 0]
    for begin, length, bits in zip(cue_at.tolist(), cue_size.tolist(), kind.tolist(), strict=True):
        if bits & 1:
            low, high = _reach_ahead(tokens, at, size, begin + length, ends)
        elif bits & 2:
            low, high = _reach_behind(tokens, at, begin, ends)
        else:
            continue
        result[low:high] = True
    return result


def _reach_ahead(tokens: Tokens, at: Ints, size: Ints, begin: int, ends: Ints) -> tuple[int, int]:
    """Return the range of mentions that a cue ending at token `begin` negates."""
    if begin >= len(tokens):
        return 0, 0
    stop = int(np.searchsorted(tokens.sentence, tokens.sentence[begin - 1], side="right"))
    next_end = int(np.searchsorted(ends, begin))
    if next_end < len(ends):
        stop = min(stop, int(ends[next_end]))
    low = int(np.searchsorted(at, begin))
    high = int(np.searchsorted(at, min(stop, begin + WINDOW)))
    while low < high < len(at) and at[high] < stop:
        between = tokens.words(int(at[high - 1] + size[high - 1]), int(at[high]))
        if not _LINKS.issuperset(between):
            break
        high += 1
    return low, high


def _reach_behind(tokens: Tokens, at: Ints, begin: int, ends: Ints) -> tuple[int, int]:
    """Return the range of mentions that a cue starting at token `begin` negates."""
    start = int(np.searchsorted(tokens.sentence, tokens.sentence[begin], side="left"))
    last_end = int(np.searchsorted(ends, begin)) - 1
    if last_end >= 0:
        start = max(start, int(ends[last_end]))
    return int(np.searchsorted(at, max(start, begin - WINDOW))), int(np.searchsorted(at, begin))
