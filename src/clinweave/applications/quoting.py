"""A dose is a quotation or nothing: what a passage says of the drug that was asked about, word for word."""

import re

from clinweave import caution
from clinweave.knowledge import Woven
from clinweave.records import Evidence, Sentence, Verdict

_ENDS = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"(])")
_DRUGS = ("Drug", "Chemical", "Molecul")  # in a mention's Biolink category
_MOST = 3  # sentences


def quoted(woven: Woven) -> tuple[str, tuple[Sentence, ...]]:
    """Return the refusal of a dose for a patient, with the quotations where there are any, and these as sentences.

    A sentence is quoted when its passage names a drug of the question and the sentence states an amount.
    """
    drugs = {
        word.casefold()
        for one in woven.mentions
        if any(kind in one.category for kind in _DRUGS)
        for word in (one.text, one.name)
    }
    found = [one for item in woven.items for one in _sentences(item, drugs)][:_MOST]
    if not found:
        return caution.DOSING, ()
    said = " ".join(f"“{one.text}” [{one.evidence[0]}]" for one in found)
    return f"{caution.DOSING} Quoted, not advice for anyone: {said}", tuple(found)


def _sentences(item: Evidence, drugs: set[str]) -> list[Sentence]:
    passage = item.passage
    if passage is None or not any(drug in f"{passage.title} {item.text}".casefold() for drug in drugs):
        return []
    return [
        Sentence(text.strip(), (item.id,), Verdict.SUPPORTED, f"quoted word for word from {passage.source}")
        for text in _ENDS.split(item.text)
        if caution.states_dose(text) and text.strip() in passage.text
    ]
