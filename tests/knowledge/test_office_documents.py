"""Workbooks, slides, OpenDocument, rich text, e-mail and CSV; merged cells of Word and web pages."""

import io
import time
import zipfile
from collections.abc import Callable

import docx
import pptx
import pytest

from clinweave.knowledge.retrieval.documents import UnreadableError, read_blocks

SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def texts(suffix: str, content: bytes) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in read_blocks(suffix, content)]


def archive(members: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, text in members.items():
            file.writestr(name, text)
    return stream.getvalue()


def workbook() -> bytes:
    """Return a workbook with a sheet of a number, a date and a formula, and a hidden sheet."""
    cells = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Drug</t></is></c><c r="B1" t="inlineStr"><is><t>Dose mg</t></is></c>'
        '<c r="C1" t="inlineStr"><is><t>From</t></is></c></row>'
        '<row r="2"><c r="A2" t="inlineStr"><is><t>digoxin</t></is></c><c r="B2"><f>0.125/2</f><v>0.0625</v></c>'
        '<c r="C2" s="1"><v>45352</v></c></row>'
        '<row r="3"><c r="A3" t="inlineStr"><is><t>aspirin</t></is></c><c r="B3"><v>75</v></c></row>'
    )
    sheet = f'<worksheet xmlns="{SPREADSHEET}"><sheetData>{{}}</sheetData></worksheet>'
    secret = '<row r="1"><c r="A1" t="inlineStr"><is><t>hidden words</t></is></c></row>'
    types = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = "".join(
        f'<Override PartName="/xl/{name}.xml" ContentType="{types}.{kind}+xml"/>'
        for name, kind in (("workbook", "sheet.main"), ("worksheets/s1", "worksheet"), ("worksheets/s2", "worksheet"),
                           ("styles", "styles"))
    )  # fmt: skip
    links = "".join(
        f'<Relationship Id="r{n}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(
            (("worksheet", "worksheets/s1.xml"), ("worksheet", "worksheets/s2.xml"), ("styles", "styles.xml"))
        )
    )
    return archive({
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>{parts}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r" '
        f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{SPREADSHEET}" xmlns:r="{RELATIONS}"><sheets>'
        '<sheet name="Doses" sheetId="1" r:id="r0"/>'
        '<sheet name="Old" sheetId="2" state="hidden" r:id="r1"/></sheets></workbook>',
        "xl/styles.xml": f'<styleSheet xmlns="{SPREADSHEET}"><cellXfs count="2">'
        '<xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>',
        "xl/worksheets/s1.xml": sheet.format(cells),
        "xl/worksheets/s2.xml": sheet.format(secret),
    })  # fmt: skip


