"""Suggest ICD-10-CM codes for a clinical note."""

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.applications.coding.allergies import allergies
from clinweave.applications.coding.allergy_status import draft_allergies, without_allergies
from clinweave.applications.coding.choose import Choice, choose
from clinweave.applications.coding.codebook import Codebook
from clinweave.applications.coding.draft import Draft, Drafts, quotes
from clinweave.applications.coding.excludes import apply_excludes, in_sequence
from clinweave.applications.coding.guidelines import rules
from clinweave.applications.coding.mention_state import FAMILY, PAST, UNCERTAIN
from clinweave.applications.coding.not_coded import by_state, reject
from clinweave.applications.coding.notes import check_note
from clinweave.applications.coding.reading import Finding, past_code, reader
from clinweave.applications.coding.results import Coding, Quote, Rejected, Suggestion
from clinweave.applications.coding.rules import apply_rules
from clinweave.applications.coding.sections import Sections
from clinweave.core.errors import UserError
from clinweave.knowledge import unread_language, unwrapped

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SETTINGS = ("inpatient", "outpatient")
# What is planned says nothing of the encounter: "return in two weeks for a follow-up x-ray".
_PLAN = re.compile(r"^\W*(?:plan|instructions|disposition)\b", re.IGNORECASE | re.MULTILINE)
_RELATIVE_MATTERS = re.compile(
    r"(?:which is why|therefore|hence|in view of|because of|given|so (?:we|i|she|he))[^.;]{0,60}"
    r"(?:screen|mammogra|colonoscop|surveillance|\bmri\b|genetic|testing|refer)",
    re.IGNORECASE,
)
_SEQUENCE_FIRST = ("Z51.1", "Z51.0", "Z00", "Z01", "Z12", "Z34", "Z47", "Z48", "Z08", "Z09", "Z30", "Z76.0")


def code_note(text: str, setting: str, book: Codebook) -> Coding:
    """Return the codes that a note supports in a setting ("inpatient" or "outpatient"), and what was considered.

    Raises `UserError` for another setting and for a text that is no note of one patient.
    """
    if setting not in SETTINGS:
        raise UserError(f"setting {setting!r}: give {' or '.join(SETTINGS)}")
    warnings = [*check_note(text), *_language(text)]
    note = text
    text, places = unwrapped(note)
    stated = allergies(text)
    findings = without_allergies(reader(book).read(text), stated)
    drafts = Drafts()
    drafts.lists_diagnoses = Sections(text).has("diagnoses")
    drafts.warnings += warnings
    coded, complications = by_state(findings, setting, drafts)
    _drafted(coded, text, book, drafts)
    draft_allergies(stated, text, book, drafts)
    apply_rules(drafts, text, setting, book, _chosen_complications(complications))
    _screened_relatives(drafts, findings, setting, book)
    apply_excludes(drafts, book)
    _without_external_causes(drafts)
    if not drafts.codes:
        drafts.warnings.append("no condition was found that can be coded; read the note")
    return _placed(_result(drafts, setting, book), note, places)


def _language(text: str) -> list[str]:
    other = unread_language(text, ())
    return [f"{other.partition(':')[0]}; only English notes are coded"] if other else []


def code_file_note(path: Path, setting: str, book: Codebook) -> Coding:
    """Return the coding of a file with one note."""
    from clinweave.applications.coding.notes import read_note

    return code_note(read_note(path), setting, book)


def _drafted(kept: list[Finding], text: str, book: Codebook, drafts: Drafts) -> None:
    """Choose the code of each term, of terms of sites the codes of each mention."""
    visit = " ".join(_PLAN.split(text[:1500], maxsplit=1)[0].lower().split())
    groups: dict[int, list[Finding]] = {}
    for item in kept:
        groups.setdefault(id(item.term), []).append(item)
    for items in groups.values():
        term = items[0].term
        past = [item for item in items if item.state == PAST]
        current = [item for item in items if item.state != PAST]
        if "d" in term.flags or "x" in term.flags or (term.chronic and not term.history):
            current, past = items, []
        if past and not current:
            code = past_code(past[0])
            drafts.add(Draft(code, past, ["I.C.21.c"], chronic=True))
        if not current:
            continue
        parts = [[item] for item in current] if "t" in term.flags else [current]
        chosen = [(part, _choice(part, current, book, visit)) for part in parts]
        _keep_specific(drafts, [(part, choice) for part, choice in chosen if choice is not None])
        for part, choice in chosen:
            if choice is None:
                reject(drafts, part[0], "no code that can be reported fits the words", "I.B.2")


def _choice(part: list[Finding], every: list[Finding], book: Codebook, visit: str) -> Choice | None:
    """Return the code for one mention or several, taking the side from other mentions where it says none."""
    term = part[0].term
    if len(term.code) == 3 and term.code in {"E08", "E09", "E10", "E11", "E13", "Z68"}:
        return Choice(term.code, frozenset())
    context = " | ".join(item.context for item in part)
    texts = [item.text for item in part]
    choice = choose(term, texts, context, book, visit=visit)
    if len(every) > len(part) and (choice is None or choice.missing):
        whole = choose(term, texts, " | ".join(item.context for item in every), book, visit=visit)
        return whole or choice
    return choice


