"""What FHIR resources state: notes in several formats, values with bounds, what is absent or uncertain, odd dates."""
# ruff: noqa: E501 - one case is one line

import base64
import json
import random
from datetime import datetime

import pytest

from clinweave.patients import PatientStore, fhir, load, summary, timeline
from clinweave.patients.batches import QuietLog
from clinweave.patients.fhir_dates import date_of, time_of
from tests.patients import made
from tests.safety.documents import pdf_file

ABOUT = {"subject": {"reference": "Patient/p1"}, "patient": {"reference": "Patient/p1"}}


def read(tmp_path, *resources):
    log, people = QuietLog(), []
    entries = [{"resource": {"resourceType": "Patient", "id": "p1"}}]
    entries += [{"resource": {**ABOUT, **item}} for item in resources]
    (tmp_path / "b.json").write_text(json.dumps({"resourceType": "Bundle", "entry": entries}), "utf-8")
    rows = [row for batch in fhir.read(tmp_path / "b.json", log, people) for row in batch.to_pylist()]
    return rows, list(log.reasons())


def encoded(data):
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def attachment(kind, data):
    return {"contentType": kind, "data": encoded(data)}


def document(*attachments, **more):
    return {"resourceType": "DocumentReference", "id": "d", "status": "current", "type": {"text": "Letter"}, "date": "2020-01-03",
            "content": [{"attachment": item} for item in attachments], **more}  # fmt: skip


PLAIN, HTML = "Fever & rash.\nNo cough.", "<html><head><title>x</title><style>p {color: red}</style></head><body><script>alert(1)</script><p>Fever &amp; rash.</p><p>No <b>cough</b>.</p></body></html>"  # fmt: skip
RTF = r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\*\generator x;}\b Fever & rash.\b0\par No cough.}"
FORMATS = [("text/plain", PLAIN), ("text/html", HTML), ("text/rtf", RTF), ("application/pdf", pdf_file("Fever & rash. No cough."))]  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_one_document_in_several_formats_is_one_note(tmp_path, seed):
    rng = random.Random(seed)
    chosen = rng.sample(FORMATS, rng.randint(1, 4))
    rows, dropped = read(tmp_path, document(*(attachment(kind, data) for kind, data in chosen)))
    (note,) = (row for row in rows if row["kind"] == "note")
    words = " ".join(note["text_value"].split())
    assert words == "Fever & rash. No cough."
    assert "\n" in note["text_value"] or {kind for kind, _ in chosen} == {"application/pdf"}
    assert dropped == []


@pytest.mark.parametrize("broken", [("application/pdf", "%PDF-1.4"), ("text/plain", "\x00\x01\x02"), ("image/png", "x"), ("text/rtf", "")])  # fmt: skip
def test_a_format_that_cannot_be_read_does_not_cost_the_others(tmp_path, broken):
    report = {"resourceType": "DiagnosticReport", "id": "d", "status": "final", "code": {"text": "CT"}, "effectiveDateTime": "2020",
              "presentedForm": [attachment(*broken), attachment("text/html", HTML)]}  # fmt: skip
    rows, _ = read(tmp_path, report)
    assert [row["text_value"].split() for row in rows if row["kind"] == "note"] == [PLAIN.split()]


def test_a_report_stays_when_no_format_can_be_read(tmp_path):
    report = {"resourceType": "DiagnosticReport", "id": "d", "status": "final", "code": {"text": "CT"}, "effectiveDateTime": "2020",
              "conclusion": "Nodule.", "presentedForm": [attachment("application/pdf", "%PDF-1.4")]}  # fmt: skip
    rows, dropped = read(tmp_path, report)
    assert [(row["kind"], row["text_value"]) for row in rows if row["code"] == "LOCAL:CT"] == [("procedure", "Nodule.")]  # fmt: skip
    assert dropped == ["DiagnosticReport: a note whose PDF is damaged or encrypted"]


