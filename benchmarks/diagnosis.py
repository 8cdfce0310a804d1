"""Rank of the true disease on published cases, beside baselines and other programs, under protocols without leakage.

    python benchmarks/diagnosis.py CASES.tar.gz RELEASES [--mondo mondo.json] [--out runs/diagnosis] [--quick]

The protocols and studies of recipes/diagnosis.toml (with --quick those of recipes/diagnosis-quick.toml) on your cases
and releases (a folder with 2024-03-06/ and 2021-10-10/, each with hp.obo and phenotype.hpoa, .gz or not), and hpo3 and
pyhpo beside them on 200 cases drawn with a seed, each in an environment of its own that is made here (skipped, with
the reason, where that cannot be had). Prints the tables of docs/diagnosis.md; what is done already is not done again.
"""

import argparse
from pathlib import Path

from diagnosis_peers import compare_peers

from clinweave.core.artifacts import home
from clinweave.evaluation import load_recipe
from clinweave.evaluation.diagnosis import report_text, run_recipe

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
    changes = []
    for place, task in enumerate(load_recipe(path).tasks):
        release = options.releases / Path(task.release).name
        changes += [f'tasks.{place}.path="{options.cases}"', f'tasks.{place}.release="{release}"']
        if task.mondo:
            changes.append(f'tasks.{place}.mondo="{options.mondo}"')
        if task.genes:
            changes.append(f'tasks.{place}.genes="{options.genes}"')
    recipe = load_recipe(path, changes)
    results = run_recipe(
        recipe,
        options.out,
        home(),
        lambda text: print(text, flush=True),
        allow_future=options.allow_future,
        more=lambda desk: (
            {}
            if options.no_peers
            else {"peers": compare_peers(desk, options.releases / "2024-03-06", 20 if options.quick else 200)}
        ),
    )
    print(report_text(results))


if __name__ == "__main__":
    main()