def _keep_specific(drafts: Drafts, chosen: list[tuple[list[Finding], Choice]]) -> None:
    """Add the codes of one term, without those that another mention of it makes more specific."""
    supports = [choice.support for _, choice in chosen]
    for part, choice in ((part, _cautious(part, choice)) for part, choice in chosen):
        if any(choice.support < other for other in supports):
            best = next(other for _, other in chosen if choice.support < other.support)
            drafts.rejected.append(
                Rejected(choice.code, part[0].text, f"{best.code} says more", "I.B.2", quotes(part[:1]))
            )
            continue
        term = part[0].term
        uncertain = all(item.state == UNCERTAIN for item in part)
        rule_names = (["II.H"] if uncertain else []) + (["I.B.13"] if "t" in term.flags and "site" else [])
        if choice.code.startswith(("S", "T")):
            rule_names.append("I.C.19.a")
        drafts.add(
            Draft(
                choice.code, list(part), rule_names, uncertain, choice.missing,
                chronic=term.chronic or "x" in term.flags or "d" in term.flags, symptom="s" in term.flags,
            )
        )  # fmt: skip


def _cautious(part: list[Finding], choice: Choice) -> Choice:
    """Return what is coded for an uncertain case of a disease that is coded only if confirmed."""
    rows = [row for row in rules()["confirmed_only"] if choice.code.startswith(tuple(row["codes"]))]
    if rows and rows[0]["instead"] and all(item.state == UNCERTAIN for item in part):
        return Choice(rows[0]["instead"], choice.support)
    return choice


def _chosen_complications(findings: list[Finding]) -> list[Finding]:
    """Return the complications of diabetes with the suffix that their words choose."""
    for item in findings:
        suffix = item.term.code
        for patterns, chosen in item.term.choices:
            if all(
                pattern.search(item.text.lower() if pattern.pattern.startswith("^") else item.context)
                for pattern in patterns
            ):
                suffix = chosen
                break
        item.codes = (suffix,)
    return findings


def _screened_relatives(drafts: Drafts, findings: list[Finding], setting: str, book: Codebook) -> None:
    """Code the family history of a tumour where the visit is a screening, or where it changes the plan."""
    screening = setting == "outpatient" and bool(drafts.having(["Z12", "Z00", "Z15", "Z01.4"]))
    for item in findings:
        if not screening and not _RELATIVE_MATTERS.search(item.clause):
            continue
        if "f" in item.term.flags and item.state == FAMILY and item.term.code in book.billable:
            drafts.add(Draft(item.term.code, [item], ["I.C.21.c"], chronic=True))


def _without_external_causes(drafts: Drafts) -> None:
    codes = drafts.having(["V", "W", "X", "Y"])
    drafts.remove(codes, "an external cause: reported only where a payer or state asks for it", "I.C.20")


def _result(drafts: Drafts, setting: str, book: Codebook) -> Coding:
    codes = in_sequence(sorted(drafts.codes, key=lambda code: _order(drafts.codes[code])), book)
    codes = [code for code in codes if code in book.billable]
    suggestions = tuple(_suggestion(drafts.codes[code], book) for code in codes)
    return Coding(
        setting,
        book.release,
        suggestions,
        tuple(item for item in drafts.rejected if item.code not in codes or item.code == ""),
        tuple(dict.fromkeys(drafts.warnings)),
    )


def _placed(coding: Coding, note: str, places: "npt.NDArray[np.int64] | None") -> Coding:
    """Return the coding of a text with its lines and words joined, with the places of the note as it was given."""

    def moved(items: tuple[Quote, ...]) -> tuple[Quote, ...]:
        return tuple(_moved(item, note, places) for item in items)

    return replace(
        coding,
        codes=tuple(replace(item, evidence=moved(item.evidence)) for item in coding.codes),
        considered=tuple(replace(item, evidence=moved(item.evidence)) for item in coding.considered),
    )


def _moved(quote: Quote, note: str, places: "npt.NDArray[np.int64] | None") -> Quote:
    start, end = quote.start, quote.end
    if places is not None and end > start:
        start, end = int(places[start]), int(places[end - 1]) + 1
    return replace(quote, start=start, end=end, text=note[start:end])


def _order(draft: Draft) -> tuple[int, int]:
    places = [item.start for item in draft.findings] or [0]
    listed = [item.start for item in draft.findings if item.section == "diagnoses"]
    if draft.code.startswith(_SEQUENCE_FIRST):
        return 0, min(places)
    if draft.code.startswith("Z"):
        return 3, min(places)
    return (1, min(listed)) if listed else (2, min(places))


def _suggestion(draft: Draft, book: Codebook) -> Suggestion:
    certainty = "uncertain, coded as established" if draft.uncertain else "stated"
    return Suggestion(
        draft.code,
        book.title(draft.code),
        quotes(_distinct(draft.findings)),
        tuple(dict.fromkeys(draft.rules)),
        certainty,
        draft.missing,
    )


def _distinct(findings: Iterable[Finding]) -> list[Finding]:
    """Return the first finding of each sentence and wording."""
    ordered = sorted(findings, key=lambda item: item.start, reverse=True)
    return list({(item.text.lower(), item.clause): item for item in ordered}.values())
