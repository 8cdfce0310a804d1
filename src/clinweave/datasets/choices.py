"""Multiple-choice items from graph questions, each assigned to the split of its disease and fact."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from clinweave.datasets.examples import SPLITS, Example, Kind
from clinweave.datasets.from_graph import KINDS, Keep, drawn
from clinweave.datasets.instructions import choice_prompt
from clinweave.datasets.splits import Splits
from clinweave.records import Question

if TYPE_CHECKING:
    from clinweave.knowledge import Graph

CHOICE_KINDS = ("feature", "gene", "parent")


def choice_examples(
    graph: "Graph",
    splits: Splits,
    trained: Collection[str],
    *,
    per_kind: int,
    seed: int = 0,
    kinds: Sequence[str] = CHOICE_KINDS,
) -> list[Example]:
    """Return up to `per_kind` questions of each kind in each split; `trained` are the diseases that are trained on.

    Held-out facts are those of trained diseases. Wrong options are neither recorded of the disease and its kin nor
    above or below what is.
    """
    seen = {concept for concept in trained if splits.of(concept) == "train"}

    def of(split: str) -> Keep:
        def keep(gold: tuple[str, str, str], asked: str) -> bool:
            if split in {"train", "held-out-facts"} and asked not in seen:
                return False
            return splits.of_fact(*gold, asked) == split

        return keep

    by_split = drawn(graph, kinds, {split: (of(split), per_kind) for split in SPLITS}, seed)
    return [_example(question, split) for split, questions in by_split.items() for question in questions]


def to_question(example: Example) -> Question:
    """Return a multiple-choice item as a question."""
    assert example.answer is not None
    return Question(
        id=example.id,
        task=f"choice-{example.split}",
        question=example.prompt[-1]["content"].rpartition("Question: ")[2],
        options=example.options,
        answer=example.answer,
        kind=example.task,
        concepts=example.concepts,
        gold=example.gold,
        option_ids=example.option_ids,
        cluster=example.cluster,
        origin=example.origin,
    )


def _example(question: Question, split: str) -> Example:
    assert question.gold is not None
    asked_first = KINDS[question.kind].asked_is_subject
    wrong = tuple(
        (question.cluster, question.gold[1], other)
        if asked_first
        else (other, question.gold[1], question.cluster)
        for index, other in enumerate(question.option_ids)
        if index != question.answer
    )
    return Example(
        id=question.id,
        kind=Kind.CHOICE,
        task=question.kind,
        prompt=choice_prompt(question.question),
        completion=question.options[question.answer],
        options=question.options,
        answer=question.answer,
        option_ids=question.option_ids,
        concepts=question.concepts,
        gold=question.gold,
        wrong=wrong,
        cluster=question.cluster,
        split=split,
        origin=question.origin,
    )
