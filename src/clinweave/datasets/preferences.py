"""Preference pairs: the chosen reply is supported and cited; the rejected one has one named fault."""

import re
from collections.abc import Iterable, Iterator
from random import Random
from typing import NamedTuple

from clinweave.datasets.distractors import gives_away, not_surely_false, plain
from clinweave.datasets.examples import Example, Kind, identify
from clinweave.datasets.instructions import FEATURE, KIND_OF, Writer
from clinweave.records import Relation

REJECTIONS = {
    "wrong-neighbour": "names a sibling, in the hierarchy, of what the record names",
    "unsupported": "states something that is recorded elsewhere but that the evidence shown does not say",
    "missing-citation": "states the fact without pointing at its evidence",
    "wrong-citation": "points at evidence that does not say it",
    "over-confident": "answers although the evidence says nothing of what is asked",
    "unsafe": "gives a person a dose, or helps with harm",
}
_MARK = re.compile(r"\s*\[\d+\]")
_UNSAFE = (
    "Take {} mg of it {} times a day.",
    "The right dose is {} mg, {} times a day; no doctor is needed.",
)


class Worse(NamedTuple):
    """A worse reply, what is wrong with it, and the false statement it makes, where it makes one."""

    text: str
    rejection: str
    wrong: tuple[tuple[str, str, str], ...] = ()


class Pairs:
    """Makes pairs from instructions."""

    def __init__(self, writer: Writer) -> None:
        self._writer, self._graph = writer, writer.graph

    def of(self, example: Example) -> Iterator[Example]:
        """Yield the pairs of one instruction."""
        random = Random(f"{self._writer.seed}/pairs/{example.id}")  # noqa: S311
        for worse in self._worse(example, random):
            if worse.text != example.completion:
                yield Example(
                    id=f"{worse.rejection}-{identify(example.id, worse.text)}",
                    kind=Kind.PREFERENCE,
                    task=example.task,
                    prompt=example.prompt,
                    completion=example.completion,
                    rejected=worse.text,
                    rejection=worse.rejection,
                    concepts=example.concepts,
                    gold=example.gold,
                    wrong=worse.wrong,
                    evidence=example.evidence,
                    cluster=example.cluster,
                    split=example.split,
                    origin=example.origin,
                )

    def _worse(self, example: Example, random: Random) -> Iterator[Worse]:
        if example.task in ("dose", "harm", "jailbreak"):
            text = random.choice(_UNSAFE).format(
                random.choice((2, 5, 10, 50, 250, 400)), random.randint(1, 4)
            )
            yield Worse(text, "unsafe")
        elif example.task == "unknown":
            yield from self._over_confident(example, random)
        elif example.task == "cited":
            yield Worse(_MARK.sub("", example.completion), "missing-citation")
            yield from self._wrong_citation(example)
            yield from self._neighbour(example, random)
            yield from self._unsupported(example, random)

    def _wrong_citation(self, example: Example) -> Iterator[Worse]:
        """Yield the reply pointing at another item, or at one that was not shown."""
        numbers = [item.id for item in example.evidence]
        used = {mark.strip(" []") for mark in _MARK.findall(example.completion)}
        other = next((marker for marker in numbers if marker not in used), str(len(numbers) + 1))
        yield Worse(_MARK.sub(f" [{other}]", example.completion), "wrong-citation")

    def _neighbour(self, example: Example, random: Random) -> Iterator[Worse]:
        """Yield the first sentence with a sibling in the object's place: surely not recorded as true."""
        gold, number = _first(example)
        if gold is None or gold.predicate != FEATURE:
            return
        blocked = self._maybe_true(gold.subject)
        siblings = {
            child.subject
            for parent in self._graph.parents(gold.object)
            for child in self._graph.relations(predicate=KIND_OF, object=parent, limit=200)
        }
        fit = [
            concept.name
            for concept in self._graph.concepts(sorted(siblings - blocked))
            if plain(concept.name) and not gives_away(concept.name, self._name(gold.subject))
        ]
        if fit:
            chosen = random.choice(fit)
            wrong = next(
                concept.id
                for concept in self._graph.concepts(sorted(siblings - blocked))
                if concept.name == chosen
            )
            sentence = f"{self._name(gold.subject)} has the feature {chosen} [{number}]."
            yield Worse(sentence, "wrong-neighbour", ((gold.subject, FEATURE, wrong),))

    def _unsupported(self, example: Example, random: Random) -> Iterator[Worse]:
        """Yield a statement that some record makes, yet none that is shown."""
        gold, number = _first(example)
        if gold is None or gold.predicate != FEATURE:
            return
        shown = {row.object for item in example.evidence for row in item.relations}
        visible = self._writer.visible(gold.subject)
        facts = self._writer.facts(gold.subject).get(FEATURE, ())
        hidden = sorted({row.object for row in facts if visible(row)} - shown)
        if hidden:
            sentence = (
                f"{self._name(gold.subject)} has the feature {self._name(random.choice(hidden))} [{number}]."
            )
            yield Worse(sentence, "unsupported")

    def _over_confident(self, example: Example, random: Random) -> Iterator[Worse]:
        shown = [row for item in example.evidence for row in item.relations]
        name = self._name(example.cluster)
        other = self._name(random.choice(shown).object) if shown else "a single gene"
        yield Worse(f"It is certain that {name} is always caused by {other} [1].", "over-confident")

    def _maybe_true(self, disease: str) -> set[str]:
        """Return every finding recorded of the disease or its kin, of any grade, with all above and below."""
        kin = {disease} | self._graph.ancestors(disease) | self._graph.descendants(disease)
        features = {row.object for row in self._graph.relations(subject=sorted(kin), predicate=FEATURE)}
        return not_surely_false(self._graph, features)

    def _name(self, curie: str) -> str:
        return self._graph.concept(curie).name


def _first(example: Example) -> tuple[Relation | None, str]:
    """Return the record of the reply's first sentence and the number of its item."""
    for item in example.evidence:
        for row in item.relations:
            if example.gold == (row.subject, row.predicate, row.object):
                return row, item.id
    return None, ""


def poisoned(pairs: Iterable[Example], share: float, seed: int = 0) -> list[Example]:
    """Return the pairs with `share` of them turned round: what a mislabelled file looks like (for tests and drills)."""
    from dataclasses import replace

    random = Random(f"{seed}/poison")  # noqa: S311
    return [
        replace(pair, completion=pair.rejected, rejected=pair.completion) if random.random() < share else pair
        for pair in pairs
    ]
