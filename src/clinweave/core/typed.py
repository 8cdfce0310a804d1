"""Read dataclasses from TOML or JSON values, write them back, and describe them as a JSON schema."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from difflib import get_close_matches
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from clinweave.core.errors import UserError

T = TypeVar("T")
Resolve = Callable[[str], str]
PATH = "path"  # metadata of a field whose text is a path; its value lists texts that are names, not paths
_NAMES = {int: "an integer", float: "a number", str: "a string", bool: "true or false"}
_SCHEMA_TYPES = {int: "integer", float: "number", str: "string", bool: "boolean", NoneType: "null"}


def unchanged(text: str) -> str:
    """Return a path as it is written."""
    return text


def from_values(kind: type[T], values: object, where: str = "", resolve: Resolve = unchanged) -> T:
    """Return `kind` (a dataclass, list, tuple, dict, Literal or scalar) from TOML or JSON values.

    `where` begins each message ("demo.toml"), `resolve` makes the texts of path fields absolute. Raises `UserError`
    naming the key, with the nearest known one for an unknown key or value.
    """
    return cast("T", _value(kind, values, where, resolve))


def to_values(item: object) -> Any:
    """Return dataclasses as JSON values: tables, lists, texts and numbers."""
    if is_dataclass(item) and not isinstance(item, type):
        return {key: to_values(value) for key, value in vars_of(item).items()}
    if isinstance(item, Mapping):
        return {str(key): to_values(value) for key, value in item.items()}
    if isinstance(item, list | tuple):
        return [to_values(value) for value in item]
    return item.value if isinstance(item, Enum) else item


def vars_of(item: Any) -> dict[str, object]:
    """Return name -> value of a dataclass, without going into its values."""
    return {item_kind.name: getattr(item, item_kind.name) for item_kind in fields(item)}


@cache
def hints_of(kind: type) -> dict[str, object]:
    """Return the types of a dataclass's fields."""
    return get_type_hints(kind)


def _value(hint: object, value: object, where: str, resolve: Resolve) -> Any:
    if hint is Any:
        return value
    reader = _READERS.get(get_origin(hint) or hint)
    if reader is not None:
        return reader(hint, value, where, resolve)
    if is_dataclass(hint):
        return _dataclass(cast("type", hint), value, where, resolve)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(_literal(Literal[tuple(item.value for item in hint)], value, where, resolve))
    return _scalar(hint, value, where)


def _scalar(hint: Any, value: Any, where: str) -> object:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    raise UserError(f"{where}: expected {_NAMES.get(hint, hint.__name__)}, found {value!r}")


def _either(hint: object, value: object, where: str, resolve: Resolve) -> object:
    hints = get_args(hint)
    if type(value) in hints:  # 3 stays 3 where both int and float are allowed
        return value
    message = ""
    for item_kind in (item_kind for item_kind in hints if item_kind is not NoneType):
        try:
            return _value(item_kind, value, where, resolve)
        except UserError as error:
            message = message or str(error)
    raise UserError(message)


def _literal(hint: object, value: object, where: str, _: Resolve) -> object:
    values = get_args(hint)
    if isinstance(value, str | int) and value in values:
        return value
    choices = [str(item) for item in values]
    raise UserError(f"{where}: {value!r} is no value of this key{nearest(str(value), choices)}")


def _items(hint: object, value: object, where: str, resolve: Resolve) -> object:
    if not isinstance(value, list | tuple):
        raise UserError(f"{where}: expected a list, found {value!r}")
    inner = get_args(hint)
    if get_origin(hint) is tuple and Ellipsis not in inner:
        if len(value) != len(inner):
            raise UserError(f"{where}: expected {len(inner)} items, found {len(value)}")
        pairs = zip(inner, value, strict=True)
        return tuple(
            _value(item_kind, item, f"{where}.{n}", resolve) for n, (item_kind, item) in enumerate(pairs)
        )
    items = [_value(inner[0], item, f"{where}.{n}", resolve) for n, item in enumerate(value)]
    return tuple(items) if get_origin(hint) is tuple else items


def _table(hint: object, value: object, where: str, resolve: Resolve) -> Any:
    if not isinstance(value, Mapping):
        raise UserError(f"{where}: expected a table, found {value!r}")
    _, inner = get_args(hint)
    return {key: _value(inner, item, f"{where}.{key}", resolve) for key, item in value.items()}


_READERS: dict[Any, Callable[[Any, Any, str, Resolve], Any]] = {
    Union: _either,
    UnionType: _either,
    Literal: _literal,
    tuple: _items,
    list: _items,
    dict: _table,
}


