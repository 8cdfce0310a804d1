"""Protocols: releases opened, arms ranked on the same cases, tables made; each arm's ranks are kept."""

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from clinweave.applications.diagnosis import Case, Diagnoser, genes_release, release_in
from clinweave.core.artifacts import digest
from clinweave.core.errors import UserError
from clinweave.evaluation.diagnosis.ancestors import LIMIT, Grouping
from clinweave.evaluation.diagnosis.arms import ARMS, BASELINE, OWN
from clinweave.evaluation.diagnosis.dated import newer, refuse, stated_day
from clinweave.evaluation.diagnosis.desk import Bar, Desk, no_bar
from clinweave.evaluation.diagnosis.protocols import DROPS, Arm, Ranks, rank_under
from clinweave.evaluation.diagnosis.tables import rows
from clinweave.evaluation.diagnosis.truth import Truth

# of each cached step: raise it when its code gives other results of the same cases
VERSIONS = {"table": 1, "ranks": 1, "pheval": 1}


@dataclass(frozen=True)
class Setting:
    """One protocol: a release, whose rows citing the case's paper are dropped, and which cases are asked.

    `after` keeps cases whose PMID is larger (published later than the release) and makes the protocol dated; `date` is
    its day (ISO; the release's own where empty). A dated protocol refuses every source that is newer, or that states
    no day, unless `allow_future`; any protocol's row is labelled with what is newer than its release.
    """

    title: str
    release: Path
    drop: str = "none"
    after: int = 0
    mondo: Path | None = None
    genes: Path | None = None
    allow_future: bool = False
    date: str = ""
    cases: int = 0  # drawn with the seed; 0: all
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

    def checked(self) -> "Setting":
        """Return the setting, or raise `UserError` where it contradicts itself or reads what is newer than its date."""
        if self.drop not in DROPS:
            raise UserError(f"{self.title}: drop is {self.drop!r}; choose of {', '.join(DROPS)}")
        if self.dated:
            refuse(self.sources(), self.day, self.title, allow=self.allow_future)
        return self

    def sources(self) -> dict[str, str]:
        """Return name -> release of the files that the setting names, as the files state it."""
        from clinweave.databases import DATABASES

        found = release_in(self.release)
        files = {"hp.obo": found.ontology, "phenotype.hpoa": found.annotations}
        told = {name: DATABASES[name].source(files).release for name in ("hpo", "hpoa")}
        if self.mondo:
            told["mondo"] = DATABASES["mondo"].source({"mondo.json": self.mondo}).release
        if self.genes:
            told["genes"] = genes_release(self.genes)
        return told


