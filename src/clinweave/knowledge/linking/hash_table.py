"""An open-addressing hash table in two NumPy arrays, memory-mapped when opened, looked up many keys at a time."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Values = NDArray[np.int32]


class HashTable:
    """Maps a 64-bit hash to a positive int32; 0 means absent. Load is kept at or under one half."""

    def __init__(self, keys: Hashes, values: Values) -> None:
        self.keys, self.values = keys, values
        self._mask = np.int64(len(keys) - 1)

    @classmethod
    def build(cls, hashes: Hashes, values: Values) -> "HashTable":
        """Return a table of distinct non-zero `hashes` with their positive `values`."""
        size = 1 << max(4, int(2 * max(1, len(hashes)) - 1).bit_length())
        keys, stored = np.zeros(size, np.uint64), np.zeros(size, np.int32)
        pending = np.arange(len(hashes))
        slot = (hashes & np.uint64(size - 1)).astype(np.int64)
        while len(pending):
            targets = slot[pending]
            _, chosen = np.unique(targets, return_index=True)
            chosen = chosen[keys[targets[chosen]] == 0]
            winners = pending[chosen]
            keys[slot[winners]] = hashes[winners]
            stored[slot[winners]] = values[winners]
            left = np.ones(len(pending), np.bool_)
            left[chosen] = False
            pending = pending[left]
            slot[pending] = (slot[pending] + 1) & (size - 1)
        return cls(keys, stored)

    def find(self, hashes: Hashes) -> Values:
        """Return the value of each hash, 0 where it is absent."""
        slot = hashes.astype(np.int64) & self._mask
        seen = self.keys[slot]
        result = np.where(seen == hashes, self.values[slot], 0).astype(np.int32)
        pending = np.flatnonzero((seen != hashes) & (seen != 0))
        slot, hashes = slot[pending], hashes[pending]
        while len(pending):
            slot = (slot + 1) & self._mask
            seen = self.keys[slot]
            same = seen == hashes
            result[pending[same]] = self.values[slot[same]]
            going = ~same & (seen != 0)
            pending, slot, hashes = pending[going], slot[going], hashes[going]
        return result

    def save(self, folder: Path, name: str) -> None:
        """Write the two arrays as `name`.keys.npy and `name`.values.npy."""
        np.save(folder / f"{name}.keys.npy", self.keys)
        np.save(folder / f"{name}.values.npy", self.values)

    @classmethod
    def open(cls, folder: Path, name: str) -> "HashTable":
        """Return the saved table, memory-mapped."""
        # A plain view of the map: indexing numpy.memmap itself costs a Python call each time.
        keys = np.load(folder / f"{name}.keys.npy", mmap_mode="r").view(np.ndarray)
        values = np.load(folder / f"{name}.values.npy", mmap_mode="r").view(np.ndarray)
        return cls(keys, values)


def is_among(values: NDArray[np.int64], ordered: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which values are among the ordered ones."""
    if not len(ordered):
        return np.zeros(len(values), np.bool_)
    index = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    return np.asarray(ordered[index] == values)
