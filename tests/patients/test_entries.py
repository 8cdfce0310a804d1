"""Each event names the entry of its source; orders keep their dosage and status; a relative's illness stays theirs."""

import json

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from clinweave.patients import PatientStore, load, summary
from tests.patients.test_fhir_facts import read


def order(**more):
    return {
        "resourceType": "MedicationRequest", "id": "m1", "intent": "order", "status": "stopped",
        "authoredOn": "2020-01-02", "medicationCodeableConcept": {"text": "Warfarin 5 MG"}, **more,
    }  # fmt: skip


def dose(**more):
    return {"timing": {"repeat": {"frequency": 1, "period": 1.0, "periodUnit": "d"}}, **more}


def test_fhir_entries_are_references_and_components_share_theirs(tmp_path):
    pressure = {
        "resourceType": "Observation", "id": "bp", "status": "final", "effectiveDateTime": "2020-01-02",
        "code": {"text": "Blood pressure"},
        "component": [
            {"code": {"text": name}, "valueQuantity": {"value": value, "unit": "mmHg"}}
            for name, value in (("Systolic", 120), ("Diastolic", 80))
        ],
    }  # fmt: skip
    rows, _ = read(tmp_path, pressure, order(id=None))
    assert [row["entry"] for row in rows if row["kind"] == "observation"] == ["Observation/bp"] * 2
    assert [row["entry"] for row in rows if row["kind"] == "drug"] == ["MedicationRequest"]


def test_dosage_and_status_of_an_order_are_copied(tmp_path):
    dosages = [
        [{"text": "5 mg  daily\nat 18:00"}],
        [dose(doseAndRate=[{"doseQuantity": {"value": 2.50, "unit": "mg"}}], asNeededBoolean=True)],
        [{"doseQuantity": {"value": True}}],
        [{"timing": {"code": {"text": "BID"}}}, "not a dosage"],
        "nonsense",
    ]
    rows, _ = read(tmp_path, *[order(dosageInstruction=item) for item in dosages])
    assert [row["text_value"] for row in rows if row["kind"] == "drug"] == [
        "5 mg daily at 18:00; status stopped",
        "dose 2.5 mg, 1 x per 1.0 day, as needed; status stopped",
        "status stopped",
        "BID; status stopped",
        "status stopped",
    ]


def test_illness_of_a_relative_is_no_problem_of_the_patient(tmp_path):
    family = {
        "resourceType": "FamilyMemberHistory", "id": "f1", "status": "completed", "date": "2020-01-02",
        "patient": {"reference": "Patient/p1"}, "relationship": {"text": "mother"},
        "condition": [{"code": {"text": "Breast cancer"}, "outcome": {"text": "died"}}, {"note": "none"}],
    }  # fmt: skip
    rows, reasons = read(
        tmp_path, family, {**family, "condition": []}, {**family, "status": "entered-in-error"}
    )
    (row,) = [row for row in rows if row["kind"] != "person"]
    assert (row["kind"], row["name"], row["text_value"]) == (
        "observation", "Family history: Breast cancer", "mother; died",
    )  # fmt: skip
    assert row["code"].startswith("FAMILY_HISTORY//")
    assert row["entry"] == "FamilyMemberHistory/f1"
    assert len(reasons) == 2


def test_omop_entries_are_table_and_key_and_orders_have_their_last_day(tmp_path):
    file = tmp_path / "cdm.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "create table person (person_id bigint, year_of_birth int, gender_source_value text)"
        )
        connection.execute("insert into person values (7, 1950, 'F')")
        connection.execute(
            "create table drug_exposure (drug_exposure_id bigint, person_id bigint, drug_concept_id bigint,"
            " drug_exposure_start_date date, drug_exposure_end_date date, drug_source_value text, sig text)"
        )
        connection.execute(
            "insert into drug_exposure values (31, 7, 0, '2010-01-02', '2010-02-02', 'Warfarin', '5 mg daily'),"
            " (32, 7, 0, '2011-01-02', null, 'Warfarin', null)"
        )
    load(str(file), tmp_path / "store")
    events = PatientStore.open(tmp_path / "store").records(7)
    drugs = [(item.entry, item.text_value) for item in events if item.kind == "drug"]
    assert drugs == [("drug_exposure/31", "5 mg daily; until 2010-02-02"), ("drug_exposure/32", None)]
    assert {item.entry for item in events if item.kind == "person"} == {"person/7"}


