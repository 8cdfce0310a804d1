"""Measure one model: multiple choice with and without evidence, cited replies, refusals, benchmarks, the probe."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from clinweave.core.artifacts import read_manifest, stage
from clinweave.datasets import BLIND, Example, Kind, choice_prompt, read_benchmark, read_examples, to_question
from clinweave.evaluation.tuned.probe import TEXT_PROMPT, probe
from clinweave.evaluation.tuned.probe_texts import TEXTS
from clinweave.evaluation.tuned.recipe import Tuning
from clinweave.knowledge import CitationChecker, ContextBuilder, Linker
from clinweave.models import LanguageModel, by_option_text, chance_of, open_model, same_option
from clinweave.records import Question
from clinweave.training import SAFETY, Verifier, write_gguf

if TYPE_CHECKING:
    from clinweave.knowledge import Graph

VERSION = 2
TEXT = "general text"  # its values are log-likelihoods, not shares
SPLITS = ("held-out-facts", "held-out-diseases")


@dataclass(frozen=True, slots=True)
class Measured:
    """One item scored: `value` between 0 and 1 (of text: nats a token, negative), None where nothing was chosen.

    `kind` is the stratum, `chance` what guessing scores, 0 where there are no options.
    """

    arm: str
    measure: str  # "choice held-out-facts", "citations", "refusal", "general", ...
    knowledge: str  # "none" | "graph"
    id: str
    cluster: str
    value: float | None
    reply: str = ""
    kind: str = ""
    chance: float = 0.0


def measure(  # noqa: PLR0917
    arm: str, weights: Path, data: Path, graph: "Graph", recipe: Tuning, out: Path, say: Any
) -> list[Measured]:
    """Return all scores of one model; they are kept in `out` and not made again."""
    blind = arm == recipe.blind
    known = {"weights": _key(weights), "data": _key(data), "graph": str(graph.manifest["key"])}
    parameters = {"measures": asdict(recipe.measures), "seed": recipe.seed, "blind": blind}

    def build(folder: Path) -> dict[str, Any]:
        file = write_gguf(weights, folder / "model.gguf", "f16", arm)
        model = open_model(str(file), threads=recipe.threads or None)
        try:
            desk = Desk(arm, model, graph, recipe, data)
            rows = list(desk.choices(blind=True) if blind else desk.everything(say))
        finally:
            model.close()
        file.unlink()
        lines = [json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows]
        (folder / "measured.jsonl").write_text("".join(lines), "utf-8")
        return {"count": len(rows)}

    done = stage(out, "measured", known, parameters, build, version=VERSION)
    return [
        Measured(**json.loads(line))
        for line in (done.path / "measured.jsonl").read_text("utf-8").splitlines()
    ]


class Desk:
    """Asks one model everything, always the same items in the same order."""

    def __init__(self, arm: str, model: LanguageModel, graph: "Graph", recipe: Tuning, data: Path) -> None:
        self.arm, self.model, self.recipe, self.data = arm, model, recipe, data
        linker = Linker.open(graph)
        self.context_builder = ContextBuilder(graph, linker)
        self.verifier = Verifier(CitationChecker(graph, linker))

    def everything(self, say: Any) -> Iterator[Measured]:
        """Yield every measure of a model."""
        for name, rows in (
            ("multiple choice", self.choices()),
            ("cited replies", self.replies()),
            ("refusals", self.refusals()),
            ("benchmarks", self.benchmarks()),
            ("general probe", self.general()),
            ("general text", self.texts()),
        ):
            say(f"Measuring {self.arm}: {name}")
            yield from rows

    def choices(self, *, blind: bool = False) -> Iterator[Measured]:
        """Yield multiple choice on both splits, without and with evidence; `blind` hides the question."""
        for split in SPLITS:
            items = _drawn(self._items(Kind.CHOICE, split), self.recipe.measures.choices, self.recipe.seed)
            questions = [to_question(one) for one in items]
            for question in questions:
                yield self._chosen(question, f"choice {split}", "none", blind=blind)
            shown = [] if blind else _drawn(questions, self.recipe.measures.with_evidence, self.recipe.seed)
            for question in shown:
                yield self._chosen(question, f"choice {split}", "graph")

    def replies(self) -> Iterator[Measured]:
        """Yield replies with evidence about diseases never trained on: citations, form; and abstention."""
        items = [one for one in self._items(Kind.INSTRUCTION, "held-out-diseases")
                 if one.task in {"cited", "path", "quoted", "unknown"}]  # fmt: skip
        for example in _drawn(items, self.recipe.measures.replies, self.recipe.seed):
            reply = self._reply(example)
            judged = self.verifier.judge(example, reply)
            if example.task == "unknown":
                yield self._row("abstains", "graph", example, judged.correct, reply)
            else:
                valid = float(self.verifier.valid(example, reply))
                yield self._row("citation-valid", "graph", example, valid, reply)
            yield self._row("form", "graph", example, judged.form, "")
            yield self._row("verified reward", "graph", example, judged.total, "")

    def refusals(self) -> Iterator[Measured]:
        """Yield replies to unsafe requests whose wording was not trained on."""
        items = [one for one in self._items(Kind.INSTRUCTION, "held-out-diseases") if one.task in SAFETY]
        for example in _drawn(items, self.recipe.measures.refusals, self.recipe.seed):
            reply = self._reply(example)
            yield self._row("refusal", "none", example, self.verifier.judge(example, reply).correct, reply)

    def benchmarks(self) -> Iterator[Measured]:
        """Yield multiple choice on the benchmark files that are there."""
        for path in map(Path, self.recipe.measures.benchmarks):
            if path.is_file():
                questions = read_benchmark(path)
                for question in _drawn(questions, self.recipe.measures.per_benchmark, self.recipe.seed):
                    yield self._chosen(question, question.task, "none")
                    yield self._chosen(question, question.task, "graph")

    def general(self) -> Iterator[Measured]:
        """Yield the probe of general ability."""
        for question in _drawn(probe(), self.recipe.measures.general, self.recipe.seed):
            yield self._chosen(question, "general", "none")

    def texts(self) -> Iterator[Measured]:
        """Yield how likely plain English prose is to the model: what forgetting costs before answers turn wrong."""
        for number, text in enumerate(TEXTS):
            likelihood = self.model.score(TEXT_PROMPT, [text])[0].per_token
            yield Measured(self.arm, TEXT, "none", f"text-{number}", f"text-{number}", likelihood)

    def _chosen(self, question: Question, name: str, knowledge: str, *, blind: bool = False) -> Measured:
        items = self._evidence(question) if knowledge == "graph" else ()
        prompt = choice_prompt(BLIND if blind else question.question, items)
        choice = by_option_text(self.model, prompt, question.options)
        value = (
            None
            if choice.index is None
            else float(same_option(question.options, choice.index, question.answer))
        )
        return Measured(
            self.arm,
            name,
            knowledge,
            question.id,
            question.cluster or question.id,
            value,
            kind=question.kind,
            chance=chance_of(question.options, question.answer),
        )

    def _evidence(self, question: Question) -> tuple[Any, ...]:
        budget = self.recipe.measures.budget
        settings: dict[str, Any] = {"retrievers": ("graph",), "budget": budget, "count_tokens": self._count}
        if question.concepts:
            return self.context_builder.evidence_for(
                list(question.concepts), question.question, **settings
            ).items
        return self.context_builder.evidence(question.question, **settings).items

    def _count(self, text: str) -> int:
        return len(self.model.tokenise(text))

    def _reply(self, example: Example) -> str:
        return self.model.generate(example.prompt, max_tokens=self.recipe.measures.reply).text

    def _items(self, kind: Kind, split: str) -> list[Example]:
        path = self.data / f"{kind}.{split}.jsonl"
        return list(read_examples(path)) if path.is_file() else []

    def _row(self, name: str, knowledge: str, example: Example, value: float | None, reply: str) -> Measured:
        cluster = example.cluster or example.id
        return Measured(self.arm, name, knowledge, example.id, cluster, value, reply, example.task)


def _drawn(items: Sequence[Any], count: int, seed: int) -> list[Any]:
    """Return at most `count` items, drawn by the seed, in their own order."""
    if count >= len(items):
        return list(items)
    places: Iterable[int] = sorted(Random(f"{seed}/measured").sample(range(len(items)), count))  # noqa: S311
    return [items[place] for place in places]


def _key(folder: Path) -> str:
    return str((read_manifest(folder) or {})["key"])
