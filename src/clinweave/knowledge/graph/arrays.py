"""The memory-mapped arrays of a graph: open them, read rows, search sorted texts, walk along relations.

A walk reads four arrays: compressed sparse rows, nodes as int32 row numbers.
"""

import heapq
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from clinweave.core.errors import UserError
from clinweave.records import Concept, Grade, Passage, Relation, Tier

Ints = npt.NDArray[np.integer[Any]]
Record = TypeVar("Record", Concept, Relation, Passage)
_TYPED: dict[str, Callable[[str], Any]] = {"grade": Grade, "tier": Tier}


def read_array(path: Path) -> np.ndarray:
    """Return a memory-mapped array."""
    try:
        values: np.ndarray = np.load(path, mmap_mode="r").view(np.ndarray)
        return values
    except (OSError, ValueError, EOFError) as error:
        raise UserError(f"{path} is damaged; delete the graph and build it again") from error


def read_arrow(path: Path) -> "pa.Table":
    """Return the one record batch of a memory-mapped Arrow file."""
    try:
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except (OSError, pa.ArrowInvalid) as error:
        raise UserError(f"{path} is damaged; delete the graph and build it again") from error
    columns = [
        column.chunk(0) if column.num_chunks else pa.array([], column.type) for column in table.columns
    ]
    return pa.RecordBatch.from_arrays(columns, schema=table.schema)


def records_of(kind: type[Record], table: pa.Table, rows: np.ndarray) -> list[Record]:
    """Return table rows as instances of a record class, column by column (ten times faster than row by row)."""
    names = list(kind.__dataclass_fields__)
    part = table.select(names).take(pa.array(rows, pa.int64()))
    columns = []
    for name, column in zip(names, part.columns, strict=True):
        values = (column.dictionary_decode() if pa.types.is_dictionary(column.type) else column).to_pylist()
        if name in _TYPED:
            values = [_TYPED[name](value) for value in values]
        columns.append([tuple(value) for value in values] if pa.types.is_list(column.type) else values)
    return [kind(*values) for values in zip(*columns, strict=True)]


class SortedTexts:
    """Binary search in a sorted, memory-mapped Arrow array of strings."""

    def __init__(self, array: "pa.Array"):
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, index: int) -> str:
        return str(self.array[index].as_py())

    def find(self, text: str) -> int | None:
        """Return the first place of `text`, or None."""
        index = bisect_left(self, text)
        return index if index < len(self) and self[index] == text else None

    def between(self, low: str, high: str) -> tuple[int, int]:
        """Return the places (first, last + 1) of texts t with low <= t < high."""
        return bisect_left(self, low), bisect_left(self, high)

    def beginning(self, start: str) -> tuple[int, int]:
        """Return the places (first, last + 1) of the texts that begin with `start`."""
        return self.between(start, start + "\U0010ffff")


def offsets(keys: Ints, size: int) -> npt.NDArray[np.int64]:
    """Return the (size + 1) row offsets of sorted `keys` (each in 0..size-1)."""
    return np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=size))]).astype(np.int64)


def slices(start: Ints, nodes: Ints) -> tuple[Ints, Ints]:
    """Return (positions, owner): the positions of all nodes' rows, and for each the index into `nodes` it is of."""
    first, last = start[nodes], start[np.asarray(nodes) + 1]
    counts = last - first
    total = int(counts.sum())
    owner = np.repeat(np.arange(len(nodes)), counts)
    within = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(first, counts) + within, owner


def within(start: Ints, targets: Ints, node: int, hops: int = 2) -> Ints:
    """Return the distinct nodes that 1 to `hops` steps reach from `node`, without itself, ascending.

    The arrays should be plain views of a map (`.view(np.ndarray)`): indexing numpy.memmap itself costs tenfold.
    """
    rings: list[Ints] = [targets[start[node] : start[node + 1]]]
    for step in range(1, hops):
        front = _distinct(rings[-1]) if step > 1 else rings[-1]  # a node's own row holds no pair twice
        first = start[front]
        counts = start[front + 1] - first
        ends = counts.cumsum()
        total = int(ends[-1]) if len(ends) else 0
        rings.append(targets[np.arange(total) + np.repeat(first - ends + counts, counts)])
    nodes = _distinct(np.concatenate(rings))
    others: Ints = nodes[nodes != node]
    return others