@dataclass(frozen=True)
class Outcome:
    """Ranks of all arms under one setting, the table's rows, and what was newer than the release."""

    setting: Setting
    ranks: dict[str, Ranks]
    rows: list[dict[str, Any]]
    newer: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Return the title, with a label where something newer was allowed."""
        return self.setting.title + (
            f" [newer than the release: {', '.join(self.newer)}]" if self.newer else ""
        )


def run_protocols(
    cases_path: Path,
    settings: Iterable[Setting],
    cache: Path,
    *,
    arms: Sequence[str] = ARMS,
    resamples: int = 10_000,
    out: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
    bar: Bar = no_bar,
) -> list[Outcome]:
    """Rank all cases under each setting; models are compiled once a release below `cache`, ranks kept below `out`."""
    desk = Desk(cases_path, cache, out or cache / "ranks", resamples=resamples, say=say, bar=bar)
    return [run_protocol(desk, one.checked(), arms) for one in settings]


def run_protocol(desk: Desk, setting: Setting, arms: Sequence[str] = ARMS) -> Outcome:
    """Rank the cases of one setting by each arm, and compare."""
    asked, right = _chosen(desk, setting)
    ranks: dict[str, Ranks] = {}
    told: dict[str, str] = {}
    for name in arms:
        if name == "clinweave" and setting.mondo is None:
            continue
        found = _kept(desk, setting, name)
        ranks[name] = _of_cases(name, found, found["drops"][setting.drop], right)
        told |= {f"{source} of {name}": release for source, release in found["sources"].items()}
        if setting.pheval and name in {"clinweave", "clinweave-release"}:
            write_results(desk, setting, name, asked, right)
    late = newer(told, setting.day)
    if setting.dated and not setting.allow_future:
        refuse(told, setting.day, setting.title)
    labels = sorted({text.split(" of ")[0] + " " + text.split(" ", 3)[-1] for text in late})
    table = desk.keep(
        f"{_slug(setting.title)}-table",
        {name: digest([dict(one.ranks), dict(one.credited)]) for name, one in ranks.items()},
        {"resamples": desk.resamples, "cases": sorted(one.id for one in right)},
        lambda: {"rows": rows(ranks, right, BASELINE, resamples=desk.resamples)},
        VERSIONS["table"],
    )
    return Outcome(setting, ranks, table["rows"], tuple(labels))


def _chosen(desk: Desk, setting: Setting) -> tuple[list[Case], list[Truth]]:
    asked, right = desk.drawn(
        setting.cases, lambda _, truth: not setting.after or truth.year_order > setting.after
    )
    if not asked:
        raise UserError(f"{setting.title}: no case was published after PMID {setting.after}")
    return asked, right


def _of_cases(name: str, found: Mapping[str, Any], told: Mapping[str, Any], right: Sequence[Truth]) -> Ranks:
    ids = [one.id for one in right]
    seconds = told["seconds"] * len(ids) / max(len(told["ranks"]), 1)
    known = frozenset(found["known"]) & set(ids)
    ranks, credited = ({id_: told[key][id_] for id_ in ids} for key in ("ranks", "credited"))
    return Ranks(name, ranks, seconds, known, credited)


def _kept(desk: Desk, setting: Setting, name: str) -> dict[str, Any]:
    """Return one arm's ranks on one release: all drops at once (leave-patient-out apart), for all cases or those drawn.

    Protocols that differ in the drop or in the date alone share them.
    """
    mondo, genes = (setting.mondo, setting.genes) if name == "clinweave" else (None, None)
    inputs = desk.release_inputs(setting.release, mondo, genes)
    if setting.mondo:
        inputs["grouping"] = desk.release_inputs(setting.release, setting.mondo)["mondo.json"]
    after = setting.after if setting.cases else 0
    drops = ("patient",) if setting.drop == "patient" else ("none", "gold", "blind")
    parameters = {"arm": name, "drops": drops, "after": after, "cases": setting.cases, "seed": desk.seed}

    def build() -> dict[str, Any]:
        asked, right = _chosen(desk, replace(setting, after=after))
        arm = desk.arm(name, setting.release, mondo, genes)
        with desk.bar(f"{setting.title[:50]}: {name}", len(asked)) as step:
            found = rank_under(drops, arm, asked, right, step, _accepting(setting, arm))
        return {
            "drops": {
                drop: {"ranks": dict(one.ranks), "credited": dict(one.credited), "seconds": one.seconds}
                for drop, one in found.items()
            },
            "known": sorted(found[drops[0]].known),
            "sources": dict(arm.model.sources),
        }

    place = f"ranks/{name}-{digest([inputs, parameters])}"
    uses = ("reading", "score") if name in OWN else ("reading",)
    return desk.keep(place, inputs, parameters, build, VERSIONS["ranks"], uses=uses)


def _accepting(setting: Setting, arm: Arm) -> Callable[[str], Sequence[str]]:
    if setting.mondo is None:
        return lambda _: ()
    grouping, ids, known = _grouping(setting.mondo), list(arm.model.ids), dict[str, list[str]]()

    def accept(disease: str) -> list[str]:
        if disease not in known:
            known[disease] = grouping.accepted(disease, ids, LIMIT)
        return known[disease]

    return accept


_grouping = lru_cache(1)(Grouping)


def write_results(
    desk: Desk, setting: Setting, name: str, asked: Sequence[Case], right: Sequence[Truth]
) -> None:
    """Write PhEval's disease results of one arm, the first hundred a case, below pheval/ in the run's folder."""
    from clinweave.applications.diagnosis import write_pheval

    mondo, genes = (setting.mondo, setting.genes) if name == "clinweave" else (None, None)
    folder = desk.out / "pheval" / f"{_slug(setting.title)}-{name}"
    inputs = desk.release_inputs(setting.release, mondo, genes)
    parameters = {"drop": setting.drop, "cases": sorted(one.id for one in right)}

    def build() -> dict[str, Any]:
        diagnoser = Diagnoser(desk.arm(name, setting.release, mondo, genes).model)
        with desk.bar(f"PhEval files of {name}", len(asked)) as step:
            for case, truth in zip(asked, right, strict=True):
                papers = (truth.publication,) if truth.publication and setting.drop == "blind" else ()
                write_pheval(diagnoser.diagnose(replace(case, publications=papers), explained=0), folder)
                step(1)
        return {"files": len(asked), "folder": folder.name}

    uses = ("reading", "score", "output")
    desk.keep(f"{folder.name}-pheval"[-90:], inputs, parameters, build, VERSIONS["pheval"], uses=uses)


def _released(folder: Path) -> datetime.date:
    from clinweave.databases import DATABASES

    found = release_in(folder)
    stated = DATABASES["hpoa"].source({"phenotype.hpoa": found.annotations}).release
    day = stated_day(stated)
    if day is None:
        raise UserError(
            f"{found.annotations} states no day ({stated}); give `date`, the day of the protocol, as 2021-10-10"
        )
    return day


def _slug(title: str) -> str:
    import re

    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:80] or "protocol"
