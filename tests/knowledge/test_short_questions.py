"""The language of short questions: abbreviations and misspelt words are no words of another language."""

import pytest

from clinweave.knowledge import unread_language


@pytest.mark.parametrize(
    "text", ["is ALS inherited", "Wardenburg sindrome features", "treachor collins syndrom features"]
)
def test_english_with_an_abbreviation_or_a_misprint_is_read(text):
    assert unread_language(text) == ""


@pytest.mark.parametrize(
    "text", ["Quali sono i sintomi della sindrome di Marfan?", "Jaké jsou příznaky Marfanova syndromu?"]
)
def test_other_languages_are_still_told(text):
    assert "is not read" in unread_language(text)
