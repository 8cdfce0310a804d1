"""The command line on a Ray cluster of two nodes, by its client server: `--runner ray://HOST:PORT`, and a recipe."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clinweave.batch import LocalRunner, make_job, run_batch
from tests.batch.test_conformance import contents
from tests.knowledge.graph_fixture import build

pytestmark = pytest.mark.network  # the nodes call each other by this machine's own address
RECIPE = """
kind = "batch"
[[jobs]]
job = "link"
input = "notes.jsonl"
settings = { graph = "graph", language = "en" }
"""


@pytest.fixture
def notes(rows, tmp_path, monkeypatch):
    """Return notes beside a graph, which only paths relative to here name."""
    build(tmp_path / "graph")
    monkeypatch.chdir(tmp_path)
    return rows(["Marble syndrome with long fingers.", "No short stature.", "Pebble disease."] * 60)


@pytest.fixture
def expected(notes, tmp_path):
    """Return the files that a local worker writes."""
    job = make_job("link", {"graph": "graph", "language": "en"})
    run_batch(job, notes, tmp_path / "local", name="link", runner=LocalRunner(1), part_bytes=2 << 10)
    return contents(tmp_path / "local")


def clinweave(*arguments):
    """Run the command in a program of its own, with a home that the nodes were not started with."""
    paths = [str(Path(__file__).parents[2] / "src"), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "CLINWEAVE_HOME": str(Path("home").absolute()), "PYTHONPATH": os.pathsep.join(paths)}
    command = [sys.executable, "-m", "clinweave", *map(str, arguments)]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=False)


def test_a_job_through_the_client_server(cluster, notes, expected, tmp_path):
    arguments = ("batch", "link", "notes.jsonl", "--out", "out", "--part-size", "2K", "--set", "graph=graph",
                 "--set", "language=en", "--runner", cluster.client, "--json")  # fmt: skip
    first = clinweave(*arguments)
    assert first.returncode == 0, first.stderr
    printed = json.loads(first.stdout)
    assert (printed["rows"], printed["errors"], printed["resumed"]) == (180, {}, 0)
    assert contents(tmp_path / "out") == expected
    next((tmp_path / "out").glob("*.parquet")).unlink()
    again = clinweave(*arguments)
    assert json.loads(again.stdout)["resumed"] == len(expected) - 1
    assert contents(tmp_path / "out") == expected


def test_a_recipe_with_a_runner_section(cluster, notes, expected, tmp_path):
    section = f'[runner]\naddress = "{cluster.client}"\nmemory = "2G"\npart_size = "2K"\n'
    (tmp_path / "own.toml").write_text(RECIPE + section, "utf-8")
    ran = clinweave("run", "own.toml", "--out", "run", "--json")
    assert ran.returncode == 0, ran.stderr
    (job,) = json.loads(ran.stdout)["jobs"]
    assert (job["rows"], job["parts"], job["errors"]) == (180, len(expected), {})
    assert contents(tmp_path / "run" / "jobs" / "link") == expected


def test_a_cluster_that_does_not_answer_is_named(notes):
    pytest.importorskip("ray", reason="ray is in the scale extra")
    ran = clinweave(
        "batch",
        "link",
        "notes.jsonl",
        "--out",
        "out",
        "--set",
        "graph=graph",
        "--runner",
        "ray://127.0.0.1:9",
    )
    assert ran.returncode == 1
    assert "no Ray cluster can be used at ray://127.0.0.1:9" in ran.stderr
    assert "--ray-client-server-port" in ran.stderr
    assert "Traceback" not in ran.stderr
