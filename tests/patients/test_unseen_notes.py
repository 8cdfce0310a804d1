"""Invented notes written without sight of the rules. Part a: failures were read and mended; part b: only counted."""

import json
from pathlib import Path
from typing import Any

import pytest

from clinweave.patients import Pseudonymiser

DATA = Path(__file__).parent / "data"
PARTS = {
    part: [json.loads(line) for line in (DATA / f"unseen_{part}.jsonl").read_text("utf-8").splitlines()]
    for part in ("a", "b")
}
RULES = Pseudonymiser(b"k" * 32)


def failures(item: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the identifiers that are left and the clinical stretches that are changed."""
    text = RULES.note(item["note"], "1").text
    return [word for word in item["gone"] if word in text], [
        word for word in item["stay"] if word not in text
    ]


@pytest.mark.parametrize("item", PARTS["a"], ids=lambda item: item["kind"])
def test_in_part_a_no_identifier_is_left_and_no_value_changed(item: dict[str, Any]) -> None:
    assert failures(item) == ([], [])


def test_part_b_stays_as_measured() -> None:
    results = [failures(item) for item in PARTS["b"]]
    total = sum(len(item["gone"]) for item in PARTS["b"])
    left, changed = (sum(len(result[place]) for result in results) for place in (0, 1))
    assert total == 153
    assert left <= 18
    assert changed <= 1