@pytest.mark.parametrize(("kind", "data"), [
    ("text/plain; charset=utf-16", "Ménière 5 µg".encode("utf-16")), ("text/plain;charset=UTF-16BE", "Ménière 5 µg".encode("utf-16-be")),
    ('text/plain; charset="iso-8859-1"', "Ménière 5 µg".encode("latin-1")), ("text/plain", "Ménière 5 µg".encode()),
    ("text/plain", "\ufeffMénière 5 µg".encode()), ("text/plain", "Ménière 5 µg".encode("utf-16")),
    ("text/html; charset=windows-1252", "<p>Ménière 5 µg</p>".encode("cp1252")), ("text/html", '<meta charset="cp850"><p>Ménière 5 µg'.encode("cp850")),
    ("application/rtf", rb"{\rtf1\ansi\ansicpg1252 M\'e9ni\'e8re 5 \'b5g}"), ("text/rtf", rb"{\rtf1\ansi M\u233?ni\u232?re 5 \u181?g}"),
    ("text/plain; charset=big5-nonsense", "Ménière 5 µg".encode()), ("application/xhtml+xml", "<p>Ménière 5 &micro;g</p>".encode()),
    ("text/plain", rb"{\rtf1\ansi\ansicpg1252 M\'e9ni\'e8re 5 \'b5g}"),
])  # fmt: skip
def test_charsets_are_honoured(tmp_path, kind, data):
    rows, dropped = read(tmp_path, document(attachment(kind, data)))
    assert [row["text_value"] for row in rows if row["kind"] == "note"] == ["Ménière 5 µg"]
    assert bool(dropped) == ("nonsense" in kind)


@pytest.mark.parametrize("data", [{"contentType": "text/plain", "url": "Binary/b1"}, {"contentType": "text/plain", "data": "%%%"}, attachment("text/plain", "a\x00b"),
                                  attachment("application/pdf", b"%PDF-1.7 no"), attachment("image/png", "x"), attachment("text/plain", " "), {}, "x"])  # fmt: skip
def test_a_note_that_cannot_be_read_is_counted(tmp_path, data):
    rows, dropped = read(tmp_path, document(data))
    assert not [row for row in rows if row["kind"] == "note"]
    assert len(dropped) == 1


def test_a_note_in_a_binary_of_the_bundle(tmp_path):
    binary = {"resourceType": "Binary", "id": "b1", "contentType": "text/plain", "data": encoded("Stable.")}
    rows, dropped = read(tmp_path, document({"contentType": "text/plain", "url": "Binary/b1"}), binary)
    assert [row["text_value"] for row in rows if row["kind"] == "note"] == ["Stable."]
    assert dropped == []


def observation(**value):
    return {"resourceType": "Observation", "id": "o", "status": "final", "category": [{"coding": [{"code": "laboratory"}]}],
            "code": made.concept(made.LOINC, "1-1", "Test"), "effectiveDateTime": "2020-02-01T00:00:00Z", **value}  # fmt: skip


