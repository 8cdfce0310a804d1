"""Feature cache on disk: a shuffled training set as shards of tokens, graphs and properties, computed once.

Shards are written atomically one by one: an interrupted build resumes, several processes may
share the work, and training may begin on the shards that stand. Nothing but the running shard is in memory.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinweave.applications.molecules.graphs import Graphs, graphs_of, ranges
from clinweave.applications.molecules.membership_filter import SEEN, seen_from, write_seen
from clinweave.applications.molecules.properties import property_table
from clinweave.applications.molecules.tokens import learn_tokens, open_tokens
from clinweave.core.artifacts import appearing, digest, sha256, write_json
from clinweave.core.errors import UserError

SHARD = 50_000
HELD_OUT = 10_000  # molecules at the head of the first shard that are never trained on
FULL, STRINGS = "shard", "strings"  # the names of shards with graphs and properties, and of those without
Progress = Callable[[int, int], None]  # shards done, of how many


@dataclass(frozen=True)
class Shard:
    """Tokens, graphs and properties of M molecules."""

    ids: NDArray[np.int16]  # all tokens, one molecule after another
    counts: NDArray[np.int64]  # (M,)
    graphs: Graphs | None = None
    properties: NDArray[np.float32] | None = None  # (M, 7), NaN where not computed

    def __len__(self) -> int:
        """Return the number of molecules."""
        return len(self.counts)

    def tokens(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
        """Return the tokens of these rows, one after another, and how many each has."""
        return self.ids[ranges(self.counts, rows)], self.counts[rows]


@dataclass(frozen=True)
class Plan:
    """How a cache is made; the folder keeps it, and another plan is refused."""

    source: str  # sha256 of the file
    molecules: int
    kind: str  # smiles or selfies
    vocabulary: int
    seed: int = 0
    qed_share: float = (
        1.0  # share of molecules whose QED is computed (1.3 ms each); the others have it masked
    )
    graphs: int | None = (
        None  # the first so many molecules get graphs and properties (0.7 ms each); None is all
    )

    @property
    def shards(self) -> int:
        """Return how many shards there are."""
        return -(-self.molecules // SHARD)

    def kind_of(self, number: int) -> str:
        """Return whether a shard holds graphs, or strings alone."""
        return FULL if self.graphs is None or number * SHARD < self.graphs else STRINGS


def build_cache(
    smiles: Sequence[str], source: Path, folder: Path, *, progress: Progress | None = None, workers: int = 1,
    **choices: Any,
) -> Plan:  # fmt: skip
    """Write the shards that are missing. `choices` are fields of `Plan`.

    Raises `UserError` where the folder holds the cache of something else.
    """
    plan = Plan(sha256(source), len(smiles), **{"kind": "smiles", "vocabulary": 1000, **choices})
    folder.mkdir(parents=True, exist_ok=True)
    _same_plan(plan, folder)
    order = np.random.default_rng(plan.seed).permutation(len(smiles))
    if not (folder / "tokens.json").is_file():
        learn_tokens([smiles[i] for i in order[:100_000]], plan.kind, plan.vocabulary).save(folder)
    if not (folder / SEEN).is_file():
        write_seen(folder / SEEN, seen_from(smiles))
    missing = [n for n in range(plan.shards) if not shard_path(folder, n, plan.kind_of(n)).is_file()]
    jobs = [(folder, n, [smiles[i] for i in order[n * SHARD : (n + 1) * SHARD]], plan) for n in missing]
    done = plan.shards - len(missing)
    for count, _ in enumerate(_each(jobs, workers), 1):
        if progress:
            progress(done + count, plan.shards)
    return plan


def _each(jobs: Sequence[tuple[Any, ...]], workers: int) -> Iterator[None]:
    if workers < 2:
        for job in jobs:
            write_shard(*job)
            yield
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(write_shard, *zip(*jobs, strict=True))


def _same_plan(plan: Plan, folder: Path) -> None:
    path = folder / "plan.json"
    current = json.loads(json.dumps(plan.__dict__))
    if path.is_file():
        previous = json.loads(path.read_text("utf-8"))
        if digest(previous) != digest(current):
            other = [name for name in current if previous.get(name) != current[name]]
            raise UserError(
                f"{folder} holds features made with other {', '.join(other)}: choose another folder"
            )
    write_json(path, current)


def shard_path(folder: Path, number: int, kind: str) -> Path:
    """Return where a shard lies."""
    return folder / f"{kind}-{number:05d}.npz"


def write_shard(folder: Path, number: int, smiles: Sequence[str], plan: Plan) -> None:
    """Compute and write one shard."""
    ids = open_tokens(folder).encode(smiles)
    keep: dict[str, Any] = {
        "ids": np.array([i for row in ids for i in row], np.int16),
        "counts": np.array([len(row) for row in ids], np.int16),
    }
    kind = plan.kind_of(number)
    if kind == FULL:
        keep |= _features(smiles, np.random.default_rng(number).random(len(smiles)) < plan.qed_share)
    with appearing(shard_path(folder, number, kind)) as work, work.open("wb") as stream:
        np.savez(stream, **keep)


def _features(smiles: Sequence[str], with_qed: NDArray[np.bool_]) -> dict[str, np.ndarray]:
    from rdkit import Chem

    molecules = [Chem.MolFromSmiles(item) for item in smiles]
    wrong = sum(item is None for item in molecules)
    if wrong:
        raise UserError(
            f"{wrong} of {len(smiles)} training molecules are not valid SMILES: standardise them first"
        )
    graphs = graphs_of(molecules)
    values = [property_table([item], qed=bool(qed))[0] for item, qed in zip(molecules, with_qed, strict=True)]
    return {
        "properties": np.array(values, np.float32),
        "atom_counts": graphs.atom_counts.astype(np.int16),
        "bond_counts": graphs.bond_counts.astype(np.int16),
        "atoms": graphs.atoms,
        "ends": graphs.ends.astype(np.int16),
        "kinds": graphs.kinds,
    }


def read_shard(path: Path) -> Shard:
    """Return a shard that `write_shard` wrote."""
    with np.load(path) as arrays:
        if "kinds" not in arrays:
            return Shard(arrays["ids"], arrays["counts"].astype(np.int64))
        graphs = Graphs(
            arrays["atom_counts"].astype(np.int64),
            arrays["bond_counts"].astype(np.int64),
            arrays["atoms"],
            arrays["ends"].astype(np.int64),
            arrays["kinds"],
        )
        return Shard(arrays["ids"], arrays["counts"].astype(np.int64), graphs, arrays["properties"])


def shards(folder: Path, kind: str = FULL) -> list[Path]:
    """Return the shards of a kind that stand, in order."""
    return sorted(folder.glob(f"{kind}-*.npz"))
