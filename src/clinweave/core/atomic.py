"""Atomic writing of files and folders, and removal of temporary files left by killed processes.

Unfinished output is named ".NAME.xxxxxxxx.partial" in NAME's folder, with a lock that the system releases when the
process ends, so what a killed run left can be told from a living run's work.
"""

import ctypes
import fcntl
import glob
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from clinweave.core.filesystem import output_file

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # linux/fs.h
_RENAME_SWAP = 2  # macOS sys/stdio.h
_LEFT = re.compile(r"\.(.+)\.[0-9a-f]{8}\.(?:partial|old|lock)")


@contextmanager
def appearing(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Yield the name of a file to write that takes the place of `path` when it is whole, and vanishes on any failure.

    A reader sees the old file or all of the new one, also after a kill. Folders above are made; a link is followed to
    its end. What killed runs left is removed. `private`: only its owner may read it.
    """
    path = output_file(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path)
    work = path.with_name(f".{path.name.lstrip('.')}.{secrets.token_hex(4)}.partial")
    try:
        with locked(work, mode=0o600 if private else 0o666) as stream:
            yield work
            if private:
                os.fsync(stream.fileno())
            work.replace(path)
    finally:
        work.unlink(missing_ok=True)


def write_text(path: Path, text: str, *, private: bool = False) -> Path:
    """Write UTF-8 text that appears whole or not at all; return `path`."""
    with appearing(path, private=private) as work:
        work.write_text(text, "utf-8", newline="")
    return path


def write_new(path: Path, data: bytes) -> bool:
    """Write a private file that does not exist yet, whole or not at all; return False where it exists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sweep(path)
    work = path.with_name(f".{path.name.lstrip('.')}.{secrets.token_hex(4)}.partial")
    try:
        with locked(work, mode=0o600) as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
            os.link(work, path)
    except FileExistsError:
        return False
    finally:
        work.unlink(missing_ok=True)
    return True


def leftovers(path: Path) -> list[Path]:
    """Return what killed runs left next to the folder or file `path`: partial and old folders, partial files, locks."""
    left = []
    prefix = f".{glob.escape(path.name.lstrip('.'))}.????????"
    for lock in path.parent.glob(f"{prefix}.lock"):
        if is_abandoned(lock):
            left += [
                item for item in (lock.with_suffix(".partial"), lock.with_suffix(".old")) if item.exists()
            ]
            left.append(lock)
    for item in path.parent.glob(f"{prefix}.partial"):
        unowned = item.is_dir() and item not in left and not item.with_suffix(".lock").exists()
        if unowned or (item.is_file() and is_abandoned(item)):
            left.append(item)
    for item in path.parent.glob(f"{prefix}.old"):
        if (
            item not in left
            and not item.with_suffix(".lock").exists()
            and (path.exists() or item.is_symlink())
        ):
            left.append(item)
    return left


def sweep(path: Path) -> None:
    """Remove what killed runs left next to the folder or file `path`; what belongs to a living run stays."""
    recover(path)
    for item in leftovers(path):
        _remove(item)


def recover(path: Path) -> bool:
    """Put back the folder that a kill between two renames left as ".old"; say whether one was put back."""
    if not path.name or os.path.lexists(path) or not path.parent.is_dir():
        return False
    for old in path.parent.glob(f".{glob.escape(path.name.lstrip('.'))}.????????.old"):
        lock = old.with_suffix(".lock")
        if (not lock.exists() or is_abandoned(lock)) and old.is_dir():
            with suppress(OSError):
                old.rename(path)
                return True
    return False


def recover_all(parent: Path) -> None:
    """Put back every folder below `parent` that a kill between two renames left as ".old"."""
    for old in parent.glob(".*.????????.old"):
        recover(old.with_name(old.name[1:].rpartition(".")[0].rpartition(".")[0]))


def leftovers_below(folder: Path) -> list[Path]:
    """Return what killed runs left anywhere below a folder; folders that a kill renamed are put back first."""
    result: list[Path] = []
    for root, names, files in os.walk(folder):
        for match in filter(None, map(_LEFT.fullmatch, sorted([*names, *files]))):
            recover(Path(root, match[1]))
            result += [item for item in leftovers(Path(root, match[1])) if item not in result]
        if Path(root).name == "private":  # notes of versions before 0.1.0
            result += [Path(root, name) for name in names if name.startswith("clinweave-notes-")]
        names[:] = [name for name in names if Path(root, name) not in result]
    return result


def sweep_below(folder: Path) -> None:
    """Remove what killed runs left anywhere below a folder."""
    for item in leftovers_below(folder):
        _remove(item)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def scratch(path: Path) -> Iterator[Path]:
    """Yield an empty folder next to `path` that only its owner can read; it is removed on exit.

    A lock file says that its owner lives, so what a killed run left can be told from another run's work.
    """
    sweep(path)
    lock = path.with_name(f".{path.name.lstrip('.')}.{secrets.token_hex(4)}.lock")
    work = lock.with_suffix(".partial")
    with locked(lock):
        try:
            work.mkdir(mode=0o700)
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
            lock.unlink(missing_ok=True)


@contextmanager
def locked(path: Path, *, mode: int = 0o666) -> Iterator[IO[bytes]]:
    """Create the new file `path` and hold an exclusive lock on it, which the system releases when the process ends."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode), "r+b") as stream:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield stream


def is_abandoned(path: Path) -> bool:
    """Return whether a file made by `locked` outlived its process; False if unknown."""
    try:
        with path.open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def replace_folder(work: Path, path: Path) -> None:
    """Put the folder `work` in the place of `path` in one step, and remove what was there.

    Where the system can swap two names (Linux, macOS) `path` is at every moment the old or the new folder. Elsewhere
    the old one is renamed to `work` with the suffix ".old" first; `recover` undoes that after a kill.
    """
    if not path.exists():
        work.rename(path)
        return
    if exchange(work, path):
        shutil.rmtree(work, ignore_errors=True)
        return
    old = work.with_suffix(".old")
    path.rename(old)
    try:
        work.rename(path)
    except OSError:
        old.rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def remove_folder(path: Path) -> None:
    """Remove a folder at once: it first takes a name that the next run sweeps, so a kill leaves no half of it."""
    if path.is_dir():
        gone = path.with_name(f".{path.name.lstrip('.')}.{secrets.token_hex(4)}.partial")
        path.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def exchange(first: Path, other: Path) -> bool:
    """Swap two names of one file system in a single step; return False where the system cannot."""
    library = _libc()
    ends = (os.fsencode(first), os.fsencode(other))
    if sys.platform == "darwin" and hasattr(library, "renamex_np"):
        return library.renamex_np(*ends, ctypes.c_uint(_RENAME_SWAP)) == 0
    if sys.platform == "linux" and hasattr(library, "renameat2"):
        swapped = library.renameat2(_AT_FDCWD, ends[0], _AT_FDCWD, ends[1], ctypes.c_uint(_RENAME_EXCHANGE))
        return bool(swapped == 0)
    return False


def _libc() -> object:
    try:
        return ctypes.CDLL(None, use_errno=True)
    except OSError:
        return None
