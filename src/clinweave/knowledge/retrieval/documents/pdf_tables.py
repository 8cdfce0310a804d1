"""Tables of a PDF page: those with drawn rules by their grid, the others by the alignment of their lines."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from clinweave.knowledge.retrieval.documents.blocks import (
    Block,
    join_lines,
    row_text,
    split_heads,
    table_rows,
)
from clinweave.knowledge.retrieval.documents.pdf_rules import Grid, Segment
from clinweave.knowledge.retrieval.documents.pdf_words import Line, Table, Word, as_lines, joined

ITEM = re.compile(r"^(?:[-\u2022\u2023\u25aa\u25cf\u25e6\uf0b7\u00b7*]|\(?\d{1,2}[.)])\s+(?=\S)")
_MAX_CELL_WORDS = 25  # on average, in a table whose columns are not ruled: more is prose in a frame
_SAME_BORDER = 8.0  # points between the borders of a table on two pages
_FRAME = 0.7  # of the table's width must be ruled above and below


def ruled_tables(grids: Sequence[Grid], words: Sequence[Word]) -> tuple[list[Line], list[Word]]:
    """Return a line for each ruled table, which holds it, and the words that are in none."""
    tables: list[Line] = []
    left = list(words)
    for grid in grids:
        inside = [
            word for word in left if grid.holds((word.left + word.right) / 2, (word.top + word.bottom) / 2)
        ]
        table = _table(grid, inside) if inside and _is_framed(grid) else None
        if table is not None:
            taken = set(map(id, inside))
            left = [word for word in left if id(word) not in taken]
            box = Word(
                "", grid.columns[0], grid.columns[-1], grid.rows[0], grid.rows[-1], inside[0].size, bold=False
            )
            tables.append(Line([box], table))
    return tables, left


def _is_framed(grid: Grid) -> bool:
    """Say whether rules close the table above and below: a drawing of boxes and arrows has none there."""
    width = grid.columns[-1] - grid.columns[0]
    return all(
        sum(line.high - line.low for line in grid.horizontal if abs(line.at - edge) <= 3) >= _FRAME * width
        for edge in (grid.rows[0], grid.rows[-1])
    )


def _table(grid: Grid, words: Sequence[Word]) -> Table | None:
    """Return the table of a grid, or None for a box around prose."""
    lines = as_lines(words)
    is_ruled = len(grid.columns) > 2
    if not is_ruled:
        grid = _with_columns(grid, lines)
    ids = grid.cell_ids()
    cells = len({item for row in ids for item in row})
    if len(grid.columns) < 3 or cells < 2 or (not is_ruled and len(words) > _MAX_CELL_WORDS * cells):
        return None
    by_cell: dict[int, list[Word]] = {}
    for word in words:
        row = _band(grid.rows, (word.top + word.bottom) / 2)
        column = _band(grid.columns, (word.left + word.right) / 2)
        by_cell.setdefault(ids[row][column], []).append(word)
    texts = {
        cell: join_lines([line.text for line in as_lines(inside)], " ") for cell, inside in by_cell.items()
    }
    rows = [[texts.get(cell, "") for cell in row] for row in ids]
    filled = [number for number, row in enumerate(rows) if any(row)]
    if len(filled) < 2 and (not is_ruled or not filled):
        return None
    bold = [
        all(word.bold for cell in set(ids[number]) for word in by_cell.get(cell, ())) for number in filled[:2]
    ]
    return Table(
        [rows[number] for number in filled], tuple(grid.columns), len(bold) > 1 and bold[0] and not bold[1]
    )


def _band(borders: Sequence[float], position: float) -> int:
    """Return between which borders a place is."""
    return next((number for number, end in enumerate(borders[1:]) if position <= end), len(borders) - 2)


def _with_columns(grid: Grid, lines: Sequence[Line]) -> Grid:
    """Return a grid without ruled columns with those that blanks divide; of one body, each line begins a row.

    A line without a first cell continues the row before.
    """
    spans: list[list[float]] = []
    for left, right in sorted(
        (cell[0].left, cell[-1].right) for line in lines if len(line.cells) > 1 for cell in line.cells
    ):
        if spans and left <= spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], right)
        else:
            spans.append([left, right])
    inner = [(one[1] + other[0]) / 2 for one, other in pairwise(spans)]
    columns = [grid.columns[0], *inner, grid.columns[-1]]
    rows = list(grid.rows)
    if len(rows) == 3 and inner:
        starts = [line.top for line in lines if line.words[0].left < inner[0] and line.top > rows[1]]
        rows = [*rows[:2], *(top - 0.5 for top in starts[1:]), rows[-1]]
    horizontal = [Segment(position, columns[0], columns[-1]) for position in rows]
    return replace(
        grid,
        columns=columns,
        rows=rows,
        horizontal=horizontal,
        vertical=[Segment(position, rows[0], rows[-1]) for position in columns],
    )


class TableReader:
    """Gives each row its column heads, also where a table goes on over a page."""

    def __init__(self) -> None:
        self._heads: list[str] = []  # of the table that was read last and may go on
        self._last: list[str] = []
        self._borders: tuple[float, ...] = ()
        self._is_first = False  # on the page

    def start_page(self) -> None:
        """Begin a page: only a table at its very beginning continues the one before."""
        self._is_first = True

    def end(self) -> None:
        """Tell that prose follows: the table is at its end."""
        self._heads = []
        self._is_first = False

    def with_last_row(self, lines: list[Line]) -> list[Line]:
        """Return the lines of a page; a first one that is a single row of the table before is marked as a table."""
        first = lines[0]
        if not self._is_first or not self._heads or first.table or len(first.cells) != len(self._borders):
            return lines
        if any(
            abs(cell[0].left - border) > first.size
            for cell, border in zip(first.cells, self._borders, strict=True)
        ):
            return lines
        if len(lines) > 1 and _end_of_table(lines, 0):
            return lines
        return [Line(first.words, Table([[joined(cell) for cell in first.cells]], self._borders)), *lines[1:]]

    def blocks(self, table: Table, page: int) -> list[Block]:
        """Return the rows of a table, each with its column heads."""
        rows = [list(row) for row in table.rows]
        if self._goes_on(table):
            if not rows[0][0]:
                rows[0][0] = self._last[0]  # the row before is divided by the end of the page
            heads, blocks = self._heads, table_rows(rows, self._heads, page)
        elif len(rows) == 1:
            heads, blocks = [], [Block("row", row_text([], rows[0]), page=page)]
        else:
            heads, body, before = split_heads(rows)
            blocks = [
                *(Block("paragraph", text, page=page) for text in before),
                *table_rows(body, heads, page),
            ]
        self._heads, self._last, self._borders, self._is_first = heads, rows[-1], table.borders, False
        return blocks

    def _goes_on(self, table: Table) -> bool:
        """Say whether a table continues that of the page before: the same columns, and no heads of its own."""
        if not self._is_first or not self._heads or len(self._heads) != len(table.rows[0]):
            return False
        same = len(table.borders) == len(self._borders) and all(
            abs(one - other) <= _SAME_BORDER for one, other in zip(table.borders, self._borders, strict=True)
        )
        return same and (not table.has_bold_head or table.rows[0] == self._heads)


def find_tables(lines: list[Line]) -> Iterator[tuple[Table | None, list[Line]]]:
    """Yield (a table, its lines) and (None, lines of prose) in order: ruled tables, and lines with aligned cells."""
    start = 0
    prose: list[Line] = []
    while start < len(lines):
        end = start + 1 if lines[start].table else _end_of_table(lines, start)
        if end == start:
            prose.append(lines[start])
            start += 1
            continue
        if prose:
            yield None, prose
            prose = []
        yield lines[start].table or _aligned_table(lines[start:end]), lines[start:end]
        start = end
    if prose:
        yield None, prose


def _end_of_table(lines: Sequence[Line], start: int) -> int:
    """Return the end of the lines whose cells stand in the columns of the first one, `start` if it begins no table."""
    first = lines[start]
    if len(first.cells) < 2 or ITEM.match(first.text):
        return start
    end, last_full, full = start + 1, start, 1
    while end < len(lines) and lines[end].table is None and _fits(lines[end], lines[end - 1], first):
        if len(lines[end].cells) > 1:
            last_full, full = end, full + 1
        end += 1
    # What follows the last line of several cells continues its row only outside the first column.
    while end - 1 > last_full and _column(lines[end - 1].cells[0], first) == 0:
        end -= 1
    return end if full > 1 else start


def _fits(line: Line, before: Line, first: Line) -> bool:
    places = [_column(cell, first) for cell in line.cells]
    if line.top - before.bottom > 1.5 * first.size or -1 in places or places != sorted(set(places)):
        return False
    reaches = line.cells[0][-1].right
    return (
        len(places) > 1
        or reaches < first.cells[min(places[0] + 1, len(first.cells) - 1)][0].left
        or places[0] > 0
    )


def _column(cell: Sequence[Word], first: Line) -> int:
    """Return the column of the first line that a cell stands in by its beginning, end or middle, -1 for none."""
    tolerance = 1.5 * first.size
    left, right = cell[0].left, cell[-1].right
    distances = []
    for number, head in enumerate(first.cells):
        ends = (
            abs(left - head[0].left),
            abs(right - head[-1].right),
            abs(left + right - head[0].left - head[-1].right) / 2,
        )
        distances.append((min(ends), number))
    nearest, number = min(distances)
    return number if nearest <= tolerance else -1


def _aligned_table(lines: list[Line]) -> Table:
    """Return the table of lines whose cells are aligned; a row may have several lines."""
    first = lines[0]
    gaps = [line.top - before.bottom for before, line in pairwise(lines)]
    low, high = min(gaps), max(gaps)
    wide = (
        (low + high) / 2 if high - low > 0.3 * first.size else None
    )  # rows are set apart, lines of one are not
    rows: list[list[list[str]]] = []
    for number, line in enumerate(lines):
        begins = (
            gaps[number - 1] > wide if wide is not None and number else _column(line.cells[0], first) == 0
        )
        if begins or not rows:
            rows.append([[] for _ in first.cells])
        for cell in line.cells:
            rows[-1][_column(cell, first)].append(joined(cell))
    texts = [[join_lines(cell, " ") for cell in row] for row in rows]
    borders = tuple(cell[0].left for cell in first.cells)
    bold = [all(word.bold for word in line.words) for line in lines[:2]]
    return Table(texts, borders, bold[0] and not bold[1])
