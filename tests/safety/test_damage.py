"""Damage to anything that was built is noticed when it is opened, and by `clinweave check`."""

import json
import random
import shutil
from pathlib import Path

import pytest

from clinweave.core.artifacts import MANIFEST, stage
from clinweave.core.errors import OutdatedError, UserError
from clinweave.knowledge import (
    Graph,
    Linker,
    TextIndex,
    collection_passages,
    import_kgx,
)
from clinweave.patients import PatientStore, load
from tests.patients import made
from tests.safety.calling import clinweave, refused

NODES = "id\tcategory\tname\n" + "".join(f"MONDO:{n}\tbiolink:Disease\tgout of type {n}\n" for n in range(50))
EDGES = "subject\tpredicate\tobject\n" + "".join(
    f"MONDO:{n}\tbiolink:related_to\tMONDO:{n + 1}\n" for n in range(49)
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with a graph, a collection, an index and a store."""
    top = tmp_path_factory.mktemp("whole")
    home = top / "home"
    (top / "kgx").mkdir()
    (top / "kgx" / "nodes.tsv").write_text(NODES)
    (top / "kgx" / "edges.tsv").write_text(EDGES)
    import_kgx(top / "kgx", home / "graph")
    (top / "own.txt").write_text("Gout is a disease of the joints. " * 50)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLINWEAVE_HOME", str(home))
        assert clinweave("index", "add", top / "own.txt").code == 0
    made.write_bulk(top / "bulk", "patient-one")
    load(str(top / "bulk"), home / "patients" / "s")
    Linker.open(Graph.open(home / "graph"))
    return home


@pytest.fixture
def home(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of it."""
    shutil.copytree(whole, tmp_path / "home", copy_function=shutil.copy2)
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


def open_all(home: Path) -> None:
    Graph.open(home / "graph")
    TextIndex.open(home / "index")
    PatientStore.open(home / "patients" / "s")
    list(collection_passages("own", home))


def damage(path: Path, how: str, seed: int) -> None:
    data, chance = bytearray(path.read_bytes()), random.Random(seed)
    if how == "flip":
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif how == "zero":
        data[len(data) // 4 : len(data) // 4 + len(data) // 2] = bytes(len(data) // 2)
    elif how == "truncate":
        data = data[: len(data) * 2 // 3]
    else:
        data += b"\0" * 100
    path.write_bytes(data)


def built_files(home: Path) -> list[Path]:
    return sorted(
        path
        for name in ("graph", "index", "collections", "patients")
        for path in (home / name).rglob("*")
        if path.is_file() and not path.name.startswith(".") and path.stat().st_size > 8
    )


@pytest.mark.parametrize("how", ["flip", "zero", "truncate", "append"])
def test_damage_to_any_file_is_noticed_on_opening_and_by_check(home: Path, how: str) -> None:
    open_all(home)
    assert clinweave("check").code == 0
    for seed, path in enumerate(built_files(home)):
        before = path.read_bytes()
        damage(path, how, seed)
        if path.read_bytes() != before:
            with pytest.raises(UserError, match=r"damaged|changed|there is no"):
                open_all(home)
            called = clinweave("check")
            assert called.code == 1, path
            if path.name != MANIFEST:
                assert str(path) in called.out
        path.write_bytes(before)
    open_all(home)
    assert clinweave("check").code == 0


@pytest.mark.parametrize("name", ["relations.arrow", "search.arrow", "by_subject.npy", "manifest.json"])
def test_a_missing_file_is_noticed(home: Path, name: str) -> None:
    (home / "graph" / name).unlink()
    assert "graph" in refused("graph", "show", "MONDO:1")


def test_damage_that_keeps_the_files_time_is_found_by_check(home: Path) -> None:
    import os

    path = home / "graph" / "relations.arrow"
    status = path.stat()
    damage(path, "flip", 1)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert "relations.arrow" in clinweave("check").out


def test_a_damaged_vocabulary_is_compiled_again(home: Path) -> None:
    path = home / "graph.vocabulary" / "names.arrow"
    before = path.read_bytes()
    damage(path, "zero", 1)
    assert clinweave("link", "--text", "gout of type 7", "--json").code == 0
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "text",
    ["[1]", "5", "null", '"x"', '{"kind": "collection"}',
     '{"kind": 5}', "{", "[" * 200_000, "\0", "", "NaN", '{"a": 1}',
     '{"kind": "collection", "key": "0123456789abcdef", "inputs": {}, "clinweave": "0.1.0"}'],
)  # fmt: skip
def test_a_corrupt_manifest_is_one_line_that_names_it(home: Path, text: str) -> None:
    (home / "collections" / "own" / MANIFEST).write_text(text)
    assert "collections/own/manifest.json" in refused("index", "list")
    (home / "collections" / "own" / MANIFEST).write_bytes(b"\xff\xfe{")
    assert "collections/own/manifest.json" in refused("index", "build")


def test_corrupt_manifests_of_other_kinds(home: Path) -> None:
    for name, command in (
        ("graph", ("graph", "info")),
        ("index", ("index", "search", "gout")),
        ("patients/s", ("patients", "list")),
    ):
        for text in ("[1]", "null", '{"kind": "graph"}', '{"kind": "text-index"}', "[" * 200_000):
            before = (home / name / MANIFEST).read_text()
            (home / name / MANIFEST).write_text(text)
            called = clinweave(*command)
            assert called.code in {0, 2}, called
            assert "Traceback" not in called.err
            assert called.err.strip().count("\n") == 0
            (home / name / MANIFEST).write_text(before)


def test_an_edited_manifest_is_noticed(home: Path) -> None:
    path = home / "collections" / "own" / MANIFEST
    manifest = json.loads(path.read_text())
    manifest["tier"] = "public" if manifest["tier"] != "public" else "private"
    path.write_text(json.dumps(manifest))
    assert "checksum" in refused("index", "list")


def test_a_stage_builds_a_damaged_result_again(tmp_path: Path) -> None:
    def build(folder: Path) -> dict[str, int]:
        (folder / "a.txt").write_text("right")
        return {}

    stage(tmp_path / "a", "thing", {}, {}, build)
    (tmp_path / "a" / "a.txt").write_text("wrong")
    with pytest.raises(OutdatedError):
        stage(tmp_path / "a", "thing", {}, {}, build, replace=False)
    assert stage(tmp_path / "a", "thing", {}, {}, build).fresh
    assert (tmp_path / "a" / "a.txt").read_text() == "right"
    assert not stage(tmp_path / "a", "thing", {}, {}, build).fresh
