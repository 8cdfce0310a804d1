"""Compact membership filter of the training set, 11.5 bits per molecule: test novelty without the training set.

A sorted set of short hashes, kept as differences. A molecule of the set is always found; another one is taken for one
of the set with a chance of 1 in 1,024: this share of new molecules is left out wrongly.
"""

import hashlib
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clinweave.core.artifacts import appearing
from clinweave.core.errors import ClinweaveError

SEEN = "trained_on.npz"
CHANCE = 1024  # a molecule that is not in the set is taken for one of it once in so many


class MembershipFilter:
    """A set of canonical SMILES, by short hash."""

    def __init__(self, hashes: NDArray[np.uint64], size: int) -> None:
        self.size = size  # molecules
        self._hashes = hashes

    def __len__(self) -> int:
        """Return how many molecules there are."""
        return self.size

    def __contains__(self, smiles: object) -> bool:
        """Return whether this canonical SMILES is among them, or one of 1,024 others."""
        key = np.uint64(hash_of(str(smiles)) % (self.size * CHANCE)) if self.size else np.uint64(0)
        index = int(np.searchsorted(self._hashes, key))
        return index < len(self._hashes) and self._hashes[index] == key


def seen_from(smiles: Iterable[str]) -> MembershipFilter:
    """Return the set of these canonical SMILES."""
    whole = np.unique(np.fromiter(map(hash_of, smiles), np.uint64))
    return MembershipFilter(np.unique(whole % np.uint64(max(len(whole), 1) * CHANCE)), len(whole))


def write_seen(path: Path, seen: MembershipFilter) -> None:
    """Write the set: differences of the sorted hashes, low bytes apart from the rest, which alone can be packed."""
    steps = np.diff(seen._hashes, prepend=np.uint64(0))
    high = steps >> np.uint64(8)
    high = high.astype(np.min_scalar_type(high.max(initial=np.uint64(0))))
    with appearing(path) as work, work.open("wb") as stream:
        np.savez_compressed(stream, size=np.int64(seen.size), low=steps.astype(np.uint8), high=high)


def open_seen(path: Path) -> MembershipFilter | None:
    """Return the set in a file, or None where no such file."""
    if not path.is_file():
        return None
    try:
        with np.load(path) as arrays:
            steps = arrays["low"].astype(np.uint64) + (arrays["high"].astype(np.uint64) << np.uint64(8))
            return MembershipFilter(np.cumsum(steps, dtype=np.uint64), int(arrays["size"]))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ClinweaveError(f"{path} cannot be read: {error}") from error


def hash_of(text: str) -> int:
    """Return 64 bits of a string's BLAKE2b."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
