"""A line that turns on standard error while something of unknown length is read: what, how many, how long so far."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from clinweave.core import configuration


@contextmanager
def spinner(*, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Yield what says how far it is; "" hides the line. Without a terminal, or if `quiet`, nothing is shown."""
    if quiet or configuration.get("quiet") or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from clinweave.cli.console import Console

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
