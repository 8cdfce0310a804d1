"""Write the tables of a run of recipes/diagnosis.toml into a page of their own.

python tools/diagnosis_tables.py runs/diagnosis                                # print
python tools/diagnosis_tables.py runs/diagnosis --into docs/diagnosis_results.md
"""

import argparse
from pathlib import Path

from clinweave.core.reports.blocks import report_markdown
from clinweave.evaluation import read_results
from clinweave.evaluation.diagnosis import diagnosis_report

HEAD = """# Diagnosis: results

Written by `python tools/diagnosis_tables.py` from {recipe}. The protocols are described in
[diagnosis.md](diagnosis.md). Exact OMIM id, every candidate counted by itself, ties halved; a case whose disease the
release does not know, or without a usable finding, is a miss. Macro gives every disease the same weight. Intervals are
95 %, of whole publications resampled; p values are not adjusted over rows. "Development" holds the diseases on which
the constants were chosen: read "rest". PMIDs stand for dates of publication.
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of a run, with results.json")
    parser.add_argument("--into", type=Path, help="page to write")
    options = parser.parse_args()
    _, _, body = report_markdown(diagnosis_report(read_results(options.run))).partition("\n\n")
    recipe = f"`clinweave run recipes/{options.run.name}.toml` or `python benchmarks/diagnosis.py`"
    text = f"{HEAD.format(recipe=recipe)}\n{body}"
    if options.into:
        options.into.write_text(text, "utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
