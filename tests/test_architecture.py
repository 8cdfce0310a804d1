"""Rules of the code base: import direction, start-up time, file length, current docs, no private paths."""

import ast
import importlib.util
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src" / "clinweave").rglob("*.py"))
OWN = [
    *SOURCES,
    *(path for folder in ("tests", "docs", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))),
]
HEAVY = ("pyarrow", "duckdb", "numpy", "scipy", "torch", "rdkit", "xllamacpp", "tantivy", "transformers")


def _generator():
    spec = importlib.util.spec_from_file_location("generate_cli", ROOT / "docs" / "generate_cli.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_run_downwards_only():
    pytest.importorskip("importlinter", reason="import-linter is in the lint extra")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_help_is_quick_and_loads_nothing_heavy():
    code = (
        "import json, sys, time\n"
        "from clinweave.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        f"print(json.dumps([time.process_time(), [name for name in {HEAVY!r} if name in sys.modules]]))\n"
    )
    runs = [
        json.loads(
            subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.splitlines()[
                -1
            ]
        )
        for _ in range(3)
    ]
    assert runs[0][1] == []
    assert min(seconds for seconds, _ in runs) < 0.5


@pytest.mark.parametrize("path", OWN, ids=_name)
def test_files_and_functions_stay_short(path):
    text = path.read_text("utf-8")
    assert len(text.splitlines()) < 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            # a command's signature is its list of options; its body is what must stay short
            first = node.body[0].lineno if "cli" in path.parts else node.lineno
            limit = 50 if "cli" in path.parts else 60
            assert node.end_lineno - first < limit, f"{node.name}: longer than {limit} lines"


def test_every_command_has_help_and_json():
    for name, command in _generator().commands():
        assert command.help, name
        assert [item.name for item in command.params if not item.help] == [], name
        if not getattr(command, "commands", None):
            assert any("--json" in item.opts for item in command.params), name


def _private(path: Path) -> list[str]:
    """Return the modules that a file imports from inside another package, past its `__init__.py`."""
    parts = path.relative_to(ROOT / "src").with_suffix("").parts
    modules = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        module = node.module if isinstance(node, ast.ImportFrom) else None
        names = module.split(".") if module else []
        if len(names) < 3 or names[0] != "clinweave" or names[1] in {"core", parts[1]}:
            continue
        if not (ROOT / "src" / Path(*names)).is_dir():
            modules.append(module)
    return modules


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_packages_import_only_public_names_of_others(path):
    assert _private(path) == [], "import from the package, and export the name there"


def test_the_command_line_page_is_current():
    page = ROOT / "docs" / "cli.md"
    assert page.read_text("utf-8") == _generator().page(), "docs/cli.md is stale: run `make docs`"


def test_constraints_pin_every_direct_dependency():
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {line.split("==")[0] for line in lines if not line.startswith("#")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    expected = [*project["dependencies"], *(item for extra in extras for item in extra)]
    names = {item.split(">")[0].split("=")[0].strip().lower().replace("_", "-") for item in expected}
    assert names - pinned <= {"pip"}


def test_nothing_private_is_in_the_tree():
    listed = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=ROOT, check=False)
    if listed.returncode:
        pytest.skip("not a git clone")
    # put together here: this file must not hold what it forbids
    words = [
        "pypi" + ".org",
        "python" + "hosted",
        "npm" + "js.",
        "ana" + "conda.",
        "/work" + "/",
        "/opt" + "/pypi",
        "/root" + "/",
    ]
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if not path.is_file() or path.suffix in {".png", ".gz", ".npz", ".safetensors"}:
            continue
        text = path.read_text("utf-8")
        assert not [word for word in words if word in text], name


def test_every_recipe_loads():
    from clinweave.evaluation import KINDS, load_recipe

    recipes = {path.stem: load_recipe(path) for path in sorted((ROOT / "recipes").glob("*.toml"))}
    assert {"demo", "compare"} <= recipes.keys()
    assert {recipe.kind for recipe in recipes.values()} == set(KINDS)
    for name, recipe in recipes.items():
        parts = {"finetuning": "stages", "molecules": "generate", "batch": "jobs"}
        assert getattr(recipe, parts.get(recipe.kind, "tasks")), name


def test_the_schema_of_results_is_current():
    from clinweave.evaluation import results_schema

    page = ROOT / "docs" / "results.schema.json"
    written = json.loads(page.read_text("utf-8"))
    assert written == json.loads(json.dumps(results_schema())), (
        "docs/results.schema.json is stale: run `make docs`"
    )


def test_no_lazy_name_is_also_a_submodule():
    """Importing such a submodule would replace the name by the module, depending on what was imported before."""
    for init in sorted((ROOT / "src" / "clinweave").rglob("__init__.py")):
        for call in ast.walk(ast.parse(init.read_text("utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "attach":
                names = ast.literal_eval(call.args[1])
                both = [n for n in names if (init.parent / f"{n}.py").exists() or (init.parent / n).is_dir()]
                assert not both, f"{init.parent.name}: {both}"
