"""Document formats: what is read, what stays together, and what is refused with a reason."""

import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from docx.oxml import OxmlElement
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from clinweave.knowledge import read_folder
from clinweave.knowledge.retrieval.corpora import FileLog
from clinweave.knowledge.retrieval.documents import Block, UnreadableError, assemble, read_blocks
from clinweave.knowledge.retrieval.documents.blocks import join_lines, rows_of
from clinweave.records import Passage


def _passages(folder: Path) -> list[Passage]:
    return list(read_folder(folder))


def _pdf(draw: Callable[[Canvas], None], **options: str) -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4, **options)
    draw(canvas)
    canvas.save()
    return stream.getvalue()


def _lines(canvas: Canvas, lines: list[str], *, left: float = 70, top: float = 780, size: float = 10) -> None:
    canvas.setFont("Helvetica", size)
    for number, line in enumerate(lines):
        canvas.drawString(left, top - 1.2 * size * number, line)


def test_list_items_stay_with_their_lead_in() -> None:
    items = [f"give drug {number} to a patient with an allergy to it" for number in range(60)]
    blocks = [Block("paragraph", "Do not:"), *(Block("item", item) for item in items)]
    (page,) = assemble(blocks, most_words=100)
    parts = page.text.split("\n\n")
    assert len(parts) > 3
    assert all(part.startswith("Do not:\n- ") for part in parts)
    assert [line[2:] for part in parts for line in part.splitlines()[1:]] == items


def test_a_section_has_its_path_of_headings_and_not_their_text() -> None:
    blocks = [
        Block("heading", "Sepsis", 1),
        Block("heading", "Fluids", 2),
        Block("paragraph", "Give crystalloid."),
        Block("heading", "Do not", 3),
        Block("item", "use starch"),
        Block("heading", "Antibiotics", 2),
        Block("paragraph", "Take cultures first."),
    ]
    (page,) = assemble(blocks)
    assert [(part.heading, page.text[part.start : part.end]) for part in page.sections] == [
        ("Sepsis > Fluids", "Give crystalloid."),
        ("Sepsis > Fluids > Do not", "- use starch"),
        ("Sepsis > Antibiotics", "Take cultures first."),
    ]


def test_a_table_row_is_one_statement_with_its_heads() -> None:
    assert [item.text for item in rows_of([["Drug", "Dose"], ["A", "5 mg"], ["", ""], ["B", ""]])] == [
        "Drug: A; Dose: 5 mg",
        "Drug: B",
    ]


def test_passages_are_stretches_of_their_documents(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "# Title\n\n## Do not\n\n- give *A*\n- give ~~C~~ B\n\n| Drug | Safe |\n|---|---|\n| A | No |\n\n"
        "<script>x</script>"
    )
    passages = _passages(tmp_path)
    assert [(item.title, item.section, item.text) for item in passages] == [
        ("Title", "Title > Do not", "- give A\n- give B\n\nDrug: A; Safe: No")
    ]


def test_html_without_navigation_scripts_and_hidden_parts(tmp_path: Path) -> None:
    (tmp_path / "p.html").write_bytes(
        "<html><head><meta charset='iso-8859-1'><title>T</title><script>bad()</script></head><body><nav>Menu</nav>"
        "<h1>Nausea f\u00fcr alle</h1>"
        "<p>Platelets above 50 x 10<sup>9</sup>/L; CO<sub>2</sub> normal<sup><a>3</a></sup>.</p>"
        "<p hidden>Secret</p><p>Avoid:</p><ul><li>heparin<ul><li>also low dose</li></ul></li><li>aspirin</li></ul>"
        "<del>Old dose 10 mg</del><table><tr><th>Drug</th><th colspan=2>Dose</th></tr>"
        "<tr><td>A</td><td>1</td><td>2 mg</td></tr>"
        "</table><footer>Imprint</footer></body></html>".encode("iso-8859-1")
    )
    (passage,) = _passages(tmp_path)
    assert passage.title == "Nausea f\u00fcr alle"
    assert passage.text == (
        "Platelets above 50 x 10\u2079/L; CO\u2082 normal.\n\n"
        "Avoid:\n- heparin\n  - also low dose\n- aspirin\n\n"
        "Drug: A; Dose: 1; Dose: 2 mg"
    )


def test_deep_html_does_not_exhaust_the_stack() -> None:
    blocks = read_blocks(".html", b"<div>" * 5000 + b"deep" + b"</div>" * 5000)
    assert [block.text for block in blocks] == ["deep"]


