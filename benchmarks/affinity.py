"""Compound-target affinity on Davis: new drugs, new targets, both new, and the published folds.

    python benchmarks/affinity.py davis [--data DIR]
    python benchmarks/affinity.py interactions --graph DIR      # drug-drug, split by drug
    python benchmarks/affinity.py report [--write docs/properties.md]

New drugs (targets): five disjoint parts, each held out once. In these files the mutants of a kinase carry the sequence
of the wild type (442 targets, 379 sequences): targets of one sequence stay on one side, and a row shows what happens
where they do not. Nothing is chosen on a test part: settings of the trees are the product's, and the ridge's weight is
chosen on a fifth of the training drugs or targets.
"""

import argparse
import os
import sys
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

from molecules_parts import davis_cells, interactions  # noqa: E402
from molecules_parts.cells import Cells, write_section  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.progress import track  # noqa: E402

from clinweave.core.artifacts import home  # noqa: E402

DATA = Path(__file__).parents[2] / "shared" / "data" / "molecules" / "dta" / "davis"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["davis", "interactions", "report"])
    parser.add_argument("--data", type=Path, default=DATA, help="DeepDTA's data/davis")
    parser.add_argument("--graph", type=Path, default=home() / "graph", help="a graph with drug interactions")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--write", type=Path)
    chosen = parser.parse_args()
    cells = Cells(home() / "molecules" / "benchmarks" / "affinity")
    screen = Console(stderr=True)
    if chosen.what == "report":
        parts = [davis_cells.report(cells, chosen.data), interactions.report(cells)]
        text = "\n\n".join(part for part in parts if part)
        print(text)
        if chosen.write:
            write_section(chosen.write, "results: affinity", text)
        return 0
    result = davis_cells if chosen.what == "davis" else interactions
    jobs = result.jobs(chosen.data if chosen.what == "davis" else chosen.graph, chosen.seeds)
    for key, make in track(jobs, chosen.what, console=screen):
        cells.get(key, make)
    return 0


if __name__ == "__main__":
    sys.exit(main())
