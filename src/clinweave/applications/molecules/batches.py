"""Build training batches from shards: random order, random views (whole graph, scaffold, none), hidden properties."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from clinweave.applications.molecules.cache import FULL, HELD_OUT, STRINGS, Shard, read_shard, shards
from clinweave.applications.molecules.graphs import Graphs, join, keep_atoms, scaffold_atoms
from clinweave.applications.molecules.properties import PROPERTIES, standardised
from clinweave.applications.molecules.settings import Schedule
from clinweave.applications.molecules.tokens import END, START

FREE, WHOLE, SCAFFOLD = 0, 1, 2  # view of the graph given to the decoder

Given = TypeVar("Given")


@dataclass
class GraphTensors:
    """G graphs for the encoder: N atoms, D directed bonds sorted by the atom they arrive at."""

    atoms: Tensor  # (N, 6) int64, features
    starts: Tensor  # (G,) first atom of each
    source: Tensor  # (D,) atom at the other end
    offsets: Tensor  # (N + 1,) where each atom's incoming bonds begin
    kinds: Tensor  # (D,)
    strong_source: Tensor  # the same without single bonds
    strong_offsets: Tensor
    counts: Tensor  # (G,) atoms of each


@dataclass
class Batch:
    """B molecules, longest string first. `ids` (B, T) int64 ends each row with END, then -1."""

    ids: Tensor
    views: Tensor  # (B,) FREE, WHOLE or SCAFFOLD
    graphs: GraphTensors | None  # of the rows whose view is not FREE, in their order
    conditions: Tensor  # (B, 7) standardised, NaN where hidden

    @property
    def inputs(self) -> Tensor:
        """Return what the decoder reads: START, then all but the last token."""
        first = torch.full((len(self.ids), 1), START, device=self.ids.device)
        return torch.cat([first, self.ids[:, :-1].clamp(min=0)], 1)


def to_device(data: Given, device: torch.device) -> Given:
    """Return a batch or graphs with the tensors there."""
    if device.type == "cpu":
        return data

    def moved(item: object) -> Any:
        if isinstance(item, Tensor):
            return item.to(device, non_blocking=True)
        return (
            item if item is None else type(item)(**{name: moved(value) for name, value in vars(item).items()})
        )

    result: Given = moved(data)
    return result


def graph_tensors(graphs: Graphs) -> GraphTensors:
    """Return the graphs as the encoder wants them."""
    atoms = len(graphs.atoms)
    starts = np.cumsum(graphs.atom_counts) - graphs.atom_counts
    first = np.repeat(starts, graphs.bond_counts)
    left, right = graphs.ends[:, 0] + first, graphs.ends[:, 1] + first
    target, source = np.concatenate([left, right]), np.concatenate([right, left])
    kinds = np.concatenate([graphs.kinds, graphs.kinds]).astype(np.int64)
    order = np.argsort(target, kind="stable")
    target, source, kinds = target[order], source[order], kinds[order]
    strong = kinds != 0
    return GraphTensors(
        torch.from_numpy(graphs.atoms.astype(np.int64)),
        torch.from_numpy(starts),
        torch.from_numpy(source),
        torch.from_numpy(_offsets(target, atoms)),
        torch.from_numpy(kinds),
        torch.from_numpy(source[strong]),
        torch.from_numpy(_offsets(target[strong], atoms)),
        torch.from_numpy(graphs.atom_counts.astype(np.int64)),
    )


def _offsets(target: NDArray[np.int64], atoms: int) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.bincount(target, minlength=atoms))]).astype(np.int64)


def padded(ids: NDArray[np.int16], counts: NDArray[np.int64]) -> Tensor:
    """Return (B, T) with END after the tokens of each row and -1 behind it."""
    table = np.full((len(counts), int(counts.max(initial=0)) + 1), -1, np.int64)
    table[np.arange(table.shape[1])[None] < counts[:, None]] = ids
    table[np.arange(len(counts)), counts] = END
    return torch.from_numpy(table)


def make_batch(
    shard: Shard, rows: NDArray[np.int64], schedule: Schedule, random: np.random.Generator
) -> Batch:
    """Return these rows as a batch, each with a random view of its graph and random properties hidden."""
    rows = rows[np.argsort(-shard.counts[rows], kind="stable")]
    if shard.graphs is None or shard.properties is None:
        hidden = torch.full((len(rows), len(PROPERTIES)), float("nan"))
        return Batch(padded(*shard.tokens(rows)), torch.zeros(len(rows), dtype=torch.int64), None, hidden)
    draw = random.random(len(rows))
    views = np.where(
        draw < schedule.free, FREE, np.where(draw < schedule.free + schedule.scaffold, SCAFFOLD, WHOLE)
    )
    graphs = None
    if (views != FREE).any():
        views, graphs = _viewed(shard.graphs, rows, views)
    values = standardised(shard.properties[rows])
    values[_hidden(len(rows), values.shape[1], schedule.masked, random)] = np.nan
    return Batch(padded(*shard.tokens(rows)), torch.from_numpy(views), graphs, torch.from_numpy(values))


def _viewed(
    all_graphs: Graphs, rows: NDArray[np.int64], views: NDArray[np.int64]
) -> tuple[NDArray[np.int64], GraphTensors | None]:
    """Return the views and the graphs they show; a molecule without rings has no scaffold and becomes FREE."""
    graphs = all_graphs.take(rows[views == SCAFFOLD])
    in_scaffold = scaffold_atoms(graphs)
    cut = keep_atoms(graphs, in_scaffold)
    empty = np.flatnonzero(views == SCAFFOLD)[cut.atom_counts == 0]
    views = views.copy()
    views[empty] = FREE
    whole = all_graphs.take(rows[views == WHOLE])
    both = join([whole, cut.take(np.flatnonzero(cut.atom_counts > 0))])
    order = np.concatenate([np.flatnonzero(views == WHOLE), np.flatnonzero(views == SCAFFOLD)])
    if not len(order):
        return views, None
    return views, graph_tensors(both.take(np.argsort(order)))


def _hidden(rows: int, columns: int, masked: float, random: np.random.Generator) -> NDArray[np.bool_]:
    """Return which values are hidden: all of a row, a random half, or none."""
    kind = random.random(rows)[:, None]
    some = random.random((rows, columns)) < 0.5
    hidden: NDArray[np.bool_] = np.where(kind < masked, True, np.where(kind < (1 + masked) / 2, some, False))
    return hidden


@dataclass
class Position:
    """Position in a pass over the shards, saved with a checkpoint: a resumed run reads the rest."""

    epoch: int = 0
    done: tuple[str, ...] = ()  # shards finished in this epoch
    shard: str = ""
    batch: int = 0  # batches done of the running shard


def stream(
    folder: Path, schedule: Schedule, positions: dict[str, Position], *, rank: int = 0, world: int = 1
) -> Iterator[Batch]:
    """Yield batches for ever, moving `positions` on before each is yielded.

    Two streams are mixed: molecules with graphs, and molecules with strings alone, which are cheap to prepare. Of
    several processes, each makes every `world`-th batch; all draw the same mixture.
    """
    streams = {kind: _stream(folder, kind, schedule, positions[kind]) for kind in (FULL, STRINGS)}
    random = np.random.default_rng([schedule.seed, *(positions[kind].batch for kind in streams)])
    count = 0
    while True:
        both = bool(shards(folder, STRINGS))
        kind = STRINGS if both and random.random() < schedule.strings else FULL
        make = next(streams[kind])
        count += 1
        if count % world == rank:
            yield make()


def _stream(folder: Path, kind: str, schedule: Schedule, position: Position) -> Iterator[Callable[[], Batch]]:
    """Yield the batches of one kind of shard, each made when it is called for. A shard that is written meanwhile is
    found at the next change of shard."""
    while True:
        paths = {path.name: path for path in shards(folder, kind)}
        left = [name for name in paths if name not in position.done]
        if position.shard not in left:
            if not left:
                position.epoch, position.done, position.shard = position.epoch + 1, (), ""
                continue
            pick = np.random.default_rng([schedule.seed, position.epoch, len(position.done)])
            position.shard, position.batch = left[int(pick.integers(len(left)))], 0
        shard = read_shard(paths[position.shard])
        first = HELD_OUT if kind == FULL and position.shard == min(paths) else 0
        for make in _batches(shard, min(first, len(shard) // 5), schedule, position):
            position.batch += 1
            yield make
        position.done = (*position.done, position.shard)


def _batches(
    shard: Shard, first: int, schedule: Schedule, position: Position
) -> Iterator[Callable[[], Batch]]:
    key = [schedule.seed, position.epoch, int("".join(filter(str.isdigit, position.shard)) or 0)]
    order = np.random.default_rng(key).permutation(np.arange(first, len(shard)))
    count = max(1, len(order) // schedule.batch)
    for number in range(position.batch, count):
        rows = order[number * schedule.batch : (number + 1) * schedule.batch]
        yield partial(make_batch, shard, rows, schedule, np.random.default_rng([*key, number]))


def fixed_batches(shard: Shard, rows: int, views: Sequence[int]) -> Iterator[tuple[int, Batch]]:
    """Yield (view, batch) over the first rows of a shard, all of one view and no property shown: for measuring."""
    for view in views:
        plain = Schedule(free=float(view == FREE), scaffold=float(view == SCAFFOLD), masked=1.0)
        for start in range(0, rows, 500):
            some = np.arange(start, min(start + 500, rows))
            yield view, make_batch(shard, some, plain, np.random.default_rng(start))
