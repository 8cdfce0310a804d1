"""Rules of the guidelines on a tabular list of a few codes."""

import json
import time

import pytest

from clinweave.applications.coding import code_note, decoded, write_coding
from clinweave.core.errors import UserError


def codes(text, setting, book):
    return [item.code for item in code_note(text, setting, book).codes]


def reasons(text, setting, book):
    return {item.text: (item.reason, item.rule) for item in code_note(text, setting, book).considered}


def test_the_book_knows_titles_seventh_characters_and_what_is_billable(small_book):
    assert "I50" not in small_book.billable
    assert "S52.501" not in small_book.billable
    assert {"I50.23", "S52.501A"} <= small_book.billable
    assert small_book.title("S52.501D").startswith(
        "Unspecified fracture of the lower end of right radius, subsequent"
    )
    assert small_book.leaves("I50") == ["I50.20", "I50.23", "I50.9"]
    assert small_book.with_seventh("S52.501", "K") == ""


def test_hypertension_with_heart_failure_is_one_code_and_comes_first(small_book):
    text = "Discharge diagnoses: acute on chronic systolic heart failure, hypertension."
    assert codes(text, "inpatient", small_book) == ["I11.0", "I50.23"]
    result = code_note(text, "inpatient", small_book)
    assert result.codes[0].rules == ("I.C.9.a",)
    assert reasons(text, "inpatient", small_book)["hypertension"][1] == "I.C.9.a"


def test_an_unrelated_heart_failure_is_not_combined(small_book):
    text = "Hypertension. Heart failure, not due to hypertension."
    assert sorted(codes(text, "outpatient", small_book)) == ["I10", "I50.9"]


@pytest.mark.parametrize(
    "text",
    [
        "Discharge diagnosis: probable pneumonia.",
        "Discharge diagnosis: findings compatible with pneumonia.",
        "Discharge diagnosis: pneumonia still to be ruled out.",
        "Discharge diagnosis: questionable pneumonia.",
        "Discharge diagnosis: likely pneumonia",
    ],
)
def test_the_setting_chooses_the_rule_for_uncertain_diagnoses(text, small_book):
    inpatient = code_note(text, "inpatient", small_book)
    assert [item.code for item in inpatient.codes] == ["J18.9"]
    assert inpatient.codes[0].certainty == "uncertain, coded as established"
    assert codes(text, "outpatient", small_book) == []
    assert reasons(text, "outpatient", small_book)["pneumonia"][1] == "IV.H"


@pytest.mark.parametrize(
    "text",
    [
        "No pneumonia.",
        "Pneumonia was ruled out.",
        "Suspected pneumonia was ruled out by CT.",
        "Mother had pneumonia.",
        "Family history: pneumonia.",
        "Husband has pneumonia.",
        "Return if you develop pneumonia.",
        "Pneumonia vaccine given.",
        "At risk of pneumonia.",
        "Pneumonia as a child.",
        "Family history\n\nPneumonia.\nHypertension.",
        "The risks of surgery, such as bleeding and pneumonia, were explained.",
        "He thought he had pneumonia.",
        "It felt like a pneumonia.",
        "Pneumonia may also be caused by viruses.",
        "Review of systems\n- Chest: endorses pneumonia.\n\nImpression\nHypertension",
        "Discharge diagnosis: no pneumonia without hypertension.",
        "Discharge diagnosis: no hypertension without pneumonia.",
    ],
)
@pytest.mark.parametrize("setting", ["inpatient", "outpatient"])
def test_what_is_absent_of_others_or_hypothetical_is_never_coded(text, setting, small_book):
    assert "J18.9" not in codes(text, setting, small_book)


def test_a_suspicion_of_the_admission_that_the_diagnoses_do_not_repeat_is_not_coded(small_book):
    text = "HPI: Possible pneumonia.\nDischarge diagnosis: Hypertension."
    assert codes(text, "inpatient", small_book) == ["I10"]


def test_side_and_seventh_character_come_from_the_text(small_book):
    first = "Seen in the emergency department: fracture of the right distal radius."
    later = "Follow-up, 6 weeks after fracture of the left distal radius, healing well."
    assert codes(first, "outpatient", small_book) == ["S52.501A"]
    assert codes(later, "outpatient", small_book) == ["S52.502D"]
    vague = code_note("Distal radius fracture.", "outpatient", small_book)
    assert [(item.code, item.missing) for item in vague.codes] == [("S52.509A", ("side",))]


