from types import SimpleNamespace

import pytest

from clinweave.datasets import Example, Kind, ask
from clinweave.training.replay import replay_examples
from clinweave.training.rl_common import Online, prompts
from tests.training.conftest import instruction

pytestmark = pytest.mark.torch


def by_heart(number, answer):
    return Example(
        f"h{number}{answer}", Kind.INSTRUCTION, "closed-book", ask("s", f"Which of {number}?"), answer
    )


def test_a_question_with_several_answers_is_not_asked_and_names_by_heart_stay_few(tokenizer, graph):
    single = [by_heart(number, "x") for number in range(40)]
    several = [by_heart(99, answer) for answer in ("x", "y")]
    cited = [instruction(graph, number) for number in range(8)]
    job = SimpleNamespace(examples=lambda _: [*single, *several, *cited], tokenizer=tokenizer, notes={})
    result = prompts(job, Online(max_length=400, reply=8, by_heart=0.2))
    assert not {item.id for item in several} & {item.id for item in result}
    assert sum(item.task == "closed-book" for item in result) == 2
    assert sum(item.task == "cited" for item in result) == 8


class Talker:
    """Replies with two sentences, the second cut off."""

    def generate(self, _, **__):
        return SimpleNamespace(text="It is old. And it was", finish_reason="length")


def test_replay_keeps_whole_sentences_and_none_of_the_probe():
    from clinweave.evaluation.finetuning.general_probe import probe

    result = replay_examples(Talker(), 50)
    assert len(result) == 50
    assert {item.completion for item in result} == {"It is old."}
    asked = {item.question for item in probe()}
    assert not asked & {item.prompt[-1]["content"].removeprefix("Question: ") for item in result}
