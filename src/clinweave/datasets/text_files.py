"""Strict reading of users' text files (encoding, rows, JSON); errors name the file, row and fix.

UTF-8 with or without a byte order mark and UTF-16 with one are read, with any line ends. Anything else is refused: a
guess at the encoding could change a name or a dose without a word.
"""

import codecs
import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clinweave.core.errors import UserError

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_FIELD = 1 << 24  # characters of one cell of a CSV


def read_text(path: Path) -> str:
    """Return the text of a file. Raises `UserError` naming the row that is not text."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise UserError(f"there is no file {path}") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    encoding = next((name for mark, name in _MARKS if raw.startswith(mark)), "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        row = raw[: error.start].count(b"\n") + 1
        raise UserError(f"{path}, row {row}: not UTF-8 text; save the file as UTF-8") from error
    if "\0" in text:
        row = text[: text.index("\0")].count("\n") + 1
        raise UserError(f"{path}, row {row}: holds a NUL character, so it is damaged or not a text file")
    return text


def json_file(path: Path) -> Any:
    """Return what a JSON file holds. Raises `UserError` where it is not JSON or nested too deeply."""
    try:
        return json.loads(read_text(path))
    except RecursionError as error:
        raise UserError(f"{path} is not JSON that can be read: it is nested too deeply") from error
    except ValueError as error:
        raise UserError(f"{path} is not JSON: {error}. JSON lines need the ending .jsonl") from error


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (row from 1, object) of a file of JSON lines; blank lines are passed over."""
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except RecursionError as error:
            raise UserError(
                f"{path}, row {number}: not JSON that can be read: it is nested too deeply"
            ) from error
        except ValueError as error:
            raise UserError(f"{path}, row {number}: not JSON ({error})") from error
        if not isinstance(row, dict):
            raise UserError(f"{path}, row {number}: expected an object, found {type(row).__name__}")
        yield number, row


def csv_rows(path: Path) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    """Return the columns of a CSV file and its rows as (line number, column -> cell)."""
    text = read_text(path)
    csv.field_size_limit(_FIELD)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise UserError(f"{path}, row 1: not CSV ({error})") from error
    return header, _csv_rows(path, reader, header)


def _csv_rows(path: Path, reader: Any, header: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise UserError(f"{path}, row {reader.line_num}: not CSV ({error})") from error
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise UserError(f"{path}, row {reader.line_num}: {len(cells)} cells under {len(header)} columns")
        yield reader.line_num, dict(zip(header, cells, strict=True))
