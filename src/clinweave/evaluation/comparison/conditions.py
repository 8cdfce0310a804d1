"""What is compared: arms, each with its retrievers, and the controls that explain an arm's gain.

Every arm and control calls the same `ContextBuilder`. A control changes one thing only: whose evidence is asked
for, or what `keep` and `rewrite` do to the gold relation on its way into the evidence.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from clinweave.core.errors import UserError
from clinweave.evaluation.comparison.lookup import supports
from clinweave.evaluation.comparison.perturbations import EVIDENCE, MARK, PERTURBATIONS, REMOVED
from clinweave.knowledge import ContextBuilder, parse_retrievers, render
from clinweave.records import Evidence, Question, Relation

_STRANGERS = 3  # other entities tried, to come near to equal length


@dataclass(frozen=True)
class Condition:
    """One way of asking. `control` says in plain words what a control shows; empty for the conditions themselves."""

    name: str
    retrievers: tuple[str, ...]
    title: str
    control: str = ""
    perturbation: str = ""  # what is changed of the question or its evidence
    model: str = ""  # name of a further model; empty for the recipe's first


CONDITIONS: dict[str, Condition] = {
    condition.name: condition
    for condition in (
        Condition("base", (), "Model alone"),
        Condition("text", ("text",), "+ text index"),
        Condition("graph", ("graph",), "+ knowledge graph"),
        Condition("both", ("graph", "text"), "+ text and graph"),
        Condition(
            "lookup",
            ("graph",),
            "Look-up, no model",
            "what the evidence alone decides, without any language model",
        ),
        Condition(
            "wrong-entity",
            ("graph",),
            "Wrong entity",
            "evidence of the same length about something else: does mere context help?",
        ),
        Condition(
            "gold-removed",
            ("graph",),
            "Answer removed",
            "the graph's evidence without the one relation that answers",
        ),
        Condition(
            "gold-falsified",
            ("graph",),
            "Answer falsified",
            "the relation that answers names a wrong option instead",
        ),
        Condition(
            "gold-evidence",
            (),
            "Gold evidence",
            "the text that the question was made from, whole: the ceiling of any retrieval",
        ),
        Condition(
            "wrong-text",
            (),
            "Wrong text",
            "the text that another question was made from: the floor of any retrieval",
        ),
        Condition(
            "options-only",
            (),
            "Options only",
            "no question and no evidence: what the wording of the options gives away",
        ),
    )
}
MAIN = tuple(name for name, condition in CONDITIONS.items() if not condition.control)
CONTROLS = tuple(name for name, condition in CONDITIONS.items() if condition.control)
DEFAULT_CONTROLS = ("lookup", "wrong-entity", "gold-removed", "gold-falsified")
_FROM_TEXT = ("gold-evidence", "wrong-text")  # they need a question with its own text
MODEL_MARK = "@"


def with_model(name: str, model: str) -> str:
    """Return the name of a condition under a further model, "graph@NAME"; the name itself for the first model ("")."""
    return f"{name}{MODEL_MARK}{model}" if model else name


def split_model(name: str) -> tuple[str, str]:
    """Return the condition and the model's name of "graph@NAME"; the latter is empty for the first model."""
    condition, _, model = name.partition(MODEL_MARK)
    return condition, model


def find_condition(name: str) -> Condition:
    """Return the condition or control of a name; any registered retriever is a condition, so is "graph+mine".

    "graph~typos" is the condition graph with a perturbation, "graph@NAME" that condition under a further model. Raises
    `UserError` for a name that is none of these.
    """
    if MODEL_MARK in name:
        plain, model = split_model(name)
        condition = find_condition(plain)
        return replace(condition, name=name, title=f"{condition.title}, {model}", model=model)
    if MARK in name:
        return _perturbed_condition(name)
    if name in CONDITIONS:
        return CONDITIONS[name]
    try:
        retrievers = parse_retrievers(name.replace("+", ","))
    except UserError:
        retrievers = ()
    if not retrievers:
        raise UserError(f"no condition, control or retriever is called {name!r}")
    return Condition(name, retrievers, f"+ {' and '.join(retrievers)}")


def _perturbed_condition(name: str) -> Condition:
    plain, _, perturbation = name.partition(MARK)
    if perturbation not in PERTURBATIONS:
        raise UserError(
            f"{name!r}: no perturbation is called {perturbation!r}; there are {', '.join(PERTURBATIONS)}"
        )
    condition = find_condition(plain)
    if condition.control:
        raise UserError(f"{name!r}: {plain} is a control; perturb a condition")
    if perturbation in EVIDENCE and not condition.retrievers:
        raise UserError(f"{name!r}: {plain} has no evidence to perturb")
    return replace(
        condition,
        name=name,
        title=f"{condition.title}, {perturbation.replace('-', ' ')}",
        perturbation=perturbation,
    )


def in_report_order(names: Iterable[str]) -> list[str]:
    """Return the names in the order of reports: the built-in conditions, other retrievers, then the controls.

    The conditions of a further model follow those of the models before it.
    """
    models: dict[str, list[str]] = {"": []}
    for name in dict.fromkeys(names):
        condition, model = split_model(name)
        models.setdefault(model, []).append(condition)
    ordered = []
    for model, given in models.items():
        others = [name for name in given if name not in CONDITIONS]
        ordered += [with_model(name, model) for name in (*MAIN, *others, *CONTROLS) if name in given]
    return ordered


