"""Schema of the compendium's entries, and a reader of their TOML files that reports the field at fault.

Every figure names the source it is taken from and how far it can be trusted; the source must be one of the entry's
own `sources`: every number has a source.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

from clinweave.core.errors import UserError

ENTRY_KINDS = ("database", "dataset", "model", "system")
ACCESS = ("open", "registration", "gated", "commercial")
MERGED_HOW = (
    "pretraining",
    "sft",
    "rl",
    "prompt",
    "retrieval",
    "graph-training",
    "graph-inference",
    "graph-building",
)
TRUST = (
    "paper",  # the authors' own publication
    "authors",  # their documentation, repository, press release or leaderboard
    "measured",  # counted in the file itself, or measured by this project
    "third-party",  # someone else's measurement or account
    "unverified",  # only seen second-hand
)
_CHOICES = {"kind": ENTRY_KINDS, "access": ACCESS, "merged_how": MERGED_HOW, "trust": TRUST}
_ID = re.compile(r"[a-z0-9]+([-.][a-z0-9]+)*")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Size:
    """One stated count: `value` of `what`, as of a date (`YYYY`, `YYYY-MM` or `YYYY-MM-DD`)."""

    what: str
    value: str
    as_of: str
    source: str
    trust: str


@dataclass(frozen=True, slots=True)
class Merge:
    """Which knowledge went into a model or system, and at which of the eight places."""

    which: str
    merged_how: str


@dataclass(frozen=True, slots=True)
class Result:
    """One reported figure, with the protocol behind it (without which figures cannot be compared)."""

    benchmark: str
    metric: str
    value: str
    protocol: str
    source: str
    trust: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One database, dataset, model or system of the field."""

    id: str
    name: str
    kind: str  # one of ENTRY_KINDS
    summary: str  # what it is, in one line
    access: str  # one of ACCESS
    licence: str
    sources: tuple[str, ...]
    size: tuple[Size, ...] = ()
    built_from: tuple[str, ...] = ()
    knowledge: tuple[Merge, ...] = ()
    reported: tuple[Result, ...] = ()
    clinweave: tuple[str, ...] = field(default=())  # commands that run a part of it now; empty: nothing yet
    notes: tuple[str, ...] = ()


def folder() -> Path:
    """Return the folder of the shipped entries: `compendium/` of a clone, else the copy inside the package."""
    clone = Path(__file__).parents[3] / "compendium"
    return clone if clone.is_dir() else Path(__file__).parents[1] / "data" / "compendium"


def load(path: Path | None = None) -> list[Entry]:
    """Return all entries under `path` (default: the shipped ones), ordered by kind and id.

    Raises `UserError` naming file and field where an entry is malformed, or where two bear the same id.
    """
    root = path or folder()
    files = sorted(root.rglob("*.toml"))
    if not files:
        raise UserError(f"{root}: no compendium entries (*.toml) in this folder")
    paths: dict[str, Path] = {}
    entries = []
    for file in files:
        entry = read_entry(file)
        if entry.id in paths:
            raise UserError(f"{file}: id: {entry.id!r} is taken by {paths[entry.id]}; ids are unique")
        paths[entry.id] = file
        entries.append(entry)
    return sorted(entries, key=lambda entry: (ENTRY_KINDS.index(entry.kind), entry.id))


def read_entry(file: Path) -> Entry:
    """Return the entry in one TOML file; raises `UserError` naming the field and how to fix it."""
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{file}: not a readable TOML file: {error}") from error
    entry = _record(Entry, table, str(file), "")
    if not _ID.fullmatch(entry.id):
        raise UserError(f"{file}: id: {entry.id!r} must be lower-case words joined by hyphens or dots")
    if file.stem != entry.id:
        raise UserError(f"{file}: id: {entry.id!r} must equal the file's name; call the file {entry.id}.toml")
    _check_sources(entry, file)
    return entry


def find(entries: list[Entry], query: str) -> Entry:
    """Return the entry with this id or name (any case); raises `UserError` naming the nearest."""
    names = {name: entry for entry in entries for name in (entry.name.lower(), entry.id)}
    if query.lower() in names:
        return names[query.lower()]
    raise UserError(f"no entry {query!r} in the compendium{_nearest(query.lower(), names)}")


def search(entries: list[Entry], text: str) -> list[Entry]:
    """Return the entries in which every word of `text` occurs somewhere, any case; those it names come first."""
    words = text.lower().split()
    matches = [entry for entry in entries if all(word in repr(entry).lower() for word in words)]
    return sorted(
        matches, key=lambda entry: not all(word in f"{entry.id} {entry.name}".lower() for word in words)
    )


def _record(kind: type[T], table: object, file: str, where: str) -> T:
    """Return `table` as an instance of the dataclass `kind`, every key and value checked."""
    if not isinstance(table, Mapping):
        raise UserError(f"{file}: {where or 'the file'}: a table is expected, not {table!r}")
    hints = get_type_hints(kind)
    for key in table:
        if key not in hints:
            raise UserError(f"{file}: {_key_path(where, key)}: unknown key{_nearest(key, hints)}")
    values = {}
    for item in fields(kind):  # type: ignore[arg-type]
        if item.name in table:
            values[item.name] = _value(hints[item.name], table[item.name], file, _key_path(where, item.name))
        elif item.default is MISSING:
            raise UserError(f"{file}: {_key_path(where, item.name)}: missing; {kind.__name__} needs it")
    return kind(**values)


def _value(hint: object, value: object, file: str, where: str) -> Any:
    if hint is str:
        return _text(value, file, where)
    if not isinstance(value, list):
        raise UserError(f"{file}: {where}: a list is expected, not {value!r}")
    inner = get_args(hint)[0]
    make = _record if is_dataclass(inner) else None
    return tuple(
        make(inner, item, file, f"{where}[{n}]") if make else _text(item, file, f"{where}[{n}]")
        for n, item in enumerate(value, 1)
    )


def _text(value: object, file: str, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UserError(f"{file}: {where}: text is expected, not {value!r}")
    name = where.rsplit(".", 1)[-1]
    choices = _CHOICES.get(name, ())
    if choices and value not in choices:
        raise UserError(
            f"{file}: {where}: {value!r} is not one of {', '.join(choices)}{_nearest(value, choices)}"
        )
    if name == "as_of" and not re.fullmatch(r"\d{4}(-\d\d){0,2}", value):
        raise UserError(f"{file}: {where}: {value!r} is not a date; write YYYY, YYYY-MM or YYYY-MM-DD")
    return value


def _check_sources(entry: Entry, file: Path) -> None:
    if not entry.sources:
        raise UserError(f"{file}: sources: at least one is needed")
    for name in ("size", "reported"):
        for n, item in enumerate(getattr(entry, name), 1):
            if not item.source.startswith(entry.sources):
                raise UserError(
                    f"{file}: {name}[{n}].source: {item.source!r} must begin with one of the entry's sources: "
                    + "; ".join(entry.sources)
                )


def _key_path(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _nearest(word: str, names: Any) -> str:
    close = get_close_matches(word, list(names), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""
