"""Which findings of a note are not coded, and why."""

import re

from clinweave.applications.coding.draft import Drafts, quotes
from clinweave.applications.coding.guidelines import rules
from clinweave.applications.coding.mention_state import (
    ABSENT,
    ENDED,
    FAMILY,
    HYPOTHETICAL,
    NOT_STATED,
    OPERATED,
    PAST,
    PRESENT,
    RESOLVED,
    UNCERTAIN,
)
from clinweave.applications.coding.patterns import pattern
from clinweave.applications.coding.reading import Finding, past_code
from clinweave.applications.coding.results import Rejected

_SILENT = ("", "")  # not coded, and not worth a word
_GIVEN = re.compile(r"\b(?:got|given|gave|receiv\w+|administered|today)\b", re.IGNORECASE)
_NOT_GIVEN = re.compile(
    r"\b(?:due|next|recommend\w*|titers?|plan\w*|"
    r"defer\w*|declin\w*|refus\w*|postpon\w*|put off|up to date|utd|offered|not given)\b",
    re.IGNORECASE,
)
# drugs that are more often given for days than for good
_OFTEN_SHORT = frozenset({"Z79.52", "Z79.891", "Z79.2"})
_CHRONIC = re.compile(
    r"\b(?:long[- ]term|chronic(?:ally)?|daily|maintenance|lifelong|home|for years)\b", re.IGNORECASE
)
# `final`: where the last of the diagnoses of the note stands, 0 if it lists none
_EARLY = frozenset(
    {"complaint", "admission", "exam", "tests", "review"}
)  # said before the diagnosis was made
_WHY = {
    ABSENT: ("denied or ruled out", "III.B"),
    HYPOTHETICAL: ("spoken of as possible in the future, not as present", "I.B.4"),
    NOT_STATED: ('denied only in relation to another condition ("no ... without ...")', "III.B"),
    ENDED: ("a status that has ended", "I.C.21.c"),
    OPERATED: ("the reason of an operation in the past", "I.C.21.c"),
    FAMILY: ("of a relative", "I.C.21.c"),
}
_LONG_TERM = pattern("long_term")
_SHORT_TERM = pattern("short_term")
_RESUMED = re.compile(r"\b(?:re-?start\w*|resum\w*|re-?commenc\w*|since (?:19|20)\d\d)\b", re.IGNORECASE)
_VISITS = ("Z00", "Z01", "Z12")
_OTHER_VISIT = re.compile(
    r"\b(?:return|due for|overdue|in (?:1|one|\d+|six|three) (?:year|month)s?|part of|underwent|"
    r"will (?:be|have|need|order)|(?:we|i) will|next|last (?:year|month)|"
    r"(?:was|were) (?:done|performed|normal|negative)|recommend\w*|refer\w*|order\w*)\b",
    re.IGNORECASE,
)
_SURGERY = ("Z90", "Z98", "Z95.1", "Z95.5", "Z96.6", "Z89")
_BEFORE = pattern("before")
_PLANNED = pattern("planned")


def by_state(findings: list[Finding], setting: str, drafts: Drafts) -> tuple[list[Finding], list[Finding]]:
    """Return the findings that are coded and the complications of diabetes; reject the others."""
    result: list[Finding] = []
    complications: list[Finding] = []
    final = max((item.start for item in findings if item.section == "diagnoses"), default=0)
    by_term: dict[int, list[Finding]] = {}
    for item in findings:
        by_term.setdefault(id(item.term), []).append(item)
    for item in findings:
        reason = _rejection(item, by_term[id(item.term)], setting, final=final)
        if reason is None:
            (complications if "m" in item.term.flags else result).append(item)
        elif reason[0]:
            reject(drafts, item, *reason)
    return result, complications


