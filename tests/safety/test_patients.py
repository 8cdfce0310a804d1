"""Patients' files are private, and what a purge says of them is true."""

import gzip
import json
import os
import shutil
import stat
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clinweave.core.artifacts import leftovers_below
from clinweave.core.errors import UserError
from clinweave.knowledge import add_collection, build_home_index, collections
from clinweave.patients import PatientStore, Place, add_notes, load, purge, register
from clinweave.patients.identifier_search import count_in
from clinweave.records import Tier
from tests.patients import made
from tests.safety.calling import clinweave, refused
from tests.safety.killing import full_disk, killed_at

ONE, TWO = "patient-alpha-0001", "patient-beta-00002"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home with one store of two patients."""
    folder = tmp_path / "home"
    monkeypatch.setenv("CLINWEAVE_HOME", str(folder))
    monkeypatch.chdir(tmp_path)
    made.write_bulk(tmp_path / "bulk", ONE, TWO)
    load(str(tmp_path / "bulk"), folder / "patients" / "s")
    register(folder / "patients" / "s", folder)
    return folder


def places(found: list[Place]) -> set[tuple[str, bool]]:
    return {(place.kind, place.removed) for place in found}


def texts_left(home: Path, text: bytes) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file() and count_in(path, [text])]


def test_outputs_are_the_owners_alone_also_where_the_file_was_open(home: Path) -> None:
    os.umask(0o022)
    work = home.parent
    (work / "letter.txt").write_text("Dr. Wilson saw him on 03/04/2015.")
    (work / "kgx").mkdir()
    (work / "kgx" / "nodes.tsv").write_text("id\tcategory\tname\nMONDO:1\tbiolink:Disease\tgout\n")
    (work / "kgx" / "edges.tsv").write_text("subject\tpredicate\tobject\n")
    (work / "lines.jsonl").write_text('{"id": 1, "text": "gout"}\n')
    for name in ("w.txt", "w.jsonl"):
        (work / name).touch(mode=0o644)
        (work / name).chmod(0o644)
    assert clinweave("graph", "import", "--kgx", "kgx").code == 0
    assert clinweave("deidentify", "letter.txt", "--out", "w.txt").code == 0
    assert clinweave("link", "lines.jsonl", "--out", "w.jsonl").code == 0
    for path in (work / "w.txt", work / "w.jsonl", home / "deid.key", home / "patients.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert "03/04/2015" not in (work / "w.txt").read_text()


def test_a_full_disk_leaves_the_old_letter(home: Path) -> None:
    (home.parent / "letter.txt").write_text("Dr. Wilson saw him. " * 3000)
    (home.parent / "w.txt").write_text("old")
    clinweave("deidentify", "letter.txt")
    full_disk(lambda: _must_fail("deidentify", "letter.txt", "--out", "w.txt"), left=4096)
    assert (home.parent / "w.txt").read_text() == "old"
    assert leftovers_below(home.parent) == []


def test_a_note_without_identifiers_comes_out_as_it_was(home: Path) -> None:
    for text in ("Strength 4/5.\n", "Strength 4/5.\n\n", "Murmur 2/6"):
        (home.parent / "letter.txt").write_text(text)
        assert clinweave("deidentify", "letter.txt").out.removesuffix("\n") == text.removesuffix("\n")


def _must_fail(*arguments: str) -> None:
    called = clinweave(*arguments)
    assert called.code == 1, called
    raise SystemExit(1)


def test_a_letter_in_another_collection_is_named_in_the_index_too(home: Path) -> None:
    (home.parent / "letters").mkdir()
    (home.parent / "letters" / "a.txt").write_text(
        f"Patient MRN-{ONE}, Quillerby, seen today with marble syndrome."
    )
    add_collection(home.parent / "letters", home, name="letters", tier=Tier.PRIVATE)
    add_notes(PatientStore.open(home / "patients" / "s"), home, "notes")
    build_home_index(None, None, home)
    result = purge(ONE, home)
    left = {(place.kind, Path(place.path).name) for place in result if not place.removed}
    assert {("index", "index"), ("collection", "letters")} <= left
    assert ("index", True) not in places(result)
    assert texts_left(home / "index", b"Quillerby")
    collection = {place.kind: place for place in result if Path(place.path).name == "notes"}
    assert collection["collection"].removed


def test_an_index_without_the_patient_is_named_removed(home: Path) -> None:
    add_notes(PatientStore.open(home / "patients" / "s"), home, "notes")
    build_home_index(None, None, home)
    result = purge(ONE, home)
    assert ("index", True) in places(result)
    assert not texts_left(home, ONE.encode())


@pytest.mark.parametrize("how", ["json", "gzip", "parquet", "nested parquet"])
def test_files_of_any_form_are_searched(home: Path, how: str) -> None:
    (home / "runs").mkdir()
    path = home / "runs" / ("a.parquet" if "parquet" in how else "a.json.gz" if how == "gzip" else "a.json")
    text = json.dumps({"who": ONE, "more": "x" * 1000})
    if how == "json":
        path.write_text(text)
    elif how == "gzip":
        path.write_bytes(gzip.compress(text.encode()))
    else:
        column = pa.array([[text]]) if how == "nested parquet" else pa.array([text]).dictionary_encode()
        pq.write_table(pa.table({"t": column}), path, compression="zstd")
    result = purge(ONE, home)
    assert [place.path for place in result if place.kind == "file"] == [str(path)]


def test_a_kill_while_notes_are_made_leaves_nothing_after_the_next_run_or_a_purge(home: Path) -> None:
    store = PatientStore.open(home / "patients" / "s")
    reported = 0
    for number in range(1, 60):
        if not killed_at(number, lambda: add_notes(store, home, "notes")):
            break
        if number % 2:
            add_notes(store, home, "notes")
            assert leftovers_below(home) == [], f"kill {number}"
        else:
            held = [
                path for path in leftovers_below(home) if path.is_dir() and texts_left(path, ONE.encode())
            ]
            listed = [place for place in purge(ONE, home, dry_run=True) if place.kind == "leftover"]
            assert {str(path) for path in held} <= {place.path for place in listed}
            reported += bool(held)
            with pytest.raises(UserError):
                purge("nobody-0000", home)
    assert number > 10


def test_a_purge_removes_and_names_raw_notes_that_a_kill_left(home: Path) -> None:
    left = home / "patients" / "s" / "private" / ".notes.0123abcd.partial"
    left.mkdir()
    (left / "notes.jsonl").write_text(json.dumps({"id": "patient-1-0", "content": f"MRN-{ONE}"}))
    (home / "collections").mkdir()
    old = home / "patients" / "s" / "private" / "clinweave-notes-abc"
    old.mkdir()
    (old / "notes.jsonl").write_text(f"MRN-{ONE}")
    result = [place for place in purge(ONE, home) if place.kind == "leftover"]
    assert {place.path for place in result} == {str(left), str(old)}
    assert all(place.removed for place in result)
    assert not left.exists()
    assert not old.exists()


def test_a_killed_purge_is_finished_by_the_next(home: Path) -> None:
    store = home / "patients" / "s"
    kills = 0
    add_notes(PatientStore.open(store), home, "notes")
    build_home_index(None, None, home)
    shutil.copytree(home, home.parent / "whole")
    for number in range(1, 400, 7):
        shutil.rmtree(home)
        shutil.copytree(home.parent / "whole", home)
        if not killed_at(number, lambda: purge(ONE, home)):
            break
        kills += 1
        assert PatientStore.open(store).find(TWO) is not None
        assert ("index", False) not in places(purge(ONE, home))
        assert not texts_left(home, ONE.encode()), f"kill {number}"
        assert leftovers_below(home) == []
    assert kills > 8


def test_a_collection_of_another_place_is_not_replaced(home: Path) -> None:
    for name in ("a", "b"):
        (home.parent / name / "docs").mkdir(parents=True)
        (home.parent / name / "docs" / "x.txt").write_text(f"text of {name}")
    assert clinweave("index", "add", "a/docs").code == 0
    assert "--name" in refused("index", "add", "b/docs")
    assert collections(home)["docs"]["path"].endswith("a/docs")
    assert clinweave("index", "add", "b/docs", "--name", "other").code == 0


def test_a_damaged_register_is_an_error(home: Path) -> None:
    for text in (
        "[",
        "[1]",
        "5",
        '{"stores": [1]}',
        '{"stores": {"a": 1}}',
        '{"proposals": [[]]}',
        "[" * 100_000,
    ):
        (home / "patients.json").write_text(text)
        assert "patients.json" in refused("purge", "--patient", ONE)
