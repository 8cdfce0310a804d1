"""Batch jobs on a Ray cluster: efficiency of two workers, overhead over local processes, a killed worker, engines.

python benchmarks/scale.py corpus.jsonl --work DIR [--job link] [--set KEY=VALUE]
python benchmarks/scale.py corpus.jsonl --work DIR --engine tasks|data|daft|local     (one engine, in any environment)

The corpus is linked (or whatever --job says) by one and two local processes, and on a local Ray cluster of two nodes
with one processor each, one part at a time and on both; all in turn, `--rounds` times. In the kill tests a worker, and
then a node, is killed in the middle. Every run must write the same bytes.
"""

import argparse
import hashlib
import json
import os
import signal
import statistics
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from clinweave.batch.contract import Task  # noqa: E402
from clinweave.batch.on_ray import QUIET, RayRunner  # noqa: E402
from clinweave.batch.parts import plan  # noqa: E402
from clinweave.batch.worker import run_part  # noqa: E402

MARK = "CLINWEAVE_SCALE_BENCHMARK"  # in the environment of the workers that this program started
os.environ.update({**QUIET, MARK: str(os.getpid()), "RAY_raylet_start_wait_time_s": "300"})
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])


def digest(out: Path) -> str:
    """Return a hash of all parts' bytes."""
    total = hashlib.sha256()
    for path in sorted(out.glob("*.parquet")):
        total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()[:12]


class Watched:
    """A runner that notes when each part ended, and how long its worker was at work on it."""

    def __init__(self, runner) -> None:
        self.runner, self.name = runner, runner.name
        self.ended: list[float] = []
        self.busy: list[float] = []
        self.processor: list[float] = []

    def run(self, task, parts, avoid):
        for report in self.runner.run(task, parts, avoid):
            self.ended.append(time.perf_counter())
            self.busy.append(report.seconds)
            self.processor.append(report.processor)
            yield report

    def steady(self, workers: int) -> dict[str, float]:
        """Return parts a second, and how far workers were at work, after each has opened the job.

        Local workers open it anew for each run, those of a cluster keep it: the first two parts of each are left out.
        """
        first = 2 * workers
        begun = self.ended[first - 1]
        wall = self.ended[-1] - begun
        busy = sum(
            end - max(end - spent, begun)
            for end, spent in zip(self.ended, self.busy, strict=True)
            if end > begun
        )
        return {
            "parts_s": round((len(self.ended) - first) / wall, 3),
            "at_work": round(busy / (workers * wall), 3),
            "processor_s_part": round(statistics.mean(self.processor[first:]), 4),
        }


def run(name: str, runner, options, *, workers: int = 0) -> dict[str, object]:
    """Run the job into a new folder; on a cluster a small run before it makes every worker open the job."""
    from clinweave.batch import make_job, run_batch

    job = make_job(options.job, options.settings)
    options.count += 1
    out = options.work / f"{options.count:02}"
    run_batch(job, options.warm, out.with_name(f"{out.name}-warm"), runner=runner, part_bytes=1)
    watched, begun = Watched(runner), time.perf_counter()
    result = run_batch(job, options.corpus, out, runner=watched, part_bytes=options.part_bytes)
    wall = time.perf_counter() - begun
    row = {"run": name, "wall_s": round(wall, 2), "rows": result.rows, "parts": len(result.parts),
           "retried": result.retried, "bytes": digest(out)}  # fmt: skip
    if workers:
        row |= watched.steady(workers)
    print(json.dumps(row), flush=True)
    return row


