"""The audit log: who asked when, by which route, with which knowledge; never what was asked or answered."""

import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

from clinweave.core.errors import UserError
from clinweave.core.typed import to_values
from clinweave.service.knowledge import Releases


class AuditLog:
    """Appends JSON lines to a file that its owner alone may read. Without a path nothing is written.

    The first line of each start lists the releases of the knowledge; each request then names their keys. A route is the
    pattern ("/api/v1/concept/{curie}"), never the path: a path can hold what a user wrote.
    """

    def __init__(self, path: Path | None, releases: Releases) -> None:
        self._lock = threading.Lock()
        self._keys = {"graph": releases.graph, "index": releases.index}
        self._file: int | None = None
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            except OSError as error:
                raise UserError(
                    f"--audit-log {path}: {error.strerror}; name a file that can be written"
                ) from error
            self._write({"event": "started", "releases": to_values(releases)})

    def record(self, user: str, method: str, route: str, status: int, seconds: float) -> None:
        """Write the line of one request."""
        self._write({
            "event": "request",
            "user": user,
            "method": method,
            "route": route,
            "status": status,
            "seconds": round(seconds, 3),
            "knowledge": self._keys,
        })  # fmt: skip

    def _write(self, values: dict[str, object]) -> None:
        if self._file is None:
            return
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": time, **values}, ensure_ascii=False, separators=(",", ":")) + "\n"
        with self._lock:  # one write each: lines of other processes are not mixed in
            os.write(self._file, line.encode("utf-8", "replace"))

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
