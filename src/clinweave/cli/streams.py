"""Standard output and error of every command: text from files and models cannot drive the terminal."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

# control characters but line feed and tab, lone surrogates, line separators, and marks that reorder a line
_CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def harmless(text: str) -> str:
    r"""Return text with control characters, lone surrogates and direction marks written as `\x1b` or `\u009b`.

    Line breaks and tabs stay. A JSON document stays one: it holds none of the characters below U+0020, and the others
    become JSON's own escapes.
    """
    return _CONTROL.sub(_escape, text.replace("\r\n", "\n"))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x20 else f"\\u{code:04x}"


class HarmlessStream:
    """A text stream whose `write` escapes control characters; a rich console writes its own codes past it."""

    def __init__(self, stream: IO[str]) -> None:
        self.rich_proxied_file = stream

    def write(self, text: str) -> int:
        """Write text with its control characters escaped; return its length."""
        self.rich_proxied_file.write(harmless(text))
        return len(text)

    def writelines(self, lines: Iterator[str]) -> None:
        """Write several texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rich_proxied_file, name)


@contextmanager
def harmless_streams() -> Iterator[None]:
    """Escape control characters in all that is written to standard output and error meanwhile."""
    old = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (HarmlessStream(stream) for stream in old)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = old
