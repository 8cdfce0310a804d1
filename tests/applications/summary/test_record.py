"""One patient's record: summary and answers, each from entries of that patient alone, or absence said."""
# ruff: noqa: E501 - one case is one line

import json
import re
from dataclasses import replace

import pytest

from clinweave.applications.summary import (
    answer_from_record,
    as_text,
    open_record,
    summarize_record,
    with_notes,
)
from clinweave.applications.summary.checks import unsupported_numbers
from clinweave.core.errors import UserError
from clinweave.patients import PatientStore, load
from clinweave.records import Mention


def entry(kind, ident, patient="p1", **fields):
    return {"resource": {"resourceType": kind, "id": ident, "subject": {"reference": f"Patient/{patient}"},
                         "patient": {"reference": f"Patient/{patient}"}, **fields}}  # fmt: skip


def lab(ident, name, value, date, unit="mmol/L", patient="p1", **more):
    return entry("Observation", ident, patient, status="final", code={"text": name}, effectiveDateTime=date,
                 category=[{"text": "laboratory"}], valueQuantity={"value": value, "unit": unit}, **more)  # fmt: skip


def order(ident, name, date, status="active", patient="p1", **more):
    return entry("MedicationRequest", ident, patient, status=status, intent="order", authoredOn=date,
                 medicationCodeableConcept={"text": name}, **more)  # fmt: skip


def condition(ident, name, date, patient="p1", **more):
    return entry("Condition", ident, patient, code={"text": name}, onsetDateTime=date, **more)


ENTRIES = [
    {"resource": {"resourceType": "Patient", "id": "p1", "gender": "female", "birthDate": "1950-03-04", "name": [{"given": ["Maria"], "family": "Keller"}]}},
    {"resource": {"resourceType": "Patient", "id": "p2", "gender": "male", "birthDate": "1960-01-01", "name": [{"given": ["Anton"], "family": "Huber"}]}},
    lab("k1", "Potassium [Moles/volume] in Serum or Plasma", 4.1, "2020-01-02"),
    lab("k2", "Potassium [Moles/volume] in Serum or Plasma", 5.6, "2020-03-04"),
    lab("k3", "Potassium [Moles/volume] in Urine", 40, "2021-03-04"),
    lab("a1", "Hemoglobin A1c/Hemoglobin.total in Blood", 7.2, "2019-05-06", "%"),
    lab("hb", "Hemoglobin [Mass/volume] in Blood", 9.9, "2020-05-06", "g/dL"),
    lab("t1", "Troponin T, Blood", 0.5, "2020-03-04", "ng/mL"),
    lab("t2", "Troponin T, Blood", 0.9, "2020-03-04", "ng/mL"),
    lab("x1", "Potassium [Moles/volume] in Serum or Plasma", 2.2, "2022-01-01", patient="p2"),
    order("w1", "Warfarin 5 MG Oral Tablet", "2019-01-02", "stopped", dosageInstruction=[{"text": "5 mg daily"}]),
    order("h1", "Apixaban 5 MG Oral Tablet", "2020-02-02", "active"),
    order("m1", "Metformin 500 MG", "2022-01-01", patient="p2"),
    condition("c1", "Essential hypertension", "2010-01-01"),
    condition("c2", "Pneumonia", "2015-01-01", clinicalStatus={"text": "resolved"}, abatementDateTime="2015-02-01"),
    condition("c3", "Stroke", "2016-01-01", verificationStatus={"coding": [{"code": "refuted"}]}),
    condition("c4", "Sarcoidosis", "2017-01-01", verificationStatus={"coding": [{"code": "provisional"}]}),
    condition("c5", "Gout", "2017-01-01", patient="p2"),
    entry("AllergyIntolerance", "g1", code={"text": "Penicillin"}, recordedDate="2011-01-01"),
    entry("AllergyIntolerance", "g2", code={"text": "No known allergies"}, recordedDate="2018-01-01"),
    entry("FamilyMemberHistory", "f1", status="completed", relationship={"text": "mother"}, condition=[{"code": {"text": "Breast cancer"}}]),
    entry("DocumentReference", "d1", status="current", type={"text": "Letter"}, date="2020-06-01",
          content=[{"attachment": {"contentType": "text/plain", "data": "Tm8gY2hlc3QgcGFpbi4gVGhlIGxlZnQga25lZSBpcyBzd29sbGVuLg=="}}]),
]  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("summary")
    (folder / "b.json").write_text(json.dumps({"resourceType": "Bundle", "entry": ENTRIES}), "utf-8")
    load(str(folder / "b.json"), folder / "store")
    return PatientStore.open(folder / "store")


