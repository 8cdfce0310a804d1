"""Messages on standard error, and the log file: events alone, which hold no content.

Events hold numbers and names of clinweave's own. Every other message (of a reader, a library, an installed package) may
quote what it read, so it goes to standard error and never into a file. No event takes a path, a question, a row or the
text of an error.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from clinweave.core import configuration
from clinweave.core.errors import UserError
from clinweave.core.filesystem import output_file, reason

EVENTS = logging.getLogger("clinweave.events")
_MARK = "clinweave_event"
_ROOT = logging.getLogger("clinweave")


def event(title: str, **facts: str | float) -> None:
    """Log an event at level INFO; `facts` are counts, seconds, or words from lists in clinweave's source."""
    if EVENTS.isEnabledFor(logging.INFO):
        words = [title, *(f"{name}={_text(value)}" for name, value in facts.items())]
        EVENTS.info(" ".join(words), extra={_MARK: True})


def is_event(record: logging.LogRecord) -> bool:
    """Say whether a log record was made by `event`."""
    return getattr(record, _MARK, False) is True


def _text(value: str | float) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


@contextmanager
def handlers() -> Iterator[None]:
    """Remove what `configure` adds at the end of the program."""
    before = list(_ROOT.handlers), _ROOT.level, EVENTS.level
    try:
        yield
    finally:
        for handler in [item for item in _ROOT.handlers if item not in before[0]]:
            _ROOT.removeHandler(handler)
            handler.close()
        _ROOT.setLevel(before[1])
        EVENTS.setLevel(before[2])


@contextmanager
def without_row_reports() -> Iterator[None]:
    """Show no refused rows of databases meanwhile: they are counted in the graph's manifest."""
    readers = logging.getLogger("clinweave.databases")
    level = readers.level
    readers.setLevel(logging.ERROR)
    try:
        yield
    finally:
        readers.setLevel(level)


def configure() -> None:
    """Show messages as `log_level` and `quiet` say, and append events to `log_file`, if there is one.

    Raises `UserError` for a setting that is wrong and for a file that cannot be written.
    """
    level = logging.ERROR if configuration.get("quiet") else _level(configuration.get("log_level"))
    terminal = _TerminalHandler()
    terminal.setLevel(level)
    terminal.setFormatter(
        logging.Formatter("%(message)s" if level >= logging.WARNING else "%(levelname)s %(message)s")
    )
    _ROOT.addHandler(terminal)
    if level < logging.WARNING:
        _ROOT.setLevel(level)
    if name := configuration.get("log_file"):
        _ROOT.addHandler(_file_handler(Path(name)))
        EVENTS.setLevel(logging.INFO)


class _TerminalHandler(logging.StreamHandler[Any]):
    """Writes to what is standard error at the moment."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        self.stream = sys.stderr
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """Say nothing where standard error is closed: logging would print the exception, which may hold a note."""


def note_foreign_home() -> None:
    """Say on standard error that a project file, which may come from somebody else, names the knowledge base."""
    stated = configuration.values()["home"]
    if Path(stated.origin).name == configuration.PROJECT_FILE and not configuration.get("quiet"):
        sys.stderr.write(f"knowledge base: {stated.value} (named by {stated.origin})\n")


def _file_handler(path: Path) -> logging.Handler:
    """Return a handler that appends events to a file readable by its owner alone."""

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags, 0o600)

    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        stream: Any = open(output_file(path), "a", encoding="utf-8", opener=opener)  # noqa: SIM115 - the handler closes it
    except OSError as error:
        raise UserError(
            f"the log file {path} cannot be written: {reason(error)}; name another with --log-file"
        ) from error
    handler = _ClosingHandler(stream)
    handler.addFilter(is_event)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S%z"))
    return handler


class _ClosingHandler(logging.StreamHandler[Any]):
    """A handler that closes its stream."""

    def close(self) -> None:
        self.stream.close()
        super().close()


def _level(name: str) -> int:
    return int(getattr(logging, name.upper()))
