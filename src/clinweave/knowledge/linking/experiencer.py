"""Experiencer of a mention: the patient or a relative.

After ConText (Harkema et al., J Biomed Inform 2009;42:839-851), which calls it the experiencer. A relative has what
follows a word such as "had" ("her brother had seizures"), what a heading announces ("Family history: ..."), and what
stands before "in" or before brackets ("seizures in his mother", "seizures (mother)"), in one sentence and up to a word
for the patient. A relative who tells ("the mother reported seizures") has nothing. What is said after a word for a
pregnancy counts as the child's, and so do findings of the unborn ("polyhydramnios"); what the mother had "during
labour" is hers. A pronoun may go on from a relative ("his brother died; he had seizures"). Whether the relative has it
or has it not is the status of the mention (status.py).
"""

import re

import numpy as np
from numpy.typing import NDArray

from clinweave.knowledge.linking.cues import (
    AFFECTED,
    FAMILY_HISTORY,
    OF_RELATIVES,
    PATIENT,
    PREGNANCY,
    RELATIVE,
    REPORTS,
    Cues,
)
from clinweave.knowledge.linking.dictionary import is_among
from clinweave.knowledge.linking.normalise import Ints, Tokens, words_of
from clinweave.knowledge.linking.pronouns import of_pronouns

_GAP = 6  # tokens between a relative and its findings
_NEAR = 4  # tokens after "his mother is"
_BEFORE = 5  # tokens between a finding and "in" his mother
_BE = frozenset({"is", "are", "was", "were"})
_REPORTED = _BE | frozenset(
    words_of(
        "of for with positive negative significant notable remarkable include included unremarkable neg pos "
        "shows show no"
    )
)
_NOT = frozenset({"not", "never", "also", "both"})  # between a relative and a finding ("Parents not obese")
_IN = frozenset({"in", "among", "affecting"})
_AGES = frozenset(words_of("aged age y yr yrs yo year years old month months mth"))
_STATED = 12  # tokens of "in a nursing home since the age of 60 because of"
# Places and care that are the relative's own, and the words that tie them to a finding.
_PLACES = frozenset(
    words_of(
        "hospital hospice wheelchair dialysis nursing residential rehab rehabilitation icu itu oxygen medication "
        "treatment tablets insulin chemotherapy bedbound housebound chairbound treated waiting"
    )
)
_STATE_WORDS = _PLACES | frozenset(
    words_of(
        "in on at a an the his her is are was were lives living lived now currently long term care home list bed "
        "since after following from because of due to for age aged years recent second third also both and under being"
    )
)
_POSSESSIVES = frozenset({"his", "her", "their", "the", "a", "an", "one", "two", "both", "patient", "proband"}) | {
    "whose",
    "maternal", "paternal", "older", "elder", "younger", "affected", "other", "another", "deceased", "healthy",
    "any", "several",
}  # fmt: skip
_CHILD = 1 << 7  # added to the kinds of a cue of pregnancy after which the child is meant
_DURING = frozenset({"in", "during", "after", "before", "at", "throughout", "following"})
_WHO = frozenset({"who", "whose"})
_FETAL = frozenset(words_of("fetal foetal fetus foetus fetuses foetuses"))
_UNBORN = _FETAL.union(
    words_of("polyhydramnios oligohydramnios anhydramnios hydramnios intrauterine amniotic hydrops nuchal"),
    words_of("premature prematurity preterm breech"),
)
_LISTS = frozenset({"and", "or", "as", "well", "of", "the", "a", "an"})
_IN_BRACKETS = re.compile(r"\s*[(\[]\s*(?:[\w']+\s+){0,3}")
_SECTION = re.compile(r"[^\n:]{0,20}:[ \t]*\r?\n|[ \t]*\r?\n")
_TEXT = re.compile(r"\S")
_SECTION_END = re.compile(r"\n[^\S\n]*\n|\x1e|\n[^\S\n]*[A-Z][\w /()&-]{1,40}:")


