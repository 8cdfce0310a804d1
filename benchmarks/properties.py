"""Properties on MoleculeNet: features beside each other, the learned latent, Chemprop, calibration, domain.

    python benchmarks/properties.py accuracy  [--sets ESOL,BBBP] [--features morgan,maplight] [--rules balanced,by_size]
    python benchmarks/properties.py trust     [--sets ...] [--folds scaffold,random]
    python benchmarks/properties.py chemprop  [--sets ...] [--epochs 50]
    python benchmarks/properties.py domain    [--sets ...] [--seeds 5] [--moses DIR] [--write docs/properties.md]
    python benchmarks/properties.py report    [--write docs/properties.md]

Every cell (set, split, seed, features) is kept under CLINWEAVE_HOME when it is done; run again to go on. Nothing is
tuned: the settings of the trees are those of the product, and are fitted on the training and the validation part
(Chemprop takes its best epoch by the validation part, and is fitted on the training part). `latent` takes the
checkpoint of the molecule model that is there, and the report says which.
"""

import argparse
import os
import sys
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402
from molecules_parts import domain_cells, properties_report, trust  # noqa: E402
from molecules_parts.cells import Cells, write_section  # noqa: E402
from molecules_parts.chemprop_peer import predictions, program  # noqa: E402
from molecules_parts.moleculenet import SETS, Set, read  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.progress import track  # noqa: E402

from clinweave.applications.molecules.prediction import boosting  # noqa: E402
from clinweave.applications.molecules.prediction.features import described, latent_sha256  # noqa: E402
from clinweave.core.artifacts import home  # noqa: E402
from clinweave.resources import located  # noqa: E402

DATA = Path(__file__).parents[2] / "shared" / "data" / "molecules" / "moleculenet"
AS_WRITTEN = " as written"
SCREEN = Console(stderr=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["accuracy", "trust", "chemprop", "domain", "report"])
    parser.add_argument("--data", type=Path, default=DATA, help="a folder with the MoleculeNet csv.gz")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--features", default="morgan,descriptors,maplight")
    parser.add_argument("--rules", default="balanced")
    parser.add_argument("--folds", default="scaffold")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument(
        "--checkpoint", type=Path, help="the molecule model that gives the latent; else the packaged"
    )
    parser.add_argument(
        "--moses", type=Path, help="a folder with MOSES' files, for domain (default: the fetched)"
    )
    parser.add_argument("--section", default="domain", help="for domain: of the page")
    parser.add_argument("--write", type=Path)
    chosen = parser.parse_args()
    cells = Cells(home() / "molecules" / "benchmarks" / "properties")
    sets = [read(chosen.data, name) for name in chosen.sets.split(",")]
    if chosen.what in {"report", "domain"}:
        section = chosen.section if chosen.what == "domain" else "properties"
        text = domains(cells, sets, chosen) if chosen.what == "domain" else tables(cells, sets, chosen)
        print(text)
        if chosen.write:
            write_section(chosen.write, f"results: {section}", text)
        return 0
    work = [
        (one, rule, seed) for one in sets for rule in chosen.rules.split(",") for seed in range(chosen.seeds)
    ]
    for known, rule, seed in track(work, chosen.what, console=SCREEN):
        if chosen.what == "accuracy":
            for features in chosen.features.split(","):
                key = {"what": "accuracy", "set": known.name, "rule": rule, "seed": seed}
                key["features"] = features
                if "latent" in features:
                    key["checkpoint"] = latent_sha256(chosen.checkpoint)[:12]
                cells.get(
                    key,
                    lambda k=known, r=rule, s=seed, f=features: accuracy(
                        k, columns(k, f, chosen.checkpoint), r, s
                    ),
                )
        elif chosen.what == "trust":
            for folds in chosen.folds.split(","):
                key = {"what": "trust", "set": known.name, "rule": rule, "seed": seed, "folds": folds}
                cells.get(
                    key,
                    lambda k=known, r=rule, s=seed, f=folds: trust.measure(
                        k, columns(k, "maplight"), r, s, f
                    ),
                )
        else:
            key = {"what": "chemprop", "set": known.name, "rule": rule, "seed": seed, "epochs": chosen.epochs}
            cells.get(key, lambda k=known, r=rule, s=seed: chemprop(k, r, s, chosen.epochs))
    return 0


def columns(known: Set, features: str, checkpoint: Path | None = None) -> np.ndarray:
    """Return the columns of a set, computed once; "morgan as written" is of the file's SMILES, charges left."""
    plain = features.removesuffix(AS_WRITTEN)
    smiles = known.smiles if plain == features else known.written
    return described(smiles, home() / "molecules" / "features", plain, known.name, checkpoint)


def accuracy(known: Set, data: np.ndarray, rule: str, seed: int) -> dict[str, np.ndarray]:
    """Return the raw scores (test rows, tasks) of one model a task."""
    split = known.split(rule, seed)
    rows = np.concatenate([split.train, split.valid])
    said = np.full((len(split.test), len(known.tasks)), np.nan)
    for task in range(len(known.tasks)):
        stated = rows[np.isfinite(known.answers[rows, task])]
        booster = boosting.fit(data[stated], known.answers[stated, task], known.kind, seed=seed)
        said[:, task] = boosting.score(booster, data[split.test])
    return {"said": said}


def tables(cells: Cells, sets: list[Set], chosen: argparse.Namespace) -> str:
    """Return the tables of all cells that are there."""
    return properties_report.report(cells, sets, chosen.checkpoint, chosen.epochs)


def domains(cells: Cells, sets: list[Set], chosen: argparse.Namespace) -> str:
    """Return the table of coverage inside and outside the domain."""
    folder = chosen.moses or located("moses", home())["test.csv.gz"].parent
    foreign = domain_cells.foreign_molecules(folder)
    found: dict[str, list[dict[str, np.ndarray]]] = {}
    for known in sets:
        for seed in track(range(chosen.seeds), known.name, console=SCREEN):
            cell = cells.get(
                {"what": "domain", "set": known.name, "seed": seed, "labels": 1},
                lambda k=known, s=seed: domain_cells.measure(k, columns(k, "maplight"), s, foreign),
            )
            assert cell is not None
            found.setdefault(known.name, []).append(cell)
    return domain_cells.report(found)


def chemprop(known: Set, rule: str, seed: int, epochs: int) -> dict[str, np.ndarray]:
    """Return Chemprop's predictions (test rows, tasks)."""
    return {"said": predictions(program(home() / "molecules" / "chemprop"), known, rule, seed, epochs)}


if __name__ == "__main__":
    sys.exit(main())
