"""What the steps of a study of diagnosis share: cases and their truth, open conditions, and keys of what they read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256 as sha256_of
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from clinweave.applications.diagnosis import VERSIONS, Case, open_model, read_cases, release_in
from clinweave.core.artifacts import sha256
from clinweave.evaluation.diagnosis.conditions import Scored, open_condition
from clinweave.evaluation.diagnosis.ranking import Condition
from clinweave.evaluation.diagnosis.truth import Truth, read_truth
from clinweave.evaluation.runner import Runner, Step, Work

T = TypeVar("T")
VERSION = (
    2  # of what every step uses (conditions, baselines, ranking, truth): raise it when that changes results
)


@dataclass
class StudyContext:
    """One file of cases, and the runner that keeps each finished step."""

    cases_path: Path
    cache: Path  # compiled releases
    runner: Runner
    seed: int = 0
    resamples: int = 10_000
    _sums: dict[Path, str] = field(default_factory=dict)
    _open: dict[tuple[str, Path, Path | None, Path | None], Condition] = field(default_factory=dict)

    @cached_property
    def cases(self) -> list[Case]:
        """Return all cases, in the order of the file."""
        return list(read_cases(self.cases_path))

    @cached_property
    def truths(self) -> list[Truth]:
        """Return what is right for each case, in the same order."""
        return read_truth(self.cases_path)

    @cached_property
    def cases_key(self) -> str:
        """Return a hash of the cases' content."""
        if self.cases_path.is_file():
            return sha256(self.cases_path)
        files = sorted(file for file in self.cases_path.rglob("*") if file.is_file())
        return sha256_of("".join(f"{file.name} {sha256(file)}\n" for file in files).encode()).hexdigest()

    def drawn(
        self, count: int, keep: Callable[[Case, Truth], bool] = lambda _case, _truth: True
    ) -> tuple[list[Case], list[Truth]]:
        """Return `count` cases drawn with the seed among those to keep (0: all of them), in the order of the file."""
        indices = [
            index
            for index, (case, truth) in enumerate(zip(self.cases, self.truths, strict=True))
            if keep(case, truth)
        ]
        if 0 < count < len(indices):
            indices = sorted(Random(self.seed).sample(indices, count))  # noqa: S311 - not for secrets
        return [self.cases[index] for index in indices], [self.truths[index] for index in indices]

    def release_inputs(
        self, folder: Path, mondo: Path | None = None, genes: Path | None = None
    ) -> dict[str, str]:
        """Return the sha256 of a release's files, of Mondo's and of a table of genes."""
        release = release_in(folder)
        files = {"hp.obo": release.ontology, "phenotype.hpoa": release.annotations}
        if mondo:
            files["mondo.json"] = mondo
        if genes:
            files["genes"] = genes
        return {name: self._sum(path) for name, path in files.items()}

    def condition(
        self, name: str, release: Path, mondo: Path | None = None, genes: Path | None = None
    ) -> Condition:
        """Return a condition, kept open as long as no other release is asked for (opening takes some seconds)."""
        key = (name, release, *((mondo, genes) if name == "clinweave" else (None, None)))
        if key not in self._open:
            self._open = {opened: ranker for opened, ranker in self._open.items() if opened[1] == release}
            self.runner.progress.status(f"Opening {name} on {release.name}")
            if name == "clinweave":
                self._open[key] = Scored(name, open_model(release_in(release, mondo, genes), self.cache))
            else:
                self._open[key] = open_condition(name, release, self.cache, self.cases)
        return self._open[key]

    def step(
        self,
        name: str,
        result: type[T],
        build: Callable[[Work], T],
        version: int,
        *,
        inputs: Callable[[], Mapping[str, str]] = dict,
        parameters: Mapping[str, object],
        uses: tuple[str, ...] = ("reading", "score"),
        needs: tuple[Step[Any], ...] = (),
        title: str = "",
    ) -> Step[T]:
        """Return a step that depends on the cases as well.

        `version` is that of the study, raised when its code gives other results. `uses` names the parts of the ranker
        that it depends on (`clinweave.applications.diagnosis.VERSIONS`): other programs and baselines depend on the
        reading of annotations alone, and are not run again when only this project's score changes.
        """
        versions = {part: VERSIONS[part] for part in uses} | {"context": VERSION}
        return Step(
            name,
            result,
            build,
            version=version,
            title=title,
            needs=needs,
            inputs=lambda: {**inputs(), "cases": self.cases_key},
            parameters={**parameters, "versions": versions},
        )

    def _sum(self, path: Path) -> str:
        if path not in self._sums:
            self._sums[path] = sha256(path)
        return self._sums[path]
