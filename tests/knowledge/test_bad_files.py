"""Files as they lie in a hospital's folder: each is read, or listed with its reason, and none stops the others."""

import io
import os
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from clinweave.core.errors import UserError
from clinweave.knowledge import TextIndex, add_collection, build_home_index


def unread(folder: Path, home: Path) -> dict[str, str]:
    (folder / "good.txt").write_text("Good text on lithium.")
    listed: dict[str, str] = add_collection(folder, home).manifest["unreadable"]
    index = build_home_index(None, None, home)
    assert any(hit.passage.document == "good.txt" for hit in TextIndex.open(index.path).search("lithium"))
    return listed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    result = tmp_path / "folder"
    result.mkdir()
    return result


def test_names_that_are_not_utf8_or_hold_line_ends(folder: Path, tmp_path: Path) -> None:
    (folder / "line\nend.txt").write_text("Adenosine text.")
    (folder / "pill \U0001f48a #2: new.txt").write_text("Digoxin text.")
    raw = os.fsencode(folder)
    for name, text in ((b"caf\xe9.txt", b"Codeine text."), (b"caf\xe9.wpd", b"x")):
        Path(os.fsdecode(raw + b"/" + name)).write_bytes(text)
    home = tmp_path / "home"
    assert unread(folder, home) == {
        "caf\u00e9.wpd": "unsupported file type; convert to PDF, DOCX, HTML or text"
    }
    index = TextIndex.open(home / "index")
    names = [index.search(word)[0].passage.document for word in ("adenosine", "digoxin", "codeine")]
    assert names == ["line end.txt", "pill \U0001f48a #2: new.txt", "caf\u00e9.txt"]


def test_a_file_with_many_bad_rows_does_not_hide_another_that_is_not_read(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "a.jsonl").write_text("not JSON\n" * 1500)
    (folder / "b.xml").write_text("<a>\n<b></a>")
    (folder / "c #1.pdf").write_bytes(b"%PDF-nothing")
    assert set(unread(folder, tmp_path / "home")) == {"b.xml", "c #1.pdf"}


def test_old_office_files_say_what_to_do(folder: Path, tmp_path: Path) -> None:
    for name in ("a.doc", "b.ppt", "c.msg"):
        (folder / name).write_bytes(b"\xd0\xcf\x11\xe0")
    listed = unread(folder, tmp_path / "home")
    assert [reason.partition("; ")[2] for _, reason in sorted(listed.items())] == [
        "save as DOCX or PDF", "save as PPTX or PDF", "save as EML, PDF or text",
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-8-sig"])
def test_text_in_other_encodings(folder: Path, tmp_path: Path, encoding: str) -> None:
    (folder / "a.txt").write_bytes("Naloxone: 400 micrograms, see caf\u00e9 poster.\n".encode(encoding))
    home = tmp_path / "home"
    assert unread(folder, home) == {}
    assert TextIndex.open(home / "index").search("naloxone")[0].passage.text.endswith("caf\u00e9 poster.")


def test_a_scanned_page_within_a_pdf_is_listed(folder: Path, tmp_path: Path) -> None:
    stream = io.BytesIO()
    canvas = Canvas(stream)
    for page in range(5):
        if page == 2:
            canvas.rect(50, 50, 300, 300, fill=1)
        else:
            canvas.drawString(70, 700, f"Vancomycin level on day {page}.")
        canvas.showPage()
    canvas.save()
    (folder / "a.pdf").write_bytes(stream.getvalue())
    home = tmp_path / "home"
    assert unread(folder, home) == {"a.pdf": "pages without text (scans?), the others are read: 3"}
    assert len(TextIndex.open(home / "index").search("vancomycin")) == 4


def test_links_and_loops_are_not_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "in").mkdir()
    (folder / "in" / "up").symlink_to("..")
    (folder / "link.txt").symlink_to("good.txt")
    assert unread(folder, tmp_path / "home") == {"link.txt": "a link or a special file"}


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_is_listed(folder: Path, tmp_path: Path) -> None:
    (folder / "closed").mkdir()
    (folder / "closed" / "a.txt").write_text("secret")
    (folder / "b.txt").write_text("secret")
    (folder / "closed").chmod(0)
    (folder / "b.txt").chmod(0)
    try:
        listed = unread(folder, tmp_path / "home")
    finally:
        (folder / "closed").chmod(0o700)
    assert listed == {
        "b.txt": "cannot be read (Permission denied)",
        "closed": "folder cannot be read (Permission denied)",
    }


def test_a_folder_of_unread_files_alone_is_an_error(folder: Path, tmp_path: Path) -> None:
    (folder / "a.wpd").write_text("x")
    with pytest.raises(UserError, match="could be read as text"):
        add_collection(folder, tmp_path / "home")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_index_that_nobody_may_write_is_read(folder: Path, tmp_path: Path) -> None:
    (folder / "dose.txt").write_text("Digoxin text.")
    unread(folder, tmp_path / "home")
    index = tmp_path / "home" / "index"
    for item in [index, *index.rglob("*")]:
        item.chmod(0o500 if item.is_dir() else 0o400)
    try:
        assert TextIndex.open(index).search("digoxin")[0].passage.document == "dose.txt"
        assert not list(index.rglob("*.lock"))
    finally:
        for item in [index, *index.rglob("*")]:
            item.chmod(0o700 if item.is_dir() else 0o600)
