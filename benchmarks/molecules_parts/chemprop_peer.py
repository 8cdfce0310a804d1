"""Chemprop (Yang et al. 2019) on the same splits: its own command line, in an environment of its own."""

import csv
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np

from molecules_parts.moleculenet import Set

VERSION = "chemprop==2.3.1"


def program(folder: Path) -> Path:
    """Return Chemprop's program; its environment (which shares this one's torch and rdkit) is made on first use."""
    bin_ = folder / "bin"
    if not (bin_ / "chemprop").is_file():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        site = next(folder.glob("lib/python*/site-packages"))
        shared = [path for path in sys.path if path.endswith("site-packages")]
        (site / "shared.pth").write_text("".join(f"{path}\n" for path in shared))
        pip = [sys.executable, "-m", "pip", "--python", str(bin_ / "python"), "install", "--quiet"]
        constraints = Path(__file__).parents[2] / "constraints.txt"
        subprocess.run([*pip, "--constraint", str(constraints), VERSION], check=True)
        # its compiled features look for rdkit's libraries beside them
        subprocess.run([*pip, "--ignore-installed", "--no-deps", f"rdkit=={version('rdkit')}"], check=True)
    return bin_ / "chemprop"


def predictions(chemprop: Path, known: Set, rule: str, seed: int, epochs: int) -> np.ndarray:
    """Return Chemprop's predictions (test rows, tasks): default settings, the best epoch by the validation part."""
    split = known.split(rule, seed)
    work = Path(tempfile.mkdtemp(prefix="chemprop-"))
    try:
        parts = {
            int(row): name for name, rows in zip(("train", "val", "test"), split, strict=True) for row in rows
        }
        with (work / "data.csv").open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["smiles", *known.tasks, "split"])
            for row, smiles in enumerate(known.smiles):
                answers = ["" if np.isnan(item) else f"{item:g}" for item in known.answers[row]]
                writer.writerow([smiles, *answers, parts[row]])
        command = [
            str(chemprop), "train", "--data-path", str(work / "data.csv"), "--smiles-columns", "smiles",
            "--target-columns", *known.tasks, "--splits-column", "split", "--task-type", known.kind,
            "--epochs", str(epochs), "--num-workers", "0", "--accelerator", "cpu", "--pytorch-seed", str(seed),
            "--output-dir", str(work / "out"),
        ]  # fmt: skip
        quiet = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        test = next((work / "out").rglob("test_predictions.csv"))
        with test.open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        return np.array([[float(row[task]) for task in known.tasks] for row in rows])
    finally:
        shutil.rmtree(work, ignore_errors=True)
