"""Parts on the processors of this machine: the default runner."""

import multiprocessing
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from clinweave.batch.contract import PartReport, Task
from clinweave.batch.parts import Part
from clinweave.batch.worker import ONE_THREAD, PLAIN_MEMORY, run_part
from clinweave.core.errors import ClinweaveError


class LocalRunner:
    """Processes of this machine. A worker that dies takes the parts in progress with it; the others go on."""

    name = "local"

    def __init__(self, workers: int = 0) -> None:
        self.workers = workers or os.cpu_count() or 1

    def run(self, task: Task, parts: Sequence[Part], avoid: frozenset[str]) -> Iterator[PartReport]:
        """Yield the reports of parts as they end; see `Runner.run`."""
        if avoid:
            raise ClinweaveError("the disk is full: free space and run the same command again to go on")
        waiting = list(reversed(parts))
        while waiting:
            for report in self._pool(task, waiting):
                yield report
                if report.full:
                    return

    def _pool(self, task: Task, waiting: list[Part]) -> Iterator[PartReport]:
        """Run until all parts are taken from `waiting`, or a worker dies."""
        with _environment({**ONE_THREAD, **(PLAIN_MEMORY if task.memory else {})}):
            yield from self._parts(task, waiting)

    def _parts(self, task: Task, waiting: list[Part]) -> Iterator[PartReport]:
        count = min(self.workers, len(waiting))
        pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _end_with_parent)
        running: dict[Future[PartReport], Part] = {}
        try:
            while waiting or running:
                while waiting and len(running) < count:
                    part = waiting.pop()
                    running[pool.submit(run_part, task, part)] = part
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield future.result()
                    del running[future]
        except BrokenProcessPool:
            for future, part in running.items():
                ended = future.done() and future.exception() is None
                yield future.result() if ended else PartReport(part.name, failure="its worker died")
        finally:
            pool.shutdown(cancel_futures=True)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for the workers that are started meanwhile: they read them when they load their libraries."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _end_with_parent() -> None:
    """Let a worker end when the program that started it is gone, however that ended."""

    def watch() -> None:
        if parent := multiprocessing.parent_process():
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
