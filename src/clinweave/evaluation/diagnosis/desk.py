"""What every study of a recipe shares: the cases and their truth, where results are kept, how progress is told."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256 as digest_of
from pathlib import Path
from random import Random
from typing import Any

from clinweave.applications.diagnosis import VERSIONS, Case, open_model, read_cases, release_in
from clinweave.core.artifacts import sha256, stage, write_json
from clinweave.evaluation.diagnosis.arms import Scored, open_arm
from clinweave.evaluation.diagnosis.protocols import Arm
from clinweave.evaluation.diagnosis.truth import Truth, read_truth

Bar = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
VERSION = (
    1  # of what every study uses (arms, baselines, protocols, truth): raise it when that changes results
)


@contextmanager
def no_bar(_title: str, _total: int) -> Iterator[Callable[[int], None]]:
    """Show no progress."""
    yield lambda _: None


@dataclass
class Desk:
    """One file of cases, and one folder in which each finished piece is kept: a run that was killed goes on there."""

    cases_path: Path
    cache: Path  # compiled releases
    out: Path
    seed: int = 0
    resamples: int = 10_000
    say: Callable[[str], None] = lambda _: None
    bar: Bar = no_bar
    _sums: dict[Path, str] = field(default_factory=dict)
    _arms: dict[tuple[str, Path, Path | None, Path | None], Arm] = field(default_factory=dict)

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
        return digest_of("".join(f"{one.name} {sha256(one)}\n" for one in files).encode()).hexdigest()

    def drawn(
        self, count: int, keep: Callable[[Case, Truth], bool] = lambda _case, _truth: True
    ) -> tuple[list[Case], list[Truth]]:
        """Return `count` cases drawn with the seed among those to keep (0: all of them), in the order of the file."""
        places = [
            at
            for at, (case, truth) in enumerate(zip(self.cases, self.truths, strict=True))
            if keep(case, truth)
        ]
        if 0 < count < len(places):
            places = sorted(Random(self.seed).sample(places, count))  # noqa: S311 - not for secrets
        return [self.cases[at] for at in places], [self.truths[at] for at in places]

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

    def arm(self, name: str, release: Path, mondo: Path | None = None, genes: Path | None = None) -> Arm:
        """Return an arm, kept open as long as no other release is asked for (opening takes some seconds)."""
        key = (name, release, *((mondo, genes) if name == "clinweave" else (None, None)))
        if key not in self._arms:
            self._arms = {known: arm for known, arm in self._arms.items() if known[1] == release}
            self.say(f"Opening {name} on {release.name}")
            if name == "clinweave":
                found = release_in(release, mondo, genes)
                self._arms[key] = Scored(name, open_model(found, self.cache))
            else:
                self._arms[key] = open_arm(name, release, self.cache, self.cases)
        return self._arms[key]

    def keep(
        self,
        name: str,
        inputs: Mapping[str, str],
        parameters: Mapping[str, Any],
        build: Callable[[], dict[str, Any]],
        version: int,
        *,
        uses: Sequence[str] = ("reading", "score"),
    ) -> dict[str, Any]:
        """Return the result `name`, built unless the same cases, files, parameters and versions gave it before.

        `version` is that of the study, raised when its code gives other results. `uses` names the parts of the ranker
        that it depends on (`clinweave.applications.diagnosis.VERSIONS`): other programs and baselines depend on the
        reading of annotations alone, and are not run again when only this project's score changes.
        """

        def write(folder: Path) -> Mapping[str, Any]:
            write_json(folder / "result.json", build())
            return {}

        versions = {part: VERSIONS[part] for part in uses} | {"studies": VERSION}
        known = {**inputs, "cases": self.cases_key}
        settings = {**parameters, "versions": versions}
        folder = self.out / "stages" / name
        done = stage(folder, "diagnosis study", known, settings, write, version=version)
        return dict(json.loads((done.path / "result.json").read_text("utf-8")))

    def _sum(self, path: Path) -> str:
        if path not in self._sums:
            self._sums[path] = sha256(path)
        return self._sums[path]
