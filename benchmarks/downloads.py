"""Downloads of a pinned file that break off: clinweave's against pooch, from a server on this machine.

    python benchmarks/downloads.py [--megabytes 64] [--breaks 3]

The server breaks the connection off after half of what is left, `--breaks` times, then serves all. Each program is
called again until it has the file, or ten times. Printed: bytes that the server sent (1.0: each byte once), calls, and
seconds. pooch is a peer: `pip install pooch`.
"""

import argparse
import hashlib
import tempfile
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from random import Random
from threading import Event, Thread

from clinweave.core.errors import ClinweaveError
from clinweave.resources import File
from clinweave.resources.urls import download

_PIECE = 1 << 16
_MAX_CALLS = 10


class Server(ThreadingHTTPServer):
    """Serves one file with byte ranges; breaks the first requests off."""

    def __init__(self, content: bytes, breaks: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.breaks, self.sent = content, breaks, 0

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of connections that were broken off."""


class Handler(BaseHTTPRequestHandler):
    """Answers GET, with or without a range."""

    server: Server

    def do_GET(self) -> None:
        content = self.server.content
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        end = len(content)
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(end - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{end}")
        self.end_headers()
        if self.server.breaks:
            self.server.breaks -= 1
            end = start + (end - start) // 2
        for offset in range(start, end, _PIECE):
            piece = content[offset : min(offset + _PIECE, end)]
            self.wfile.write(piece)
            self.server.sent += len(piece)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def ours(url: str, folder: Path, content: bytes, checksum: str) -> None:
    download(
        url,
        folder / "file",
        File("file", checksum, len(content), ()),
        dead=set(),
        progress=None,
        stop=Event(),
    )


def peer(url: str, folder: Path, content: bytes, checksum: str) -> None:  # noqa: ARG001
    import pooch

    pooch.retrieve(url, f"sha256:{checksum}", "file", folder)


def measure(
    get: Callable[[str, Path, bytes, str], None], content: bytes, breaks: int
) -> tuple[float, int, float]:
    """Return the bytes sent over the bytes of the file, the calls and the seconds until the file is there."""
    checksum = hashlib.sha256(content).hexdigest()
    with Server(content, breaks) as server, tempfile.TemporaryDirectory() as name:
        Thread(target=server.serve_forever, daemon=True).start()
        url, started, calls = f"http://127.0.0.1:{server.server_port}/file", time.perf_counter(), 0
        while calls < _MAX_CALLS:
            calls += 1
            try:
                get(url, Path(name), content, checksum)
                break
            except (ClinweaveError, OSError, ValueError):
                continue
        seconds = time.perf_counter() - started
        got = Path(name) / "file"
        if not got.is_file() or hashlib.sha256(got.read_bytes()).hexdigest() != checksum:
            raise SystemExit(f"{get.__name__}: the file is missing or wrong after {calls} calls")
        server.shutdown()
        return server.sent / len(content), calls, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--megabytes", type=int, default=64)
    parser.add_argument("--breaks", type=int, default=3)
    options = parser.parse_args()
    content = Random(0).randbytes(options.megabytes << 20)
    programs = {"clinweave": ours} | ({"pooch": peer} if find_spec("pooch") else {})
    print(
        f"{options.megabytes} MB\n\n| program | broken off | bytes sent | calls | seconds |\n|---|---|---|---|---|"
    )
    for breaks in (0, options.breaks):
        for name, get in programs.items():
            share, calls, seconds = measure(get, content, breaks)
            print(f"| {name} | {breaks} times | {share:.2f} | {calls} | {seconds:.2f} |", flush=True)
    if "pooch" not in programs:
        print("\npooch is not installed: left out")


if __name__ == "__main__":
    main()
