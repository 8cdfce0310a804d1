"""Rank of the true disease on published cases, beside baselines and other programs, under protocols without leakage.

    python benchmarks/diagnosis.py CASES.tar.gz RELEASES [--mondo mondo.json] [--out runs/diagnosis] [--quick]

The protocols and studies of recipes/diagnosis.toml (with --quick those of recipes/diagnosis-quick.toml) on your cases
and releases (a folder with 2024-03-06/ and 2021-10-10/, each with hp.obo and phenotype.hpoa, .gz or not), and hpo3 and
pyhpo beside them on 200 cases drawn with a seed, each in an environment of its own that is made here (skipped, with
the reason, where that cannot be had). Prints the tables of docs/diagnosis.md; what is done already is not done again.
"""

import argparse
from functools import partial
from pathlib import Path

from diagnosis_peers import compare_peers

from clinweave.core.artifacts import home
from clinweave.core.reports.blocks import report_markdown
from clinweave.evaluation import Progress, Runner, load_recipe, run_study
from clinweave.evaluation.diagnosis import DiagnosisStudy, diagnosis_report

RECIPES = Path(__file__).resolve().parent.parent / "recipes"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("releases", type=Path)
    parser.add_argument("--mondo", default="fetched", help="a mondo.json; default: the fetched one")
    parser.add_argument(
        "--genes", default="fetched", help="a genes_to_phenotype.txt; default: the fetched one"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/diagnosis"))
    parser.add_argument("--quick", action="store_true", help="few cases: a taste of every table")
    parser.add_argument("--allow-future", action="store_true", help="dated protocols may use newer sources")
    parser.add_argument("--no-peers", action="store_true", help="leave hpo3 and pyhpo out")
    options = parser.parse_args()
    path = RECIPES / ("diagnosis-quick.toml" if options.quick else "diagnosis.toml")
    changes = [
        f'cases="{options.cases}"',
        f'release="{options.releases / "2024-03-06"}"',
        f'mondo="{options.mondo}"',
        f'genes="{options.genes}"',
    ]
    for index, task in enumerate(load_recipe(path, changes).tasks):
        if task.release:
            changes.append(f'tasks.{index}.release="{options.releases / Path(task.release).name}"')
        if options.allow_future:
            changes.append(f"tasks.{index}.allow_future=true")
    runner = Runner(options.out, home(), Printed())
    count = 20 if options.quick else 200
    peers = partial(compare_peers, release=options.releases / "2024-03-06", count=count)
    study = DiagnosisStudy(load_recipe(path, changes), runner, None if options.no_peers else peers)
    print(report_markdown(diagnosis_report(run_study(study, runner))))


class Printed(Progress):
    """Prints what is being done."""

    def status(self, message: str) -> None:
        print(message, flush=True)


if __name__ == "__main__":
    main()
