"""Seeded mutations of files: of their bytes, of their lines and cells, and of the values in their JSON."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

TOKENS = (
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x80",
    b"\xed\xa0\x80",
    b"\r",
    b"\n",
    b"\n\n",
    b"\t",
    b"|",
    b",",
    b'"',
    b"'",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"}",
    b"[",
    b"]",
    b"<",
    b">",
    b"<!ENTITY a '&b;'>",
    b"&",
    b"NaN",
    b"Infinity",
    b"-1",
    b"0",
    b"1e999",
    b"9" * 400,
    b"9223372036854775808",
    b"null",
    b"true",
    b"[" * 30_000,
    b'{"a":' * 30_000,
    b"a" * 70_000,
    b"2021-13-45",
    b"0000-00-00",
    b"%s%n",
    b"../..",
    b"=",
    b"id:",
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    1e308,
    float("nan"),
    float("inf"),
    10**40,
    "",
    "\0",
    "\ud800",
    "a" * 5000,
    "NaN",
    [],
    {},
    [[]],
    [None],
    [1, "a"],
    {"a": None},
    {"": {}},
    "2021-13-45",
    "<a>",
)


class TooLongError(Exception):
    """A reader that did not end in time."""


@contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise `TooLongError` in the block after so many seconds."""

    def late(*_: object) -> None:
        raise TooLongError(f"longer than {seconds} s")

    old = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)


def mutated(data: bytes, chance: Random, *, text: bool) -> bytes:
    """Return the content of a file with one to four changes; those of lines, cells and JSON only where it is `text`."""
    ways = [_flip, _cut, _repeat, _insert, _zero, _swap]
    if text:
        ways += [_value, _value, _value, _cell, _line, _insert, _encoding]
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        data = chance.choice(ways)(data, chance)
    return data


def _range(data: bytes, chance: Random) -> tuple[int, int]:
    start = chance.randrange(len(data) + 1)
    return start, min(len(data), start + chance.choice((1, 2, 8, 64, 1024, len(data))))


def _flip(data: bytes, chance: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 4, 32))):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _cut(data: bytes, chance: Random) -> bytes:
    start, end = _range(data, chance)
    return data[:start] + (b"" if chance.random() < 0.5 else data[end:])


def _repeat(data: bytes, chance: Random) -> bytes:
    start, end = _range(data, chance)
    return data[:end] + data[start:end] * chance.choice((1, 3)) + data[end:]


def _insert(data: bytes, chance: Random) -> bytes:
    start, end = _range(data, chance)
    return data[:start] + chance.choice(TOKENS) + data[chance.choice((start, end)) :]


def _zero(data: bytes, chance: Random) -> bytes:
    start, end = _range(data, chance)
    return data[:start] + bytes(end - start) + data[end:]


def _swap(data: bytes, chance: Random) -> bytes:
    middle, end = sorted((chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)))
    return data[middle:end] + data[:middle] + data[end:]


def _encoding(data: bytes, chance: Random) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(
        chance.choice(("utf-16", "utf-16-le", "utf-32", "cp1252", "utf-8-sig", "utf-7")), "replace"
    )


def _line(data: bytes, chance: Random) -> bytes:
    lines = data.split(b"\n")
    place = chance.randrange(len(lines))
    how = chance.randrange(4)
    if how == 0:
        del lines[place]
    elif how == 1:
        lines.insert(place, lines[chance.randrange(len(lines))])
    elif how == 2:
        lines[place] = chance.choice(TOKENS)
    else:
        chance.shuffle(lines)
    return chance.choice((b"\n", b"\n", b"\r\n", b"\r")).join(lines)


def _cell(data: bytes, chance: Random) -> bytes:
    mark = b"\t" if b"\t" in data else b"," if b"," in data else b" "
    lines = data.split(b"\n")
    place = chance.choice((0, chance.randrange(len(lines))))
    cells = lines[place].split(mark)
    cell = chance.randrange(len(cells))
    how = chance.randrange(4)
    if how == 0:
        del cells[cell]
    elif how == 1:
        cells.insert(cell, cells[chance.randrange(len(cells))])
    else:
        cells[cell] = chance.choice(TOKENS)
    lines[place] = mark.join(cells)
    return b"\n".join(lines)


def _value(data: bytes, chance: Random) -> bytes:
    """Replace, remove or rename one value of the JSON in the whole file or in one of its lines."""
    try:
        return json.dumps(_changed(json.loads(data), chance)).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        pass
    lines = data.split(b"\n")
    place = chance.randrange(len(lines))
    try:
        lines[place] = json.dumps(_changed(json.loads(lines[place]), chance)).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        return _cell(data, chance)
    return b"\n".join(lines)


def _changed(value: Any, chance: Random) -> Any:
    places = list(_places(value))
    if not places or chance.random() < 0.03:
        return chance.choice(VALUES)
    holder, key = chance.choice(places)
    how = chance.random()
    if how < 0.15:
        del holder[key]
    elif how < 0.25 and isinstance(holder, dict):
        holder[chance.choice(("", "x", str(key).upper()))] = holder.pop(key)
    elif how < 0.35:
        holder[key] = [holder[key]]
    elif how < 0.45:
        other, place = chance.choice(places)
        holder[key] = json.loads(json.dumps(other[place]))
    else:
        holder[key] = chance.choice(VALUES)
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    stack = [value]
    while stack:
        item = stack.pop()
        keys = list(item) if isinstance(item, dict) else range(len(item)) if isinstance(item, list) else ()
        for key in keys:
            yield item, key
            stack.append(item[key])