def test_evidence_is_quoted_from_the_note(small_book):
    text = "He came with cough.\nImpression: HTN, controlled."
    (item,) = code_note(text, "outpatient", small_book).codes
    (quote,) = item.evidence
    assert text[quote.start : quote.end] == quote.text == "HTN"
    assert quote.sentence == "Impression: HTN, controlled."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        (" \n\t 12 -- ", "empty"),
        ("Patient: Ann Smith\nHTN.\n\nPatient: Bob Jones\nHTN.", "several patients"),
        ('{"id": 1, "text": "HTN"}\n{"id": 2, "text": "HTN"}\n', "JSON records"),
        ("MRN: 123\nHTN\nMRN: 456\nHTN", "several patients"),
        ("Patient 1: HTN for years.\n\nPatient 2: Cough.\n", r"line 1 \(Patient 1:\), line 3 \(Patient 2:\)"),
        ("Re: John Smith, DOB 1/2/2001\nHTN.\n\nRe: Anna Jones, DOB 5/6/1999\nHTN.", "several patients"),
        ("NHS No: 943 476 5919\nHTN.\n=====\nNHS No: 943 476 5870\nHTN.", "several patients"),
        (
            "Mr John Smith, 45 years old, has HTN.\n\nMrs Anna Jones, 62 years old, coughs.",
            "several patients",
        ),
        ("Name: Ann Smith\nHTN.\n\fName: Bob Jones\nHTN.", "several patients"),
        ('patient_id,note\n1,"HTN"\n2,"HTN"\n', "table of records .*'patient_id'"),
        ("<html><body><p>HTN</p></body></html>", "markup"),
        ("\x01\x02\x03\x04abc\x05\x06\x07\x08", "control characters"),
    ],
)
def test_what_is_no_note_of_one_patient_is_refused(text, message, small_book):
    with pytest.raises(UserError, match=message):
        code_note(text, "inpatient", small_book)


@pytest.mark.parametrize(
    "text",
    [
        "Re: hypertension\nHTN is controlled.\n\nRe: cough\nNo cough.\n",
        "Name: Ann Smith\nHTN.\n\fName: Ann Smith\nPage 2: cough.\n",
        "Case 1 of this outbreak was a neighbour. HTN is controlled.\n",
        "Mr John Smith, 45 years old, has HTN.\n\nMr John Smith, 45 years old, was seen again.",
    ],
)
def test_a_note_of_one_patient_is_read(text, small_book):
    assert [item.code for item in code_note(text, "outpatient", small_book).codes] == ["I10"]


def test_an_age_is_no_past(small_book):
    text = "He is a 46-year-old man with pneumonia; she is a sixty year old woman with pneumonia."
    assert [item.code for item in code_note(text, "outpatient", small_book).codes] == ["J18.9"]
    assert not code_note("Old pneumonia in 2003.", "outpatient", small_book).codes


def test_a_name_on_the_first_line_is_no_breathlessness(small_book):
    text = "PATIENT: JOHN DOE\nIMPRESSION: HTN."
    assert [item.code for item in code_note(text, "outpatient", small_book).codes] == ["I10"]


def test_broken_words_of_a_scan_are_joined_and_quoted_where_they_stand(small_book):
    text = "Impression: the man has hyper-\ntension and pneu-\nmonia, which are\ntreated at home."
    result = code_note(text, "outpatient", small_book)
    assert {item.code for item in result.codes} == {"I10", "J18.9"}
    assert {quote.text for item in result.codes for quote in item.evidence} == {
        "hyper-\ntension",
        "pneu-\nmonia",
    }


def test_a_denial_right_before_a_condition_counts_after_another_one(small_book):
    text = "Lungs not consolidated, no pneumonia. Mother w/ pneumonia, MGF w/ pneumonia. HTN."
    assert [item.code for item in code_note(text, "outpatient", small_book).codes] == ["I10"]


def test_signs_right_before_words_are_read(small_book):
    text = "Triage: +HTN +cough -pneumonia -fever."
    assert "J18.9" not in {item.code for item in code_note(text, "outpatient", small_book).codes}