@contextmanager
def cluster_of(nodes: int):
    """Yield a new cluster of so many nodes with one processor each."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        for _ in range(nodes - 1):
            cluster.add_node(num_cpus=1)
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


def kill_a_worker(_) -> bool:
    """Kill a Ray worker of this program that is at work on a part."""
    while not _killed():
        time.sleep(0.01)
    return True


def _killed() -> bool:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes()
            mine = f"{MARK}={os.getpid()}".encode() in (folder / "environ").read_bytes()
        except OSError:
            continue
        if line.startswith(b"ray::_on_node") and mine:
            os.kill(int(folder.name), signal.SIGKILL)
            return True
    return False


def kill_a_node(cluster) -> bool:
    """Kill the second node with all its processes."""
    from tests.batch.misbehaving import kill_node

    kill_node(next(iter(cluster.worker_nodes)))
    return True


def killed(what: str, options, cluster) -> dict[str, object]:
    """Run with a worker or a node killed when the first six parts are written."""
    out, done = options.work / f"{options.count + 1:02}", []

    def watch() -> None:
        while len(list(out.glob("*.parquet"))) < 6:
            time.sleep(0.01)
        done.append((kill_a_worker if what == "worker" else kill_a_node)(cluster))

    threading.Thread(target=watch, daemon=True).start()
    row = run(f"two nodes, one {what} killed", RayRunner(cluster.address), options)
    return {**row, "killed": done == [True]}


def compare(options) -> None:
    """Run everything and print efficiency, overhead and the outcome of the kill tests."""
    from clinweave.batch import LocalRunner

    rows: dict[str, list[dict]] = {}
    with cluster_of(2) as cluster:
        runners = {
            "local, 1 process": (LocalRunner(1), 1),
            "local, 2 processes": (LocalRunner(2), 2),
            "ray, 1 of 2 nodes at a time": (RayRunner(cluster.address, 1), 1),
            "ray, 2 nodes": (RayRunner(cluster.address), 2),
        }
        for _ in range(options.rounds):  # in turn, so that what else the machine does meets all alike
            for name, (runner, workers) in runners.items():
                rows.setdefault(name, []).append(run(name, runner, options, workers=workers))
        for what in ("worker", "node"):
            rows[f"{what} killed"] = [killed(what, options, cluster)]
    one, two, ray_one, ray_two = ([row["parts_s"] for row in rows[name]] for name in runners)
    every = [row for several in rows.values() for row in several]
    summary = {
        "rounds": options.rounds,
        "efficiency of 2 processes": spread(b / (2 * a) for a, b in zip(one, two, strict=True)),
        "efficiency of 2 nodes": spread(b / (2 * a) for a, b in zip(ray_one, ray_two, strict=True)),
        "time on Ray over local, 1 worker": spread(a / b for a, b in zip(one, ray_one, strict=True)),
        "time on Ray over local, 2 workers": spread(a / b for a, b in zip(two, ray_two, strict=True)),
        "workers at work, share of the time": {
            name: spread(row["at_work"] for row in rows[name]) for name in runners
        },
        # had the workers the processors for themselves, each would do at_work / processor_s parts a second
        "efficiency of 2 nodes, of processor time": spread(
            free(rows, "ray, 1 of 2 nodes at a time", "ray, 2 nodes")
        ),
        "processor s of a part": {
            name: spread(row["processor_s_part"] for row in rows[name]) for name in runners
        },
        "same bytes in all runs": len({row["bytes"] for row in every}) == 1,
        "worker killed": {key: rows["worker killed"][0][key] for key in ("killed", "retried", "rows")},
        "node killed": {key: rows["node killed"][0][key] for key in ("killed", "retried", "rows")},
        "load of the machine": round(os.getloadavg()[1], 1),
    }
    print(json.dumps(summary, indent=1))
    if options.json:
        options.json.write_text(json.dumps({"runs": rows, "summary": summary}, indent=1), "utf-8")


def free(rows: dict[str, list[dict]], one: str, two: str) -> list[float]:
    """Return what the second worker adds, from the time at work and the processor seconds of a part alone."""
    speeds = [[row["at_work"] / row["processor_s_part"] for row in rows[name]] for name in (one, two)]
    return [b / a for a, b in zip(*speeds, strict=True)]


def spread(values) -> str:
    """Return the median with the least and the largest value."""
    values = sorted(values)
    return f"{statistics.median(values):.2f} ({values[0]:.2f} to {values[-1]:.2f})"


def by_engine(options) -> None:
    """Map the same function over the same parts by one engine; the job copies texts in capitals."""
    from tests.batch.misbehaving import Upper

    parts = plan(options.corpus, options.part_bytes)
    out = options.work / options.engine
    out.mkdir(parents=True)
    task = Task(Upper(), "", out)
    begun = time.perf_counter()
    if options.engine == "local":
        from clinweave.batch.local import LocalRunner

        ready = time.perf_counter()
        rows = sum(report.rows for report in LocalRunner(2).run(task, parts, frozenset()))
    else:
        import ray

        ray.init(
            "local", num_cpus=2, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1"
        )
        ready = time.perf_counter()
        rows = ENGINES[options.engine](task, parts)
    row = {"engine": options.engine, "parts": len(parts), "rows": rows, "start_s": round(ready - begun, 1),
           "job_s": round(time.perf_counter() - ready, 1), "bytes": digest(out)}  # fmt: skip
    print(json.dumps(row))


def by_tasks(task, parts) -> int:
    return sum(report.rows for report in RayRunner().run(task, parts, frozenset()))


def by_ray_data(task, parts) -> int:
    import ray

    data = ray.data.from_items(parts, override_num_blocks=len(parts))
    done = data.map(lambda row: {"rows": run_part(task, row["item"]).rows}, num_cpus=1)
    return sum(row["rows"] for row in done.iter_rows())


def by_daft(task, parts) -> int:
    import daft

    daft.set_runner_ray()

    @daft.func(return_dtype=daft.DataType.int64())
    def mapped(number):
        return run_part(task, parts[number]).rows

    frame = daft.from_pydict({"number": list(range(len(parts)))}).into_partitions(len(parts))
    return sum(frame.select(mapped(frame["number"])).to_pydict()["number"])


ENGINES = {"tasks": by_tasks, "data": by_ray_data, "daft": by_daft}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpus", type=Path, help='JSONL with "id" and "text"')
    parser.add_argument("--work", type=Path, required=True, help="an empty folder")
    parser.add_argument("--job", default="link")
    parser.add_argument("--set", dest="changes", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--part-bytes", type=int, default=1 << 18)
    parser.add_argument("--engine", choices=[*ENGINES, "local"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    if options.engine:
        by_engine(options)
        return
    options.settings = dict(change.split("=", 1) for change in options.changes)
    options.count = 0
    options.warm = options.work / "warm.jsonl"
    options.warm.write_text("".join(f'{{"id": {n}, "text": "Seizures."}}\n' for n in range(8)), "utf-8")
    compare(options)


if __name__ == "__main__":
    main()
