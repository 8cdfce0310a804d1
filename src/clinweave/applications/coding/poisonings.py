"""Poisonings by drugs and other substances, with their intent (guideline I.C.19.e.5.b)."""

import re
from collections.abc import Iterator

from clinweave.applications.coding.codebook import Codebook
from clinweave.applications.coding.draft import Draft, Drafts
from clinweave.applications.coding.drugs import Substance, drugs, poisons
from clinweave.applications.coding.patterns import pattern
from clinweave.applications.coding.reading import SENTENCE, finding_at
from clinweave.applications.coding.results import Rejected
from clinweave.knowledge import person_of

_TAKEN = pattern("poison_taken")
_NOT_SO = pattern("poison_not_so")
_UNSURE = pattern("poison_unsure")
_TREATMENT = pattern("poison_treatment")
_SELF_HARM = pattern("self_harm")
_NO_SELF_HARM = pattern("no_self_harm")
_BY_ACCIDENT = pattern("by_accident")
_ASSAULT = re.compile(r"\b(?:spiked|drugged by|administered by (?:an )?(?:assailant|attacker))\b")
_UNDETERMINED = re.compile(
    r"\b(?:intent(?:ion)? (?:is |was |remains )?(?:undetermined|unclear|cannot be|could not be))"
)
_CHILD = 10.0  # years; a younger child does not harm itself on purpose
_NEAR = 60  # characters after a substance in which a correct use is stated
_CORRECT_USE = re.compile(
    r"\b(?:as prescribed|correct(?:ly)? (?:dose|taken)|therapeutic dose|usual dose|prescribed dose)\b"
)
_CARBON_MONOXIDE = re.compile(r"\b(?:carbon monoxide|co poisoning|cohb|carboxyh\w+)\b", re.IGNORECASE)


def code_poisonings(drafts: Drafts, text: str, setting: str, book: Codebook) -> None:
    """Add the codes of substances that the patient took in excess, by mistake or to harm themselves."""
    lowered = text.lower()
    intent = _intent(lowered)
    for stem, start, end, sentence in _poisonings(lowered):
        code = book.with_seventh(f"{stem}{intent}", "A")
        if not code:
            continue
        finding = finding_at(code, text, (start, end), sentence)
        finding.context = finding.clause.lower()
        if setting == "outpatient" and _UNSURE.search(lowered, sentence[0], start):
            drafts.rejected.append(
                Rejected(code, finding.text, "uncertain: not coded in outpatients", "IV.H")
            )
            continue
        others = [item for item in drafts.having([f"{stem}{sign}" for sign in "12345"]) if item != code]
        drafts.replace(others, code, "the note says how it came to the poisoning", "I.C.19.e")
        drafts.add(Draft(code, [finding], ["I.C.19.e"], chronic=False))
    _manifestations(drafts)
    vague = drafts.having(["T40.2X1", "T40.2X2"])
    if vague and drafts.having(["T40.1", "T40.3", "T40.4"]):
        drafts.remove(vague, "the opioid is named", "I.B.2")


def _manifestations(drafts: Drafts) -> None:
    """Let what a poisoning caused stand: symptoms of its sentence and those listed as diagnoses."""
    poisons_ = [
        code for code in drafts.having(["T36", "T37", "T38", "T39", "T4", "T50"]) if code[6:7] in set("1234")
    ]
    places = {item.sentence for code in poisons_ for item in drafts.codes[code].findings}
    for code, draft in drafts.codes.items():
        if not poisons_ or not (draft.symptom or code.startswith("I95")):
            continue
        if any(item.section == "diagnoses" or item.sentence in places for item in draft.findings):
            draft.symptom, draft.by_drug = False, True


def _poisonings(text: str) -> Iterator[tuple[str, int, int, tuple[int, int]]]:
    """Yield (code without intent, start, end, sentence) of each substance that was taken."""
    carbon_monoxide = _CARBON_MONOXIDE.search(text) is not None
    seen: set[str] = set()
    for match in SENTENCE.finditer(text):
        clause = match[0]
        if not _TAKEN.search(clause) or _NOT_SO.search(clause) or _CORRECT_USE.search(clause):
            continue
        for item, place in _substances(clause):
            stem = item.stem
            if stem.startswith("T58"):
                stem = _source(text) if carbon_monoxide else ""
            if not stem or stem in seen:
                continue
            seen.add(stem)
            yield stem, match.start() + place.start(), match.start() + place.end(), match.span()


def _source(text: str) -> str:
    """Return the code of carbon monoxide by its source, which another sentence may name."""
    sources = [item for item in poisons() if item.stem.startswith("T58")]
    return next((item.stem for item in sources if item.pattern.search(text)), "")


def _substances(clause: str) -> Iterator[tuple[Substance, re.Match[str]]]:
    """Yield the substances of a sentence, without those that treat and those named as part of another name."""
    used: list[tuple[int, int]] = []
    for item in (*drugs(), *poisons()):
        for place in item.pattern.finditer(clause):
            if any(start < place.end() and place.start() < end for start, end in used):
                continue
            if _TREATMENT.search(clause[max(0, place.start() - 60) : place.start()]):
                continue
            used.append(place.span())
            yield item, place
            break


def _intent(text: str) -> str:
    """Return the sign of the intent; a poisoning whose intent is not stated counts as accidental."""
    age = person_of(text).age
    if age is not None and age < _CHILD:
        return "1"
    stated = _NO_SELF_HARM.sub(" ", text)
    checks = (
        (_UNDETERMINED.search(text), "4"),
        (_ASSAULT.search(text), "3"),
        (_BY_ACCIDENT.search(text), "1"),
        (_SELF_HARM.search(stated), "2"),
    )
    return next((sign for holds, sign in checks if holds), "1")