def of_relatives(whole: str, tokens: Tokens, first_tokens: Ints, size: Ints, cues: Cues) -> NDArray[np.bool_]:
    """Return which of the mentions `[first, first + size)` (tokens, sorted, not overlapping) are a relative's."""
    result = np.zeros(len(first_tokens), np.bool_)
    cues = _with_children(tokens, first_tokens, cues)
    chosen = (cues.value & (RELATIVE | OF_RELATIVES) > 0) & is_among(
        tokens.sentence[cues.first], tokens.sentence[first_tokens]
    )
    for number in np.flatnonzero(chosen | (cues.value & FAMILY_HISTORY > 0)).tolist():
        begin, end = int(cues.first[number]), int(cues.first[number] + cues.size[number])
        stop = int(np.searchsorted(tokens.sentence, tokens.sentence[begin], side="right"))
        kind = int(cues.value[number])
        end = _after_age(whole, tokens, end, stop) if kind & RELATIVE else end
        if kind & FAMILY_HISTORY and end < stop and tokens.segment[end] != tokens.segment[end - 1]:
            stop = _over_semicolons(whole, tokens, stop)
        if kind & FAMILY_HISTORY and end == stop:
            low, high = _section(whole, tokens, end)
        elif kind & OF_RELATIVES and not (end < stop and tokens.segment[end] != tokens.segment[end - 1]):
            low, high = 0, 0
        else:
            low, high = (_heading if kind & FAMILY_HISTORY else _reported)(tokens, cues, number, end, stop)
        if low == high and kind & (RELATIVE | FAMILY_HISTORY):
            low, high = _directly(tokens, first_tokens, cues, number, end)
        result[np.searchsorted(first_tokens, low) : np.searchsorted(first_tokens, high)] = True
        if kind & RELATIVE and (row := _attribute(whole, tokens, first_tokens, size, begin)) >= 0:
            result[row] = True
        if kind & (RELATIVE | OF_RELATIVES) and not _told_of_child(tokens, cues, number):
            low, high = _before(whole, tokens, first_tokens, size, begin, directly=bool(kind & OF_RELATIVES))
            result[low:high] = True
    relatives = (cues.value & RELATIVE).any()
    for low, high in of_pronouns(whole, tokens, cues) if relatives else ():
        result[np.searchsorted(first_tokens, low) : np.searchsorted(first_tokens, high)] = True
    return result & ~_of_the_unborn(tokens, first_tokens, size, cues)


def _with_children(tokens: Tokens, first_tokens: Ints, cues: Cues) -> Cues:
    """Return the cues with those of pregnancy marked after which the child is meant.

    None is after "gestational" diabetes, in an inserted clause ("who had a long labour,"), and right after a verb ("had
    during labour a stroke").
    """
    value = cues.value.copy()
    for number in np.flatnonzero(value & PREGNANCY).tolist():
        begin, end = int(cues.first[number]), int(cues.first[number] + cues.size[number])
        row = int(np.searchsorted(first_tokens, end))
        describes = row < len(first_tokens) and first_tokens[row] == end
        clause = int(np.searchsorted(tokens.clause, tokens.clause[begin]))
        if tokens.words(clause, clause + 1)[0] in _WHO or _right_after_verb(tokens, cues, number):
            continue
        if not describes or not _FETAL.isdisjoint(tokens.words(begin, end)):
            value[number] |= _CHILD
    return cues._replace(value=value)


def _right_after_verb(tokens: Tokens, cues: Cues, number: int) -> bool:
    """Say whether a cue of pregnancy is a time right after a verb that ties a relative to a finding."""
    if number == 0 or not cues.value[number - 1] & AFFECTED:
        return False
    between = tokens.words(int(cues.first[number - 1] + cues.size[number - 1]), int(cues.first[number]))
    return between[:1] != [] and between[0] in _DURING


def _of_the_unborn(tokens: Tokens, first_tokens: Ints, size: Ints, cues: Cues) -> NDArray[np.bool_]:
    """Return which mentions name what the unborn child has, in a sentence on a pregnancy."""
    result = np.zeros(len(first_tokens), np.bool_)
    told = tokens.sentence[cues.first[(cues.value & PREGNANCY) > 0]]
    for row in np.flatnonzero(np.isin(tokens.sentence[first_tokens], told)).tolist():
        first = int(first_tokens[row])
        result[row] = not _UNBORN.isdisjoint(tokens.words(first, first + int(size[row])))
    return result


