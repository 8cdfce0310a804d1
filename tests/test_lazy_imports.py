"""Every name of clinweave that is imported inside a function exists: such an import is only met when it runs."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

pytestmark = [pytest.mark.torch, pytest.mark.molecules]
SOURCES = sorted((Path(__file__).parents[1] / "src" / "clinweave").rglob("*.py"))


def _missing(path: Path) -> list[str]:
    missing = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("clinweave"):
            continue
        module = import_module(node.module)
        for alias in node.names:
            if not hasattr(module, alias.name):
                try:
                    import_module(f"{node.module}.{alias.name}")
                except ModuleNotFoundError:
                    missing.append(f"line {node.lineno}: {node.module} has no {alias.name}")
    return missing


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(SOURCES[0].parent)))
def test_imported_names_exist(path: Path) -> None:
    assert _missing(path) == []
