"""Molecular features: count fingerprints and descriptors.

`maplight` is the set of MapLight (Notwell and Wood 2023, arXiv:2310.00174): Morgan counts (radius 2, 1,024 columns),
Avalon counts (1,024), the extended reduced graph ErG (315; Stiefl 2006) and RDKit's descriptors. `latent` is the
fingerprint that the graph-to-sequence model learned, for likeness. Models are not trained on it: it adds nothing to
maplight (docs/properties.md).
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from clinweave.core.artifacts import appearing, digest, sha256
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from rdkit.Chem import Mol
    from rdkit.Chem.rdFingerprintGenerator import FingerprintGenerator64

Floats = NDArray[np.float32]
BLOCKS = ("morgan", "avalon", "erg", "descriptors")
LATENT = "latent"
SETS: dict[str, tuple[str, ...]] = {"maplight": BLOCKS, **{name: (name,) for name in (*BLOCKS, LATENT)}}
_COUNTS = 1024
_MAX_VALUE = 1e30  # descriptors such as Ipc overflow; trees only need the order


def blocks_of(name: str) -> tuple[str, ...]:
    """Return the blocks of a feature set such as `maplight` or `morgan+erg`. Raises `UserError` on another name."""
    blocks: list[str] = []
    for part in name.split("+"):
        if part not in SETS:
            raise UserError(f"no features {part!r}: choose from {', '.join(SETS)}, joined by +")
        blocks += SETS[part]
    return tuple(dict.fromkeys(blocks))


def trained_blocks(name: str) -> tuple[str, ...]:
    """Return the blocks of a feature set that a property model may have. Raises `UserError` on any other."""
    blocks = blocks_of(name)
    if LATENT in blocks:
        raise UserError(
            f"--features {name}: the latent adds nothing to maplight and is not trained on; "
            f"choose from maplight, {', '.join(BLOCKS)}, joined by +"
        )
    return blocks


def describe(
    molecules: "Sequence[Mol]", features: str = "maplight", progress: str = "", checkpoint: Path | None = None
) -> Floats:
    """Return the columns (molecules, columns) of a feature set; a descriptor that cannot be computed is NaN.

    About 100 molecules per CPU second with descriptors, some thousands without. `progress` names a bar on stderr.
    `checkpoint` is the folder of the model that gives the latent; without it, the one that comes with clinweave.
    """
    blocks = blocks_of(features)
    plain = [name for name in blocks if name != LATENT]
    parts = [np.zeros((len(molecules), 0), np.float32)]
    if plain and len(molecules):
        rows = [
            np.concatenate([_BLOCK[name](molecule) for name in plain])
            for molecule in _shown(molecules, progress)
        ]
        parts.append(np.stack(rows).astype(np.float32))
    if LATENT in blocks:
        parts.append(_latent(molecules, checkpoint))
    return np.concatenate(parts, axis=1)


def latent_sha256(checkpoint: Path | None = None) -> str:
    """Return the sha256 of the weights that give the latent; empty if there are none."""
    packaged = Path(__file__).parents[1] / "weights"  # as in molecules/generator.py, which loads torch
    weights = (checkpoint or packaged) / "model.safetensors"
    return sha256(weights) if weights.is_file() else ""


def _latent(molecules: "Sequence[Mol]", checkpoint: Path | None) -> Floats:
    """Return the latents (molecules, latent); NaN where the model has none for a molecule."""
    from rdkit import Chem

    from clinweave.applications.molecules.generator import open_model

    encoded = open_model(checkpoint).encode(
        [Chem.MolToSmiles(molecule) for molecule in molecules], strict=False
    )
    return np.asarray(encoded.latents, np.float32)


def described(
    smiles: Sequence[str],
    folder: Path,
    features: str = "maplight",
    progress: str = "",
    checkpoint: Path | None = None,
) -> Floats:
    """Return `describe` of canonical SMILES, kept in `folder` under their hash: computed once for a set."""
    import rdkit
    from rdkit import Chem

    parts = []
    for block in blocks_of(features):
        version = latent_sha256(checkpoint) if block == LATENT else rdkit.__version__
        file = folder / f"{block}-{digest([block, version, list(smiles)])}.npy"
        if not file.is_file():
            label = progress and f"{progress}: {block}"
            columns = describe([Chem.MolFromSmiles(text) for text in smiles], block, label, checkpoint)
            with appearing(file) as work, work.open("wb") as stream:
                np.save(stream, columns)
        parts.append(np.load(file))
    return np.concatenate(parts, axis=1)


def width(block: str) -> int:
    """Return the number of columns of a block."""
    return {"morgan": _COUNTS, "avalon": _COUNTS, "erg": 315, "descriptors": len(_descriptors())}[block]


def names(features: str) -> list[str]:
    """Return the names of the columns of a feature set."""
    result = []
    for block in blocks_of(features):
        columns = [name for name, _ in _descriptors()] if block == "descriptors" else range(width(block))
        result += [f"{block}:{column}" for column in columns]
    return result


def _shown(molecules: "Sequence[Mol]", progress: str) -> "Iterable[Mol]":
    from rich.console import Console
    from rich.progress import track

    if not progress or len(molecules) < 200:
        return molecules
    return track(molecules, progress, console=Console(stderr=True), transient=True)


@cache
def _descriptors() -> "tuple[tuple[str, Callable[[Mol], float]], ...]":
    from rdkit.Chem import Descriptors

    return tuple(Descriptors.descList)


@cache
def _generator() -> "FingerprintGenerator64":
    from rdkit.Chem import rdFingerprintGenerator

    return rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=_COUNTS)


def _morgan(molecule: "Mol") -> NDArray[np.float32]:
    return np.asarray(_generator().GetCountFingerprintAsNumPy(molecule), np.float32)


def _avalon(molecule: "Mol") -> NDArray[np.float32]:
    from rdkit import DataStructs
    from rdkit.Avalon import pyAvalonTools

    counts = np.zeros(_COUNTS, np.int32)
    DataStructs.ConvertToNumpyArray(pyAvalonTools.GetAvalonCountFP(molecule, nBits=_COUNTS), counts)
    return counts.astype(np.float32)


def _erg(molecule: "Mol") -> NDArray[np.float32]:
    from rdkit.Chem import rdReducedGraphs

    return np.asarray(rdReducedGraphs.GetErGFingerprint(molecule), np.float32)


def _described(molecule: "Mol") -> NDArray[np.float32]:
    from rdkit import rdBase

    values = []
    with rdBase.BlockLogs():
        for _, function in _descriptors():
            try:
                value = float(function(molecule))
            except (ValueError, ZeroDivisionError, RuntimeError, OverflowError):
                value = float("nan")  # such as partial charges of a metal
            values.append(value)
    array = np.array(values, np.float64)
    array[~np.isfinite(array)] = np.nan
    return np.clip(array, -_MAX_VALUE, _MAX_VALUE).astype(np.float32)


_BLOCK = {"morgan": _morgan, "avalon": _avalon, "erg": _erg, "descriptors": _described}
