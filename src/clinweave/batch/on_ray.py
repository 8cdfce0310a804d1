"""Parts on a Ray cluster (extra `scale`): each part is one Ray task, which Ray places, runs and watches.

Ray tasks and no data set of an engine: a part reads its input and writes its file by itself, so only names and counts
travel. Ray Data and Daft were measured as well (docs/scale.md). Ray's own retries are off: which part is tried again
is decided in one place for every runner (`run_batch`).
"""

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

from clinweave import __version__
from clinweave.batch.contract import PartReport, Task
from clinweave.batch.parts import Part
from clinweave.batch.worker import ONE_THREAD, PLAIN_MEMORY, run_part
from clinweave.core.artifacts import home
from clinweave.core.errors import ClinweaveError
from clinweave.core.extras import needs_extra
from clinweave.core.filesystem import reason

# Ray asks clouds' metadata addresses where it runs, and reports to its makers that reports are off: both are led to
# a port of this machine where nobody listens. Ray's own calls go by gRPC, which heeds no proxy here.
_NOBODY = "http://127.0.0.1:9"
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0", "RAY_USAGE_STATS_REPORT_URL": _NOBODY, "http_proxy": _NOBODY,
    "no_proxy": "127.0.0.1,localhost",
}  # fmt: skip
_AHEAD = 2  # parts that wait for each processor: none of them idles, and a stop loses few
_CANCELLED = 10.0  # seconds to wait for parts that are stopped
_NODE = "ray.io/node-id"  # a label that Ray gives every node


class RayRunner:
    """Workers of the cluster at `address` ("ray://HOST:10001", "HOST:6379"), or of a local one ("").

    Input, result and knowledge base are paths that every node sees, and clinweave is installed on every node.
    """

    name = "ray"

    def __init__(self, address: str = "", workers: int = 0) -> None:
        self.address, self.workers = address, workers

    def run(self, task: Task, parts: Sequence[Part], avoid: frozenset[str]) -> Iterator[PartReport]:
        """Yield the reports of parts as they end; see `Runner.run`."""
        ray = self._connected()
        if not [node for node in ray.nodes() if node["Alive"] and node["NodeID"] not in avoid]:
            raise ClinweaveError(
                "the disks of all nodes are full: free space and run the same command again to go on"
            )
        options: dict[str, Any] = {"num_cpus": 1, "max_retries": 0}
        if avoid:
            options["label_selector"] = {_NODE: f"!in({','.join(sorted(avoid))})"}
        # the nodes were started by somebody else: without this a worker would take the graph of another home
        variables = {
            "CLINWEAVE_HOME": str(home().absolute()),
            **ONE_THREAD,
            **(PLAIN_MEMORY if task.memory else {}),
        }
        options["runtime_env"] = {"env_vars": variables}
        remote = ray.remote(_on_node).options(**options)
        shared, waiting = ray.put(task), iter(parts)
        ahead = self.workers or _AHEAD * int(ray.cluster_resources().get("CPU", 1))
        running = {remote.remote(shared, part, __version__): part for part in islice(waiting, ahead)}
        try:
            while running:
                (done,), _ = ray.wait(list(running), num_returns=1)
                part = running.pop(done)
                try:
                    report = ray.get(done)
                except ray.exceptions.RayTaskError as error:
                    raise ClinweaveError(
                        f"clinweave does not run on a node of the cluster ({reason(error.cause)}): install "
                        f"clinweave {__version__} with the job's extras on every node"
                    ) from error
                except ray.exceptions.RayError as error:
                    report = PartReport(part.name, failure=f"its worker died ({type(error).__name__})")
                yield report
                running.update(
                    {remote.remote(shared, part, __version__): part for part in islice(waiting, 1)}
                )
        finally:
            _cancel(ray, list(running))

    def _connected(self) -> Any:
        with needs_extra("scale"):
            import ray
        if not ray.is_initialized():
            options: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
            address = self.address or os.environ.get("RAY_ADDRESS", "local")
            if address == "local":
                os.environ.update(QUIET)
                options |= {"num_cpus": self.workers or os.cpu_count(), "include_dashboard": False,
                            "_node_ip_address": "127.0.0.1"}  # fmt: skip
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # the error below says the same
                    ray.init(address, **options)
            except (ConnectionError, ValueError, RuntimeError) as error:
                raise ClinweaveError(_unreachable(address, error)) from error
        return ray


def _cancel(ray: Any, running: list[Any]) -> None:
    """Stop the parts of a run that ends early: each removes its unfinished file."""
    with suppress(Exception):  # the cluster may be gone: what ended the run is told
        for reference in running:
            ray.cancel(reference)
        if running:
            ray.wait(running, num_returns=len(running), timeout=_CANCELLED)


def _unreachable(address: str, error: Exception) -> str:
    """Return what is wrong with a cluster's address, and what starts a cluster."""
    last = str(error).strip().splitlines()[-1:]  # what a client server reports is a traceback
    message = f"no Ray cluster can be used at {address}: {''.join(last) or type(error).__name__}."
    if not address.startswith("ray://"):
        return message
    return (
        f"{message} On the head node a client server must run (`ray start --head --ray-client-server-port 10001`), "
        "with the same versions of Python and Ray as here, and its port must be open to this machine"
    )


def _on_node(task: Task, part: Part, version: str) -> PartReport:
    import ray

    if version != __version__:  # the same parts could come out otherwise
        raise RuntimeError(f"it has clinweave {__version__}")
    return run_part(task, part, ray.get_runtime_context().get_node_id())
