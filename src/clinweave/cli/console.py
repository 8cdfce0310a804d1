"""Output of every command: control characters are escaped on standard output and error; the progress line."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import rich.console
from rich.segment import Segment
from rich.text import Text

from clinweave.core import configuration

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


class Console(rich.console.Console):
    """A console on which text from files and models cannot drive the terminal.

    One on standard error shows progress, and nothing if the setting `quiet` says so.
    """

    def __init__(self, **options: Any) -> None:
        if options.get("stderr") and configuration.get("quiet"):
            options["quiet"] = True
        super().__init__(**options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a string as styled text; escaped first, so columns are as wide as what is shown."""
        return super().render_str(harmless(text), **options)

    def render(self, renderable: Any, options: Any = None) -> Iterable[Segment]:
        """Yield the segments of anything that can be printed, each with harmless text."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control or text.isprintable() else Segment(harmless(text), style)


@contextmanager
def spinner(*, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Yield what says how far it is; "" hides the line. Without a terminal, or if `quiet`, nothing is shown."""
    if quiet or configuration.get("quiet") or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting")

        def show(text: str) -> None:
            if not text:
                bar.stop()
                return
            bar.update(task, description=text)
            bar.start()

        yield show
