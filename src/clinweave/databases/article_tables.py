"""Render tables of JATS articles as text, one line per row, each cell with its column name ("Dose: 10 mg")."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from clinweave.databases.inline_markup import inline_text, local

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MAX_SPAN = 1000
NO_TABLE = "[table not shown]"  # what a table given only as a picture leaves behind

Cell = tuple[int, int, str]  # first column, number of columns, text


def table_lines(element: "Element") -> list[str]:
    """Return label and caption, one line per row, and the notes of a `table-wrap` or a `table`."""
    lines: list[str] = []
    label, title = (inline_text(element.find(name)) for name in ("label", "caption/title"))
    text = [inline_text(item) for item in element.findall("caption/p")]
    if head := " ".join(filter(None, [f"{label.rstrip('.:')}." if label else "", title, *text])):
        lines.append(head)
    tables = [element] if local(element) in {"table", "array"} else _tables(element)
    for table in tables:
        lines += _table(table)
    if not tables and any(local(item) in {"graphic", "inline-graphic"} for item in element.iter()):
        lines.append(NO_TABLE)
    for foot in element.findall("table-wrap-foot"):
        lines += [f"Note: {note}" for item in foot if (note := inline_text(item))]
    return lines


def _tables(element: "Element") -> list["Element"]:
    """Return the tables of a wrapper, nested ones not apart from the cell that holds them."""
    tables: list[Element] = []
    for child in element:
        name = local(child)
        if name in {"table", "array"}:
            tables.append(child)
        elif name in {"alternatives", "table-wrap", "oasis"}:
            tables += _tables(child)
    return tables


def _table(table: "Element") -> list[str]:
    """Return one line per row of the body."""
    rows = list(_rows(table))
    header_rows = sum(1 for header, _ in rows if header)
    if not header_rows and len(rows) > 1 and rows[0][1] and _all_th(table):
        rows[0] = (True, rows[0][1])
    names: dict[int, list[str]] = {}
    width = max((start + span for _, cells in rows for start, span, _ in cells), default=0)
    lines = []
    for header, cells in rows:
        if header:
            for start, span, text in cells:
                for column in range(start, min(start + span, width)):
                    if text and text not in names.setdefault(column, []):
                        names[column].append(text)
        elif line := _line(cells, names, width):
            lines.append(line)
    if not lines and rows:  # a table of headers alone
        lines = ["; ".join(text for _, _, text in cells if text) for _, cells in rows]
    return [line for line in lines if line]


def _line(cells: list[Cell], names: dict[int, list[str]], width: int) -> str:
    parts = []
    for start, span, text in cells:
        if not text:
            continue
        columns = range(start, min(start + span, width))
        over = " / ".join(dict.fromkeys(" ".join(names[column]) for column in columns if column in names))
        parts.append(text if not over or span >= width > 1 else f"{over}: {text}")
    return "; ".join(parts)


def _all_th(table: "Element") -> bool:
    first = next((item for item in table.iter() if local(item) == "tr"), None)
    return first is not None and len(first) > 0 and all(local(cell) == "th" for cell in first)


def _rows(table: "Element") -> Iterator[tuple[bool, list[Cell]]]:
    """Yield (in the head, cells) of each row; a cell that spans rows is repeated in each of them."""
    loose: dict[int, tuple[int, int, str]] = {}
    for part in table:
        name = local(part)
        if name in {"tr", "row"}:
            yield False, _cells(part, loose)
        elif name == "tgroup":
            yield from _rows(part)
        elif name in {"thead", "tbody", "tfoot"}:
            pending: dict[int, tuple[int, int, str]] = {}
            for row in part:
                if local(row) in {"tr", "row"}:
                    yield name == "thead", _cells(row, pending)


def _cells(row: "Element", pending: dict[int, tuple[int, int, str]]) -> list[Cell]:
    """Return the cells of a row; `pending` (column -> rows left, columns, text) is carried from row to row."""
    cells: list[Cell] = []
    column = 0
    waiting = [item for item in row if local(item) in {"td", "th", "entry"}]
    while waiting or column in pending:
        if column in pending:
            left, span, text = pending.pop(column)
            if left > 1:
                pending[column] = (left - 1, span, text)
        else:
            cell = waiting.pop(0)
            text, span = inline_text(cell), _span(cell, "colspan")
            if (rows := _span(cell, "rowspan")) > 1:
                pending[column] = (rows - 1, span, text)
        cells.append((column, span, text))
        column += span
    return cells


def _span(cell: "Element", name: str) -> int:
    value = cell.get(name, "1").strip()
    return min(max(int(value), 1), _MAX_SPAN) if value.isdecimal() and len(value) < 9 else 1
