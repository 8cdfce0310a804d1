import json
import os
import socket
from pathlib import Path

import pytest

from clinweave.batch import LocalRunner, RayRunner


@pytest.fixture
def rows(tmp_path):
    """Return a function that writes rows of texts as JSONL: "notes.jsonl"."""

    def write(texts, name="notes.jsonl"):
        path = tmp_path / name
        lines = (json.dumps({"id": f"n{number}", "text": text}) + "\n" for number, text in enumerate(texts))
        path.write_text("".join(lines), "utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def cluster():
    """Run a Ray cluster of two nodes with one processor each, and its client server; return the cluster."""
    pytest.importorskip("ray", reason="ray is in the scale extra")
    import ray
    from ray.cluster_utils import Cluster

    from clinweave.batch.on_ray import QUIET

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    node = {"num_cpus": 1, "include_dashboard": False}
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    with pytest.MonkeyPatch.context() as patch:
        waits = ("RAY_raylet_start_wait_time_s", "RAY_CLIENT_SERVER_CHECK_CHANNEL_TIMEOUT_S")
        for name, value in {**QUIET, **dict.fromkeys(waits, "300")}.items():
            patch.setenv(name, value)
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))  # the nodes import the tests' jobs
        cluster = Cluster(initialize_head=True, head_node_args={**node, "ray_client_server_port": port})
        cluster.add_node(**node)
        cluster.client = f"ray://127.0.0.1:{port}"
        yield cluster
        ray.shutdown()
        cluster.shutdown()


@pytest.fixture
def disconnected():
    """Begin and end without a connection to a cluster: one program has one at a time."""
    import ray

    ray.shutdown()
    yield
    ray.shutdown()


# the nodes of a cluster call each other by this machine's own address, which the guard of the tests takes for another
@pytest.fixture(
    params=[
        "local",
        pytest.param("ray", marks=pytest.mark.network),
        pytest.param("ray client", marks=pytest.mark.network),
    ]
)
def runner(request):
    """Return each runner, with two workers: processes, a cluster by its address, a cluster by its client server."""
    if request.param == "local":
        return LocalRunner(2)
    cluster = request.getfixturevalue("cluster")
    request.getfixturevalue("disconnected")
    return RayRunner(cluster.address if request.param == "ray" else cluster.client)
