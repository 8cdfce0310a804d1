"""Protocols: conditions ranked on the same cases of a release, and their tables; the ranks are cached."""

import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from clinweave.applications.diagnosis import Case, Diagnoser, genes_release, release_in
from clinweave.core.artifacts import digest
from clinweave.core.errors import UserError
from clinweave.evaluation.diagnosis.ancestors import LIMIT, Grouping
from clinweave.evaluation.diagnosis.conditions import BASELINE, CONDITIONS, OWN
from clinweave.evaluation.diagnosis.context import StudyContext
from clinweave.evaluation.diagnosis.ranking import LEAVE_OUT, Condition, Ranks, rank_under
from clinweave.evaluation.diagnosis.results import ProtocolResult
from clinweave.evaluation.diagnosis.tables import rows
from clinweave.evaluation.diagnosis.temporal_split import newer, refuse, stated_day
from clinweave.evaluation.diagnosis.truth import Truth
from clinweave.evaluation.runner import Runner, Step, Work

# of each step: raise it when its code gives other results of the same cases
VERSIONS = {"table": 2, "ranks": 2, "pheval": 2}


@dataclass(frozen=True)
class Setting:
    """One protocol: a release, which annotations that cite the case's paper are left out, and which cases are asked.

    `after` keeps cases whose PMID is larger (published later than the release) and makes the protocol dated; `date` is
    its day (ISO; the release's own where empty). A dated protocol refuses every source that is newer, or that states
    no day, unless `allow_future`; any protocol's row is labelled with what is newer than its release.
    """

    title: str
    release: Path
    leave_out: str = "none"
    after: int = 0
    mondo: Path | None = None
    genes: Path | None = None
    allow_future: bool = False
    date: str = ""
    count: int = 0  # cases, drawn with the seed; 0: all
    pheval: bool = False

    @property
    def day(self) -> datetime.date:
        """Return the day of the protocol: as given, else that of the release's annotations."""
        if not self.date:
            return _released(self.release)
        day = stated_day(self.date)
        if day is None:
            raise UserError(f"{self.title}: date is {self.date!r}; give a day as 2021-10-10")
        return day

    @property
    def dated(self) -> bool:
        """Return whether the protocol is dated."""
        return bool(self.after or self.date)

    @property
    def mapped(self) -> tuple[Path | None, Path | None]:
        """Return Mondo and the table of genes, which "clinweave" alone uses."""
        return self.mondo, self.genes

    def checked(self) -> "Setting":
        """Return the setting, or raise `UserError` where it contradicts itself or reads what is newer than its date."""
        if self.leave_out not in LEAVE_OUT:
            raise UserError(
                f"{self.title}: leave_out is {self.leave_out!r}; choose from {', '.join(LEAVE_OUT)}"
            )
        if self.dated:
            refuse(self.sources(), self.day, self.title, allow=self.allow_future)
        return self

    def sources(self) -> dict[str, str]:
        """Return name -> release of the files that the setting names, as the files state it."""
        from clinweave.databases import DATABASES

        result = release_in(self.release)
        files = {"hp.obo": result.ontology, "phenotype.hpoa": result.annotations}
        releases = {name: DATABASES[name].source(files).release for name in ("hpo", "hpoa")}
        if self.mondo:
            releases["mondo"] = DATABASES["mondo"].source({"mondo.json": self.mondo}).release
        if self.genes:
            releases["genes"] = genes_release(self.genes)
        return releases


@dataclass(frozen=True)
class ProtocolRanks:
    """Ranks of one condition under one protocol, by case id."""

    ranks: dict[str, float]
    credited: dict[str, float]
    seconds: float


@dataclass(frozen=True)
class ReleaseRanks:
    """Ranks of one condition on one release, by what is left out, and the releases that it was compiled from."""

    protocols: dict[str, ProtocolRanks]
    known: tuple[str, ...]
    sources: dict[str, str]


@dataclass(frozen=True)
class PhevalFiles:
    """How many result files were written, and the name of their folder."""

    files: int
    folder: str