@pytest.fixture(scope="module")
def record(store):
    return open_record(store, "p1")


ANSWERED = [
    ("What was her last potassium?", "5.6 mmol/L, 2020-03-04", ["Observation/k2"]),
    ("What was the potassium in January 2020?", "4.1 mmol/L, 2020-01-02", ["Observation/k1"]),
    ("Was the potassium rising?", "higher than the one before", ["Observation/k1", "Observation/k2"]),
    ("What was the lowest potassium?", "lowest 4.1", ["Observation/k1"]),
    ("Potassium in the urine?", "40 mmol/L", ["Observation/k3"]),
    ("When was the last HbA1c and was it rising?", "one value, so no trend", ["Observation/a1"]),
    ("Latest haemoglobin?", "9.9 g/dL", ["Observation/hb"]),
    ("What was the troponin?", "disagree", ["Observation/t1", "Observation/t2"]),
    ("Is she on an anticoagulant?", "Apixaban 5 MG Oral Tablet: 2020-02-02 (status active)", ["MedicationRequest/h1"]),
    ("Is she on a blood thinner?", "Warfarin 5 MG Oral Tablet: 2019-01-02 (5 mg daily; status stopped), stated as ended", ["MedicationRequest/w1"]),
    ("What dose of warfarin was she prescribed?", "5 mg daily", ["MedicationRequest/w1"]),
    ("Any allergies?", "contradict", ["AllergyIntolerance/g1", "AllergyIntolerance/g2"]),
    ("Is she allergic to penicillin?", "Recorded: Penicillin", ["AllergyIntolerance/g1"]),
    ("Does she have hypertension?", "Essential hypertension: 2010-01-01", ["Condition/c1"]),
    ("Did she ever have a stroke?", "recorded as absent", ["Condition/c3"]),
    ("Does Mrs Keller have sarcoidosis?", "recorded as uncertain", ["Condition/c4"]),
    ("Has Maria had pneumonia?", "resolved 2015-02-01", ["Condition/c2"]),
    ("Did her mother have breast cancer?", "not of the patient", ["FamilyMemberHistory/f1"]),
    ("When was she born?", "1950-03-04", ["Patient/p1"]),
    ("Is her knee swollen?", "The left knee is swollen.", ["DocumentReference/d1"]),
    ("Does she have chest pain?", "No chest pain.", ["DocumentReference/d1"]),
]  # fmt: skip


@pytest.mark.parametrize(("question", "text", "entries"), ANSWERED)
def test_answers_are_copied_from_the_cited_entries(record, question, text, entries):
    answer = answer_from_record(record, question)
    assert text in answer.text
    assert set(entries) <= {item.source for item in answer.citations}
    assert not answer.abstained


NOT_HELD = [
    "What was the last sodium?", "What was the potassium in 2018?", "Is she on a statin?", "Is she on metformin?",
    "Does she have gout?", "Is she allergic to latex?", "Any vaccinations?", "Did she have surgery?", "Is she dead?",
    "Does her father have diabetes?", "Does she have breast cancer?", "How much does she weigh?",
    "Does she have psoriasis?",
]  # fmt: skip


@pytest.mark.parametrize("question", NOT_HELD)
def test_absence_is_said_and_nothing_of_another_patient_is_given(record, question):
    answer = answer_from_record(record, question)
    assert answer.abstained
    assert "The record holds no" in answer.text
    assert not re.search(r"2\.2|2022|Metformin|Gout", answer.text)


