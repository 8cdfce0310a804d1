"""One graph engine that answers two-hop questions: python walkers.py ENGINE FOLDER (started by benchmarks/graph.py).

FOLDER holds start.npy and targets.npy, the compressed sparse rows of a directed graph. When the engine has loaded them
a line of JSON says what that cost; each line of node numbers that comes in is then answered by a line with
milliseconds (wall and CPU) and the number of nodes found, one for each. Every engine returns the distinct nodes one
or two steps away, without the node itself, as Python or Arrow values that can be read.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

Walk = Callable[[int], Any]  # something with a length


def clinweave(folder: Path) -> Walk:
    from clinweave.knowledge.graph.arrays import within

    start, targets = arrays(folder)
    return lambda node: within(start, targets, node, 2)


def networkit(folder: Path) -> Walk:
    import networkit as nk

    nk.setNumberOfThreads(1)
    start, targets = arrays(folder)
    size = len(start) - 1
    source = np.repeat(np.arange(size), np.diff(start))
    graph = nk.GraphFromCoo(
        (np.ones(len(targets)), (source, targets.astype(np.int64))), n=size, directed=True, weighted=False
    )

    def walk(node: int) -> set[int]:
        result = set(graph.iterNeighbors(node))
        for beside in tuple(result):
            result.update(graph.iterNeighbors(beside))
        result.discard(node)
        return result

    return walk


def networkx(folder: Path) -> Walk:
    import networkx as nx

    start, targets = arrays(folder)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(start) - 1))
    for node in range(len(start) - 1):
        graph.add_edges_from((node, other) for other in targets[start[node] : start[node + 1]].tolist())
    rows = graph.adj

    def walk(node: int) -> set[int]:
        result = set(rows[node])
        for beside in tuple(result):
            result.update(rows[beside])
        result.discard(node)
        return result

    return walk


def duckdb(folder: Path) -> Walk:
    import duckdb as engine

    connection = engine.connect(str(working(folder) / "graph.duckdb"), config={"threads": 1})
    connection.execute(f"create table edges as select * from '{edges(folder)}' order by s, t")
    connection.execute("create index by_source on edges (s)")
    query = (
        "with one as (select t from edges where s = $n) select t from (select t from one union "
        "select edges.t from edges join one on edges.s = one.t) where t != $n"
    )
    return lambda node: connection.execute(query, {"n": node}).fetchnumpy()["t"]


def ladybug(folder: Path) -> Walk:
    import ladybug as engine

    database = engine.Database(str(working(folder) / "graph.lbug"))
    connection = engine.Connection(database, num_threads=1)
    edges(folder)
    for command in (
        "create node table Node(id int64, primary key(id))",
        "create rel table Edge(from Node to Node)",
        f"copy Node from '{folder / 'nodes.parquet'}'",
        f"copy Edge from '{folder / 'edges.parquet'}'",
    ):
        connection.execute(command)
    question = "match (a:Node)-[:Edge*1..2]->(b:Node) where a.id = $n and b.id <> $n return distinct b.id"
    return lambda node: connection.execute(question, {"n": node}).get_all()


ENGINES = {item.__name__: item for item in (clinweave, networkit, networkx, duckdb, ladybug)}
_KEPT: list[tempfile.TemporaryDirectory[str]] = []


def working(folder: Path) -> Path:
    """Return an empty folder beside the data that goes with the program."""
    _KEPT.append(tempfile.TemporaryDirectory(dir=folder))
    return Path(_KEPT[-1].name)


def arrays(folder: Path) -> tuple[Any, Any]:
    """Return the mapped rows as plain arrays."""
    names = ("start", "targets")
    return tuple(np.load(folder / f"{name}.npy", mmap_mode="r").view(np.ndarray) for name in names)  # type: ignore[return-value]


def edges(folder: Path) -> Path:
    """Return the same graph as Parquet, for engines that load tables."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "edges.parquet"
    if not path.exists():
        start, targets = arrays(folder)
        size = len(start) - 1
        source = np.repeat(np.arange(size, dtype=np.int64), np.diff(start))
        pq.write_table(pa.table({"id": np.arange(size)}), folder / "nodes.parquet")
        pq.write_table(pa.table({"s": source, "t": targets.astype(np.int64)}), path)
    return path


def main() -> None:
    if len(sys.argv) != 3:
        return
    wall, cpu = time.perf_counter(), time.process_time()
    walk = ENGINES[sys.argv[1]](Path(sys.argv[2]))
    peak = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
    told = {"load_wall": time.perf_counter() - wall, "load_cpu": time.process_time() - cpu, "peak_mb": peak}
    print(json.dumps(told), flush=True)
    for line in sys.stdin:
        times, sizes = [], []
        cpu = time.process_time()
        for node in json.loads(line):
            begun = time.perf_counter()
            result = walk(node)
            times.append((time.perf_counter() - begun) * 1000)
            sizes.append(len(result))
        spent = (time.process_time() - cpu) * 1000 / max(1, len(times))
        print(json.dumps({"ms": times, "cpu_ms": spent, "sizes": sizes}), flush=True)
    for kept in _KEPT:
        kept.cleanup()


if __name__ == "__main__":
    main()
