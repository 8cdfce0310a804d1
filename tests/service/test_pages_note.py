"""The page Note over HTTP: reading, correcting, what follows, exports, files, and that nothing is kept."""

import csv
import io
import json
import logging
import re
import tempfile

import pytest

from clinweave.service.pages.note_export import as_csv
from clinweave.service.pages.note_form import NoteForm
from clinweave.service.pages.note_view import read_view
from tests.service.pages import BREAKOUT, LETTER, pages_of, small_base

LENS, ANEURYSM, SEIZURE, ATAXIA, CATARACT = (f"HP:0000{n}" for n in ("102", "202", "301", "302", "103"))


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return small_base(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def pages(base):
    with pages_of(base) as client:
        yield client


def read(pages, text=LETTER, action="read", part=False, **fields):
    headers = {"HX-Request": "true"} if part else {}
    return pages.post("/note", data={"text": text, "action": action, **fields}, headers=headers)


def statuses(page):
    """Return id -> status of the table of findings."""
    return {
        id_.replace("_", ":"): kind for id_, kind in re.findall(r'<li id="t-(HP_\d+)" class="(\w+)"', page)
    }


def test_a_letter_is_marked_by_status_with_a_sign_besides_the_colour(pages):
    page = read(pages).text
    assert statuses(page) == {
        LENS: "present", ANEURYSM: "present", SEIZURE: "absent", ATAXIA: "uncertain", CATARACT: "relative",
    }  # fmt: skip
    for kind, sign in {"present": "+", "absent": "\u2212", "uncertain": "?", "relative": "family"}.items():
        assert re.search(rf'<mark class="{kind}"><b aria-hidden="true">{re.escape(sign)}</b>', page)
    assert '<a href="#t-HP_0000102">dislocated lens</a>' in page


def test_without_scripts_everything_that_follows_is_on_the_page(pages):
    page = read(pages).text
    assert "Lens disease 1" in page.partition('id="differential-title"')[2].partition("</section>")[0]
    assert "clinweave fetch icd10cm" in page  # it was not fetched: said, with what to do
    assert "No seizures." in page.partition('id="summary-title"')[2]
    paragraph = page.partition('id="report-text"')[2]
    assert "Present: Ectopia of the lens (HP:0000102), Aneurysm (HP:0000202). Absent: Seizure" in paragraph
    assert "hx-trigger" not in page.partition('id="part-differential"')[2].partition("<footer")[0]


def test_with_scripts_the_parts_are_asked_for_afterwards(pages):
    part = read(pages, part=True).text
    assert "<html" not in part
    for name in ("differential", "codes", "summary", "paragraph"):
        assert f'hx-post="/note/{name}"' in part
    response = pages.post("/note/differential", data={"text": LETTER})
    assert "Lens disease 1" in response.text
    assert pages.post("/note/nothing", data={"text": LETTER}).status_code == 400


@pytest.mark.parametrize(
    ("action", "id_", "status"),
    [
        (f"remove:{LENS}", LENS, "removed"),
        (f"absent:{LENS}", LENS, "absent"),
        (f"present:{ATAXIA}", ATAXIA, "present"),
        (f"present:{CATARACT}", CATARACT, "present"),
        (f"replace:{LENS}:HP:0000103", CATARACT, "present"),
        (f"not-replace:{SEIZURE}:HP:0000302", ATAXIA, "absent"),
    ],
)
def test_findings_are_corrected(pages, action, id_, status):
    page = read(pages, action=action).text
    assert statuses(page)[id_] == status
    assert f'value="{id_}"' in page  # travels with the form


def test_a_correction_is_undone(pages):
    assert statuses(read(pages, action=f"restore:{LENS}", ignored=LENS).text)[LENS] == "present"
    page = read(pages, action=f"remove:{ATAXIA}", observed=ATAXIA).text
    assert statuses(page)[ATAXIA] == "removed"


def test_the_ranking_follows_the_corrections(pages):
    ranking = pages.post(
        "/note/differential", data={"text": LETTER, "ignored": [LENS, ANEURYSM], "observed": ATAXIA}
    )
    first = re.search(r"<strong>([^<]+)</strong>", ranking.text)[1]
    assert first == "Cataract with ataxia"


def test_a_finding_is_added_by_its_name(pages):
    response = pages.post("/note/terms", data={"term": "ataxi"})
    assert 'value="present:HP:0000302"' in response.text
    assert "No finding has this name" in pages.post("/note/terms", data={"term": "xyzzy"}).text
    page = read(pages, term="ataxi").text  # Enter in the field, without scripts
    assert 'value="present:HP:0000302"' in page.partition('id="choices"')[2]
    assert statuses(read(pages, text="", action=f"present:{LENS}").text) == {LENS: "present"}


@pytest.mark.parametrize(
    "action", ["drop", "remove:LENS", "remove", "paint:HP:0000102", "remove:HP:0000102:x"]
)
def test_a_correction_that_is_none_is_refused(pages, action):
    assert read(pages, action=action).status_code == 400


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"text": ""}, "There is no letter"),
        ({"sex": "X"}, "MALE, FEMALE"),
        ({"setting": "x"}, "outpatient"),
        ({"text": "x" * 100_001}, "at most 100,000"),
        ({"text": "Patient name: Ann\nill\nPatient name: Bob\nill"}, "several patients"),
    ],
)
def test_what_cannot_be_read_is_said(pages, fields, message):
    response = read(pages, **fields)
    assert response.status_code == 400
    assert message in response.text


