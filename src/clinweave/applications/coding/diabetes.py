"""Diabetes: the type, and a code for each complication (guidelines I.C.4.a, I.A.15)."""

import re
from typing import Any

from clinweave.applications.coding.choose import side_of
from clinweave.applications.coding.codebook import Codebook
from clinweave.applications.coding.draft import Draft, Drafts
from clinweave.applications.coding.guidelines import rules
from clinweave.applications.coding.patterns import pattern
from clinweave.applications.coding.reading import Finding

_TYPES = ("E08", "E09", "E10", "E11", "E13")
_TYPE_2 = re.compile(r"2|\bII\b|NIDDM")
_DIABETIC = re.compile(r"diab|dka|ketoacid|hyperosm|hhs|hhnk|n?pdr|dpn|insulin|charcot", re.IGNORECASE)
_UNLINKED = (
    r"[^.]{0,50}(?:not due to|unrelated to|not related to|not caused by|not secondary to) "
    r"(?:his |her |the )?(?:diabet|dm|t2dm)"
)
_NONDIABETIC = pattern("nondiabetic")


def code_diabetes(drafts: Drafts, text: str, book: Codebook, complications: list[Finding]) -> None:
    """Replace the category of diabetes by the codes of its complications, or by that without complication."""
    base = _type(drafts, complications)
    if not base:
        return
    origin = drafts.codes[base]
    added = _of_complications(drafts, base, book, complications) | _linked(drafts, base, text, book)
    for more, less in (("22", "21"), ("42", "40"), ("52", "51")):
        if {f"{base}.{more}", f"{base}.{less}"} <= added:
            drafts.remove([f"{base}.{less}"], f"{base}.{more} says more", "I.B.9")
            added.discard(f"{base}.{less}")
    if added:
        del drafts.codes[base]
    else:
        drafts.replace([base], f"{base}.9", "no complication is stated", "I.C.4.a")
    for code in [f"{base}.9", *sorted(added)]:
        if code in drafts.codes:
            drafts.add(Draft(code, list(origin.findings), [], origin.uncertain, chronic=True))


def _type(drafts: Drafts, complications: list[Finding]) -> str:
    """Return the category of the type of diabetes, "" if there is none; type 2 where no type is stated."""
    types = [code for code in drafts.codes if code in _TYPES]
    vague = len(types) > 1 and "E11" in types
    if vague and not any(_TYPE_2.search(item.text) for item in drafts.codes["E11"].findings):
        drafts.remove(["E11"], "the type is stated elsewhere", "I.C.4.a")
        types.remove("E11")
    if not types and any(_DIABETIC.search(item.text) for item in complications):
        drafts.add(Draft("E11", list(complications), ["I.C.4.a"], chronic=True))
        return "E11"
    ulcers = [item for code in drafts.having(["L97"]) for item in drafts.codes[code].findings]
    if not types and any(_DIABETIC.search(item.text) for item in ulcers):
        drafts.add(Draft("E11", ulcers, ["I.C.4.a"], chronic=True))
        return "E11"
    for extra in types[1:]:
        drafts.remove([extra], f"{types[0]} was taken for the type of diabetes", "I.C.4.a")
    return types[0] if types else ""


def _of_complications(drafts: Drafts, base: str, book: Codebook, complications: list[Finding]) -> set[str]:
    added: set[str] = set()
    for finding in complications:
        for suffix in finding.codes:
            code = f"{base}.{suffix}"
            if code not in book.billable:
                code = next(iter(_similar(base, suffix, finding, book)), "")
            if code:
                drafts.add(Draft(code, [finding], ["I.A.15"], finding.state == "uncertain", chronic=True))
                added.add(code)
    return added


def _similar(base: str, suffix: str, finding: Finding, book: Codebook) -> list[str]:
    """Return codes that add an eye to a suffix ("329" -> E11.3299: unspecified eye)."""
    eye = {"right": "1", "left": "2", "bilateral": "3"}.get(side_of(finding.clause.lower()), "9")
    return [code for code in (f"{base}.{suffix}{eye}", f"{base}.{suffix}9") if code in book.billable]


def _said_otherwise(rule: dict[str, Any], drafts: Drafts, base: str, code: str) -> bool:
    """Return whether a rule for certain words does not hold, or another code of the same organ is given."""
    if "words" not in rule:
        return False
    texts = [item.text.lower() for item in drafts.codes[code].findings]
    organ = f"{base}.{rule['suffix'][0]}"
    return not any(re.search(rule["words"], text) for text in texts) or bool(drafts.having([organ]))


def _linked(drafts: Drafts, base: str, text: str, book: Codebook) -> set[str]:
    """Return the codes of complications that the classification presumes to be of diabetes."""
    added: set[str] = set()
    for rule in rules()["diabetes"]:
        for code in drafts.having(rule["codes"]):
            name = re.escape(drafts.codes[code].findings[0].text.lower())
            if re.search(name + _UNLINKED, text) or (
                _NONDIABETIC.search(text) and code.startswith(("G62", "N18", "L97"))
            ):
                drafts.warnings.append(
                    f"{code} was not linked to diabetes: the note says that it has another cause"
                )
                continue
            bare, suffix = rule.get("bare", ("", ""))
            vague = bare and all(item.text.lower() == bare for item in drafts.codes[code].findings)
            full = f"{base}.{suffix if vague else rule['suffix']}"
            if full not in book.billable or _said_otherwise(rule, drafts, base, code):
                continue
            more = any(
                item.startswith(f"{base}.{rule['suffix'][:2]}")
                for item in added | set(drafts.having([f"{base}."]))
            )
            if rule.get("remove"):
                if more and full not in drafts.codes:
                    drafts.remove([code], "a complication of diabetes that is coded says it", "I.A.15")
                    continue
                drafts.replace([code], full, f"presumed to be of diabetes: {full} says both", "I.A.15")
            else:
                drafts.add(Draft(full, list(drafts.codes[code].findings), ["I.A.15"], chronic=True))
            added.add(full)
    return added
