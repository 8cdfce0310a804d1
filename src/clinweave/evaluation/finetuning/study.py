"""The fine-tuning study: training data, stages, the measures of each model, and an export."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave import __version__
from clinweave.core.artifacts import Artifact
from clinweave.core.reports.blocks import Report
from clinweave.core.typed import from_values
from clinweave.datasets import build_data, read_examples
from clinweave.evaluation.finetuning.evaluator import VERSION, ModelEvaluator, Score
from clinweave.evaluation.finetuning.results import (
    FinetuningResults,
    TrainedStage,
    TrainingData,
    by_related_facts,
    headline_numbers,
    summarise,
)
from clinweave.evaluation.finetuning.settings import BASE, FinetuningRecipe, Stage
from clinweave.evaluation.knowledge_bases import KnowledgeBase, KnowledgeBaseBuilder
from clinweave.evaluation.language_model import weight_resources, weights_key
from clinweave.evaluation.runner import ArtifactStep, Runner, Step, Work
from clinweave.training import Inputs, base_weights, export, run_stage, write_replay

if TYPE_CHECKING:
    from clinweave.knowledge import Graph


class FinetuningStudy:
    """Trains the stages of a recipe and measures what each added."""

    def __init__(self, recipe: FinetuningRecipe, runner: Runner) -> None:
        self.recipe = recipe
        builder = KnowledgeBaseBuilder(runner.home, (), runner.progress.status)
        self.knowledge_base = ArtifactStep("knowledge base", lambda _: builder.default(), _base_key)
        self.data = ArtifactStep("training data", self._data, _key, "Training data")
        self.replay = ArtifactStep(
            "replay", self._replay, _key, f"Replay: {recipe.replay} replies of the base itself"
        )
        self.stages = {stage.name: self._stage(stage) for stage in recipe.stages}
        self.measured = {name: self._measured(name, runner) for name in recipe.models}

    def steps(self) -> Iterable[Step[Any] | ArtifactStep[Any]]:
        """Return data, stages in their order, then the measures of each model."""
        return [self.data, *self.stages.values(), *self.measured.values()]

    def resources(self) -> list[str]:
        """Return the catalogue ids of named weights; the default databases are needed as well."""
        return weight_resources(self.recipe.base)

    def databases(self) -> tuple[str, ...]:
        """Return the default set: training data come from its graph."""
        from clinweave.databases import DEFAULT

        return DEFAULT

    def close(self) -> None:
        """Nothing stays open."""

    def _data(self, runner: Runner) -> Artifact:
        from clinweave.knowledge import Linker

        recipe, graph = self.recipe, runner.result(self.knowledge_base).graph
        settings = recipe.data if recipe.data.seed else replace(recipe.data, seed=recipe.seed)
        newer = Path(recipe.newer_release) if recipe.newer_release else None
        return build_data(
            graph,
            Linker.open(graph),
            runner.out / "data",
            settings,
            benchmarks=[Path(name) for name in recipe.decontaminate_against if Path(name).exists()],
            later=newer if newer and newer.exists() else None,
            progress=partial(runner.progress.count, "Training data: disease"),
        )

    def _replay(self, runner: Runner) -> Artifact:
        recipe = self.recipe
        weights = base_weights(recipe.base, runner.home)
        folder = runner.out / "replay"
        return write_replay(weights, folder, recipe.replay, recipe.seed, threads=recipe.threads or None)

    def _stage(self, stage: Stage) -> ArtifactStep[Artifact]:
        recipe = self.recipe

        def build(runner: Runner) -> Artifact:
            graph = runner.result(self.knowledge_base).graph_path
            start = recipe.base
            if stage.init_from != BASE:
                start = str(runner.result(self.stages[stage.init_from]).path)
            inputs = Inputs(
                base=start,
                data=runner.result(self.data).path,
                reward=runner.result(self.stages[stage.reward]).path if stage.reward else None,
                graph=graph if stage.type in {"ppo", "grpo"} else None,
                replay=runner.result(self.replay).path if recipe.replay else None,
                home=runner.home,
                progress=lambda done, total, logged: runner.progress.count(
                    f"{stage.name}: step",
                    done,
                    total,
                    f", loss {logged['loss']:.3f}" if "loss" in logged else "",
                ),
            )
            settings = {"threads": recipe.threads, **stage.settings}
            return run_stage(stage.type, settings, inputs, runner.out / "stages" / stage.name)

        return ArtifactStep(f"stage {stage.name}", build, _key, f"{stage.name}: {stage.type}")

    def _weights(self, name: str, runner: Runner) -> Path:
        if name == BASE:
            return base_weights(self.recipe.base, runner.home)
        return runner.result(self.stages[name]).path

    def _measured(self, name: str, runner: Runner) -> Step[list[Score]]:
        recipe = self.recipe
        options_only = name == recipe.options_only

        def build(work: Work) -> list[Score]:
            graph, data = work.result(self.knowledge_base).graph, work.result(self.data).path
            weights = self._weights(name, work.runner)
            with ModelEvaluator.open(name, weights, graph, recipe, data, work.folder) as evaluator:
                return list(evaluator.run(work.progress, options_only=options_only))

        return Step(
            f"measured/{name}",
            list[Score],
            build,
            version=VERSION,
            title=f"Measuring {name}",
            needs=(self.knowledge_base, self.data, *([self.stages[name]] if name != BASE else [])),
            inputs=lambda: {} if name != BASE else {"weights": weights_key_of(self._weights(name, runner))},
            parameters={"eval": recipe.eval, "seed": recipe.seed, "options_only": options_only},
        )

    def results(self, runner: Runner) -> FinetuningResults:
        """Return measures and differences, and what data and stages were; export the weights that the recipe names."""
        recipe, data = self.recipe, runner.result(self.data)
        rows = [row for step in self.measured.values() for row in runner.result(step)]
        summary = summarise(recipe, rows)
        graph = runner.result(self.knowledge_base).graph
        exported = None
        if recipe.export:
            runner.progress.status(f"Exporting {recipe.export}")
            numbers = {
                f"{condition}: {name}": text
                for condition, measures in headline_numbers(summary).items()
                for name, text in measures.items()
            }
            weights = runner.result(self.stages[recipe.export]).path
            exported = export(weights, runner.out / "export", title=recipe.name, results=numbers).manifest[
                "parity"
            ]
        return FinetuningResults(
            **{item.name: getattr(summary, item.name) for item in fields(summary)},
            clinweave=__version__,
            recipe=without_folders(recipe),
            base=weights_key(recipe.base),
            data=_training_data(data),
            related_facts=by_related_facts(rows, related_to_trained(data.path, graph)),
            stages={name: _trained(runner.result(step)) for name, step in self.stages.items()},
            export=exported,
        )

    def report(self, results: FinetuningResults, runner: Runner) -> Report:
        """Return the report."""
        from clinweave.evaluation.finetuning.report import finetuning_report

        return finetuning_report(results, runner.out / "stages")


STUDY = FinetuningStudy


def _base_key(base: KnowledgeBase) -> str:
    return base.key


def _key(artifact: Artifact) -> str:
    return str(artifact.manifest["key"])


def weights_key_of(folder: Path) -> str:
    """Return the key of a folder of weights that clinweave wrote."""
    from clinweave.core.artifacts import read_manifest

    return str((read_manifest(folder) or {})["key"])


def _training_data(data: Artifact) -> TrainingData:
    manifest = data.manifest
    return TrainingData(
        counts=manifest["counts"],
        decontamination=manifest["decontamination"],
        newer_release=manifest["later"],
        left_out=manifest["left_out"],
        warnings=manifest["warnings"],
    )


def _trained(stage: Artifact) -> TrainedStage:
    names = {item.name for item in fields(TrainedStage)}
    values = {key: value for key, value in stage.manifest.items() if key in names}
    return from_values(TrainedStage, values, str(stage.path))


def without_folders(recipe: FinetuningRecipe) -> FinetuningRecipe:
    """Return the recipe with file names in place of this machine's folders."""
    benchmarks = tuple(Path(name).name for name in recipe.eval.benchmarks)
    return replace(
        recipe,
        decontaminate_against=tuple(Path(name).name for name in recipe.decontaminate_against),
        newer_release=Path(recipe.newer_release).name,
        eval=replace(recipe.eval, benchmarks=benchmarks),
    )


def related_to_trained(data: Path, graph: "Graph") -> set[str]:
    """Return the ids of held-out facts of which a trained fact of the same disease names an ancestor or descendant."""
    trained: dict[tuple[str, str], set[str]] = defaultdict(set)
    for example in read_examples(data / "instruction.train.jsonl"):
        if example.gold and example.task == "closed-book":
            subject, predicate, target = example.gold
            trained[example.cluster, predicate].add(target if subject == example.cluster else subject)
    related = set()
    for example in read_examples(data / "choice.held-out-facts.jsonl"):
        assert example.gold
        subject, predicate, target = example.gold
        answer = target if subject == example.cluster else subject
        if trained[example.cluster, predicate] & (graph.ancestors(answer) | graph.descendants(answer)):
            related.add(example.id)
    return related
