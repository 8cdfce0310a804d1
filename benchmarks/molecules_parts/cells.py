"""Measured cells, each kept as a file when it is done: an interrupted benchmark goes on where it was."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from clinweave.core.artifacts import digest


class Cells:
    """Arrays by key (what was measured, and how); `version` is raised when what is measured changes."""

    def __init__(self, folder: Path, version: int = 1) -> None:
        self.folder, self.version = folder, version
        folder.mkdir(parents=True, exist_ok=True)

    def get(
        self, key: dict, make: Callable[[], dict[str, np.ndarray]] | None
    ) -> dict[str, np.ndarray] | None:
        """Return the arrays of a key, made and kept if they are not there; None where there is no way to make them."""
        name = re.sub(r"\W+", "-", " ".join(str(value) for value in key.values()))[:80]
        path = self.folder / f"{name}-{digest([self.version, key])[:8]}.npz"
        if not path.is_file():
            if make is None:
                return None
            begun = _cpu_seconds()
            result = {**make(), "cpu_seconds": np.array(0.0)}
            result["cpu_seconds"] = np.array(_cpu_seconds() - begun)
            with (work := path.with_suffix(".partial")).open("wb") as stream:
                np.savez_compressed(stream, key=json.dumps(key), **result)
            work.replace(path)
        with np.load(path) as kept:
            return {part: kept[part] for part in kept.files if part != "key"}


def _cpu_seconds() -> float:
    """Return what this process and the programs it has waited for have used."""
    return sum(os.times()[:4])


def write_section(page: Path, name: str, text: str) -> None:
    """Put text between `<!-- name -->` and `<!-- /name -->` of a page."""
    whole, start, end = page.read_text("utf-8"), f"<!-- {name} -->", f"<!-- /{name} -->"
    if start not in whole or end not in whole:
        raise SystemExit(f"{page} has no section {start} ... {end}")
    before, _, rest = whole.partition(start)
    page.write_text(f"{before}{start}\n{text.strip()}\n{end}{rest.partition(end)[2]}", "utf-8")


def read_section(page: Path, name: str) -> str:
    """Return the text between `<!-- name -->` and `<!-- /name -->` of a page."""
    whole, start, end = page.read_text("utf-8"), f"<!-- {name} -->", f"<!-- /{name} -->"
    if start not in whole or end not in whole:
        raise SystemExit(f"{page} has no section {start} ... {end}")
    return whole.partition(start)[2].partition(end)[0].strip()


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
