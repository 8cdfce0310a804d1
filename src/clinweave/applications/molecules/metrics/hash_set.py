"""Set of molecules stored as 64-bit hashes: 1.6 million take 13 MB instead of 200."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from clinweave.applications.molecules.membership_filter import hash_of


class HashSet:
    """A set of canonical SMILES by 64-bit hash: of a million questions about a million, none is wrong but by a
    chance of one in ten million."""

    def __init__(self, smiles: Iterable[str] = (), *, hashes: NDArray[np.uint64] | None = None) -> None:
        """Take molecules, or the sorted `hashes` of a set that was made before."""
        self.hashes: NDArray[np.uint64] = (
            np.unique(np.fromiter(map(hash_of, smiles), np.uint64)) if hashes is None else hashes
        )

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.hashes)

    def __contains__(self, smiles: object) -> bool:
        """Return whether this canonical SMILES is among them."""
        key = hash_of(str(smiles))
        index = int(np.searchsorted(self.hashes, np.uint64(key)))
        return index < len(self.hashes) and int(self.hashes[index]) == key
