"""Loops of models are found while they are written; lists, tables and sequences are not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinweave.models import RepetitionGuard, find_repetition

LOOPS = {
    "words": "The cause is a mutation of the gene " + "of the gene " * 40,
    "sentence": "Marfan syndrome is inherited. It affects the aorta. " + "Marfan syndrome is inherited. " * 9,
    "sentence with other marks": "".join(f"Marfan syndrome affects the aorta [{n}]. " for n in range(1, 9)),
    "numbered": "".join(f"{n}. Check the INR within 3 days.\n" for n in range(1, 30)),
    "two in turn": "It is rare here. It is common there. " * 12,
    "characters": "Fever" + "er" * 80,
    "word": "Answer: very " + "very " * 40,
    "blank lines": "Nothing more.\n" + "\n" * 300,
    "short answers": "No.\n" + "None.\n" * 20,
    "long unit": "A" + (" patient with fever and a cough who has been treated before for a cold,") * 6,
    "chinese": "马凡综合征是一种遗传性结缔组织疾病。" * 5,
}
LEGITIMATE = {
    "list of drugs": "\n".join(
        f"- {name}: once daily, with food" for name in ("Aspirin", "Ramipril", "Bisoprolol")
    ),
    "steps": "1. Give oxygen.\n2. Give salbutamol.\n3. Give prednisolone.\n4. Give magnesium.\n5. Call for help.",
    "inheritance": "FBN1: autosomal dominant; TGFBR1: autosomal dominant; TGFBR2: autosomal dominant; SMAD3: autosomal "
    "dominant; TGFB2: autosomal dominant; TGFB3: autosomal dominant.",
    "same beginning": "".join(
        f"The patient has {finding} [1]. "
        for finding in ("a fever", "a cough", "a rash", "a headache", "a stiff neck")
    ),
    "answers": "Fever? No. Cough? No. Rash? Yes. Headache? No. Vomiting? No.",
    "not reported": "Onset? Not reported. Sex? Not reported. Severity? Not reported.",
    "table": "| drug | dose |\n|-------|-------|\n| a | 5 mg |\n| b | 5 mg |\n| c | 5 mg |\n| d | 5 mg |",
    "repeat expansion": "The expansion is CAG CAG CAG CAG CAG CAG in exon 1, CAGCAGCAGCAGCAG on one strand.",
    "frequencies": "Seizure (in 5 of 12 patients), Ataxia (in 5 of 12 patients), Apnea (in 5 of 12 patients), "
    "Tremor (in 5 of 12 patients), Chorea (in 5 of 12 patients).",
    "doses": "Day 1: 5 mg. Day 2: 5 mg. Day 3: 5 mg. Day 4: 5 mg. Day 5: 10 mg.",
    "dots": "Signed ..................................",
    "numbers": "Calcium 2.2, 2.2, 2.2 mmol/L on three days; 1000000000 cells.",
}


def stopped_at(text: str, size: int = 4) -> int | None:
    """Return how many characters were written before the guard stopped, in pieces as a model writes them."""
    guard = RepetitionGuard()
    for start in range(0, len(text), size):
        if guard.repeats(text[start : start + size]):
            return start + size
    return None


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_is_stopped_early_and_cut_to_its_first_copy(name):
    text = LOOPS[name]
    written = stopped_at(text)
    assert written is not None
    assert written <= max(0.8 * len(text), 250)
    cut = find_repetition(text[:written])
    assert cut is not None
    assert cut < written
    assert find_repetition(text[:cut]) is None


@pytest.mark.parametrize("name", LEGITIMATE)
def test_lists_tables_and_sequences_are_written_to_their_end(name):
    assert stopped_at(LEGITIMATE[name]) is None
    assert stopped_at(LEGITIMATE[name], 1) is None
    assert find_repetition(LEGITIMATE[name]) is None


def test_what_is_kept_is_what_was_said_once():
    text = LOOPS["sentence"]
    assert text[: find_repetition(text)] == "Marfan syndrome is inherited. It affects the aorta."
    text = LOOPS["words"]
    assert text[: find_repetition(text)] == "The cause is a mutation of the gene"


@given(st.text(alphabet="ab .\n", max_size=400), st.integers(1, 9))
def test_the_guard_stops_where_the_whole_text_has_a_repetition(text, size):
    """Whatever the pieces, a text that was stopped has a repetition, and one without is never stopped."""
    written = stopped_at(text, size)
    assert (written is None) or find_repetition(text[:written]) is not None
    if find_repetition(text) is None:
        assert written is None


def test_long_texts_are_watched_quickly():
    text = "".join(f"The value number {n} is {n * n % 97} in arm {n % 7}. " for n in range(500))
    started = time.process_time()
    assert stopped_at(text) is None
    assert find_repetition(text) is None
    assert time.process_time() - started < 3
