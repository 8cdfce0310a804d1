"""What each training stage adds: runs a recipe with stages and prints its measures (quick recipe unless one is named).

python benchmarks/doctorgpt.py [recipes/doctorgpt.toml] [--out DIR]
"""

import argparse
import sys
from pathlib import Path

from clinweave.core.artifacts import home
from clinweave.evaluation import Progress, Runner, load_recipe, open_study, run_study

RECIPES = Path(__file__).parents[1] / "recipes"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", nargs="?", type=Path, default=RECIPES / "doctorgpt-quick.toml")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    recipe = load_recipe(given.recipe)
    runner = Runner(given.out or Path("runs") / recipe.name, home(), Printed())
    results = run_study(open_study(recipe, runner), runner)
    conditions = list(dict.fromkeys(name for measure in results.measures for name in measure.conditions))
    print("measure | knowledge".ljust(38), *(name.rjust(18) for name in conditions))
    for measure in results.measures:
        cells = []
        for name in conditions:
            mean = measure.conditions.get(name)
            low, high = mean.interval if mean else (0, 0)
            cells.append(f"{100 * mean.mean:.0f} ({100 * low:.0f}-{100 * high:.0f})" if mean else "")
        print(f"{measure.name} | {measure.knowledge}".ljust(38), *(cell.rjust(18) for cell in cells))
    print(*results.floors, *results.sentences, sep="\n")


class Printed(Progress):
    """Prints what is being done."""

    def status(self, message: str) -> None:
        print(message, file=sys.stderr)


if __name__ == "__main__":
    main()
