"""Folders and archives: what is read, what is refused and counted, and passages that are stretches of documents."""

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinweave.core.errors import UserError
from clinweave.databases import RowLog
from clinweave.knowledge import read_folder
from clinweave.knowledge.retrieval import archives
from clinweave.knowledge.retrieval.corpora import FileLog
from clinweave.knowledge.retrieval.folders import read_documents
from clinweave.knowledge.retrieval.passages import split
from clinweave.records import Tier

MEDQUAD = """<?xml version="1.0" encoding="UTF-8"?>
<Document id="7"><Focus>Glue sickness</Focus><QAPairs>
<QAPair pid="1"><Question qid="7-1" qtype="symptoms">What are the symptoms?</Question><Answer>Caf&#233; and fever.

It passes.</Answer></QAPair>
<QAPair pid="2"><Question qid="7-2" qtype="causes">Why?</Question><Answer/></QAPair>
</QAPairs></Document>"""

PIECES = ["word ", "Fever. ", "A b c. ", "\n\n", "\n- ", "x" * 30 + " ", "\u00a0", "e\u0301? "]


@given(
    st.lists(
        st.sampled_from(PIECES),
        max_size=60,
    ).map("".join),
    st.integers(1, 12),
)
def test_passages_cover_every_word_once(document: str, most: int) -> None:
    places = list(split(document, most))
    assert [word for start, end in places for word in document[start:end].split()] == document.split()
    for start, end in places:
        assert document[start:end] == document[start:end].strip()
        assert 0 < len(document[start:end].split()) <= most
    assert places == sorted(places)


def test_paragraphs_and_sentences_are_the_borders() -> None:
    document = "One two three. Four five six.\n\nSeven eight."
    assert [document[a:b] for a, b in split(document, 4)] == [
        "One two three.",
        "Four five six.",
        "Seven eight.",
    ]


def test_every_kind_of_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("# Title\nSome text.")
    (tmp_path / "b.md").write_bytes("caf\u00e9".encode("cp1252"))
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.xml").write_text(MEDQUAD)
    (tmp_path / "d.xml").write_text("<r><title>T</title><p>One <b>bold</b> word.</p><p>Two.</p></r>")
    (tmp_path / "e.jsonl").write_text(
        json.dumps({"id": "x", "title": "T", "content": "Body.", "contents": "T. Body."})
        + '\n{bad\n{"id": 1}\n'
    )
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "image.png").write_bytes(b"\x89PNG")
    (tmp_path / "binary.txt").write_bytes(b"ab\x00cd")
    log = FileLog()
    documents = {item.id: item for item in read_documents(tmp_path, log)}
    assert set(documents) == {"a.txt", "b.md", "sub/c.xml#7-1", "d.xml", "e.jsonl#x"}
    assert documents["a.txt"].title == "Title"
    assert documents["b.md"].text == "caf\u00e9"
    assert documents["sub/c.xml#7-1"][1:4] == (
        "What are the symptoms?",
        "symptoms",
        "Caf\u00e9 and fever.\n\nIt passes.",
    )
    assert documents["d.xml"].text.split() == ["T", "One", "bold", "word.", "Two."]
    assert documents["e.jsonl#x"].text == "Body."
    assert len(log.rows["not a JSON object"]) == 1
    assert log.rows["not a JSON object"][0].startswith("e.jsonl, line ")
    told = log.reasons
    assert told["empty"] == told["no text"] == told["not text (binary)"] == told["not a JSON object"] == 1
    assert told['without a "content" text'] == 1
    assert told["not UTF-8: read as Windows-1252"] == 1
    for passage in read_folder(tmp_path, source="mine", tier=Tier.PRIVATE):
        assert passage.text == documents[passage.document].text[passage.start : passage.end]
        assert (passage.source, passage.tier) == ("mine", Tier.PRIVATE)


def test_the_same_id_twice_stays_two_documents(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": 1, "content": "x"}\n{"id": 1, "content": "y"}\n')
    assert [item.id for item in read_documents(tmp_path, RowLog())] == ["a.jsonl#1", "a.jsonl#1~2"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
def test_an_xml_bomb_is_refused_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    bomb = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE r [<!entity a "aaaa"><!ENTITY b "&a;&a;">]><r>&b;</r>'
    (tmp_path / "x.xml").write_bytes(bomb.encode(encoding))
    log = FileLog()
    assert list(read_folder(tmp_path, log=log)) == []
    assert any("declares entities" in reason for reason in log.reasons)


def test_deep_xml_does_not_exhaust_the_stack(tmp_path: Path) -> None:
    (tmp_path / "x.xml").write_text("<a>" * 5000 + "deep" + "</a>" * 5000)
    log = FileLog()
    assert [item.text for item in read_folder(tmp_path, log=log)] in (["deep"], [])


def _tar(path: Path, members: dict[str, bytes], links: dict[str, str] | None = None) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return path


def test_archives_are_read_and_bad_paths_are_counted(tmp_path: Path) -> None:
    members = {"in/a.txt": b"good", "../out.txt": b"bad", "/abs.txt": b"bad", "in/b.bin": b"x"}
    tar = _tar(tmp_path / "t.tar.gz", members, {"in/link.txt": "/etc/passwd"})
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    for path in (tar, tmp_path / "z.zip"):
        log = FileLog()
        assert [(item.document, item.text) for item in read_folder(path, log=log)] == [("in/a.txt", "good")]
        assert log.reasons["a path that leads out of the archive"] == 2
    assert not (tmp_path.parent / "out.txt").exists()


def test_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_FREE", 1 << 20)
    content = b"a " * (4 << 20)
    _tar(tmp_path / "t.tar.gz", {"a.txt": content})
    with zipfile.ZipFile(tmp_path / "z.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", content)
    for name in ("t.tar.gz", "z.zip"):
        with pytest.raises(UserError, match="archive bomb"):
            list(read_folder(tmp_path / name))


def test_a_file_over_the_bound_is_skipped_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_FILE", 10)
    (tmp_path / "big.txt").write_text("x" * 11)
    (tmp_path / "small.txt").write_text("x" * 10)
    log = FileLog()
    assert [item.document for item in read_folder(tmp_path, log=log)] == ["small.txt"]
    assert log.total == 1


def test_truncated_and_mislabelled_archives_are_told(tmp_path: Path) -> None:
    whole = _tar(
        tmp_path / "t.tar.gz", {f"{number}.txt": bytes(range(65, 91)) * 400 for number in range(50)}
    ).read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.zip").write_text("no zip")
    (tmp_path / "plain.tar.gz").write_bytes(gzip.compress(b"no tar at all" * 100))
    for name in ("cut.tar.gz", "text.zip", "plain.tar.gz"):
        with pytest.raises(UserError, match=name):
            list(read_folder(tmp_path / name))
    with pytest.raises(UserError, match="does not exist"):
        list(read_folder(tmp_path / "nowhere"))
    (tmp_path / "a.wpd").write_text("x")
    with pytest.raises(UserError, match="no folder, archive or file"):
        list(read_folder(tmp_path / "a.wpd"))
