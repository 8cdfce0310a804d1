"""Count the files of clinweave whose functions one command runs.

    python tools/entered_files.py ask "What causes gout?"

Prints the files with the number of functions entered in each, most first, and their number. A file counts as entered if
one of its functions ran; importing it, or making its classes, does not count.
"""

import sys
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import FrameType

SOURCES = Path(__file__).parents[1] / "src" / "clinweave"
Entered = dict[str, set[str]]


@contextmanager
def entered_files() -> Iterator[Entered]:
    """Yield a dictionary that fills with file -> names of the functions that run within the block, in any thread."""
    root, entered = f"{SOURCES}/", defaultdict[str, set[str]](set)

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(root) and code.co_flags & CO_OPTIMIZED:
            name = code.co_qualname
            if not name.rsplit(".", 1)[-1].startswith(
                "<"
            ):  # a comprehension or lambda runs inside a function
                entered[code.co_filename.removeprefix(root)].add(name)

    sys.setprofile(note)
    threading.setprofile(note)
    try:
        yield entered
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]


def main() -> None:
    """Run the command of the arguments, and print the table on standard error."""
    with entered_files() as entered:
        from clinweave.cli import main as program

        try:
            program(sys.argv[1:])
        except SystemExit as stopped:
            code = stopped.code
        else:
            code = 0
    for path, names in sorted(entered.items(), key=lambda item: (-len(item[1]), item[0])):
        print(f"{len(names):4}  {path}", file=sys.stderr)
    print(f"{len(entered)} files entered", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
