"""From a recipe of molecules to results: model, molecules, measures, property, searches. Every stage resumes."""

import csv
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from clinweave.core.artifacts import Artifact, sha256, stage, write_json
from clinweave.core.errors import UserError
from clinweave.evaluation.design.recipe import Design

Say = Callable[[str], None]
VERSION = 1  # of the stages here
MODEL = "model"


@dataclass
class DesignRun:
    """Where a run writes, and how it tells what it does."""

    recipe: Design
    out: Path
    home: Path
    say: Say = lambda _: None

    def run(self) -> dict[str, Any]:
        """Do what is not done yet; return what results.json holds."""
        import torch

        torch.set_num_threads(self.recipe.threads)
        self.out.mkdir(parents=True, exist_ok=True)
        write_json(self.out / "recipe.json", asdict(self.recipe))
        self.left_out: dict[str, str] = {}
        folder, history = self._model()
        self.folder, self.weights = folder, sha256(folder / "model.safetensors")
        results: dict[str, Any] = {
            "name": self.recipe.name,
            "title": self.recipe.title or self.recipe.name,
            "recipe": self._plain(),
            "model": {**_config(folder), "history": history},
            "generated": _read(self._generated(), "counts.json"),
            "measured": self._measured(),
            "conditions": self._conditions(),
            "property": self._property(),
            "searches": self._searches(),
        }
        results["left_out"] = self.left_out
        write_json(self.out / "results.json", results)
        return results

    def _model(self) -> tuple[Path, list[dict[str, float]]]:
        from clinweave.applications.molecules import Lesson, packaged, train_model

        chosen = self.recipe.model
        if not chosen.train:
            return (Path(chosen.weights) if chosen.weights else packaged()), []
        if not Path(chosen.train).is_file():
            raise UserError(f"model.train: there is no file {chosen.train}")
        start = packaged() if chosen.start else None
        lesson = Lesson(
            Path(chosen.train), chosen.size, chosen.molecules, chosen.tokens, chosen.graphs, chosen.qed_share,
            (*chosen.settings, f"seed={self.recipe.seed}"), start, chosen.workers,
        )  # fmt: skip
        # another lesson needs another folder: a state that was trained otherwise must not be gone on with
        folder = self.out / MODEL
        _same(folder, {**asdict(replace(chosen, molecules=0)), "file": sha256(lesson.data)})
        history = train_model(lesson, self.out / "features", folder, self._told("Training"))
        return folder, history

    def _opened(self) -> Any:
        from clinweave.applications.molecules import open_model

        return open_model(self.folder)

    def _stage(
        self,
        name: str,
        inputs: Mapping[str, str],
        parameters: Mapping[str, Any],
        build: Callable[[Path], Any],
    ) -> Artifact:
        inputs = {"weights": self.weights, **inputs}
        known = {"seed": self.recipe.seed, **parameters}
        return stage(self.out / "stages" / name, f"molecules: {name}", inputs, known, build, version=VERSION)

    def _generated(self) -> Path:
        """Return the folder with what was delivered (molecules.smi), as many strings as drawn, and the counts."""
        from clinweave.applications.molecules import Wish, generate, moses_filters, new_to

        wanted, inputs = self.recipe.generate, {}
        for name in wanted.new_to:
            if Path(name).is_file():
                inputs[name] = sha256(Path(name))

        def build(work: Path) -> dict[str, Any]:
            model = self._opened()
            self.say("Molecules")
            known = new_to(wanted.new_to, model, self.home)
            wish = Wish(
                wanted.scaffold or None, True, known, moses_filters(self.home) if wanted.filters else None
            )
            told = self._told("Molecules")
            drawn = generate(
                wanted.count, wanted.condition, wish, model=model, temperature=wanted.temperature,
                top_p=wanted.top_p, seed=self.recipe.seed, told=lambda done, total: told("drawn", done, total),
            )  # fmt: skip
            (work / "molecules.smi").write_text("".join(f"{one}\n" for one in drawn.smiles), "utf-8")
            write_json(work / "counts.json", {**drawn.table(), "drugs": self._drugs(drawn.smiles)})
            return {"delivered": len(drawn.smiles)}

        return self._stage("generated", inputs, asdict(wanted), build).path

    def _drugs(self, smiles: list[str]) -> dict[str, str] | None:
        from clinweave.applications.molecules import named_drugs

        found = named_drugs(smiles, self.home)
        return None if found is None else {one: f"{match.name} ({match.how})" for one, match in found.items()}

    def _measured(self) -> dict[str, Any]:
        """Return MOSES' measures of strings as drawn, and of what is delivered."""
        count = self.recipe.measures.moses
        if not count:
            return {}
        wanted, delivered = self.recipe.generate, self.delivered()[:count]

        def build(work: Path) -> dict[str, Any]:
            from clinweave.applications.molecules.metrics import measure, open_against

            self.say("MOSES measures")
            against = open_against()
            raw: list[str] = []
            for some in self._opened().write(
                wanted.condition, scaffold=wanted.scaffold or None, temperature=wanted.temperature,
                top_p=wanted.top_p, seed=self.recipe.seed + 1,
            ):  # fmt: skip
                raw += some
                if len(raw) >= count:
                    break
            told = self._told("MOSES measures")
            rows = {"as drawn": measure(raw[:count], against, told=told)}
            rows["delivered"] = measure(delivered, against, told=told)
            write_json(work / "result.json", rows)
            return {}

        parameters = {**asdict(wanted), "moses": count}
        return dict(_read(self._stage("measured", {}, parameters, build).path))

    def _conditions(self) -> list[dict[str, Any]]:
        each = self.recipe.measures.conditions
        if not each:
            return []

        def build(work: Path) -> dict[str, Any]:
            from clinweave.applications.molecules.adherence import adherence

            self.say("Properties asked for")
            write_json(
                work / "result.json", adherence(self._opened(), each, self.recipe.seed, found_too=True)
            )
            return {}

        return list(_read(self._stage("conditions", {}, {"each": each}, build).path))

    def _property(self) -> dict[str, Any]:
        """Return how a property model is judged, and what it says of the delivered molecules."""
        task = self.recipe.property
        if not task.table:
            return {}
        if not Path(task.table).is_file():
            self.left_out["property"] = f"there is no table {Path(task.table).name}"
            return {}
        from clinweave.applications.molecules.prediction import PropertyModel, predict, read_table, train

        self.say(f"Property: {task.target}")
        made = train(
            read_table(Path(task.table)), [task.target], self.out / "property", task.features,
            seed=self.recipe.seed, checkpoint=self.folder,
        )  # fmt: skip
        smiles = self._generated() / "molecules.smi"

        def build(work: Path) -> dict[str, Any]:
            return predict(PropertyModel.open(made.path), read_table(smiles), work / "predicted.csv")

        inputs = {"molecules": sha256(smiles), "property": made.manifest["key"]}
        told = self._stage("predicted", inputs, {}, build)
        with (told.path / "predicted.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        counts = {name: told.manifest[name] for name in ("rows", "answered", "refused", "outside")}
        judged = {name: made.manifest[name] for name in ("rows", "refused", "endpoints")}
        return {"target": task.target, "trained": judged, "counts": counts, "predicted": rows}

    def _searches(self) -> list[dict[str, Any]]:
        from clinweave.applications.molecules.optimization import (
            Search,
            best_so_far,
            open_scorer,
            optimise,
            rows_of,
            summary,
        )

        wanted = self.recipe.optimize
        if not wanted.scorer:
            return []
        learned = wanted.scorer == "property"
        if learned and "property" in self.left_out:
            self.left_out["optimize"] = "there is no model of the property"
            return []
        pool = tuple(self.delivered()[:100])  # all methods begin with the same molecules
        folder = self.out / "searches"
        folder.mkdir(exist_ok=True)
        found = []
        for method in wanted.methods:
            self.say(f"Optimisation: {method}")
            scorer = open_scorer(
                str(self.out / "property") if learned else wanted.scorer, minimise=wanted.minimize
            )
            search = Search(
                scorer, wanted.budget, wanted.start, wanted.keep, method, self.recipe.seed, pool,
                folder / f"{method}-{self._search_key()}.journal", self.folder,
            )  # fmt: skip
            began = time.process_time()
            told = self._told(f"Optimisation: {method}")
            outcome = optimise(search, told=lambda done, total, _best, told=told: told("calls", done, total))  # type: ignore[misc]
            rows = rows_of(outcome, 100, self.home)
            line = best_so_far(outcome.oracle.scores, 10)
            found.append({
                **summary(outcome, rows), "rows": rows, "curve": [None if math.isnan(one) else one for one in line],
                "seconds": time.process_time() - began,
            })  # fmt: skip
        return found

    def _search_key(self) -> str:
        """Return what names a search: a journal of another one would be refused."""
        from clinweave.core.artifacts import digest

        told = asdict(replace(self.recipe.optimize, budget=0, methods=()))
        made = (
            (self.out / "property" / "manifest.json") if self.recipe.optimize.scorer == "property" else None
        )
        return digest(
            [told, self.recipe.seed, self.weights, self.delivered()[:100], made and made.read_text()]
        )

    def delivered(self) -> list[str]:
        """Return the molecules of the run."""
        return (self._generated() / "molecules.smi").read_text("utf-8").split()

    def _told(self, what: str) -> Callable[[str, int, int], None]:
        return lambda part, done, total: self.say(f"{what}: {part}, {done:,} of {total:,}")

    def _plain(self) -> dict[str, Any]:
        """Return the recipe with file names in place of folders."""
        recipe = self.recipe
        model = replace(
            recipe.model, train=Path(recipe.model.train).name, weights=Path(recipe.model.weights).name
        )
        scorer = recipe.optimize.scorer
        return asdict(replace(
            recipe, model=model, property=replace(recipe.property, table=Path(recipe.property.table).name),
            optimize=replace(recipe.optimize, scorer=Path(scorer).name if "/" in scorer else scorer),
            generate=replace(recipe.generate, new_to=tuple(Path(one).name for one in recipe.generate.new_to)),
        ))  # fmt: skip


def _read(folder: Path, name: str = "result.json") -> Any:
    return json.loads((folder / name).read_text("utf-8"))


def _config(folder: Path) -> dict[str, Any]:
    """Return what a model says of itself."""
    from clinweave.applications.molecules import packaged

    told = json.loads((folder / "config.json").read_text("utf-8"))
    kept = {name: told[name] for name in ("shape", "data", "training", "domain") if name in told}
    return {**kept, "packaged": folder == packaged()}


def _same(folder: Path, lesson: dict[str, Any]) -> None:
    """Keep what a folder's model learns from; refuse to go on with another."""
    path = folder.with_suffix(".lesson.json")
    wanted = json.loads(json.dumps(lesson, default=str))
    if path.is_file() and folder.is_dir():
        known = json.loads(path.read_text("utf-8"))
        other = sorted(name for name in wanted if known.get(name) != wanted[name])
        if other:
            raise UserError(
                f"{folder} holds a model trained with other {', '.join(other)}: give another --out, or remove it"
            )
    write_json(path, wanted)
