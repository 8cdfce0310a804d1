"""Allergies as codes of a status, in the place of what the index reads in their statements."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from clinweave.applications.coding.allergies import Allergy
from clinweave.applications.coding.draft import Draft, Drafts
from clinweave.applications.coding.lexicon import Term
from clinweave.applications.coding.mention_state import PRESENT
from clinweave.applications.coding.reading import Finding
from clinweave.applications.coding.results import Quote, Rejected

if TYPE_CHECKING:
    from clinweave.applications.coding.codebook import Codebook

_RULE = "I.C.21.c"
_STATUS = ("Z88", "Z91.01", "Z91.02", "Z91.03", "Z91.04")


def without_allergies(findings: Sequence[Finding], stated: Sequence[Allergy]) -> list[Finding]:
    """Return the findings without those within statements of an allergy: reactions, and allergies by name."""
    return [
        item
        for item in findings
        if not any(other.low <= item.start and item.end <= other.high for other in stated)
        or not (item.term.code.startswith((*_STATUS, "T", "L", "R")) or item.section == "allergies")
    ]


def draft_allergies(stated: Sequence[Allergy], text: str, book: "Codebook", drafts: Drafts) -> None:
    """Add the code of each allergy, and list those that are denied, doubted or of a relative."""
    for item in stated:
        code = item.code if item.code in book.billable else f"{item.code}0"  # divided further: unspecified
        if code not in book.billable:
            continue
        words, clause = text[item.start : item.end], " ".join(text[item.low : item.high].split())
        if item.reason:
            rule = {"uncertain": "IV.H"}.get(item.reason, "III.B")
            quote = Quote(item.start, item.end, words, clause)
            reason = {
                "denied or ruled out": "the allergy is denied or ruled out",
                "of a relative": "the allergy is a relative's",
                "uncertain": "the allergy is uncertain",
            }[item.reason]
            drafts.rejected.append(Rejected(code, f"allergy to {words}", reason, rule, (quote,)))
            continue
        term = Term(code, frozenset("x"), "", (words,), ())
        finding = Finding(
            term, item.start, item.end, words, (item.low, item.high), PRESENT, "allergies", clause=clause
        )
        drafts.add(Draft(code, [finding], [_RULE], chronic=True))
