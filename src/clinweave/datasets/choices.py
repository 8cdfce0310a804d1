"""Multiple-choice items from the graph's questions, each in the split of its disease and of its fact."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from clinweave.datasets.examples import Example, Kind
from clinweave.datasets.from_graph import KINDS, graph_questions
from clinweave.datasets.instructions import choice_prompt
from clinweave.datasets.splits import LEFT_OUT, Splits
from clinweave.errors import UserError
from clinweave.records import Question

if TYPE_CHECKING:
    from clinweave.knowledge import Graph


def choice_examples(
    graph: "Graph",
    splits: Splits,
    *,
    per_kind: int,
    seed: int = 0,
    kinds: Iterable[str] = ("feature", "gene", "parent"),
) -> list[Example]:
    """Return up to `per_kind` questions of each kind; those whose disease is left out of the splits are dropped.

    Wrong options are neither recorded of the disease and its kin nor above or below what is.
    """
    found = []
    for kind in kinds:
        wanted = per_kind
        while wanted:
            try:
                found += graph_questions(graph, kinds=[kind], per_kind=wanted, seed=seed)
                break
            except UserError:  # the graph holds fewer
                wanted //= 2
    made = (_example(question, splits) for question in found)
    return [one for one in made if one is not None]


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


def _example(question: Question, splits: Splits) -> Example | None:
    assert question.gold is not None
    split = splits.of_fact(*question.gold, question.cluster)
    if split == LEFT_OUT:
        return None
    asked_first = KINDS[question.kind].asked_is_subject
    wrong = tuple(
        (question.cluster, question.gold[1], other)
        if asked_first
        else (other, question.gold[1], question.cluster)
        for place, other in enumerate(question.option_ids)
        if place != question.answer
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
