"""Instruction items written from records: cited answers, multi-hop paths, and "I do not know"."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from clinweave.datasets.examples import Example, Kind, ask, identify
from clinweave.datasets.splits import LEFT_OUT, Splits
from clinweave.knowledge import messages_for, verbalise
from clinweave.models import Message
from clinweave.records import Evidence, Grade, Passage, Relation, Verdict

if TYPE_CHECKING:
    from clinweave.knowledge import CitationChecker, ContextBuilder, Graph

FEATURE = "biolink:has_phenotype"
GENE = "biolink:gene_associated_with_condition"
INHERITED = "biolink:has_mode_of_inheritance"
KIND_OF = "biolink:subclass_of"
CHOICE_SYSTEM = "You answer medical questions. Reply with the name of the answer only."
BLIND = "Which of these is right?"  # in place of a question, for the options-only control
UNKNOWN = "I do not know: the evidence does not say {}."
_SENTENCES = 3  # facts in one answer, at most
_PASSAGE = 700  # letters of a passage shown whole

# predicate -> phrasings of an open question, what it asks for (for "not known"), and the kind of its multiple choice
OPEN: dict[str, tuple[tuple[str, ...], str, str]] = {
    FEATURE: (
        (
            "What are the clinical features of {}?",
            "Which signs and symptoms are seen in {}?",
            "Name some features of {}.",
            "What findings does a patient with {} have?",
        ),
        "which features {} has",
        "feature",
    ),
    GENE: (
        (
            "Which gene is associated with {}?",
            "What gene is involved in {}?",
            "Variants in which gene are linked to {}?",
        ),
        "which gene is associated with {}",
        "gene",
    ),
    INHERITED: (
        ("How is {} inherited?", "What is the mode of inheritance of {}?"),
        "how {} is inherited",
        "inheritance",
    ),
    KIND_OF: (
        ("What kind of disease is {}?", "Which broader class does {} belong to?"),
        "what kind of disease {} is",
        "parent",
    ),
}


def choice_prompt(question: str, items: Sequence[Evidence] = ()) -> tuple[Message, ...]:
    """Return the prompt of a multiple-choice question; the options are scored as replies and are not in it."""
    from clinweave.knowledge import render

    facts = f"Facts:\n{render(items)}\n\n" if items else ""
    return ask(CHOICE_SYSTEM, f"{facts}Question: {question}")


@dataclass
class Writer:
    """Writes items about one disease after another. `budget` is the evidence's size in (estimated) tokens."""

    graph: "Graph"
    context_builder: "ContextBuilder"
    checker: "CitationChecker"
    splits: Splits
    budget: int = 160
    seed: int = 0
    unsupported: int = 0  # sentences that the checker did not bear out, and that were left out

    def about(self, disease: str) -> Iterator[Example]:
        """Yield the items about one disease; none where its split is "left-out"."""
        split = self.splits.of(disease)
        if split == LEFT_OUT:
            return
        random = Random(f"{self.seed}/{disease}")  # noqa: S311
        facts = self.facts(disease)
        for predicate in facts:
            yield from self._cited(disease, predicate, split, random)
        absent = [name for name in OPEN if name not in facts] or list(OPEN)
        yield from self._unknown(disease, random.choice(absent), split, random)
        yield from self._path(disease, facts, split, random)

    def defined(self, disease: str, passage: Passage) -> Iterator[Example]:
        """Yield "what is it?" answered by quoting a passage; none where no sentence of it is a plain quotation."""
        split = self.splits.of(disease)
        first = passage.text.split(". ")[0].strip().rstrip(".")
        text = passage.text if passage.text.startswith(passage.title) else f"{passage.title}: {passage.text}"
        shown = Evidence("1", "passage", text, 1.0, (), passage)
        if split == LEFT_OUT or not 20 < len(first) < 300 or len(passage.text) > _PASSAGE:
            return
        if self.tells_held_out(disease, text):
            return
        if self.checker.check(first + ".", [shown])[0] != Verdict.SUPPORTED:
            self.unsupported += 1
            return
        question = f"What is {self._name(disease)}?"
        yield self.example("quoted", disease, question, (shown,), f"{first} [1].", split, None)

    def facts(self, disease: str) -> dict[str, list[Relation]]:
        """Return the curated, plainly positive relations of a disease by predicate."""
        by_predicate: dict[str, list[Relation]] = {}
        both = [
            *self.graph.relations(subject=disease, predicate=[FEATURE, INHERITED, KIND_OF], negated=False),
            *self.graph.relations(predicate=GENE, object=disease, negated=False),
        ]
        for row in both:
            never = row.frequency.startswith("0/") or row.subject == row.object
            if row.grade == Grade.CURATED and not never:
                by_predicate.setdefault(row.predicate, []).append(row)
        return by_predicate

    def tells_held_out(self, disease: str, text: str) -> bool:
        """Return whether a text about a disease names the answer of one of its held-out facts."""
        shown, low = self.visible(disease), text.casefold()
        return any(
            self._name(row.subject if row.predicate == GENE else row.object).casefold() in low
            for rows in self.facts(disease).values()
            for row in rows
            if not shown(row)
        )

    def visible(self, disease: str) -> Callable[[Relation], bool]:
        """Return whether a relation may be shown in training: held-out facts are not."""

        def shown(row: Relation) -> bool:
            if disease not in (row.subject, row.object):
                return False
            return self.splits.of_fact(row.subject, row.predicate, row.object, disease) != "held-out-facts"

        return shown

    def evidence(self, disease: str, question: str, keep: Callable[[Relation], bool]) -> tuple[Evidence, ...]:
        """Return numbered graph evidence around a disease that fits the budget."""
        context = self.context_builder.evidence_for(
            [disease],
            question,
            retrievers=("graph",),
            budget=self.budget,
            count_tokens=estimate,
            keep=keep,
        )
        return context.items

    def _cited(self, disease: str, predicate: str, split: str, random: Random) -> Iterator[Example]:
        question = self._question(disease, predicate, random)
        items = self.evidence(disease, question, self.visible(disease))
        items = shuffled(items, random)
        shown = [(row, item.id) for item in items for row in item.relations if row.predicate == predicate]
        shown = list({(row.subject, row.object): (row, number) for row, number in shown}.values())
        chosen = shown[: random.randint(1, _SENTENCES)] if predicate == FEATURE else shown[:1]
        lines = [line for row, number in chosen if (line := self.line(row, number, items))]
        if lines:
            row = chosen[0][0]
            yield self.example(
                "cited",
                disease,
                question,
                items,
                " ".join(lines),
                split,
                (row.subject, row.predicate, row.object),
            )

    def line(self, row: Relation, number: str, items: Collection[Evidence]) -> str:
        """Return a record as a sentence with its marker, or "" where the checker does not bear it out."""
        bare = replace(row, frequency="", onset="", sex="")
        sentence = verbalise(self.graph, bare).removesuffix(".")
        cited = [item for item in items if item.id == number]
        if self.checker.check(sentence + ".", cited)[0] != Verdict.SUPPORTED:
            self.unsupported += 1
            return ""
        return f"{sentence} [{number}]."

    def _unknown(self, disease: str, predicate: str, split: str, random: Random) -> Iterator[Example]:
        question = self._question(disease, predicate, random)
        visible = self.visible(disease)
        items = self.evidence(disease, question, lambda row: visible(row) and row.predicate != predicate)
        if items and not any(row.predicate == predicate for item in items for row in item.relations):
            reply = UNKNOWN.format(OPEN[predicate][1].format(self._name(disease)))
            yield self.example("unknown", disease, question, items, reply, split, None)

    def _path(
        self, disease: str, facts: dict[str, list[Relation]], split: str, random: Random
    ) -> Iterator[Example]:
        """Yield reasoning from gene over disease to finding, each step with its record."""
        visible = self.visible(disease)
        genes = [row for row in facts.get(GENE, ()) if visible(row)]
        features = [row for row in facts.get(FEATURE, ()) if visible(row)]
        if not genes or not features:
            return
        gene, feature = random.choice(genes), random.choice(features)
        question = f"How is the gene {self._name(gene.subject)} connected to {self._name(feature.object)}?"
        steps = tuple(
            Evidence(str(marker), "relation", verbalise(self.graph, row), 1.0, (row,))
            for marker, row in enumerate(random.sample((gene, feature), 2), 1)
        )
        marker = {
            row.object if row is feature else row.subject: item.id for item in steps for row in item.relations
        }
        lines = [
            self.line(gene, marker[gene.subject], steps),
            self.line(feature, marker[feature.object], steps),
        ]
        if all(lines):
            yield self.example("path", disease, question, steps, " ".join(lines), split, None)

    def example(  # noqa: PLR0917
        self,
        task: str,
        disease: str,
        question: str,
        items: Sequence[Evidence],
        completion: str,
        split: str,
        gold: tuple[str, str, str] | None,
    ) -> Example:
        """Return one instruction whose prompt is the one that `clinweave ask` uses."""
        sources = sorted(
            {row.source for item in items for row in item.relations}
            | {item.passage.source for item in items if item.passage}
        )
        return Example(
            id=f"{task}-{identify(disease, question, completion)}",
            kind=Kind.INSTRUCTION,
            task=task,
            prompt=tuple(messages_for(question, items)),
            completion=completion,
            concepts=(disease,),
            gold=gold,
            evidence=tuple(items),
            cluster=disease,
            split=split,
            origin=", ".join(sources),
        )

    def _question(self, disease: str, predicate: str, random: Random) -> str:
        return random.choice(OPEN[predicate][0]).format(self._name(disease))

    def _name(self, curie: str) -> str:
        return self.graph.concept(curie).name


def shuffled(items: Sequence[Evidence], random: Random) -> tuple[Evidence, ...]:
    """Return the items shuffled and renumbered: the right one is not always first."""
    order = random.sample(list(items), len(items))
    return tuple(replace(item, id=str(number)) for number, item in enumerate(order, 1))


def estimate(text: str) -> int:
    """Return a cautious number of tokens: medical names break into pieces of about three letters."""
    return len(text) // 3 + 1
