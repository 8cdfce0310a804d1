"""The kinds of study by name: each is a package with `settings`, `study`, `results` and `report`."""

import json
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from clinweave.core.errors import UserError
from clinweave.core.filesystem import reason
from clinweave.core.typed import from_values, json_schema
from clinweave.evaluation.recipe import KINDS, Recipe
from clinweave.evaluation.runner import Runner, Study


def _module(kind: str, part: str) -> ModuleType:
    return import_module(f"clinweave.evaluation.{kind}.{part}")


def open_study(recipe: Recipe, runner: Runner) -> Study[Any]:
    """Return the study of a recipe."""
    return cast("Study[Any]", _module(recipe.kind, "study").STUDY(recipe, runner))


def headline(results: Any) -> list[str]:
    """Return the sentences that say what a study found; they claim no more than the intervals do."""
    return cast("list[str]", _module(results.kind, "report").headline(results))


def read_results(path: Path) -> Any:
    """Return the typed results of a run, from its folder or its results.json. Raises `UserError` naming the key."""
    file = path / "results.json" if path.is_dir() else path
    try:
        values = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{file} cannot be read as results: {reason(error)}") from error
    kind = values.get("kind") if isinstance(values, dict) else None
    if kind not in KINDS:
        raise UserError(f"{file}: kind is {kind!r}; expected one of {', '.join(KINDS)}. Run the recipe again")
    return from_values(_module(kind, "results").RESULTS, values, str(file))


def results_schema() -> dict[str, Any]:
    """Return the JSON schema of results.json: one of the schemas of the kinds."""
    schemas = {kind: json_schema(_module(kind, "results").RESULTS, f"{kind} results") for kind in KINDS}
    definitions: dict[str, object] = {}
    for kind, schema in schemas.items():
        for name, value in schema.pop("$defs").items():
            definitions[f"{kind}.{name}"] = _prefixed(value, kind)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "results.json of clinweave run",
        "oneOf": [{"$ref": _prefixed(schemas[kind], kind)["$ref"]} for kind in KINDS],
        "$defs": dict(sorted(definitions.items())),
    }


def _prefixed(value: object, kind: str) -> Any:
    """Return a schema whose references name the definitions of one kind."""
    if isinstance(value, dict):
        return {
            key: f"#/$defs/{kind}.{item.removeprefix('#/$defs/')}" if key == "$ref" else _prefixed(item, kind)
            for key, item in value.items()
        }
    return [_prefixed(item, kind) for item in value] if isinstance(value, list) else value
