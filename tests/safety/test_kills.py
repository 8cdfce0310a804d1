"""A kill or a full disk at any moment leaves the old or the new, and the next run removes what was left."""

import hashlib
import stat
from pathlib import Path

import pytest

from clinweave.core import atomic
from clinweave.core.artifacts import (
    leftovers_below,
    read_manifest,
    remove_built,
    rewriting,
    stage,
    sweep,
    sweep_below,
    write_manifest,
    write_new,
    write_text,
)
from clinweave.core.errors import UserError
from clinweave.knowledge.retrieval.index_store import build_parts
from clinweave.patients import key_at
from clinweave.records import Passage
from tests.safety.killing import full_disk, killed_at

MOST = 60  # more changes than any of these makes


def build(folder: Path, text: str = "new") -> dict[str, str]:
    (folder / "inner").mkdir()
    for name in ("a.txt", "inner/b.txt"):
        (folder / name).write_text(text)
    return {"holds": text}


def make(path: Path, text: str) -> None:
    stage(path, "thing", {}, {"text": text}, lambda folder: build(folder, text))


def text_of(path: Path) -> str:
    """Return what a folder holds, all of its files alike."""
    manifest = read_manifest(path)
    assert manifest is not None
    assert {(path / name).read_text() for name in ("a.txt", "inner/b.txt")} == {manifest["holds"]}
    return str(manifest["holds"])


def hidden(folder: Path) -> list[str]:
    return [item.name for item in folder.rglob(".*")]


@pytest.mark.parametrize("swaps", [True, False])
@pytest.mark.parametrize("before", [True, False])
def test_a_killed_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, swaps: bool, before: bool) -> None:
    if not swaps:  # a system that cannot swap two names
        monkeypatch.setattr(atomic, "exchange", lambda *_: False)
    kills = 0
    for number in range(1, MOST):
        path = tmp_path / str(number) / "made"
        path.parent.mkdir()
        if before:
            make(path, "old")
        if not killed_at(number, lambda path=path: make(path, "new")):
            break
        kills += 1
        if read_manifest(path) is None:
            assert not before, f"nothing is left after kill {number}"
        else:
            assert text_of(path) in ({"old", "new"} if before else {"new"})
        make(path, "new")
        assert text_of(path) == "new"
        assert hidden(path.parent) == [], f"kill {number}"
    assert 8 < kills < MOST - 1


def test_a_killed_file(tmp_path: Path) -> None:
    kills = 0
    for number in range(1, MOST):
        path = tmp_path / str(number) / "lines.jsonl"
        write_text(path, "old")
        if not killed_at(number, lambda path=path: write_text(path, "new", private=True)):
            break
        kills += 1
        assert path.read_text() in {"old", "new"}
        write_text(path, "newer")
        assert [item.name for item in path.parent.iterdir()] == ["lines.jsonl"]
    assert kills >= 2


def test_a_killed_rewriting_and_a_killed_removal(tmp_path: Path) -> None:
    def rewrite(path: Path) -> None:
        with rewriting(path) as work:
            for name in ("a.txt", "inner/b.txt"):
                write_text(work / name, "new")
            write_manifest(work, {**(read_manifest(work) or {}), "holds": "new"})

    for number in range(1, MOST):
        path = tmp_path / str(number) / "made"
        make(path, "old")
        if not killed_at(number, lambda path=path: rewrite(path)):
            break
        assert text_of(path) in {"old", "new"}
        rewrite(path)
        assert text_of(path) == "new"
        assert hidden(path.parent) == []
    assert number > 8
    for number in range(1, MOST):
        path = tmp_path / "removed" / str(number) / "made"
        make(path, "old")
        if not killed_at(number, lambda path=path: remove_built(path, "thing")):
            break
        assert not path.exists() or text_of(path) == "old"
        sweep_below(path.parent)
        assert hidden(path.parent) == []
    assert number > 1


def test_what_older_versions_left_is_put_back_or_removed(tmp_path: Path) -> None:
    path = tmp_path / "made"
    make(path, "old")
    path.rename(tmp_path / ".made.0123abcd.old")  # killed between two renames
    (tmp_path / ".made.0123abcd.partial").mkdir()
    assert text_of(path) == "old"
    sweep(path)
    (tmp_path / ".made.0123abcd.old").symlink_to("elsewhere")
    (tmp_path / ".made.txt").write_text("the user's own")
    (tmp_path / "store" / "private" / "clinweave-notes-x").mkdir(parents=True)
    assert len(leftovers_below(tmp_path)) == 2
    sweep_below(tmp_path)
    assert sorted(hidden(tmp_path)) == [".made.txt"]
    assert list((tmp_path / "store" / "private").iterdir()) == []


def test_a_living_runs_work_is_let_alone(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    with atomic.appearing(path) as work:
        work.write_text("mine")
        write_text(path, "another's")
        sweep_below(tmp_path)
        assert work.exists()
    assert path.read_text() == "mine"


@pytest.mark.parametrize("left", [0, 5, 16, 31])
def test_a_full_disk_leaves_no_key_or_a_whole_one(tmp_path: Path, left: int) -> None:
    path = tmp_path / "deid.key"
    full_disk(lambda: key_at(path), left=left)
    assert list(tmp_path.iterdir()) == []
    key = key_at(path)
    assert len(key) == 32
    assert key_at(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_empty_key_of_an_older_version_is_made_whole_and_a_short_one_refused(tmp_path: Path) -> None:
    path = tmp_path / "deid.key"
    path.touch(mode=0o600)
    assert len(key_at(path)) == 32
    assert not write_new(path, b"another")
    assert len(path.read_bytes()) == 32
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match="folder"):
        key_at(tmp_path / "folder")


def test_a_killed_key(tmp_path: Path) -> None:
    for number in range(1, MOST):
        path = tmp_path / str(number) / "deid.key"
        path.parent.mkdir()
        if not killed_at(number, lambda path=path: key_at(path)):
            break
        assert not path.exists() or path.stat().st_size == 32
        key_at(path)
        assert [item.name for item in path.parent.iterdir()] == ["deid.key"]
    assert number > 2


@pytest.mark.parametrize("left", [0, 64, 600])
def test_a_full_disk_while_an_index_is_written(tmp_path: Path, left: int) -> None:
    passages = [
        Passage(f"p{number}", f"word{number} " * 40, "Title", "d", 0, 9, "own") for number in range(50)
    ]
    full_disk(
        lambda: build_parts({"a": lambda: passages}, {"a": "key"}, None, None, tmp_path / "index"), left=left
    )
    assert leftovers_below(tmp_path) == []
    assert not (tmp_path / "index").exists()


def test_a_full_disk_leaves_the_old(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "old")
    make(tmp_path / "made", "old")
    before = hashlib.sha256((tmp_path / "made" / "manifest.json").read_bytes())
    full_disk(lambda: write_text(tmp_path / "a.txt", "new" * 10_000), left=4096)
    full_disk(lambda: make(tmp_path / "made", "new" * 10_000), left=4096)
    assert (tmp_path / "a.txt").read_text() == "old"
    assert text_of(tmp_path / "made") == "old"
    assert hashlib.sha256((tmp_path / "made" / "manifest.json").read_bytes()).digest() == before.digest()
    assert hidden(tmp_path) == []
