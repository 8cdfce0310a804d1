"""A slice of the demo on the real thing: HPO, its annotations and the real weights, in a home of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RECIPE = """
kind = "comparison"
title = "A slice of the demo"
[model]
address = "smollm2"
[knowledge]
databases = ["hpo", "hpoa"]
budget = 120
conditions = ["base", "text", "graph", "both"]
controls = ["lookup", "gold-removed"]
[[tasks]]
type = "graph-questions"
kinds = ["feature"]
per_kind = 8
"""


class Slice:
    """Runs clinweave as a person does: its own process, its own home, no network."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.home = folder, home
        self.recipe, self.out = folder / "slice.toml", folder / "out"
        self.recipe.write_text(RECIPE, "utf-8")

    def call(self, *arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Run a command and hold its exit code."""
        done = subprocess.run(
            [sys.executable, "-m", "clinweave", *map(str, arguments)],
            env={**os.environ, "CLINWEAVE_HOME": str(self.home)},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            cwd=self.folder,
        )
        assert done.returncode == code, done.stderr[-3000:]
        return done

    def results(self) -> dict:
        return json.loads((self.out / "results.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def demo_slice(fetched, weights, tmp_path_factory):
    """Return the slice after its first run. Downloads are linked, not fetched again."""
    from clinweave.core.artifacts import home

    fetched("hpo")
    folder = tmp_path_factory.mktemp("slice")
    own = folder / "home"
    own.mkdir()
    (own / "resources").symlink_to(home() / "resources")
    result = Slice(folder, own)
    result.call("run", result.recipe, "--out", result.out, "--offline")
    return result