def _section(whole: str, tokens: Tokens, end: int) -> tuple[int, int]:
    """Return the tokens below an empty heading, up to a blank line or the next heading."""
    offset = int(tokens.end[end - 1])
    heading = _SECTION.match(whole, offset)
    if heading is None:
        return 0, 0
    text = _TEXT.search(whole, heading.end())
    after = _SECTION_END.search(whole, text.start()) if text else None
    low, high = np.searchsorted(
        tokens.start, [heading.end(), after.start() if after else len(whole)]
    ).tolist()
    return low, high


def _over_semicolons(whole: str, tokens: Tokens, stop: int) -> int:
    """Return where the sentences end that semicolons join on one line: "FH: mother scoliosis; aunt deaf"."""
    while stop < len(tokens):
        gap = whole[tokens.end[stop - 1] : tokens.start[stop]]
        if gap.strip(" \t'\"\u2018\u2019\u201c\u201d)(") != ";":
            break
        stop = int(np.searchsorted(tokens.sentence, tokens.sentence[stop], side="right"))
    return stop


def _heading(tokens: Tokens, cues: Cues, number: int, end: int, stop: int) -> tuple[int, int]:
    """Return the tokens that a mention of the family's history announces."""
    if end >= stop:
        return 0, 0
    announced = tokens.segment[end] != tokens.segment[end - 1]
    if not announced and not _REPORTED.intersection(tokens.words(end - 1, end + 1)):
        return 0, 0
    return end, _until_patient(cues, number, stop)


def _reported(tokens: Tokens, cues: Cues, number: int, end: int, stop: int) -> tuple[int, int]:
    """Return the tokens that state a relative's findings."""
    if end < stop and tokens.segment[end] != tokens.segment[end - 1]:
        return end, _until_patient(cues, number, stop)  # "Mother: migraine"
    words = tokens.words(end, min(end + 2, stop))
    aside = (0, 0)
    if words[:1] == ["who"] and not _BE.isdisjoint(words):
        clause = int(np.searchsorted(tokens.clause, tokens.clause[end], side="right"))
        aside = (
            end + 1,
            min(_until_patient(cues, number, stop), clause),
        )  # "The father, who is deaf, noticed ..."
    for later in range(number + 1, len(cues.first)):
        begin, kind = int(cues.first[later]), int(cues.value[later])
        if begin >= stop or begin - end > _GAP:
            break
        if kind & AFFECTED:
            stated = begin > end and tokens.words(end, end + 1)[0] in _BE  # "was floppy and has club feet"
            return end if stated else begin + int(cues.size[later]), _until_patient(cues, later, stop)
        timed = kind & _CHILD and not _DURING.isdisjoint(tokens.words(end, begin))
        if kind & RELATIVE or timed:
            end = begin + int(cues.size[later])  # "His mother, during labour, had a stroke"
        elif kind & (PATIENT | REPORTS | _CHILD):
            return aside
    words = tokens.words(end, min(end + 2, stop))
    if words[:1] == ["who"]:
        end, words = end + 1, words[1:]
    state = _state(tokens, end, stop)
    if words[:1] and words[0] in _BE:
        return end, min(_until_patient(cues, number, stop), max(end + _NEAR, state))
    return (end, min(_until_patient(cues, number, stop), state + _NEAR)) if state > end else (0, 0)


def _told_of_child(tokens: Tokens, cues: Cues, number: int) -> bool:
    """Say whether a relative tells of a son or daughter, who is the patient: "the mother noticed spots on her son"."""
    begin, end = int(cues.first[number]), int(cues.first[number] + cues.size[number])
    if tokens.words(end - 1, end)[0] not in {"son", "daughter"}:
        return False
    earlier = cues.value[:number][tokens.sentence[cues.first[:number]] == tokens.sentence[begin]]
    return bool((earlier & RELATIVE).any() and (earlier & REPORTS).any())


