"""A recipe from end to end: fetch, graph and index, questions, compare, report. Every stage resumes."""

import json
import os
import platform
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from clinweave import __version__
from clinweave.core import statistics
from clinweave.core.access_policy import check_egress, host_of_model, strictest
from clinweave.core.artifacts import digest, read_manifest, stage, write_json, write_text
from clinweave.evaluation import results
from clinweave.evaluation.arms import EvidenceProvider
from clinweave.evaluation.asked import answers
from clinweave.evaluation.cache import Cache
from clinweave.evaluation.prompts import template_hash
from clinweave.evaluation.recipe import Recipe, to_toml
from clinweave.evaluation.retrieval import retrieval
from clinweave.evaluation.samples import Sample, Scorer, prepare, score_all, to_row
from clinweave.evaluation.tasks import Task, make_task, missing
from clinweave.evaluation.worlds import Worlds
from clinweave.models import (
    CHOICE_VERSION,
    Capability,
    LanguageModel,
    content_digest,
    identity_of,
    open_model,
)

VERSION = 2  # raise it when the same recipe gives other samples
Bar = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
PACKAGES = ("numpy", "scipy", "pyarrow", "tantivy", "xllamacpp", "gguf")


@contextmanager
def no_bar(_title: str, _total: int) -> Iterator[Callable[[int], None]]:
    """Show no progress."""
    yield lambda _: None


@dataclass
class Run:
    """Where a run writes, and how it tells what it does."""

    recipe: Recipe
    out: Path
    home: Path
    say: Callable[[str], None] = lambda _: None
    bar: Bar = no_bar
    _identity: str = ""

    def compare(self) -> dict[str, Any]:
        """Run the recipe and return what results.json holds. Files: recipe.toml, results.json, samples.jsonl."""
        self.out.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_text(self.out / "recipe.toml", to_toml(self.recipe))
        worlds = Worlds(self.home, self.recipe.knowledge.databases, self.say, self.recipe.knowledge.graph)
        skipped, tasks = [], []
        for number, settings in enumerate(self.recipe.tasks, 1):
            reason = missing(settings)
            if reason:
                self.say(f"Left out: {settings.type}, {reason}")
                skipped.append({"task": settings.type, "reason": _without_folders(reason)})
                continue
            self.say(f"Questions: {settings.type}")
            folder = self.out / "questions" / f"{number}-{settings.type}"
            tasks.append((number, make_task(settings, worlds, folder, self.recipe.seed)))
        scored = self._score(tasks)
        found = self._results([task for _, task in tasks], scored, skipped)
        write_json(self.out / "results.json", found)
        return found

    def _score(self, tasks: list[tuple[int, Task]]) -> "list[Scored]":
        scored = []
        with _Lazily(self.recipe, self.home) as model:
            for number, task in tasks:
                folder = self.out / "scored" / f"{number}-{task.settings.type}"
                scored.append(self._score_task(task, model, folder))
        rows = [to_row(row) for one in scored for row in one.samples]
        _write_lines(self.out / "samples.jsonl", rows)
        return scored

    def _score_task(self, task: Task, model: "_Lazily", folder: Path) -> "Scored":
        recipe = self.recipe
        self._check_egress(task)  # before a server is asked anything, its identity included
        settings = asdict(recipe.model)
        for name in ("concurrency", "allow_remote", "reuse_unidentified"):  # they change no answer
            settings.pop(name)
        budget = task.settings.budget or recipe.knowledge.budget
        parameters = {
            "model": settings,
            "weights": self._weights(model),
            "choosing": CHOICE_VERSION,
            "budget": budget,
            "arms": recipe.arms,
            "prompt": template_hash(),
            "dump_prompts": recipe.dump_prompts,
            "packages": packages(),
        }

        def build(out: Path) -> Mapping[str, Any]:
            return self._ask(task, model.open(), budget, out)

        known = {**task.world.inputs, "questions": task.key}
        if (read_manifest(folder) or {}).get("errors"):  # the model failed on some items: ask again
            shutil.rmtree(folder)
        done = stage(folder, "scored", known, parameters, build, version=VERSION)
        rows = [json.loads(line) for line in (done.path / "scored.jsonl").read_text("utf-8").splitlines()]
        return Scored([_sample(row) for row in rows], done.manifest)

    def _check_egress(self, task: Task) -> None:
        """Raise `AccessError` where the knowledge of a task may not be sent to the model's host."""
        settings = self.recipe.model
        host = settings.address if is_address(settings.address) else ""
        check_egress(task.world.tier, host, settings.allow_remote, what=f"knowledge for {task.settings.type}")

    def _weights(self, model: "_Lazily") -> str:
        """Return what identifies the weights of this run; another value in each run where nothing does."""
        settings = self.recipe.model
        if not self._identity:
            if is_address(settings.address):
                opened = model.open()
                self._identity = identity_of(opened, probe=settings.reuse_unidentified) or secrets.token_hex(
                    16
                )
            else:
                self._identity = weights_key(settings.address)
        return self._identity

    def _ask(self, task: Task, model: LanguageModel, budget: int, out: Path) -> dict[str, Any]:
        recipe, settings = self.recipe, self.recipe.model
        tier = task.world.tier
        check_egress(
            tier, host_of_model(model), settings.allow_remote, what=f"knowledge for {task.settings.type}"
        )
        provider = EvidenceProvider(task.world.context_builder, counter(model), budget)
        with self.bar(f"Evidence for {task.settings.type}", len(task.questions)) as tick:
            jobs = list(prepare(task.questions, recipe.arms, provider, tick))
            found = retrieval(task.questions, task.world.context_builder)
        if recipe.dump_prompts:
            _write_lines(
                out / "prompts.jsonl",
                [
                    {"task": j.sample.task, "id": j.sample.id, "arm": j.sample.arm, "messages": j.prompt}
                    for j in jobs
                ],
            )
        scorer = Scorer(
            model,
            Cache(self.out / "cache.jsonl"),
            method=settings.method,
            max_tokens_total=settings.max_tokens_total or None,
            reuse_unidentified=settings.reuse_unidentified,
        )
        with self.bar(f"Scoring {task.settings.type}", len(jobs)) as tick:
            samples = score_all(jobs, scorer, tick, concurrency=settings.concurrency)
        _write_lines(out / "scored.jsonl", [asdict(sample) for sample in samples])
        return {
            "count": len(samples),
            "errors": sum(sample.unscored == "error" for sample in samples),
            "retrieval": found,
            "tier": tier.value,
            "model": {**scorer.describe, "name": model.name, "local": model.local, "method": scorer.method},
        }

    def _results(
        self, tasks: list[Task], scored: "list[Scored]", skipped: list[dict[str, str]]
    ) -> dict[str, Any]:
        samples = [row for one in scored for row in one.samples]
        retrieved = {name: found for one in scored for name, found in one.manifest["retrieval"].items()}
        sources = {}
        for task in tasks:
            for source in (read_manifest(task.world.graph_path) or {}).get("sources", {}).values():
                sources[f"{source['id']} {source['release']}"] = source
        return {
            "clinweave": __version__,
            "recipe": _plain_recipe(self.recipe),
            "model": scored[0].manifest["model"] if scored else {},
            "packages": packages(),
            "prompt_template": template_hash(),
            "seeds": {"questions": self.recipe.seed, "bootstrap": statistics.SEED},
            "inputs": [
                {
                    "type": task.settings.type,
                    "questions": task.key,
                    **task.world.inputs,
                    "files": task.inputs,
                    "rows_left_out": sum(
                        (read_manifest(task.world.graph_path) or {}).get("dropped", {}).values()
                    ),
                }
                for task in tasks
            ],
            "sources": [sources[key] for key in sorted(sources)],
            "tier": strictest(task.world.tier for task in tasks).value,
            "skipped": skipped,
            "answers": answers(self.recipe.ask, self.home),
            "retrieval": retrieved,
            **results.summarise(samples, resamples=self.recipe.resamples),
            "timings": {
                "tasks": results.timings(samples),
                "cores": os.cpu_count(),
                "python": platform.python_version(),
            },
        }


