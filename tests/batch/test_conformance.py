"""What every runner must hold: the same bytes and counts whatever happens to workers, rows, disk and memory."""

import json
import subprocess
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from clinweave.batch import LocalRunner, RayRunner, run_batch
from clinweave.core.errors import ClinweaveError, UserError
from tests.batch.misbehaving import Deadly, Memory, Upper, kill_node

SIZE = 4 << 10  # bytes of a part: about 60 rows


def contents(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.glob("*.parquet"))}


def table(out: Path, parts: list[str]) -> list[dict[str, object]]:
    return [row for name in parts for row in pq.read_table(out / f"{name}.parquet").to_pylist()]


@pytest.fixture
def expected(rows, tmp_path):
    """Return a function that gives what one local worker makes of a job's input without any trouble."""

    def make(job, source):
        out = tmp_path / "expected"
        return run_batch(job, source, out, runner=LocalRunner(1), part_bytes=SIZE), contents(out)

    return make


def test_same_bytes_and_counts_and_order(runner, rows, expected, tmp_path):
    source = rows([f"text {number} äöü" for number in range(700)])
    wanted, files = expected(Upper(), source)
    result = run_batch(Upper(), source, tmp_path / "out", runner=runner, part_bytes=SIZE)
    assert len(files) > 8
    assert contents(result.out) == files
    assert (result.rows, result.errors, result.parts) == (700, wanted.errors, wanted.parts)
    assert [row["upper"] for row in table(result.out, result.parts)] == [f"TEXT {n} ÄÖÜ" for n in range(700)]


def test_a_worker_killed_in_the_middle_costs_nothing_but_time(runner, rows, expected, tmp_path):
    source = rows(["trigger" if number == 300 else f"text {number}" for number in range(700)])
    _, files = expected(Upper(), source)
    job = Upper(once=str(tmp_path / "once"), event="kill")
    result = run_batch(job, source, tmp_path / "out", runner=runner, part_bytes=SIZE)
    assert Path(job.once).exists()
    assert result.rows == 700
    assert tables(result.out, files) == tables(tmp_path / "expected", files)


def tables(out: Path, names: Iterable[str]) -> dict[str, object]:
    """Return what the files hold: the bytes of their footers differ with the job's settings."""
    return {name: pq.read_table(out / name).to_pylist() for name in names}


@pytest.mark.network
@pytest.mark.parametrize("way", ["address", "client"])
def test_a_node_lost_in_the_middle_costs_nothing_but_time(
    way, cluster, disconnected, rows, expected, tmp_path
):
    source = rows([f"text {number}" for number in range(2000)])
    _, files = expected(Upper(pause=0.2), source)
    node, out = cluster.add_node(num_cpus=1, include_dashboard=False), tmp_path / "out"

    def lose() -> None:
        while len(list(out.glob("*.parquet"))) < 4:
            time.sleep(0.02)
        kill_node(node)

    threading.Thread(target=lose, daemon=True).start()
    runner = RayRunner(getattr(cluster, way))
    result = run_batch(Upper(pause=0.2), source, out, runner=runner, part_bytes=SIZE)
    assert not node.live_processes()
    assert result.rows == 2000
    assert contents(out) == files


def test_bad_rows_are_counted_and_carried(runner, rows, tmp_path):
    source = rows(["poison" if number in {5, 6, 90} else f"text {number}" for number in range(200)])
    lines = source.read_text("utf-8").splitlines()
    lines[10] = "{no json"
    lines[11] = json.dumps({"id": 11, "text": 3})
    lines[12] = json.dumps({"text": "no id"})
    lines[13] = json.dumps({"id": "n13", "text": None})
    source.write_text("\n".join(lines), "utf-8")
    result = run_batch(Upper(), source, tmp_path / "out", runner=runner, part_bytes=SIZE)
    assert result.rows == 200
    assert dict(result.errors) == {
        "ValueError": 3, "not JSON": 1, '"text" is not a text': 1, 'needs an "id"': 1, 'needs "text"': 1,
    }  # fmt: skip
    done = table(result.out, result.parts)
    assert [row["upper"] for row in done[3:8]] == ["TEXT 3", "TEXT 4", None, None, "TEXT 7"]
    assert done[5]["error"] == "ValueError: this row cannot be read"
    assert done[10] == {
        "id": None, "upper": None, "length": None, "error": "notes.jsonl, line 11: not JSON",
    }  # fmt: skip
    assert [row["id"] for row in done[11:14]] == ["11", None, "n13"]
    assert sum(row["error"] is None for row in done) == 193


