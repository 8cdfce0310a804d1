"""Dictated notes become sentences, and every character stays where it was."""

import pytest

from clinweave.knowledge import unwrapped
from clinweave.knowledge.notes.dictation import undictated

NOTE = (
    "this is a forty one year old man comma with a cough period new paragraph blood pressure one oh two over sixty "
    "comma ejection fraction of thirty percent comma potassium four point eight period "
    "impression asthma comma mild period"
)


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_spoken_punctuation_and_numbers_become_signs_at_equal_length() -> None:
    result = undictated(NOTE)
    assert len(result) == len(NOTE)
    assert result.index("cough") == NOTE.index("cough")
    plain = squeezed(result).replace(" ,", ",").replace(" .", ".").replace("/ ", "/")
    assert plain.startswith(
        "this is a 41 year old man, with a cough. blood pressure 102/60, ejection fraction of 30%,"
    )
    assert plain.endswith("potassium 4.8. impression:asthma, mild.")
    assert unwrapped(NOTE)[0] == result


@pytest.mark.parametrize(
    ("spoken", "digits"),
    [
        ("one ninety six", "196"),
        ("two hundred and eight", "208"),
        ("twenty sixteen", "2016"),
        ("ten point two", "10.2"),
        ("ninety nine percent", "99%"),
    ],
)
def test_spoken_numbers(spoken: str, digits: str) -> None:
    text = f"he came comma sat comma and had {spoken} period he left period"
    assert (
        digits in undictated(text).replace(",", " ").split()
        or f"{digits}." in squeezed(undictated(text)).split()
    )


@pytest.mark.parametrize(
    "text",
    [
        "She was well in the neonatal period. The period of follow-up was long, and the comma bacillus was not found.",
        "Menstrual period at 13 years.",
        "One of two sisters, aged twenty one, is well. The latent period is ten days.",
    ],
)
def test_a_written_text_stays_as_it_is(text: str) -> None:
    assert undictated(text) == text


def test_a_time_in_a_dictated_text_is_no_full_stop() -> None:
    text = "she bled in the neonatal period comma then again period she is well comma and grows period"
    assert (
        squeezed(undictated(text)).replace(" ,", ",")
        == "she bled in the neonatal period, then again. she is well, and grows."
    )