@pytest.mark.parametrize(("value", "number", "text", "unit"), [
    ({"valueQuantity": {"value": 5.5, "unit": "mmol/L"}}, 5.5, None, "mmol/L"),
    ({"valueQuantity": {"value": 0, "code": "g"}}, 0.0, None, "g"),
    ({"valueQuantity": {"value": 0.01, "comparator": "<", "unit": "ng/mL"}}, None, "<0.01", "ng/mL"),
    ({"valueQuantity": {"value": 300, "comparator": ">=", "unit": "u"}}, None, ">=300", "u"),
    ({"valueQuantity": {"value": 300, "comparator": "ad", "unit": "u"}}, None, "~300", "u"),
    ({"valueQuantity": {"value": 123456789, "unit": "u"}}, 123456792.0, "123456789", "u"),
    ({"valueQuantity": {"value": "5,5", "unit": "u"}}, None, "5,5", "u"),
    ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 128}}}, None, "1:128", ""),
    ({"valueRatio": {"numerator": {"value": 1, "comparator": "<"}, "denominator": {"value": 8}}}, None, "<1:8", ""),
    ({"valueRatio": {"numerator": {"value": 5, "unit": "mg"}, "denominator": {"value": 1, "unit": "mL"}}}, None, "5 mg:1 mL", ""),
    ({"valueRange": {"low": {"value": 5, "unit": "/HPF"}, "high": {"value": 10}}}, None, "5-10", "/HPF"),
    ({"valueRange": {"low": {"value": 5}}}, None, ">=5", ""),
    ({"valueRange": {"high": {"value": 0.5}}}, None, "<=0.5", ""),
    ({"valueInteger": 2}, 2.0, None, ""),
    ({"valueBoolean": False}, None, "False", ""),
    ({"valueString": "<5"}, None, "<5", ""),
    ({"valueCodeableConcept": {"coding": [{"code": "neg"}]}}, None, "neg", ""),
    ({"valueCodeableConcept": {"coding": [{"code": "LA6577-6", "display": "Negative"}]}}, None, "Negative", ""),
    ({"interpretation": [{"coding": [{"code": "POS", "display": "Positive"}]}]}, None, "Positive", ""),
    ({"note": [{"text": "DETECTED."}]}, None, "DETECTED.", ""),
    ({"dataAbsentReason": {"text": "hemolyzed"}}, None, "no value: hemolyzed", ""),
    ({"valueSampledData": {"data": "1 2"}}, None, None, ""),
])  # fmt: skip
def test_values_are_kept_as_they_stand(tmp_path, value, number, text, unit):
    rows, dropped = read(tmp_path, observation(**value))
    row = next(row for row in rows if row["kind"] == "lab")
    assert (row["numeric_value"], row["text_value"], row["unit"]) == (number, text, unit)
    if number is None and text is None:
        assert dropped == ["Observation: the value is of a type that is not read: stored without value"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400])
def test_numbers_that_are_none(tmp_path, number):
    text = json.dumps(observation(valueQuantity={"value": 0, "unit": "u"}, **ABOUT)).replace('"value": 0', f'"value": {number}')  # fmt: skip
    (tmp_path / "a.ndjson").write_text(f'{{"resourceType": "Patient", "id": "p1"}}\n{text}\n', "utf-8")
    log, people = QuietLog(), []
    rows = [row for batch in fhir.read(tmp_path, log, people) for row in batch.to_pylist()]
    (row,) = (row for row in rows if row["kind"] == "lab")
    assert row["numeric_value"] is None
    assert row["text_value"]
    assert log.total == 1


def drug(kind="MedicationRequest", **more):
    return {"resourceType": kind, "id": "r", "authoredOn": "2020-03-01", "effectiveDateTime": "2020-03-01", "whenHandedOver": "2020-03-01",
            "occurrenceDateTime": "2020-03-01", "vaccineCode": {"text": "Stonix"}, "medicationCodeableConcept": {"text": "Stonix"}, **more}  # fmt: skip


@pytest.mark.parametrize("resource", [
    drug(status="active", intent="order", doNotPerform=True), drug(status="active", intent="proposal"), drug(status="active", intent="plan"),
    drug(status="draft", intent="order"), drug(status="cancelled", intent="order"), drug(status="entered-in-error", intent="order"),
    drug("MedicationAdministration", status="not-done"), drug("MedicationStatement", status="not-taken"), drug("MedicationStatement", status="intended"),
    drug("MedicationDispense", status="declined"), drug("MedicationDispense", status="preparation"), drug("Immunization", status="not-done"),
    drug(status="active", intent="order", modifierExtension=[{"url": "x", "valueBoolean": True}]),
    {"resourceType": "Procedure", "status": "preparation", "code": {"text": "Stonix"}, "performedDateTime": "2020"},
    {"resourceType": "Encounter", "status": "planned", "type": [{"text": "Stonix"}], "period": {"start": "2020"}},
    {"resourceType": "Condition", "code": {"text": "Stonix"}, "verificationStatus": {"coding": [{"code": "entered-in-error"}]}},
    observation(focus=[{"reference": "Patient/fetus"}]), observation(status="cancelled"), observation(status="entered-in-error"), document(attachment("text/plain", "x"), docStatus="entered-in-error"),
    {"resourceType": "AllergyIntolerance", "code": {"coding": [{"code": "no-allergy-info"}]}},
])  # fmt: skip
def test_what_is_no_fact_is_refused_and_counted(tmp_path, resource):
    rows, dropped = read(tmp_path, resource)
    assert rows == []
    assert len(dropped) == 1


