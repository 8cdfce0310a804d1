"""Files of clinweave that one question enters (`python tools/entered_files.py ask QUESTION` prints them)."""

import importlib.util
import re
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


def named_files(heading):
    """Return the numbered lines of a section of the page about the architecture, each as the files it names."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    section = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = re.split(r"^\d+\. ", section, flags=re.MULTILINE)[1:]
    return [re.findall(r"`([\w/]+\.py)`", line) for line in lines]


def assert_in_order(heading, entered, unless=frozenset()):
    """Check that the files of a section are entered, and those that begin a line in its order."""
    lines, order = named_files(heading), list(entered)
    assert len(lines) > 8
    assert {name for line in lines for name in line} - unless <= entered.keys()
    first = list(dict.fromkeys(line[0] for line in lines))
    assert first == sorted(first, key=order.index)


@pytest.fixture(scope="module")
def entered(tool, tmp_path_factory):
    """Return the files that one question enters, in order."""
    home = tmp_path_factory.mktemp("home")
    built(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLINWEAVE_HOME", str(home))
        patch.chdir(home)
        assert clinweave("ask", QUESTION, "--model", "none").code == 0  # compiles what is compiled once
        with tool.entered_files() as files:
            called = clinweave("ask", QUESTION, "--model", "none")
    assert "FBN1" in called.out
    return files


def test_a_question_enters_few_files(entered):
    assert {"cli/ask.py", "knowledge_base.py", "applications/consult/answering.py"} <= entered.keys()
    assert "service/app.py" not in entered  # imported by nobody here
    assert len(entered) <= MOST, sorted(entered)


def test_the_page_about_the_architecture_names_the_files_of_a_question_in_order(entered):
    assert_in_order("One question, file by file", entered, unless={"knowledge/citations/checker.py"})


def test_the_page_about_the_architecture_names_files_that_exist():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    names = {name for name in re.findall(r"`([\w/.]+\.(?:py|toml|css))`", page) if "/" in name}
    roots = (ROOT / "src" / "clinweave", ROOT)
    assert len(names) > 40
    missing = {name for name in names if not any((root / name).is_file() for root in roots)}
    assert {name for name in missing if "NAME" not in name} == set()


def test_only_functions_that_run_count(tool):
    from clinweave.core import statistics

    with tool.entered_files() as entered:
        import clinweave.records  # noqa: F401 - an import alone enters nothing

        statistics.mcnemar(3, 1)
    assert dict(entered) == {"core/statistics.py": {"mcnemar"}}
