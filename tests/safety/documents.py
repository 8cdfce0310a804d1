"""Small sound files in document formats, written by hand."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path


def docx_file() -> bytes:
    """Return a document of one paragraph."""
    out = io.BytesIO()
    types = (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default '
        'Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
        'PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.'
        'document.main+xml"/></Types>'
    )
    relations = (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
        ' Target="word/document.xml"/></Relationships>'
    )
    body = (
        '<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
        "<w:p><w:r><w:t>Gout</w:t></w:r></w:p></w:body></w:document>"
    )
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in (
            ("[Content_Types].xml", types),
            ("_rels/.rels", relations),
            ("word/document.xml", body),
        ):
            archive.writestr(name, text)
    return out.getvalue()


def pdf_file(text: str = "Gout is a disease of joints") -> bytes:
    """Return a page with one line of text, as small as the format allows."""
    stream = f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, item in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        out
        + b"xref\n0 6\n0000000000 65535 f \n%strailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (
            table,
            len(out),
        )
    )


def packed(parts: Mapping[str, bytes]) -> bytes:
    """Return an archive of the parts, which is what office formats are."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def parts_of(content: bytes) -> dict[str, bytes]:
    """Return the parts of an archive by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {item.filename: archive.read(item) for item in archive.infolist() if not item.is_dir()}


def packed_folder(folder: Path) -> bytes:
    """Return an archive of the files of a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return packed({path.relative_to(folder).as_posix(): path.read_bytes() for path in files})


def table_pdf_file() -> bytes:
    """Return two pages with a heading, a ruled table, a table without rules, two columns and rotated text."""
    from reportlab.lib import colors
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import Table

    out = io.BytesIO()
    canvas = Canvas(out, pageCompression=0, invariant=1)
    for page in range(2):
        canvas.setFont("Helvetica-Bold", 16)
        canvas.drawString(72, 780, "Doses in kidney failure")
        canvas.setFont("Helvetica", 10)
        table = Table([["Drug", "Dose"], ["digoxin", "62 micrograms"], ["enoxaparin", "20 mg"]])
        table.setStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.black), ("SPAN", (0, 1), (0, 2))])
        table.wrapOn(canvas, 200, 200)
        table.drawOn(canvas, 72, 680)
        for row, cells in enumerate(
            (("Organism", "First choice"), ("Klebsiella", "meropenem"), ("Proteus", "amoxicillin"))
        ):
            for column, cell in enumerate(cells):
                canvas.drawString(72 + 150 * column, 640 - 14 * row, cell)
        for line in range(8):
            canvas.drawString(72, 560 - 14 * line, f"Left column of prose that goes on, line {line} of it")
            canvas.drawString(320, 560 - 14 * line, f"Right column of prose that goes on, line {line} of it")
        canvas.saveState()
        canvas.rotate(45)
        canvas.drawString(300, 100, "WITHDRAWN")
        canvas.restoreState()
        canvas.drawString(72, 30, f"Page {page + 1}")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def slides_file() -> bytes:
    """Return slides with a title, a list, a table, a group and notes."""
    import pptx

    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Sepsis"
    slide.placeholders[1].text = "Do not:\nuse starch\ndelay antibiotics"
    slide.notes_slide.notes_text_frame.text = "Ask the ward."
    table = slide.shapes.add_table(2, 2, 0, 2_000_000, 4_000_000, 1_000_000).table
    for place, text in enumerate(("Drug", "Dose", "ceftriaxone", "2 g")):
        table.cell(place // 2, place % 2).text = text
    out = io.BytesIO()
    deck.save(out)
    return out.getvalue()


def word_file() -> bytes:
    """Return a document with headings, a list, a table with merged cells and superscripts."""
    import docx

    document = docx.Document()
    document.add_heading("Anticoagulation", 1)
    document.add_paragraph("Do not:")
    document.add_paragraph("bridge with heparin", style="List Bullet")
    document.add_paragraph("Platelets below 50 x 10").add_run("9").font.superscript = True
    table = document.add_table(rows=3, cols=3)
    for row, cells in zip(
        table.rows, (("Drug", "Dose", ""), ("apixaban", "5 mg", "2.5 mg"), ("", "a", "b")), strict=True
    ):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(1, 0).merge(table.cell(2, 0))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def workbook_file() -> bytes:
    """Return a workbook (.xlsx) of one sheet with text, a number, a formula and a merged cell."""
    cells = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Drug</t></is></c>'
        '<c r="B1" t="inlineStr"><is><t>mg</t></is></c></row>'
        '<row r="2"><c r="A2" t="inlineStr"><is><t>digoxin</t></is></c><c r="B2"><f>1/8</f><v>0.125</v></c></row>'
        '<row r="3"><c r="B3"><v>75</v></c></row>'
    )
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    return packed({
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override '
        f'PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/s.xml" ContentType="{kind}.worksheet+xml"/></Types>'.encode(),
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r" '
        f'Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'.encode(),
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r0" '
        f'Type="{_RELATIONS}/worksheet" Target="s.xml"/></Relationships>'.encode(),
        "xl/workbook.xml": f'<workbook xmlns="{_SHEET}" xmlns:r="{_RELATIONS}"><sheets><sheet name="Doses" sheetId="1" '
        'r:id="r0"/></sheets></workbook>'.encode(),
        "xl/s.xml": f'<worksheet xmlns="{_SHEET}"><sheetData>{cells}</sheetData><mergeCells count="1">'
        '<mergeCell ref="A2:A3"/></mergeCells></worksheet>'.encode(),
    })  # fmt: skip