@pytest.mark.parametrize("resource", [drug(status="active", intent="order"), drug(status="completed", intent="original-order"), drug("MedicationStatement", status="active"),
                                      drug("MedicationAdministration", status="completed"), drug("Immunization", status="completed"), drug(status="active", intent="order", doNotPerform=False)])  # fmt: skip
def test_what_is_a_fact_is_read(tmp_path, resource):
    rows, dropped = read(tmp_path, resource)
    assert [(row["code"], row["status"]) for row in rows] == [("LOCAL:Stonix", "present")]
    assert dropped == []


def verified(word, **more):
    return {"resourceType": "Condition", "code": {"text": "Marble syndrome"}, "recordedDate": "2020",
            "verificationStatus": {"coding": [{"code": word}]}, **more}  # fmt: skip


def allergy(concept, **more):
    return {"resourceType": "AllergyIntolerance", "clinicalStatus": {"coding": [{"code": "active"}]}, "code": concept, **more}  # fmt: skip


@pytest.mark.parametrize(("resource", "status"), [
    (verified("confirmed"), "present"), (verified("refuted"), "absent"), (verified("differential"), "uncertain"), (verified("provisional"), "uncertain"),
    (verified("unconfirmed"), "uncertain"), (verified("", verificationStatus="refuted"), "absent"), (verified("", verificationStatus={"text": "Refuted"}), "absent"),
    (verified("confirmed", code={"text": "Suspected marble syndrome"}), "uncertain"), (verified("confirmed", code={"text": "No known problems"}), "absent"),
    (allergy(made.concept(made.SNOMED, "716186003", "No known allergy")), "absent"), (allergy(made.concept(made.SNOMED, "409137002", "")), "absent"),
    (allergy({"text": "NKDA"}), "absent"), (allergy({"text": "No drug allergies"}), "absent"), (allergy({"text": "Nil known allergies"}), "absent"), (allergy({"text": "No Known Drug Allergies"}), "absent"),
    (allergy({"coding": [{"code": "no-known-food-allergies"}]}), "absent"), (allergy({"text": "Allergies: none"}), "absent"), (allergy({"text": "Not allergic to latex"}), "absent"),
    (allergy({"text": "Penicillin"}), "present"), (allergy({"text": "Peanut"}, verificationStatus={"coding": [{"code": "unconfirmed"}]}), "uncertain"),
    (allergy({"text": "Nonsteroidal drug"}), "present"), (allergy({"text": "Noni fruit"}), "present"), (verified("confirmed", code={"text": "Nocardiosis"}), "present"),
])  # fmt: skip
def test_absent_and_uncertain_are_said(tmp_path, resource, status):
    rows, _ = read(tmp_path, resource)
    (row,) = (row for row in rows if row["kind"] == "problem")
    assert row["status"] == status
    assert row["code"].startswith({"present": "", "absent": "ABSENT//", "uncertain": "UNCERTAIN//"}[status])
    assert ("//" in row["code"]) == (status != "present")


NAMES = {
    "absent": ["No diabetes", "No known problems", "No evidence of metastasis", "Not pregnant", "Diabetes ruled out", "Pneumonia excluded.", "Negative for influenza", "Denies chest pain", "Without complications", "No seizures"],
    "uncertain": ["? PE", "Query appendicitis", "Rule out MI", "R/O sepsis", "Possible pneumonia", "Likely viral infection", "Sepsis (suspected)", "Stroke, possible", "Lupus?", "Suspected COVID-19"],
    "present": ["Non-Hodgkin lymphoma", "No-reflow phenomenon", "No sense of smell", "No light perception", "Absence of kidney", "Hypertension, not otherwise specified", "Nocturia", "Noonan syndrome", "History of stroke",
                "Negativism", "Nonketotic hyperglycinemia", "Nilsson disease", "Exclusion diet", "Probability", "Rule-based disorder"],
}  # fmt: skip


