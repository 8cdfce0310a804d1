"""Analogues of leads: success rate and diversity of each way, and the table of transformations that is packaged.

    python benchmarks/molecules_analogues.py run [--leads 10] [--n 100] [--write docs/molecules_analogues.md] [--check]
    python benchmarks/molecules_analogues.py table [--molecules 8000] [--double 2000] [--check]

`run` takes leads from MOSES' test set and asks for analogues with a similarity of 0.4 to 0.9 and a logP within 1 of the
lead's; `--check` compares with the page's table. `table` learns the packaged table again; with `--check` it is compared
with the packaged one and not written. Needs MOSES' files (`clinweave fetch moses`, or `--moses DIR`).
"""

import argparse
import gzip
import os
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402
from molecules_parts.cells import read_section, table, write_section  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.progress import track  # noqa: E402

from clinweave.applications.molecules import (  # noqa: E402
    open_model,
    parse,
    read_smiles,
)
from clinweave.applications.molecules.analogues import (  # noqa: E402
    analogue_request,
    find_analogues,
    learn,
    open_transformations,
    transformations,
)
from clinweave.applications.molecules.properties import PROPERTIES, properties_of  # noqa: E402
from clinweave.applications.molecules.structure_filters import open_filter  # noqa: E402
from clinweave.core.artifacts import home  # noqa: E402
from clinweave.resources import located  # noqa: E402

SCREEN = Console(stderr=True)
SIMILARITY, AROUND = "0.4-0.9", 1.0
WAYS = ("transformations", "latent", "union")
PACKAGED = Path(transformations.__file__).with_name("transformations.tsv.gz")
PAGE = Path(__file__).parents[1] / "docs" / "molecules_analogues.md"
SECTION = "results: analogues"
SOURCE = "MOSES training set (molsets 0.3.1, MIT)"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["run", "table"])
    parser.add_argument("--leads", type=int, default=10)
    parser.add_argument("--n", type=int, default=100, help="analogues of each lead")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--molecules", type=int, default=8000)
    parser.add_argument("--double", type=int, default=2000, help="molecules that are cut twice")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--moses", type=Path)
    parser.add_argument("--write", type=Path)
    chosen = parser.parse_args()
    folder = chosen.moses or located("moses", home())["test.csv.gz"].parent
    if chosen.what == "table":
        return build(chosen, read_smiles(folder / "train.csv.gz"))
    text = run(chosen, read_smiles(folder / "test.csv.gz"))
    print(text)
    if chosen.check:
        same = text.strip() == read_section(PAGE, SECTION)
        print(f"{'the same as' if same else 'differs from'} the table of {PAGE.name}")
        return 0 if same else 1
    if chosen.write:
        write_section(chosen.write, SECTION, text)
    return 0


def build(chosen, training) -> int:
    """Learn the packaged table from the first molecules of MOSES' training set, and write or compare it."""
    molecules = training[: chosen.molecules]
    text = learn(track(molecules, "learning", console=SCREEN), SOURCE, double=chosen.double).text()
    if chosen.check:
        same = text == gzip.decompress(PACKAGED.read_bytes()).decode("utf-8")
        print("the same as the packaged table" if same else "differs from the packaged table")
        return 0 if same else 1
    PACKAGED.write_bytes(gzip.compress(text.encode("utf-8"), mtime=0))
    print(f"{PACKAGED}: {text.count(chr(10)):,} lines")
    return 0


def run(chosen, test) -> str:
    """Return the table of success rates and diversity by way."""
    rows = np.random.default_rng(chosen.seed).choice(len(test), chosen.leads, replace=False)
    learned, model, filters = open_transformations(home()), open_model(), open_filter()
    found = {way: [] for way in WAYS}
    logp = list(PROPERTIES).index("logp")
    for row in track(rows, "leads", console=SCREEN):
        middle = properties_of(parse(test[row]), qed=False)[logp]
        request = analogue_request(
            test[row], similarity=SIMILARITY, window=f"logp={middle - AROUND:.2f}..{middle + AROUND:.2f}",
            count=chosen.n,
        )  # fmt: skip
        for way in WAYS:
            answer = find_analogues(
                request, learned, None if way == "transformations" else model, way=way, seed=chosen.seed,
                refuse=filters.excuse(filters.violations(parse(test[row]))).refuse,
            )  # fmt: skip
            found[way].append(
                (len(answer.analogues), answer.ways[-1].success, answer.ways[-1].diversity or 0.0)
            )
    shown = []
    for way, values in found.items():
        columns = np.array(values, float)
        shown.append([way, *(interval(columns[:, at], digits) for at, digits in ((0, 0), (1, 3), (2, 3)))])
    title = (
        f"{len(rows)} leads of MOSES' test set, {chosen.n} analogues asked for, similarity {SIMILARITY}, logP within "
        f"{AROUND:g} of the lead's (mean, 95 % interval over leads)."
    )
    return f"{title}\n\n" + table(["way", "found", "success rate", "diversity"], shown)


def interval(values, digits: int) -> str:
    """Return the mean with its bootstrapped 95 % interval."""
    random = np.random.default_rng(0)
    means = values[random.integers(0, len(values), (5000, len(values)))].mean(1)
    low, high = np.quantile(means, [0.025, 0.975])
    return f"{values.mean():.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


if __name__ == "__main__":
    raise SystemExit(main())
