"""Scripts outside the package that tests import: each can be imported from the repository's root, as pytest does."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("benchmarks", "tools", "docs", "examples")


def imported_modules(path: Path) -> Iterator[str]:
    """Yield the full names of the modules that a file imports anywhere, also within functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def file_of(module: str) -> Path | None:
    """Return the script of a module named from the root ("benchmarks.linkers.broad_names"), None for other modules."""
    path = ROOT.joinpath(*module.split("."))
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((item for item in candidates if module.split(".")[0] in FOLDERS and item.is_file()), None)


def scripts_of_tests() -> set[Path]:
    """Return the scripts that tests import, or load by their path, and all that these import in turn."""
    tests = sorted((ROOT / "tests").rglob("*.py"))
    waiting = {file for test in tests for module in imported_modules(test) if (file := file_of(module))}
    by_name = {file.name: file for folder in FOLDERS for file in (ROOT / folder).glob("*.py")}
    for test in tests:
        text = test.read_text("utf-8")
        if "spec_from_file_location" in text:
            loaded = re.findall(r'"(\w+\.py)"|spec_from_file_location\("(\w+)"', text)
            waiting |= {
                file for name, file in by_name.items() if (name, "") in loaded or ("", file.stem) in loaded
            }
    waiting |= set((ROOT / "docs").glob("generate_*.py"))  # test_project_files.py loads each by its path
    reached: set[Path] = set()
    while waiting:
        script = waiting.pop()
        reached.add(script)
        waiting |= {file for module in imported_modules(script) if (file := file_of(module))} - reached
    return reached


def bare_siblings(script: Path) -> list[str]:
    """Return the modules that a script imports by a bare name, which only works if its folder is on the path."""
    siblings = {item.stem for item in script.parent.iterdir() if item.suffix == ".py" or item.is_dir()}
    siblings |= {item.stem for folder in FOLDERS for item in (ROOT / folder).glob("*.py")}
    return sorted({module for module in imported_modules(script) if module.split(".")[0] in siblings})


SCRIPTS = sorted(scripts_of_tests())


def test_the_scripts_of_tests_are_found() -> None:
    names = {str(path.relative_to(ROOT)) for path in SCRIPTS}
    assert {
        "benchmarks/linkers/broad_names.py",
        "benchmarks/linkers/name_tables.py",
        "docs/generate_cli.py",
    } <= names


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_scripts_that_tests_import_need_no_folder_on_the_path(script: Path) -> None:
    bare = [name for name in bare_siblings(script) if name.split(".")[0] not in FOLDERS]
    assert bare == [], f"import them from the root, as benchmarks.linkers.{bare[0]}" if bare else ""


def test_a_bare_import_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "name_tables.py").write_text("", "utf-8")
    script = tmp_path / "broad.py"
    script.write_text("def run():\n    from name_tables import write_table\n    import json\n", "utf-8")
    assert bare_siblings(script) == ["name_tables", "name_tables.write_table"]
