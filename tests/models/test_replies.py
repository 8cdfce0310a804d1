"""Replies are read strictly: clear ones are read, a rejected or a doubled option is never the answer."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinweave.models import option_labels
from clinweave.models.replies import parsed

OPTIONS = ["Aspirin", "Heparin", "Warfarin", "Alteplase"]
B = [
    "B", "b", "(B)", "B.", "[B]", "“B”", "Ｂ", "（Ｂ）", "Ⓑ", "В", "**B**", "b) heparin", "B: Heparin",
    "B - Heparin", "B, because it acts at once.", "B because A is wrong",
    "B, heparin, since aspirin is not enough", "Heparin", "heparin.", "Heparin (B)", "- B", "> B", "<b>B</b>",
    "The heparin",
    "B. Heparin. Aspirin does not act at once.", "Option B", "Definitely B!", "Therefore, B.",
    "the answer is (B)", "Answer: **B**", "answer: b", "Answer is B", "Answer = B", "Final answer: B.",
    "My answer: option B", "The answer is B. Note that A is a common distractor.",
    "The correct option is B) Heparin.", "The answer is heparin.", "The correct answer is B, not A.",
    "The correct answer is not A but B.", "It is not A, the answer is B", "A is wrong. B is right.",
    "A: incorrect, since platelets matter little. B: correct.", "I'm going with B",
    "I would not choose A; I would choose B.", "It can't be A. So it's B.",
    "A) is tempting, but the answer is B",
    "A. Aspirin is wrong here, it only blocks platelets. The best choice is heparin (B).",
    "Answer: A\nAfter checking the reasoning I need to correct this.\nAnswer: B",
    "B\n\nExplanation: A is not correct.", "Let us see.\n\n**B) Heparin**",
    "A: Aspirin\nB: Heparin\nAnswer: B", "Réponse : B", "Die richtige Antwort ist B.", "La respuesta es B",
    "答案是B。", "答案：B", "\\boxed{B}", "$\\boxed{\\text{B}}$", "<answer>b</answer>", '{"answer": "b"}',
    '```json\n{"reason": "acts at once", "answer_choice": "B. Heparin"}\n```', '{"answer": ["B"]}',
    "<think>A? No.</think>\nB", "B</s>", "<|assistant|>B", "B<|im_end|>", "<final>B</final>", "正确答案是B",
    "The letter is B", "The wrong answer is A. The right answer is B.",
]  # fmt: skip
NONE = [
    "", "A and B", "A; C", "Both A and C are correct.", "The answer is both A and C.", "A, B", "A/B", "B or C",
    "Answer: B or C", "Not A.", "It is not A.", "A is wrong.", "I'd rule out A.", "Neither A nor B",
    "None of them", "A. Heparin", "Answer: A. Heparin", "The best choice is heparin (A).",
    "A. Aspirin. This is incorrect.", "A, but B is better", "A. Wait, B.", "The answer is A? No, A is wrong.",
    "The answer is A, wait, B.", "A patient like this needs heparin.", "The answer is a beta blocker.",
    "B cells are the cause", "E. coli", "C. difficile is the cause.", "e.g. this",
    "A. Aspirin: not enough on its own.\nB. Heparin: works at once and\nC. Warfarin: takes days to act, so it is",
    "A. Aspirin only blocks platelets, so it is wrong. Heparin acts at once.", "hepatitis B is correct",
    "A. Aspirin\nB. Heparin\nC. Warfarin\nD. Alteplase", '{"answer": ["A", "B"]}',
    "I cannot give medical advice.", "Vitamin C is not an option", "A\nB", "<think>B</think>",
    "The wrong answer is A", "The incorrect option is A.", "The least likely diagnosis is A",
    "It would be a mistake to pick A", "The answer is A, which is wrong",
    "A is the correct answer to a different question",
]  # fmt: skip


@pytest.mark.parametrize("reply", B)
def test_clear_replies_are_read(reply):
    assert parsed(reply, OPTIONS) == 1


@pytest.mark.parametrize("reply", NONE)
def test_unclear_replies_name_no_option(reply):
    assert parsed(reply, OPTIONS) is None


FORMS = (
    "{0}", "({0})", "{0}.", "Answer: {0}", "The answer is ({0}).", "{0}. {1}", "{0}, because it fits.", "**{0}**",
    '{{"answer": "{0}"}}', "\\boxed{{{0}}}", "The correct answer is {1}.", "{1} ({0})", "I think it is {0}.",
)  # fmt: skip
REJECTING = (
    "{0}. {1} is wrong.", "It is not {0}.", "{0}: incorrect.", "{0} is incorrect.", "The answer is not {0}.",
    "{0}. {1} can be ruled out.", "Not {0}", "I would not choose {0}.", "{0}) {1} - not likely.",
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_form_names_every_option_of_any_set(form):
    chance = random.Random(form)
    words = [
        "Arachnodactyly",
        "Hearing loss",
        "Type 2 diabetes",
        "Vitamin B12",
        "Hepatitis C",
        "E. coli",
        "IgA",
        "10⁹/L",
    ]
    for _ in range(40):
        options = chance.sample(words, chance.randrange(2, len(words) + 1))
        place = chance.randrange(len(options))
        assert parsed(form.format(option_labels(len(options))[place], options[place]), options) == place


@pytest.mark.parametrize("form", REJECTING)
def test_an_option_that_is_rejected_is_never_named(form):
    for index, option in enumerate(OPTIONS):
        assert parsed(form.format("ABCD"[index], option), OPTIONS) != index


def test_options_that_contain_each_other_and_long_lists():
    assert parsed("The answer is diabetes type 2.", ["Diabetes", "Diabetes type 2"]) == 1
    assert parsed("C. difficile", ["E. coli", "C. difficile"]) == 1
    assert parsed("true", ["True", "False"]) == 0
    many = [f"option number {number}" for number in range(40)]
    assert parsed("12", many) == 11
    assert parsed("The answer is 40.", many) == 39
    assert parsed("L", many[:12]) == 11


def test_of_equal_options_the_first_is_named():
    assert parsed("C", ["Ethosuximide", "Phenytoin", "Ethosuximide"]) == 0
    assert parsed("Ethosuximide", ["Ethosuximide", "Phenytoin", "Ethosuximide"]) == 0


@given(st.text(max_size=120))
def test_any_text_gives_an_option_or_none(reply):
    assert parsed(reply, OPTIONS) in {None, 0, 1, 2, 3}
