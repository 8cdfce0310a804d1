"""The wheel, built and installed in a new environment: commands work outside the repository, with every file they need.

Nothing is downloaded: the libraries are those of the environment that runs the tests.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from clinweave import __version__

ROOT = Path(__file__).parents[1]
SOURCES = ("src", "compendium", "recipes", "pyproject.toml", "setup.py", "README.md", "LICENSE")
PIP = (sys.executable, "-m", "pip")
CONCEPTS = (
    "id\tname\tcategory\tsynonym\nEX:1\tAlder syndrome\tdisease\t\nHP:0001250\tSeizure\tsymptom\tseizures\n"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Return the wheel, built in a copy of the sources."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
            )
        else:
            shutil.copy(ROOT / name, source / name)
    command = [*PIP, "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "-w", out, source]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "would be ignored" not in done.stderr
    [path] = out.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Return a new environment with the wheel, which finds the libraries of this one behind its own."""
    venv = tmp_path_factory.mktemp("venv")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    python = venv / "bin" / "python"
    install = [*PIP, "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel]
    done = subprocess.run(list(map(str, install)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    paths = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    [site] = venv.glob("lib/python*/site-packages")
    # a path in a .pth file adds its modules, and runs none of the .pth files there (of an editable install)
    (site / "libraries.pth").write_text("\n".join(paths), "utf-8")
    return venv


@pytest.fixture
def run(installed, tmp_path):
    """Return a function that runs the installed program in a folder outside the repository."""

    def call(*arguments, program="clinweave"):
        environment = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
        environment |= {"CLINWEAVE_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}
        command = [str(installed / "bin" / program), *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
        )

    return call


def test_the_wheel_holds_every_file_of_the_package(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src" / "clinweave").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    tracked |= {
        f"clinweave/data/{path.relative_to(ROOT).as_posix()}"
        for folder in ("recipes", "compendium")
        for path in (ROOT / folder).rglob("*.toml")
    }
    assert tracked - names == set()
    assert wheel.name == f"clinweave-{__version__}-py3-none-any.whl"
    assert wheel.stat().st_size < 12e6


def test_the_installed_package_is_the_one_that_runs(run, installed):
    done = run("-c", "import clinweave; print(clinweave.__file__)", program="python")
    assert done.stdout.startswith(str(installed)), done.stderr
    assert run("--version").stdout == f"{__version__}\n"


def test_link_on_a_line(run, tmp_path):
    (tmp_path / "concepts.tsv").write_text(CONCEPTS, "utf-8")
    (tmp_path / "relations.tsv").write_text(
        "subject\tpredicate\tobject\nAlder syndrome\thas_phenotype\tSeizure\n", "utf-8"
    )
    build = "import sys; from pathlib import Path; from clinweave.knowledge import build_graph; "
    build += (
        "build_graph({'own': {n: Path(n) for n in ('concepts.tsv', 'relations.tsv')}}, Path('home/graph'))"
    )
    done = run("-c", build, program="python")
    assert done.returncode == 0, done.stderr
    done = run("link", "--text", "Alder syndrome, no seizures.", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    mentions = rows["mentions"] if isinstance(rows, dict) else rows
    assert {(row["id"], row["negated"]) for row in mentions} == {("EX:1", False), ("HP:0001250", True)}
    done = run("ask", "Which findings does Alder syndrome have?", "--knowledge", "graph", "--model", "none")
    assert done.returncode == 0, done.stderr
    assert "Seizure" in done.stdout


def test_setup_and_recipes_by_name(run):
    plan = json.loads(run("setup", "--dry-run", "--json").stdout)
    assert plan["download"] > 50e6
    assert "HPO 2025-01-16" in {row["release"] for row in plan["resources"]}
    assert "Download the default databases" in run("setup", "--help").stdout
    done = run("run", "demo", "--offline")
    assert done.returncode == 2
    assert "is incomplete" in done.stderr  # the recipe was found; its databases were not downloaded
    assert "did you mean 'demo'?" in run("run", "demmo").stderr
    assert len(json.loads(run("compendium", "--json").stdout)) > 50


def test_a_comparison_writes_its_report(run, tmp_path):
    done = run(ROOT / "examples" / "compare_conditions.py", "--out", tmp_path / "out", program="python")
    assert done.returncode == 0, done.stderr
    assert "<svg" in (tmp_path / "out" / "report.html").read_text("utf-8")
