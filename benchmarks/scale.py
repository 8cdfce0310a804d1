"""Batch jobs on a Ray cluster: efficiency of two workers, overhead over local processes, a killed worker, engines.

python benchmarks/scale.py corpus.jsonl --work DIR [--job link] [--set KEY=VALUE]
python benchmarks/scale.py corpus.jsonl --work DIR --engine tasks|data|daft|local     (one engine, in any environment)

The corpus is linked (or whatever --job says) by one and two local processes, and on local Ray clusters of one and two
nodes with one processor each. In the kill test one of the workers is killed in the middle. Every run must write the
same bytes.
"""

import argparse
import hashlib
import json
import os
import signal
import sys
import threading
import time
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


def run(name: str, runner, options, out: Path, *, warm: bool = True) -> dict[str, object]:
    """Run the job into `out`; with `warm` a first part makes every worker open the job before the clock starts."""
    from clinweave.batch import make_job, run_batch

    job = make_job(options.job, options.settings)
    if warm:
        run_batch(job, options.warm, out.with_name(f"{out.name}-warm"), runner=runner, part_bytes=1)
    begun = time.perf_counter()
    result = run_batch(job, options.corpus, out, runner=runner, part_bytes=options.part_bytes)
    row = {"run": name, "wall_s": round(time.perf_counter() - begun, 1), "rows": result.rows,
           "parts": len(result.parts), "retried": result.retried, "bytes": digest(out)}  # fmt: skip
    print(json.dumps(row), flush=True)
    return row


def on_cluster(nodes: int, body):
    """Return what `body` does with a runner on a new cluster of so many nodes with one processor each."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        for _ in range(nodes - 1):
            cluster.add_node(num_cpus=1)
        return body(RayRunner(cluster.address))
    finally:
        ray.shutdown()
        cluster.shutdown()


def kill_a_worker(done: list[int], out: Path) -> None:
    """Kill one Ray worker of this machine when the first parts are written."""
    while not done and len(list(out.glob("*.parquet"))) < 2:
        time.sleep(0.05)
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes()
            mine = f"{MARK}={os.getpid()}".encode() in (folder / "environ").read_bytes()
        except OSError:
            continue
        if line.startswith(b"ray::_on_node") and mine:
            os.kill(int(folder.name), signal.SIGKILL)
            done.append(int(folder.name))
            return


def killed(options) -> dict[str, object]:
    out, done = options.work / "killed", []
    watcher = threading.Thread(target=kill_a_worker, args=(done, out), daemon=True)
    watcher.start()
    try:
        row = on_cluster(2, lambda runner: run("two nodes, one worker killed", runner, options, out))
    finally:
        done.append(0)
    return {**row, "killed": done[0] > 0}


def compare(options) -> None:
    """Run everything and print efficiency, overhead and the outcome of the kill test."""
    from clinweave.batch import LocalRunner

    rows = {
        "local 1": run("local, 1 process", LocalRunner(1), options, options.work / "local1", warm=False),
        "local 2": run("local, 2 processes", LocalRunner(2), options, options.work / "local2", warm=False),
    }
    for nodes in (1, 2):
        name, out = f"ray {nodes}", options.work / f"ray{nodes}"
        rows[name] = on_cluster(nodes, lambda runner, name=name, out=out: run(name, runner, options, out))
    rows["killed"] = killed(options)
    wall = {name: row["wall_s"] for name, row in rows.items()}
    summary = {
        "efficiency of 2 nodes": round(wall["ray 1"] / (2 * wall["ray 2"]), 2),
        "efficiency of 2 processes": round(wall["local 1"] / (2 * wall["local 2"]), 2),
        "Ray over local, 2 workers": round(wall["ray 2"] / wall["local 2"], 2),
        "same bytes": len({row["bytes"] for row in rows.values()}) == 1,
        "killed worker survived": bool(rows["killed"]["killed"])
        and rows["killed"]["rows"] == rows["local 1"]["rows"],
    }
    print(json.dumps(summary, indent=1))
    if options.json:
        options.json.write_text(json.dumps({"runs": rows, "summary": summary}, indent=1), "utf-8")


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
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    if options.engine:
        by_engine(options)
        return
    options.settings = dict(change.split("=", 1) for change in options.changes)
    options.warm = options.work / "warm.jsonl"
    options.warm.write_text("".join(f'{{"id": {n}, "text": "Seizures."}}\n' for n in range(8)), "utf-8")
    compare(options)


if __name__ == "__main__":
    main()