def _after_age(whole: str, tokens: Tokens, end: int, stop: int) -> int:
    """Return where the age of a relative ends: "sister 5 y", "brother (6)", "aunt, aged 60".

    A number after a comma is none: "came with his mother, 3 seizures since Monday".
    """
    while end < stop:
        word = tokens.words(end, end + 1)[0]
        apart = tokens.clause[end] != tokens.clause[end - 1]
        if apart and word != "aged" and "(" not in whole[tokens.end[end - 1] : tokens.start[end]]:
            break
        if not word.isdigit() and word not in _AGES and not word.rstrip("ymo").isdigit():
            break
        end += 1
    return end


def _state(tokens: Tokens, end: int, stop: int) -> int:
    """Return where the words for a relative's care or place end: "uncle in a wheelchair since | a stroke", or `end`."""
    at, named = end, False
    while at < stop and tokens.clause[at] == tokens.clause[end] and at - end < _STATED:
        word = tokens.words(at, at + 1)[0]
        if word not in _STATE_WORDS and not word.isdigit():
            break
        named |= word in _PLACES
        at += 1
    return at if named else end


def _directly(tokens: Tokens, first_tokens: Ints, cues: Cues, number: int, end: int) -> tuple[int, int]:
    """Return the tokens of a finding right after a relative, and the rest of its clause: "Father asthmatic"."""
    row = int(np.searchsorted(first_tokens, end))
    aged = tokens.words(end - 1, end)[0] in _AGES or tokens.words(end - 1, end)[0].isdigit()
    if row == len(first_tokens) or (tokens.clause[first_tokens[row]] != tokens.clause[end - 1] and not aged):
        return 0, 0
    if first_tokens[row] > end + 1 or not _NOT.issuperset(tokens.words(end, int(first_tokens[row]))):
        return 0, 0
    clause = int(np.searchsorted(tokens.clause, tokens.clause[end], side="right"))
    return end, _until_patient(cues, number, clause)


def _attribute(whole: str, tokens: Tokens, first_tokens: Ints, size: Ints, begin: int) -> int:
    """Return the mention right before a relative, which describes it ("a deaf sister"), or -1."""
    row = int(np.searchsorted(first_tokens, begin)) - 1
    if row < 0 or first_tokens[row] + size[row] != begin or tokens.clause[begin - 1] != tokens.clause[begin]:
        return -1
    if not _POSSESSIVES.intersection(
        tokens.words(max(0, int(first_tokens[row]) - 1), int(first_tokens[row]))
    ):
        return -1  # "Fever mother gave paracetamol"
    return row if whole[tokens.end[begin - 1] : tokens.start[begin]] == " " else -1


def _until_patient(cues: Cues, number: int, stop: int) -> int:
    later = np.flatnonzero(cues.value[number + 1 :] & (PATIENT | _CHILD))
    return min(stop, int(cues.first[number + 1 + later[0]])) if len(later) else stop


def _before(
    whole: str, tokens: Tokens, first_tokens: Ints, size: Ints, begin: int, *, directly: bool
) -> tuple[int, int]:
    """Return the range of mentions before "in" a relative or before brackets: the nearest, and its list.

    `directly`: the cue itself says so ("runs in the family").
    """
    start = int(np.searchsorted(tokens.sentence, tokens.sentence[begin]))
    high = int(np.searchsorted(first_tokens, begin))
    if high == 0 or first_tokens[high - 1] < start:
        return 0, 0
    stop = int(first_tokens[high - 1] + size[high - 1])
    if _IN_BRACKETS.fullmatch(whole[tokens.end[stop - 1] : tokens.start[begin]]):
        return high - 1, high
    if not directly:
        before = tokens.words(max(start, begin - 5), begin)
        while before and before[-1] in _POSSESSIVES:
            before.pop()
            begin -= 1
        if not before or before[-1] not in _IN:
            return 0, 0
        begin -= 1
    high = int(np.searchsorted(first_tokens, begin))
    low = high - 1
    if low < 0 or first_tokens[low] < start or begin - (first_tokens[low] + size[low]) > _BEFORE:
        return 0, 0
    while low > 0 and first_tokens[low - 1] >= start:
        if not _LISTS.issuperset(
            tokens.words(int(first_tokens[low - 1] + size[low - 1]), int(first_tokens[low]))
        ):
            break
        low -= 1
    return low, high
