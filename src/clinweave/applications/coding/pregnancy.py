"""Conditions in pregnancy (guidelines I.C.15), and adverse effects of drugs (I.C.19.e)."""

import re
from collections.abc import Iterator
from functools import lru_cache

from clinweave.applications.coding.codebook import Codebook
from clinweave.applications.coding.delivery import code_delivery, code_scar, is_delivery
from clinweave.applications.coding.draft import Draft, Drafts
from clinweave.applications.coding.drugs import drugs
from clinweave.applications.coding.guidelines import rules
from clinweave.knowledge import person_of

_MOTHER = re.compile(
    r"\b(?:g\d ?p\d|gravida|para ?\d|primi(?:p|g)\w*|multip\w*|perine(?:al|um)|placenta|third stage|in labou?r|"
    r"labou?r ward|deliver(?:y|ed) of (?:an? )?(?:\w+ )?(?:live|liveborn|healthy|baby|male|female|infant)|gave birth)\b"
)
_NEWBORN = re.compile(r"\b(?:newborn|neonat\w*|nicu|scbu|baby)\b")
_OPENING = 120  # characters in which the note of a newborn names it
_YOUNGEST = 10.0  # years of a pregnant patient
_WEEKS = re.compile(
    r"\b(\d{1,2})(?:\s?\+\s?\d|\s?\d/7)?[\s-]?(?:weeks?|wks?)\b(?! (?:ago|old|post|later|history|of))"
)
_WEEKS_AND_DAYS = re.compile(r"\b(\d{2})\s?\+\s?[0-6]\b")
_WEEKS_OF = re.compile(
    r"\b(\d{1,2})(?:\s?\+\s?\d|\s?\d/7)?[\s-]?(?:weeks?|wks?) (?:of )?(?:gestation|pregnan)"
)
_PREGNANT = re.compile(
    r"\b(?:is|currently)? ?(?:pregnant|gravida|g\d+ ?p\d+|gestation|iup|intrauterine pregnancy|antenatal|prenatal)\b"
)
_NOT_PREGNANT = re.compile(
    r"\b(?:not pregnant|pregnancy test (?:was |is )?negative|denies pregnancy|hcg neg\w*|post-?partum)\b"
)
_CAUSE = (
    r"(?:due to|secondary to|caused by|induced by|from|2/2|side effects? of|adverse (?:effect|reaction) (?:of|to)|"
    r"reaction to|attributed to)"
)
_ANY_CAUSE = re.compile(rf"\b{_CAUSE}\s|[- ](?:induced|related|associated|caused)\b")
_MISUSE = re.compile(
    r"\b(?:overdose|took too (?:much|many)|poison\w*|wrong dose|intentional\w*|accidental\w*|rather than)\b"
)


def _of_child(text: str) -> bool:
    """Say whether a note is of a child below 10 years or of a man, whose pregnancy is the mother's."""
    person = person_of(text)
    if person.age is not None:
        return person.age < _YOUNGEST or (person.sex == "male" and not _MOTHER.search(text))
    if _MOTHER.search(text):  # "live male infant" is the child of the patient
        return _NEWBORN.search(text[:_OPENING]) is not None
    return person.sex == "male"


def code_pregnancy(drafts: Drafts, text: str, setting: str, book: Codebook) -> None:
    """Put the codes of chapter 15 before the conditions that a pregnancy is complicated by, and add its weeks."""
    if _of_child(text):
        drafts.remove(drafts.having(["O", "Z3A"]), "the patient is a child or a man", "I.C.15.a")
        return
    birth = is_delivery(text, setting)
    pregnant = birth or bool(_own(drafts)) or _PREGNANT.search(text) is not None
    if not pregnant or (_NOT_PREGNANT.search(text) and not birth):
        return
    match = _WEEKS_OF.search(text) or _WEEKS.search(text) or _WEEKS_AND_DAYS.search(text)
    weeks = int(match[1]) if match else None
    if weeks is not None:
        _by_trimester(drafts, 1 if weeks < 14 else 2 if weeks < 28 else 3, book)
    if birth:
        code_delivery(drafts, text, weeks, book)
    elif weeks is not None:
        code_scar(drafts, text)
    own = _own(drafts)
    if own and weeks is not None and (code := f"Z3A.{weeks:02d}") in book.billable:
        drafts.add(Draft(code, list(drafts.codes[own[0]].findings), ["I.C.21.c"], chronic=True))


