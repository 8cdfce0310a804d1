"""Prepare at start, in the background, what the first differential, codes and similar drugs would wait for.

Their tables are compiled once after an update, which takes minutes on a busy machine; afterwards they open in seconds.
"""

import logging
import threading
import time
from collections.abc import Callable
from enum import StrEnum

from clinweave.core.errors import UserError
from clinweave.knowledge_base import KnowledgeBase

LOG = logging.getLogger(__name__)
_FIRST_CALLS: dict[str, Callable[[KnowledgeBase], object]] = {
    "diagnose": lambda base: base.diagnoser(),
    "code": lambda base: base.code("No complaints.", setting="outpatient"),
    "similar_molecules": lambda base: base.similar_molecules("CCO", limit=1),
}
_LABELS = {
    "diagnose": "the ranking of diseases",
    "code": "the ICD-10-CM codes",
    "similar_molecules": "the table of known drugs",
}


class Prepared(StrEnum):
    """How far the preparation of a tool is."""

    ON_FIRST_USE = "on first use"
    WAITING = "waiting"
    PREPARING = "preparing"
    READY = "ready"
    MISSING = "missing"  # data was not fetched, or an extra is not installed: the tool says which
    FAILED = "failed"  # tried again on first use


class PreparingError(UserError):
    """What was asked for is still being prepared: try again shortly (status 503)."""


class Preparation:
    """Opens what the tools of `_FIRST_CALLS` need, one after another in a thread, once `start` was called."""

    def __init__(self, base: KnowledgeBase) -> None:
        self._base = base
        self.states = dict.fromkeys(_FIRST_CALLS, Prepared.ON_FIRST_USE)
        self._began = 0.0
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, and return at once. The thread does not keep the process alive."""
        if self._thread is not None:
            return
        self.states = dict.fromkeys(_FIRST_CALLS, Prepared.WAITING)
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._prepare_all, name="clinweave-preparation", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Return whether everything was tried within this time; True where nothing was started."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    def check(self, tool: str) -> None:
        """Raise `PreparingError` while the tables of a tool are being prepared.

        Without this, calls would wait in threads that look-ups need.
        """
        if self.states.get(tool) in {Prepared.WAITING, Prepared.PREPARING}:
            seconds = time.monotonic() - self._began
            raise PreparingError(
                f"{_LABELS[tool]} is still being prepared ({seconds:.0f} s so far); the first start after an update "
                "takes a few minutes, later ones seconds"
            )

    def _prepare_all(self) -> None:
        for tool, first_call in _FIRST_CALLS.items():
            self.states[tool] = Prepared.PREPARING
            try:
                first_call(self._base)
            except (UserError, ImportError):
                self.states[tool] = Prepared.MISSING
            except Exception as error:
                LOG.error("preparing %s failed: %s", tool, type(error).__name__)
                self.states[tool] = Prepared.FAILED
            else:
                self.states[tool] = Prepared.READY
