"""The kinase affinities of Davis et al. 2011 (doi:10.1038/nbt.1990), in the files of DeepDTA (Ozturk et al. 2018).

`ligands_can.txt` and `proteins.txt` are JSON, name -> SMILES or sequence; `Y` is a NumPy array of dissociation
constants in nM as a pickle, of which only the raw numbers are read (no class is resolved, nothing is called); the
folds hold positions in the row-major list of pairs. What did not bind at 10 micromolar is written as 10,000 nM, that
is pKd 5: a bound, not a value.
"""

import itertools
import json
import pickletools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinweave.core.errors import UserError

Floats = NDArray[np.float64]
FLOOR = 5.0  # pKd of what did not bind


@dataclass(frozen=True)
class Affinities:
    """Drugs (D), targets (T) and pKd (D, T; NaN where unknown); `train` and `test` are (pairs, 2) published folds."""

    drugs: list[str]
    smiles: list[str]
    targets: list[str]
    sequences: list[str]
    values: Floats
    train: NDArray[np.int64]
    test: NDArray[np.int64]

    @property
    def same_sequence(self) -> list[str]:
        """Return the group of each target: in these files mutants carry the sequence of the wild type."""
        return self.sequences


def read_davis(folder: Path) -> Affinities:
    """Read the folder. Raises `UserError` naming the file that is missing or is something else."""
    ligands = json.loads(_text(folder / "ligands_can.txt"))
    proteins = json.loads(_text(folder / "proteins.txt"))
    nanomolar = _array(folder / "Y")
    if nanomolar.shape != (len(ligands), len(proteins)):
        raise UserError(
            f"{folder / 'Y'}: {nanomolar.shape} values for {len(ligands)} drugs, {len(proteins)} targets"
        )
    measured = np.argwhere(np.isfinite(nanomolar))
    train = json.loads(_text(folder / "folds" / "train_fold_setting1.txt"))
    test = json.loads(_text(folder / "folds" / "test_fold_setting1.txt"))
    return Affinities(
        list(ligands), list(ligands.values()), list(proteins), list(proteins.values()),
        9 - np.log10(nanomolar), measured[[row for fold in train for row in fold]], measured[test],
    )  # fmt: skip


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError:
        raise UserError(f"there is no file {path}: give DeepDTA's data/davis folder") from None


def _array(path: Path) -> Floats:
    """Return the one array of 64-bit floats in a pickle of protocol 2, from its raw bytes and its stated shape."""
    try:
        parts: Iterable[Any] = list(pickletools.genops(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: not a pickled array ({error})") from None
    whole = [value for _, value, _ in parts if isinstance(value, int)]
    raw = [value for op, value, _ in parts if op.name in {"BINSTRING", "BINBYTES"} and len(value) > 8]
    if len(raw) != 1 or ("f8", True) not in {
        (value, True) for _, value, _ in parts if isinstance(value, str)
    }:
        raise UserError(f"{path}: not one array of 64-bit floats")
    data = raw[0] if isinstance(raw[0], bytes) else raw[0].encode("latin-1")
    values = np.frombuffer(data, "<f8").copy()
    for rows, columns in itertools.pairwise(whole):  # the shape is the first pair whose product fits
        if rows * columns == len(values) and rows > 1:
            return values.reshape(rows, columns)
    raise UserError(f"{path}: states no shape for its {len(values):,} numbers")
