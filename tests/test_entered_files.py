"""Files of clinweave that one question enters (`python tools/entered_files.py ask QUESTION` prints them)."""

import importlib.util
from pathlib import Path

import pytest

from tests.safety.calling import clinweave
from tests.test_knowledge_base import QUESTION, built

ROOT = Path(__file__).parents[1]
MOST = 72  # they hold 16,800 lines: with files under 400 lines, 42 would be the least


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("entered_files", ROOT / "tools" / "entered_files.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_question_enters_few_files(tool, tmp_path, monkeypatch):
    built(tmp_path)
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert clinweave("ask", QUESTION, "--model", "none").code == 0  # compiles what is compiled once
    with tool.entered_files() as entered:
        called = clinweave("ask", QUESTION, "--model", "none")
    assert "FBN1" in called.out
    assert {"cli/ask.py", "knowledge_base.py", "applications/consult/answering.py"} <= entered.keys()
    assert "service/app.py" not in entered  # imported by nobody here
    assert len(entered) <= MOST, sorted(entered)


def test_only_functions_that_run_count(tool):
    from clinweave.core import statistics

    with tool.entered_files() as entered:
        import clinweave.records  # noqa: F401 - an import alone enters nothing

        statistics.mcnemar(3, 1)
    assert dict(entered) == {"core/statistics.py": {"mcnemar"}}
