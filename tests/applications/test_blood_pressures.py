"""A blood pressure is held against both numbers of a limit."""

import pytest

from clinweave.applications.consult.limits import has_pressure, meets, within_heads
from tests.applications.test_quotations import answer_from

MILD, SEVERE, TARGET = (
    "Blood pressure 140/90 to 159/109 mmHg",
    "Blood pressure 160/110 mmHg or above",
    "Blood pressure below 140/90 mmHg",
)


@pytest.mark.parametrize(
    ("asked", "mild", "severe", "target"),
    [
        ("blood pressure 150/95", True, False, False),
        ("blood pressure of 150/112", False, True, False),
        ("blood pressure 165/95 mmHg", False, True, False),
        ("blood pressure is 170/115", False, True, False),
        ("blood pressure 130/80", False, False, True),
        ("blood pressure 130/95", False, False, False),
        ("systolic blood pressure 165", False, True, False),
        ("diastolic blood pressure 100", True, False, False),
    ],
)
def test_both_numbers_count(asked, mild, severe, target):
    found = [within_heads(asked, ["Pre-eclampsia", head]) for head in (MILD, SEVERE, TARGET)]
    assert found == [mild, severe, target]
    assert [meets(asked, head) for head in (MILD, SEVERE, TARGET)] == [mild, severe, target]


@pytest.mark.parametrize(
    "text", ["co-amoxiclav 500/125 mg", "levodopa 25/100", "1/2 tablet", "on 12/11/2025", "875/125"]
)
def test_other_pairs_are_no_pressures(text):
    assert not has_pressure(text)


WARD = f"""# Raised blood pressure in dialysis

## {MILD}

Remove 500 ml more at the next session.

## {SEVERE}

Ring the nephrologist at once. Give amlodipine 5 mg by mouth.
"""


@pytest.mark.parametrize(
    ("question", "said", "unsaid"),
    [
        (
            "What should I do at a blood pressure of 150/115 in dialysis?",
            ["amlodipine"],
            ["500 ml"],
        ),
        ("What should I do at a blood pressure of 150/95 in dialysis?", ["500 ml"], ["nephrologist"]),
        (
            "What should I do at a blood pressure of 130/70 in dialysis?",
            [],
            ["nephrologist", "500 ml", "amlodipine"],
        ),
    ],
)
def test_what_stands_under_another_pressure_is_not_quoted(tmp_path, question, said, unsaid):
    text = answer_from(tmp_path / "own", WARD, question)
    assert all(words in text for words in said), text
    assert not any(words in text for words in unsaid), text


def test_a_limit_in_a_statement_forbids_only_pressures_within_it(tmp_path):
    ward = "# Amlodipine on the ward\n\nDo not give amlodipine if the blood pressure is below 90/60 mmHg.\n"
    low = answer_from(tmp_path / "low", ward, "Can amlodipine be given at a blood pressure of 85/50?")
    high = answer_from(tmp_path / "high", ward, "Can amlodipine be given at a blood pressure of 150/95?")
    assert "Do not give amlodipine" in low
    assert not low.startswith("Yes")
    assert not high.startswith(("No:", "The source forbids"))
