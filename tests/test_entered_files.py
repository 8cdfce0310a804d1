"""Files of clinweave that one question enters (`python tools/entered_files.py ask QUESTION` prints them)."""

import importlib.util
import re
from pathlib import Path

import pytest

from tests.safety.calling import clinweave
from tests.test_knowledge_base import QUESTION, built

ROOT = Path(__file__).parents[1]
MAX_FILES = 70  # in a second run; docs/architecture.md has their lines
WITH_A_MODEL = {"applications/consult/model_text.py", "knowledge/citations/checker.py"}


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
    """Check that the files of a section but those of `unless` are entered, the first of each line in its order."""
    lines, order = named_files(heading), list(entered)
    assert len(lines) > 8
    assert {name for line in lines for name in line} - unless <= entered.keys()
    first = list(dict.fromkeys(line[0] for line in lines if line[0] not in unless))
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
    assert len(entered) <= MAX_FILES, sorted(entered)


def test_the_page_about_the_architecture_names_the_files_of_a_question_in_order(entered):
    assert_in_order("One question, file by file", entered, unless=WITH_A_MODEL)


def test_the_page_about_the_architecture_names_files_that_exist():
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    names = {name for name in re.findall(r"`([\w/.]+\.(?:py|toml|css))`", page) if "/" in name}
    roots = (ROOT / "src" / "clinweave", ROOT)
    assert len(names) > 40
    missing = {name for name in names if not any((root / name).is_file() for root in roots)}
    assert {name for name in missing if "NAME" not in name} == set()


def decisions():
    """Return the rows of "Where is it decided?" of the page about the architecture: question -> its cell of files."""
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    section = page.partition("## Where is it decided?\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?\?) \| (.+) \|$", section, flags=re.MULTILINE)
    return dict(rows)


def test_every_decision_names_its_file_and_the_names_in_it():
    rows = decisions()
    assert len(rows) > 35
    for question, cell in rows.items():
        files = re.findall(r"`([\w/.]+\.(?:py|toml|css))`", cell)
        assert files, question
        texts = [(ROOT / "src" / "clinweave" / name).read_text("utf-8") for name in files]
        for names in re.findall(r"\((`[^)]+`)\)", cell):
            for name in re.findall(r"`(\w+)`", names):
                assert any(re.search(rf"^(?:class |def )?{name}\b", text, re.MULTILINE) for text in texts), (
                    f"{question} no file of the row defines {name}"
                )


def test_every_package_of_applications_and_every_extension_point_is_in_the_table():
    cells = " ".join(decisions().values())
    packages = {path.parent.name for path in (ROOT / "src/clinweave/applications").glob("*/__init__.py")}
    assert {name for name in packages if f"applications/{name}/" not in cells} == set()
    groups = {
        name
        for path in (ROOT / "src" / "clinweave").rglob("*.py")
        for name in re.findall(r"ExtensionPoint\(\s*\"(clinweave\.\w+)\"", path.read_text("utf-8"))
    }
    extending = (ROOT / "docs" / "extending.md").read_text("utf-8")
    assert len(groups) >= 8
    assert {name for name in groups if f"`{name}`" not in extending} == set()


def test_the_citation_check_describes_every_module_once():
    folder = ROOT / "src" / "clinweave" / "knowledge" / "citations"
    text = (folder / "__init__.py").read_text("utf-8")
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "checker"}
    assert {name for name in modules if text.count(f"`{name}`") != 1} == set()


def test_only_functions_that_run_count(tool):
    from clinweave.core import statistics

    with tool.entered_files() as entered:
        import clinweave.records  # noqa: F401 - an import alone enters nothing

        statistics.mcnemar(3, 1)
    assert dict(entered) == {"core/statistics.py": {"mcnemar"}}