class Protocol:
    """One protocol of a study: a step of ranks for each condition, then the table."""

    def __init__(
        self, context: StudyContext, setting: Setting, conditions: Sequence[str] = CONDITIONS
    ) -> None:
        self.context, self.setting = context, setting
        used = [name for name in conditions if name != "clinweave" or setting.mondo is not None]
        self.ranks = {name: self._ranks_step(name) for name in used}
        files = [str(setting.release), str(setting.mondo), str(setting.genes)]
        parameters = {
            "setting": _parameters(setting), "resamples": context.resamples, "seed": context.seed, "conditions": used,
        }  # fmt: skip
        self.table = context.step(
            f"tables/{slug(setting.title)}-{digest([parameters, files])[:8]}",
            ProtocolResult,
            self._table,
            VERSIONS["table"],
            parameters=parameters,
            needs=tuple(self.ranks.values()),
            title=setting.title,
        )

    def steps(self) -> Iterator[Step[Any]]:
        """Yield ranks, files for PhEval where the setting asks for them, and the table."""
        yield from self.ranks.values()
        if self.setting.pheval:
            yield from (self._pheval_step(name) for name in self.ranks if name in OWN)
        yield self.table

    def of_condition(self, name: str, runner: Runner) -> Ranks:
        """Return the ranks of one condition on the cases of this protocol."""
        _, truths = drawn(self.context, self.setting)
        result = runner.result(self.ranks[name])
        ids = [truth.id for truth in truths]
        own = result.protocols[self.setting.leave_out]
        seconds = own.seconds * len(ids) / max(len(own.ranks), 1)
        ranks, credited = ({id_: by_id[id_] for id_ in ids} for by_id in (own.ranks, own.credited))
        return Ranks(name, ranks, seconds, frozenset(result.known) & set(ids), credited)

    def _ranks_step(self, name: str) -> Step[ReleaseRanks]:
        """Return the step of one condition on one release: all ways of leaving papers out at once (a patient apart).

        Protocols that differ in these or in the date alone share it.
        """
        context, setting = self.context, self.setting
        mondo, genes = setting.mapped if name == "clinweave" else (None, None)
        after = setting.after if setting.count else 0
        protocols = ("patient",) if setting.leave_out == "patient" else LEAVE_OUT[:3]

        def inputs() -> dict[str, str]:
            hashes = context.release_inputs(setting.release, mondo, genes)
            if setting.mondo:
                hashes["grouping"] = context.release_inputs(setting.release, setting.mondo)["mondo.json"]
            return hashes

        parameters = {
            "condition": name, "protocols": protocols, "after": after, "count": setting.count, "seed": context.seed,
        }  # fmt: skip

        def build(work: Work) -> ReleaseRanks:
            cases, truths = drawn(context, replace(setting, after=after))
            condition = context.condition(name, setting.release, mondo, genes)
            with work.progress.bar(f"{setting.title[:50]}: {name}", len(cases)) as step:
                result = rank_under(protocols, condition, cases, truths, step, _accepting(setting, condition))
            return ReleaseRanks(
                protocols={
                    condition: ProtocolRanks(dict(ranks.ranks), dict(ranks.credited), ranks.seconds)
                    for condition, ranks in result.items()
                },
                known=tuple(sorted(result[protocols[0]].known)),
                sources=dict(condition.model.sources),
            )

        files = (str(setting.release), str(setting.mondo), str(mondo), str(genes))
        step_name = f"ranks/{name}-{digest([files, parameters])}"
        uses = ("reading", "score") if name in OWN else ("reading",)
        return context.step(
            step_name,
            ReleaseRanks,
            build,
            VERSIONS["ranks"],
            inputs=inputs,
            parameters=parameters,
            uses=uses,
            title=f"Ranks of {name} on {setting.release.name}",
        )

    def _table(self, work: Work) -> ProtocolResult:
        """Return the table. Raises `UserError` where a dated protocol was compiled from something newer."""
        setting = self.setting
        _, truths = drawn(self.context, setting)
        ranks = {name: self.of_condition(name, work.runner) for name in self.ranks}
        sources = {
            f"{source} of {name}": release
            for name, step in self.ranks.items()
            for source, release in work.result(step).sources.items()
        }
        late = newer(sources, setting.day)
        if setting.dated and not setting.allow_future:
            refuse(sources, setting.day, setting.title)
        labels = sorted({text.split(" of ")[0] + " " + text.split(" ", 3)[-1] for text in late})
        title = setting.title + (f" [newer than the release: {', '.join(labels)}]" if labels else "")
        return ProtocolResult(
            title=title,
            leave_out=setting.leave_out,
            dated=setting.dated,
            newer=tuple(labels),
            rows=rows(ranks, truths, BASELINE, resamples=self.context.resamples),
            milliseconds={name: 1000 * own.seconds / max(len(own.ranks), 1) for name, own in ranks.items()},
        )

    def _pheval_step(self, name: str) -> Step[PhevalFiles]:
        """Return the step that writes PhEval's results of a condition, the first hundred a case, below pheval/."""
        context, setting = self.context, self.setting
        mondo, genes = setting.mapped if name == "clinweave" else (None, None)
        folder = context.runner.out / "pheval" / f"{slug(setting.title)}-{name}"

        def build(work: Work) -> PhevalFiles:
            from clinweave.applications.diagnosis import write_pheval

            cases, truths = drawn(context, setting)
            diagnoser = Diagnoser(context.condition(name, setting.release, mondo, genes).model)
            with work.progress.bar(f"PhEval files of {name}", len(cases)) as step:
                for case, truth in zip(cases, truths, strict=True):
                    leave_out = truth.publication and setting.leave_out == "paper_from_every_disease"
                    papers = (truth.publication,) if leave_out else ()
                    write_pheval(diagnoser.diagnose(replace(case, publications=papers), explained=0), folder)
                    step(1)
            return PhevalFiles(len(cases), folder.name)

        return context.step(
            f"pheval/{folder.name}"[-90:],
            PhevalFiles,
            build,
            VERSIONS["pheval"],
            inputs=lambda: context.release_inputs(setting.release, mondo, genes),
            parameters={"setting": _parameters(setting), "seed": context.seed},
            uses=("reading", "score", "output"),
            title=f"PhEval files of {name}",
        )


