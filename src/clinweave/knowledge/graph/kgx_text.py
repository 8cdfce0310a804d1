"""The cells of KGX TSV files: whole Arrow columns out, single lines in.

KGX (https://github.com/biolink/kgx/blob/master/specification/kgx-format.md) joins lists with "|" and quotes nothing,
so a tab, a line end, a backslash, and a "|" within a list are written with a backslash before them. Files of others
are read without this rule.
"""

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

_OUT = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))
_IN = {"t": "\t", "n": "\n", "r": "\r"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ITEM = re.compile(r"((?:\\.|[^|\\])*)(?:\||$)", re.DOTALL)


def escaped(values: "pa.Array", *, item: bool = False) -> "pa.Array":
    """Return an Arrow string array with the characters that would break a line written with a backslash."""
    for plain, written in (*_OUT, ("|", "\\|")) if item else _OUT:
        if pc.any(pc.match_substring(values, plain)).as_py():
            values = pc.replace_substring(values, plain, written)
    return values


def joined(lists: "pa.Array") -> "pa.Array":
    """Return an Arrow array of lists as cells, the items joined with "|"."""
    items = escaped(lists.flatten(), item=True)
    return pc.binary_join(pa.ListArray.from_arrays(_offsets(lists), items), "|")


def _offsets(lists: "pa.Array") -> "pa.Array":
    lengths = pc.list_value_length(lists).to_numpy(zero_copy_only=False)
    return pa.array([0, *lengths.cumsum().tolist()], pa.int32())


def lines(columns: "Sequence[pa.Array]") -> list[str]:
    """Return the rows of string columns as lines without their ends."""
    joined: list[str] = pc.binary_join_element_wise(*columns, "\t").to_pylist()
    return joined


def unescaped(cell: str) -> str:
    """Return the text of a cell that `escaped` wrote."""
    return _ESCAPE.sub(lambda match: _IN.get(match[1], match[1]), cell) if "\\" in cell else cell


def items(cell: str, *, ours: bool) -> tuple[str, ...]:
    """Return the items of a list cell, empty ones left out."""
    if not ours or "\\" not in cell:
        return tuple(item for item in cell.split("|") if item)
    entries = [unescaped(match[1]) for match in _ITEM.finditer(cell)]
    return tuple(item for item in entries if item)