def _rejection(item: Finding, others: list[Finding], setting: str, *, final: int) -> tuple[str, str] | None:
    """Return why a finding is not coded and the rule, `_SILENT` where that needs no word, None where it is coded."""
    flags = item.term.flags
    relative = "f" in flags and item.state == FAMILY
    lasting = item.term.chronic or "m" in flags or "d" in flags
    over = item.state == PAST and item.term.code and not past_code(item) and not lasting
    checks = (
        (item.state in _WHY and not relative, _WHY.get(item.state, _SILENT)),
        ("f" in flags, _SILENT),
        ("d" in flags and not _taken(item, setting), ("not taken for long", "I.C.21.c")),
        (
            item.term.code.startswith(_SURGERY) and not _done_before(item, setting),
            ("done or planned at this visit: no status yet", "I.C.21.c"),
        ),
        (
            item.state == RESOLVED and setting == "outpatient",
            ("resolved before this visit", "IV.J"),
        ),
        (item.term.code.startswith(_VISITS) and _at_another_visit(item), ("at another visit", "I.C.21.c")),
        (item.term.code == "Z23" and not _was_given(f"{_near(item)} {item.text}"), _SILENT),
        (over, ("in the past only, and no code for this history", "IV.J")),
        ("h" in flags and item.state != PAST, _SILENT),
        (
            item.section == "review" and all(other.section == "review" for other in others),
            ("named in the review of systems only", "IV.J"),
        ),
    )
    rejection = next((reason for holds, reason in checks if holds), None)
    if rejection is None and item.state == UNCERTAIN and "d" not in flags:
        return _uncertain(item, others, setting, final=final)
    return rejection


def _uncertain(item: Finding, others: list[Finding], setting: str, *, final: int) -> tuple[str, str] | None:
    """Return why an uncertain diagnosis is not coded, None where it is coded as established."""
    refuted = any(other.state == ABSENT and other.start > item.start for other in others)
    rule = next(
        (row["rule"] for row in rules()["confirmed_only"] if item.term.code.startswith(tuple(row["codes"]))),
        "",
    )
    checks = (
        (any(other.state == PRESENT for other in others), _SILENT),
        (refuted, ("ruled out later in the note", "II.H")),
        (setting == "outpatient", ("uncertain: not coded in outpatients", "IV.H")),
        (bool(rule), ("uncertain: coded only if confirmed", rule)),
        ("s" in item.term.flags, ("uncertain symptom", "II.H")),
        (
            final > 0
            and (item.section in _EARLY or (item.start < final and item.section in {"", "narrative"})),
            ("uncertain, and not among the diagnoses at discharge", "II.H"),
        ),
    )
    return next((reason for holds, reason in checks if holds), None)


def _done_before(item: Finding, setting: str) -> bool:
    """Return whether an operation was done before this visit."""
    if item.section in {"history", "surgical"} or _BEFORE.search(item.clause):
        return True
    return setting == "outpatient" and _PLANNED.search(item.clause) is None


def _at_another_visit(item: Finding) -> bool:
    """Return whether an examination or a screening is one to come, or one in the past."""
    return item.section == "plan" or _OTHER_VISIT.search(item.clause) is not None


def _was_given(clause: str) -> bool:
    """Return whether a vaccine was given at this visit."""
    return _GIVEN.search(clause) is not None and _NOT_GIVEN.search(clause) is None


def _taken(item: Finding, setting: str) -> bool:
    """Return whether a drug is taken at home, for long."""
    around, near = item.clause, _near(item)
    if item.state in {ABSENT, HYPOTHETICAL, FAMILY, NOT_STATED}:
        return bool(re.search(r"long[- ]term|chronic|lifelong", near, re.IGNORECASE))
    begin = item.start - item.sentence[0]
    if _SHORT_TERM.search(near) and not _RESUMED.search(f"{near} {around[begin : begin + 80]}"):
        return bool(re.search(r"long[- ]term|chronic|lifelong", near, re.IGNORECASE))
    if item.term.code in _OFTEN_SHORT and not _CHRONIC.search(around):
        return False
    if setting == "outpatient" and item.state == PRESENT:
        return True
    return item.section == "medications" or _LONG_TERM.search(around) is not None


def _near(item: Finding) -> str:
    """Return the words of the clause around a finding."""
    begin = item.start - item.sentence[0]
    before = re.split(r"[,;]", item.clause[:begin])[-1]
    after = re.split(r"[,;]", item.clause[begin + len(item.text) :])[0]
    return f"{before} {after}"


def reject(drafts: Drafts, item: Finding, reason: str, rule: str) -> None:
    """Note that a finding was considered and not coded, once for the same words and reason."""
    if "o" in item.term.flags or "b" in item.term.flags:
        return
    if any(
        rejected.text.lower() == item.text.lower() and rejected.reason == reason
        for rejected in drafts.rejected
    ):
        return
    drafts.rejected.append(Rejected(item.term.code, item.text, reason, rule, quotes([item])))
