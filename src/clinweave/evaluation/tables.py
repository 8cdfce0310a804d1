"""Results as data frames: one Arrow table for each list of records in a study's results."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_Row = dict[str, Any]


def result_tables(results: object) -> "dict[str, pa.Table]":
    """Return the tables of a study's results by name, such as "comparisons" and "tasks.conditions".

    A mapping of records becomes one row per key, with the key in the column `key` (`key_2` for a mapping inside it,
    and so on). Use `table.to_pandas()` or `polars.from_arrow(table)` for a data frame.
    """
    import pyarrow as pa

    rows: dict[str, list[_Row]] = defaultdict(list)
    for name, row in _records("", results, ()):
        rows[name].append(row)
    return {name: pa.Table.from_pylist(_aligned(items)) for name, items in rows.items() if name}


def _records(name: str, value: Any, keys: tuple[str, ...]) -> Iterator[tuple[str, _Row]]:
    """Yield (table, row) for a record and for every record inside it."""
    if is_dataclass(value):
        row: _Row = {"key" if i == 0 else f"key_{i + 1}": key for i, key in enumerate(keys)}
        for item in fields(value):
            content = getattr(value, item.name)
            if _holds_records(content):
                yield from _records(f"{name}.{item.name}" if name else item.name, content, keys)
            elif _is_plain(content):
                row[item.name] = content
        yield name, row
    elif isinstance(value, Mapping):
        for key, content in value.items():
            yield from _records(name, content, (*keys, str(key)))
    else:
        for content in value:
            yield from _records(name, content, keys)


def _holds_records(value: object) -> bool:
    """Return whether a value is a record, or a list or mapping with records somewhere inside."""
    if is_dataclass(value):
        return True
    items = (
        value.values() if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    )
    return any(_holds_records(item) for item in items)


def _is_plain(value: object) -> bool:
    scalar = (str, int, float, bool, type(None))
    return isinstance(value, scalar) or (
        isinstance(value, (list, tuple)) and all(isinstance(item, scalar) for item in value)
    )


def _aligned(rows: list[_Row]) -> list[_Row]:
    """Return rows that all have the same columns; Arrow takes the columns of the first."""
    columns = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name) for name in columns} for row in rows]