def opendocument_file(kind: str) -> bytes:
    """Return an OpenDocument text ("text") or workbook ("spreadsheet") with a table."""
    names = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = " ".join(f'xmlns:{name}="{names}:{name}:1.0"' for name in ("office", "text", "table"))
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
            for cell in row
        )
        + "</table:table-row>"
        for row in (("Drug", "Dose"), ("digoxin", "62 micrograms"))
    )
    table = f'<table:table table:name="Doses">{rows}</table:table>'
    before = (
        '<text:h text:outline-level="1">Insulin</text:h><text:p>Do not:</text:p><text:list><text:list-item><text:p>stop'
        '<text:s text:c="2"/>basal insulin</text:p></text:list-item></text:list>'
    )
    body = f"{before if kind == 'text' else ''}{table}"
    media = f"application/vnd.oasis.opendocument.{kind}"
    return packed({
        "mimetype": media.encode(),
        "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{names}:manifest:1.0"><manifest:file-entry '
        f'manifest:full-path="/" manifest:media-type="{media}"/></manifest:manifest>'.encode(),
        "content.xml": f"<office:document-content {spaces}><office:body><office:{kind}>{body}</office:{kind}>"
        "</office:body></office:document-content>".encode(),
    })  # fmt: skip


RICH_TEXT = (
    rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\stylesheet{\s1 heading 1;}}\f0\fs28 Gout\par\fs20 Do not:\par "
    rb"{\deleted give 500 mg} stop allopurinol \u8722? in an attack\par \trowd\cellx1000\cellx2000 Drug\cell Dose\cell"
    rb"\row {\v hidden} K\'f6nig\par}"
)
MESSAGE = b"\r\n".join([
    b"From: a@example.org", b"Subject: =?utf-8?q?Sepsis_guideline?=", b"Date: Mon, 2 Mar 2026 10:00:00 +0000",
    b"MIME-Version: 1.0", b"Content-Type: multipart/mixed; boundary=b", b"", b"--b",
    b"Content-Type: text/html; charset=utf-8", b"Content-Transfer-Encoding: quoted-printable", b"",
    b"<p>Give fluids =3D 30 ml/kg</p>", b"--b", b'Content-Type: application/pdf; name="a.pdf"',
    b'Content-Disposition: attachment; filename="a.pdf"', b"", b"x", b"--b--", b"",
])  # fmt: skip