@pytest.mark.parametrize("status", NAMES)
def test_the_name_of_a_problem_may_state_its_status(tmp_path, status):
    for name in NAMES[status]:
        rows, _ = read(tmp_path, verified("confirmed", code={"text": name}))
        assert [row["status"] for row in rows] == [status], name


@pytest.mark.parametrize("name", ["None", "Nil.", "NKDA", "Patient denies any allergies", "Negative history of allergy", "Keine bekannten Allergien", "Sin alergias conocidas", "Aucune allergie connue", "Allergies: none known", "No allergies recorded"])  # fmt: skip
def test_no_allergy_in_words(tmp_path, name):
    assert [row["status"] for row in read(tmp_path, allergy({"text": name}))[0]] == ["absent"]
    rows, dropped = read(
        tmp_path, allergy({"text": name}, verificationStatus={"coding": [{"code": "refuted"}]})
    )
    assert not [row for row in rows if row["status"] == "present"]
    assert dropped


@pytest.mark.parametrize(
    "name",
    ["Unknown", "Not known", "n/k", "Allergy status unknown", "Not asked", "No information about allergies"],
)
def test_unknown_allergies_are_no_allergies(tmp_path, name):
    rows, dropped = read(tmp_path, allergy({"text": name}))
    assert (rows, dropped) == ([], ["AllergyIntolerance: no information"])


def test_the_code_of_an_allergen_does_not_look_like_a_drug_given(tmp_path):
    rows, _ = read(tmp_path, allergy(made.concept(made.RXNORM, "7980", "Penicillin G")))
    assert [(row["code"], row["kind"], row["time"]) for row in rows] == [("ALLERGY//RXCUI:7980", "problem", None)]  # fmt: skip


def test_views_and_codes_do_not_show_the_absent_as_present(tmp_path):
    odd = made.resources("p1", "Patient/p1")[0]
    entries = [made.patient("p1"), {**odd, "verificationStatus": {"coding": [{"code": "refuted"}]}},
               {**odd, "verificationStatus": {"coding": [{"code": "provisional"}]}},
               {**ABOUT, **document(attachment("text/plain", "Old."), status="superseded")},
               {**ABOUT, **observation(valueQuantity={"value": 5, "comparator": "<", "unit": "g"})}]  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps(made.bundle(*entries)), "utf-8")
    graph = made.SmallGraph(tmp_path / "graph")
    store = PatientStore.open(load(str(tmp_path / "a.json"), tmp_path / "out", graph=graph).path)
    result = summary(store, "p1")
    assert result["problems"] == []
    assert [row["name"] for row in result["absent"]] == [row["name"] for row in result["uncertain"]] == ["Marble syndrome"]  # fmt: skip
    assert (result["notes"], result["superseded_notes"]) == (0, 1)
    assert result["labs"][0]["value"] == "<5 g"
    assert {line["status"] for line in timeline(store, "p1")} == {
        "present",
        "absent",
        "uncertain",
        "historical",
    }
    linked = {row["code"]: row["concept"] for row in store.codes.to_pylist()}
    assert linked["ABSENT//SNOMEDCT:111"] == linked["UNCERTAIN//SNOMEDCT:111"] == ""


@pytest.mark.parametrize(("text", "time"), [
    ("1980", datetime(1980, 1, 1)), ("1980-05", datetime(1980, 5, 1)), ("1980-05-06", datetime(1980, 5, 6)), ("2000-02-29", datetime(2000, 2, 29)),
    ("0001-01-01", datetime(1, 1, 1)), ("9999-12-31", datetime(9999, 12, 31)),
    *((text, None) for text in ["202510", "20251001", "01.10", "2025-13-01", "1972-3-23", "2025-W01", "2025-W01-1", "2025-001", "2019-02-29", "1900-02-29", "2019-11-04T23:00:00Z",
                                "0000-01-01", "05/06/1980", "1980-05-06 ", "", "unknown", "-1980", "19800", "١٩٨٠", "1980-00"]),
])  # fmt: skip
def test_dates(text, time):
    result = date_of(text)
    assert (result and result.time) == time if text != "1980-05-06 " else result.time == datetime(1980, 5, 6)


