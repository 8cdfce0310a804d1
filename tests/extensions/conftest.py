"""The example package, installed by pip into a folder of its own; nothing is downloaded."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "plugin"


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Return the folder that holds the installed example package."""
    folder = tmp_path_factory.mktemp("plugin")
    copy = shutil.copytree(EXAMPLE, folder / "source")  # a build leaves files in its source
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
    ]
    done = subprocess.run(
        [*command, "--target", str(folder / "site"), str(copy)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder / "site"


@pytest.fixture
def run(site, tmp_path):
    """Return a function that runs Python with the example package installed."""

    def call(*arguments, paths=()):
        environment = dict(os.environ)
        given = [*map(str, paths), str(ROOT / "src"), str(site), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, given))
        environment |= {"CLINWEAVE_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            [sys.executable, *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            check=False,
        )

    return call


@pytest.fixture
def clinweave(run):
    """Return a function that runs the command line with the example package installed."""
    return lambda *arguments, paths=(): run("-m", "clinweave", *arguments, paths=paths)
