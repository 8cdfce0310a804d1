"""Cache of scored items, written to disk one by one, to resume an interrupted run."""

import json
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from clinweave.core.artifacts import digest
from clinweave.models import CHOICE_VERSION as VERSION


class Cache:
    """Key -> JSON value, appended line by line. A last line cut short by a kill is dropped when it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = Lock()
        self._values: dict[str, dict[str, object]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_bytes() if path.exists() else b""
        complete = content[: content.rfind(b"\n") + 1]
        if complete != content:
            path.write_bytes(complete)
        for line in complete.decode("utf-8", "replace").splitlines():
            try:
                row = json.loads(line)
                self._values[row["key"]] = row["value"]
            except (ValueError, KeyError, TypeError):
                continue  # a damaged line is scored again

    def __len__(self) -> int:
        return len(self._values)

    @staticmethod
    def key(model: Mapping[str, Any], method: str, prompt: Any, options: Any) -> str:
        """Return the key of one scored item: which weights were asked, how, what, and among which options."""
        return digest([VERSION, dict(model), method, prompt, options])

    def get(self, key: str) -> dict[str, Any] | None:
        """Return a stored value."""
        return self._values.get(key)

    def put(self, key: str, value: dict[str, Any]) -> None:
        """Store a value; it is on disk when this returns."""
        line = json.dumps({"key": key, "value": value}, sort_keys=True) + "\n"
        with self._lock:
            self._values[key] = value
            with self.path.open("a", encoding="utf-8") as stream:
                stream.write(line)
