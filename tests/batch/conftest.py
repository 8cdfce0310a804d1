import json

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
    """Run a Ray cluster of two nodes with one processor each; return its address."""
    pytest.importorskip("ray", reason="ray is in the scale extra")
    import ray
    from ray.cluster_utils import Cluster

    from clinweave.batch.on_ray import QUIET

    node = {"num_cpus": 1, "include_dashboard": False}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**QUIET, "RAY_raylet_start_wait_time_s": "300"}.items():
            patch.setenv(name, value)
        cluster = Cluster(initialize_head=True, head_node_args=node)
        cluster.add_node(**node)
        yield cluster.address
        ray.shutdown()
        cluster.shutdown()


# the nodes of a cluster call each other by this machine's own address, which the guard of the tests takes for another
@pytest.fixture(params=["local", pytest.param("ray", marks=pytest.mark.network)])
def runner(request):
    """Return each runner, with two workers."""
    if request.param == "local":
        return LocalRunner(2)
    return RayRunner(request.getfixturevalue("cluster"))
