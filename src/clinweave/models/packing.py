"""Pack several prompts and their options into one tree of tokens: shared prefixes are computed once.

A row is one token. It attends to the rows on the path from the root to itself and to nothing else, so one forward pass
gives what a pass over each option alone would give. There is no padding.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ids = Sequence[int]
ROWS = 384  # rows of one pass: more gain nothing per row, and attention grows with their square


class Item(NamedTuple):
    """A prompt and its options, in tokens. The prompt has at least one token, and so has each option."""

    prompt: Ids
    options: Sequence[Ids]


@dataclass
class Pack:
    """The rows of one pass, and which row predicts which token.

    `parents[i]` is the row before row i (-1 for the first token of a prompt); parents come before their children.
    `sources[j]` is the row after which `targets[j]` is scored; `lengths` counts the targets of each option in order.
    """

    tokens: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    _rows: dict[tuple[int, int], int] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        """Add an item; only tokens that no earlier item has at the same place of the tree become new rows."""
        end = -1
        for token in item.prompt:
            end = self._row(end, token)
        for option in item.options:
            row = end
            for position, token in enumerate(option):
                if position:
                    row = self._row(row, option[position - 1])
                self.sources.append(row)
                self.targets.append(token)
            self.lengths.append(len(option))

    def _row(self, parent: int, token: int) -> int:
        row = self._rows.get((parent, token))
        if row is None:
            row = self._rows[parent, token] = len(self.tokens)
            self.tokens.append(token)
            self.parents.append(parent)
            self.positions.append(self.positions[parent] + 1 if parent >= 0 else 0)
        return row

    def visible(self) -> NDArray[np.bool_]:
        """Return, shaped (rows, rows), whether a row attends to another."""
        mask = np.zeros((len(self.tokens), len(self.tokens)), np.bool_)
        for row, parent in enumerate(self.parents):
            if parent >= 0:
                mask[row, :row] = mask[parent, :row]
            mask[row, row] = True
        return mask

    def sums(self, values: NDArray[np.float64]) -> list[float]:
        """Return the sum of each option's values, given the value of each target."""
        edges = np.cumsum(self.lengths)[:-1]
        return [float(part.sum()) for part in np.split(values, edges)]


def packs(items: Iterable[Item], rows: int = ROWS) -> Iterator[tuple[Pack, list[int]]]:
    """Yield the items in order as packs of about `rows` rows, with the number of options of each item."""
    pack, counts = Pack(), list[int]()
    for item in items:
        pack.add(item)
        counts.append(len(item.options))
        if len(pack.tokens) >= rows:
            yield pack, counts
            pack, counts = Pack(), []
    if counts:
        yield pack, counts
