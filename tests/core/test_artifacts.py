"""Files and folders that appear whole or not at all."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from clinweave.core.artifacts import appearing, stage, write_json, write_text


def test_a_file_takes_the_old_ones_place_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "above" / "kept.txt"
    write_text(path, "old\n")

    def stopped() -> None:
        with appearing(path) as work:
            work.write_text("half", "utf-8")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert path.read_text("utf-8") == "old\n"
    assert [item.name for item in path.parent.iterdir()] == ["kept.txt"]
    with appearing(path) as work:
        work.write_text("new\n", "utf-8")
        assert path.read_text("utf-8") == "old\n"
    assert path.read_text("utf-8") == "new\n"


def test_two_writers_do_not_share_a_partial_file(tmp_path: Path) -> None:
    path = tmp_path / "kept.txt"
    with appearing(path) as item, appearing(path) as other:
        assert item != other
        item.write_text("one", "utf-8")
        other.write_text("other", "utf-8")
    assert path.read_text("utf-8") == "one"


def test_what_is_private_is_the_owners_from_its_first_byte(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    with appearing(path, private=True) as work:
        assert stat.S_IMODE(work.stat().st_mode) == 0o600
        work.write_text("{}", "utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_json_that_cannot_be_written_leaves_the_old(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    write_json(path, {"b": 1, "a": "é"})
    with pytest.raises(TypeError):
        write_json(path, {1: 1, "a": 2})  # keys that cannot be sorted
    assert json.loads(path.read_text("utf-8")) == {"a": "é", "b": 1}


def test_a_killed_stage_leaves_nothing_that_stays(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from clinweave.core.artifacts import stage

def build(work):
    (work / "half.bin").write_bytes(b"x" * 1000)
    print("writing", flush=True)
    sys.stdin.read()

stage(Path(sys.argv[1]), "a test", {}, {}, build)
"""
    place = tmp_path / "made"
    run = subprocess.Popen(
        [sys.executable, "-c", code, str(place)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert run.stdout is not None
    assert run.stdout.readline() == b"writing\n"

    def build(work: Path) -> dict[str, int]:
        (work / "whole.txt").write_text("whole")
        return {"rows": 1}

    assert stage(place, "a test", {}, {}, build).fresh
    assert len(list(tmp_path.glob(".made.*.partial"))) == 1  # another run's work is let alone
    run.kill()
    run.communicate()
    assert not stage(place, "a test", {}, {}, build).fresh
    assert stage(place, "a test", {}, {"other": 1}, build).fresh
    assert [item.name for item in tmp_path.iterdir()] == ["made"]