def _distinct(values: Ints) -> Ints:
    """Return the distinct values, ascending (np.unique's work without its cost of tens of microseconds)."""
    ordered = np.sort(values)
    new = np.empty(len(ordered), dtype=bool)
    new[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return ordered[new]


def closure(start: Ints, targets: Ints, node: int) -> Ints:
    """Return all nodes reachable from `node`, without itself, in ascending order."""
    seen = np.zeros(len(start) - 1, dtype=bool)
    seen[node] = True
    frontier = np.array([node])
    while len(frontier):
        positions, _ = slices(start, frontier)
        frontier = _distinct(targets[positions])
        frontier = frontier[~seen[frontier]]
        seen[frontier] = True
    seen[node] = False
    return np.flatnonzero(seen)


@dataclass(frozen=True)
class Net:
    """An undirected graph for path search (every edge stored from both ends).

    `passable` marks the nodes that a path may step through, `cost` is what one such step costs (0 or more).
    """

    start: Ints
    targets: Ints
    passable: npt.NDArray[np.bool_]
    cost: npt.NDArray[np.float64]

    def neighbours(self, nodes: Ints) -> Ints:
        """Return the distinct neighbours of all nodes, ascending."""
        return _distinct(self.targets[slices(self.start, nodes)[0]])


def shortest_paths(net: Net, a: int, b: int, max_length: int, limit: int) -> list[list[int]]:
    """Return up to `limit` of the shortest node paths from a to b, those through the cheapest nodes first.

    Searches from both ends, always widening the smaller front; [] where no path of at most `max_length` edges exists.
    """
    if a == b:
        return [[a]]
    met = _meet(net, a, b, max_length)
    if met is None:
        return []
    middle, before, after = met
    layers = [middle]
    for ring in reversed(before):
        layers.insert(0, np.intersect1d(net.neighbours(layers[0]), ring))
    for ring in reversed(after):
        layers.append(np.intersect1d(net.neighbours(layers[-1]), ring))
    return _cheapest(net, [_thin(net, layer) for layer in layers], limit)


def _meet(net: Net, a: int, b: int, max_length: int) -> tuple[Ints, list[Ints], list[Ints]] | None:
    """Return (nodes where both fronts meet, rings around a before them, rings around b before them)."""
    rings: tuple[list[Ints], list[Ints]] = ([np.array([a])], [np.array([b])])
    seen = [np.zeros(len(net.start) - 1, dtype=bool) for _ in range(2)]
    seen[0][a] = seen[1][b] = True
    while len(rings[0]) + len(rings[1]) - 2 < max_length:
        side = 0 if len(rings[0][-1]) <= len(rings[1][-1]) else 1
        reached = net.neighbours(rings[side][-1])
        reached = reached[~seen[side][reached]]
        far = (b, a)[side]
        reached = reached[net.passable[reached] | (reached == far)]
        if not len(reached):
            return None
        seen[side][reached] = True
        rings[side].append(reached)
        met = np.intersect1d(reached, rings[1 - side][-1])
        if len(met):
            return met, rings[0][:-1], rings[1][:-1]
    return None


def _thin(net: Net, layer: Ints, most: int = 2000) -> Ints:
    """Keep the cheapest nodes of a very wide layer."""
    if len(layer) <= most:
        return layer
    order = np.argsort(net.cost[layer], kind="stable")[:most]
    return np.sort(layer[order])


def _cheapest(net: Net, layers: list[Ints], limit: int) -> list[list[int]]:
    """Return the cheapest paths through the layers; the cost still to come is worked out backwards first."""
    last = len(layers) - 1
    to_come: list[dict[int, float]] = [{} for _ in range(last)] + [{int(layers[-1][0]): 0.0}]
    follow: list[dict[int, list[int]]] = [{} for _ in range(last)]
    for step in range(last - 1, -1, -1):
        for node in layers[step].tolist():
            neighbours = np.intersect1d(net.neighbours(np.array([node])), layers[step + 1]).tolist()
            follow[step][node] = [item for item in neighbours if item in to_come[step + 1]]
            if follow[step][node]:
                toll = 0.0 if step == 0 else float(net.cost[node])
                to_come[step][node] = toll + min(to_come[step + 1][item] for item in follow[step][node])
    heap = [(cost, 0.0, [node]) for node, cost in to_come[0].items()]
    paths: list[list[int]] = []
    while heap and len(paths) < limit:
        _, spent, path = heapq.heappop(heap)
        step = len(path) - 1
        if step == last:
            paths.append(path)
            continue
        paid = spent + (0.0 if step == 0 else float(net.cost[path[-1]]))
        for item in follow[step][path[-1]]:
            heapq.heappush(heap, (paid + to_come[step + 1][item], paid, [*path, item]))
    return paths