OTHERS = [
    "What was Mr Huber's potassium?", "Is Anton on metformin?", "What is the patient in bed 4 taking?", "Potassium of patient p2 12345?",
    "What does the other patient take?", "How many of my patients have gout?", "What was Frau Schmidt's potassium?",
    "Is her potassium higher than the average?", "Does Huber's allergy matter?",
]  # fmt: skip


@pytest.mark.parametrize("question", OTHERS)
def test_a_question_about_somebody_else_is_declined(record, question):
    answer = answer_from_record(record, question)
    assert (answer.kind, answer.abstained, answer.citations) == ("other patient", True, ())


@pytest.mark.parametrize(
    "question",
    ["Should she stop warfarin?", "Why is her potassium high?", "What is her average potassium?", "What was her potassium yesterday?",
     "Can I give her ibuprofen?", "Is the potassium due to the kidneys?"],
)  # fmt: skip
def test_judgements_and_relative_days_are_declined(record, question):
    answer = answer_from_record(record, question)
    assert answer.abstained
    assert answer.text.startswith("Not answered")


def test_a_pronoun_that_does_not_fit_is_warned_of(record):
    assert "check the patient" in answer_from_record(record, "What was his potassium?").warnings[0]
    assert not answer_from_record(record, "What was her potassium?").warnings
    assert not answer_from_record(record, "Did her mother pass on his illness?").warnings


@pytest.mark.parametrize("question", ["", "  \n", "?!", "x" * 2000, "\x00", "%" * 50])
def test_an_empty_or_endless_question_is_refused(record, question):
    with pytest.raises(UserError):
        answer_from_record(record, question)


def test_concepts_find_what_other_words_name(store):
    record = open_record(store, "p1")
    concepts = {item.code: item.concept for item in record.entries}
    assert not any(concepts.values())  # loaded without a graph, so nothing is matched by an empty concept
    assert answer_from_record(record, "Does she have psoriasis?", lambda _: frozenset({"MONDO:1"})).abstained


def test_summary_cites_every_sentence_and_copies_its_numbers(record):
    summary = summarize_record(record)
    for line in summary.lines:
        assert line.citations or line.text.startswith("The record holds no")
        sources = [line.text.partition(":")[0], *(f"{item.text} {item.date}" for item in line.citations)]
        counts = re.findall(r"\d+(?= entries)", line.text)
        assert not unsupported_numbers(line.text, [*sources, *counts])
    ids = {item.source for line in [*summary.lines, *summary.contradictions] for item in line.citations}
    assert not ids & {"Observation/x1", "MedicationRequest/m1", "Condition/c5", "Patient/p2"}
    assert "Keller" not in as_text(summary)


def test_statuses_keep_their_sections(record):
    sections = {
        name: " ".join(line.text for line in lines)
        for name, lines in summarize_record(record).sections().items()
    }
    assert "Stroke" in sections["Absent or not given"]
    assert "Stroke" not in sections["Problems"]
    assert "Sarcoidosis" in sections["Uncertain"]
    assert "Breast cancer" in sections["Family history"]
    assert "Breast cancer" not in sections["Problems"]
    assert "resolved 2015-02-01" in sections["Problems"]


def test_contradictions_are_shown_with_both_entries(record):
    texts = [line.text for line in summarize_record(record).contradictions]
    assert any("No known allergies" in text and "Penicillin" in text for text in texts)
    assert any("0.5 ng/mL and 0.9 ng/mL" in text for text in texts)


def test_what_is_not_shown_is_listed(record):
    summary = summarize_record(record, 1)
    assert {"Potassium [Moles/volume] in Serum or Plasma"} <= {item.text for item in summary.left_out}
    full = summarize_record(record)
    count = sum(len(lines) for name, lines in full.sections().items() if name == "Results")
    assert count == 1 + sum("Results" in item.reason for item in summary.left_out)


def test_an_unknown_patient_is_an_error(store):
    with pytest.raises(UserError, match="no patient of this id"):
        open_record(store, "p3")


