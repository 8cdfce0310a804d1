"""What each part of the score is worth: the score without it, on the same cases, under three protocols.

    python benchmarks/diagnosis_ablation.py CASES.tar.gz RELEASES [--mondo mondo.json] [--most 5] [--only NAME ...]
        [--protocols {as is,dropped} ...]

RELEASES is a folder with 2024-03-06/ and 2021-10-10/. Every row changes one constant of `Settings` (or leaves Mondo
away) and ranks the same cases again: HPOA 2024-03-06 as is; 2024-03-06 on the cases whose paper the release does not
cite for the disease ("uncited": nothing to leak); 2021-10-10 with the own paper dropped. Prints top-1/3/10 in %, micro
and macro by disease, for the development part and the rest. `--most` keeps so many cases of one paper and disease (0:
all), so that a few large papers do not decide. Compiled releases are kept, so a second run is quick.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from clinweave.applications.diagnosis import (
    Case,
    Model,
    Ranker,
    Release,
    Settings,
    fetched_mondo,
    open_model,
    read_cases,
    release_in,
)
from clinweave.core.artifacts import home
from clinweave.evaluation.diagnosis.baselines import Lrz
from clinweave.evaluation.diagnosis.ranking import Ranks, rank_cases
from clinweave.evaluation.diagnosis.truth import Truth, read_truth

AT = (1, 3, 10)
CHANGES: dict[str, dict[str, float]] = {
    "the score as it is": {},
    "no related diseases (groups, siblings)": {"groups": 0.0, "siblings": 0.0},
    "no wider Orphanet groups": {"groups": 0.0},
    "no siblings": {"siblings": 0.0},
    "no bonus for having the finding": {"exact_term_bonus": 0.0},
    "no bonus for the very words": {"stated": 0.0},
    "breadth not held back": {"breadth_penalty": 0.0},
    "every finding a whole vote": {"redundancy": 0.0},
    "noise 0.01": {"noise": 0.01},
    "unstated frequency 0.5": {"frequency_prior": 0.5},
    "excluded findings left out": {"excluded": 0.0, "excluded_cardinal": 0.0},
    "excluded findings that define a disease at 0.02": {"excluded_cardinal": 0.02},
    "one frequency for all findings": {"analyte": 0.4, "named": 0.4},
    "excluded findings at 0.3": {"excluded": 0.3},
    "sex left out": {"sex": 0.0},
}
NO_MONDO = "the release alone, without Mondo"
LRZ = "baseline lrz"
COMPILED = {
    "groups",
    "siblings",
    "exact_term_bonus",
    "noise",
    "frequency_prior",
    "analyte",
    "named",
}  # constants that the compiled release holds
PROTOCOLS = {"as is": ("2024-03-06", "none"), "dropped": ("2021-10-10", "paper_from_true_disease")}


class _Arm:
    def __init__(self, name: str, model: Model) -> None:
        self.name, self.model = name, model
        self.scores = Ranker(model).scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("releases", type=Path)
    parser.add_argument("--mondo", type=Path, default=None)
    parser.add_argument("--most", type=int, default=0)
    parser.add_argument("--protocols", nargs="*", choices=PROTOCOLS, default=list(PROTOCOLS))
    parser.add_argument("--only", nargs="*", default=[LRZ, *CHANGES, NO_MONDO])
    options = parser.parse_args()
    mondo = options.mondo or fetched_mondo(home())
    truths = read_truth(options.cases)
    cases = list(read_cases(options.cases))
    kept = _kept(truths, options.most)
    cases, truths = [cases[place] for place in kept], [truths[place] for place in kept]
    print("| change | protocol | development | macro | rest | macro |\n|---|---|---|---|---|---|", flush=True)
    for name in options.only:
        settings = replace(Settings(), **CHANGES.get(name, {}))
        kin = None if name == NO_MONDO else mondo
        for folder, leave_out in (PROTOCOLS[protocol] for protocol in options.protocols):
            model = _model(release_in(options.releases / folder, kin), settings)
            arm = _lrz(options.releases / folder, cases) if name == LRZ else _Arm(name, model)
            ranks = rank_cases(arm, cases, truths, leave_out)
            if leave_out == "none":
                _row(name, f"{folder}, as is", ranks, truths)
                _row(name, f"{folder}, uncited, known", ranks, _uncited(model, truths))
            else:
                _row(name, f"{folder}, own paper dropped", ranks, truths)


def _model(release: Release, settings: Settings) -> Model:
    """Return the compiled release, anew only where a constant that it holds differs."""
    usual = asdict(Settings())
    held = {name: value for name, value in asdict(settings).items() if name in COMPILED}
    model = open_model(release, home() / "diagnosis", Settings(**(usual | held)))
    return replace(model, settings=settings)


def _lrz(folder: Path, cases: Sequence[Case]) -> Lrz:
    model = open_model(
        release_in(folder),
        home() / "diagnosis",
        Settings(frequency_prior=0.5, unstated=0.5, strength=1.0, analyte=0.5, named=0.5),
        related=False,
    )
    index = model.ontology.index
    return Lrz(model, sorted({index[id_] for case in cases for id_ in case.observed if id_ in index}))


def _kept(truths: Sequence[Truth], most: int) -> list[int]:
    """Return the places of the cases to rank: at most so many of one paper and disease, the first ones."""
    seen: Counter[tuple[str, str]] = Counter()
    result = []
    for index, item in enumerate(truths):
        seen[item.disease, item.publication] += 1
        if not most or seen[item.disease, item.publication] <= most:
            result.append(index)
    return result


def _uncited(model: Model, truths: Sequence[Truth]) -> list[Truth]:
    """Return the cases whose disease the release annotates without citing their paper for it."""
    rows = model.annotations
    annotated = {rows.diseases[place] for place in rows.disease.tolist()}
    cited = {
        (rows.diseases[place], paper)
        for place, text in zip(rows.disease.tolist(), rows.references, strict=True)
        for paper in text.split(";")
    }
    return [
        item for item in truths if item.disease in annotated and (item.disease, item.publication) not in cited
    ]


def _row(name: str, protocol: str, ranks: Ranks, truths: Sequence[Truth]) -> None:
    cells = [
        "/".join(f"{100 * ranks.share(chosen, at, macro=macro):.1f}" for at in AT)
        for chosen in ([item for item in truths if item.development is part] for part in (True, False))
        for macro in (False, True)
    ]
    print(f"| {name} | {protocol} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
