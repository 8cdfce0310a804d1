"""Ruled tables of a PDF page: drawn lines become a grid, and the grid's cells the texts that stand in them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from pypdfium2 import raw

if TYPE_CHECKING:
    from pypdfium2 import PdfPage

_THIN = 2.5  # points: a drawn shape no wider than this is a line
_TOUCH = 4.0  # points between lines that meet
_SAME = 3.0  # points between lines that are one
_MIN_LENGTH = 8.0  # points: shorter lines are no rules
_MAX_SEGMENTS = 4000  # of a page; a drawing has more
_MAX_BORDERS = 400  # of a table, in each direction


class Segment(NamedTuple):
    """A rule: it stands at `at` and reaches from `low` to `high`, in points from the top left corner."""

    at: float
    low: float
    high: float


@dataclass(frozen=True)
class Grid:
    """The borders of a table, and which of them are drawn."""

    columns: list[float]  # x of the vertical borders, from left to right; two are none between cells
    rows: list[float]  # y of the horizontal borders, from top to bottom
    vertical: list[Segment] = field(repr=False)
    horizontal: list[Segment] = field(repr=False)

    def holds(self, x: float, y: float) -> bool:
        """Say whether a point is within the table."""
        return self.columns[0] - 1 <= x <= self.columns[-1] + 1 and self.rows[0] - 1 <= y <= self.rows[-1] + 1

    def cell_ids(self) -> list[list[int]]:
        """Return a number for each place of the grid; places without a drawn border between them share one."""
        wide, high = len(self.columns) - 1, len(self.rows) - 1
        root = list(range(wide * high))

        def find(item: int) -> int:
            while root[item] != item:
                item = root[item]
            return item

        for row, (top, bottom) in enumerate(pairwise(self.rows)):
            for column, (left, right) in enumerate(pairwise(self.columns)):
                here = row * wide + column
                if column + 1 < wide and not _is_drawn(self.vertical, right, (top + bottom) / 2):
                    root[find(here + 1)] = find(here)
                if row + 1 < high and not _is_drawn(self.horizontal, bottom, (left + right) / 2):
                    root[find(here + wide)] = find(here)
        return [[find(row * wide + column) for column in range(wide)] for row in range(high)]


def grids(page: "PdfPage", width: float, height: float) -> list[Grid]:
    """Return the ruled tables of a page of PDFium from top to bottom: two or more rows and, if ruled, columns."""
    across: list[Segment] = []
    down: list[Segment] = []
    for left, top, right, bottom in _boxes(page, height):
        if right - left > 0.95 * width and bottom - top > 0.95 * height:
            continue  # the page's background
        if bottom - top <= _THIN and right - left >= _MIN_LENGTH:
            across.append(Segment((top + bottom) / 2, left, right))
        elif right - left <= _THIN and bottom - top >= _MIN_LENGTH:
            down.append(Segment((left + right) / 2, top, bottom))
        elif right - left >= _MIN_LENGTH and bottom - top >= _MIN_LENGTH:
            across += [Segment(top, left, right), Segment(bottom, left, right)]
            down += [Segment(left, top, bottom), Segment(right, top, bottom)]
    if not 3 <= len(across) + len(down) <= _MAX_SEGMENTS:
        return []
    tables = [
        Grid(_borders(vertical, horizontal), _borders(horizontal, vertical), vertical, horizontal)
        for horizontal, vertical in _clusters(across, down)
    ]
    selected = [
        item
        for item in tables
        if 2 <= len(item.rows) <= _MAX_BORDERS
        and 2 <= len(item.columns) <= _MAX_BORDERS
        and len(item.rows) + len(item.columns) >= 5
    ]
    return sorted(selected, key=lambda item: item.rows[0])


def _boxes(page: "PdfPage", height: float) -> Iterator[tuple[float, float, float, float]]:
    """Yield (left, top, right, bottom) of the drawn paths, those of many parts segment by segment."""
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=4):
        count = raw.FPDFPath_CountSegments(item)
        if count <= 5:
            left, bottom, right, top = item.get_bounds()
            yield left, height - top, right, height - bottom
        elif count <= _MAX_SEGMENTS:
            yield from _parts(item, count, height)


def _parts(item: Any, count: int, height: float) -> Iterator[tuple[float, float, float, float]]:
    """Yield the boxes of the straight segments of a path of many parts."""
    from ctypes import c_float

    matrix = item.get_matrix()
    before: tuple[float, float] | None = None
    begin: tuple[float, float] | None = None
    for number in range(count):
        part = raw.FPDFPath_GetPathSegment(item, number)
        x, y = c_float(), c_float()
        raw.FPDFPathSegment_GetPoint(part, x, y)
        point = matrix.on_point(x.value, y.value)
        kind = raw.FPDFPathSegment_GetType(part)
        if kind == raw.FPDF_SEGMENT_LINETO and before is not None:
            yield _box(before, point, height)
        elif kind == raw.FPDF_SEGMENT_MOVETO:
            begin = point
        if raw.FPDFPathSegment_GetClose(part) and begin is not None:
            yield _box(point, begin, height)
        before = point


def _box(
    one: tuple[float, float], other: tuple[float, float], height: float
) -> tuple[float, float, float, float]:
    left, right = sorted((one[0], other[0]))
    bottom, top = sorted((one[1], other[1]))
    return left, height - top, right, height - bottom


def _clusters(
    across: Sequence[Segment], down: Sequence[Segment]
) -> Iterator[tuple[list[Segment], list[Segment]]]:
    """Yield (horizontal, vertical) rules that meet, and stacked horizontal rules of one width that meet none."""
    root = list(range(len(across) + len(down)))

    def find(item: int) -> int:
        while root[item] != item:
            root[item] = root[root[item]]
            item = root[item]
        return item

    met = set()
    for number, line in enumerate(across):
        for index, other in enumerate(down, len(across)):
            if (
                line.low - _TOUCH <= other.at <= line.high + _TOUCH
                and other.low - _TOUCH <= line.at <= other.high + _TOUCH
            ):
                root[find(number)] = find(index)
                met.add(number)
    free: dict[tuple[int, int], int] = {}
    for number, line in enumerate(across):
        if number not in met:
            first = free.setdefault((round(line.low / 6), round(line.high / 6)), number)
            root[find(number)] = find(first)
    groups: dict[int, tuple[list[Segment], list[Segment]]] = {}
    for number, line in enumerate((*across, *down)):
        groups.setdefault(find(number), ([], []))[number >= len(across)].append(line)
    yield from groups.values()


def _borders(lines: Iterable[Segment], others: Sequence[Segment]) -> list[float]:
    """Return where rules stand, each once; else where those of the other direction end."""
    listed = list(lines)
    places = [line.at for line in listed]
    if len(_distinct(places)) < 2:
        places += [end for line in others for end in (line.low, line.high)]
    return _distinct(places)


def _distinct(places: Iterable[float]) -> list[float]:
    result: list[float] = []
    for position in sorted(places):
        if not result or position - result[-1] > _SAME:
            result.append(position)
    return result


def _is_drawn(lines: Iterable[Segment], position: float, through: float) -> bool:
    return any(
        abs(line.at - position) <= _SAME and line.low - _SAME <= through <= line.high + _SAME
        for line in lines
    )
