"""HTTP connections that slow clients cannot hold open: time limits for a request's header and for reading a response.

uvicorn limits how long an idle connection stays open after a response, and nothing before the first request or while a
client does not read.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 15.0  # from the connection, or the first byte of a later request, to the end of the header
READING_SECONDS = 30.0  # without a byte taken of a response that waits


class TimedProtocol(H11Protocol):
    """uvicorn's protocol with two more timers."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._header_timer: asyncio.TimerHandle | None = None
        self._reading_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._header_timer = self.loop.call_later(HEADER_SECONDS, self._abort)

    def data_received(self, data: bytes) -> None:
        """Take bytes; the timer ends with the header of a request."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._stop_header_timer()
        elif self._header_timer is None and (self.cycle is None or self.cycle.response_complete):
            self._header_timer = self.loop.call_later(HEADER_SECONDS, self._abort)

    def pause_writing(self) -> None:
        """Wait for a client that does not read, and no longer than the limit."""
        super().pause_writing()
        self._reading_timer = self.loop.call_later(READING_SECONDS, self._abort)

    def resume_writing(self) -> None:
        """Go on writing."""
        super().resume_writing()
        self._stop_reading_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the timers."""
        self._stop_header_timer()
        self._stop_reading_timer()
        super().connection_lost(exc)

    def _abort(self) -> None:
        self.transport.abort()

    def _stop_header_timer(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
        self._header_timer = None

    def _stop_reading_timer(self) -> None:
        if self._reading_timer is not None:
            self._reading_timer.cancel()
        self._reading_timer = None
