"""Arrow schemas of the large tables. Columns bear the field names of the classes in `records`."""

from collections.abc import Iterable
from dataclasses import fields
from typing import TypeVar

import pyarrow as pa

T = TypeVar("T")

_TEXT = pa.string()
_TEXTS = pa.list_(pa.string())
_LABEL = pa.dictionary(pa.int32(), pa.string())  # few distinct values

CONCEPTS = pa.schema(
    [
        ("id", _TEXT),
        ("category", _LABEL),
        ("name", _TEXT),
        ("source", _LABEL),
        ("synonyms", _TEXTS),
        ("definition", _TEXT),
        ("xrefs", _TEXTS),
        ("related", _TEXTS),
        ("tier", _LABEL),
    ]
)

RELATIONS = pa.schema(
    [
        ("subject", _TEXT),
        ("predicate", _LABEL),
        ("object", _TEXT),
        ("source", _LABEL),
        ("publications", _TEXTS),
        ("frequency", _TEXT),
        ("onset", _TEXT),
        ("sex", _LABEL),
        ("negated", pa.bool_()),
        ("evidence", _LABEL),
        ("grade", _LABEL),
        ("knowledge_level", _LABEL),
        ("agent_type", _LABEL),
        ("original_subject", _TEXT),
        ("original_object", _TEXT),
        ("release", _LABEL),
        ("licence", _LABEL),
        ("tier", _LABEL),
    ]
)

PASSAGES = pa.schema(
    [
        ("id", _TEXT),
        ("text", _TEXT),
        ("title", _TEXT),
        ("document", _TEXT),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("source", _LABEL),
        ("section", _TEXT),
        ("concepts", _TEXTS),
        ("release", _LABEL),
        ("licence", _LABEL),
        ("tier", _LABEL),
    ]
)

# The first five columns and their types are those of MEDS; it allows further ones.
EVENTS = pa.schema(
    [
        ("subject_id", pa.int64()),
        ("time", pa.timestamp("us")),
        ("code", _TEXT),
        ("numeric_value", pa.float32()),
        ("text_value", pa.large_string()),
        ("kind", _LABEL),
        ("unit", _LABEL),
        ("status", _LABEL),
        ("entry", pa.large_string()),
    ]
)


def table(records: Iterable[object], schema: pa.Schema) -> pa.Table:
    """Return the records as one Arrow table with `schema`; row order is kept."""
    rows = list(records)
    columns = [
        pa.array([getattr(row, name) for row in rows], _value_type(schema.field(name)))
        for name in schema.names
    ]
    return pa.table(
        [
            column.dictionary_encode() if _is_label(schema.field(name)) else column
            for name, column in zip(schema.names, columns, strict=True)
        ],
        schema=schema,
    )


def records_of(kind: type[T], rows: pa.Table | pa.RecordBatch) -> list[T]:
    """Return table rows as instances of the record class `kind`; lists become tuples."""
    names = [item.name for item in fields(kind)]  # type: ignore[arg-type]
    return [
        kind(**{name: tuple(row[name]) if isinstance(row[name], list) else row[name] for name in names})
        for row in rows.to_pylist()
    ]


def _is_label(item: pa.Field) -> bool:
    return bool(pa.types.is_dictionary(item.type))


def _value_type(item: pa.Field) -> pa.DataType:
    return item.type.value_type if _is_label(item) else item.type
