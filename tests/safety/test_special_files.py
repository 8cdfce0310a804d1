"""Pipes, devices and sockets are refused before they are opened, in every command."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clinweave.core.artifacts import sha256
from clinweave.core.errors import UserError
from clinweave.databases import RowLog
from clinweave.knowledge import add_collection, read_folder
from clinweave.patients import load
from tests.safety.calling import refused
from tests.safety.mutations import time_limit


@pytest.fixture(params=["pipe", "zero", "terminal", "socket"])
def special(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Path]]:
    """Yield a function that makes a special file with the ending given."""
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    kept = []

    def make(suffix: str) -> Path:
        path = tmp_path / f"special{suffix}"
        if request.param == "pipe":
            os.mkfifo(path)
        elif request.param == "socket":
            kept.append(socket.socket(socket.AF_UNIX))
            kept[-1].bind(os.path.relpath(path))
        else:
            path.symlink_to("/dev/zero" if request.param == "zero" else "/dev/tty")
        return path

    yield make
    for item in kept:
        item.close()


@pytest.mark.parametrize(
    ("suffix", "command"),
    [
        (".txt", ("index", "add", "FILE")),
        (".zip", ("index", "add", "FILE")),
        (".tar.gz", ("index", "add", "FILE")),
        (".jsonl", ("link", "FILE")),
        (".json", ("diagnose", "FILE")),
        (".txt", ("diagnose", "--text", "FILE")),
        (".json", ("patients", "load", "FILE")),
        (".duckdb", ("patients", "load", "FILE")),
        (".tar.gz", ("patients", "load", "FILE")),
        (".txt", ("deidentify", "FILE")),
        (".key", ("deidentify", "--key", "FILE")),
        (".jsonl", ("data", "check", "FILE")),
        (".json", ("compare", "--bench", "FILE")),
        (".toml", ("run", "FILE")),
        (".toml", ("estimate", "FILE")),
        (".jsonl", ("train", "sft", "--data", "FILE")),
        (".obo", ("graph", "build", "hpo", "--add", "hpo=FILE")),
        (".tsv", ("graph", "build", "--unmerge", "FILE")),
        (".whl", ("fetch", "--from", "FILE")),
    ],
)
def test_commands_refuse_them(special: Callable[[str], Path], suffix: str, command: tuple[str, ...]) -> None:
    path = special(suffix)
    with time_limit(10):
        line = refused(*(item.replace("FILE", str(path)) for item in command))
    assert str(path) in line
    assert "not a regular file" in line


def test_readers_refuse_them_too(special: Callable[[str], Path], tmp_path: Path) -> None:
    path = special(".txt")
    for read in (
        sha256,
        lambda file: list(read_folder(file, log=RowLog())),
        lambda file: add_collection(file, tmp_path / "home"),
        lambda file: load(str(file), tmp_path / "out"),
    ):
        with time_limit(10), pytest.raises(UserError):
            read(path)


def test_a_folder_with_one_is_read_without_it(special: Callable[[str], Path], tmp_path: Path) -> None:
    special(".txt")
    (tmp_path / "b.txt").write_text("gout")
    log = RowLog()
    with time_limit(10):
        assert [item.document for item in read_folder(tmp_path, log=log)] == ["b.txt"]
    assert any("special" in key for key in log.counts)