@pytest.mark.parametrize(("text", "time"), [
    ("2015-02-07T13:28:17.2391234567+02:00", datetime(2015, 2, 7, 13, 28, 17, 239123)), ("2015-02-07T13:28:17-05:00", datetime(2015, 2, 7, 13, 28, 17)),
    ("2015-02-07T13:28:17Z", datetime(2015, 2, 7, 13, 28, 17)), ("2015-02-07T13:28", datetime(2015, 2, 7, 13, 28)), ("2016-12-31T23:59:60Z", datetime(2017, 1, 1)),
    ("2015-02", datetime(2015, 2, 1)), ("2015-02-07T24:00:00Z", None), ("2015-02-07T13", None), ("2015-02-07T13:28:17+25:00", None), ("20150207T132817Z", None),
    ("2015-02-30T00:00:00Z", None), ("2015-W06-6T00:00:00Z", None), ("9999-12-31T23:59:60Z", None),
])  # fmt: skip
def test_times(text, time):
    result = time_of(text)
    assert (result and result.time) == time


def test_a_birth_date_that_is_none_is_counted_and_a_partial_one_stays_partial(tmp_path):
    people = [{"resourceType": "Patient", "id": f"p{number}", "birthDate": text}
              for number, text in enumerate(["1980", "1980-05", "202510", "2025-W01", 1980, "0001-01-01", "2999-01-01"])]  # fmt: skip
    (tmp_path / "a.ndjson").write_text("\n".join(map(json.dumps, people)), "utf-8")
    store = PatientStore.open(load(str(tmp_path / "a.ndjson"), tmp_path / "out").path)
    assert [summary(store, f"p{number}").get("born") for number in (0, 1, 5, 6)] == ["1980", "1980-05", "0001-01-01", "2999-01-01"]  # fmt: skip
    assert store.manifest["dropped"] == {
        "Patient: birthDate is not a FHIR date: ignored": 3,
        "Patient: birthDate: a time in the future, stored as stated": 1,
        "Patient: birthDate: a year before 1800, stored as stated": 1,
    }


def test_a_problem_that_is_over_says_so(tmp_path):
    rows, _ = read(tmp_path, verified("confirmed", clinicalStatus={"coding": [{"code": "resolved"}]}, abatementDateTime="2021-02-03T00:00:00Z"),
                   verified("confirmed", clinicalStatus={"coding": [{"code": "active"}]}, recordedDate="2020-01-02"))  # fmt: skip
    assert [row["text_value"] for row in rows] == ["dated 2020; resolved 2021-02-03", None]


@pytest.mark.parametrize(("more", "code"), [({"type": [{"text": "Check-up"}]}, "LOCAL:Check-up"), ({"class": {"code": "AMB"}}, "VISIT//AMB"), ({"class": {"code": "IMP", "display": "inpatient"}}, "VISIT//inpatient"), ({}, "VISIT//unnamed")])  # fmt: skip
def test_a_visit_is_named_by_type_or_class(tmp_path, more, code):
    rows, _ = read(
        tmp_path,
        {"resourceType": "Encounter", "status": "finished", "period": {"start": "2020-01-01"}, **more},
    )
    assert [row["code"] for row in rows] == [code]


def test_undated_problems_are_kept_and_said(tmp_path):
    rows, dropped = read(tmp_path, {"resourceType": "Condition", "code": {"text": "Asthma"}, "onsetAge": {"value": 6, "unit": "a"}},
                         {"resourceType": "Condition", "code": {"text": "Gout"}, "onsetString": "in childhood", "recordedDate": "2020-03-01"},
                         {"resourceType": "Condition", "code": {"text": "Flu"}, "onsetDateTime": "2020-13-01"}, observation(effectiveDateTime="soon"))  # fmt: skip
    assert [(row["code"], row["time"], row["text_value"]) for row in rows] == [
        ("LOCAL:Asthma", None, "at age 6 a"), ("LOCAL:Gout", datetime(2020, 3, 1), "in childhood"), ("LOCAL:Flu", None, None)]  # fmt: skip
    assert dropped == ["Condition: no usable time: stored without time", "Observation: no usable time"]
