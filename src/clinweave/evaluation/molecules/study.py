"""The molecules study: model, molecules, MOSES' measures, properties on request, a learned property, searches."""

import csv
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave import __version__
from clinweave.core.artifacts import Artifact, digest, sha256, write_json
from clinweave.core.errors import UserError
from clinweave.core.reports.blocks import Report
from clinweave.core.typed import to_values
from clinweave.evaluation.molecules.results import (
    Generated,
    GeneratorModel,
    MoleculesResults,
    PropertyOnRequest,
    PropertyResult,
    SearchResult,
)
from clinweave.evaluation.molecules.settings import PROPERTY, MoleculesRecipe
from clinweave.evaluation.runner import ArtifactStep, Runner, Step, Work

if TYPE_CHECKING:
    from clinweave.applications.molecules import Generator

VERSION = 4  # of the steps here
SMILES = "molecules.smi"
_POOL = 100  # generated molecules that every search begins with


class MoleculesStudy:
    """Generates molecules, measures them, predicts a property and optimises."""

    def __init__(self, recipe: MoleculesRecipe, runner: Runner) -> None:
        self.recipe, self.runner = recipe, runner
        self.left_out: dict[str, str] = {}
        self.model: ArtifactStep[GeneratorWeights] = ArtifactStep(
            "model", self._model, lambda built: built.key
        )
        self.generated = self._step("generated", Generated, self._generate, recipe.generate, self._new_to)
        self.measured = self._measured_step()
        self.on_request = self._step(
            "properties on request", list[PropertyOnRequest], self._on_request, recipe.eval.conditions
        )
        self.learned = ArtifactStep("property model", self._learn, lambda built: str(built.manifest["key"]))
        self.property = self._step(
            "property", PropertyResult, self._predict, recipe.property, needs=(self.generated, self.learned)
        )
        self.searches = [self._search_step(method) for method in recipe.optimize.methods]

    def steps(self) -> Iterable[Step[Any] | ArtifactStep[Any]]:
        """Return the steps of the recipe's parts; what has no file or no count is left out."""
        recipe = self.recipe
        yield self.generated
        if recipe.eval.moses:
            yield self.measured
        if recipe.eval.conditions:
            yield self.on_request
        if self._has_property():
            yield self.property
        if self._has_searches():
            yield from self.searches

    def resources(self) -> list[str]:
        """Nothing is fetched for this study."""
        return []

    def databases(self) -> tuple[str, ...]:
        """No database is needed."""
        return ()

    def close(self) -> None:
        """Nothing stays open."""

    def _has_property(self) -> bool:
        table = self.recipe.property.table
        if table and not Path(table).is_file():
            self.left_out["property"] = f"there is no table {Path(table).name}"
        return bool(table) and "property" not in self.left_out

    def _has_searches(self) -> bool:
        scorer = self.recipe.optimize.scorer
        if scorer == PROPERTY and not self._has_property():
            self.left_out["optimize"] = "there is no model of the property"
        return bool(scorer) and "optimize" not in self.left_out

    def _step(  # noqa: PLR0917 - a step and what it depends on
        self,
        name: str,
        result: type[Any],
        build: Callable[[Work], Any],
        parameters: Any,
        inputs: Callable[[], Mapping[str, str]] = dict,
        needs: tuple[Any, ...] = (),
    ) -> Step[Any]:
        return Step(
            name,
            result,
            build,
            version=VERSION,
            title=name.capitalize(),
            needs=(self.model, *needs),
            inputs=inputs,
            parameters={"settings": to_values(parameters), "seed": self.recipe.seed},
        )

    def _model(self, runner: Runner) -> "GeneratorWeights":
        import torch

        from clinweave.applications.molecules import PretrainingConfig, packaged, train_model

        torch.set_num_threads(self.recipe.threads)
        chosen = self.recipe.model
        if not chosen.train:
            return GeneratorWeights(Path(chosen.weights) if chosen.weights else packaged(), [])
        if not Path(chosen.train).is_file():
            raise UserError(f"model.train: there is no file {chosen.train}")
        lesson = PretrainingConfig(
            Path(chosen.train), chosen.size, chosen.molecules, chosen.tokens, chosen.graphs, chosen.qed_share,
            (*chosen.settings, f"seed={self.recipe.seed}"), packaged() if chosen.init_from else None, chosen.workers,
        )  # fmt: skip
        folder = runner.out / "model"
        trained_with = {**to_values(replace(chosen, molecules=0)), "file": sha256(lesson.data)}
        _check_same_training(folder, trained_with)
        history = train_model(
            lesson, runner.out / "features", folder, self._counting("Training"), tell=runner.progress.status
        )
        return GeneratorWeights(folder, history)

    def _counting(self, what: str) -> Callable[[str, int, int], None]:
        return lambda part, done, total: self.runner.progress.count(f"{what}: {part},", done, total)

    def _open(self, work: Work) -> "Generator":
        from clinweave.applications.molecules import open_model

        return open_model(work.result(self.model).folder)

    def _new_to(self) -> dict[str, str]:
        return {name: sha256(Path(name)) for name in self.recipe.generate.new_to if Path(name).is_file()}

    def _generate(self, work: Work) -> Generated:
        """Draw molecules; write them to molecules.smi."""
        from clinweave.applications.molecules import (
            GenerationRequest,
            generate,
            moses_filters,
            named_drugs,
            new_to,
        )

        chosen, home, model = self.recipe.generate, self.runner.home, self._open(work)
        reference = new_to(chosen.new_to, model, home)
        wish = GenerationRequest(
            chosen.scaffold or None, True, reference, moses_filters(home) if chosen.filters else None
        )
        counting = self._counting("Molecules")
        drawn = generate(
            chosen.count, chosen.condition, wish, model=model, temperature=chosen.temperature, top_p=chosen.top_p,
            seed=self.recipe.seed, progress=lambda done, total: counting("drawn", done, total),
        )  # fmt: skip
        (work.folder / SMILES).write_text("".join(f"{smiles}\n" for smiles in drawn.smiles), "utf-8")
        drugs = named_drugs(drawn.smiles, home)
        return Generated(
            {name: value for name, value in drawn.table().items() if name != "refused_by"},
            None if drugs is None else {item: f"{match.name} ({match.how})" for item, match in drugs.items()},
            drawn.refused_by,
        )

    def smiles(self) -> list[str]:
        """Return the generated molecules."""
        self.runner.result(self.generated)
        return (self.runner.folder(self.generated) / SMILES).read_text("utf-8").split()

    def _measured_step(self) -> Step[Any]:
        parameters = {**to_values(self.recipe.generate), "moses": self.recipe.eval.moses}
        result = dict[str, dict[str, float | int | None]]
        return self._step("measured", result, self._measure, parameters, needs=(self.generated,))

    def _measure(self, work: Work) -> dict[str, dict[str, float | int | None]]:
        """Return MOSES' measures of strings as drawn, and of what is delivered."""
        from clinweave.applications.molecules.metrics import measure, open_against

        count, chosen, against = self.recipe.eval.moses, self.recipe.generate, open_against()
        raw: list[str] = []
        for batch in self._open(work).write(
            chosen.condition, scaffold=chosen.scaffold or None, temperature=chosen.temperature, top_p=chosen.top_p,
            seed=self.recipe.seed + 1,
        ):  # fmt: skip
            raw += batch
            if len(raw) >= count:
                break
        counting = self._counting("MOSES measures")
        return {
            "as drawn": measure(raw[:count], against, progress=counting),
            "delivered": measure(self.smiles()[:count], against, progress=counting),
        }

    def _on_request(self, work: Work) -> list[PropertyOnRequest]:
        from clinweave.applications.molecules import condition_accuracy

        rows = condition_accuracy(
            self._open(work), self.recipe.eval.conditions, self.recipe.seed, found_too=True
        )
        return [
            PropertyOnRequest(
                row["property"], row["molecules"], row["mean_absolute_error"], row["error_unasked"],
                row["correlation"], tuple(row["wanted"]), tuple(row["found"]),
            )
            for row in rows
        ]  # fmt: skip

    def _learn(self, runner: Runner) -> Artifact:
        from clinweave.applications.molecules.prediction import read_table, train

        chosen = self.recipe.property
        runner.progress.status(f"Property: {chosen.target}")
        return train(
            read_table(Path(chosen.table)), [chosen.target], runner.out / "property", chosen.features,
            seed=self.recipe.seed,
        )  # fmt: skip

    def _predict(self, work: Work) -> PropertyResult:
        """Return how the property model does, and what it says of the generated molecules."""
        from clinweave.applications.molecules.prediction import PropertyModel, predict, read_table

        learned, target = work.result(self.learned), self.recipe.property.target
        table, out = self.runner.folder(self.generated) / SMILES, work.folder / "predicted.csv"
        counts = predict(PropertyModel.open(learned.path), read_table(table), out)
        with out.open(encoding="utf-8", newline="") as stream:
            rows = tuple(csv.DictReader(stream))
        return PropertyResult(
            target,
            rows=learned.manifest["rows"],
            refused=learned.manifest["refused"],
            measures=learned.manifest["endpoints"][target],
            predicted_counts={name: counts[name] for name in ("rows", "answered", "refused", "outside")},
            predictions=rows,
        )

    def _search_step(self, method: str) -> Step[Any]:
        chosen = self.recipe.optimize
        needs: tuple[object, ...] = (self.generated,)
        if chosen.scorer == PROPERTY:
            needs = (*needs, self.learned)
        parameters = {**to_values(replace(chosen, methods=())), "method": method}
        return self._step(
            f"searches/{method}",
            SearchResult,
            lambda work: self._search(work, method),
            parameters,
            needs=needs,
        )

    def _search(self, work: Work, method: str) -> SearchResult:
        """Return what one method finds; its calls are kept in a journal, from which an interrupted search resumes."""
        from clinweave.applications.molecules.optimization import (
            Search,
            best_so_far,
            open_scorer,
            optimise,
            rows_of,
            summary,
        )

        chosen, runner = self.recipe.optimize, self.runner
        scorer_name = str(work.result(self.learned).path) if chosen.scorer == PROPERTY else chosen.scorer
        pool = tuple(self.smiles()[:_POOL])  # all methods begin with the same molecules
        folder = runner.out / "searches"
        folder.mkdir(exist_ok=True)
        scorer = open_scorer(scorer_name, minimise=chosen.minimize, allow_remote=chosen.allow_remote)
        search = Search(
            scorer, chosen.budget, chosen.start_molecule,
            chosen.required_substructure, method, self.recipe.seed, pool,
            folder / f"{method}-{self._journal_key(pool)}.journal", work.result(self.model).folder,
        )  # fmt: skip
        counting = self._counting(f"Optimisation: {method}")
        outcome = optimise(search, progress=lambda done, total, _best: counting("calls", done, total))
        rows = rows_of(outcome, 100, runner.home)
        result = summary(outcome, rows)
        curve = tuple(
            None if math.isnan(value) else float(value) for value in best_so_far(outcome.oracle.scores, 10)
        )
        named = (
            "scorer",
            "calls",
            "calls_from_journal",
            "best",
            "top10",
            "top10_auc",
            "cpu_seconds",
            "stopped",
        )
        rest = {key: value for key, value in result.items() if key not in {*named, "method"}}
        return SearchResult(
            method=method, summary=rest, rows=tuple(rows), curve=curve, **{key: result[key] for key in named}
        )

    def _journal_key(self, pool: tuple[str, ...]) -> str:
        """Return a key of everything but the budget: a longer search continues the journal of a shorter one."""
        chosen = to_values(replace(self.recipe.optimize, budget=0, methods=()))
        learned = self.runner.key(self.learned) if self.recipe.optimize.scorer == PROPERTY else ""
        return digest([chosen, self.recipe.seed, self.runner.key(self.model), pool, learned])

    def results(self, runner: Runner) -> MoleculesResults:
        """Return what every part found."""
        recipe = self.recipe
        weights = runner.result(self.model)
        return MoleculesResults(
            clinweave=__version__,
            recipe=without_folders(recipe),
            model=weights.describe(),
            generated=runner.result(self.generated),
            measured=runner.result(self.measured) if recipe.eval.moses else {},
            properties_on_request=tuple(runner.result(self.on_request)) if recipe.eval.conditions else (),
            property=runner.result(self.property) if self._has_property() else None,
            searches=tuple(runner.result(step) for step in self.searches) if self._has_searches() else (),
            left_out=self.left_out,
        )

    def report(self, results: MoleculesResults, runner: Runner) -> Report:  # noqa: ARG002
        """Return the report."""
        from clinweave.evaluation.molecules.report import molecules_report

        return molecules_report(results, self.smiles())


