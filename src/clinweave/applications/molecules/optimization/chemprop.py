"""Models of Chemprop 2 as scorers (Heid et al. 2024, doi:10.1021/acs.jcim.3c01250), by its own command line.

Chemprop runs as a program of its own, in this environment (extra `chemprop`) or another one whose `chemprop` is on the
PATH. Checkpoints are pickles: that program alone opens them, so use only those that you trust. Starting it takes
seconds, once for each batch.
"""

import csv
import importlib.util
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clinweave.applications.molecules.optimization.scoring import Scored
from clinweave.core.artifacts import digest, sha256
from clinweave.core.errors import UserError

SECONDS = 1800.0  # for one batch
_ENDINGS = {".pt", ".ckpt"}


@dataclass(frozen=True)
class ChempropScorer:
    """An endpoint of a model, or the mean of several models (an ensemble)."""

    name: str
    program: tuple[str, ...]
    models: tuple[Path, ...]
    target: str  # "" if the model has one
    identity: str
    at_once: int = 256
    bounded: bool = False

    def __call__(self, smiles: Sequence[str]) -> list[Scored]:
        """Score a batch; where the program fails, so do its molecules, with the last line of its message."""
        with tempfile.TemporaryDirectory() as folder:
            given, answered = Path(folder, "in.csv"), Path(folder, "out.csv")
            given.write_text("smiles\n" + "".join(f"{text}\n" for text in smiles), "utf-8")
            command = [
                *self.program, "predict", "--test-path", str(given), "--preds-path", str(answered),
                "--smiles-columns", "smiles", "--model-paths", *map(str, self.models),
                "--accelerator", "cpu", "--num-workers", "0",
            ]  # fmt: skip
            quiet = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
            try:
                done = subprocess.run(
                    command,
                    env=quiet,
                    cwd=folder,
                    capture_output=True,
                    text=True,
                    timeout=SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                return [Scored(math.nan, {}, f"chemprop: no answer within {SECONDS:g} s")] * len(smiles)
            if done.returncode or not answered.is_file():
                last = (done.stderr.strip().splitlines() or ["no message"])[-1]
                return [Scored(math.nan, {}, f"chemprop: {last[:200]}")] * len(smiles)
            with answered.open(encoding="utf-8", newline="") as stream:
                rows = list(csv.DictReader(stream))
        return self._read(rows, len(smiles))

    def _read(self, rows: list[dict[str, str]], count: int) -> list[Scored]:
        if len(rows) != count:
            return [Scored(math.nan, {}, f"chemprop: {len(rows)} answers to {count} molecules")] * count
        names = [name for name in rows[0] if name != "smiles"]
        if self.target and self.target not in names:
            raise UserError(f"--target {self.target}: the model predicts {', '.join(names)}")
        if not self.target and len(names) > 1:
            raise UserError(f"the Chemprop model predicts {', '.join(names)}: name one with --target")
        return [_scored({name: row[name] for name in names}, self.target or names[0]) for row in rows]


def _scored(cells: dict[str, str], target: str) -> Scored:
    parts = {}
    for name, text in cells.items():
        try:
            parts[name] = float(text)
        except ValueError:
            continue
    value = parts.get(target, math.nan)
    return Scored(value, parts) if math.isfinite(value) else Scored(math.nan, {}, "chemprop: no number")


def open_chemprop(text: str, target: str = "") -> ChempropScorer:
    """Return the scorer of `chemprop:MODEL.pt`, or of a folder that `chemprop train` wrote (all its models).

    Raises `UserError` if the model or Chemprop is missing.
    """
    path = Path(text)
    models = (path,) if path.is_file() else _models(path)
    if not models or any(model.suffix not in _ENDINGS for model in models):
        raise UserError(
            f"--scorer chemprop:{text}: no model; give a .pt or .ckpt file, or the folder of `chemprop train`"
        )
    models = tuple(model.resolve() for model in models)
    identity = digest([[sha256(model) for model in models], target])
    return ChempropScorer(target or path.stem, _program(), models, target, f"chemprop:{identity}")


def _models(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(folder.rglob("best.pt")) or sorted(folder.rglob("*.pt")))


def _program() -> tuple[str, ...]:
    if importlib.util.find_spec("chemprop") is not None:
        return (sys.executable, "-c", "from chemprop.cli.main import main; main()")
    if found := shutil.which("chemprop"):
        return (found,)
    raise UserError(
        "chemprop is not installed: pip install 'clinweave[chemprop]', or put the program of another environment on "
        "the PATH"
    )
