"""Rank of the true disease on published cases, beside two baselines, under protocols without leakage.

    python benchmarks/diagnosis.py CASES.tar.gz RELEASES [--mondo mondo.json] [--out runs/diagnosis] [--quick]

RELEASES is a folder with 2024-03-06/ and 2021-10-10/, each with hp.obo and phenotype.hpoa (.gz or not). Prints the
tables of docs/diagnosis.md and the milliseconds a case. `--quick` draws fewer bootstrap samples.
"""

import argparse
from pathlib import Path

from clinweave.applications.diagnosis import fetched_mondo
from clinweave.artifacts import home
from clinweave.evaluation.diagnosis import Setting, run_protocols, write_outcomes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("releases", type=Path)
    parser.add_argument("--mondo", type=Path, default=None)
    parser.add_argument("--out", type=Path, default=Path("runs/diagnosis"))
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    mondo = options.mondo or fetched_mondo(home())
    newer, older = options.releases / "2024-03-06", options.releases / "2021-10-10"
    settings = [
        Setting("HPOA 2024-03-06, as is", newer, "none", mondo=mondo),
        Setting("HPOA 2024-03-06, own paper dropped from the true disease only", newer, "gold", mondo=mondo),
        Setting("HPOA 2024-03-06, own paper dropped from every disease", newer, "blind", mondo=mondo),
        Setting("HPOA 2021-10-10, own paper dropped from the true disease only", older, "gold", mondo=mondo),
        Setting("HPOA 2021-10-10, own paper dropped from every disease", older, "blind", mondo=mondo),
        Setting(
            "HPOA 2021-10-10, cases published later (PMID above 34,600,000)", older, "none", after=34_600_000
        ),
        Setting(
            "HPOA 2021-10-10, cases published later, Mondo of 2024-07 allowed",
            older,
            after=34_600_000,
            mondo=mondo,
            allow_future=True,
        ),
    ]
    found = run_protocols(
        options.cases,
        settings,
        home() / "diagnosis",
        resamples=1_000 if options.quick else 10_000,
        say=lambda text: print(text, flush=True),
    )
    print(write_outcomes(found, options.out))


if __name__ == "__main__":
    main()
