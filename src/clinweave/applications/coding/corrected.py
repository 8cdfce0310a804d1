"""Malformations that were corrected (I.C.17), limbs that a stroke left weak (I.C.9.d), words of a sentence."""

import re

from clinweave.applications.coding.codebook import Codebook
from clinweave.applications.coding.draft import Draft, Drafts
from clinweave.applications.coding.guidelines import rules
from clinweave.applications.coding.patterns import pattern
from clinweave.applications.coding.reading import Finding

_CORRECTED = pattern("corrected")
_UNCORRECTED = pattern("uncorrected")
_AFTER, _BEFORE = 60, 40  # characters within which the operation is named
_WEAK_LIMB = re.compile(
    r"\b(?:residual|persist\w*|remaining|ongoing|left (?:him|her|them)? ?with|with|since)\b[^.;\n]{0,40}?"
    r"\b(?P<side>left|right)(?:[- ]sided?)? (?P<limb>arm|hand|upper limb|leg|foot|lower limb) weakness"
)
_LIMBS = {"arm": "3", "hand": "3", "upper limb": "3", "leg": "4", "foot": "4", "lower limb": "4"}
# The right side is dominant where the note does not say which is (guideline I.C.6.a).
_SIDES = {"right": "1", "left": "4"}


def code_corrected(drafts: Drafts) -> None:
    """Replace malformations that the note says were corrected by the code of that history."""
    for rule in rules()["corrected"]:
        for code in drafts.having(rule["codes"]):
            findings = drafts.codes[code].findings
            if any(map(_is_corrected, findings)) and not any(map(_remains, findings)):
                drafts.replace([code], rule["history"], "a malformation that was corrected", "I.C.17")


def _is_corrected(finding: Finding) -> bool:
    before, after = _around(finding)
    return (
        _CORRECTED.search(after) is not None or _CORRECTED.search(before) is not None
    ) and not _UNCORRECTED.search(f"{before} {after}")


def _remains(finding: Finding) -> bool:
    """Return whether a mention says that something is left, or that an operation is yet to come."""
    before, after = _around(finding)
    return _UNCORRECTED.search(f"{before} {after}") is not None


def _around(finding: Finding) -> tuple[str, str]:
    """Return the words before and after a mention, within its part of the sentence."""
    begin = finding.start - finding.sentence[0]
    before = re.split(r"[;.\n]|,(?! ?(?:then|and|was|later))", finding.clause[:begin])[-1]
    after = re.split(r"[;.\n]", finding.clause[begin + len(finding.text) :])[0]
    return before[-_BEFORE:], after[:_AFTER]


def code_weak_limbs(drafts: Drafts) -> None:
    """Add the weakness of a limb that an old stroke left."""
    if "Z86.73" not in drafts.codes or drafts.having(["I63", "I61"]):
        return
    findings = drafts.codes["Z86.73"].findings
    for finding in findings:
        match = _WEAK_LIMB.search(finding.clause.lower())
        if match:
            code = f"I69.3{_LIMBS[match['limb']]}{_SIDES[match['side']]}"
            drafts.add(Draft(code, [finding], ["I.C.9.d"], chronic=True))
    if drafts.having(["I69"]):
        drafts.remove(["Z86.73"], "an old stroke that left deficits is coded by these", "I.C.9.d")


def code_by_sentence(drafts: Drafts, book: Codebook) -> None:
    """Replace codes by more specific ones where another part of the sentence says more."""
    for rule in rules()["sentence"]:
        for code in drafts.having(rule["codes"]):
            words = re.compile(rule["pattern"])
            if any(words.search(item.clause.lower()) for item in drafts.codes[code].findings):
                drafts.replace([code], rule["add"], book.title(rule["add"]), "I.B.2")
