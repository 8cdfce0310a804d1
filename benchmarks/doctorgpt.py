"""What each training stage adds: runs a recipe with stages and prints its measures (quick recipe unless one is named).

python benchmarks/doctorgpt.py [recipes/doctorgpt.toml] [--out DIR]
"""

import argparse
import sys
from pathlib import Path

from clinweave.core.artifacts import home
from clinweave.evaluation.tuned import TuneRun, load_tuning, write_tuning_report

RECIPES = Path(__file__).parents[1] / "recipes"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", nargs="?", type=Path, default=RECIPES / "doctorgpt-quick.toml")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    recipe = load_tuning(given.recipe)
    out = given.out or Path("runs") / recipe.name
    results = TuneRun(recipe, out, home(), lambda text: print(text, file=sys.stderr)).run()
    write_tuning_report(results, out / "stages", out / "report.html")
    arms = list(dict.fromkeys(arm for one in results["measures"].values() for arm in one))
    print("measure | knowledge".ljust(38), *(arm.rjust(18) for arm in arms))
    for name, one in results["measures"].items():
        cells = [
            f"{100 * one[arm]['mean']:.0f} ({100 * one[arm]['interval'][0]:.0f}-{100 * one[arm]['interval'][1]:.0f})"
            if arm in one
            else ""
            for arm in arms
        ]
        print(name.ljust(38), *(cell.rjust(18) for cell in cells))
    print(*results["floors"], *results["sentences"], sep="\n")


if __name__ == "__main__":
    main()
