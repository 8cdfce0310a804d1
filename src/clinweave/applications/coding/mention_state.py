"""Whether a condition that a note names is present: the linker's status, and the words of the coding guidelines."""

import re
from typing import TYPE_CHECKING, NamedTuple

from clinweave.applications.coding.lexicon import Term
from clinweave.applications.coding.patterns import pattern

if TYPE_CHECKING:
    from clinweave.knowledge import NameSpan

PRESENT, UNCERTAIN, RESOLVED, PAST, ABSENT, HYPOTHETICAL, FAMILY, NOT_STATED, OPERATED, ENDED = (
    "present", "uncertain", "resolved", "past", "absent", "hypothetical", "family", "not stated", "operated", "ended",
)  # fmt: skip

_UNSURE = pattern("unsure")
_UNSURE_AFTER = pattern("unsure_after")
_DOUBT = pattern("doubt")
_DOUBT_OF_CAUSE = pattern("doubt_of_cause")
_REFUTED = pattern("refuted")
_OVER = pattern("over")
_PAST_BEFORE = pattern("past_before")
_NOT_PAST = pattern("not_past")
_RESOLVED = pattern("resolved")
_NED = pattern("ned")
_NO_OF_OTHERS = pattern("no_of_others")
_DENIAL = pattern("denial")
_IF = pattern("if")
_ADVISED = pattern("advised")
_ADVISED_AFTER = pattern("advised_after")
_PREVENTED = pattern("not_stated")  # "DVT prophylaxis"
_STILL_OPEN = pattern("still_open")
_FOLLOWED = re.compile(
    r"^\s*(?:(?:is |was )?(?:on|under|for) (?:active )?surveillance|surveillance|follow[- ]?up|f/u|management|"
    r"visit|check)\b",
    re.IGNORECASE,
)  # "AAA surveillance"
_POSITIVE = re.compile(r"^[^.;,]{0,40}\b(?:positive|detected|confirmed)\b(?<!not detected)", re.IGNORECASE)
_FAMILY = pattern("family")
_NOT_LISTED = pattern("not_listed")
_OTHERS = pattern("others")  # "Husband has flu."
_SAME_SUBJECT = re.compile(r"(?:smokes|drinks|uses|takes)\b")
_RULED_OUT_FOR = re.compile(r"\bruled out for\b", re.IGNORECASE)
_NOT_ON = re.compile(
    r"\b(?:not|no longer) (?:on|taking|controlled|compliant|adherent|well)\b[^.;]{0,30}$", re.IGNORECASE
)
_NO_WITH = re.compile(
    r"\b(?:no|without|not) [^,;.]{1,40}, with [^;.]*$", re.IGNORECASE
)  # "no angina, with a stent"
_NOT_DONE = re.compile(r"\bnot \w+(?:ed|en)\b[^.;,]*,[^.;]*$", re.IGNORECASE)
_NO_RIGHT_BEFORE = re.compile(r"\b(?:no|not|denie[sd]|without|negative for)\s+$", re.IGNORECASE)
# "no X without Y" denies the two apart from each other: it states neither, and doubts neither.
_NO = r"\b(?:no|never|denie[sd]|not(?! (?:\w+ )?(?:exclude|rule)))\b[^.;,]"
_NO_BEFORE = re.compile(rf"{_NO}{{0,60}}$", re.IGNORECASE)
_WITHOUT_AFTER = re.compile(r"^\s+(?:\w+\s+){0,2}without\b", re.IGNORECASE)
_NO_WITHOUT = re.compile(rf"{_NO}{{1,80}}\bwithout\b[^.;,]{{0,40}}$", re.IGNORECASE)
_FOUND = re.compile(
    r"\b(?:found|diagnosed|confirmed|positive for)\b[^.;]*$|\bscreening (?:mammo|colono)", re.IGNORECASE
)
_OPERATED_FOR = pattern("operated_for")
_LONG_AGO = pattern("long_ago")
_ENDED = pattern("ended")
_TREATED = pattern("treated")
_RESIDUAL = re.compile(r"\b(?:residual|sequelae?|with (?:persistent|ongoing|remaining))\b", re.IGNORECASE)
_OUTGROWN = re.compile(
    r"\0[\s,(-]*(?:only )?(?:as (?:an? )?(?:young )?(?:child|baby|infant|teenager|kid)\b|in (?:childhood|infancy)\b|"
    r"which (?:he|she) (?:has )?outgr|(?:has )?resolved\b(?! (?:by|with) )|"
    r"(?:none|nothing|no (?:attacks?|symptoms|further)) (?:\w+ )?since\b)|"
    r"\b(?:outgrew|outgrown|grew out of|childhood) (?:his |her |the )?(?:\w+ )?\0",
    re.IGNORECASE,
)
_OPERATED_ON = re.compile(
    r"^\s*(?:release|repair|decompression|surgery|operation|fixation|excision|removal|drainage|reconstruction|stabilisation|"
    r"stabilization|ligation|stripping|ablation)s?\b",
    re.IGNORECASE,
)
_LASTING_STATUS = ("Z85", "Z86", "Z87", "Z90", "Z91", "Z92", "Z98")
_HISTORY = frozenset({"history", "surgical"})


class _Around(NamedTuple):
    """The words before and after a mention in its sentence, and the kind of its section."""

    before: str  # at most 90 characters
    wide: str  # at most 250
    after: str
    section: str
    near: str  # about 150 characters on both sides, whatever the sentence


