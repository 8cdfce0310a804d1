"""The rich console of every command, with control characters escaped, and the progress line of slow ones."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import rich.console
from rich.segment import Segment
from rich.text import Text

from clinweave.cli.streams import harmless
from clinweave.core import configuration


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
