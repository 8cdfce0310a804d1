"""Findings denied by "not" between the words of their name: "the uvula is not bifid", "ears not low set".

The clause is read again without the "not"; a name whose words stand on both sides of its place was denied. A name on
one side is none of this: "the seizures are not controlled" denies no seizures.
"""

import re
from typing import NamedTuple

from clinweave.knowledge.linking.linker import Linker
from clinweave.knowledge.linking.shorthand import places

_FINDINGS = ("HP",)
_BEFORE, _AFTER = 60, 50  # characters of the clause that are read on either side
_NEAR = 12  # characters before a "not" or its verb in which a verb stands
_NOT = re.compile(
    r"(?:\bnot\b|(?<=is)n't\b|(?<=are)n't\b|(?<=was)n't\b|(?<=were)n't\b)"
    r"(?:\s+(?:at all|very|particularly|especially|overtly|obviously|notably|unusually|abnormally))?[^\S\n]+",
    re.IGNORECASE,
)
_NOTS = ("not", "Not", "NOT", "n't", "N'T")
_VERB = re.compile(
    r"\b(?:is|are|was|were|looks?|looked|appears?|appeared|seems?|seemed|feels?|felt)\s+\Z", re.IGNORECASE
)
# After these the "not" denies a degree, a time or a view of a finding that may be there, or is no denial.
_OTHER = re.compile(
    r"(?:only|just|merely|solely|always|necessarily|fully|entirely|completely|quite|so|as|too|yet|sure|clear|certain|"
    r"known|able|to|been|be|have|had|only|all|every|always|often|usually|previously|initially|progressive|worsening|"
    r"worse|painful|tender|due|because|explained|related|associated|consistent|suggestive|typical|diagnostic)\b",
    re.IGNORECASE,
)
_HELPING = re.compile(
    r"\b(?:do|does|did|has|have|had|can|could|may|might|will|would|should|must|shall|if|whether|why|or)\s+\Z",
    re.IGNORECASE,
)
_BEGIN = re.compile(r"[.;:!?,()\n\x1e]|\b(?:and|but|or|although|while|with)\b", re.IGNORECASE)
_END = re.compile(
    r"[.;:!?,()\n\x1e]|\b(?:and|but|or|nor|although|while|with|because|since|when|before|after|until|than)\b",
    re.IGNORECASE,
)


class DeniedPredicate(NamedTuple):
    """A finding at the characters `[start, end)` whose words stand around a "not"."""

    start: int
    end: int
    curie: str
    name: str


def denied_predicates(linker: Linker, full_text: str) -> list[DeniedPredicate]:
    """Return the findings of `full_text` that a "not" between their words denies, by place."""
    denials = (match for at in places(full_text, _NOTS) if (match := _NOT.match(full_text, at)) is not None)
    clauses = [clause for match in denials if (clause := _clause(full_text, match)) is not None]
    if not clauses:
        return []
    read = linker.link_many([clause.text for clause in clauses], _FINDINGS)
    found: dict[tuple[int, str], DeniedPredicate] = {}
    for clause, mentions in zip(clauses, read, strict=True):
        for item in mentions:
            if item.start < clause.joint < item.end and item.status == "present":
                start, end = clause.start + item.start, clause.resumes + item.end - clause.joint
                found.setdefault((end, item.id), DeniedPredicate(start, end, item.id, item.name))
    return sorted(found.values())


class _Clause(NamedTuple):
    """A clause without its "not": what stands before `joint` begins at `start`, the rest at `resumes` of the text."""

    text: str
    joint: int
    start: int
    resumes: int


def _clause(full_text: str, denial: re.Match[str]) -> _Clause | None:
    kept = denial.start()
    verb = _VERB.search(full_text, max(0, kept - _NEAR), kept)
    first = verb.start() if verb else kept
    if _OTHER.match(full_text, denial.end()) or _HELPING.search(full_text, max(0, first - _NEAR), first):
        return None
    low = max(0, kept - _BEFORE)
    begins = [match.end() for match in _BEGIN.finditer(full_text, low, kept)]
    start = begins[-1] if begins else low
    ends = _END.search(full_text, denial.end(), denial.end() + _AFTER)
    before, after = (
        full_text[start:kept],
        full_text[denial.end() : ends.start() if ends else denial.end() + _AFTER],
    )
    if not before.strip() or not after.strip():
        return None
    before += "" if before[-1].isspace() else " "  # "isn't"
    return _Clause(before + after, len(before), start, denial.end())
