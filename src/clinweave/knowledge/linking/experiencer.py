"""Whose finding a mention is: the patient's, or a relative's.

After ConText (Harkema et al., J Biomed Inform 2009;42:839-851), which calls it the experiencer. A relative has what
follows a word such as "had" ("her brother had seizures"), what a heading announces ("Family history: ..."), and what
stands before "in" ("seizures in his mother"), in one sentence and up to a word for the patient. A relative who tells
("the mother reported seizures") has nothing. What is said of a pregnancy counts as the child's. The lists are this
project's own, in negation.toml.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinweave.knowledge.linking.normalise import Ints, Tokens

CLASSES = ("family", "relative", "affected", "patient", "pregnancy")
FAMILY, RELATIVE, AFFECTED, PATIENT, PREGNANCY = (
    1 << number for number in range(4, 9)
)  # after those of negation
_GAP = 6  # tokens between a relative and what is said of it
_NEAR = 4  # tokens after "his mother is"
_BEFORE = 5  # tokens between a finding and "in" his mother
_BE = frozenset({"is", "are", "was", "were"})
_TOLD = (
    frozenset(
        {"of", "for", "with", "positive", "significant", "notable", "remarkable", "include", "included"}
    )
    | _BE
)
_IN = frozenset({"in", "among", "affecting"})
_WHOSE = frozenset({"his", "her", "their", "the", "a", "an", "one", "two", "both", "patient", "proband", "whose"}) | {
    "maternal", "paternal", "older", "elder", "younger", "affected", "other", "another", "deceased", "healthy",
}  # fmt: skip
_LISTS = frozenset({"and", "or", "as", "well", "of", "the", "a", "an"})


class Cues(NamedTuple):
    """Cue phrases in one batch, by place: first token, number of tokens, classes as bits."""

    at: Ints
    size: Ints
    kind: NDArray[np.uint16]


def of_relatives(tokens: Tokens, at: Ints, size: Ints, cues: Cues) -> NDArray[np.bool_]:
    """Return which of the mentions `[at, at + size)` (tokens, sorted, not overlapping) are a relative's."""
    result = np.zeros(len(at), np.bool_)
    for number in np.flatnonzero(cues.kind & (FAMILY | RELATIVE)).tolist():
        begin, end = int(cues.at[number]), int(cues.at[number] + cues.size[number])
        stop = int(np.searchsorted(tokens.sentence, tokens.sentence[begin], side="right"))
        inside = slice(
            *np.searchsorted(cues.at, [tokens.sentence.searchsorted(tokens.sentence[begin]), stop])
        )
        if (cues.kind[inside] & PREGNANCY).any():
            continue
        told = _heading if cues.kind[number] & FAMILY else _said
        low, high = told(tokens, cues, number, end, stop)
        result[np.searchsorted(at, low) : np.searchsorted(at, high)] = True
        if cues.kind[number] & RELATIVE:
            low, high = _before(tokens, at, size, begin)
            result[low:high] = True
    return result


def _heading(tokens: Tokens, cues: Cues, number: int, end: int, stop: int) -> tuple[int, int]:
    """Return the tokens that a mention of the family's history announces."""
    if end >= stop:
        return 0, 0
    announced = tokens.segment[end] != tokens.segment[end - 1]
    if not announced and not _TOLD.intersection(tokens.words(end - 1, end + 1)):
        return 0, 0
    return end, _until_patient(cues, number, stop)


def _said(tokens: Tokens, cues: Cues, number: int, end: int, stop: int) -> tuple[int, int]:
    """Return the tokens that tell what a relative has."""
    if end < stop and tokens.segment[end] != tokens.segment[end - 1]:
        return end, _until_patient(cues, number, stop)  # "Mother: migraine"
    for later in range(number + 1, len(cues.at)):
        begin, kind = int(cues.at[later]), int(cues.kind[later])
        if begin >= stop or begin - end > _GAP:
            break
        if kind & AFFECTED:
            return begin + int(cues.size[later]), _until_patient(cues, later, stop)
        if kind & RELATIVE:
            end = begin + int(cues.size[later])
        elif tokens.words(begin, begin + 1)[0] != "who":
            return 0, 0
    if end < stop and tokens.words(end, end + 1)[0] in _BE:
        return end, min(_until_patient(cues, number, stop), end + _NEAR)
    return 0, 0


def _until_patient(cues: Cues, number: int, stop: int) -> int:
    later = np.flatnonzero(cues.kind[number + 1 :] & PATIENT)
    return min(stop, int(cues.at[number + 1 + later[0]])) if len(later) else stop


def _before(tokens: Tokens, at: Ints, size: Ints, begin: int) -> tuple[int, int]:
    """Return the range of mentions before "in" a relative: the nearest, and its list."""
    start = int(np.searchsorted(tokens.sentence, tokens.sentence[begin]))
    before = tokens.words(max(start, begin - 5), begin)
    while before and before[-1] in _WHOSE:
        before.pop()
        begin -= 1
    high = int(np.searchsorted(at, begin))
    low = high - 1
    if not before or before[-1] not in _IN or low < 0 or at[low] < start:
        return 0, 0
    if begin - 1 - (at[low] + size[low]) > _BEFORE:
        return 0, 0
    while low > 0 and at[low - 1] >= start:
        if not _LISTS.issuperset(tokens.words(int(at[low - 1] + size[low - 1]), int(at[low]))):
            break
        low -= 1
    return low, high
