"""Outputs never delete or overwrite what clinweave did not write, and never an input."""

import os
import shutil
from pathlib import Path

import pytest

from clinweave.core.artifacts import claim, stage, write_text
from clinweave.core.errors import UserError
from tests.safety.calling import clinweave, refused


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder with a small KGX graph in `kgx`, and an own home."""
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    work = tmp_path / "work"
    (work / "kgx").mkdir(parents=True)
    (work / "kgx" / "nodes.tsv").write_text("id\tcategory\tname\nMONDO:1\tbiolink:Disease\tgout\n")
    (work / "kgx" / "edges.tsv").write_text("subject\tpredicate\tobject\n")
    monkeypatch.chdir(work)
    return work


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def build(folder: Path) -> dict[str, int]:
    (folder / "rows.txt").write_text("1\n2\n")
    return {"rows": 2}


@pytest.mark.parametrize("out", ["thesis", "paper.txt", "kgx", ".", "..", "/", "thesis/../thesis", "nothing"])
def test_a_folder_of_the_users_a_file_an_input_and_what_is_above_are_refused(place: Path, out: str) -> None:
    (place / "thesis" / "plots").mkdir(parents=True)
    (place / "thesis" / "ch1.tex").write_text("years")
    (place / "paper.txt").write_text("years")
    (place / "nothing").symlink_to("nowhere")
    before = contents(place)
    refused("graph", "import", "--kgx", "kgx", "--out", out)
    assert contents(place) == before


@pytest.mark.parametrize("out", ["home", "~", "/tmp", "paper.txt/graph"])
def test_home_and_what_cannot_be_a_folder_are_refused(place: Path, out: str) -> None:
    (place / "paper.txt").write_text("years")
    path = {"home": str(place.parent / "home"), "~": str(Path.home())}.get(out, out)
    (place.parent / "home").mkdir()
    refused("graph", "import", "--kgx", "kgx", "--out", path)
    assert (place.parent / "home").is_dir()


def test_a_users_manifest_does_not_make_a_folder_ours(place: Path) -> None:
    site = place / "site"
    site.mkdir()
    (site / "index.html").write_text("mine")
    for text in ('{"name": "My page", "icons": []}', '{"kind": "graph"}', "[]", "5", "null", "["):
        (site / "manifest.json").write_text(text)
        refused("graph", "import", "--kgx", "kgx", "--out", "site")
        assert (site / "index.html").read_text() == "mine"


def test_a_users_file_in_a_built_folder_stops_its_replacement(place: Path) -> None:
    stage(place / "built", "thing", {}, {}, build)
    (place / "built" / "notes.md").write_text("mine")
    with pytest.raises(UserError, match=r"did not write \(notes\.md\)"):
        stage(place / "built", "thing", {}, {"other": 1}, build)
    assert (place / "built" / "notes.md").read_text() == "mine"
    (place / "built" / "notes.md").unlink()
    assert stage(place / "built", "thing", {}, {"other": 1}, build).fresh


def test_a_file_that_appears_during_the_build_stops_the_replacement(place: Path) -> None:
    stage(place / "built", "thing", {}, {}, build)

    def slow(folder: Path) -> dict[str, int]:
        (place / "built" / "notes.md").write_text("mine")
        return build(folder)

    with pytest.raises(UserError, match=r"notes\.md"):
        stage(place / "built", "thing", {}, {"other": 1}, slow)
    assert (place / "built" / "notes.md").read_text() == "mine"


def test_a_built_folder_is_not_replaced_by_another_kind(place: Path) -> None:
    stage(place / "built", "patients", {}, {}, build)
    with pytest.raises(UserError, match="holds a patients, not a graph"):
        stage(place / "built", "graph", {}, {}, build)
    assert (place / "built" / "rows.txt").is_file()


def test_an_empty_folder_and_a_link_to_one_are_filled(place: Path) -> None:
    (place / "empty").mkdir()
    (place / "real").mkdir()
    (place / "link").symlink_to("real")
    for out in ("empty", "link", "link"):
        assert clinweave("graph", "import", "--kgx", "kgx", "--out", out).code == 0
    assert (place / "link").is_symlink()
    assert (place / "real" / "manifest.json").is_file()
    assert (place / "empty" / "manifest.json").is_file()
    assert not [path.name for path in place.iterdir() if path.name.startswith(".")]


def test_a_link_to_itself_is_one_line(place: Path) -> None:
    (place / "loop").symlink_to("loop")
    assert "loop" in refused("graph", "import", "--kgx", "kgx", "--out", "loop")
    assert "loop" in refused("graph", "import", "--kgx", "loop", "--out", "new")


@pytest.mark.parametrize("twist", ["same", "dot", "link", "hard link", "absolute"])
def test_an_output_file_may_not_be_the_input(place: Path, twist: str) -> None:
    notes = place / "notes.jsonl"
    notes.write_text('{"id": 1, "text": "gout"}\n')
    out = place / "out.jsonl"
    if twist == "link":
        out.symlink_to(notes)
    elif twist == "hard link":
        os.link(notes, out)
    else:
        out = {"same": Path("notes.jsonl"), "dot": Path("./kgx/../notes.jsonl"), "absolute": notes}[twist]
    assert "input" in refused("link", "notes.jsonl", "--out", out)
    assert notes.read_text() == '{"id": 1, "text": "gout"}\n'


def test_other_commands_check_their_outputs_too(place: Path) -> None:
    (place / "letter.txt").write_text("Dear colleague")
    assert "input" in refused("deidentify", "letter.txt", "--out", "letter.txt")
    assert "input" in refused("diagnose", "letter.txt", "--out", "letter.txt")
    assert "input" in refused("diagnose", "--text", "letter.txt", "--html", "letter.txt")
    assert "both name" in refused("diagnose", "--text", "letter.txt", "--html", "a", "--out", "a")
    assert "input" in refused("graph", "build", "--add", "orphanet=kgx", "--out", "kgx")
    assert (place / "letter.txt").read_text() == "Dear colleague"


def test_nothing_is_written_into_a_built_folder(place: Path) -> None:
    assert clinweave("graph", "import", "--kgx", "kgx", "--out", "graph").code == 0
    before = contents(place / "graph")
    (place / "letter.txt").write_text("Dear colleague")
    assert "clinweave built" in refused("deidentify", "letter.txt", "--out", "graph/concepts.arrow")
    assert "input" in refused("graph", "export", "--graph", "graph", "--kgx", "graph")
    assert contents(place / "graph") == before


def test_devices_pipes_and_folders_are_no_output_file(place: Path) -> None:
    os.mkfifo(place / "pipe")
    (place / "folder").mkdir()
    (place / "null").symlink_to("/dev/null")
    (place / "gone").symlink_to("nowhere")
    for name in ("pipe", "folder", "null", "gone"):
        with pytest.raises(UserError):
            write_text(place / name, "x")
    assert (place / "pipe").is_fifo()
    assert (place / "null").is_symlink()


def test_a_file_is_written_through_a_link(place: Path) -> None:
    write_text(place / "real.txt", "old")
    (place / "link.txt").symlink_to("real.txt")
    write_text(place / "link.txt", "new")
    assert (place / "link.txt").is_symlink()
    assert (place / "real.txt").read_text() == "new"


def test_the_given_case(place: Path) -> None:
    shutil.rmtree(place / "kgx")
    (place / "kgx").mkdir()
    (place / "kgx" / "nodes.tsv").write_text("id\tname\tcategory\nX:1\ta\tbiolink:Disease\n")
    (place / "kgx" / "edges.tsv").write_text("subject\tpredicate\tobject\n")
    (place / "out.txt").write_text("years")
    refused("graph", "import", "--kgx", "kgx", "--out", "out.txt")
    assert (place / "out.txt").read_text() == "years"


@pytest.mark.parametrize("name", ["nodes.tsv", "edges.tsv.gz", "merges.tsv"])
def test_an_export_replaces_only_files_of_an_export(place: Path, name: str) -> None:
    assert clinweave("graph", "import", "--kgx", "kgx", "--out", "graph").code == 0
    (place / "mine").mkdir()
    (place / "mine" / name).write_text("mine")
    for more in ((), ("--gz",)):
        assert name in refused("graph", "export", "--graph", "graph", "--kgx", "mine", *more)
        assert contents(place / "mine") == {name: b"mine"}
    for more in ((), ("--gz",)):
        assert clinweave("graph", "export", "--graph", "graph", "--kgx", "other", *more).code == 0


def test_a_run_takes_no_folder_of_the_users(place: Path) -> None:
    (place / "paper").mkdir()
    (place / "paper" / "report.html").write_text("mine")
    with pytest.raises(UserError, match=r"report\.html"):
        claim(place / "paper")
    assert contents(place / "paper") == {"report.html": b"mine"}
    (place / "own.toml").write_text('kind = "comparison"\n[[tasks]]\ntype = "graph-questions"\n')
    assert "no run wrote" in refused("run", "own.toml", "--offline", "--out", "paper")
    assert claim(claim(place / "new")) == place / "new"
    (place / "new" / "report.html").write_text("a run's")
    claim(place / "new")
