"""Every protocol of one recipe: releases opened, arms ranked on the same cases, tables written."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinweave.applications.diagnosis import (
    Case,
    Model,
    Ranker,
    Release,
    Settings,
    open_model,
    read_cases,
    release_in,
)
from clinweave.artifacts import write_json
from clinweave.errors import UserError
from clinweave.evaluation.diagnosis.baselines import Lirical, Lrz
from clinweave.evaluation.diagnosis.protocols import DROPS, Arm, Ranks, rank_cases
from clinweave.evaluation.diagnosis.tables import markdown, rows
from clinweave.evaluation.diagnosis.truth import read_truth

BASELINE = "lrz"
ARMS = ("lrz", "lirical-lr", "clinweave-release", "clinweave")
PUBLISHED = (  # Reese et al. 2026, doi:10.1038/s41431-026-02054-5; counts of the pheval.llm repository
    ("Exomiser, phenotypes only", "35.5/46.3/58.5"),
    ("o1-preview", "23.6/31.2/36.8"),
    ("GPT-4o", "20.8/29.4/35.5"),
)
NOTE = (
    "Different protocol: 5,213 cases of another curation, a grouping class of Mondo above the true disease counts as "
    "right, and which annotations Exomiser used (own papers included or not) is not stated."
)


@dataclass(frozen=True)
class Setting:
    """One protocol: a release, whose rows citing the case's paper are dropped, and which cases are asked.

    `after` keeps cases whose PMID is larger (published later than the release); `mondo` is newer than both releases at
    hand, so a dated protocol refuses it unless `allow_future`, and its rows are labelled.
    """

    title: str
    release: Path
    drop: str = "none"
    after: int = 0
    mondo: Path | None = None
    allow_future: bool = False

    def checked(self) -> "Setting":
        """Return the setting, or raise `UserError` where it contradicts itself."""
        if self.drop not in DROPS:
            raise UserError(f"{self.title}: drop is {self.drop!r}; choose of {', '.join(DROPS)}")
        if self.after and self.mondo and not self.allow_future:
            raise UserError(
                f"{self.title}: {self.mondo.name} is newer than the release of a dated protocol; leave it out, or set "
                "allow_future, which labels the row"
            )
        return self


@dataclass(frozen=True)
class Outcome:
    """Ranks of all arms under one setting, and the table's rows."""

    setting: Setting
    ranks: dict[str, Ranks]
    rows: list[dict[str, Any]]


class Scored:
    """clinweave's own score as an arm."""

    def __init__(self, name: str, model: Model) -> None:
        self.name, self.model = name, model
        self.ranker = Ranker(model)

    def scores(
        self, observed: Sequence[int], excluded: Sequence[int], dropped: tuple[str, ...] = (), sex: str = ""
    ) -> Any:
        """Return one score a candidate."""
        return self.ranker.scores(observed, excluded, dropped, sex)


def run_protocols(
    cases_path: Path,
    settings: Iterable[Setting],
    cache: Path,
    *,
    arms: Sequence[str] = ARMS,
    resamples: int = 10_000,
    say: Callable[[str], None] = lambda _: None,
) -> list[Outcome]:
    """Rank all cases under each setting; models are compiled once a release below `cache`."""
    truths = read_truth(cases_path)
    cases = list(read_cases(cases_path))
    found = []
    for setting in (one.checked() for one in settings):
        chosen = [
            place for place, one in enumerate(truths) if one.year_order > setting.after or not setting.after
        ]
        asked, right = [cases[place] for place in chosen], [truths[place] for place in chosen]
        ranks = {}
        for name in arms:
            if name == "clinweave" and setting.mondo is None:
                continue
            say(f"{setting.title}: {name}")
            arm = _arm(name, setting, cache, cases)
            ranks[name] = rank_cases(arm, asked, right, setting.drop)
        found.append(Outcome(setting, ranks, rows(ranks, right, BASELINE, resamples=resamples)))
    return found


def _arm(name: str, setting: Setting, cache: Path, cases: Sequence[Case]) -> Arm:
    """Return an arm; "clinweave" has Mondo's kin, "clinweave-release" what the release's own names tell."""
    release = release_in(setting.release)
    if name == "lrz":
        model = open_model(release, cache, Settings(prior=0.5), kin=False)
        index = model.ontology.index
        terms = {index[id_] for case in cases for id_ in case.observed if id_ in index}
        return Lrz(model, sorted(terms))
    if name == "lirical-lr":
        return Lirical(open_model(release, cache, Settings(prior=1.0, strength=1e-6), kin=False))
    mondo = setting.mondo if name == "clinweave" else None
    return Scored(name, open_model(Release(release.ontology, release.annotations, mondo), cache))


def write_outcomes(found: Sequence[Outcome], out: Path) -> str:
    """Write results.json, ranks.jsonl and report.md below `out`; return the report."""
    import json

    out.mkdir(parents=True, exist_ok=True)
    text = "\n".join(
        markdown(
            one.setting.title + (" [mapping newer than the release]" if one.setting.mondo else ""),
            one.rows,
            BASELINE,
        )
        for one in found
    )
    published = "\n".join(f"| {name} | {figures} |" for name, figures in PUBLISHED)
    text += (
        f"\n### Published, different protocol\n\n{NOTE}\n\n| system | top-1/3/10 |\n|---|---|\n{published}\n"
    )
    speed = "".join(
        f"- {one.setting.title}, {name}: {1000 * ranks.seconds / max(len(ranks.ranks), 1):.2f} ms a case\n"
        for one in found
        for name, ranks in one.ranks.items()
    )
    text += f"\n### Speed, one core, after loading\n\n{speed}"
    (out / "report.md").write_text(text, "utf-8")
    write_json(out / "results.json", [{"title": one.setting.title, "rows": one.rows} for one in found])
    with (out / "ranks.jsonl").open("w", encoding="utf-8") as stream:
        for one in found:
            for name, ranks in one.ranks.items():
                for case, rank in ranks.ranks.items():
                    line = {"protocol": one.setting.title, "arm": name, "case": case, "rank": rank}
                    stream.write(json.dumps(line) + "\n")
    return text
