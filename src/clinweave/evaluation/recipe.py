"""A recipe: one TOML file that describes a whole chain. The dataclasses here are its keys, and nothing else is."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from clinweave.core.errors import UserError
from clinweave.core.filesystem import kind_of, reason, regular_file
from clinweave.evaluation.arms import ARMS, CONTROLS, MAIN, find_arm, in_arm_order
from clinweave.knowledge import retriever_names

T = TypeVar("T")
DIAGNOSIS = ("diagnosis", "diagnosis-genes", "diagnosis-robustness", "diagnosis-text", "diagnosis-model")
TASKS = ("graph-questions", "graph-future", "cross-source", "pubmedqa-retrieved", "benchmark", *DIAGNOSIS)
PATHS = frozenset(
    {"path", "older", "newer", "corpus", "release", "mondo", "genes"}
)  # relative to the recipe's folder


@dataclass(frozen=True)
class ModelSettings:
    """Which language model, and how it chooses. `options` go to the back end."""

    address: str = "smollm2"
    method: str = "auto"  # option-text where the model can score, else generation
    concurrency: int = 1  # threads; for remote models
    max_tokens_total: int = 0  # stop scoring after so many tokens; 0: no limit
    options: dict[str, Any] = field(default_factory=dict)
    allow_remote: str = ""  # the host that may see gated evidence
    reuse_unidentified: bool = False  # reuse scores of an address that states no digest of its weights


@dataclass(frozen=True)
class KnowledgeSettings:
    """What is fetched, and how many tokens of evidence a prompt may hold."""

    databases: tuple[str, ...] = ()  # empty: the default set
    graph: str = ""  # the folder of a graph that was built before; then no databases are fetched
    budget: int = 180
    arms: tuple[str, ...] = MAIN
    controls: tuple[str, ...] = CONTROLS


@dataclass(frozen=True)
class TaskSettings:
    """One set of questions. Which keys matter depends on `type`; a path is relative to the recipe's folder."""

    type: str
    kinds: tuple[str, ...] = ("feature", "gene", "role", "parent")
    per_kind: int = 20
    count: int = 150  # questions at most, drawn with the recipe's seed; 0: all
    options: int = 4
    path: str = ""  # the benchmark, or Hetionet's indications
    older: str = ""  # folder of an HPO release: hp.obo and phenotype.hpoa, gzip or not
    newer: str = ""
    corpus: str = ""  # a folder or archive of texts to be found
    budget: int = 0  # 0: the recipe's
    title: str = ""  # of a protocol of diagnosis; `path` then holds the cases
    release: str = ""  # folder of the HPO release that cases are ranked by
    mondo: str = ""  # mondo.json; "fetched" for the fetched one
    genes: str = ""  # genes_to_phenotype.txt; "fetched" for the fetched one
    drop: str = "none"  # whose rows citing the case's paper are dropped: none, gold, blind; or patient
    after: int = 0  # only cases with a larger PMID; makes the protocol dated
    date: str = ""  # of a dated protocol, as 2021-10-10; empty: the release's
    allow_future: bool = False  # let a dated protocol use what is newer than its date
    cases: int = 0  # drawn with the recipe's seed; 0: all
    pheval: bool = False  # write PhEval's disease results as well


@dataclass(frozen=True)
class Recipe:
    """A whole chain: databases -> graph and index -> questions -> arms -> report."""

    name: str
    title: str = ""
    seed: int = 0
    resamples: int = 10_000
    dump_prompts: bool = False
    ask: tuple[str, ...] = ()  # questions answered from the graph without a model, shown in the report
    model: ModelSettings = field(default_factory=ModelSettings)
    knowledge: KnowledgeSettings = field(default_factory=KnowledgeSettings)
    tasks: tuple[TaskSettings, ...] = ()

    @property
    def arms(self) -> tuple[str, ...]:
        """Return arms and controls in the order of reports."""
        return tuple(in_arm_order((*self.knowledge.arms, *self.knowledge.controls)))


def load_recipe(path: Path, changes: Sequence[str] = ()) -> Recipe:
    """Return the recipe of a TOML file with `key=value` changes ("model.address=...", "tasks.0.per_kind=5").

    Raises `UserError` naming the file and the nearest known key for an unknown one.
    """
    values = toml_values(path)
    for task in values["tasks"] if isinstance(values.get("tasks"), list) else []:
        _absolute(task, path.resolve().parent)
    for change in changes:
        change_key(values, change)
    values.setdefault("name", path.stem)
    return check(build(Recipe, values, str(path)), str(path))


