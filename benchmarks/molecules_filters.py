"""Rules of makeable molecules: what each refuses, the reference of ring systems, and what searches return under them.

    python benchmarks/molecules_filters.py rules [--write docs/molecules_filters.md]   # rule by rule
    python benchmarks/molecules_filters.py rings                     # rebuild ring_systems.tsv.gz
    python benchmarks/molecules_filters.py surprisal                 # rebuild environments.tsv.gz
    python benchmarks/molecules_filters.py metabolic [--write ...]   # how many drugs have each metabolic group
    python benchmarks/molecules_filters.py run   [--tasks ...] [--methods ...] [--seeds 5] [--budget 500]
    python benchmarks/molecules_filters.py judge [the same] [--write docs/molecules_filters.md]
    python benchmarks/molecules_filters.py flags [the same] [--write docs/molecules_filters.md]   # what they are
    python benchmarks/molecules_filters.py weights --methods surrogate --first-seed 0 --seeds 1   # after run --weight W
    python benchmarks/molecules_filters.py environments      # what a rule of atom environments would refuse

Needs `clinweave fetch moses approved-drugs`. Each search is cached under CLINWEAVE_HOME; run again to resume.
"""

import argparse
import os
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

from molecules_parts import filter_environments, filter_flags, filter_judge, filter_rules  # noqa: E402
from molecules_parts.cells import Cells, write_section  # noqa: E402

from clinweave.applications.molecules.optimization.penalty import WEIGHT  # noqa: E402
from clinweave.core.artifacts import home  # noqa: E402

TASKS = "osimertinib_mpo,perindopril_mpo,zaleplon_mpo,celecoxib_rediscovery"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "what",
        choices=[
            "rules", "rings", "surprisal", "metabolic", "run", "judge", "flags", "weights", "environments"
        ],
    )  # fmt: skip
    parser.add_argument("--tasks", default=TASKS)
    parser.add_argument("--methods", default="surrogate,graph-ga,reinvent")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=1, help="0 is that of development")
    parser.add_argument("--budget", type=int, default=500)
    parser.add_argument(
        "--weight", type=float, default=WEIGHT, help="of liabilities, in searches with the rules"
    )
    parser.add_argument("--molecules", type=int, default=20_000, help="of MOSES' test set, for the rules")
    parser.add_argument("--moses", type=Path, help="a folder with MOSES' files (default: the fetched ones)")
    parser.add_argument(
        "--drugs", type=Path, help="drugbank_approved.csv of ADMET-AI (default: the fetched one)"
    )
    parser.add_argument("--judge-rings", type=Path, nargs="*", default=[], help="tables with a column smiles")
    parser.add_argument("--section", default="", help="of the page, for judge")
    parser.add_argument("--write", type=Path)
    chosen = parser.parse_args()
    builders = {"rings": filter_rules.build_ring_systems, "surprisal": filter_environments.build_table}
    if chosen.what in builders:
        builders[chosen.what](chosen)
        return 0
    cells = Cells(home() / "molecules" / "benchmarks" / "filters")
    if chosen.what == "run":
        filter_judge.run(chosen, cells)
        return 0
    if chosen.what == "rules":
        section, text = "rules", filter_rules.table_of_rules(chosen)
    elif chosen.what == "metabolic":
        section, text = "metabolic", filter_rules.table_of_metabolic_groups(chosen)
    elif chosen.what == "environments":
        section, text = "environments", filter_environments.report(chosen)
    elif chosen.what == "weights":
        section, text = chosen.section or "weights", filter_flags.weights(chosen, cells)
    elif chosen.what == "flags":
        section, text = chosen.section or "flags", filter_flags.report(chosen, cells)
    else:
        section, text = chosen.section or f"judge at {chosen.budget:,}", filter_judge.report(chosen, cells)
    print(text)
    if chosen.write:
        write_section(chosen.write, f"results: {section}", text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