def test_mimic_entries_are_table_and_row_and_prescriptions_have_their_dose(tmp_path):
    hosp = tmp_path / "m" / "hosp"
    hosp.mkdir(parents=True)
    (hosp / "patients.csv").write_text(
        "subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod\n1,F,50,2150,,\n"
    )
    (hosp / "prescriptions.csv").write_text(
        "subject_id,hadm_id,starttime,stoptime,drug,ndc,dose_val_rx,dose_unit_rx,route\n"
        "1,,2150-01-02 08:00:00,2150-01-04 08:00:00,Warfarin,,2.5,mg,PO\n"
        "1,,2150-01-05 08:00:00,,Heparin,,,,\n"
    )
    load(str(tmp_path / "m"), tmp_path / "store")
    drugs = [item for item in PatientStore.open(tmp_path / "store").records(1) if item.kind == "drug"]
    assert [(item.entry, item.text_value) for item in drugs] == [
        ("hosp/prescriptions:2", "2.5 mg PO; until 2150-01-04"), ("hosp/prescriptions:3", None),
    ]  # fmt: skip


def test_entries_of_meds_are_kept_or_else_file_and_row(tmp_path):
    for name, more in (("own", {}), ("stated", {"entry": ["Observation/x", None]})):
        (tmp_path / name / "data").mkdir(parents=True)
        table = {
            "subject_id": [1, 1],
            "time": pa.array([None, None], pa.timestamp("us")),
            "code": ["A//1", "B//2"],
        }
        pq.write_table(pa.table({**table, **more}), tmp_path / name / "data" / "0.parquet")
        load(str(tmp_path / name), tmp_path / f"{name}-store")
    own = [item.entry for item in PatientStore.open(tmp_path / "own-store").records(1)]
    stated = [item.entry for item in PatientStore.open(tmp_path / "stated-store").records(1)]
    assert own == ["data/0.parquet:1", "data/0.parquet:2"]
    assert stated == ["Observation/x", ""]


def test_a_store_without_entries_is_still_read(tmp_path):
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"resource": {"resourceType": "Patient", "id": "p1", "gender": "male"}}],
    }
    (tmp_path / "b.json").write_text(json.dumps(bundle), "utf-8")
    load(str(tmp_path / "b.json"), tmp_path / "store")
    file = tmp_path / "store" / "data" / "0.parquet"
    pq.write_table(pq.read_table(file).drop_columns(["entry"]), file)
    store = PatientStore(tmp_path / "store", {})
    assert summary(store, "p1")["sex"] == "male"
    assert [item.entry for item in store.records(store.subject("p1"))] == [""]


def test_digits_that_32_bits_would_change_are_kept(tmp_path):
    values = [4.1, 206.17676767, 0.1234567891, 7.25, 16777217, 120]
    observations = [
        {"resourceType": "Observation", "id": f"o{number}", "status": "final", "effectiveDateTime": "2020-01-02",
         "code": {"text": f"Test {number}"}, "valueQuantity": {"value": value, "unit": "mg"}}
        for number, value in enumerate(values)
    ]  # fmt: skip
    read(tmp_path, *observations)
    load(str(tmp_path / "b.json"), tmp_path / "store")
    store = PatientStore.open(tmp_path / "store")
    shown = [row["value"] for row in summary(store, "p1")["observations"]]
    assert sorted(shown) == sorted(f"{value} mg" for value in values)
