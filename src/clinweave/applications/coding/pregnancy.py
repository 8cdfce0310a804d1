"""Conditions in pregnancy (guidelines I.C.15), and adverse effects of drugs (I.C.19.e)."""

import re
from collections.abc import Iterator
from functools import lru_cache

from clinweave.applications.coding.codebook import Codebook
from clinweave.applications.coding.draft import Draft, Drafts
from clinweave.applications.coding.guidelines import rules
from clinweave.knowledge import person_of

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
    return person.sex == "male" or (person.age is not None and person.age < _YOUNGEST)


def code_pregnancy(drafts: Drafts, text: str, book: Codebook) -> None:
    """Put the codes of chapter 15 before the conditions that a pregnancy is complicated by, and add its weeks."""
    own = [
        code for code in drafts.having(["O", "Z34", "Z33.1"]) if not code.startswith(("O00", "O03", "O9A"))
    ]
    pregnant = bool(own) or _PREGNANT.search(text) is not None
    weeks = _WEEKS_OF.search(text)
    if weeks is None and pregnant:
        weeks = _WEEKS.search(text) or _WEEKS_AND_DAYS.search(text)
    if _of_child(text):
        drafts.remove(drafts.having(["O", "Z3A"]), "the patient is a child or a man", "I.C.15.a")
        return
    if weeks is None or not pregnant or _NOT_PREGNANT.search(text):
        return
    number = int(weeks[1])
    trimester = 1 if number < 14 else 2 if number < 28 else 3
    for rule in rules()["pregnancy"]:
        codes = drafts.having(rule["codes"])
        full = f"{rule['stem']}{trimester}"
        if codes and full in book.billable:
            if rule.get("remove"):
                drafts.replace(codes, full, "a condition in pregnancy has a code of chapter 15", "I.C.15")
            else:
                findings = [item for code in codes for item in drafts.codes[code].findings]
                drafts.add(Draft(full, findings, ["I.C.15"], chronic=True))
            own.append(full)
    for code in drafts.having(["O13.9", "O14.90", "O14.10", "O30.009"]):
        if (sharper := f"{code[:-1]}{trimester}") in book.billable:
            drafts.replace([code], sharper, "the trimester is known", "I.C.15")
            own.append(sharper)
    own = [code for code in own if code in drafts.codes]
    if own and (code := f"Z3A.{number:02d}") in book.billable:
        drafts.add(Draft(code, list(drafts.codes[own[0]].findings), ["I.C.21.c"], chronic=True))


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


def _causes(clause: str) -> Iterator[str]:
    """Yield the codes of the drugs that a sentence calls the cause of something."""
    if _ANY_CAUSE.search(clause) and not _MISUSE.search(clause):
        for code, pattern in _drugs():
            if pattern.search(clause):
                yield code


@lru_cache(maxsize=1)
def _drugs() -> list[tuple[str, re.Pattern[str]]]:
    return [
        (
            rule["code"],
            re.compile(
                rf"\b{_CAUSE}\s+(?:\w+ ){{0,3}}?(?:{rule['drugs'].lower()})\b|"
                rf"\b(?:{rule['drugs'].lower()})[- ](?:induced|related|associated|caused)\b"
            ),
        )
        for rule in rules()["adverse"]
    ]
