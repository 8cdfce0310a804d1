"""Tables of PDF files: each row is one statement with its own column heads, whatever the table looks like."""

import io

import pytest
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    LongTable,
    PageBreak,
    PageTemplate,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
)

from clinweave.knowledge.retrieval.documents import read_blocks

STYLES = getSampleStyleSheet()
BODY = STYLES["BodyText"]
GRID = ("GRID", (0, 0), (-1, -1), 0.5, colors.black)
HEADS = ["Drug", "Dose in kidney failure", "Avoid when"]
DRUGS = ["enoxaparin", "gabapentin", "metformin", "digoxin"]


def cells(drug: str, number: int) -> list[str]:
    return [
        f"{drug} as a solution for injection",
        f"{number + 2} mg once daily, halved in those on dialysis three times each week",
        f"potassium above {number}.5 mmol/L or together with trimethoprim",
    ]


def wanted(drug: str, number: int) -> str:
    return "; ".join(f"{head}: {cell}" for head, cell in zip(HEADS, cells(drug, number), strict=True))


def table(rows: list[list[str]], *style: tuple[object, ...], **options: object) -> LongTable:
    wrapped = [[Paragraph(cell, BODY) if isinstance(cell, str) else cell for cell in row] for row in rows]
    result = LongTable(wrapped, colWidths=[110, 160, 160][: len(rows[0])], **options)
    result.setStyle(list(style))
    return result


def pdf(*story: object) -> bytes:
    stream = io.BytesIO()
    SimpleDocTemplate(stream, pagesize=A4).build(list(story))
    return stream.getvalue()


def rows(content: bytes) -> list[str]:
    return [block.text for block in read_blocks(".pdf", content) if block.kind == "row"]


LOOKS = {
    "grid": [GRID],
    "boxes": [("BOX", (0, 0), (-1, -1), 1, colors.black), ("INNERGRID", (0, 0), (-1, -1), 0.25, colors.grey)],
    "filled head": [GRID, ("BACKGROUND", (0, 0), (-1, 0), colors.lightblue)],
    "middle": [GRID, ("VALIGN", (0, 0), (-1, -1), "MIDDLE")],
    "rules between rows": [("LINEABOVE", (0, 0), (-1, -1), 0.5, colors.black),
                           ("LINEBELOW", (0, -1), (-1, -1), 0.5, colors.black), ("VALIGN", (0, 0), (-1, -1), "TOP")],
    "stripes": [("ROWBACKGROUNDS", (0, 0), (-1, -1), [colors.lightgrey, colors.whitesmoke]),
                ("VALIGN", (0, 0), (-1, -1), "TOP")],
    "no rules": [("VALIGN", (0, 0), (-1, -1), "TOP"), ("BOTTOMPADDING", (0, 0), (-1, -1), 10)],
    "no rules, bottom": [("VALIGN", (0, 0), (-1, -1), "BOTTOM"), ("BOTTOMPADDING", (0, 0), (-1, -1), 10)],
}  # fmt: skip


@pytest.mark.parametrize("look", LOOKS)
def test_cells_of_several_lines_stay_in_their_row_and_column(look: str) -> None:
    body = [cells(drug, number) for number, drug in enumerate(DRUGS)]
    content = pdf(
        Paragraph("Renal doses", STYLES["Heading1"]),
        Paragraph("Read the whole row before prescribing from this table of the renal unit.", BODY),
        Spacer(1, 20),
        table([HEADS, *body], *LOOKS[look]),
        Spacer(1, 20),
        Paragraph("Ask the renal pharmacist about any drug that is not in this table.", BODY),
    )
    assert rows(content) == [wanted(drug, number) for number, drug in enumerate(DRUGS)]
    prose = [block.text for block in read_blocks(".pdf", content) if block.kind == "paragraph"]
    assert len(prose) == 2


def test_rules_above_and_below_and_under_the_heads_alone() -> None:
    style = [(kind, place, end, 1, colors.black) for kind, place, end in (
        ("LINEABOVE", (0, 0), (-1, 0)), ("LINEBELOW", (0, 0), (-1, 0)), ("LINEBELOW", (0, -1), (-1, -1)))]  # fmt: skip
    body = [["enoxaparin", *cells("", 0)[1:]], ["digoxin", *cells("", 3)[1:]]]
    result = rows(pdf(table([HEADS, *body], *style, ("VALIGN", (0, 0), (-1, -1), "TOP"))))
    assert [text.partition(";")[0] for text in result] == ["Drug: enoxaparin", "Drug: digoxin"]
    assert all(text.count(": ") == 3 for text in result)


@pytest.mark.parametrize("repeated", [0, 1])
def test_a_long_table_keeps_its_heads_on_every_page(repeated: int) -> None:
    body = [cells(f"drug{number}", number) for number in range(60)]
    content = pdf(table([HEADS, *body], GRID, repeatRows=repeated))
    assert rows(content) == [wanted(f"drug{number}", number) for number in range(60)]
    assert max(block.page for block in read_blocks(".pdf", content)) >= 3


@pytest.mark.parametrize("ruled", [True, False])
def test_one_last_row_alone_on_the_next_page(ruled: bool) -> None:
    plain = [["Drug", "Dose", "Avoid"], *([f"drug{n}", f"{n} mg", f"stage {n}"] for n in range(120))]
    for count in range(30, 60):  # one of these lengths leaves a single row
        result = LongTable(plain[:count], colWidths=[90, 90, 90])
        result.setStyle([GRID] if ruled else [])
        content = pdf(result)
        assert rows(content) == [
            f"Drug: drug{n}; Dose: {n} mg; Avoid: stage {n}" for n in range(count - 1)
        ], count


