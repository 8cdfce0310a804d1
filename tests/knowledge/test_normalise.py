"""Normalisation: what meets, and offsets that are always those of the original."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinweave.knowledge import normal_form
from clinweave.knowledge.linking.dictionary import HashSet, HashTable
from clinweave.knowledge.linking.normalise import hashes_of, tokenise, words_of

ANY_TEXT = st.text(st.characters(codec=None), max_size=60)
ODD = st.lists(
    st.sampled_from(
        [
            "'s",
            "ies",
            "\ud800",
            "\x00",
            "½",
            "ﬁ",
            "ß",
            "İ",
            "β2",
            "é",
            "e\u0301",
            "æ",
            "’s",
            "\u00ad",
            "-",
            ". ",
            "xes",
        ]
    ),
    max_size=12,
).map("".join)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Marfan's syndrome", "Marfan syndrome"),
        ("Marfan’s syndromes", "marfan SYNDROME"),
        ("anaemias", "anemia"),
        ("Ménière disease", "Meniere disease"),
        ("Me\u0301nie\u0300re disease", "Meniere disease"),
        ("IFNα", "IFN-alpha"),
        ("β\u2011thalassemia", "beta thalassemia"),
        ("tonic–clonic", "tonic-clonic"),
        ("deformities", "deformity"),
        ("biopsies of masses", "biopsy of mass"),
        ("ﬁbrosis", "fibrosis"),
        ("soft\u00adware", "software"),
    ],
)
def test_spellings_meet(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other)


@pytest.mark.parametrize("word", ["virus", "diagnosis", "abscess", "gas", "its"])
def test_words_that_are_no_plurals_stay(word: str) -> None:
    assert words_of(word) == [word]


def test_a_lone_s_is_not_lost() -> None:
    assert words_of("'s S s") == ["s", "s", "s"]


@given(st.one_of(ANY_TEXT, ODD))
def test_tokens_lie_in_the_original_in_order(text: str) -> None:
    tokens = tokenise(text)
    assert len(tokens.words(0, len(tokens))) == len(tokens)
    for start, end in zip(tokens.start, tokens.end, strict=True):
        assert 0 <= start < end <= len(text)
        assert text[start:end].strip()
    assert list(tokens.start) == sorted(tokens.start)
    assert all(tokens.words(number, number + 1)[0] for number in range(len(tokens)))


@given(ODD)
def test_a_token_means_the_same_alone_and_in_a_text(text: str) -> None:
    tokens = tokenise(text)
    assert list(hashes_of(tokens.words(0, len(tokens)))) == list(tokens.hash)


def test_borders() -> None:
    tokens = tokenise("fever, cough. Ataxia; rash\n\nno: x.y")
    words = dict(zip(tokens.words(0, len(tokens)), range(len(tokens)), strict=True))

    def same(field: str, one: str, other: str) -> bool:
        values = getattr(tokens, field)
        return bool(values[words[one]] == values[words[other]])

    assert not same("clause", "fever", "cough")
    assert same("segment", "fever", "cough")
    assert not same("segment", "cough", "ataxia")
    assert not same("segment", "ataxia", "rash")
    assert not same("sentence", "ataxia", "rash")
    assert not same("sentence", "rash", "no")
    assert same("segment", "x", "y")


@given(
    st.dictionaries(st.integers(1, 2**64 - 1), st.integers(1, 2**31 - 1), max_size=200),
    st.lists(st.integers(1, 2**64 - 1)),
)
@settings(max_examples=50)
def test_hash_table_answers_as_a_dict(known: dict[int, int], asked: list[int]) -> None:
    import numpy as np

    table = HashTable.build(np.array(list(known), np.uint64), np.array(list(known.values()), np.int32))
    asked += list(known)
    result = table.find(np.array(asked, np.uint64))
    assert result.tolist() == [known.get(key, 0) for key in asked]


def test_hash_table_with_colliding_slots() -> None:
    import numpy as np

    keys = np.arange(1, 40, dtype=np.uint64) << np.uint64(40)  # all in the same slot
    table = HashTable.build(keys, np.arange(1, 40, dtype=np.int32))
    assert table.find(keys).tolist() == list(range(1, 40))
    assert table.find(np.array([5], np.uint64)).tolist() == [0]


@given(st.sets(st.integers(0, 2**64 - 1), max_size=50), st.lists(st.integers(0, 2**64 - 1)))
@settings(max_examples=50)
def test_hash_set_answers_as_a_set(known: set[int], asked: list[int]) -> None:
    import numpy as np

    asked += [*known, *(number ^ (1 << 40) for number in known)]  # and others with the same last bits
    holds = HashSet(np.array(sorted(known), np.uint64)).holds(np.array(asked, np.uint64))
    assert holds.tolist() == [number in known for number in asked]


@given(st.text(st.sampled_from("ab S.\u00e9\u00bd\u03b1\u0301\u200b\u4e2d\U0001f600"), max_size=60))
@settings(max_examples=200)
def test_tokens_stand_where_their_letters_do(text: str) -> None:
    tokens = tokenise(text)
    for number, (start, end) in enumerate(zip(tokens.start.tolist(), tokens.end.tolist(), strict=True)):
        alone = tokenise(text[start:end])
        word = tokens.words(number, number + 1)[0]
        assert any(word.startswith(part) or part.startswith(word) for part in alone.words(0, len(alone)))