def test_a_record_without_entries_says_so(tmp_path):
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"resource": {"resourceType": "Patient", "id": "e"}}, ENTRIES[0]],
    }
    (tmp_path / "b.json").write_text(json.dumps(bundle), "utf-8")
    load(str(tmp_path / "b.json"), tmp_path / "store")
    record = open_record(PatientStore.open(tmp_path / "store"), "e")
    assert "sex not recorded, birth not recorded" in as_text(summarize_record(record))
    assert answer_from_record(record, "Any allergies?").abstained


def mention(text, name, curie, status):
    start = text.find(name)
    return [
        Mention(
            start,
            start + len(name),
            name,
            curie,
            name,
            "biolink:Disease",
            1.0,
            status == "absent",
            "",
            "",
            status,
        )
    ]


def test_notes_of_a_record_are_quoted_and_held_against_it(record):
    problem = replace(record.entries[0], id="Condition/k", kind="problem", code="X:1", name="Hypertension", value="",
                      status="present", concept="HP:1", text="")  # fmt: skip
    denied = replace(record, entries=(*record.entries, problem))

    def link(text):
        return mention(text, "chest pain", "HP:1", "absent") if "chest pain" in text else []

    summary = with_notes(summarize_record(denied), denied, link)
    (line,) = [line for line in summary.contradictions if "Hypertension" in line.text]
    assert "No chest pain." in line.text
    assert {item.source for item in line.citations} == {"Condition/k", "DocumentReference/d1, 2020-06-01"}
    assert "No chest pain." in {
        line.text for line in summary.lines if line.section == "Notes: Denied or absent"
    }
    ended = replace(problem, value="resolved 2019-01-01")
    over = replace(record, entries=(*record.entries, ended))
    assert not any(
        "Hypertension" in line.text for line in with_notes(summarize_record(over), over, link).contradictions
    )


def test_a_note_that_cannot_be_read_is_listed(record):
    note = replace(record.of("note")[0], text="")
    broken = replace(record, entries=(note,))
    summary = with_notes(summarize_record(broken), broken, lambda _: [])
    assert any("the note is empty" in item.reason for item in summary.left_out)


def test_allergies_of_notes_are_quoted_though_no_entry_states_one(record):
    note = replace(
        record.of("note")[0], text="ALLERGIES:\nPenicillin (rash).\n\nHistory:\nOn warfarin. Cough."
    )
    alone = replace(record, entries=(note,))
    answer = answer_from_record(alone, "Any allergies?")
    assert "Penicillin (rash)." in answer.text
    assert "no allergy entry" in answer.text
    assert not answer.abstained
    blood_thinner = answer_from_record(alone, "Is she on an anticoagulant?")
    assert "On warfarin." in blood_thinner.text
    assert answer_from_record(replace(alone, entries=()), "Any allergies?").abstained


def with_entry(record, **fields):
    base = replace(
        record.entries[0], id="X/1", value="", status="present", concept="", text="", code="X:1", **fields
    )
    return replace(record, entries=(*record.entries, base))


@pytest.mark.parametrize(
    ("question", "name"),
    [("Does she have COPD?", "Chronic obstructive pulmonary disease, unspecified"), ("Is she diabetic?", "Type 2 diabetes mellitus"),
     ("Does she smoke?", "Personal history of tobacco use"), ("Did she have an MI?", "Old myocardial infarction"),
     ("Does she have cancer?", "Malignant neoplasm of colon"), ("Is she DNR?", "Do not resuscitate")],
)  # fmt: skip
def test_other_words_for_the_same_are_no_false_absence(record, question, name):
    assert name in answer_from_record(with_entry(record, kind="problem", name=name), question).text
    assert answer_from_record(record, question).abstained


def test_a_question_of_two_things_names_what_is_recorded_of_each(record):
    answer = answer_from_record(record, "Does she have hypertension and lupus?")
    assert "No entry has all of these words" in answer.text
    assert "Essential hypertension" in answer.text


def test_a_named_specimen_is_kept(record):
    blood = with_entry(record, kind="lab", name="Blood culture")
    assert "Blood culture" in answer_from_record(blood, "What was the culture?").text
    assert answer_from_record(blood, "What was the urine culture?").abstained
