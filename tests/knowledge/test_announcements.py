"""A sentence that announces what a passage does not say itself, and one that only looks like it."""

import pytest

from clinweave.knowledge import standalone_sentences
from clinweave.knowledge.citations.context import statements

FACT = "Aspirin prevents stroke."


@pytest.mark.parametrize(
    "before",
    [
        "Do not believe the following.",
        "Avoid these.",
        "Three myths are not easily forgotten.",
        "It would be wrong to do the things listed below.",
        "These claims are false.",
        "Never rely on this advice.",
        "Do not do this.",
    ],
)
def test_what_follows_an_announcement_is_not_asserted(before):
    assert any(item.refused for item in statements(f"{before} {FACT}", "", "Stroke") if item.text == FACT)


@pytest.mark.parametrize(
    "before",
    [
        "This condition is not inherited.",
        "Alteplase is contraindicated if the platelet count is below 100 per nanolitre.",
        "Do not give aspirin within the next 24 hours of alteplase or if two doses were given.",
        "These drugs do not cure it.",
        "Stop it when given below 30 litres a minute.",
    ],
)
def test_an_ordinary_denial_takes_nothing_from_what_follows(before):
    assert [item.refused for item in statements(f"{before} {FACT}", "", "Stroke") if item.text == FACT] == [
        ""
    ]


def test_a_pronoun_is_replaced_by_what_the_title_or_the_sentence_before_is_about():
    text = "It is caused by uric acid. Colchicine is an old drug. It relieves pain."
    assert standalone_sentences(text, "What is (are) gout ?") == [
        "Gout is caused by uric acid.",
        "Colchicine is an old drug.",
        "Colchicine relieves pain.",
    ]
    assert standalone_sentences("Colchicine is an old drug. It is used in gout.", "Gout")[1] == (
        "Colchicine is used in gout."
    )
    assert standalone_sentences("It is used in gout.") == ["It is used in gout."]
