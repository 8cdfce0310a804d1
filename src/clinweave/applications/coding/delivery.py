"""Deliveries (guideline I.C.15.n): outcome, what complicated the birth, and the mother's conditions in childbirth."""

import re

from clinweave.applications.coding.codebook import Codebook
from clinweave.applications.coding.draft import Draft, Drafts
from clinweave.applications.coding.guidelines import rules
from clinweave.applications.coding.patterns import pattern
from clinweave.applications.coding.reading import SENTENCE, finding_at
from clinweave.knowledge import person_of

_BIRTH = pattern("birth")
_NOT_THIS_BIRTH = pattern("not_this_birth")
_LIVE = pattern("live_birth")
_STILL = re.compile(
    r"\b(?:stillb(?:orn|irth)|intrauterine (?:fetal |foetal )?death|fetal demise|foetal demise)\b"
)
_TWINS = re.compile(r"\btwins?\b")
_CAESAREAN = re.compile(r"\b(?:c(?:a)?esarean|c-section|lscs|c/s|emcs|elcs)\b")
_INSTRUMENT = re.compile(r"\b(?:forceps|ventouse|kiwi|vacuum|instrumental)\b")
_BY_REQUEST = re.compile(r"\bmaternal request\b|\bwithout (?:medical )?indication\b")
_UNEVENTFUL = re.compile(
    r"\b(?:normal|uncomplicated|uneventful|no complications|without complications|spontaneous vaginal|svd|nvd|svb)\b"
)
_LOWER_SEGMENT = re.compile(r"\b(?:lower (?:uterine )?segment|low(?:er)? transverse|lscs)\b")
_POST_TERM, _TERM = 41, 37  # weeks
_OLDEST = 55.0  # years of a woman in childbirth
_DENIED = re.compile(
    r"\b(?:no|not|without|denies|intact|excluded|rather than|risk of|if|previous\w*|last|past|prior)\b[^.;,\n]*$"
)


def is_delivery(text: str, setting: str) -> bool:
    """Return whether a note in lower case is of the stay in which a woman was delivered."""
    if setting != "inpatient" or (person_of(text).age or 0.0) > _OLDEST:
        return False
    return any(
        _BIRTH.search(match[0]) and not _NOT_THIS_BIRTH.search(match[0]) for match in SENTENCE.finditer(text)
    )


def code_delivery(drafts: Drafts, text: str, weeks: int | None, book: Codebook) -> None:
    """Add the codes of a delivery; `weeks` of gestation are None where the note does not say."""
    code_scar(drafts, text)
    _complicated(drafts, text)
    _of_childbirth(drafts, book)
    birth = _stated(_BIRTH, text)
    if birth is None:
        return
    if weeks is not None and weeks >= _POST_TERM:
        drafts.add(Draft("O48.0", [finding_at("O48.0", text, *birth)], ["I.C.15"], chronic=True))
    outcome = _outcome(text)
    if outcome:
        place = _stated(_LIVE, text) or _stated(_STILL, text) or birth
        drafts.add(Draft(outcome, [finding_at(outcome, text, *place)], ["I.C.15"], chronic=True))
    drafts.remove(drafts.having(["Z34", "Z33.1", "Z39.0"]), "the stay of the delivery", "I.C.15")
    code = "" if drafts.having(["O"]) or outcome != "Z37.0" else _uncomplicated(text, weeks)
    if code:
        drafts.add(Draft(code, [finding_at(code, text, *birth)], ["I.C.15"], chronic=True))


def _complicated(drafts: Drafts, text: str) -> None:
    """Add what complicated the birth."""
    for rule in rules()["delivery"]:
        found = _stated(re.compile(rule["pattern"]), text)
        if found is not None and not drafts.having(rule["unless"]):
            code = rule["code"]
            drafts.add(Draft(code, [finding_at(code, text, *found)], ["I.C.15"], chronic=True))
    if drafts.having(["D62"]):
        drafts.remove(drafts.having(["O99.0"]), "anemia by the blood lost at the birth", "I.C.15")
        drafts.add(Draft("O90.81", list(drafts.codes["D62"].findings), ["I.C.15"], chronic=True))


def _uncomplicated(text: str, weeks: int | None) -> str:
    """Return the code of a birth without anything to report, "" where the note does not say that it was one."""
    if _CAESAREAN.search(text):
        return "O82" if _BY_REQUEST.search(text) else ""
    term = weeks is None or weeks >= _TERM
    return "O80" if term and _UNEVENTFUL.search(text) and not _INSTRUMENT.search(text) else ""


def code_scar(drafts: Drafts, text: str) -> None:
    """Replace a Caesarean section in the past by the code of its scar in this pregnancy."""
    scars = drafts.having(["Z98.891"])
    if scars:
        code = "O34.211" if _LOWER_SEGMENT.search(text) else "O34.219"
        drafts.replace(scars, code, "a scar of the uterus in pregnancy has a code of chapter 15", "I.C.15")


def _outcome(text: str) -> str:
    live, still = _stated(_LIVE, text) is not None, _stated(_STILL, text) is not None
    if _stated(_TWINS, text) is not None:
        return "Z37.3" if live and still else "Z37.4" if still else "Z37.2" if live else ""
    return "Z37.1" if still else "Z37.0" if live else ""


def _of_childbirth(drafts: Drafts, book: Codebook) -> None:
    """Replace the trimester of conditions in pregnancy by "complicating childbirth" where there is such a code."""
    for code in drafts.having(["O10", "O11", "O12", "O13", "O14", "O16", "O24", "O26", "O98", "O99"]):
        if code.startswith("O24.41"):
            other = code.replace("O24.41", "O24.42")
        else:
            tops = [f"{code[:-1]}4", f"{code[:-2]}2" if code[-2] == "1" else "", f"{code[:-1]}5"]
            other = (
                next((item for item in tops if "childbirth" in book.title(item)), "")
                if code[-1] in "01239"
                else ""
            )
        if other and other != code and other in book.billable and "childbirth" in book.title(other):
            drafts.replace([code], other, "at the birth itself", "I.C.15")


def _stated(words: re.Pattern[str], text: str) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Return the place and sentence (offsets) that first say it of this birth, None if there is none."""
    for sentence in SENTENCE.finditer(text):
        for match in words.finditer(sentence[0]):
            if not _DENIED.search(sentence[0][: match.start()]) and not _NOT_THIS_BIRTH.search(sentence[0]):
                begin = sentence.start()
                return (begin + match.start(), begin + match.end()), sentence.span()
    return None
