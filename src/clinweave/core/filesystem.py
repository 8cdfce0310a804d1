"""File-system safety: allowed paths, locks that are released when a process ends, and atomic replacement of folders."""

import lzma
import os
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from clinweave.core.errors import UserError

_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
    (stat.S_ISSOCK, "a socket"),
)


# what the standard library raises on damaged archives besides OSError (an offset that cannot be sought to)
BROKEN_ARCHIVE: tuple[type[Exception], ...] = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    LookupError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,
)


def reason(error: BaseException) -> str:
    """Return what the operating system says of an error, without the path."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).partition("\n")[0] or type(error).__name__


def kind_of(path: Path) -> str:
    """Return "file", "" where nothing exists, or what else the path names ("a folder", "a named pipe").

    Links are followed. Raises `UserError` where the path cannot be looked at (a link to itself, no permission).
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, RuntimeError, ValueError) as error:
        raise UserError(f"{_printable(path)}: {reason(error)}") from error
    if stat.S_ISREG(mode):
        return "file"
    return next((name for test, name in _KINDS if test(mode)), "no file")


def regular_file(path: Path) -> Path:
    """Return `path` where it is a regular file or a link to one; raise `UserError` otherwise, without opening it."""
    kind = kind_of(path)
    if not kind:
        raise UserError(f"{_printable(path)} does not exist")
    if kind != "file":
        raise UserError(f"{_printable(path)} is not a regular file but {kind}")
    return path


def output_file(path: Path) -> Path:
    """Return the file that an output named `path` is written to: the end of a link, else `path`.

    Raises `UserError` for a folder, a device, a pipe, a link that leads nowhere or to itself.
    """
    kind = kind_of(path)
    if kind and kind != "file":
        raise UserError(f"{_printable(path)} is {kind}; name a file to write")
    if not path.is_symlink():
        _check_parents(path)
        return path
    if not kind:
        raise UserError(f"{path} is a link to nothing; remove it or name the file itself")
    return path.resolve()


def output_folder(path: Path, *, reserved: Iterable[Path] = ()) -> Path:
    """Return the folder that an output named `path` is written to: the end of a link, else `path`.

    Raises `UserError` for a file, a link that leads nowhere, the working, home or temporary folder, those `reserved`,
    and every folder above one of these.
    """
    kind = kind_of(path)
    if kind not in {"", "a folder"}:
        raise UserError(
            f"{_printable(path)} is {'a file' if kind == 'file' else kind}; name a folder to write"
        )
    if path.is_symlink() and not kind:
        raise UserError(f"{path} is a link to nothing; remove it or name the folder itself")
    real = resolved(path)
    _check_parents(real)
    for other in (*_protected(), *reserved):
        if is_above(real, resolved(other)):
            holds = "" if real == resolved(other) else f" (it holds {resolved(other)})"
            raise UserError(f"{real} may not be replaced{holds}; name a new folder to write")
    return real if path.is_symlink() or path.name in {"", ".."} else path


def _check_parents(path: Path) -> None:
    """Raise `UserError` where a folder above `path` is none."""
    for above in path.parents:
        kind = kind_of(above)
        if kind:
            if kind != "a folder":
                raise UserError(
                    f"{path} cannot be written: {above} is {'a file' if kind == 'file' else kind}"
                )
            return


def resolved(path: Path) -> Path:
    """Return the real path, links followed; raise `UserError` for a link to itself or a name that cannot be."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise UserError(f"{_printable(path)}: {reason(error)}") from error


def is_above(path: Path, other: Path) -> bool:
    """Say whether `path` is `other` or a folder above it (both resolved)."""
    return path == other or path in other.parents


def same(path: Path, other: Path) -> bool:
    """Say whether two paths name the same file or folder, also by links; false where one does not exist."""
    with suppress(OSError, RuntimeError, ValueError):
        return os.path.samefile(path, other)
    return False


def _protected() -> Iterator[Path]:
    yield Path("/")
    yield Path(tempfile.gettempdir())
    with suppress(OSError):
        yield Path.cwd()
    with suppress(RuntimeError):
        yield Path.home()


def _printable(path: Path) -> str:
    return "".join(part if part.isprintable() else "\N{REPLACEMENT CHARACTER}" for part in str(path))