def docx_of(text):
    import docx

    document, stream = docx.Document(), io.BytesIO()
    document.add_paragraph(text)
    document.save(stream)
    return stream.getvalue()


def pdf_of(text):
    from reportlab.pdfgen.canvas import Canvas

    stream = io.BytesIO()
    canvas = Canvas(stream)
    for number, line in enumerate(text.split(". ")):
        canvas.drawString(50, 780 - 20 * number, line.rstrip(".") + ".")
    canvas.save()
    return stream.getvalue()


@pytest.mark.parametrize(("name", "make"), [("a.txt", str.encode), ("A.DOCX", docx_of), ("a.pdf", pdf_of)])
def test_a_file_takes_the_place_of_the_text(pages, name, make):
    response = pages.post(
        "/note", data={"text": "other", "action": "read"}, files={"file": (name, make(LETTER))}
    )
    assert statuses(response.text)[SEIZURE] == "absent"
    assert statuses(response.text)[LENS] == "present"
    area = re.search(r'<textarea id="text"[^>]*>(.*?)</textarea>', response.text, re.DOTALL)[1]
    assert "dislocated lens" in area


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.exe", b"MZ"), ("a.pdf", b"not a pdf"), ("a.docx", b"PK\x03\x04"), ("a.txt", b"\x00\x01")],
)
def test_an_unreadable_file_is_refused_with_the_reason(pages, name, content):
    response = pages.post("/note", data={"action": "read"}, files={"file": (name, content)})
    assert response.status_code == 400
    assert 'role="alert"' in response.text


def test_exports_hold_the_findings_and_not_the_letter(pages):
    packet = pages.post("/note/export", data={"text": LETTER, "format": "phenopacket", "sex": "FEMALE"})
    assert packet.headers["content-disposition"] == 'attachment; filename="phenopacket.json"'
    assert packet.headers["cache-control"] == "no-store"
    features = json.loads(packet.text)["phenotypicFeatures"]
    assert {item["type"]["id"]: item.get("excluded", False) for item in features} == {
        LENS: False, ANEURYSM: False, SEIZURE: True,
    }  # fmt: skip
    assert json.loads(packet.text)["subject"]["sex"] == "FEMALE"
    rows = list(
        csv.DictReader(io.StringIO(pages.post("/note/export", data={"text": LETTER, "format": "csv"}).text))
    )
    assert {row["id"]: row["status"] for row in rows}[CATARACT] == "relative"
    assert "16 years" not in packet.text
    assert pages.post("/note/export", data={"text": LETTER, "format": "x"}).status_code == 400


def test_a_cell_of_csv_is_no_formula(base):
    view = read_view(base, NoteForm("", observed=("HP:0000667",)))
    row = view.rows[0].__class__("HP:1", "=cmd()", "present", ("@x",), (), by_hand=True)
    shown = as_csv(view.__class__((), (row,), {}, 0, 0, ()))
    assert "'=cmd()" in shown
    assert "'@x" in shown


def test_hostile_letters_and_names_are_escaped(pages):
    text = '<script>alert(1)</script> "><img src=x onerror=alert(1)> </textarea> \u202e She has seizures.'
    page = read(pages, text=text, observed="HP:0000666").text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert page.count("</textarea>") == 2  # the letter, and its copy for the export
    assert BREAKOUT not in page
    shown = re.sub(r"<textarea.*?</textarea>", "", page, flags=re.DOTALL)
    assert "\u202e" not in shown


def test_nothing_of_a_letter_is_logged_or_written(pages, monkeypatch, caplog):
    spooled = []
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", spooled.append)
    caplog.set_level(logging.DEBUG)
    secret = "Zebulon has seizures. " * 60_000  # over a megabyte: other servers would spool it to the disk
    response = pages.post("/note", data={"action": "read"}, files={"file": ("a.txt", secret.encode())})
    assert response.status_code == 400
    read(pages, text="Zebulon has seizures.")
    assert spooled == []
    assert "Zebulon" not in caplog.text
