"""Measure one model: multiple choice with and without evidence, cited replies, refusals, benchmarks, the probe."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, TypeVar

from clinweave.datasets import BLIND, Example, Kind, choice_prompt, read_benchmark, read_examples, to_question
from clinweave.evaluation.finetuning.general_probe import TEXT_PROMPT, probe
from clinweave.evaluation.finetuning.general_texts import TEXTS
from clinweave.evaluation.finetuning.settings import FinetuningRecipe
from clinweave.evaluation.runner import Progress
from clinweave.knowledge import CitationChecker, ContextBuilder, Linker
from clinweave.models import LanguageModel, by_option_text, chance_of, open_model, same_option
from clinweave.records import Evidence, Question
from clinweave.training import SAFETY, Verifier, write_gguf

if TYPE_CHECKING:
    from clinweave.knowledge import Graph

VERSION = 3  # raise it when the same model gives other scores
TEXT = "general text"  # its values are log-likelihoods, not shares
SPLITS = ("held-out-facts", "held-out-diseases")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Score:
    """One item scored: `value` between 0 and 1 (of text: nats a token, negative), None where nothing was chosen.

    `kind` is the stratum, `chance` what guessing scores, 0 without options.
    """

    condition: str
    measure: str  # "choice held-out-facts", "citations", "refusal", "general", ...
    knowledge: str  # "none" | "graph"
    id: str
    cluster: str
    value: float | None
    reply: str = ""
    kind: str = ""
    chance: float = 0.0


class ModelEvaluator:
    """Runs the evaluation suite on one model, always the same items in the same order."""

    def __init__(
        self, condition: str, model: LanguageModel, graph: "Graph", recipe: FinetuningRecipe, data: Path
    ) -> None:
        self.condition, self.model, self.recipe, self.data = condition, model, recipe, data
        linker = Linker.open(graph)
        self.context_builder = ContextBuilder(graph, linker)
        self.verifier = Verifier(CitationChecker(graph, linker))

    @classmethod
    @contextmanager
    def open(  # noqa: PLR0917 - a model, its name, and what it is asked
        cls, condition: str, weights: Path, graph: "Graph", recipe: FinetuningRecipe, data: Path, folder: Path
    ) -> "Iterator[ModelEvaluator]":
        """Yield the evaluator of the weights in a folder, written as GGUF into `folder` while it is used."""
        file = write_gguf(weights, folder / "model.gguf", "f16", condition)
        model = open_model(str(file), threads=recipe.threads or None, scorer="core")
        try:
            yield cls(condition, model, graph, recipe, data)
        finally:
            model.close()
            file.unlink()

    def run(self, progress: Progress, *, options_only: bool = False) -> Iterator[Score]:
        """Yield every measure of the model; of the options-only baseline the choices without a question."""
        if options_only:
            yield from self.choices(options_only=True)
            return
        parts: tuple[tuple[str, Callable[[], Iterator[Score]]], ...] = (
            ("multiple choice", self.choices),
            ("cited replies", self.replies),
            ("refusals", self.refusals),
            ("benchmarks", self.benchmarks),
            ("general probe", self.general),
            ("general text", self.texts),
        )
        for name, part in parts:
            progress.status(f"Measuring {self.condition}: {name}")
            yield from part()

    def choices(self, *, options_only: bool = False) -> Iterator[Score]:
        """Yield multiple choice on both splits, without and with evidence; `options_only` hides the question."""
        chosen = self.recipe.eval
        for split in SPLITS:
            items = _drawn(self._items(Kind.CHOICE, split), chosen.choices, self.recipe.seed)
            questions = [to_question(item) for item in items]
            for question in questions:
                yield self._chosen(question, f"choice {split}", "none", options_only=options_only)
            with_evidence = [] if options_only else _drawn(questions, chosen.with_evidence, self.recipe.seed)
            for question in with_evidence:
                yield self._chosen(question, f"choice {split}", "graph")

    def replies(self) -> Iterator[Score]:
        """Yield replies with evidence about diseases never trained on: citations, form; and abstention."""
        tasks = {"cited", "path", "quoted", "unknown"}
        items = [item for item in self._items(Kind.INSTRUCTION, "held-out-diseases") if item.task in tasks]
        for example in _drawn(items, self.recipe.eval.replies, self.recipe.seed):
            reply = self._reply(example)
            judged = self.verifier.judge(example, reply)
            if example.task == "unknown":
                yield self._row("abstains", "graph", example, judged.correct, reply)
            else:
                valid = float(self.verifier.valid(example, reply))
                yield self._row("citation-valid", "graph", example, valid, reply)
            yield self._row("form", "graph", example, judged.form, "")
            yield self._row("verified reward", "graph", example, judged.total, "")

    def refusals(self) -> Iterator[Score]:
        """Yield replies to unsafe requests whose wording was not trained on."""
        items = [item for item in self._items(Kind.INSTRUCTION, "held-out-diseases") if item.task in SAFETY]
        for example in _drawn(items, self.recipe.eval.refusals, self.recipe.seed):
            reply = self._reply(example)
            yield self._row("refusal", "none", example, self.verifier.judge(example, reply).correct, reply)

    def benchmarks(self) -> Iterator[Score]:
        """Yield multiple choice on the benchmark files that exist."""
        for path in map(Path, self.recipe.eval.benchmarks):
            if path.is_file():
                questions = read_benchmark(path)
                for question in _drawn(questions, self.recipe.eval.per_benchmark, self.recipe.seed):
                    yield self._chosen(question, question.task, "none")
                    yield self._chosen(question, question.task, "graph")

    def general(self) -> Iterator[Score]:
        """Yield the probe of general ability."""
        for question in _drawn(probe(), self.recipe.eval.general, self.recipe.seed):
            yield self._chosen(question, "general", "none")

    def texts(self) -> Iterator[Score]:
        """Yield how likely plain English prose is to the model: what forgetting costs before answers turn wrong."""
        for number, text in enumerate(TEXTS):
            likelihood = self.model.score(TEXT_PROMPT, [text])[0].per_token
            yield Score(self.condition, TEXT, "none", f"text-{number}", f"text-{number}", likelihood)

    def _chosen(
        self, question: Question, measure: str, knowledge: str, *, options_only: bool = False
    ) -> Score:
        items = self._evidence(question) if knowledge == "graph" else ()
        prompt = choice_prompt(BLIND if options_only else question.question, items)
        choice = by_option_text(self.model, prompt, question.options)
        value = None
        if choice.index is not None:
            value = float(same_option(question.options, choice.index, question.answer))
        return Score(
            self.condition,
            measure,
            knowledge,
            question.id,
            question.cluster or question.id,
            value,
            kind=question.kind,
            chance=chance_of(question.options, question.answer),
        )

    def _evidence(self, question: Question) -> tuple[Evidence, ...]:
        builder, budget = self.context_builder, self.recipe.eval.budget
        if question.concepts:
            concepts = list(question.concepts)
            return builder.evidence_for(
                concepts, question.question, retrievers=("graph",), budget=budget, count_tokens=self._count
            ).items
        return builder.evidence(
            question.question, retrievers=("graph",), budget=budget, count_tokens=self._count
        ).items

    def _count(self, text: str) -> int:
        return len(self.model.tokenise(text))

    def _reply(self, example: Example) -> str:
        return self.model.generate(example.prompt, max_tokens=self.recipe.eval.reply_tokens).text

    def _items(self, kind: Kind, split: str) -> list[Example]:
        path = self.data / f"{kind}.{split}.jsonl"
        return list(read_examples(path)) if path.is_file() else []

    def _row(self, measure: str, knowledge: str, example: Example, value: float | None, reply: str) -> Score:
        cluster = example.cluster or example.id
        return Score(self.condition, measure, knowledge, example.id, cluster, value, reply, example.task)


def _drawn(items: Sequence[T], count: int, seed: int) -> list[T]:
    """Return at most `count` items, drawn by the seed, in their own order."""
    if count >= len(items):
        return list(items)
    indices: Iterable[int] = sorted(Random(f"{seed}/measured").sample(range(len(items)), count))  # noqa: S311
    return [items[index] for index in indices]
