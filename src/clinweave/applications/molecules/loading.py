"""Prefetch training batches in worker processes to keep the GPU busy; the order is that of a single process."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from clinweave.applications.molecules.batches import Batch, Position, stream
from clinweave.applications.molecules.settings import Schedule

Positions = dict[str, Position]
AHEAD = 4  # batches that each process makes ahead


@dataclass
class Source(IterableDataset[tuple[Batch, Positions]]):
    """The batches of one training process, each with where the passes stand after it. Iterated in a worker of a
    `DataLoader`, it yields that worker's share."""

    folder: Path
    schedule: Schedule
    positions: Mapping[str, Position]
    rank: int = 0
    world: int = 1

    def __iter__(self) -> Iterator[tuple[Batch, Positions]]:
        """Yield for ever."""
        worker = get_worker_info()
        turn, turns = (worker.id, worker.num_workers) if worker else (0, 1)
        positions = deepcopy(dict(self.positions))
        # batches are counted from 1: the k-th of rank 0 is number (k + 1) * world, of another rank r + k * world
        shard = ((self.rank or self.world) + turn * self.world) % (self.world * turns)
        for batch in stream(self.folder, self.schedule, positions, rank=shard, world=self.world * turns):
            yield batch, {kind: replace(position) for kind, position in positions.items()}


def load(source: Source, workers: int) -> Iterator[tuple[Batch, Positions]]:
    """Yield what `source` does; with `workers`, made ahead by so many processes."""
    if not workers:
        return iter(source)
    loader: DataLoader[object] = DataLoader(
        source, batch_size=None, num_workers=workers, prefetch_factor=AHEAD
    )
    return iter(loader)