def run_protocols(  # noqa: PLR0917 - cases, protocols and where things are kept
    cases_path: Path,
    settings: Iterable[Setting],
    cache: Path,
    conditions: Sequence[str] = CONDITIONS,
    resamples: int = 10_000,
    runner: Runner | None = None,
) -> list[tuple[ProtocolResult, dict[str, Ranks]]]:
    """Return the table and the ranks of each setting; releases are compiled below `cache`."""
    runner = runner or Runner(cache / "ranks", cache)
    context = StudyContext(cases_path, cache, runner, resamples=resamples)
    protocols = [Protocol(context, setting.checked(), conditions) for setting in settings]
    return [
        (
            runner.result(protocol.table),
            {name: protocol.of_condition(name, runner) for name in protocol.ranks},
        )
        for protocol in protocols
    ]


def drawn(context: StudyContext, setting: Setting) -> tuple[list[Case], list[Truth]]:
    """Return the cases of a protocol and their truth."""
    cases, truths = context.drawn(
        setting.count, lambda _, truth: not setting.after or truth.year_order > setting.after
    )
    if not cases:
        raise UserError(f"{setting.title}: no case was published after PMID {setting.after}")
    return cases, truths


def _parameters(setting: Setting) -> Mapping[str, object]:
    keys = ("title", "leave_out", "after", "allow_future", "date", "count")
    return {key: getattr(setting, key) for key in keys}


def _accepting(setting: Setting, condition: Condition) -> Callable[[str], Sequence[str]]:
    if setting.mondo is None:
        return lambda _: ()
    grouping, ids, accepted = _grouping(setting.mondo), list(condition.model.ids), dict[str, list[str]]()

    def accept(disease: str) -> list[str]:
        if disease not in accepted:
            accepted[disease] = grouping.accepted(disease, ids, LIMIT)
        return accepted[disease]

    return accept


_grouping = lru_cache(1)(Grouping)


def _released(folder: Path) -> datetime.date:
    from clinweave.databases import DATABASES

    annotations = release_in(folder).annotations
    stated = DATABASES["hpoa"].source({"phenotype.hpoa": annotations}).release
    day = stated_day(stated)
    if day is None:
        raise UserError(
            f"{annotations} states no day ({stated}); give `date`, the day of the protocol, as 2021-10-10"
        )
    return day


def slug(title: str) -> str:
    """Return a title as the name of a folder."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:80] or "protocol"
