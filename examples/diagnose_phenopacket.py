"""Rank rare diseases for a GA4GH phenopacket. Needs the HPO release: `clinweave setup`, or `clinweave fetch hpo`.

python examples/diagnose_phenopacket.py                       # the made-up patient in examples/patient.json
python examples/diagnose_phenopacket.py cases/ --release hpo/ # your own packets, a release of your own
"""

import argparse
from pathlib import Path

import clinweave
from clinweave.applications.diagnosis import read_cases

PATIENT = Path(__file__).with_name("patient.json")


def main() -> None:
    parser = argparse.ArgumentParser(description="Rank rare diseases for phenopackets.")
    parser.add_argument("packets", nargs="?", type=Path, default=PATIENT, help="a file, folder or archive")
    parser.add_argument("--release", type=Path, help="a folder with hp.obo and phenotype.hpoa")
    parser.add_argument("--limit", type=int, default=5)
    options = parser.parse_args()
    kb = clinweave.open()
    for case in read_cases(options.packets):
        print(f"{case.id}: {len(case.observed)} findings, {len(case.excluded)} excluded")
        for problem in case.problems:
            print(f"  not read: {problem}")
        result = kb.diagnose(
            case.observed, excluded=case.excluded, sex=case.sex, limit=options.limit, release=options.release
        )
        for place, disease in enumerate(result["ranking"], 1):
            print(f"  {place}. {disease['name']} ({disease['id']})")
    print("For research, not for clinical decisions.")


if __name__ == "__main__":
    main()