def _own(drafts: Drafts) -> list[str]:
    """Return the codes that say that the patient is pregnant or gives birth."""
    codes = drafts.having(["O", "Z34", "Z33.1", "Z37"])
    return [code for code in codes if not code.startswith(("O00", "O03", "O9A"))]


def _by_trimester(drafts: Drafts, trimester: int, book: Codebook) -> None:
    for rule in rules()["pregnancy"]:
        codes = drafts.having(rule["codes"])
        full = f"{rule['stem']}{trimester}"
        if not codes or full not in book.billable:
            continue
        if rule.get("remove"):
            drafts.replace(codes, full, "a condition in pregnancy has a code of chapter 15", "I.C.15")
        else:
            findings = [item for code in codes for item in drafts.codes[code].findings]
            drafts.add(Draft(full, findings, ["I.C.15"], chronic=True))
    for code in drafts.having(["O13.9", "O14.90", "O14.10", "O30.009"]):
        if (sharper := f"{code[:-1]}{trimester}") in book.billable:
            drafts.replace([code], sharper, "the trimester is known", "I.C.15")


def code_adverse_effects(drafts: Drafts, book: Codebook) -> None:
    """Add the code of a drug that the note calls the cause of a condition coded."""
    result: dict[str, list[str]] = {}  # sentence -> codes of drugs
    for code in list(drafts.codes):
        if code.startswith(("Z", "B9", "T3", "T4", "T5", "S")):
            continue
        for finding in drafts.codes[code].findings:
            if finding.clause not in result:
                result[finding.clause] = list(_causes(finding.clause.lower()))
            for cause in result[finding.clause]:
                if full := book.with_seventh(cause, "A"):
                    drafts.add(Draft(full, [finding], ["I.C.19.e"], chronic=True))
                    drafts.codes[code].symptom = False  # explained by the drug, and coded before it
                    drafts.codes[code].by_drug = True
    _forms_by_drugs(drafts)


def _forms_by_drugs(drafts: Drafts) -> None:
    """Replace conditions that a drug caused by the codes that say so."""
    for rule in rules()["by_drug"]:
        for code in drafts.having(rule["codes"]):
            draft = drafts.codes[code]
            causes = {
                other
                for other in drafts.having(rule["drugs"])
                if other[6:7] == "5" and any(item in drafts.codes[other].findings for item in draft.findings)
            }
            if draft.by_drug and causes:
                drafts.replace([code], rule["add"], "the note names a drug as the cause", "I.C.19.e")
                drafts.codes[rule["add"]].by_drug = True


def _causes(clause: str) -> Iterator[str]:
    """Yield the codes of the drugs that a sentence calls the cause of something."""
    if (_ANY_CAUSE.search(clause) or " toxicity" in clause) and not _MISUSE.search(clause):
        for code, pattern in _causes_of_harm():
            if pattern.search(clause):
                yield code


@lru_cache(maxsize=1)
def _causes_of_harm() -> list[tuple[str, re.Pattern[str]]]:
    return [
        (
            f"{item.stem}5",
            re.compile(
                rf"\b{_CAUSE}\s+(?:[\w-]+ ){{0,3}}?(?:{item.names})\b|"
                rf"\b(?:{item.names})[- ](?:induced|related|associated|caused|toxicity (?:with|causing))\b|"
                rf"\b(?:{item.names}) toxicity \([^)]*\) (?:with|causing)\b"
            ),
        )
        for item in drugs()
    ]
