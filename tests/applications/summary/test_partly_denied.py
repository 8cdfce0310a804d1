"""A sentence is marked as a denial only where it states nothing else, and stands under what it is about."""

import re

import pytest

from clinweave.applications.summary import as_text, summarize_notes
from clinweave.records import Mention

NAMES = {
    "chest pain": "biolink:PhenotypicFeature", "haemoptysis": "biolink:PhenotypicFeature",
    "copd": "biolink:Disease", "infective": "biolink:Disease",
}  # fmt: skip
FULL = {"copd": "chronic obstructive pulmonary disease", "infective": "infectious disease"}


def link(text: str) -> list[Mention]:
    """Link four names; "no" before one in its clause denies it."""
    result = []
    for match in re.finditer("|".join(NAMES), text, re.IGNORECASE):
        absent = re.search(r"\bno\s+\Z", text[: match.start()], re.IGNORECASE) is not None
        name = match[0].lower()
        status = "absent" if absent else "present"
        told = (f"X:{name}", FULL.get(name, name), NAMES[name], 1.0, absent, "", "", status)
        found = Mention(match.start(), match.end(), match[0], *told)
        result.append(found)
    return result


def _text(note: str) -> str:
    return as_text(summarize_notes({"n.txt": note}, link=link))


@pytest.mark.parametrize(
    "sentence",
    [
        "Four days of worsening breathlessness and green sputum, no chest pain, no haemoptysis.",
        "No chest pain but he has been breathless on the stairs.",
    ],
)
def test_what_is_stated_beside_a_denial_is_not_marked_absent(sentence: str) -> None:
    assert f"[absent] “{sentence}" not in _text(f"Presenting complaint: {sentence}")


@pytest.mark.parametrize(
    "sentence", ["No chest pain, no haemoptysis.", "He has no chest pain, no haemoptysis."]
)
def test_a_plain_denial_is_marked(sentence: str) -> None:
    assert f"[absent] “{sentence}" in _text(f"History: {sentence}")


def test_a_problem_is_named_after_its_most_special_concept() -> None:
    text = _text("Diagnoses:\n1. Infective exacerbation of COPD\n")
    assert "chronic obstructive pulmonary disease: “Infective exacerbation of COPD”" in text


def test_a_date_is_no_blood_pressure_and_a_list_of_drugs_no_plan() -> None:
    text = _text("Course: Metformin 500 mg held, restarted on 18/05.\nDischarge meds: aspirin 75 mg OD.\n")
    assert "Results and examination" not in text
    assert re.search(r"Medications\n  “Metformin[^\n]*\n  “aspirin 75 mg OD", text)
