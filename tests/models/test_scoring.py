"""The ways of choosing among options."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinweave.core.errors import NotCapableError, UserError
from clinweave.models import (
    Choice,
    Message,
    OptionScore,
    by_generation,
    by_letter,
    by_option_text,
    chance_of,
    choose,
    choose_method,
    same_option,
)
from clinweave.models.replies import parsed
from clinweave.models.scoring import with_options
from clinweave.models.scripted import ScriptedModel

ASKED: list[Message] = [{"role": "user", "content": "Which is a feature?"}]
OPTIONS = ["Arachnodactyly", "Hearing loss", "Seizure"]


def scripted(**script: object) -> ScriptedModel:
    return ScriptedModel(json.loads(json.dumps(script)))


class Biased(ScriptedModel):
    """Prefers the letter A by far, and the option that it knows by a little."""

    def __init__(self, knows: str) -> None:
        super().__init__([])
        self.knows = knows

    def score(self, messages, options):
        lines = dict(
            line.split(". ", 1) for line in messages[-1]["content"].splitlines() if line[1:3] == ". "
        )
        return [
            OptionScore(3.0 * (letter == "A") + 1.0 * (lines[letter] == self.knows) - 5, (1,))
            for letter in options
        ]


def test_option_text_is_normalised_by_length_unless_told() -> None:
    model = scripted(
        rules=[{"when": "", "scores": {"Arachnodactyly": -2.0, "Hearing loss": -1.5, "Seizure": -4}}]
    )
    assert by_option_text(model, ASKED, OPTIONS).index == 1
    summed = by_option_text(model, ASKED, OPTIONS, normalise=False)
    assert (summed.index, summed.method, summed.scores) == (0, "option-text-sum", (-2.0, -3.0, -4.0))


def test_a_tie_is_no_choice() -> None:
    model = scripted(
        rules=[{"when": "", "scores": {"Arachnodactyly": -2.0, "Hearing loss": -2.0, "Seizure": -4}}]
    )
    result = by_option_text(model, ASKED, OPTIONS)
    assert result.index is None
    assert len(result.scores) == 3


@pytest.mark.parametrize("knows", range(4))
def test_permuted_letters_cancel_a_preference_for_a_letter(knows: int) -> None:
    options = ["one", "two", "three", "four"]
    model = Biased(options[knows])
    lines = with_options(ASKED, options)
    assert (
        max(model.score(lines, "ABCD")).logprob == model.score(lines, "ABCD")[0].logprob
    )  # A, whatever it knows
    result = by_letter(model, ASKED, options)
    assert result.index == knows
    assert sum(result.scores) == pytest.approx(1)
    assert result.method == "letter"


@pytest.mark.parametrize(
    ("reply", "index"),
    [
        ("B", 1),
        ("b", 1),
        ("B.", 1),
        ("(B)", 1),
        ("B) Hearing loss", 1),
        ("**B. Hearing loss**", 1),
        ("The correct answer is B.", 1),
        ("Answer: B", 1),
        ("hearing loss", 1),
        ("The answer is Hearing loss.", 1),
        ("Let us think.\nIt is known.\nAnswer: C", 2),
        ("<think>A? No, B.</think>\nC", 2),
        ("<think>A? No, B. And then", None),
        ("", None),
        ("D", None),
        ("A patient with seizures", None),
        ("A. Hearing loss", None),
        ("A or B", None),
        ("A\nB", None),
        ("I do not know.", None),
        ("Hearing loss and seizure", None),
    ],
)
def test_replies_are_parsed_strictly(reply: str, index: int | None) -> None:
    assert parsed(reply, OPTIONS) == index


@given(st.text(max_size=80))
def test_parsing_never_fails_and_never_leaves_the_options(reply: str) -> None:
    assert parsed(reply, OPTIONS) in {None, 0, 1, 2}


@given(st.integers(0, 2), st.sampled_from(["{}", "{}.", "({})", "Answer: {}", "The answer is {}"]))
def test_a_named_option_is_found(place: int, form: str) -> None:
    assert parsed(form.format("ABC"[place]), OPTIONS) == place
    assert parsed(form.format(OPTIONS[place]), OPTIONS) in {place, None}


def test_generation_counts_what_it_cannot_parse() -> None:
    result = by_generation(scripted(otherwise="It depends."), ASKED, OPTIONS)
    assert (result.index, result.scores, result.raw) == (None, (), "It depends.")
    assert by_generation(scripted(rules=[{"when": "B. Hearing", "reply": "B"}]), ASKED, OPTIONS).index == 1


def test_the_way_follows_what_a_model_declares() -> None:
    chat = scripted(capabilities=["generate"], otherwise="C")
    assert choose_method(chat) == "generation"
    assert choose_method(scripted()) == "option-text"
    assert choose(chat, ASKED, OPTIONS).index == 2
    with pytest.raises(NotCapableError):
        choose(chat, ASKED, OPTIONS, "letter")
    with pytest.raises(UserError, match="option-text-sum"):
        choose(chat, ASKED, OPTIONS, "logits")


@pytest.mark.parametrize("way", [by_option_text, by_letter, by_generation])
def test_bad_options_are_refused(way) -> None:
    for options in ([], ["a", ""]):
        with pytest.raises(UserError):
            way(scripted(), ASKED, options)


def test_messages_are_not_changed() -> None:
    with_options(ASKED, OPTIONS)
    assert ASKED == [{"role": "user", "content": "Which is a feature?"}]


def test_a_choice_tells_what_it_cost() -> None:
    result = by_option_text(scripted(), [{"role": "user", "content": "has a Seizure now"}], OPTIONS)
    assert isinstance(result, Choice)
    assert result.index == 2
    assert result.tokens == 4 + 4
    assert result.seconds >= 0


@pytest.mark.parametrize("way", [by_option_text, by_letter, by_generation])
def test_equal_options_are_one_choice(way) -> None:
    options = ["Phenytoin", "Ethosuximide", "Carbamazepine", " Ethosuximide"]
    model = scripted(
        rules=[
            {
                "when": "",
                "reply": "D",
                "scores": {
                    "Ethosuximide": -0.5,
                    "Phenytoin": -3,
                    "Carbamazepine": -3,
                    "B": -0.5,
                    "A": -3,
                    "C": -3,
                },
            }
        ]
    )
    result = way(model, ASKED, options)
    if way is by_letter:  # a preference for one letter is no choice of a text
        assert result.scores[1] == result.scores[3]
    else:
        assert result.index == 1
        assert same_option(options, result.index, 3)


def test_chance_counts_equal_options() -> None:
    assert chance_of(["a", "b", "c", "d"], 0) == 0.25
    assert chance_of(["a", "b", "a", "d"], 0) == 0.5
    assert chance_of(["b", "a", "b", "d"], 1) == pytest.approx(1 / 3)


def test_more_options_than_letters_are_asked_by_number() -> None:
    options = [f"text {number}" for number in range(30)]
    assert with_options(ASKED, options)[-1]["content"].endswith("Answer with the number of one option only.")
    assert by_generation(scripted(otherwise="30"), ASKED, options).index == 29
