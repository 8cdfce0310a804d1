"""Every script and notebook in examples/ is run as a user runs it, in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_knowledge_base import built

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
SCRIPTS = sorted(path.name for path in EXAMPLES.glob("*.py"))
NOTEBOOKS = sorted(path.name for path in EXAMPLES.glob("*.ipynb"))


@pytest.fixture
def run(tmp_path):
    """Return a function that runs Python in the folder of examples and returns what it printed."""

    def call(*arguments, home=tmp_path / "home"):
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            capture_output=True,
            text=True,
            check=False,
            cwd=EXAMPLES,
            env={**os.environ, "CLINWEAVE_HOME": str(home), "MPLBACKEND": "agg"},
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    return call


@pytest.fixture(scope="module")
def small_home(tmp_path_factory, fetched):
    """Return a home with a small graph and index, and the real HPO release for the differential."""
    fetched("hpo")
    from clinweave.core.artifacts import home

    folder = tmp_path_factory.mktemp("small")
    (folder / "resources").symlink_to(home() / "resources")
    return built(folder)


def _code(name):
    """Return the code cells of a notebook as one program."""
    cells = json.loads((EXAMPLES / name).read_text("utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def test_every_example_is_listed_and_run_below():
    page, here = (EXAMPLES / "README.md").read_text("utf-8"), Path(__file__).read_text("utf-8")
    assert len(SCRIPTS) >= 3
    assert len(NOTEBOOKS) >= 2
    for name in (*SCRIPTS, *NOTEBOOKS):
        assert f"`{name}`" in page
        assert here.count(f'"{name}"') >= 1, name


def test_own_documents_are_quoted_and_silence_is_said(run, tmp_path):
    out = run("ask_own_documents.py")
    assert "Start allopurinol two weeks after the attack has settled." in out
    assert "[gout_policy.md]" in out
    assert out.rstrip().endswith("How is asthma treated?\n  The documents do not answer.")
    (tmp_path / "own.md").write_text("# Ward\n\nVisitors leave at eight in the evening.\n", "utf-8")
    out = run("ask_own_documents.py", tmp_path / "own.md", "When do visitors leave?")
    assert "Visitors leave at eight in the evening.  [own.md]" in out


def test_the_phenopacket_is_ranked(run, small_home):
    out = run("diagnose_phenopacket.py", home=small_home)
    assert "example-patient: 4 findings, 1 excluded" in out
    assert "  1. Marfan syndrome (OMIM:154700)" in out


def test_conditions_are_compared(run, tmp_path):
    out = run("compare_conditions.py", "--out", tmp_path / "out")
    assert "base: accuracy 0.00" in out
    assert "graph: accuracy 1.00" in out
    assert "accuracy, graph - base: +1.00" in out
    assert (tmp_path / "out" / "report.html").stat().st_size > 5000


def test_the_notebook_of_first_answers(run, small_home):
    out = run("-c", _code("first_answers.ipynb"), home=small_home)
    assert "Genes associated with Marfan syndrome: FBN1." in out
    assert "long fingers HP:0001166 absent family" in out
    assert "OMIM:154700 Marfan syndrome" in out


def test_the_notebook_of_a_comparison(run):
    program = _code("compare_conditions.ipynb").replace(
        "conditions.select([", "print(conditions.select([", 1
    ).replace("]).to_pylist()", "]).to_pylist())", 1)  # fmt: skip
    out = run("-c", program)
    assert "accuracy, graph - base: +1.00" in out
    assert "'key_2': 'graph', 'n': 4, 'accuracy': 1.0" in out
