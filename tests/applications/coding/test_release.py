"""The whole release: the index is valid, short texts of many kinds, and the committed notes."""

import json
import time
from pathlib import Path

import pytest

from clinweave.applications.coding import code_note
from clinweave.applications.coding.guidelines import explained
from clinweave.applications.coding.lexicon import lexicon

NOTES = Path(__file__).parents[3] / "benchmarks" / "coding"
CASES = [json.loads(line) for line in Path(__file__).with_name("cases.jsonl").read_text("utf-8").splitlines()]


def test_every_code_of_the_index_exists(book):
    suffixes = {
        code
        for term in lexicon().terms
        if "m" in term.flags
        for code in (term.code, *(c for _, c in term.choices))
    }
    for term in lexicon().terms:
        for code in filter(None, (term.code, term.history, *(code for _, code in term.choices))):
            if code in suffixes:
                assert any(item.startswith(f"E11.{code}") for item in book.billable), code
                continue
            stem = code if code in book.entries else book.above(f"{code}A")
            assert code in book.billable or stem, (code, term.names[:1])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:60])
def test_short_texts(case, book):
    result = code_note(case["text"], case["setting"], book)
    assert sorted(item.code for item in result.codes) == sorted(case["codes"])
    for item in result.codes:
        for quote in item.evidence:
            assert case["text"][quote.start : quote.end] == quote.text


@pytest.mark.parametrize("name", ["development", "test", "independent"])
def test_the_committed_notes(name, book):
    right = wrong = missed = 0
    for line in (NOTES / f"{name}.jsonl").read_text("utf-8").splitlines():
        note = json.loads(line)
        gold = {item["code"] for item in note["codes"]}
        optional = {item if isinstance(item, str) else item["code"] for item in note["optional"]}
        forbidden = {item if isinstance(item, str) else item["code"] for item in note["not"]}
        given = {item.code for item in code_note(note["text"], note["setting"], book).codes}
        assert not given & forbidden, note["id"]
        right, wrong, missed = (
            right + len(given & gold),
            wrong + len(given - gold - optional),
            missed + len(gold - given),
        )
    assert right / (right + wrong) >= 0.95
    assert right / (right + missed) >= 0.9


def test_an_empty_result_is_never_given_in_silence(book):
    result = code_note("Possible influenza.", "outpatient", book)
    assert result.codes == ()
    assert result.considered[0].rule == "IV.H"
    assert result.warnings


def test_every_rule_that_is_cited_is_explained(book):
    for case in CASES:
        result = code_note(case["text"], case["setting"], book)
        cited = {rule for item in result.codes for rule in item.rules} | {
            item.rule for item in result.considered
        }
        assert {rule for rule in cited if not explained(rule)} == set()


def test_long_notes_take_linear_time(book):
    text = " ".join(case["text"] for case in CASES) + "\n\n"
    first = time.process_time()
    code_note(text, "inpatient", book)
    second = time.process_time()
    result = code_note(text * 8, "inpatient", book)
    third = time.process_time()
    assert third - second < 24 * (second - first) + 1
    assert result.codes


@pytest.mark.parametrize(
    ("text", "setting", "expected"),
    [
        ("Diagnosis: Marfan syndrome with a dilated aortic root.", "outpatient", {"Q87.410"}),
        ("Diagnosis: 22q11.2 deletion syndrome.", "outpatient", {"Q93.81"}),
        ("Neonatal unit. Born at 34+2 weeks, weight 1920 g. Diagnosis: neonatal jaundice of prematurity.", "inpatient",
         {"P07.37", "P07.17", "P59.0"}),
        ("Diagnosis: macrocytic anaemia. Sec. hyperparathyroidism (renal).", "outpatient", {"D53.9", "N25.81"}),
        ("Diagnosis: type 2 diabetes. Pigmentary retinopathy.", "outpatient", {"E11.9", "H35.52"}),
        ("Both feet burn at night. Diagnosis: sarcoidosis.", "outpatient", {"D86.9"}),
    ],
)  # fmt: skip
def test_conditions_of_genetics_and_newborns(text, setting, expected, book):
    assert {item.code for item in code_note(text, setting, book).codes} == expected
