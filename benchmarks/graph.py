"""Two-hop walks and text search beside peers, in one run: ratios of p50, p99 and CPU time.

    python benchmarks/graph.py [--edges 10000000] [--passages 1000000] [--graph DIR] [--only walks|text]

Peers come with the extra `bench`; one that is not installed is left out, with the reason. Each engine is a program of
its own that loads once; then all are asked the same questions in turn, round by round, and the best round of each
counts, so that load on the machine meets all alike. Graphs: a made one (a tenth as many nodes as edges, uniform
sources, half of the targets skewed towards few nodes), a fifth of it for networkx, whose objects would not fit, and the
built graph with its relations in both directions. Engines on disk answer warm; opening is counted as loading.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from clinweave.core.artifacts import home

PEERS = Path(__file__).parent / "peers"
OURS = "clinweave"


class Engine:
    """One engine in its own program."""

    def __init__(self, script: str, name: str, folder: Path) -> None:
        self.name = name
        command = [sys.executable, str(PEERS / script), name, str(folder)]
        self.program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.loaded = self._answer()
        self.rounds: list[dict[str, Any]] = []

    def ask(self, items: list[Any]) -> None:
        assert self.program.stdin is not None
        self.program.stdin.write(json.dumps(items) + "\n")
        self.program.stdin.flush()
        self.rounds.append(self._answer())

    def _answer(self) -> dict[str, Any]:
        assert self.program.stdout is not None
        line = self.program.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended: {self.program.wait()}")
        return dict(json.loads(line))

    def best(self) -> tuple[float, float, float]:
        """Return p50, p99 and CPU milliseconds of a question, each of its best round."""
        shares = [np.percentile(item["ms"], (50, 99)) for item in self.rounds]
        cpu = min(item["cpu_ms"] for item in self.rounds)
        return min(item[0] for item in shares), min(item[1] for item in shares), cpu

    def close(self) -> None:
        self.program.stdin and self.program.stdin.close()
        self.program.wait()


def made_graph(folder: Path, edges: int) -> None:
    """Write the made graph: about `edges` distinct pairs."""
    rng = np.random.default_rng(0)
    size, expected = edges // 10, int(edges * 1.02)
    source = rng.integers(0, size, expected)
    skewed = (size * rng.random(expected) ** 3).astype(np.int64)
    target = np.where(rng.random(expected) < 0.5, rng.integers(0, size, expected), skewed)
    pairs = np.unique(source * size + target)[:edges]
    write_rows(folder, pairs // size, pairs % size, size)


def write_rows(folder: Path, source: Any, target: Any, size: int) -> None:
    start = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=size))]).astype(np.int64)
    folder.mkdir()
    np.save(folder / "start.npy", start)
    np.save(folder / "targets.npy", target.astype(np.int32))


def real_graph(folder: Path, graph: Path) -> None:
    """Write the rows of a built graph: every relation that is not negated, in both directions."""
    folder.mkdir()
    for name, own in (("start", "beside"), ("targets", "beside_targets")):
        np.save(folder / f"{name}.npy", np.load(graph / f"{own}.npy"))


def made_passages(folder: Path, count: int) -> list[tuple[str, str]]:
    """Write passages of 12 words with a long-tailed vocabulary, and return questions of three words and a concept."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir()
    rng = np.random.default_rng(0)
    words = np.array([f"w{number:x}" for number in range(50_000)])
    schema = pa.schema([("id", pa.string()), ("text", pa.string()), ("concept", pa.string())])
    with pq.ParquetWriter(folder / "passages.parquet", schema) as sink:
        for first in range(0, count, 20_000):
            size = min(20_000, count - first)
            picked = words[(len(words) * rng.random((size, 12)) ** 3).astype(int)]
            concepts = [f"MADE:{number}" for number in rng.integers(0, 20_000, size)]
            ids = [f"p{number:08d}" for number in range(first, first + size)]
            sink.write_table(pa.table([ids, [" ".join(row) for row in picked], concepts], schema=schema))
    drawn = words[(len(words) * rng.random((500, 3)) ** 3).astype(int)]
    return [
        (" ".join(row), f"MADE:{number}")
        for row, number in zip(drawn, rng.integers(0, 20_000, 500), strict=True)
    ]