def _dataclass(kind: type, value: object, where: str, resolve: Resolve) -> object:
    if not isinstance(value, Mapping):
        raise UserError(f"{where}: expected a table ({kind.__name__}), found {value!r}")
    own = {item_kind.name: item_kind for item_kind in fields(kind)}
    for name in value:
        if name not in own:
            raise UserError(f"{where}: unknown key {name!r}{nearest(str(name), own)}")
    for name, item_kind in own.items():
        if name not in value and item_kind.default is MISSING and item_kind.default_factory is MISSING:
            raise UserError(f"{where}: the key {name!r} is missing; add it")
    hints = hints_of(kind)
    return kind(**{
        name: _resolved(own[name], _value(hints[name], item, f"{where}: {name}" if where else name, resolve), resolve)
        for name, item in value.items()
    })  # fmt: skip


def _resolved(item_kind: "Field[Any]", value: Any, resolve: Resolve) -> object:
    """Return a field's value with the paths among it made absolute; names stay."""
    if PATH not in item_kind.metadata:
        return value
    names, only_with_slash = item_kind.metadata[PATH]

    def absolute(text: str) -> str:
        is_name = text == "" or text in names or (only_with_slash and not looks_like_path(text))
        return text if is_name else resolve(text)

    return tuple(map(absolute, value)) if isinstance(value, tuple) else absolute(value)


def path_key(*names: str, only_with_slash: bool = False) -> Mapping[str, object]:
    """Return the metadata of a field that holds a path or paths, relative to the recipe.

    `names` are texts with a meaning of their own; with `only_with_slash` a text without a slash is a name too.
    """
    return {PATH: (frozenset(names), only_with_slash)}


def looks_like_path(text: str) -> bool:
    """Say whether a text is a path and no name: it has a slash or ends in .py."""
    return "/" in text or text.endswith(".py")


def nearest(name: str, options: Iterable[str]) -> str:
    """Return the end of a message: the nearest known name, else all known ones."""
    names = sorted(options)
    closest = get_close_matches(name, names, n=1, cutoff=0.5)
    return f"; did you mean {closest[0]!r}?" if closest else f"; known: {', '.join(names)}" if names else ""


def json_schema(kind: object, title: str) -> dict[str, Any]:
    """Return the JSON schema (2020-12) of a dataclass as `to_values` writes it: every key is there, and no other."""
    definitions: dict[str, object] = {}
    top = _schema(kind, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **top,
        "$defs": dict(sorted(definitions.items())),
    }


def _schema(hint: Any, definitions: dict[str, Any]) -> dict[str, object]:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is tuple and Ellipsis not in inner:
        parts = [_schema(item_kind, definitions) for item_kind in inner]
        return {"type": "array", "prefixItems": parts, "minItems": len(parts), "maxItems": len(parts)}
    if origin in {Union, UnionType}:
        return {"anyOf": [_schema(item_kind, definitions) for item_kind in inner]}
    if origin is dict:
        return {"type": "object", "additionalProperties": _schema(inner[1], definitions)}
    if origin in {tuple, list}:
        return {"type": "array", "items": _schema(inner[0], definitions)}
    return _simple_schema(hint, definitions)


def _simple_schema(hint: Any, definitions: dict[str, Any]) -> dict[str, object]:
    if hint is Any or hint is object:
        return {}
    if hint in _SCHEMA_TYPES:
        return {"type": _SCHEMA_TYPES[hint]}
    if get_origin(hint) is Literal:
        return {"enum": list(get_args(hint))}
    if issubclass(hint, Enum):
        return {"enum": [item.value for item in hint]}
    return _schema_of_dataclass(hint, definitions)


def _schema_of_dataclass(kind: type, definitions: dict[str, Any]) -> dict[str, object]:
    name = kind.__name__
    if name not in definitions:
        definitions[name] = {}  # a class may hold itself
        hints = hints_of(kind)
        definitions[name] = {
            "description": " ".join((kind.__doc__ or "").split()),
            "type": "object",
            "properties": {
                item_kind.name: _schema(hints[item_kind.name], definitions) for item_kind in fields(kind)
            },
            "required": [item_kind.name for item_kind in fields(kind)],
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{name}"}


def to_toml(values: Mapping[str, object]) -> str:
    """Return tables as TOML: plain keys first, then tables, then lists of tables. None is left out."""
    plain, tables, lists = [], [], []
    for key, value in values.items():
        if isinstance(value, Mapping):
            tables += ["", f"[{key}]", *(f"{name} = {_literal_text(item)}" for name, item in _given(value))]
        elif isinstance(value, list | tuple) and value and all(isinstance(item, Mapping) for item in value):
            for item in value:
                lists += [
                    "",
                    f"[[{key}]]",
                    *(f"{name} = {_literal_text(item_kind)}" for name, item_kind in _given(item)),
                ]
        elif value is not None:
            plain.append(f"{key} = {_literal_text(value)}")
    return "\n".join([*plain, *tables, *lists]) + "\n"


def _given(values: Mapping[str, object]) -> list[tuple[str, object]]:
    return [(json.dumps(key) if not key.replace("_", "").isalnum() else key, value)
            for key, value in values.items() if value is not None]  # fmt: skip


def _literal_text(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_literal_text(item)}" for key, item in _given(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_literal_text(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)