def test_a_part_that_kills_every_worker_fails_alone(runner, rows, tmp_path):
    source = rows(["deadly" if number == 130 else f"text {number}" for number in range(300)])
    with pytest.raises(ClinweaveError, match=r"1 of .* parts failed 3 times"):
        run_batch(Deadly(), source, tmp_path / "out", runner=runner, part_bytes=SIZE)
    written = len(contents(tmp_path / "out"))
    assert written == len(source.read_bytes()) // SIZE  # all parts but one
    lines = source.read_text("utf-8").replace("deadly", "mended")
    source.write_text(lines, "utf-8")
    result = run_batch(Deadly(), source, tmp_path / "out", runner=runner, part_bytes=SIZE)
    assert (result.resumed, result.rows, len(result.parts)) == (written, 300, written + 1)


def test_a_full_disk_leaves_whole_parts_and_is_resumed(runner, rows, expected, tmp_path):
    source = rows([f"text {number} {hash(str(number))}" for number in range(4000)])
    _, files = expected(Upper(), source)
    out = tmp_path / "disk"
    out.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(out)], check=False)
    if mounted.returncode:
        pytest.skip("no right to mount a small disk")
    try:
        with pytest.raises(ClinweaveError, match=r"No space left on device|full: free space"):
            run_batch(Upper(), source, out / "job", runner=runner, part_bytes=SIZE)
        left = contents(out / "job")
        assert 0 < len(left) < len(files)
        assert left.items() <= files.items()
        assert not list((out / "job").glob(".*partial"))
        subprocess.run(["mount", "-o", "remount,size=10m", str(out)], check=True)
        result = run_batch(Upper(), source, out / "job", runner=runner, part_bytes=SIZE)
        assert result.resumed == len(left)
        assert contents(out / "job") == files
    finally:
        subprocess.run(["umount", str(out)], check=True)


def test_memory_is_bounded_by_the_flag(runner, rows, tmp_path):
    source = rows(["huge" if number == 20 else f"text {number}" for number in range(100)])
    result = run_batch(Upper(), source, tmp_path / "out", runner=runner, memory=1 << 30, part_bytes=SIZE)
    assert (result.rows, dict(result.errors)) == (100, {"MemoryError": 1})
    assert [row["error"] for row in table(result.out, result.parts)][19:22] == [None, "MemoryError: ", None]


def test_memory_does_not_grow_with_a_part(runner, rows, tmp_path):
    held = []
    for count in (300, 30_000):
        source = rows(["x" * 1000] * count, f"{count}.jsonl.gz".removesuffix(".gz"))
        result = run_batch(Memory(), source, tmp_path / str(count), runner=runner, part_bytes=4 << 20)
        held.append(max(int(row["length"]) for row in table(result.out, result.parts)))
    assert held[1] - held[0] < 64 << 10, f"KiB held with 300 and 30,000 rows of 1 kB: {held}"


def test_a_stopped_run_goes_on_with_what_is_missing(runner, rows, expected, tmp_path):
    source = rows([f"text {number}" for number in range(700)])
    wanted, files = expected(Upper(), source)
    out = tmp_path / "out"
    run_batch(Upper(), source, out, runner=runner, part_bytes=SIZE)
    for name in wanted.parts[::2]:
        (out / f"{name}.parquet").unlink()
    result = run_batch(Upper(), source, out, runner=runner, part_bytes=SIZE)
    assert result.resumed == len(wanted.parts) // 2
    assert contents(out) == files
    assert run_batch(Upper(), source, out, runner=runner, part_bytes=SIZE).resumed == len(wanted.parts)


def test_a_folder_of_another_job_is_refused(runner, rows, tmp_path):
    source = rows(["text"])
    run_batch(Upper(), source, tmp_path / "out", runner=runner)
    with pytest.raises(UserError, match="result of another job"):
        run_batch(Upper(pause=0.1), source, tmp_path / "out", runner=runner)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "letter.txt").write_text("mine", "utf-8")
    with pytest.raises(UserError, match="holds files that no job wrote"):
        run_batch(Upper(), source, tmp_path / "own", runner=runner)
