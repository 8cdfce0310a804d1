"""Load the reference statistics published with MOSES from their pickle without executing code."""

import io
import pickle
import zipfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clinweave.applications.molecules.metrics.hash_set import HashSet
from clinweave.applications.molecules.molecule import read_smiles
from clinweave.core.artifacts import home, sha256
from clinweave.core.atomic import appearing
from clinweave.core.errors import ClinweaveError, UserError


@dataclass(frozen=True)
class Reference:
    """Of a test set: ChemNet mean (512,) and covariance (512, 512), Morgan bits (M, 1024) uint8, counts of BRICS
    fragments and of scaffolds, and property values by name (logP, SA, QED, weight)."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]
    bits: NDArray[np.uint8]
    fragments: Counter[str]
    scaffolds: Counter[str]
    values: dict[str, NDArray[np.float64]]


_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
    ("collections", "Counter"),
}


class _Plain(pickle.Unpickler):
    """The file is a pickle: it may make arrays and counters, and nothing else."""

    def find_class(self, module_name: str, global_name: str) -> object:
        if (module_name, global_name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it names {module_name}.{global_name}")
        return super().find_class(module_name, global_name)


def open_reference(path: Path) -> Reference:
    """Return the statistics in a MOSES test_stats.npz or test_scaffolds_stats.npz."""
    try:
        with zipfile.ZipFile(path) as archive:
            stream = io.BytesIO(archive.read("stats.npy"))
        np.lib.format.read_magic(stream)
        np.lib.format.read_array_header_1_0(stream)
        data = _Plain(stream, encoding="latin1").load().item()
        return Reference(
            np.asarray(data["FCD"]["mu"], np.float64),
            np.asarray(data["FCD"]["sigma"], np.float64),
            np.asarray(data["SNN"]["fps"], np.uint8),
            data["Frag"]["frag"],
            data["Scaf"]["scaf"],
            {name: np.asarray(data[name]["values"], np.float64) for name in ("logP", "SA", "QED", "weight")},
        )
    except FileNotFoundError:
        raise UserError(f"there is no {path}: name MOSES' folder, or run `clinweave fetch moses`") from None
    except (zipfile.BadZipFile, pickle.UnpicklingError, KeyError, AttributeError, ValueError) as error:
        raise ClinweaveError(f"{path} is not a file of MOSES statistics: {error}") from error


def training_set(folder: Path) -> HashSet:
    """Return the molecules that are not novel, from train.csv or train.csv.gz; their hashes are kept under `home()`."""
    for name in ("train.csv.gz", "train.csv"):
        path = folder / name
        if not path.is_file():
            continue
        cached = home() / "molecules" / "training_sets" / f"{sha256(path)[:16]}.npy"
        with suppress(OSError, ValueError):  # none yet, or damaged: it is made again
            return HashSet(hashes=np.load(cached, allow_pickle=False))
        result = HashSet(read_smiles(path))
        with (
            suppress(OSError),
            appearing(cached) as work,
            work.open("wb") as stream,
        ):  # a home may be read-only
            np.save(stream, result.hashes)
        return result
    raise UserError(f"{folder} holds no train.csv.gz: novelty is measured against it")
