"""Counts for Prometheus. Labels are routes, methods and statuses: nothing that a client wrote."""

from functools import partial
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

if TYPE_CHECKING:
    from clinweave.service.workers import WorkerPool

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 2, 5, 10, 30, 120, 600)


class Metrics:
    """The counters of one service, in a registry of its own."""

    def __init__(self, *pools: "WorkerPool") -> None:
        self._registry = CollectorRegistry()
        labels = ("route", "method", "status")
        self._requests = Counter("clinweave_requests", "Requests.", labels, registry=self._registry)
        self._seconds = Histogram(
            "clinweave_request_seconds", "Seconds from a request to the end of its response.", ("route",),
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        running = Gauge("clinweave_work", "Calls that run or wait.", ("pool",), registry=self._registry)
        for pool in pools:
            running.labels(pool.name).set_function(partial(_active, pool))
        ProcessCollector(registry=self._registry)

    def record(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Return the counts in Prometheus' text format."""
        return generate_latest(self._registry)


def _active(pool: "WorkerPool") -> float:
    return pool.active
