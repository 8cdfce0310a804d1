"""Jobs that do what goes wrong in a long run, each once or for one row."""

import os
import resource
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

NEEDS = pa.schema([pa.field("text", pa.string(), nullable=False)])


@dataclass(frozen=True)
class Upper:
    """Texts in upper case; a row "poison" raises, one "huge" asks for 4 GiB, `once` names what happens once.

    `once` is a file: whoever makes it first dies ("kill"), or can write no more ("full").
    """

    once: str = ""
    event: str = ""
    pause: float = 0.0

    version: ClassVar[int] = 1
    needs: ClassVar[pa.Schema] = NEEDS

    @property
    def gives(self):
        return pa.schema([("upper", pa.string()), ("length", pa.int64())])

    def key(self):
        return ""

    def open(self):
        def upper(batches):
            for batch in batches:
                texts = batch.column("text").to_pylist()
                if self.once and "trigger" in texts and self._first():
                    self._fail()
                if "poison" in texts:
                    raise ValueError("this row cannot be read")
                if "huge" in texts:
                    bytearray(4 << 30)
                time.sleep(self.pause)
                yield pa.RecordBatch.from_pydict(
                    {"upper": [text.upper() for text in texts], "length": [len(text) for text in texts]},
                    schema=self.gives,
                )

        return upper

    def _first(self):
        try:
            os.close(os.open(self.once, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True

    def _fail(self):
        if self.event == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        # a file of this process may grow no further: what a full disk does to one node
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


@dataclass(frozen=True)
class Deadly(Upper):
    """A row "deadly" kills its worker every time."""

    def open(self):
        upper = Upper.open(self)

        def deadly(batches):
            for batch in batches:
                if "deadly" in batch.column("text").to_pylist():
                    os.kill(os.getpid(), signal.SIGKILL)
                yield from upper(iter([batch]))

        return deadly


@dataclass(frozen=True)
class Memory(Upper):
    """Gives the most memory that its process held, in KiB, as the length."""

    def open(self):
        def measure(batches):
            for batch in batches:
                batch.column("text").to_pylist()
                status = Path("/proc/self/status").read_text("ascii")
                held = int(status.partition("VmData:")[2].split()[0])
                yield pa.RecordBatch.from_pydict(
                    {"upper": [""] * len(batch), "length": [held] * len(batch)}, schema=self.gives
                )

        return measure


def kill_node(node):
    """Kill a node of a Ray cluster with all its processes, workers first, as a machine that loses its power."""
    own = {process.pid for _, process in node.live_processes()}
    workers = [int(path.name) for path in Path("/proc").glob("[0-9]*") if _parent(path) in own]
    for pid in (*workers, *own):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _parent(process):
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
