"""Types, names and imports of the source tree stay within limits; `python tools/code_measures.py` prints the table."""

import ast
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def _tool():
    spec = importlib.util.spec_from_file_location("code_measures", ROOT / "tools" / "code_measures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def measures():
    tool = _tool()
    total = tool.Measures()
    for path in sorted((ROOT / "src" / "clinweave").rglob("*.py")):
        total.add(tool.measure(path))
    return total


def test_few_values_are_untyped(measures):
    assert measures.any_per_1000_lines < 8.0, (
        "name the type: a data class, a TypedDict, object, or the library's own"
    )


def test_few_functions_return_untyped_dictionaries(measures):
    assert measures.untyped_dict_percent < 3.0, "return a data class or a TypedDict"


@pytest.mark.parametrize("name", _tool().VAGUE)
def test_names_say_what_they_hold(measures, name):
    assert measures.per_1000_names(name) < 1.0, (
        "use the field's noun: match, result, index, existing, message"
    )


def test_the_measures_count_what_they_say(tmp_path):
    path = tmp_path / "sample.py"
    path.write_text(
        '"""Any word of a docstring is no use of Any."""\n'
        "from typing import Any\n\n"
        "def f(found: Any, values: dict[str, Any]) -> dict[str, Any]:\n"
        "    # a comment is no code line\n"
        "    place = self.known = values\n"
        "    return place\n",
        "utf-8",
    )
    result = _tool().measure(path)
    assert (result.code_lines, result.any_uses, result.functions, result.untyped_dicts) == (4, 3, 1, 1)
    assert dict(result.vague) == {"found": 1, "place": 1, "known": 1}
    assert result.names == 5


def _public() -> dict[tuple[str, str], str]:
    """Return (module, name) -> the package that exports the name of its own module."""
    public = {}
    for init in sorted((ROOT / "src" / "clinweave").rglob("__init__.py")):
        package = ".".join(init.parent.relative_to(ROOT / "src").parts)
        for call in ast.walk(ast.parse(init.read_text("utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "attach":
                modules = ast.literal_eval(call.args[1])
                public.update({(f"{package}.{module}", name): package for name, module in modules.items()})
    return public


def test_tests_import_what_is_public_from_its_package():
    public = _public()
    assert len(public) > 100
    for path in sorted((ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                private = [item.name for item in node.names if (node.module, item.name) in public]
                assert not private, (
                    f"{path.relative_to(ROOT)}, line {node.lineno}: import {private} from the package"
                )
