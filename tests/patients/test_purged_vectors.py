"""A purge removes the vectors of the patient's notes, also those of a stopped run, and says so."""

import base64
import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from clinweave.knowledge import (
    DIMENSIONS,
    HybridIndex,
    TextIndex,
    build_home_index,
    collection_passages,
    update_vectors,
)
from clinweave.knowledge.retrieval.vectors import encoded_text
from clinweave.patients import PatientStore, add_notes, load, purge, register
from tests.patients import made
from tests.safety.killing import killed_at

ONE, TWO = "patient-alpha-0001", "patient-beta-00002"
NOTES = {ONE: "Wilson disease with tremor.", TWO: "Marble syndrome, stable."}


class HashEncoder:
    """Gives every text a vector of its own; stops after so many texts."""

    key = "hashes"

    def __init__(self, stop_after: int = 10**9) -> None:
        self.left = stop_after

    def encode(self, texts: Sequence[str], /) -> npt.NDArray[np.float32]:
        rows = np.zeros((len(texts), DIMENSIONS), np.float32)
        for row, text in enumerate(texts):
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
            rows[row] = np.random.default_rng(seed).standard_normal(DIMENSIONS)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def write_source(folder: Path, patients: Sequence[str]) -> None:
    """Write a bulk export in which every patient has a note of its own."""
    made.write_bulk(folder, *patients)
    file = folder / "DocumentReference.000.ndjson"
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    for row, patient in zip(rows, patients, strict=True):
        data = base64.b64encode(NOTES[patient].encode()).decode()
        row["content"][0]["attachment"]["data"] = data
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def loaded(home: Path, patients: Sequence[str]) -> PatientStore:
    """Return a store of these patients whose notes are a collection of the index."""
    write_source(home.parent / "bulk", patients)
    path = load(str(home.parent / "bulk"), home / "patients" / "s").path
    register(path, home)
    store = PatientStore.open(path)
    add_notes(store, home, "notes")
    build_home_index(None, None, home)
    return store


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def traces(home: Path, texts: Sequence[str]) -> list[Path]:
    """Return the files below `vectors` that hold the hash or the vector of one of the texts."""
    expected = [hashlib.sha256(text.encode()).digest()[:16] for text in texts]
    expected += [HashEncoder().encode([text]).astype(np.float16).tobytes() for text in texts]
    files = [path for path in (home / "vectors").rglob("*") if path.is_file()]
    return [path for path in files if any(item in path.read_bytes() for item in expected)]


def texts_of(home: Path, store: PatientStore, patient: str) -> list[str]:
    mark = f"#patient-{store.find(patient)}-"
    return [encoded_text(item) for item in collection_passages("notes", home) if mark in item.document]


def test_a_purge_takes_the_vectors_along_and_names_them(home: Path) -> None:
    store = loaded(home, [ONE, TWO])
    update_vectors(TextIndex.open(home / "index"), home, ["notes"], encoder=HashEncoder())
    own, other = texts_of(home, store, ONE), texts_of(home, store, TWO)
    assert {path.name for path in traces(home, own)} == {"vectors.npy", "texts.npy"}

    listed = {place.kind: place for place in purge(ONE, home, dry_run=True)}
    assert (listed["vectors"].found, listed["vectors"].removed) == (len(own), False)
    assert traces(home, own)

    done = {place.kind: place for place in purge(ONE, home)}
    assert (done["vectors"].found, done["vectors"].removed) == (len(own), True)
    assert done["vectors"].path == str(home / "vectors" / "notes")
    assert not traces(home, own)
    assert traces(home, other), "the other patient's vectors stay"
    hits = HybridIndex(TextIndex.open(home / "index"), HashEncoder(), home).search(own[0], k=9)
    assert {hit.passage.text for hit in hits} == {NOTES[TWO]}


def test_the_last_patient_leaves_no_vectors(home: Path) -> None:
    store = loaded(home, [ONE])
    update_vectors(TextIndex.open(home / "index"), home, ["notes"], encoder=HashEncoder())
    own = texts_of(home, store, ONE)
    assert ("vectors", True) in {(place.kind, place.removed) for place in purge(ONE, home)}
    assert not traces(home, own)
    assert not list((home / "vectors").iterdir())


def test_blocks_of_a_stopped_run_go_too(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clinweave.knowledge.retrieval.vectors._BLOCK", 1)
    store = loaded(home, [ONE, TWO])
    own = texts_of(home, store, ONE) + texts_of(home, store, TWO)
    with pytest.raises(KeyboardInterrupt):
        update_vectors(TextIndex.open(home / "index"), home, ["notes"], encoder=HashEncoder(len(own) - 1))
    assert traces(home, own)
    for patient in (ONE, TWO):
        texts = texts_of(home, store, patient)
        held = bool(traces(home, texts))
        result = {(place.kind, place.removed) for place in purge(patient, home)}
        assert (("vectors", True) in result) == (held and patient == ONE)
        assert not traces(home, texts)


def test_without_an_index_all_vectors_of_the_notes_go(home: Path) -> None:
    store = loaded(home, [ONE, TWO])
    update_vectors(TextIndex.open(home / "index"), home, ["notes"], encoder=HashEncoder())
    own = texts_of(home, store, ONE)
    (home / "index").rename(home.parent / "index")
    assert ("vectors", True) in {(place.kind, place.removed) for place in purge(ONE, home)}
    assert not traces(home, own)


def test_a_note_that_another_patient_has_too_is_not_said_to_be_left(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(NOTES, TWO, NOTES[ONE])
    loaded(home, [ONE, TWO])
    update_vectors(TextIndex.open(home / "index"), home, ["notes"], encoder=HashEncoder())
    assert ("vectors", False) not in {(place.kind, place.removed) for place in purge(ONE, home)}
    index = TextIndex.open(home / "index")
    assert HybridIndex(index, HashEncoder(), home).search("Wilson", k=9)


def test_a_killed_purge_is_finished_by_the_next(home: Path) -> None:
    store = loaded(home, [ONE, TWO])
    update_vectors(TextIndex.open(home / "index"), home, ["notes"], encoder=HashEncoder())
    own = texts_of(home, store, ONE)
    kills = 0
    shutil.copytree(home, home.parent / "whole")
    for number in range(5, 400, 23):
        shutil.rmtree(home)
        shutil.copytree(home.parent / "whole", home)
        if not killed_at(number, lambda: purge(ONE, home)):
            break
        kills += 1
        purge(ONE, home)
        assert not traces(home, own), f"kill {number}"
    assert kills > 2
