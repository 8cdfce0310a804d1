"""Safe reader of pickles: dicts, lists, strings, numbers, booleans and None; anything else is refused.

Python's own unpickler runs what a file tells it to. This one knows no opcode that names a class, calls a function or
sets a state: a malicious file can only be refused.
"""

import struct
from collections.abc import Callable
from typing import Any, NoReturn


class NotPlainError(ValueError):
    """The data are no pickle, are cut short, or hold more than plain values."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.position = data, 0
        self.stack: list[object] = []
        self.marks: list[int] = []
        self.memo: dict[int, object] = {}

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        end = self.position + count
        if end > len(self.data):
            self.refuse("it is cut short")
        piece, self.position = self.data[self.position : end], end
        return piece

    def number(self, form: str, width: int) -> Any:
        """Return the next number in a struct format."""
        return struct.unpack(form, self.take(width))[0]

    def refuse(self, why: str) -> NoReturn:
        """Stop reading."""
        raise NotPlainError(f"{why} (byte {self.position:,})")

    def since_mark(self) -> list[object]:
        """Return and remove what was pushed since the last mark."""
        mark = self.marks.pop()
        values = self.stack[mark:]
        del self.stack[mark:]
        return values

    def items(self, pairs: list[object]) -> None:
        """Put key, value, key, value ... into the dict on top."""
        target = self.stack[-1]
        if not isinstance(target, dict) or len(pairs) % 2:
            self.refuse("it sets items of what is no dict")
        target.update(zip(pairs[::2], pairs[1::2], strict=True))

    def extend(self, values: list[object]) -> None:
        """Append to the list on top."""
        if not isinstance(self.stack[-1], list):
            self.refuse("it appends to what is no list")
        self.stack[-1].extend(values)

    def pair(self) -> list[Any]:
        """Return and remove the two topmost values, in order."""
        value, key = self.stack.pop(), self.stack.pop()
        return [key, value]


def _text(form: str, width: int) -> Callable[[_Reader], None]:
    return lambda r: r.stack.append(r.take(r.number(form, width)).decode("utf-8"))


def _value(form: str, width: int) -> Callable[[_Reader], None]:
    return lambda r: r.stack.append(r.number(form, width))


def _constant(make: Callable[[], object]) -> Callable[[_Reader], None]:
    return lambda r: r.stack.append(make())


def _put(form: str, width: int) -> Callable[[_Reader], None]:
    return lambda r: r.memo.__setitem__(r.number(form, width), r.stack[-1])


def _get(form: str, width: int) -> Callable[[_Reader], None]:
    return lambda r: r.stack.append(r.memo[r.number(form, width)])


_OPCODES: dict[int, Callable[[_Reader], Any]] = {
    0x80: lambda r: r.take(1),  # PROTO
    0x95: lambda r: r.take(8),  # FRAME
    0x94: lambda r: r.memo.__setitem__(len(r.memo), r.stack[-1]),  # MEMOIZE
    ord("("): lambda r: r.marks.append(len(r.stack)),
    ord("}"): _constant(dict),
    ord("]"): _constant(list),
    ord("N"): _constant(lambda: None),
    0x88: _constant(lambda: True),
    0x89: _constant(lambda: False),
    0x8C: _text("<B", 1),
    ord("X"): _text("<I", 4),
    ord("K"): _value("<B", 1),
    ord("M"): _value("<H", 2),
    ord("J"): _value("<i", 4),
    ord("G"): _value(">d", 8),
    ord("q"): _put("<B", 1),
    ord("r"): _put("<I", 4),
    ord("h"): _get("<B", 1),
    ord("j"): _get("<I", 4),
    ord("a"): lambda r: r.extend([r.stack.pop()]) if len(r.stack) > 1 else r.refuse("its stack is empty"),
    ord("e"): lambda r: r.extend(r.since_mark()),
    ord("s"): lambda r: r.items(r.pair()),
    ord("u"): lambda r: r.items(r.since_mark()),
}
_STOP = ord(".")


def loads(data: bytes) -> Any:
    """Return the plain value of a pickle; raise `NotPlainError` where it is anything else."""
    reader = _Reader(data)
    size = len(data)
    opcodes = _OPCODES
    try:
        while reader.position < size:
            code = data[reader.position]
            reader.position += 1
            if code == _STOP:
                return reader.stack.pop()
            action = opcodes.get(code)
            if action is None:
                reader.refuse(f"opcode {code:#04x} is not one of plain values")
            action(reader)
    except (IndexError, KeyError, TypeError, UnicodeDecodeError, struct.error) as error:
        raise NotPlainError(
            f"it is damaged near byte {reader.position:,} ({type(error).__name__})"
        ) from error
    raise NotPlainError("it is cut short")
