"""Which of several overlapping matches stay: the longest first, then the better scored, then the earlier."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinweave.knowledge.linking.normalise import Ints


def longest_first(first_tokens: Ints, size: Ints, score: NDArray[Any]) -> Ints:
    """Return the indices, by place, of matches `[first, first + size)` that stay so that no two overlap."""
    if not len(first_tokens):
        return np.zeros(0, np.int64)
    order = np.lexsort((-score, -size, first_tokens))
    begin, end = first_tokens[order], (first_tokens + size)[order]
    furthest = np.maximum.accumulate(end)
    lone_left = np.append(True, begin[1:] >= furthest[:-1])
    lone = lone_left & np.append(lone_left[1:], True)
    parts = [order[lone]]
    contested = order[~lone]
    contested = contested[np.lexsort((first_tokens[contested], -score[contested], -size[contested]))]
    taken = bytearray(int(furthest[-1]))
    chosen = []
    for number, low, width in zip(
        contested.tolist(), first_tokens[contested].tolist(), size[contested].tolist(), strict=True
    ):
        if taken.find(1, low, low + width) < 0:
            taken[low : low + width] = b"\x01" * width
            chosen.append(number)
    parts.append(np.array(chosen, np.int64))
    every = np.concatenate(parts)
    return np.asarray(every[np.argsort(first_tokens[every], kind="stable")])
