"""One line and an exit code for every error that reaches the program's end."""

import errno
import os
import sys
from types import TracebackType

from clinweave.core.errors import ClinweaveError
from clinweave.core.filesystem import reason

TRACEBACK = "CLINWEAVE_TRACEBACK"  # an environment variable: show where an error arose
# errors of the machine, not of what the user named
_MACHINE = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EFBIG,
    errno.EROFS,
    errno.EIO,
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
}
_SIMPLE: tuple[tuple[type[Exception], str, int], ...] = (
    (MemoryError, "error: out of memory; finished steps are saved", 1),
    (UnicodeEncodeError, "error: an argument or input is not valid UTF-8", 2),
)
_UNREADABLE = (EOFError, LookupError, RecursionError, UnicodeError, ValueError)
_LIBRARIES = (
    "duckdb",
    "_duckdb",
    "pyarrow",
    "zipfile",
    "tarfile",
    "gzip",
    "zlib",
    "lzma",
    "csv",
    "_csv",
    "xml",
    "tomllib",
)


def failure(error: BaseException) -> tuple[str, int]:
    """Return the line and the exit code for an error: 2 for the user's mistakes, 1 for all others.

    The text of an unforeseen error is left out, as it may quote what a file holds.
    """
    kind = type(error)
    if isinstance(error, ClinweaveError):
        return f"error: {error}", error.exit_code
    if isinstance(error, OSError) and error.errno is not None:
        where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
        code = 1 if error.errno in _MACHINE else 2
        return f"error: {where}{reason(error)}; finished steps are saved", code
    if kind.__module__ == "builtins" and "Symlink loop" in str(error):  # pathlib of Python 3.11 and 3.12
        return f"error: {reason(error)}", 2
    for kinds, line, code in _SIMPLE:
        if isinstance(error, kinds):
            return line, code
    foreseen = isinstance(error, _UNREADABLE) or kind.__module__.partition(".")[0] in _LIBRARIES
    prefix = "an input could not be read: " if foreseen else "unforeseen "
    location = _location(error.__traceback__)
    return f"error: {prefix}{kind.__name__} in {location}; set {TRACEBACK}=1 to see where, and report it", 1


def wants_traceback() -> bool:
    """Say whether the user asked for tracebacks."""
    return os.environ.get(TRACEBACK, "") not in {"", "0"}


def _location(trace: TracebackType | None) -> str:
    """Return the module and line of clinweave's innermost frame."""
    location = "clinweave"
    while trace is not None:
        name = str(trace.tb_frame.f_globals.get("__name__", ""))
        if name.partition(".")[0] == "clinweave":
            location = f"{name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return location


def show(line: str) -> None:
    """Write one line to standard error."""
    sys.stderr.write(" ".join(line.splitlines()) + "\n")
