"""Pronouns that go on from a relative: "His brother died from seizures; he had cardiomyopathy."

A pronoun is the relative's where the relative is the last subject, both agree in sex, and nothing but a semicolon
stands before it, or where it cannot be the patient's ("his sister ..., and she ...").
"""

from collections.abc import Iterator

import numpy as np

from clinweave.knowledge.linking.cues import PATIENT, RELATIVE, REPORTS, Cues
from clinweave.knowledge.linking.normalise import Tokens, words_of

_WOMEN = [
    "mother",
    "sister",
    "aunt",
    "niece",
    "grandmother",
    "mom",
    "mum",
    "grandma",
    "stepsister",
    "daughter",
]
_MEN = ["father", "brother", "uncle", "nephew", "grandfather", "dad", "grandpa", "stepbrother", "son"]
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
_NEAR = 3  # tokens between a pronoun and a verb with which the relative tells of somebody


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
        if len(later) and cues.value[later[0]] & REPORTS and cues.first[later[0]] - end <= _NEAR:
            continue  # "...; she reports seizures"
        patient = later[(cues.value[later] & PATIENT) > 0]
        yield end, min(stop, int(cues.first[patient[0]])) if len(patient) else stop


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
    """Say whether nothing but semicolons separates two tokens."""
    borders = begin + 1 + np.flatnonzero(np.diff(tokens.sentence[begin : end + 1]))
    gaps = (whole[tokens.end[at - 1] : tokens.start[at]] for at in borders.tolist())
    return all(gap.strip() == ";" and "\n" not in gap for gap in gaps)


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
    after_semicolon = whole[tokens.end[at - 1] : tokens.start[at]].strip() == ";"
    return others if not sex else sex == pronoun and (others or after_semicolon)