def compare(
    title: str, script: str, names: list[str], folder: Path, rounds: list[list[Any]]
) -> list[dict[str, Any]]:
    """Ask every engine every round in turn, and print and return a row for each."""
    engines = []
    for name in names:
        if name not in (OURS, f"{OURS}_concepts") and find_spec(name) is None:
            print(
                f"{title}: {name} left out, it is not installed (pip install 'clinweave[bench]')",
                file=sys.stderr,
            )
        else:
            engines.append(Engine(script, name, folder))
    for items in rounds:
        for engine in engines:
            engine.ask(items)
    first = [item["sizes"] for item in engines[0].rounds]
    base = engines[0].best()
    print(f"\n{title}: {sum(map(len, rounds))} questions, median answer {int(np.median(first[0]))} long")
    print(f"{'':<20}{'p50 ms':>9}{'p99 ms':>9}{'cpu ms':>9}   {'ours/p50':>8}{'p99':>7}{'cpu':>7}   "
          f"{'load s':>7}{'cpu':>7}{'peak MB':>9}")  # fmt: skip
    table = []
    for engine in engines:
        same = script != "walkers.py" or [item["sizes"] for item in engine.rounds] == first
        result = engine.best()
        row = {"task": title, "engine": engine.name, "p50": result[0], "p99": result[1], "cpu": result[2],
               "ratio": [our / their for our, their in zip(base, result, strict=True)], **engine.loaded}  # fmt: skip
        ratios = " ".join(f"{value:7.3f}" for value in row["ratio"])
        print(f"{engine.name:<20}{result[0]:9.4f}{result[1]:9.4f}{result[2]:9.4f}   {ratios}   "
              f"{engine.loaded['load_wall']:7.1f}{engine.loaded['load_cpu']:7.1f}{engine.loaded['peak_mb']:9d}"
              f"{'' if same else '  ANSWERS DIFFER'}", flush=True)  # fmt: skip
        table.append(row)
        engine.close()
    return table


def drawn(start: Any, rounds: int, each: int) -> list[list[int]]:
    """Return rounds of the same nodes, each in another order; only nodes that have a neighbour."""
    rng = random.Random(1)
    nodes = rng.sample(np.flatnonzero(np.diff(start)).tolist(), each)
    return [rng.sample(nodes, each) for _ in range(rounds)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--edges", type=int, default=10_000_000)
    parser.add_argument("--passages", type=int, default=1_000_000)
    parser.add_argument("--graph", type=Path, default=home() / "graph")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["walks", "text"])
    parser.add_argument("--json", type=Path, help="write the rows here, too")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="clinweave-bench-") as index:
        folder = Path(index)
        if options.only != "text":
            rows += walks(folder, options)
        if options.only != "walks":
            questions = made_passages(folder / "text", options.passages)
            names = [OURS, f"{OURS}_concepts", "tantivy", "bm25s"]
            rounds = [questions] * options.rounds
            rows += compare(
                f"text, {options.passages:,} passages", "searchers.py", names, folder / "text", rounds
            )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")


def walks(folder: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    made_graph(folder / "made", options.edges)
    made_graph(folder / "fifth", options.edges // 5)
    tasks = [
        (f"2 hops, {options.edges:,} edges", "made", [OURS, "networkit", "duckdb", "ladybug"]),
        (f"2 hops, {options.edges // 5:,} edges", "fifth", [OURS, "networkit", "networkx"]),
    ]
    if (options.graph / "beside.npy").is_file():
        real_graph(folder / "real", options.graph)
        tasks.append(
            ("2 hops, the built graph", "real", [OURS, "networkit", "networkx", "duckdb", "ladybug"])
        )
    else:
        print(f"no graph in {options.graph}: `clinweave graph build` makes one", file=sys.stderr)
    rows = []
    for title, name, engines in tasks:
        start = np.load(folder / name / "start.npy")
        rows += compare(title, "walkers.py", engines, folder / name, drawn(start, options.rounds, 300))
    return rows


if __name__ == "__main__":
    main()
