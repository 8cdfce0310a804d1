"""Does the database built from the MIMIC-IV demo give EHRSQL's published answers to its authors' own queries?

    python benchmarks/ehrsql_database.py shared/data/ehrsql shared/data/clinical/mimic-iv-demo-2.2.tar.gz

Prints the share of validation questions with an answer whose query gives that answer, with a Wilson interval.
"""

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from clinweave.core.statistics import wilson
from clinweave.evaluation.writing.ehr_database import MAYBE_ABSENT, build_database
from clinweave.evaluation.writing.ehrsql import EhrSandbox, comparable_rows, names_in_use, read_ehrsql


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("ehrsql", type=Path, help="folder of EHRSQL-2024")
    parser.add_argument("demo", type=Path, help="archive of the MIMIC-IV demo")
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "ehr.duckdb"
        built = build_database(options.demo, names_in_use(read_ehrsql(options.ehrsql, "train")), database)
        sandbox = EhrSandbox(database)
        for question in read_ehrsql(options.ehrsql, "valid"):
            if not question.answerable:
                counts["no answer"] += 1
            elif any(table in question.query for table in MAYBE_ABSENT if table in built.absent):
                counts["on a table that the demo lacks"] += 1
            else:
                result = sandbox.run(question.query)
                same = not result.error and result.rows == comparable_rows(question.answer)
                counts["same answer" if same else "query fails" if result.error else "another answer"] += 1
        sandbox.close()
    for name, count in sorted(counts.items()):
        print(f"{count:6} {name}")
    asked = counts["same answer"] + counts["another answer"] + counts["query fails"]
    low, high = wilson(counts["same answer"], asked)
    print(
        f"{counts['same answer'] / asked:.1%} of {asked} reproduced (95 % interval {low:.1%} to {high:.1%})"
    )


if __name__ == "__main__":
    main()
