"""Places of letters in a text."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from clinweave.knowledge.linking.shorthand import places, stretches

LETTERS = ("ab", "ba", "b")
TEXTS = st.text(st.sampled_from("abc "), max_size=40)


@given(TEXTS)
def test_places_are_those_of_each_of_the_letters(text: str) -> None:
    expected = sorted(at for each in LETTERS for at in range(len(text)) if text.startswith(each, at))
    assert places(text, LETTERS) == expected


@given(TEXTS, st.integers(0, 3), st.integers(1, 4))
def test_stretches_hold_what_is_near_the_letters_and_do_not_overlap(
    text: str, before: int, after: int
) -> None:
    near = {
        at
        for place in places(text, LETTERS)
        for at in range(max(0, place - before), min(len(text), place + after))
    }
    spans = list(stretches(text, LETTERS, before, after))
    assert near == {at for first, stop in spans for at in range(first, stop)}
    assert all(stop < first for (_, stop), (first, _) in pairwise(spans))