@dataclass
class Scored:
    """The samples of one task and the manifest of their folder."""

    samples: list[Sample]
    manifest: dict[str, Any]


class _Lazily:
    """Opens the model only when something is not scored yet, and closes it at the end."""

    def __init__(self, recipe: Recipe, home: Path) -> None:
        self._settings, self._home = recipe.model, home
        self._model: LanguageModel | None = None

    def open(self) -> LanguageModel:
        if self._model is None:
            self._model = open_model(self._settings.address, home=self._home, **self._settings.options)
        return self._model

    def __enter__(self) -> "_Lazily":
        return self

    def __exit__(self, *_: object) -> None:
        if self._model is not None:
            self._model.close()


def is_name(address: str) -> bool:
    """Return whether an address is the name of fetched weights, and not a path or URL."""
    return ":" not in address and "/" not in address and not Path(address).exists()


def weight_resources(address: str) -> list[str]:
    """Return the catalogue ids of a named model's weights."""
    from clinweave.resources import catalogue

    return [name for name in catalogue() if is_name(address) and name.startswith(address)]


def weights_key(address: str) -> str:
    """Return what identifies the content of weights without opening them; an address on a network is only its name."""
    from clinweave.resources import hashes

    for name in weight_resources(address):
        return digest(hashes(name))
    path = Path(address.removeprefix("scripted:")).expanduser()
    return content_digest(path) if path.exists() else address


def is_address(address: str) -> bool:
    """Say whether a model is behind an address on a network."""
    return address.startswith(("http://", "https://"))


def counter(model: LanguageModel) -> Callable[[str], int]:
    """Return how the tokens of a text are counted; four letters a token where the model does not say."""
    if Capability.TOKENISE in model.capabilities:
        return lambda text: len(model.tokenise(text))
    return lambda text: (len(text) + 3) // 4


def packages() -> dict[str, str]:
    """Return the versions of the packages that a number may depend on."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def _sample(row: dict[str, Any]) -> Sample:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in row.items()
    }
    return Sample(**values)


def _write_lines(path: Path, rows: list[dict[str, Any]]) -> None:
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def _plain_recipe(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe with file names in place of this machine's folders."""
    values = asdict(recipe)
    for task in values["tasks"]:
        for key in ("path", "older", "newer", "corpus"):
            task[key] = Path(task[key]).name if task[key] else ""
    values["knowledge"]["graph"] = Path(values["knowledge"]["graph"]).name
    values["model"].pop("concurrency")
    return values


def _without_folders(reason: str) -> str:
    return " ".join(Path(word).name if "/" in word else word for word in reason.split())
