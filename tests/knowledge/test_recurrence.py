"""Findings counted three times or more are the recurrent ones of the HPO."""

import pytest

from clinweave.knowledge.notes.recurrence import recurrent
from clinweave.records import Mention

NAMED = {
    "recurrent otitis media": ("HP:0000403", "Recurrent otitis media"),
    "recurrent pneumonia": ("HP:0006532", "Recurrent pneumonia"),
}


def _read(text: str, words: str, name: str, status: str = "present") -> tuple[str, str]:
    start = text.index(words)
    item = Mention(
        start,
        start + len(words),
        words,
        "HP:1",
        name,
        "biolink:PhenotypicFeature",
        1.0,
        status == "absent",
        "label",
        "",
        status,
    )
    (found,) = recurrent(text, [item], NAMED)
    assert found.text == text[found.start : found.end]
    return found.id, found.text


@pytest.mark.parametrize(
    ("text", "words", "told"),
    [
        ("PMH: otitis media x7, asthma", "otitis media", "otitis media x7"),
        ("Otitis media \u00d7 4.", "Otitis media", "Otitis media \u00d7 4"),
        ("five proven episodes of otitis media", "otitis media", "five proven episodes of otitis media"),
        ("Repeated otitis media as a baby", "otitis media", "Repeated otitis media"),
        ("otitis media 6 times", "otitis media", "otitis media 6 times"),
    ],
)
def test_counted_findings_are_recurrent(text: str, words: str, told: str) -> None:
    assert _read(text, words, "Otitis media") == ("HP:0000403", told)


@pytest.mark.parametrize(
    "text",
    [
        "otitis media x2", "otitis media x 5 days", "otitis media x10/7", "otitis media", "5 otitis media",
        "amoxicillin 3 times for otitis media",
    ],
)  # fmt: skip
def test_few_days_and_doses_are_no_count(text: str) -> None:
    assert _read(text, "otitis media", "Otitis media")[0] == "HP:1"


def test_plurals_are_counted_and_denials_are_not() -> None:
    assert _read("Three pneumonias last year", "pneumonias", "Pneumonia")[0] == "HP:0006532"
    assert _read("No pneumonia x3", "pneumonia", "Pneumonia", "absent")[0] == "HP:1"


def test_a_finding_without_a_recurrent_one_stays() -> None:
    assert _read("rash x7", "rash", "Rash")[0] == "HP:1"