def test_marks_of_a_table_and_of_a_form_deny(small_book):
    for text in (
        "Finding\tPresent\tAbsent\nHTN\tx\t\nPneumonia\t\tx\nCough\tx\t\n",
        "[x] HTN  [ ] Pneumonia\n",
    ):
        result = code_note(text, "outpatient", small_book)
        assert "I10" in {item.code for item in result.codes}
        assert "J18.9" not in {item.code for item in result.codes}


@pytest.mark.parametrize(
    "text",
    [
        "Fracture of the lower end of left radius today.",
        "Fracture of lower end of the left radius.",
        "Left distal radius fracture.",
    ],
)
def test_fractures_are_named_with_side_and_articles(text, small_book):
    assert [item.code for item in code_note(text, "outpatient", small_book).codes] == ["S52.502A"]


def test_a_note_in_another_language_says_so(small_book):
    result = code_note("El paciente no tiene fiebre. La presión arterial es alta.", "outpatient", small_book)
    assert any("only English notes are coded" in warning for warning in result.warnings)


def test_an_unknown_setting_is_refused(small_book):
    with pytest.raises(UserError, match="inpatient or outpatient"):
        code_note("HTN", "ambulance", small_book)


def test_a_note_without_codes_says_so(small_book):
    result = code_note("The weather is fine today.", "outpatient", small_book)
    assert result.codes == ()
    assert any("no condition" in warning for warning in result.warnings)


def test_a_note_pasted_from_two_encodings_is_read(small_book):
    raw = "Naïve patient.\n".encode("cp1252") + "Sjögren? HTN – stable.\n".encode()
    text = decoded(raw, "note.txt")
    assert text == "Naïve patient.\nSjögren? HTN – stable.\n"
    assert codes(text, "outpatient", small_book) == ["I10"]


@pytest.mark.parametrize("raw", [b"%PDF-1.7 abc", b"a\x00b", b"PK\x03\x04zip", b"\xff\xfea"])
def test_other_files_are_refused(raw):
    with pytest.raises(UserError, match="note"):
        decoded(raw, "note.bin")


def test_a_table_is_read_row_by_row(small_book):
    text = "Problem | Status\nHTN | stable\nPneumonia | ruled out\nHeart failure | NYHA II"
    assert codes(text, "outpatient", small_book) == ["I11.0", "I50.9"]


@pytest.mark.parametrize("ending", [".csv", ".json", ".html"])
def test_outputs_hold_the_codes_the_reasons_and_the_notice(ending, tmp_path, small_book):
    result = code_note("HTN. No <b>pneumonia</b>.", "outpatient", small_book)
    path = tmp_path / f"out{ending}"
    write_coding(result, path)
    text = path.read_text("utf-8")
    assert "I10" in text
    assert "denied or ruled out" in text
    assert path.stat().st_mode & 0o077 == 0
    if ending == ".json":
        assert json.loads(text)["notice"] == result.notice
    if ending == ".html":
        assert "not for billing" in text
        assert "<b>pneumonia</b>" not in text.replace("<b>HTN</b>", "")


def test_another_ending_is_refused(tmp_path, small_book):
    with pytest.raises(UserError, match=r"\.csv, \.json or \.html"):
        write_coding(code_note("HTN", "outpatient", small_book), tmp_path / "out.xlsx")


def test_two_forms_of_one_name_are_one_patient(small_book):
    text = "Mrs. Christina Cooper is a 65-year-old woman.\nImpression:\nMrs. Cooper is a 65-year-old woman with HTN."
    assert codes(text, "outpatient", small_book) == ["I10"]


def test_a_dictated_note_is_coded(small_book):
    text = "she comes for a check comma no cough period assessment hypertension comma controlled period thanks period"
    result = code_note(text, "outpatient", small_book)
    assert [item.code for item in result.codes] == ["I10"]
    (quote,) = result.codes[0].evidence
    assert text[quote.start : quote.end] == "hypertension"


def test_a_note_of_one_long_line_takes_linear_time(small_book):
    text = (
        "He denies fever, cramps of the legs, and pneumonia. Seen by Dr. A. Smith for hypertension, controlled. "
        * 500
    )
    code_note(text[:5000], "outpatient", small_book)
    begin = time.process_time()
    once = [item.code for item in code_note(text, "outpatient", small_book).codes]
    middle = time.process_time()
    twice = [item.code for item in code_note(text + text, "outpatient", small_book).codes]
    assert once == twice == ["I10"]
    assert time.process_time() - middle < 3.5 * (middle - begin) + 0.5
