"""What is compared: arms, each with its retrievers, and the controls that explain an arm's gain.

Every arm and control calls the same `ContextBuilder`. A control changes one thing only: whose evidence is asked
for, or what `keep` and `rewrite` do to the gold relation on its way into the evidence.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from clinweave.core.errors import UserError
from clinweave.knowledge import ContextBuilder, parse_retrievers, render
from clinweave.records import Evidence, Question, Relation

_STRANGERS = 3  # other entities tried, to come near to equal length


@dataclass(frozen=True)
class Arm:
    """One way of asking. `control` says in plain words what a control shows; empty for the arms themselves."""

    name: str
    retrievers: tuple[str, ...]
    title: str
    control: str = ""


ARMS: dict[str, Arm] = {
    arm.name: arm
    for arm in (
        Arm("base", (), "Model alone"),
        Arm("text", ("text",), "+ text index"),
        Arm("graph", ("graph",), "+ knowledge graph"),
        Arm("both", ("graph", "text"), "+ text and graph"),
        Arm(
            "lookup",
            ("graph",),
            "Look-up, no model",
            "what the evidence alone decides, without any language model",
        ),
        Arm(
            "wrong-entity",
            ("graph",),
            "Wrong entity",
            "evidence of the same length about something else: does mere context help?",
        ),
        Arm(
            "gold-removed",
            ("graph",),
            "Answer removed",
            "the graph's evidence without the one relation that answers",
        ),
        Arm(
            "gold-falsified",
            ("graph",),
            "Answer falsified",
            "the relation that answers names a wrong option instead",
        ),
    )
}
MAIN = tuple(name for name, arm in ARMS.items() if not arm.control)
CONTROLS = tuple(name for name, arm in ARMS.items() if arm.control)


def find_arm(name: str) -> Arm:
    """Return the arm or control of a name; any registered retriever is an arm, "graph+mine" is one of several.

    Raises `UserError` for a name that is neither.
    """
    if name in ARMS:
        return ARMS[name]
    try:
        retrievers = parse_retrievers(name.replace("+", ","))
    except UserError:
        retrievers = ()
    if not retrievers:
        raise UserError(f"no arm, control or retriever is called {name!r}")
    return Arm(name, retrievers, f"+ {' and '.join(retrievers)}")


def in_arm_order(names: Iterable[str]) -> list[str]:
    """Return the names in the order of reports: the known arms, other retrievers, then the controls."""
    given = list(dict.fromkeys(names))
    others = [name for name in given if name not in ARMS]
    return [name for name in (*MAIN, *others, *CONTROLS) if name in given]


def is_control(name: str) -> bool:
    """Return whether a name is a control's."""
    return name in CONTROLS


class Found(NamedTuple):
    """The evidence of one item under one arm."""

    items: tuple[Evidence, ...]
    tokens: int


class EvidenceProvider:
    """Finds evidence for the items of one task. `count` returns the tokens of a text."""

    def __init__(self, context_builder: ContextBuilder, count: Callable[[str], int], budget: int) -> None:
        self.context_builder = context_builder
        self.count = count
        self.budget = budget

    def applies(self, arm: Arm, question: Question) -> bool:
        """Return whether an arm can be asked of a question here."""
        if "graph" in arm.retrievers and self.context_builder.graph is None:
            return False
        if "text" in arm.retrievers and self.context_builder.index is None:
            return False
        return question.gold is not None if arm.name.startswith("gold-") else True

    def evidence(self, arm: Arm, question: Question, others: Sequence[Question]) -> Found:
        """Return the evidence of `question` under `arm`; `others` are the items of its kind, for the wrong entity."""
        if not arm.retrievers:
            return Found((), 0)
        if arm.name == "wrong-entity":
            return self._of_another(question, others)
        keep = _without_gold(question) if arm.name == "gold-removed" else None
        rewrite = _false_gold(question) if arm.name == "gold-falsified" else None
        context = self.context_builder.evidence(
            question.question,
            retrievers=arm.retrievers,
            budget=self.budget,
            count_tokens=self.count,
            keep=keep,
            rewrite=rewrite,
        )
        return self._measured(context.items)

    def _of_another(self, question: Question, others: Sequence[Question]) -> Found:
        """Return evidence about another item's entity, as near as possible to the length of the right one."""
        length = self.evidence(ARMS["graph"], question, ()).tokens
        if not length:
            return Found((), 0)
        tried = []
        for other in others[:_STRANGERS]:
            context = self.context_builder.evidence_for(
                self._concepts(other),
                question.question,
                retrievers=("graph",),
                budget=length,
                count_tokens=self.count,
            )
            tried.append(self._measured(context.items))
        return min(tried, key=lambda found: length - found.tokens, default=Found((), 0))

    def _concepts(self, question: Question) -> tuple[str, ...]:
        if question.concepts:
            return question.concepts
        linker = self.context_builder.linker
        return tuple(mention.id for mention in linker.link(question.question)) if linker else ()

    def _measured(self, items: tuple[Evidence, ...]) -> Found:
        return Found(items, self.count(render(items)) if items else 0)


def others_of(question: Question, questions: Sequence[Question]) -> list[Question]:
    """Return the items of the same task and kind about something else, starting after `question`."""
    same = [one for one in questions if (one.task, one.kind) == (question.task, question.kind)]
    place = same.index(question)
    return [
        one
        for one in same[place + 1 :] + same[:place]
        if (one.cluster or one.id) != (question.cluster or question.id)
    ]


def _is_gold(question: Question, relation: Relation) -> bool:
    return question.gold is not None and {relation.subject, relation.object} == {
        question.gold[0],
        question.gold[2],
    }


def _without_gold(question: Question) -> Callable[[Relation], bool]:
    return lambda relation: not _is_gold(question, relation)


def _false_gold(question: Question) -> Callable[[Relation], Relation]:
    """Return a rewriting that puts the next wrong option in the place of the right one."""
    right = question.option_ids[question.answer]
    wrong = question.option_ids[(question.answer + 1) % len(question.option_ids)]

    def rewrite(relation: Relation) -> Relation:
        if not _is_gold(question, relation):
            return relation
        if relation.subject == right:
            return replace(relation, subject=wrong)
        return replace(relation, object=wrong)

    return rewrite