STUDY = MoleculesStudy


class GeneratorWeights:
    """The folder of a generator, and the learning curve of a training that this study did."""

    def __init__(self, folder: Path, history: Sequence[Mapping[str, float | str]]) -> None:
        self.folder, self.history = folder, history
        self.key = sha256(folder / "model.safetensors")

    def describe(self) -> GeneratorModel:
        """Return what the model says of itself."""
        from clinweave.applications.molecules import packaged

        config = json.loads((self.folder / "config.json").read_text("utf-8"))
        return GeneratorModel(
            packaged=self.folder == packaged(),
            shape=config["shape"],
            data=str(config.get("data", "not stated")),
            training=config.get("training", {}),
            history=tuple(dict(row) for row in self.history),
        )


def without_folders(recipe: MoleculesRecipe) -> MoleculesRecipe:
    """Return the recipe with file names in place of this machine's folders."""
    model, scorer = recipe.model, recipe.optimize.scorer
    return replace(
        recipe,
        model=replace(model, train=Path(model.train).name, weights=Path(model.weights).name),
        property=replace(recipe.property, table=Path(recipe.property.table).name),
        optimize=replace(recipe.optimize, scorer=Path(scorer).name if "/" in scorer else scorer),
        generate=replace(recipe.generate, new_to=tuple(Path(name).name for name in recipe.generate.new_to)),
    )


def _check_same_training(folder: Path, trained_with: Mapping[str, object]) -> None:
    """Record what a folder's model learns from. Raises `UserError` where it was begun with other settings."""
    path = folder.with_suffix(".training.json")
    requested = json.loads(json.dumps(trained_with, default=str))
    if path.is_file() and folder.is_dir():
        recorded = json.loads(path.read_text("utf-8"))
        other = sorted(name for name in requested if recorded.get(name) != requested[name])
        if other:
            raise UserError(
                f"{folder} holds a model trained with other {', '.join(other)}: give another --out, or remove it"
            )
    write_json(path, requested)