def test_a_workbook_gives_its_rows_with_heads_and_dates_as_dates() -> None:
    assert texts(".xlsx", workbook()) == [
        ("heading", "Doses"),
        ("row", "Drug: digoxin; Dose mg: 0.0625; From: 2024-03-01"),
        ("row", "Drug: aspirin; Dose mg: 75"),
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_csv_gives_its_rows_with_heads(separator: str) -> None:
    lines = ["Drug|Dose|Note", "digoxin|62.5 micrograms|", '"aspirin"|75 mg|"not in\nchildren"']
    content = "\n".join(lines).replace("|", separator).encode()
    assert texts(".csv", content) == [
        ("row", "Drug: digoxin; Dose: 62.5 micrograms"),
        ("row", "Drug: aspirin; Dose: 75 mg; Note: not in children"),
    ]


def test_slides_are_pages_with_lists_tables_and_notes() -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Sepsis"
    slide.placeholders[1].text = "Do not:\nuse starch\ndelay antibiotics"
    slide.notes_slide.notes_text_frame.text = "Ask the audience."
    second = deck.slides.add_slide(deck.slide_layouts[5])
    second.shapes.title.text = "Doses"
    table = second.shapes.add_table(2, 2, 0, 2_000_000, 4_000_000, 1_000_000).table
    for place, text in enumerate(("Drug", "Dose", "ceftriaxone", "2 g")):
        table.cell(place // 2, place % 2).text = text
    hidden = deck.slides.add_slide(deck.slide_layouts[5])
    hidden.shapes.title.text = "Hidden"
    hidden._element.set("show", "0")
    stream = io.BytesIO()
    deck.save(stream)
    assert [(block.kind, block.text, block.page) for block in read_blocks(".pptx", stream.getvalue())] == [
        ("heading", "Sepsis", 1),
        ("paragraph", "Do not:", 1),
        ("item", "use starch", 1),
        ("item", "delay antibiotics", 1),
        ("heading", "Notes", 1),
        ("paragraph", "Ask the audience.", 1),
        ("heading", "Doses", 2),
        ("row", "Drug: ceftriaxone; Dose: 2 g", 2),
    ]


def opendocument(body: str) -> bytes:
    names = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = " ".join(f'xmlns:{name}="{names}:{name}:1.0"' for name in ("office", "text", "table"))
    return archive({
        "META-INF/manifest.xml": "<manifest/>",
        "content.xml": f"<office:document-content {spaces}><office:body><office:text>{body}</office:text></office:body>"
        "</office:document-content>",
    })  # fmt: skip


def test_opendocument_without_comments_and_deletions() -> None:
    body = (
        "<text:tracked-changes><text:p>deleted dose 50 mg</text:p></text:tracked-changes>"
        '<text:h text:outline-level="1">Insulin</text:h>'
        "<text:p>Do not:</text:p><text:list><text:list-item><text:p>stop<text:s/>basal insulin"
        "<office:annotation><text:p>really?</text:p></office:annotation> at night</text:p></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>Drug</text:p></table:table-cell><table:table-cell>"
        "<text:p>Dose</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell><text:p>A</text:p>"
        "</table:table-cell><table:table-cell><text:p>5 mg</text:p></table:table-cell></table:table-row></table:table>"
    )
    assert texts(".odt", opendocument(body)) == [
        ("heading", "Insulin"),
        ("paragraph", "Do not:"),
        ("item", "stop basal insulin at night"),
        ("row", "Drug: A; Dose: 5 mg"),
    ]


def test_an_unclosed_quotation_mark_swallows_no_rows() -> None:
    rows = ["Drug|Dose", 'heparin|"5000 units', "enoxaparin|40 mg", "apixaban|5 mg"]
    tabs = texts(".tsv", "\n".join(rows).replace("|", "\t").encode())
    assert tabs[0][1] == 'Drug: heparin; Dose: "5000 units'
    assert tabs[1][1] == "Drug: enoxaparin; Dose: 40 mg"
    with pytest.raises(UnreadableError, match="row 2: a quotation mark is not closed"):
        read_blocks(".csv", "\n".join(rows).replace("|", ",").encode())
    assert texts(".csv", b'Drug,Dose\n"ACE" inhibitor,low\n') == [("row", "Drug: ACE inhibitor; Dose: low")]


def test_a_title_above_the_heads_is_no_head() -> None:
    rows = b"Formulary 2026,\nDrug,Dose\naspirin,75 mg\ndigoxin,62.5 micrograms\n"
    assert texts(".csv", rows) == [
        ("paragraph", "Formulary 2026"),
        ("row", "Drug: aspirin; Dose: 75 mg"),
        ("row", "Drug: digoxin; Dose: 62.5 micrograms"),
    ]
    without_heads = b"Formulary 2026,\naspirin,75 mg\ndigoxin,62.5 micrograms\n"
    assert not any("aspirin:" in text for _, text in texts(".csv", without_heads))


def test_a_merged_cell_of_a_sheet_counts_for_each_row() -> None:
    text = '<c r="{}" t="inlineStr"><is><t>{}</t></is></c>'
    cells = [("B2", "CKD"), ("C2", "Drug"), ("D2", "Dose"), ("B3", "stage 4"), ("C3", "A"), ("D3", "1 mg"),
             ("C4", "B"), ("D4", "none"), ("B5", "stage 5"), ("C5", "C"), ("D5", "2 mg")]  # fmt: skip
    rows = "".join(
        f'<row r="{n}">{"".join(text.format(*cell) for cell in cells if cell[0][1:] == str(n))}</row>'
        for n in range(2, 6)
    )
    sheet = (
        f'<worksheet xmlns="{SPREADSHEET}"><sheetData>{rows}</sheetData>'
        '<mergeCells count="1"><mergeCell ref="B3:B4"/></mergeCells></worksheet>'
    )
    with zipfile.ZipFile(io.BytesIO(workbook())) as old:
        members = {name: old.read(name).decode() for name in old.namelist()}
    assert [item for _, item in texts(".xlsx", archive({**members, "xl/worksheets/s1.xml": sheet}))] == [
        "Doses",
        "CKD: stage 4; Drug: A; Dose: 1 mg",
        "CKD: stage 4; Drug: B; Dose: none",
        "CKD: stage 5; Drug: C; Dose: 2 mg",
    ]


def test_rich_text_without_tracked_deletions_and_hidden_words() -> None:
    rich = (
        rb"{\rtf1\ansi\ansicpg1252 Give 5 mg{\deleted\revauthdel1  50 mg, caf\'e9 {\b bold}} daily,\v  hidden\v0  with"
        rb" \deleted cold \deleted0 water \{a\}.\par{\v secret}\pard\plain Second.}"
    )
    words = [" ".join(text.split()) for _, text in texts(".rtf", rich)]
    assert words == ["Give 5 mg daily, with water {a}.", "Second."]


def test_word_without_hidden_words() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Give 5 mg")
    paragraph.add_run(" or 50 mg").font.hidden = True
    paragraph.add_run(" daily.").font.hidden = False
    stream = io.BytesIO()
    document.save(stream)
    assert texts(".docx", stream.getvalue()) == [("paragraph", "Give 5 mg daily.")]


def test_rich_text_and_mail() -> None:
    rich = rb"{\rtf1\ansi\ansicpg1252{\b Rifampicin}\par Stains tears; caf\'e9.\par}"
    assert [text for _, text in texts(".rtf", rich)] == ["Rifampicin", "Stains tears; caf\u00e9."]
    mail = (
        b"Subject: =?utf-8?q?Warfarin_policy?=\r\nDate: Mon, 4 Mar 2024 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n'
        b"<p>From Monday the target INR is 2.5.</p>\r\n--x\r\nContent-Type: application/pdf\r\n"
        b'Content-Disposition: attachment; filename="policy.pdf"\r\n\r\nx\r\n--x--\r\n'
    )
    assert texts(".eml", mail) == [
        ("heading", "Warfarin policy"),
        ("paragraph", "Date: Mon, 4 Mar 2024 10:00:00 +0000"),
        ("paragraph", "From Monday the target INR is 2.5."),
        ("paragraph", "Attachments that are not read: policy.pdf"),
    ]


def merged_word() -> bytes:
    document = docx.Document()
    table = document.add_table(5, 3)
    for row, cells in enumerate(
        [
            ["Drug", "Dose", "Dose"],
            ["Drug", "CKD 4", "CKD 5"],
            ["A", "1 mg", "none"],
            ["A", "2 mg", "none"],
            ["B", "3 mg", "4 mg"],
        ]
    ):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    for first, last, text in (((0, 0), (1, 0), "Drug"), ((0, 1), (0, 2), "Dose"), ((2, 0), (3, 0), "A")):
        table.cell(*last).text = ""
        table.cell(*first).merge(table.cell(*last)).text = text
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


MERGED_PAGE = b"""<table><thead><tr><th rowspan=2>Drug</th><th colspan=2>Dose</th></tr>
<tr><th>CKD 4</th><th>CKD 5</th></tr></thead>
<tr><td rowspan=2>A</td><td>1 mg</td><td>none</td></tr><tr><td>2 mg</td><td>none</td></tr>
<tr><td>B</td><td>3 mg</td><td>4 mg</td></tr></table>"""


@pytest.mark.parametrize(("suffix", "content"), [(".docx", merged_word()), (".html", MERGED_PAGE)])
def test_merged_cells_count_for_each_row_and_column(suffix: str, content: bytes) -> None:
    assert [text for _, text in texts(suffix, content)] == [
        "Drug: A; Dose CKD 4: 1 mg; Dose CKD 5: none",
        "Drug: A; Dose CKD 4: 2 mg; Dose CKD 5: none",
        "Drug: B; Dose CKD 4: 3 mg; Dose CKD 5: 4 mg",
    ]


def test_a_row_that_spans_the_table_stands_before_the_rows_below() -> None:
    page = (
        "<table><tr><th>Drug</th><th>Dose</th></tr><tr><td colspan=2>Pregnancy: do not give</td></tr>"
        "<tr><td>warfarin</td><td>5 mg</td></tr><tr><td colspan=2>Others</td></tr>"
        "<tr><td>A</td><td>1 mg</td></tr></table>"
    )
    assert [text for _, text in texts(".html", page.encode())] == [
        "Pregnancy: do not give; Drug: warfarin; Dose: 5 mg",
        "Others; Drug: A; Dose: 1 mg",
    ]


WHOLE: dict[str, Callable[[], bytes]] = {
    ".xlsx": workbook,
    ".odt": lambda: opendocument("<text:p>Some words.</text:p>"),
    ".docx": merged_word,
}


@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".ods", ".odt", ".pptx", ".rtf", ".docx"])
def test_damaged_files_say_so(suffix: str) -> None:
    whole = WHOLE[suffix]() if suffix in WHOLE else b"PK\x03\x04" + bytes(200)
    for content in (
        b"not such a file",
        whole[: len(whole) // 2],
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    ):
        with pytest.raises(UnreadableError):
            read_blocks(suffix, content)


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Type: text/plain; x=" + b"[" * 30_000,
        b"Date: Mon, " + b"9" * 400 + b" Mar 2024",
        b"Content-Type: text/html; charset=no-such-set",
        b"Subject: =?utf-8?b?####?=",
    ],
)
def test_odd_headers_of_mail_are_read_in_time(head: bytes) -> None:
    start = time.process_time()
    blocks = texts(".eml", b"Subject: Gout\r\n" + head + b"\r\n\r\nStop allopurinol.\r\n")
    assert ("paragraph", "Stop allopurinol.") in blocks
    assert time.process_time() - start < 2


