"""Findings of a second predicate: "his teeth are brown and chip easily", "ears were low-set and posteriorly rotated".

The clause is read again with the first predicate left out; a finding whose words stand on both sides is of the subject.
"""

import re
from typing import NamedTuple

from clinweave.knowledge.linking.linker import Linker
from clinweave.knowledge.linking.shorthand import places

_FINDINGS = ("HP",)
_COPULAS = (" is ", " are ", " was ", " were ")
_SUBJECT = re.compile(r"[A-Za-z]{3,}\Z")
_LONGEST = 25  # letters of a subject
_PREDICATES = re.compile(
    r"\s(?:is|are|was|were)\s(?P<first>(?:[A-Za-z-]+\s){1,3}?)and\s(?P<second>[A-Za-z][^.;:,!?()\n\x1e]{2,40})"
)
# After these nothing is said of the subject: "not low-set and ...", "was examined and ...".
_OTHER = """
not no never neither nor normal unremarkable well intact otherwise tested examined measured performed
"""
_DENIES = frozenset(_OTHER.split())


class SharedSubject(NamedTuple):
    """A finding at the characters `[start, end)`: its subject and its second predicate."""

    start: int
    end: int
    curie: str
    name: str


def shared_subjects(linker: Linker, whole: str) -> list[SharedSubject]:
    """Return the findings of `whole` that a second predicate says of a subject, by place."""
    clauses = []
    for at in places(whole, _COPULAS):
        subject = _SUBJECT.search(whole, max(0, at - _LONGEST), at)
        match = _PREDICATES.match(whole, at)
        if subject is None or match is None or not _DENIES.isdisjoint(match["first"].lower().split()):
            continue
        clauses.append((subject[0], subject.start(), match["second"], match.start("second")))
    if not clauses:
        return []
    read = linker.link_many([f"{words} {second}" for words, _, second, _ in clauses], _FINDINGS)
    found: set[SharedSubject] = set()
    for (words, start, _, resumes), mentions in zip(clauses, read, strict=True):
        joint = len(words) + 1
        for item in mentions:
            if item.start == 0 and item.end > joint and item.status == "present":
                found.add(SharedSubject(start, resumes + item.end - joint, item.id, item.name))
    return sorted(found)