def test_another_table_on_the_next_page_has_its_own_heads() -> None:
    bold = ("FONTNAME", (0, 0), (-1, 0), "Helvetica-Bold")
    tables = []
    for heads, cell in ((["Drug", "Dose"], "mg"), (["Organism", "First choice"], "choice")):
        built = LongTable(
            [heads, *([f"{heads[0]}{n}", f"{n} {cell}"] for n in range(4))], colWidths=[120, 120]
        )
        built.setStyle([GRID, bold])
        tables += [built, PageBreak()]
    result = rows(pdf(*tables[:-1]))
    assert result[0] == "Drug: Drug0; Dose: 0 mg"
    assert result[-1] == "Organism: Organism3; First choice: 3 choice"


def test_merged_cells_count_for_each_row_and_column() -> None:
    result = rows(
        pdf(
            table(
                [
                    ["Drug", "Dose", ""],
                    ["", "Stage 4", "Stage 5"],
                    ["Antibiotics", "", ""],
                    ["amoxicillin", "500 mg twice", "500 mg once"],
                    ["gentamicin", "avoid", ""],
                    ["Others", "", ""],
                    ["digoxin", "62 micrograms", "give none"],
                    ["", "check the level", "ask renal"],
                ],
                GRID,
                ("SPAN", (1, 0), (2, 0)), ("SPAN", (0, 0), (0, 1)), ("SPAN", (0, 2), (-1, 2)),
                ("SPAN", (1, 4), (2, 4)), ("SPAN", (0, 5), (-1, 5)), ("SPAN", (0, 6), (0, 7)),
            )
        )
    )  # fmt: skip
    assert result == [
        "Antibiotics; Drug: amoxicillin; Dose Stage 4: 500 mg twice; Dose Stage 5: 500 mg once",
        "Antibiotics; Drug: gentamicin; Dose Stage 4: avoid; Dose Stage 5: avoid",
        "Others; Drug: digoxin; Dose Stage 4: 62 micrograms; Dose Stage 5: give none",
        "Others; Drug: digoxin; Dose Stage 4: check the level; Dose Stage 5: ask renal",
    ]


def test_a_box_around_prose_is_no_table() -> None:
    text = (
        "Do not give adrenaline by the intravenous route on the ward. Call the emergency team at once. " * 3
    )
    box = table(
        [[text]], ("BOX", (0, 0), (-1, -1), 1, colors.red), ("BACKGROUND", (0, 0), (-1, -1), colors.pink)
    )
    titled = table([["Warning"], [text]], GRID)
    for result in (box, titled):
        content = pdf(Paragraph("Before.", BODY), result, Paragraph("After.", BODY))
        assert rows(content) == []
        whole = " ".join(block.text for block in read_blocks(".pdf", content))
        assert whole.startswith("Before.")
        assert whole.endswith("After.")
        assert whole.count("Do not give adrenaline by the intravenous route on the ward.") == 3


def test_boxes_joined_by_arrows_are_no_table() -> None:
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4)
    for number, (x, y, text) in enumerate(
        [
            (200, 700, "Is the patient shocked?"),
            (60, 560, "Give fluids."),
            (340, 560, "Wait and see."),
            (60, 420, "Call ICU."),
        ]
    ):
        canvas.rect(x, y, 160, 40)
        canvas.drawString(x + 10, y + 15, text)
        if number:
            canvas.line(x + 80, y + 40, x + 80, y + 100)
    canvas.line(140, 660, 420, 660)
    canvas.line(280, 660, 280, 700)
    canvas.save()
    assert rows(stream.getvalue()) == []


def test_a_table_within_one_of_two_columns() -> None:
    stream = io.BytesIO()
    document = BaseDocTemplate(stream, pagesize=A4)
    frames = [Frame(40, 50, 240, 740, id="a"), Frame(310, 50, 240, 740, id="b")]
    document.addPageTemplates([PageTemplate(frames=frames)])
    prose = (
        "The ward pharmacist reviews every chart before noon and signs the sheet at the end of the bed. " * 6
    )
    result = LongTable([["Drug", "Dose"], ["alpha", "1 mg"], ["beta", "2 mg"]], colWidths=[100, 100])
    result.setStyle([GRID])
    story = [
        Paragraph(f"{word} {prose}", BODY)
        for word in ("First", "Second", "Third", "Fourth", "Fifth", "Sixth")
    ]
    document.build([*story[:2], result, *story[2:]])
    blocks = read_blocks(".pdf", stream.getvalue())
    assert [block.text for block in blocks if block.kind == "row"] == [
        "Drug: alpha; Dose: 1 mg",
        "Drug: beta; Dose: 2 mg",
    ]
    order = [block.text.split()[0] for block in blocks]
    assert [word for word in order if word in {"First", "Second", "Drug:", "Third", "Fourth", "Fifth", "Sixth"}] == [
        "First", "Second", "Drug:", "Drug:", "Third", "Fourth", "Fifth", "Sixth",
    ]  # fmt: skip


def test_labels_with_values_are_no_column_heads() -> None:
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=A4)
    for number, (label, value) in enumerate(
        (("Author:", "Renal team"), ("Version:", "3"), ("Date:", "March 2026"))
    ):
        canvas.drawString(60, 780 - 14 * number, label)
        canvas.drawString(160, 780 - 14 * number, value)
    canvas.save()
    assert rows(stream.getvalue()) == ["Author: Renal team", "Version: 3", "Date: March 2026"]
