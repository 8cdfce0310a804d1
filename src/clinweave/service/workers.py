"""Threads for work that blocks, with a limit of what may wait and for how long."""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")


class BusyError(Exception):
    """Too much runs or waits already: status 429, to be tried again."""


class TooSlowError(Exception):
    """Work took longer than its limit: status 504. It goes on in its thread until it ends by itself."""


class WorkerPool:
    """A pool of threads that refuses work once `limit` calls run or wait."""

    def __init__(self, name: str, threads: int, limit: int, seconds: float) -> None:
        self.name, self.threads, self.limit, self.seconds = name, threads, limit, seconds
        self._executor = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=f"clinweave-{name}")
        self._lock = threading.Lock()
        self._active = 0

    @property
    def active(self) -> int:
        """Return how many calls run or wait."""
        return self._active

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> "asyncio.Future[T]":
        """Return the future of a call in a thread, to be awaited on this event loop. Raises `BusyError`."""
        with self._lock:
            if self._active >= self.limit:
                raise BusyError(f"{self._active} requests run or wait already")
            self._active += 1
        work = partial(contextvars.copy_context().run, partial(function, *args, **kwargs))
        try:
            future = self._executor.submit(work)
        except RuntimeError as error:  # the pool was closed
            self._done()
            raise BusyError("the service is stopping") from error
        future.add_done_callback(lambda _: self._done())
        return asyncio.wrap_future(future)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the result of a call in a thread. Raises `BusyError`, `TooSlowError`, and what the call raises."""
        work = self.submit(function, *args, **kwargs)
        try:
            # shielded: a client that leaves does not take a waiting call's slot away before it ends
            return await asyncio.wait_for(asyncio.shield(work), self.seconds)
        except TimeoutError:
            if work.done():  # the call itself raised it
                raise
            work.add_done_callback(lambda item: item.cancelled() or item.exception())  # read by nobody else
            raise TooSlowError(f"not done within {self.seconds:g} seconds") from None

    def _done(self) -> None:
        with self._lock:
            self._active -= 1

    def close(self) -> None:
        """Refuse new calls and return when those that run have ended; calls that only wait are dropped."""
        self._executor.shutdown(wait=True, cancel_futures=True)