def is_control(name: str) -> bool:
    """Return whether a name is a control's."""
    return split_model(name)[0] in CONTROLS


class ProvidedEvidence(NamedTuple):
    """The evidence of one item under one condition."""

    items: tuple[Evidence, ...]
    tokens: int


class EvidenceProvider:
    """Finds evidence for the items of one task. `count` returns the tokens of a text."""

    def __init__(self, context_builder: ContextBuilder, count: Callable[[str], int], budget: int) -> None:
        self.context_builder = context_builder
        self.count = count
        self.budget = budget

    def applies(self, condition: Condition, question: Question) -> bool:
        """Return whether a question can be asked under a condition here."""
        if "graph" in condition.retrievers and self.context_builder.graph is None:
            return False
        if "text" in condition.retrievers and self.context_builder.index is None:
            return False
        if condition.name in _FROM_TEXT:
            return bool(question.context)
        if condition.perturbation == "contradicting":
            return question.gold is not None and "graph" in condition.retrievers
        return question.gold is not None if condition.name.startswith("gold-") else True

    def evidence(
        self, condition: Condition, question: Question, others: Sequence[Question]
    ) -> ProvidedEvidence:
        """Return the evidence of `question` under `condition`; `others` are the items of its kind."""
        if condition.name == "gold-evidence":
            return self._measured(_own_text(question))
        if condition.name == "wrong-text":
            return self._measured(_text_of_another(question, others))
        if not condition.retrievers:
            return ProvidedEvidence((), 0)
        if condition.perturbation in EVIDENCE:
            return self._with_more(condition, question, others)
        if condition.name == "wrong-entity":
            return self._of_another(question, others)
        keep = _without_gold(question) if condition.name == "gold-removed" else None
        rewrite = _false_gold(question) if condition.name == "gold-falsified" else None
        context = self.context_builder.evidence(
            question.question,
            retrievers=condition.retrievers,
            budget=self.budget,
            count_tokens=self.count,
            keep=keep,
            rewrite=rewrite,
        )
        return self._measured(context.items)

    def _with_more(
        self, condition: Condition, question: Question, others: Sequence[Question]
    ) -> ProvidedEvidence:
        """Return the right evidence with misleading evidence after it (beyond the budget), or with some removed."""
        right = self.evidence(replace(condition, perturbation=""), question, others).items
        if condition.perturbation in REMOVED:
            return self._measured(_with_removed(right, question, condition.perturbation))
        if condition.perturbation == "contradicting":
            more = self.evidence(CONDITIONS["gold-falsified"], question, others).items
        else:
            plain = replace(condition, perturbation="")
            more = self.evidence(plain, others[0], ()).items if others else ()
        texts = {item.text for item in right}
        added = tuple(
            replace(item, id=str(number))
            for number, item in enumerate((item for item in more if item.text not in texts), len(right) + 1)
        )
        return self._measured((*right, *added))

    def _of_another(self, question: Question, others: Sequence[Question]) -> ProvidedEvidence:
        """Return evidence about another item's entity, as near as possible to the length of the right one."""
        length = self.evidence(CONDITIONS["graph"], question, ()).tokens
        if not length:
            return ProvidedEvidence((), 0)
        candidates = []
        for other in others[:_STRANGERS]:
            context = self.context_builder.evidence_for(
                self._concepts(other),
                question.question,
                retrievers=("graph",),
                budget=length,
                count_tokens=self.count,
            )
            candidates.append(self._measured(context.items))
        return min(candidates, key=lambda item: length - item.tokens, default=ProvidedEvidence((), 0))

    def _concepts(self, question: Question) -> tuple[str, ...]:
        if question.concepts:
            return question.concepts
        linker = self.context_builder.linker
        return tuple(mention.id for mention in linker.link(question.question)) if linker else ()

    def _measured(self, items: tuple[Evidence, ...]) -> ProvidedEvidence:
        return ProvidedEvidence(items, self.count(render(items)) if items else 0)


def _with_removed(items: Sequence[Evidence], question: Question, name: str) -> tuple[Evidence, ...]:
    """Return the evidence without what supports the right option, or without as many other items (the last ones)."""
    support = [item for item in items if supports(question, item)]
    others = [item for item in items if item not in support]
    if name == "support-removed":
        return tuple(others)
    kept = others[: max(len(others) - len(support), 0)]
    return tuple(item for item in items if item in support or item in kept)


def _own_text(question: Question) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(str(number), "passage", text, 1.0) for number, text in enumerate(question.context, 1)
    )


def _text_of_another(question: Question, others: Sequence[Question]) -> tuple[Evidence, ...]:
    """Return the text of the item whose text is nearest in length, among the next few about something else."""
    length = sum(map(len, question.context))
    candidates = [other for other in others if other.context][: 3 * _STRANGERS]
    nearest = min(candidates, key=lambda other: abs(sum(map(len, other.context)) - length), default=None)
    return _own_text(nearest) if nearest else ()


def others_of(question: Question, questions: Sequence[Question]) -> list[Question]:
    """Return the items of the same task and kind about something else, starting after `question`."""
    same = [other for other in questions if (other.task, other.kind) == (question.task, question.kind)]
    start = same.index(question)
    return [
        other
        for other in same[start + 1 :] + same[:start]
        if (other.cluster or other.id) != (question.cluster or question.id)
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