def toml_values(path: Path) -> dict[str, Any]:
    """Return what a TOML file holds. Raises `UserError` naming the file, and recipes with a similar name."""
    if not kind_of(path):
        others = sorted(item.name for item in path.parent.glob("*.toml")) if path.parent.is_dir() else []
        raise UserError(f"there is no recipe {path}{_nearest(path.name, others)}")
    try:
        return tomllib.loads(regular_file(path).read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not TOML: {reason(error)}") from error


def check(recipe: Recipe, where: str) -> Recipe:
    """Return the recipe, or raise `UserError` where a value cannot be."""
    for name in (*recipe.knowledge.arms, *recipe.knowledge.controls):
        try:
            find_arm(name)
        except UserError as error:
            raise UserError(f"{where}: {error}{_nearest(name, (*ARMS, *retriever_names()))}") from None
    if "base" not in recipe.knowledge.arms:
        raise UserError(f"{where}: knowledge.arms lacks base, with which every arm is compared")
    for task in recipe.tasks:
        if task.type not in TASKS:
            raise UserError(f"{where}: no type of task is called {task.type!r}{_nearest(task.type, TASKS)}")
    kinds = {task.type in DIAGNOSIS for task in recipe.tasks}
    if len(kinds) > 1:
        raise UserError(f"{where}: tasks of type diagnosis need a separate recipe")
    if recipe.knowledge.budget < 1:
        raise UserError(f"{where}: knowledge.budget is {recipe.knowledge.budget}; give tokens above 0")
    if not recipe.tasks:
        raise UserError(f"{where}: it has no [[tasks]], so there is nothing to run")
    return recipe


def build(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    """Return the dataclass `kind` from TOML values; unknown, missing and mistyped keys are a `UserError`."""
    known = {one.name: one for one in fields(kind)}  # type: ignore[arg-type]
    hints = get_type_hints(kind)
    for name in values:
        if name not in known:
            raise UserError(f"{where}: unknown key {name!r}{_nearest(name, known)}")
    for name, one in known.items():
        if name not in values and one.default is MISSING and one.default_factory is MISSING:
            raise UserError(f"{where}: the key {name!r} is missing")
    return kind(**{name: _value(hints[name], value, f"{where}: {name}") for name, value in values.items()})


def _value(hint: Any, value: Any, where: str) -> Any:
    if isinstance(hint, type) and hasattr(hint, "__dataclass_fields__"):
        if isinstance(value, dict):
            return build(hint, value, where)
    elif get_origin(hint) is tuple:
        if isinstance(value, list):
            return tuple(_value(get_args(hint)[0], item, f"{where}.{i}") for i, item in enumerate(value))
    elif get_origin(hint) is dict:
        if isinstance(value, dict):
            return dict(value)
    elif isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    expected = getattr(hint, "__name__", str(hint)) if get_origin(hint) is None else "a list or table"
    raise UserError(f"{where}: expected {expected}, found {value!r}")


def to_toml(recipe: Recipe) -> str:
    """Return the resolved recipe as TOML that `load_recipe` reads back."""
    values = asdict(recipe)
    tasks, tables = values.pop("tasks"), {name: values.pop(name) for name in ("model", "knowledge")}
    lines = [f"{key} = {_literal(value)}" for key, value in values.items()]
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(f"{key} = {_literal(value)}" for key, value in table.items())]
    for task in tasks:
        lines += ["", "[[tasks]]", *(f"{key} = {_literal(value)}" for key, value in task.items())]
    return "\n".join(lines) + "\n"


def _literal(value: Any) -> str:
    import json

    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_literal(item) for item in value) + "]"
    return json.dumps(value)


def _absolute(task: Any, folder: Path) -> None:
    if isinstance(task, dict):
        for key in PATHS:
            if isinstance(task.get(key), str) and task[key] not in {"", "fetched"}:
                task[key] = str((folder / Path(task[key]).expanduser()).resolve())


def names_table(path: Path, key: str) -> bool:
    """Return whether a recipe has this key at its top; one that cannot be read is left to the reader that tells why."""
    try:
        return key in toml_values(path)
    except UserError:
        return False


def change_key(values: dict[str, Any], change: str) -> None:
    """Apply one `key=value`; a path given so is relative to the working folder."""
    name, sign, text = change.partition("=")
    if not sign or not name:
        raise UserError(f"--set {change}: expected key=value, such as model.address=smollm2")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    place: Any = values
    *above, last = name.split(".")
    for part in above:
        if isinstance(place, list):
            if not part.isdigit() or int(part) >= len(place):
                raise UserError(f"--set {change}: there are {len(place)} of these, counted from 0")
            place = place[int(part)]
        else:
            place = place.setdefault(part, {})
    if not isinstance(place, dict):
        raise UserError(f"--set {change}: {name!r} does not name a key")
    place[last] = value
    if last in PATHS:
        _absolute(place, Path.cwd())


def _nearest(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(names)}" if names else ""
