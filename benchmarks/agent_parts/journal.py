"""A file of finished results, so that a long measurement goes on where it was stopped."""

import json
from collections.abc import Callable
from pathlib import Path


class Journal:
    """Results by key, one JSON line each; without a path nothing is kept between runs."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._rows: dict[str, dict] = {}
        if path is not None and path.exists():
            lines = path.read_text("utf-8").splitlines()
            self._rows = {row["key"]: row["result"] for row in map(json.loads, lines)}

    def result(self, key: str, compute: Callable[[], dict]) -> dict:
        """Return the result of a key, computed and appended where it is not there yet."""
        if key not in self._rows:
            self._rows[key] = compute()
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as stream:
                    stream.write(
                        json.dumps({"key": key, "result": self._rows[key]}, ensure_ascii=False) + "\n"
                    )
        return self._rows[key]