def test_rich_text_with_a_number_out_of_range_is_damaged() -> None:
    with pytest.raises(UnreadableError, match="damaged"):
        texts(".rtf", rb"{\rtf1\ansi Gout\par \u" + b"9" * 40 + rb"? Pain\par}")


def test_an_opendocument_with_damaged_compression_is_reported() -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("META-INF/manifest.xml", "<manifest/>")
        file.writestr("content.xml", "<a>" + "gout " * 500 + "</a>")
    data = bytearray(content.getvalue())
    start = data.rindex(b"content.xml", 0, data.rindex(b"PK\x01\x02", 0, data.rindex(b"PK\x01\x02"))) + len(
        b"content.xml"
    )
    data[start : start + 8] = b"\xff" * 8
    with pytest.raises(UnreadableError, match="damaged"):
        texts(".odt", bytes(data))


def test_labels_with_values_are_no_column_heads() -> None:
    cells = (("Author:", "Renal team"), ("Version:", "3"), ("Review:", ""))
    rows = "".join(f"<tr><td>{label}</td><td>{value}</td></tr>" for label, value in cells)
    assert texts(".html", f"<table>{rows}</table>".encode()) == [
        ("row", "Author: Renal team"),
        ("row", "Version: 3"),
        ("row", "Review:"),
    ]
    four = "Weight:;70 kg;Height:;180 cm\nAge:;40;;\n"
    assert texts(".csv", four.encode()) == [("row", "Weight: 70 kg; Height: 180 cm"), ("row", "Age: 40")]
    assert texts(".csv", b"Drug:;Dose:\naspirin;75 mg\n") == [("row", "Drug: aspirin; Dose: 75 mg")]


def test_a_workbook_with_cut_off_xml_is_reported() -> None:
    start = '<office:document-content xmlns:office="urn:o"><office:body><office:spreadsheet>'
    members = {
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": "<manifest/>",
    }
    with pytest.raises(UnreadableError, match="damaged"):
        read_blocks(".ods", archive({**members, "content.xml": start}))
