"""Tanimoto similarity of all pairs of two sets of fingerprints: nearest neighbours and mean similarity.

A fingerprint has about 45 of 1,024 bits. The bits in common with a block of the other set are the sum of those rows
of its transposed bits: byte additions, which cost less than a product of matrices on a CPU without integer products.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

BLOCK = 16_384  # molecules at once: their counts stay in the cache
AT_ONCE = 512  # molecules between two messages


def nearest(
    bits: NDArray[np.uint8], reference: NDArray[np.uint8], say: Callable[[int, int], None] | None = None
) -> float:
    """Return SNN: the mean over molecules (B, bits) of the similarity to the nearest of the reference (M, bits)."""
    best = np.zeros(len(bits), np.float32)
    parts = -(-len(reference) // BLOCK)
    for part, row, similarity in _similarities(bits, reference):
        best[row] = max(best[row], similarity.max())
        if say and row % AT_ONCE == 0:
            say((part * len(bits) + row) // parts, len(bits))
    return float(best.mean())


def internal_diversity(bits: NDArray[np.uint8]) -> tuple[float, float]:
    """Return IntDiv and IntDiv2: 1 minus the mean, and minus the root mean square, of all pairs' similarity."""
    mean = square = 0.0
    for _, _, similarity in _similarities(bits, bits):
        mean += float(similarity.sum(dtype=np.float64))
        square += float(np.einsum("i,i->", similarity, similarity, dtype=np.float64))
    pairs = len(bits) ** 2
    return 1 - mean / pairs, 1 - float(np.sqrt(square / pairs))


def _similarities(
    bits: NDArray[np.uint8], reference: NDArray[np.uint8]
) -> Iterator[tuple[int, int, NDArray[np.float32]]]:
    """Yield (block, row, similarities of the row to the block's molecules) for each block and row."""
    rows = [np.flatnonzero(row) for row in bits]
    wide = np.uint8 if max(map(len, rows), default=0) < 256 else np.uint16
    for block, start in enumerate(range(0, len(reference), BLOCK)):
        columns = np.ascontiguousarray(reference[start : start + BLOCK].T).astype(wide)
        sizes = columns.sum(0, dtype=np.int32).astype(np.float32)
        counts = np.empty(columns.shape[1], wide)
        for row, present in enumerate(rows):
            counts.fill(0)
            for bit in present:
                np.add(counts, columns[bit], out=counts)
            common = counts.astype(np.float32)
            yield block, row, common / np.maximum(len(present) + sizes - common, 1)