def _tracked(paragraph: object, tag: str, text_tag: str, text: str) -> None:
    change, run, node = OxmlElement(tag), OxmlElement("w:r"), OxmlElement(text_tag)
    node.text = text
    run.append(node)
    change.append(run)
    paragraph._p.append(change)  # type: ignore[attr-defined]


def _word() -> bytes:
    document = docx.Document()
    document.add_heading("Insulin", 0)
    document.add_heading("Do not", 1)
    document.add_paragraph("stop basal insulin", style="List Bullet")
    paragraph = document.add_paragraph("Give ")
    _tracked(paragraph, "w:del", "w:delText", "10 units ")
    _tracked(paragraph, "w:ins", "w:t", "4 units ")
    run = paragraph.add_run("9")
    run.font.superscript = True
    document.add_comment(run, text="is this right?")
    table = document.add_table(2, 2)
    for place, text in enumerate(("Drug", "Dose", "A", "5 mg")):
        table.cell(place // 2, place % 2).text = text
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def test_word_accepts_insertions_and_leaves_deletions_and_comments_out(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(_word())
    (passage,) = _passages(tmp_path)
    assert passage.section == "Insulin > Do not"
    assert passage.text == "- stop basal insulin\n\nGive 4 units \u2079\n\nDrug: A; Dose: 5 mg"


def test_pdf_pages_headings_and_a_table_without_rules(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica-Bold", 18)
        canvas.drawString(70, 800, "Hyperkalaemia")
        _lines(
            canvas,
            ["Give calcium gluconate 10% if the potas-", "sium is 6.5 or more, over", "10 minutes."],
            top=770,
        )
        for number, (left, right) in enumerate(
            [("Potassium", "Action"), ("5.5 to 5.9", "Review"), ("6.5 or more", "Treat")]
        ):
            _lines(canvas, [left], top=700 - 14 * number)
            _lines(canvas, [right], left=250, top=700 - 14 * number)
        canvas.showPage()
        _lines(canvas, ["Check the ECG."])

    (tmp_path / "k.pdf").write_bytes(_pdf(draw))
    first, second = _passages(tmp_path)
    assert (first.document, first.title) == ("k.pdf#page=1", "Hyperkalaemia")
    assert first.text == (
        "Give calcium gluconate 10% if the potassium is 6.5 or more, over 10 minutes.\n\n"
        "Potassium: 5.5 to 5.9; Action: Review\nPotassium: 6.5 or more; Action: Treat"
    )
    assert (second.document, second.section, second.text) == (
        "k.pdf#page=2",
        "Hyperkalaemia",
        "Check the ECG.",
    )


def test_pdf_columns_are_read_one_after_the_other() -> None:
    left = [f"Left line {number} of the first column of prose" for number in range(9)]
    right = [f"Right line {number} of the second column of text" for number in range(9)]

    def draw(canvas: Canvas) -> None:
        _lines(canvas, left, left=40)
        _lines(canvas, right, left=320)

    text = " ".join(block.text for block in read_blocks(".pdf", _pdf(draw)))
    assert text == " ".join(left + right)


def test_pdf_headers_are_left_out_and_a_table_keeps_its_heads_over_a_page() -> None:
    def draw(canvas: Canvas) -> None:
        for number in range(4):
            _lines(canvas, [f"Hospital guideline, page {number + 1}"], top=820)
            rows = [("Drug", "Dose")] if number == 0 else []
            rows += [(f"Drug {number}{row}", f"{row + 1} mg") for row in range(5)]
            for row, (drug, dose) in enumerate(rows):
                _lines(canvas, [drug], top=760 - 14 * row)
                _lines(canvas, [dose], left=300, top=760 - 14 * row)
            _lines(canvas, ["Not for patients"], top=30)
            canvas.showPage()

    blocks = read_blocks(".pdf", _pdf(draw))
    assert [block.text for block in blocks] == [
        f"Drug: Drug {number}{row}; Dose: {row + 1} mg" for number in range(4) for row in range(5)
    ]


def _zip_bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as parts:
        for number in range(6):
            parts.writestr(f"word/{number}.xml", b" " * (100 << 20))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("suffix", "content", "reason"),
    [
        (".pdf", b"%PDF-1.4\n%broken", "damaged"),
        (".pdf", _pdf(lambda canvas: canvas.rect(100, 100, 50, 50)), "a scan without text"),
        (".pdf", _pdf(lambda canvas: _lines(canvas, ["secret"]), encrypt="word"), "needs a password"),
        (".docx", b"PK\x03\x04 broken", "damaged"),
        (".docx", b"\xd0\xcf\x11\xe0 old", "encrypted, or a .doc"),
        (".docx", _zip_bomb(), "unpacks to more than"),
    ],
)
def test_what_cannot_be_read_says_why(suffix: str, content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        read_blocks(suffix, content)


@pytest.mark.parametrize("cut", range(0, 100, 7))
def test_a_truncated_file_is_read_or_refused_and_never_a_traceback(cut: int) -> None:
    for suffix, content in ((".docx", _word()), (".pdf", _pdf(lambda canvas: _lines(canvas, ["some text"])))):
        try:
            blocks = read_blocks(suffix, content[: len(content) * cut // 100])
        except UnreadableError:
            continue
        assert all(block.text for block in blocks)


def test_unread_files_are_listed_and_system_files_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Fever.")
    (tmp_path / "b.wpd").write_text("x")
    (tmp_path / "c.pdf").write_bytes(b"no pdf")
    for name in (".DS_Store", "~$a.docx", "Thumbs.db", "a.txt~", ".a.txt.swp", "desktop.ini"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("x")
    log = FileLog()
    assert [item.document for item in read_folder(tmp_path, log=log)] == ["a.txt"]
    assert set(log.unread) == {"b.wpd", "c.pdf"}
    assert "convert to PDF" in log.unread["b.wpd"]


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        (("hyper-", "kalaemia"), "hyperkalaemia"),
        (("beta-", "blocker"), "beta-blocker"),
        (("give 10-", "20 mg"), "give 10-20 mg"),
        (("raised IL-", "6"), "raised IL-6"),
        (("pre-", "and postoperative"), "pre- and postoperative"),
        (("potassium -", "see below"), "potassium - see below"),
        (("soft\u00ad", "Ware"), "softWare"),
    ],
)
def test_a_word_divided_at_a_line_end_is_joined_and_a_compound_keeps_its_hyphen(lines, joined):
    assert join_lines(lines, " ") == joined


def test_joining_many_lines_takes_linear_time():
    lines = ["a line of an export with a hy-", "phen"] * 100_000
    began = time.process_time()
    assert len(join_lines(lines, " ")) == 100_000 * len("a line of an export with a hyphen ") - 1
    assert time.process_time() - began < 5


def test_a_file_too_large_is_refused_without_being_read(tmp_path, monkeypatch):
    from clinweave.knowledge import add_collection
    from clinweave.knowledge.retrieval import corpora

    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.md").write_text("# A\n\ntext")
    with (tmp_path / "texts" / "big.pdf").open("wb") as file:
        file.truncate(300 << 20)  # without content on the disk
    read = []
    monkeypatch.setattr(corpora, "sha256", lambda path: read.append(path.name) or "0")
    done = add_collection(tmp_path / "texts", tmp_path / "home")
    assert done.manifest["unreadable"] == {"big.pdf": "larger than 256 MiB; divide it"}
    assert read == ["a.md"]


def test_a_sentence_is_no_title(tmp_path: Path) -> None:
    (tmp_path / "fridge.txt").write_text("Plonkamab is stored in the fridge.\n")
    (tmp_path / "titled.txt").write_text("Storage of plonkamab\n\nIt is stored in the fridge.\n")
    assert {item.document: item.title for item in _passages(tmp_path)} == {
        "fridge.txt": "fridge.txt",
        "titled.txt": "Storage of plonkamab",
    }


def test_a_definition_stands_behind_its_own_term_and_ends_with_its_list(tmp_path):
    page = """<html><body><h1>Bites</h1><dl>
    <dt>Superficial</dt><dt>Scratch</dt><dd>Wash the wound.</dd>
    <dt>Deep</dt><dd><p>Call the surgeon.</p><p>Review after a day.</p></dd><dd>Photograph it.</dd>
    <dt>Hand</dt><dd><ul><li>Elevate it</li><li>Start co-amoxiclav</li></ul></dd>
    <dt>Unanswered</dt></dl><p>Record the owner.</p></body></html>"""
    (tmp_path / "bites.html").write_text(page, "utf-8")
    text = "\n".join(passage.text for passage in read_folder(tmp_path))
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    assert lines == [
        "- Superficial / Scratch: Wash the wound.",
        "- Deep: Call the surgeon.",
        "  - Review after a day.",
        "- Deep: Photograph it.",
        "- Hand:",
        "  - Elevate it",
        "  - Start co-amoxiclav",
        "Unanswered",
        "Record the owner.",
    ]
