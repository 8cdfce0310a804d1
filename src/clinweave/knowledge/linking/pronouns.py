"""Whether a pronoun stands for the patient or for a relative named before: "his brother died; he had seizures"."""

from collections.abc import Iterator

import numpy as np

from clinweave.knowledge.linking.cues import PATIENT, RELATIVE, REPORTS, Cues
from clinweave.knowledge.linking.normalise import Ints, Tokens, words_of

_OPENING = 3  # tokens between a semicolon and a pronoun ("; on examination she had")
_WOMEN = words_of(
    "mother sister aunt niece grandmother mom mum grandma stepsister daughter gran granny nan nana sis"
)
_MEN = words_of("father brother uncle nephew grandfather dad grandpa stepbrother son grandad granddad bro")
_SEX = {
    **dict.fromkeys([*_WOMEN, "mgm", "pgm"], "she"),
    **dict.fromkeys([*_MEN, "mgf", "pgf"], "he"),
}
_UNKNOWN = frozenset({"sibling", "parent", "cousin", "twin", "relative", "grandparent", "sib", "member"})
_POSSESSIVE = {"his": "he", "her": "she"}
_BEFORE_RELATIVE = frozenset(
    {"his", "her", "their", "the", "a", "an", "one", "another", "maternal", "paternal", "older", "elder"}
    | {"younger", "other", "affected", "patient", "proband", "only", "half", "great", "twin", "late"}
)
# Of the patient of a note, even right after a relative: "her mother has asthma; she presented with ...".
_OF_PATIENTS = frozenset(words_of("presented presents presenting admitted referred examined seen born"))
_SELF = frozenset(words_of("himself herself"))
_CONTRAST = frozenset(words_of("but whereas while although though"))  # "His father had ptosis, but he ..."
_TELLING = 3  # tokens between a pronoun and a verb with which the relative tells of somebody


def of_pronouns(whole: str, tokens: Tokens, cues: Cues) -> Iterator[tuple[int, int]]:
    """Yield the tokens `[first, stop)` that a pronoun for a relative governs, up to a word for the patient."""
    own: set[int] = set()
    for number in np.flatnonzero(cues.value & PATIENT).tolist():
        begin = int(cues.first[number])
        pronoun = tokens.words(begin, begin + 1)[0]
        if pronoun not in {"he", "she"} or cues.size[number] > 2:
            continue
        relative = _last_subject(whole, tokens, cues, number, own)
        if relative < 0 or not _agrees(whole, tokens, cues, relative, number, pronoun):
            continue
        end = begin + int(cues.size[number])
        if not _OF_PATIENTS.isdisjoint(tokens.words(end, min(end + 2, len(tokens)))):
            continue
        own.add(number)
        stop = int(np.searchsorted(tokens.sentence, tokens.sentence[begin], side="right"))
        later = np.flatnonzero((cues.first > begin) & (cues.value & (PATIENT | REPORTS) > 0))
        if len(later) and cues.value[later[0]] & REPORTS and cues.first[later[0]] - end <= _TELLING:
            continue  # "...; she reports seizures"
        patient = later[(cues.value[later] & PATIENT) > 0]
        yield end, min(stop, int(cues.first[patient[0]])) if len(patient) else stop


def of_either(whole: str, tokens: Tokens, cues: Cues, relatives: Ints) -> Iterator[tuple[int, int]]:
    """Yield the tokens `[first, stop)` governed by a pronoun that may be the patient or a relative of the same sex.

    "His brother had seizures, and he had ataxia." `relatives` are the tokens of mentions that are a relative's, sorted:
    one must stand between the relative and the pronoun, and nothing that the relative reports.
    """
    for number in np.flatnonzero(cues.value & PATIENT).tolist():
        begin = int(cues.first[number])
        pronoun = tokens.words(begin, begin + 1)[0]
        if pronoun not in {"he", "she"} or cues.size[number] > 2:
            continue
        relative = _last_subject(whole, tokens, cues, number, set())
        if relative < 0 or _sure(tokens, cues, relative, number, pronoun):
            continue
        low = int(cues.first[relative])
        if np.searchsorted(relatives, low) == np.searchsorted(relatives, begin):
            continue
        end = begin + int(cues.size[number])
        stop = int(np.searchsorted(tokens.sentence, tokens.sentence[begin], side="right"))
        later = np.flatnonzero((cues.first > begin) & (cues.value & PATIENT > 0))
        yield end, min(stop, int(cues.first[later[0]])) if len(later) else stop


