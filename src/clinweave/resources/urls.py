"""The "official" origin: download a versioned URL of the publisher with resume and a size limit."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from clinweave.core.errors import ClinweaveError
from clinweave.resources.listing import File
from clinweave.resources.store import refuse

if TYPE_CHECKING:
    import httpx

Progress = Callable[[str, int, int], None]
_CONNECT, _READ = 5.0, 30.0  # seconds
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def download(
    url: str, target: Path, file: File, *, dead: set[str], progress: Progress | None, stop: Event
) -> None:
    """Download `url` to `target`; the bytes must match the checksum.

    What came before an interruption stays in a hidden partial file and is continued by a Range request. A host that
    does not answer is put into `dead`, and is not asked again in this run.
    """
    import httpx

    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise ClinweaveError(f"{url} is not an https address")
    if host in dead:
        raise ClinweaveError(f"{host} did not answer before in this run")
    partial = target.with_name(f".{target.name}.download")
    have = partial.stat().st_size if partial.is_file() else 0
    have = have if have < file.size else 0
    headers = (
        {"Range": f"bytes={have}-", "Accept-Encoding": "identity"}
        if have
        else {"Accept-Encoding": "identity"}
    )
    timeout = httpx.Timeout(_READ, connect=_CONNECT)
    try:
        with httpx.stream("GET", url, headers=headers, timeout=timeout, follow_redirects=True) as reply:
            continued = _starts_at(reply, have) if have else False
            if reply.status_code != 200 and not continued:
                raise ClinweaveError(f"{url} answered {reply.status_code} {reply.reason_phrase}")
            _write(reply, partial, have if continued else 0, file, progress=progress, stop=stop)
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        dead.add(host)
        raise ClinweaveError(f"{host} cannot be reached ({type(error).__name__})") from error
    except httpx.HTTPError as error:
        raise ClinweaveError(f"{url} broke off ({type(error).__name__}); a second run continues") from error
    _settle(partial, target, file, host)


def _starts_at(reply: "httpx.Response", have: int) -> bool:
    """Return whether the server continues exactly where the partial file ends."""
    return reply.status_code == 206 and reply.headers.get("Content-Range", "").startswith(f"bytes {have}-")


def _write(
    reply: "httpx.Response", partial: Path, have: int, file: File, *, progress: Progress | None, stop: Event
) -> None:
    with partial.open("ab" if have else "wb") as out:
        for piece in reply.iter_bytes():
            if stop.is_set():
                raise ClinweaveError("interrupted")
            out.write(piece)
            have += len(piece)
            if progress:
                progress(file.name, have, file.size)
            if have > file.size:  # not the pinned file, however long it goes on
                break


def _settle(partial: Path, target: Path, file: File, host: str) -> None:
    """Move a complete, right file into place; remove a wrong one instead of resuming it next time."""
    size = partial.stat().st_size
    with partial.open("rb") as stream:
        checksum = hashlib.file_digest(stream, "sha256").hexdigest()
    try:
        refuse(file, host, size, checksum)
    except ClinweaveError:
        partial.unlink()
        raise
    partial.replace(target)
