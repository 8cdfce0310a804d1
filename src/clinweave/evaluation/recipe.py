"""A recipe: one TOML file that describes a study. `kind` says which; the dataclass of the kind holds its keys."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from clinweave.core.errors import UserError
from clinweave.core.filesystem import kind_of, reason, regular_file
from clinweave.core.reports.blocks import REPORT_BLOCKS
from clinweave.core.typed import from_values, nearest, to_toml, to_values

KINDS = ("comparison", "finetuning", "diagnosis", "molecules", "writing", "batch")
_HINTS = {
    "stages": "finetuning", "generate": "molecules", "cases": "diagnosis", "knowledge": "comparison", "jobs": "batch",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The keys that every kind of recipe has."""

    kind: str
    name: str
    title: str = ""
    seed: int = 0
    report_blocks: tuple[str, ...] = ()  # installed blocks to add to the report

    @property
    def heading(self) -> str:
        """Return the title of the report."""
        return self.title or self.name


class _FromCommandLine(str):
    """A text given by --set: a path in it is relative to the working folder."""

    __slots__ = ()


def load_recipe(path: Path, changes: Sequence[str] = ()) -> Recipe:
    """Return the recipe of a TOML file, or the shipped one of that name ("demo"), with `key=value` changes applied.

    Changes are such as "model.address=..." or "tasks.0.per_kind=5". Paths in the file are relative to its folder, those
    of changes to the working folder. Raises `UserError` naming the file, the key and the nearest known key or value.
    """
    path = recipe_file(path)
    values = toml_values(path)
    for change in changes:
        change_key(values, change)
    values.setdefault("name", path.stem)
    where = str(path)
    settings = import_module(f"clinweave.evaluation.{kind_in(values, where)}.settings")
    resolve = from_folder(path.resolve().parent)
    recipe = cast("Recipe", from_values(settings.SETTINGS, values, where, resolve))
    for name in recipe.report_blocks:
        if name not in REPORT_BLOCKS:
            raise UserError(f"{where}: report_blocks: {REPORT_BLOCKS.unknown(name)}")
    return cast("Recipe", settings.check(recipe, where))


def from_folder(folder: Path) -> Callable[[str], str]:
    """Return the function that makes a path absolute: from `folder`, or where it was given by --set, from here."""

    def resolve(text: str) -> str:
        start = Path.cwd() if isinstance(text, _FromCommandLine) else folder
        return str((start / Path(text).expanduser()).resolve())

    return resolve


def shipped_recipes() -> dict[str, Path]:
    """Return name -> file of the recipes that come with clinweave."""
    clone = Path(__file__).parents[3] / "recipes"
    folder = clone if clone.is_dir() else Path(__file__).parents[1] / "data" / "recipes"
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def recipe_file(path: Path) -> Path:
    """Return the file that a path or the name of a shipped recipe stands for; a file of that name comes first."""
    if kind_of(path) or path.name != str(path) or path.suffix:
        return path
    return shipped_recipes().get(path.name, path)


def kind_in(values: Mapping[str, object], where: str) -> str:
    """Return the kind that a recipe names. Raises `UserError` where it names none, or one that there is not."""
    kind = values.get("kind")
    if kind is None:
        guess = next((guessed for key, guessed in _HINTS.items() if key in values), "comparison")
        raise UserError(f"{where}: the key 'kind' is missing; add kind = \"{guess}\" ({', '.join(KINDS)})")
    if kind not in KINDS:
        raise UserError(f"{where}: kind: {kind!r} is no kind of study{nearest(str(kind), KINDS)}")
    return str(kind)


def toml_values(path: Path) -> dict[str, object]:
    """Return what a TOML file holds. Raises `UserError` naming the file, and recipes with a similar name."""
    if not kind_of(path):
        others = sorted(item.name for item in path.parent.glob("*.toml")) if path.parent.is_dir() else []
        others += shipped_recipes() if path.name == str(path) and not path.suffix else ()
        raise UserError(f"there is no recipe {path}{nearest(path.name, others)}")
    try:
        return tomllib.loads(regular_file(path).read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not TOML: {reason(error)}") from error


def recipe_toml(recipe: Recipe) -> str:
    """Return the resolved recipe as TOML that `load_recipe` reads back."""
    return to_toml(to_values(recipe))


def change_key(values: Mapping[str, object], change: str) -> None:
    """Apply one `key=value`; a path given so is relative to the working folder."""
    name, sign, text = change.partition("=")
    if not sign or not name:
        raise UserError(f"--set {change}: expected key=value, such as model.address=smollm2")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    table: object = values
    *above, last = name.split(".")
    for part in above:
        if isinstance(table, list):
            if not part.isdigit() or int(part) >= len(table):
                raise UserError(f"--set {change}: there are {len(table)} of these, counted from 0")
            table = table[int(part)]
        elif isinstance(table, dict):
            table = table.setdefault(part, {})
        else:
            break
    if not isinstance(table, dict):
        raise UserError(f"--set {change}: {name!r} does not name a key")
    table[last] = _marked(value)


def _marked(value: object) -> object:
    if isinstance(value, str):
        return _FromCommandLine(value)
    return [_marked(item) for item in value] if isinstance(value, list) else value
