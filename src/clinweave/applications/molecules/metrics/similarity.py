"""Tanimoto similarity of all pairs of two sets of fingerprints: nearest neighbours and mean similarity.

A fingerprint has about 45 of 1,024 bits. For mean similarity, the bits in common with a block of the other set are the
sum of those rows of its transposed bits: byte additions, which cost less than a product of matrices on a CPU without
integer products. For nearest neighbours the counts are never written out: the rows are packed, 64 molecules in a word,
and added by carry-save adders, which gives the counts' binary digits as packed words; the most similar molecule is then
found by going through counts from the highest, among molecules sorted by their number of bits.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK = 16_384  # molecules at once: their counts stay in the cache
AT_ONCE = 512  # molecules between two messages
FEW = 2000  # molecules below which packing the reference (2 CPU seconds for MOSES') costs more than it saves
Words = NDArray[np.uint64]  # bits of 64 molecules each, the first molecule lowest


@dataclass(frozen=True)
class PackedSet:
    """Fingerprints (M, bits) turned round: `columns` (bits, words), molecules sorted by their number of bits.

    `sizes` (M,) is that number, ascending; `first` (bits + 2,) the first molecule with at least so many. Make one with
    `packed`.
    """

    columns: Words
    sizes: NDArray[np.int64]
    first: NDArray[np.int64]

    def best(self, present: NDArray[np.intp]) -> float:
        """Return the highest similarity of a molecule with these bits (indices) to one of the set."""
        own = len(present)
        digits = _added([self.columns[bit] for bit in present])
        best, end = 0.0, len(self.sizes)
        for count in range(_highest(digits), 0, -1):
            if count <= best * own:  # no molecule with so few in common is more similar
                break
            if best:  # count / (own + size - count) > best
                least = math.ceil(count / best + count - own)
                end = int(self.first[min(max(least, 0), len(self.first) - 1)])
            first = _first_equal(digits, count, end)
            if first >= 0:
                best = max(best, count / (own + float(self.sizes[first]) - count))
        return best


def packed(bits: NDArray[np.uint8]) -> PackedSet:
    """Return fingerprints (M, bits) packed for `PackedSet.best`."""
    sizes = bits.sum(1, dtype=np.int64)
    order = np.argsort(sizes, kind="stable")
    rows = np.packbits(bits[order], axis=0, bitorder="little").T
    columns = np.zeros((len(rows), -(-rows.shape[1] // 8) * 8), np.uint8)
    columns[:, : rows.shape[1]] = rows
    sizes = sizes[order]
    first = np.searchsorted(sizes, np.arange(bits.shape[1] + 2), "left")
    return PackedSet(columns.view(np.dtype("<u8")).astype(np.uint64, copy=False), sizes, first)


def _added(columns: Sequence[Words]) -> list[Words]:
    """Return the binary digits, lowest first, of how many of the columns have each bit."""
    digits, level = [], list(columns)
    while level:
        carries = []
        while len(level) > 1:
            first, two = level.pop(), level.pop()
            half = first ^ two
            if level:
                third = level.pop()
                carries.append((first & two) | (half & third))
                level.append(half ^ third)
            else:
                carries.append(first & two)
                level.append(half)
        digits.append(level[0])
        level = carries
    return digits


def _highest(digits: Sequence[Words]) -> int:
    """Return the highest number that any molecule has."""
    result, left = 0, None
    for place in reversed(range(len(digits))):
        found = digits[place] if left is None else left & digits[place]
        if found.any():
            result, left = result + (1 << place), found
    return result


def _first_equal(digits: Sequence[Words], number: int, end: int) -> int:
    """Return the first of `end` molecules that has exactly this number, or -1."""
    words = -(-end // 64)
    found: Words | None = None
    for place, digit in enumerate(digits):
        part = digit[:words] if number >> place & 1 else ~digit[:words]
        found = part if found is None else found & part
    if found is None:
        return -1
    where = int((found != 0).argmax()) if words else 0
    if not words or not found[where]:
        return -1
    word = int(found[where])
    first = where * 64 + (word & -word).bit_length() - 1
    return first if first < end else -1


def nearest(
    bits: NDArray[np.uint8], reference: NDArray[np.uint8], say: Callable[[int, int], None] | None = None
) -> float:
    """Return SNN: the mean over molecules (B, bits) of the similarity to the nearest of the reference (M, bits)."""
    best = np.zeros(len(bits), np.float32)
    if len(bits) < FEW:
        for _, row, similarity in _similarities(bits, reference):
            best[row] = max(best[row], similarity.max())
        return float(best.mean())
    everything = packed(reference)
    for row, fingerprint in enumerate(bits):
        best[row] = everything.best(np.flatnonzero(fingerprint))
        if say and row % AT_ONCE == 0:
            say(row, len(bits))
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
