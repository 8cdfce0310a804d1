from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinweave.knowledge.citations.claims import Span, Unclear, find, read
from clinweave.knowledge.citations.sentences import marked, split
from clinweave.knowledge.citations.wording import take_negation, take_people, take_share
from clinweave.knowledge.graph import frequency


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A is b [1]. C is d [2, 3]. E.", [("A is b.", ("1",)), ("C is d.", ("2", "3")), ("E.", ())]),
        ("A is b.[1][2] C is d.", [("A is b.", ("1", "2")), ("C is d.", ())]),
        ("A is b. [1]\nC is d [2].", [("A is b.", ("1",)), ("C is d.", ("2",))]),
        (
            "Seen e.g. in 3.5% of cases, i.e. few [1-3].",
            [("Seen e.g. in 3.5% of cases, i.e. few.", ("1", "2", "3"))],
        ),
        ("1. A is b [1]\n2. C is d [2]", [("A is b", ("1",)), ("C is d", ("2",))]),
        ("- A is b [1]\n- C is d", [("A is b", ("1",)), ("C is d", ())]),
        (
            "E. coli is found by Dr. Smith [1]. Yes!",
            [("E. coli is found by Dr. Smith.", ("1",)), ("Yes!", ())],
        ),
        ("", []),
        ("[1]", []),
    ],
)
def test_sentences_and_their_markers(text, expected):
    assert [tuple(item) for item in marked(text)] == expected


@given(st.text(max_size=300))
def test_sentences_keep_their_offsets_and_lose_no_word(text):
    spans = split(text)
    assert all(text[item.start : item.end] == item.text for item in spans)
    assert "".join("".join(item.text.split()) for item in spans) == "".join(text.split())
    assert all(a.end <= b.start for a, b in pairwise(spans))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("HP:0040281", 80, 99), ("7/14", 50, 50), ("45%", 45, 45), ("10-20%", 10, 20), ("HP:0040285", 0, 0)],
)
def test_recorded_frequencies(text, low, high):
    result = frequency.parse(text)
    assert (result.low, result.high) == (low, high)


@pytest.mark.parametrize("text", ["", "often", "9/3", "0/0", "150%", "HP:0000001", "20-10%"])
def test_what_is_no_frequency(text):
    assert frequency.parse(text) is None
    assert frequency.describe(text) == ""
    assert frequency.weight(text) == frequency.UNKNOWN_WEIGHT


@given(st.integers(0, 500), st.integers(1, 500))
def test_weights_are_shares_and_small_counts_weigh_less(count, total):
    count = min(count, total)
    assert 0 < frequency.weight(f"{count}/{total}") < 1
    if 2 * count > total:
        assert frequency.weight(f"{count}/{total}") < frequency.weight(f"{10 * count}/{10 * total}")


@pytest.mark.parametrize(
    ("text", "left", "low", "high"),
    [
        ("in 7 of 12 patients with @0", "in patients with @0", 58.3, 58.4),
        ("in about 58% of patients", "in patients", 57.5, 58.5),
        ("in more than 50 % of patients", "in patients", 50, 100),
        ("@0 is very rare in @1", "@0 is in @1", 0, 5),
        ("in 30-79% of patients", "in patients", 30, 79),
        ("most patients have @0", "patients have @0", 50, 100),
        ("in half of patients", "in patients", 45, 55),
    ],
)
def test_shares_in_sentences(text, left, low, high):
    rest, share = take_share(text)
    assert rest == left
    assert share.low == pytest.approx(low, abs=0.1)
    assert share.high == pytest.approx(high, abs=0.1)


@pytest.mark.parametrize("text", ["often in 7 of 12", "in 9 of 3 patients", "in 120% of patients"])
def test_shares_that_are_none(text):
    with pytest.raises(Unclear):
        take_share(text)


@pytest.mark.parametrize(
    "text", ["no not", "may not have", "not all of", "no record of", "not uncommon", "it is unknown"]
)
def test_denials_that_are_not_plain(text):
    with pytest.raises(Unclear):
        take_negation(text)


def test_plain_denials():
    assert take_negation("@0 does not have @1") == ("@0 does have @1", True)
    assert take_negation("@0 lacks @1") == ("@0 has @1", True)
    assert take_negation("@0 has @1") == ("@0 has @1", False)


def test_people():
    assert take_people("in women with @0") == ("in patients with @0", "FEMALE", "")
    assert take_people("@0 with childhood onset") == ("@0", "", "HP:0011463")
    with pytest.raises(Unclear):
        take_people("in men and in women")


def test_names_are_found_longest_first_and_chemicals_by_their_marks():
    names = {("marfan",): [("Marfan", "a")], ("marfan", "syndrome"): [("Marfan syndrome", "b")]}
    assert find("Marfan syndrome is.", names) == [Span(0, 15, frozenset("b"))]
    names = {("taxol",): [("(+)-taxol", "plus"), ("(-)-taxol", "minus")]}
    assert find("(-)-taxol is", names) == [Span(0, 9, frozenset({"minus"}))]


@given(st.text(max_size=120))
def test_any_text_is_read_or_refused_with_a_reason(text):
    try:
        reading = read(text, [])
    except Unclear as unclear:
        reason = unclear.reason
    else:
        reason = "read"
        assert reading.parts == ()  # no concept was given, so the text names none
        assert not set(reading.skeleton) & set(".!?")
    assert reason.strip()