def _sure(tokens: Tokens, cues: Cues, relative: int, number: int, pronoun: str) -> bool:
    """Say whether it is plain whom a pronoun after a relative means, by sex, contrast or what is said."""
    low, high = int(cues.first[relative]), int(cues.first[relative] + cues.size[relative])
    named = tokens.words(low, high)[-1]
    if _SEX.get(named, pronoun) != pronoun or (named not in _SEX and named not in _UNKNOWN):
        return True  # of the other sex, or several relatives
    clause = int(np.searchsorted(tokens.clause, tokens.clause[low]))
    possessive = next(
        (_POSSESSIVE[word] for word in tokens.words(clause, high) if word in _POSSESSIVE), pronoun
    )
    begin = int(cues.first[number])
    end = begin + int(cues.size[number])
    if possessive != pronoun or not _CONTRAST.isdisjoint(tokens.words(max(0, begin - 1), begin)):
        return True
    said = frozenset(tokens.words(end, min(end + 2, len(tokens)))) | frozenset(tokens.words(begin, end))
    if said & (_OF_PATIENTS | _SELF):
        return True
    between = cues.value[relative:number] | cues.value[min(number + 1, len(cues.value) - 1)] * (
        number + 1 < len(cues.value) and cues.first[number + 1] - end <= _TELLING
    )
    return bool((between & REPORTS).any())


def _last_subject(whole: str, tokens: Tokens, cues: Cues, number: int, own: set[int]) -> int:
    """Return the cue of the relative that is the last subject before a pronoun, or -1."""
    end = int(cues.first[number])
    for earlier in range(number - 1, -1, -1):
        begin = int(cues.first[earlier])
        if not _one_sentence(whole, tokens, begin, end):
            return -1
        if cues.value[earlier] & PATIENT and earlier not in own:
            return -1
        if cues.value[earlier] & RELATIVE and _first_of_its_clause(tokens, begin):
            return earlier
    return -1


def _one_sentence(whole: str, tokens: Tokens, begin: int, end: int) -> bool:
    """Say whether nothing but semicolons separates two tokens; the gaps are looked at from the second back."""
    sentence = tokens.sentence
    while sentence[begin] != sentence[end]:
        at = int(np.searchsorted(sentence, sentence[end]))
        gap = whole[tokens.end[at - 1] : tokens.start[at]]
        if gap.strip() != ";" or "\n" in gap:
            return False
        end = at - 1
    return True


def _first_of_its_clause(tokens: Tokens, begin: int) -> bool:
    """Say whether a relative is a subject: no more than "his older" stands before it in its clause."""
    start = int(np.searchsorted(tokens.clause, tokens.clause[begin]))
    return _BEFORE_RELATIVE.issuperset(tokens.words(start, begin))


def _agrees(  # noqa: PLR0917 - one relative and one pronoun
    whole: str, tokens: Tokens, cues: Cues, relative: int, number: int, pronoun: str
) -> bool:
    """Say whether a pronoun is a relative's."""
    begin, stop = int(cues.first[relative]), int(cues.first[relative] + cues.size[relative])
    words = whole[tokens.start[begin] : tokens.end[stop - 1]].lower().split()
    sex = _SEX.get(words[-1], "")
    if not sex and words[-1] not in _UNKNOWN:
        return False  # several relatives
    start = int(np.searchsorted(tokens.clause, tokens.clause[begin]))
    possessive = next((_POSSESSIVE[word] for word in tokens.words(start, stop) if word in _POSSESSIVE), "")
    others = bool(possessive) and possessive != pronoun
    at = int(cues.first[number])
    opening = int(np.searchsorted(tokens.sentence, tokens.sentence[at]))
    near = at - opening <= _OPENING and opening > 0
    after_semicolon = near and whole[tokens.end[opening - 1] : tokens.start[opening]].strip() == ";"
    return others if not sex else sex == pronoun and (others or after_semicolon)