def state_of(term: Term, span: "NameSpan", text: str, section: str) -> str:
    """Return the state of a term at a place of a note, in a section of that kind."""
    low, high = span.sentence
    begin, end = span.start, span.end
    around = _Around(
        text[max(low, begin - 90) : begin],
        text[max(low, begin - 250) : begin],
        text[end : min(high + 1, end + 90)],
        section,
        text[max(0, begin - 120) : end + 160],
    )
    if span.family or section == "family" or _of_others(around, text, begin):
        return ABSENT if span.status == "absent" else FAMILY
    checks = (
        (ABSENT, _absent(span, around)),
        (NOT_STATED, span.either or (span.status == "uncertain" and _denied_together(around))),
        (HYPOTHETICAL, _hypothetical(span, around)),
        (UNCERTAIN, _uncertain(span, around)),
    )
    return next((state for state, holds in checks if holds), "") or _past(term, span, around)


def _of_others(around: _Around, text: str, begin: int) -> bool:
    before = around.before
    if not before.strip() and _SAME_SUBJECT.match(text, begin):  # "Mother has eczema; smokes outside."
        before = re.split(r"[.\n]", text[max(0, begin - 90) : begin].rstrip("; "))[-1]
    return _FAMILY.search(before) is not None or _OTHERS.search(before) is not None


def _absent(span: "NameSpan", around: _Around) -> bool:
    if _STILL_OPEN.match(around.after):
        return False
    if span.status == "absent" and (_RULED_OUT_FOR.search(around.before) or not _wrongly_absent(around)):
        return True
    if _NOT_LISTED.match(around.after):
        return True
    return _REFUTED.match(around.after) is not None and "not" not in around.after[:40]


def _wrongly_absent(around: _Around) -> bool:
    """Return whether "not" denies something else than the finding ("not in exacerbation", "not on insulin")."""
    if _NO_RIGHT_BEFORE.search(around.before):
        return False
    if _NO_WITH.search(around.wide) or _NOT_ON.search(around.wide) or _NOT_DONE.search(around.wide):
        return True
    own = re.split(r"[.;\n]", around.wide)[-1]
    return _NO_OF_OTHERS.match(around.after) is not None and not _DENIAL.search(own)


def _hypothetical(span: "NameSpan", around: _Around) -> bool:
    if span.status == "hypothetical" and not _FOLLOWED.match(around.after):
        return True
    if around.section == "advice" or _ADVISED.search(around.wide) or _ADVISED_AFTER.match(around.after):
        return True
    if _PREVENTED.match(around.after):
        return _POSITIVE.match(around.after) is None
    return _IF.search(around.wide) is not None and _FOUND.search(around.wide) is None


def _denied_together(around: _Around) -> bool:
    if _NO_WITHOUT.search(around.wide):
        return True
    return _NO_BEFORE.search(around.before) is not None and _WITHOUT_AFTER.match(around.after) is not None


def _uncertain(span: "NameSpan", around: _Around) -> bool:
    if _STILL_OPEN.match(around.after) or _UNSURE.search(around.before) or _UNSURE_AFTER.match(around.after):
        return True
    return span.status == "uncertain" and not _doubts_cause(around)


def _doubts_cause(around: _Around) -> bool:
    """Return whether a word of doubt is about the cause, not about the finding ("AKI, likely prerenal")."""
    return _DOUBT.search(around.before) is None and _DOUBT_OF_CAUSE.match(around.after) is not None


def _operated_long_ago(around: _Around) -> bool:
    """Return whether a past operation was done for a condition ("cholecystectomy for gallstones in 2005")."""
    if _OPERATED_FOR.search(around.before) is None:
        return False
    return around.section in _HISTORY or _LONG_AGO.search(around.before + around.after) is not None


def _repaired_long_ago(term: Term, around: _Around) -> bool:
    """Return whether a condition only names an operation of the past ("carpal tunnel release 2018")."""
    if term.history or term.code.startswith(("Q", "Z", "I71")) or _OPERATED_ON.match(around.after) is None:
        return False
    year = re.match(r"^[^.;,\n]{0,40}\b(?:19|20)\d\d\b", around.after)
    return around.section in _HISTORY or year is not None


def _past(term: Term, span: "NameSpan", around: _Around) -> str:
    """Return whether a condition is present, resolved in this stay, or past."""
    if "x" in term.flags:
        ended = not term.code.startswith(_LASTING_STATUS) and _ENDED.match(around.after)
        return ENDED if ended else PRESENT
    if _repaired_long_ago(term, around):
        return OPERATED
    is_historical = span.status == "historical" or _PAST_BEFORE.search(around.before) is not None
    if _operated_long_ago(around):
        if term.chronic and not term.history:
            return OPERATED
        is_historical = True
    past = is_historical and not _NOT_PAST.search(around.before) and not _RESIDUAL.search(around.wide)
    if (
        around.section not in _HISTORY
        and _RESOLVED.match(around.after)
        and not _PAST_BEFORE.search(around.before)
    ):
        return RESOLVED
    if term.chronic and not term.history:
        return ENDED if _OUTGROWN.search(around.before + "\0" + around.after) else PRESENT
    if term.chronic:  # a tumour: over once it was treated
        over = past or _OVER.match(around.after) is not None or _NED.search(around.near) is not None
        over = over and _TREATED.search(around.near) is None
    else:
        over = past or _OVER.match(around.after) is not None or around.section in _HISTORY
    return PAST if over else PRESENT
