"""Text files of molecules: CSV, TSV and SMILES; any line ends, byte order mark, gzip."""

import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from clinweave.applications.molecules.files.rows import (
    STRUCTURE_NAMES,
    MoleculeFile,
    Row,
    checked,
    structure_column,
)
from clinweave.core.errors import UserError

_SEPARATORS = ",;\t|"
_MAX_LINES = 50  # of one cell in quotation marks
_MAX_LETTERS = 2_000_000  # of one line


def binary(path: Path) -> IO[bytes]:
    """Return the opened bytes of a file, decompressed where it ends in .gz."""
    if not path.is_file():
        raise UserError(f"there is no file {path}")
    return cast("IO[bytes]", gzip.open(path, "rb")) if path.name.lower().endswith(".gz") else path.open("rb")


def byte_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file without their ends, which are of any system."""
    try:
        with binary(path) as stream:
            while line := stream.readline(_MAX_LETTERS):
                if len(line) == _MAX_LETTERS:
                    raise UserError(
                        f"{path}: a line of more than {_MAX_LETTERS:,} bytes; not a table of molecules"
                    )
                line = line.removesuffix(b"\n").removesuffix(b"\r")
                if b"\r" in line:
                    yield from line.split(b"\r")
                else:
                    yield line
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read: {error}") from error


def text_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a text in UTF-8, or in UTF-16 with a byte order mark. Raises `UserError` naming the line."""
    lines = byte_lines(path)
    first = next(lines, b"")
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        lines.close()  # type: ignore[attr-defined]
        yield from _utf16(path)
        return
    yield _decoded(first.removeprefix(b"\xef\xbb\xbf"), path, 1)
    for number, line in enumerate(lines, 2):
        yield _decoded(line, path, number)


def _decoded(line: bytes, path: Path, number: int) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        raise UserError(f"{path}, line {number:,}: not UTF-8 text; save it as CSV UTF-8") from None


def _utf16(path: Path) -> Iterator[str]:
    try:
        with binary(path) as stream:
            yield from stream.read().decode("utf-16").splitlines()
    except (OSError, EOFError, zlib.error, UnicodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from error


def open_table(path: Path, kind: str, column: str, *, first: bool) -> MoleculeFile:
    """Return a .csv or .tsv with a header; the separator is that of its first line."""
    lines = text_lines(path)
    top = next((line for line in lines if line.strip()), "")
    if not top:
        raise UserError(f"{path} is empty: give a table with a column of SMILES")
    if top.lower().startswith("sep=") and len(top) == 5:  # a hint of Excel's
        separator, top = top[4], next((line for line in lines if line.strip()), "")
    else:
        separator = "\t" if kind == "tsv" and "\t" in top else max(_SEPARATORS, key=top.count)
    rows = table_rows(lines, separator, top)
    header = [cell.strip() for cell in next(rows, Row([])).cells]
    while len(header) > 1 and not header[-1]:
        header.pop()
    if (
        len(header) == 1
        and not column
        and header[0].lower() not in STRUCTURE_NAMES
        and not _is_smiles(header[0])
    ):
        index = 0  # one column can only be that of the structures
    else:
        index = structure_column(path, header, column, first=first)
    return MoleculeFile(path, header, checked(rows, header), index, separator)


def _is_smiles(text: str) -> bool:
    from clinweave.applications.molecules.molecule import parse

    return not isinstance(parse(text), str)


def table_rows(lines: Iterator[str], separator: str, top: str) -> Iterator[Row]:
    """Yield the records of delimited text: `top`, then the lines. A blank line is no row.

    A quotation mark that is not closed costs its own line and swallows none of those below it.
    """
    waiting = deque([top])
    while (line := waiting.popleft() if waiting else next(lines, None)) is not None:
        if not line:
            continue
        if '"' not in line:
            yield Row(line.split(separator))
            continue
        record, more = line, list[str]()
        while True:
            cells = _quoted(record, separator)
            if isinstance(cells, list):
                yield Row(cells)
                break
            following = None
            if "unexpected end" in cells and len(more) < _MAX_LINES:
                following = waiting.popleft() if waiting else next(lines, None)
            if following is None:
                waiting.extendleft(reversed(more))
                yield Row(line.split(separator), "a quotation mark is not closed, or stands within a cell")
                break
            more.append(following)
            record += f"\n{following}"


def _quoted(record: str, separator: str) -> list[str] | str:
    """Return the cells of one record, or what the parser says against it."""
    try:
        parsed = list(csv.reader(io.StringIO(record, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        return str(error)
    return parsed[0] if len(parsed) == 1 else "several records"


def open_smiles(path: Path, column: str, *, first: bool) -> MoleculeFile:
    """Return a file of SMILES: a SMILES and perhaps a name in each line, or a header and columns apart by tabs."""
    lines = text_lines(path)
    top = next(lines, "")
    cells = [cell.strip() for cell in top.split("\t")]
    if len(cells) > 1 and {cell.lower() for cell in cells} & {*STRUCTURE_NAMES, column.lower()}:
        index = structure_column(path, cells, column, first=first)
        rows = (Row(line.split("\t")) for line in lines)
        return MoleculeFile(path, cells, checked(rows, cells), index, "\t")
    titles = top.split()
    if titles and titles[0].lower() in {*STRUCTURE_NAMES, column.lower()}:
        header = titles if len(titles) > 1 else [titles[0], "name"]
        return MoleculeFile(path, header, _plain(lines, header), 0, " ")
    header = ["smiles", "name"]
    if column:
        structure_column(path, header, column)
    return MoleculeFile(path, header, _plain(_with(top, lines), header), 0, " ")


def _with(top: str, lines: Iterator[str]) -> Iterator[str]:
    # an empty file has no first line; an empty first line of a longer file is a row
    following = next(lines, None)
    if top or following is not None:
        yield top
    if following is not None:
        yield following
        yield from lines


def _plain(lines: Iterator[str], header: list[str]) -> Iterator[Row]:
    width = len(header)
    for line in lines:
        cells = line.strip().split(None, width - 1)
        problem = (
            "the header again" if cells and [cell.lower() for cell in cells] == _lower(header, cells) else ""
        )
        yield Row([*cells, *[""] * (width - len(cells))], problem)


def _lower(header: list[str], cells: list[str]) -> list[str]:
    return [name.lower() for name in header[: len(cells)]]
