"""The program called in this process: exit code, and both streams."""

import io
from contextlib import redirect_stderr, redirect_stdout
from typing import NamedTuple

from clinweave.cli import main


class Called(NamedTuple):
    code: int
    out: str
    err: str


def clinweave(*arguments: object) -> Called:
    """Run the program with these arguments; any exception but its own exit is a failure of the caller's test."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main([str(item) for item in arguments])
        except SystemExit as stopped:
            code = int(stopped.code or 0)
    return Called(code, out.getvalue(), err.getvalue())


def refused(*arguments: object) -> str:
    """Return the one line on standard error of a call that the program refuses as the user's mistake."""
    called = clinweave(*arguments)
    lines = called.err.strip().splitlines()
    assert called.code == 2, called
    assert len(lines) == 1, called
    assert lines[0].startswith("error: "), called
    return lines[0]
