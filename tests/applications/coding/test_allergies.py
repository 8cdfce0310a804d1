"""Allergies that notes state: lists, sentences, denials, relatives, and the reactions that are no conditions."""

import pytest

from clinweave.applications.coding import code_note
from clinweave.applications.coding.allergies import allergens, allergies


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Allergies: penicillin (anaphylaxis), shellfish - hives; latex.", ["Z88.0", "Z91.013", "Z91.040"]),
        (
            "ALLERGIES:\n- Morphine: rash\n- IV contrast: urticaria\n- Tape\nDx: asthma",
            ["Z88.5", "Z91.041", "Z91.048"],
        ),
        ("Allergies\n1. Sulfa drugs\n2. Eggs\n\nPlan: none", ["Z88.2", "Z91.012"]),
        ("She is allergic to aspirin and ibuprofen, and takes metformin.", ["Z88.6", "Z88.6"]),
        ("Allergic to amoxicillin, presents with cough.", ["Z88.0"]),
        ("Peanut allergy. Bee sting anaphylaxis. Cow's milk allergy.", ["Z91.010", "Z91.030", "Z91.011"]),
        ("Severe penicillin allergy since childhood", ["Z88.0"]),
        ("Allergy list reviewed: vancomycin (red man), codeine.", ["Z88.1", "Z88.5"]),
        ("Drug allergies: erythromycin / clarithromycin", ["Z88.1", "Z88.1"]),
    ],
)
def test_stated_allergies(text, codes):
    found = allergies(text)
    assert [item.code for item in found if not item.reason] == codes
    for item in found:
        assert text[item.start : item.end].lower() in allergens()


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("NKDA. No known drug allergies.", {"denied or ruled out"}),
        ("Allergies: none. Allergies: NKDA", set()),
        ("Penicillin allergy was ruled out by testing.", {"denied or ruled out"}),
        ("No latex allergy. Not allergic to penicillin.", {"denied or ruled out"}),
        ("His mother is allergic to penicillin.", {"of a relative"}),
        ("Well child check. Milk allergy in sibling.", {"of a relative"}),
        ("Possible penicillin allergy.", {"uncertain"}),
        ("Allergy clinic next week; allergic rhinitis; seasonal allergies.", set()),
    ],
)
def test_what_is_no_allergy_of_the_patient(text, reasons):
    found = allergies(text)
    assert all(item.reason for item in found)
    assert {item.reason for item in found} == reasons


def test_an_allergy_is_a_status_and_its_reaction_no_condition(book):
    text = "Allergies: penicillin (anaphylaxis), eggs - hives, milk.\nDiagnosis: pneumonia."
    result = code_note(text, "outpatient", book)
    assert [item.code for item in result.codes] == ["J18.9", "Z88.0", "Z91.0120", "Z91.0110"]
    assert result.codes[1].rules == ("I.C.21.c",)
    denied = code_note("Pneumonia. Penicillin allergy was ruled out.", "outpatient", book)
    assert [item.code for item in denied.codes] == ["J18.9"]
    assert denied.considered[0].reason == "the allergy is denied or ruled out"


def test_every_code_of_a_substance_exists(book):
    for code in set(allergens().values()):
        assert code in book.billable or f"{code}0" in book.billable, code
