"""Errors of the system and of libraries are one line and an exit code, and quote nothing of a file."""

import errno
import json
import os
import zipfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from clinweave.cli.failures import failure
from clinweave.core.errors import ClinweaveError, UserError
from tests.safety.calling import clinweave, refused

SECRET = "Quillerby"


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UserError("x"), 2),
        (ClinweaveError("x"), 1),
        (PermissionError(errno.EACCES, "Permission denied", "a.csv"), 2),
        (OSError(errno.ELOOP, "Too many levels of symbolic links", b"a.csv"), 2),
        (OSError(errno.ENOSPC, "No space left on device"), 1),
        (RuntimeError("Symlink loop from '/a'"), 2),
        (MemoryError(), 1),
        (RecursionError("maximum recursion depth exceeded"), 1),
        (UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, SECRET), 1),
        (json.JSONDecodeError(SECRET, SECRET, 0), 1),
        (pa.ArrowInvalid(SECRET), 1),
        (duckdb.InvalidInputException(SECRET), 1),
        (zipfile.BadZipFile(SECRET), 1),
        (KeyError(SECRET), 1),
        (TypeError(SECRET), 1),
        (AssertionError(SECRET), 1),
    ],
)
def test_an_error_is_one_line_and_quotes_no_file(error: Exception, code: int) -> None:
    line, exit_code = failure(error)
    assert exit_code == code
    assert line.startswith("error: ")
    assert "\n" not in line
    assert SECRET not in line


def test_an_unforeseen_error_names_its_place_and_shows_its_trace_when_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from clinweave.cli import index

    def broken(*_: object) -> None:
        raise TypeError(SECRET)

    monkeypatch.setattr(index, "home", broken)
    called = clinweave("index", "list")
    assert called.code == 1
    assert "TypeError in clinweave.cli.index:" in called.err
    assert SECRET not in called.err
    monkeypatch.setenv("CLINWEAVE_TRACEBACK", "1")
    with pytest.raises(TypeError):
        clinweave("index", "list")


@pytest.mark.parametrize(
    "arguments",
    [
        ("index", "add", "loop"),
        ("index", "add", "a" * 5000),
        ("index", "add", "missing"),
        ("graph", "import", "--kgx", "loop"),
        ("graph", "info", "--graph", "loop"),
        ("graph", "info", "--graph", "file/x"),
        ("graph", "info", "--graph", "a" * 300),
        ("patients", "load", "loop"),
        ("patients", "load", "folder", "--out", "file/x"),
        ("patients", "load", "a" * 5000),
        ("deidentify", "loop"),
        ("deidentify", "letter.txt", "--out", "folder"),
        ("deidentify", "letter.txt", "--out", "file/x"),
        ("deidentify", "letter.txt", "--key", "loop"),
        ("deidentify", "letter.txt", "--key", "folder"),
        ("link", "loop"),
        ("link", "lines.jsonl", "--graph", "graph", "--out", "a" * 300),
        ("diagnose", "loop"),
        ("data", "check", "loop"),
        ("data", "check", "a" * 300),
        ("run", "loop"),
        ("run", "folder"),
        ("compare", "--bench", "loop"),
        ("train", "sft", "--data", "loop"),
        ("export", "loop"),
        ("purge", "--patient", "x", "--in", "loop"),
        ("fetch", "hpo", "--from", "loop"),
        ("estimate", "loop"),
        ("compendium", "--folder", "loop"),
    ],
)
def test_paths_that_cannot_be_are_one_line(work: Path, arguments: tuple[str, ...]) -> None:
    (work / "loop").symlink_to("loop")
    (work / "file").write_text("x")
    (work / "letter.txt").write_text("Dear colleague")
    (work / "lines.jsonl").write_text('{"id": 1, "text": "gout"}\n')
    (work / "folder").mkdir()
    (work / "kgx").mkdir()
    (work / "kgx" / "nodes.tsv").write_text("id\tcategory\tname\nMONDO:1\tbiolink:Disease\tgout\n")
    (work / "kgx" / "edges.tsv").write_text("subject\tpredicate\tobject\n")
    assert clinweave("graph", "import", "--kgx", "kgx", "--out", "graph").code == 0
    called = clinweave(*arguments)
    assert called.code == 2, called
    assert called.err.strip().count("\n") == 0, called
    assert "unforeseen" not in called.err
    assert (work / "letter.txt").read_text() == "Dear colleague"


@pytest.mark.parametrize(
    "command",
    [
        ("compare", "--bench", "FILE"),
        ("diagnose", "FILE"),
        ("patients", "load", "FILE"),
        ("data", "check", "FILE"),
        ("index", "add", "FILE"),
        ("link", "FILE", "--graph", "graph"),
        ("graph", "propose", "FILE", "--graph", "graph"),
        ("graph", "build", "mondo", "--add", "mondo=FILE"),
        ("run", "FILE"),
    ],
)
@pytest.mark.parametrize(
    "content", [b"[" * 200_000, b"\0" * 50, b"\xff\xfe\xff", b"\x80abc", b"", b'{"a": NaN']
)
def test_damaged_inputs_are_one_line(work: Path, command: tuple[str, ...], content: bytes) -> None:
    suffix = {"run": ".toml", "compare": ".json", "diagnose": ".json", "patients": ".json"}.get(
        command[0], ".jsonl"
    )
    (work / f"x{suffix}").write_bytes(content)
    (work / "kgx").mkdir()
    (work / "kgx" / "nodes.tsv").write_text("id\tcategory\tname\nMONDO:1\tbiolink:Disease\tgout\n")
    (work / "kgx" / "edges.tsv").write_text("subject\tpredicate\tobject\n")
    assert clinweave("graph", "import", "--kgx", "kgx", "--out", "graph").code == 0
    called = clinweave(*(item.replace("FILE", f"x{suffix}") for item in command))
    errors = [line for line in called.err.splitlines() if line.startswith("error: ")]
    assert "Traceback" not in called.err
    if (command[0], content) == ("link", b""):  # no lines: none are linked
        return
    if called.code == 0:  # a sound reader may read bytes of another encoding as text
        assert command[:2] == ("index", "add"), called
        return
    assert called.code == 2, called
    assert len(errors) <= 1, called
    assert "could not be read: " not in called.err
    assert "unforeseen" not in called.err


def test_an_argument_that_is_no_text_is_one_line(work: Path) -> None:
    (work / "kgx").mkdir()
    (work / "kgx" / "nodes.tsv").write_text("id\tcategory\tname\nMONDO:1\tbiolink:Disease\tgout\n")
    (work / "kgx" / "edges.tsv").write_text("subject\tpredicate\tobject\n")
    assert clinweave("graph", "import", "--kgx", "kgx").code == 0
    for command in (("graph", "show"), ("graph", "search"), ("link", "--text")):
        called = clinweave(*command, "a\udcff")
        assert called.code in {0, 2}, called
        assert called.err.count("\n") <= 1


@pytest.mark.parametrize("kind", ["loop", "file"])
def test_a_home_that_is_no_folder_is_refused(work: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    (work / "loop").symlink_to("loop")
    (work / "file").write_text("x")
    monkeypatch.setenv("CLINWEAVE_HOME", str(work / kind))
    for command in (("index", "list"), ("graph", "info"), ("fetch", "--list"), ("patients", "list")):
        assert kind in refused(*command)


def test_a_folder_without_permission_is_one_line(work: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read and write everything")
    (work / "closed").mkdir(mode=0)
    refused("index", "add", "closed")
