"""The diagnosis study: protocols and studies on the cases of a recipe."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic, process_time
from typing import Any

from clinweave import __version__
from clinweave.applications.diagnosis import fetched_genes, fetched_mondo
from clinweave.core.artifacts import write_text
from clinweave.core.errors import UserError
from clinweave.core.reports.blocks import Report
from clinweave.evaluation.diagnosis import ancestors
from clinweave.evaluation.diagnosis.ancestors import LIMIT, Grouping
from clinweave.evaluation.diagnosis.context import StudyContext
from clinweave.evaluation.diagnosis.protocol import Protocol, Setting
from clinweave.evaluation.diagnosis.results import DiagnosisResults, MondoCredit, Peers, StudySetting
from clinweave.evaluation.diagnosis.settings import FETCHED, NONE, DiagnosisRecipe, TaskSettings
from clinweave.evaluation.diagnosis.studies import StudyTask
from clinweave.evaluation.runner import Runner, Step, Work

_FIELDS = {
    "genes": "genes",
    "robustness": "robustness",
    "free-text": "free_text",
}
PeerComparison = Callable[[StudyContext], Peers]


class DiagnosisStudy:
    """Ranks the cases of a recipe under its protocols, and runs its studies on them."""

    def __init__(self, recipe: DiagnosisRecipe, runner: Runner, peers: PeerComparison | None = None) -> None:
        self.recipe, self.runner, self.peers = recipe, runner, peers
        self.began = monotonic(), process_time()
        self.context = StudyContext(
            Path(recipe.cases), runner.home / "diagnosis", runner, recipe.seed, recipe.resamples
        )
        self.settings = [self._setting(task).checked() for task in recipe.tasks]
        self.protocols: list[Protocol] = []
        self.studies: dict[str, tuple[Setting, Step[Any]]] = {}
        for task, setting in zip(recipe.tasks, self.settings, strict=True):
            if task.type == "ranks":
                self.protocols.append(Protocol(self.context, setting))
            else:
                study = StudyTask(self.context, setting, runner.home)
                self.studies[task.type] = setting, study.step(task.type)
        self.credit = self._credit_step()

    def steps(self) -> Iterable[Step[Any]]:
        """Return the steps of the protocols, then of the studies."""
        for protocol in self.protocols:
            yield from protocol.steps()
        yield from (step for _, step in self.studies.values())
        if self.credit is not None:
            yield self.credit

    def resources(self) -> list[str]:
        """Nothing is fetched for this study."""
        return []

    def databases(self) -> tuple[str, ...]:
        """No database is fetched: recipes name releases."""
        return ()

    def close(self) -> None:
        """Nothing stays open."""

    def results(self, runner: Runner) -> DiagnosisResults:
        """Return the tables of protocols and studies; write ranks.jsonl."""
        self._write_ranks(runner)
        wall, cpu = self.began
        result = {_FIELDS[type_]: runner.result(step) for type_, (_, step) in self.studies.items()}
        return DiagnosisResults(
            clinweave=__version__,
            title=self.recipe.heading,
            protocols=tuple(runner.result(protocol.table) for protocol in self.protocols),
            mondo_credit=None if self.credit is None else runner.result(self.credit),
            peers=self.peers(self.context) if self.peers else None,
            settings={
                _FIELDS[type_]: StudySetting(setting.title, setting.leave_out)
                for type_, (setting, _) in self.studies.items()
            },
            seconds={"wall": monotonic() - wall, "cpu": process_time() - cpu},
            **result,
        )

    def report(self, results: DiagnosisResults, runner: Runner) -> Report:  # noqa: ARG002
        """Return the report."""
        from clinweave.evaluation.diagnosis.report import diagnosis_report

        return diagnosis_report(results)

    def _setting(self, task: TaskSettings) -> Setting:
        """Return a task's setting with the files that it names, its own or the recipe's."""
        recipe = self.recipe
        title = task.title or task.type
        release = Path(task.release or recipe.release)
        mondo = self._file(task.mondo or recipe.mondo, fetched_mondo, title, "Mondo file", "mondo")
        genes = self._file(task.genes or recipe.genes, fetched_genes, title, "table of genes", "hpo")
        return Setting(
            task.title or release.name,
            release,
            task.leave_out,
            task.after,
            mondo,
            genes,
            allow_future=task.allow_future,
            date=task.date,
            count=task.count,
            pheval=task.pheval,
        )

    def _file(
        self, text: str, fetched: Callable[[Path], Path | None], title: str, what: str, resource: str
    ) -> Path | None:
        """Return a file that a recipe names, the fetched one, or None."""
        if text in {"", NONE}:
            return None
        path = fetched(self.runner.home) if text == FETCHED else Path(text)
        if path is None or not path.is_file():
            where = f"no {what} is fetched" if path is None else f"there is no {what} {path}"
            raise UserError(f"{title}: {where}; run `clinweave fetch {resource}`, or leave the key out")
        return path

    def _credit_step(self) -> Step[MondoCredit] | None:
        """Return the step that measures what credit for Mondo classes is worth by itself."""
        context = self.context
        setting = next((item for item in self.settings if item.mondo), None)
        if setting is None or setting.mondo is None:
            return None
        mondo = setting.mondo

        def build(_: Work) -> MondoCredit:
            grouping = Grouping(mondo)
            limited, unlimited = (grouping.trivial(context.truths, limit) for limit in (LIMIT, None))
            return MondoCredit(LIMIT, tuple(limited), tuple(unlimited))

        return context.step(
            "mondo-credit",
            MondoCredit,
            build,
            ancestors.VERSION,
            inputs=lambda: {"mondo": context.release_inputs(setting.release, mondo)["mondo.json"]},
            parameters={"limit": LIMIT},
            title="Mondo credit",
        )

    def _write_ranks(self, runner: Runner) -> None:
        lines = []
        for protocol in self.protocols:
            for name in protocol.ranks:
                ranks = protocol.of_condition(name, runner)
                for case, rank in ranks.ranks.items():
                    line = {"protocol": protocol.setting.title, "condition": name, "case": case, "rank": rank}
                    lines.append(json.dumps(line) + "\n")
        write_text(runner.out / "ranks.jsonl", "".join(lines))


STUDY = DiagnosisStudy
