"""The week of birth, and organs felt below the costal margin."""

import time

import pytest

from clinweave.knowledge.notes.examination import examined

PREMATURE, LIVER, SPLEEN = "HP:0001622", "HP:0002240", "HP:0001744"


def read(text: str) -> list[tuple[str, bool]]:
    return [(item.finding, item.absent) for item in examined(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Baby girl born at 34+2 weeks by section", [(PREMATURE, False)]),
        ("She was delivered by emergency caesarean section at 31 weeks.", [(PREMATURE, False)]),
        ("Born at 36/40", [(PREMATURE, False)]),
        ("He was born at 41 weeks.", [(PREMATURE, True)]),
        ("Liver 4 cm below the costal margin", [(LIVER, False)]),
        ("spleen tip palpable 3 cm below the left costal margin", [(SPLEEN, False)]),
        ("liver 1 cm below the costal margin", []),
        ("He was born in 1934. At 34 weeks of follow-up he was well.", []),
        ("Born at 38 weeks, seen at 30 weeks of age", [(PREMATURE, True)]),
    ],
)
def test_measures_of_birth_and_organs(text: str, expected: list[tuple[str, bool]]) -> None:
    assert read(text) == expected


def test_one_long_line_takes_linear_time() -> None:
    text = (
        "Born at 31 weeks, liver 4 cm below the costal margin, lost 5 kg, walked to the section in time, "
        * 2000
    )
    begin = time.process_time()
    once = read(text)
    middle = time.process_time()
    assert len(read(text + text)) == 2 * len(once)
    assert time.process_time() - middle < 3.5 * (middle - begin) + 0.3
