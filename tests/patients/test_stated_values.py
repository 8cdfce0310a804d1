"""OMOP, MIMIC-IV and MEDS: values, units and status from every column that may state them."""
# ruff: noqa: E501 - one case is one line

import csv
import gzip
import io
import os
import subprocess
import sys

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from clinweave.patients import PatientStore, load, meds, mimic, omop, summary
from clinweave.patients.batches import QuietLog
from clinweave.patients.meds_codes import meaning_of
from clinweave.patients.omop_duckdb import open_duckdb
from clinweave.patients.vocabularies import curie_of

CONCEPTS = """
create table concept (concept_id int, concept_name varchar, vocabulary_id varchar, concept_code varchar);
insert into concept values (0, 'No matching concept', 'None', 'No matching concept'), (8507, 'MALE', 'Gender', 'M'), (8532, 'FEMALE', 'Gender', 'F'),
  (1, 'Glucose', 'LOINC', '2345-7'), (2, 'percent', 'UCUM', '%'), (3, 'Positive', 'Meas Value', 'LA6576-8'), (4171754, '<=', 'SNOMED', '1'), (4172704, '>', 'SNOMED', '2'),
  (6, 'Never smoker', 'LOINC', 'LA18978-9'), (7, 'Tobacco', 'SNOMED', '77176002'), (8, 'Gout', 'SNOMED', '90560007'), (9, 'Provisional diagnosis', 'Condition Status', 'p'),
  (10, 'box', 'Unit', 'b'), (11, 'No known problems', 'SNOMED', '160245001'), (12, 'Suspected sepsis', 'SNOMED', '12');
"""
OMOP = """
create table person (person_id int, gender_concept_id int, year_of_birth int, month_of_birth int, day_of_birth int, birth_datetime timestamp, gender_source_value varchar);
insert into person values (1, 8507, 1970, 5, 6, null, null), (2, 8532, 1980, 7, null, null, ''), (-3, 0, 1990, null, null, null, null), (4, 8532, 1990, 1, 1, '1990-01-01 03:04:05', 'W');
create table measurement (measurement_id int, person_id int, measurement_concept_id int, measurement_date date, measurement_datetime varchar, operator_concept_id int, value_as_number double,
  value_as_concept_id int, unit_concept_id int, measurement_source_value varchar, unit_source_value varchar, value_source_value varchar);
create table observation (observation_id int, person_id int, observation_concept_id int, observation_date date, value_as_number double, value_as_string varchar, value_as_concept_id int, unit_concept_id int);
insert into observation values (1, 1, 7, '2018-08-03', null, null, 6, 0), (2, 1, 7, '2018-08-04', null, 'since 1990', 6, 0), (3, 1, 7, '2018-08-05', 20, null, 0, 10);
create table condition_occurrence (condition_occurrence_id int, person_id int, condition_concept_id int, condition_start_date date, condition_start_datetime timestamptz,
  condition_status_concept_id int, condition_status_source_value varchar, condition_source_value varchar);
insert into condition_occurrence values (1, 2, 8, '2018-08-03', '2018-08-03 22:20:52+00:00', 0, null, null), (2, 2, 8, '2018-08-04', null, 9, null, null), (3, 2, 8, '2018-08-05', null, null, 'ruled out', null),
  (4, 2, 11, '2018-08-06', null, 0, null, null), (5, 2, 12, '2018-08-07', null, 0, null, null), (6, 2, 0, '2018-08-08', null, 0, null, null), (7, 2, 8, null, 'infinity', 0, null, null);
"""
MEASUREMENTS = [  # operator, number, value concept, unit concept, unit, source value -> number, text, unit
    ((0, 7.25, 0, 2, None, None), (7.25, None, "%")),
    ((0, 7.25, 0, 2, "mmol/L", None), (7.25, None, "mmol/L")),
    ((None, None, 3, None, "", None), (None, "Positive", "")),
    ((None, None, 3, None, None, "pos"), (None, "Positive", "")),
    ((None, None, None, None, None, "pos"), (None, "pos", "")),
    ((4171754, 0.01, None, 10, None, None), (None, "<=0.01", "box")),
    ((4172704, 300, None, None, None, None), (None, ">300", "")),
    ((4172703, 300, None, None, None, None), (300, None, "")),
    ((4171756, 5, None, None, None, None), (None, "<5", "")),
    ((77, 5, None, None, None, None), (None, "OMOP:77 5", "")),
    ((0, 0.01, None, None, None, "<0.01"), (None, "<0.01", "")),
    ((0, 1, None, 777, None, " "), (1, None, "OMOP:777")),
]


def database(path, vocabulary=True):
    with duckdb.connect(str(path)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(OMOP + (CONCEPTS if vocabulary else ""))
        for number, (row, _) in enumerate(MEASUREMENTS, 1):
            operator, value, concept, unit, unit_text, text = row
            connection.execute(
                "insert into measurement values (?, 1, 1, '2018-08-03', null, ?, ?, ?, ?, 'glu', ?, ?)",
                [number, operator, value, concept, unit, unit_text, text],
            )
    return path


def read_omop(path, tmp_path):
    log = QuietLog()
    with open_duckdb(path, tmp_path, "200MB") as source:
        return [row for batch in omop.read(source, log) for row in batch.to_pylist()], log


def test_omop_concepts_stand_in_for_empty_source_columns(tmp_path):
    rows, log = read_omop(database(tmp_path / "a.duckdb"), tmp_path)
    labs = [(row["numeric_value"], row["text_value"], row["unit"]) for row in rows if row["kind"] == "lab"]
    assert labs == [expected for _, expected in MEASUREMENTS]
    assert [(row["numeric_value"], row["text_value"], row["unit"]) for row in rows if row["kind"] == "observation"] == [
        (None, "Never smoker", ""), (None, "Never smoker; since 1990", ""), (20.0, None, "box")]  # fmt: skip
    sexes = {row["subject_id"]: row["code"] for row in rows if row["code"].startswith("GENDER")}
    assert sexes == {1: "GENDER//male", 2: "GENDER//female", -3: "GENDER//unknown", 4: "GENDER//W"}
    births = {
        row["subject_id"]: (str(row["time"]), row["text_value"])
        for row in rows
        if row["code"] == "MEDS_BIRTH"
    }
    assert births == {
        1: ("1970-05-06 00:00:00", None),
        2: ("1980-07-01 00:00:00", "1980-07"),
        -3: ("1990-01-01 00:00:00", "1990"),
        4: ("1990-01-01 03:04:05", None),
    }
    problems = [(row["code"], row["status"]) for row in rows if row["kind"] == "problem"]
    assert problems == [("SNOMEDCT:90560007", "present"), ("UNCERTAIN//SNOMEDCT:90560007", "uncertain"), ("ABSENT//SNOMEDCT:90560007", "absent"),
                        ("ABSENT//SNOMEDCT:160245001", "absent"), ("UNCERTAIN//SNOMEDCT:12", "uncertain")]  # fmt: skip
    assert [(item.row, item.reason) for item in log.examples] == [
        (6, "no usable code"),
        (7, "no usable time"),
    ]


def test_omop_operators_and_sexes_are_known_without_the_vocabulary(tmp_path):
    rows, _ = read_omop(database(tmp_path / "a.duckdb", vocabulary=False), tmp_path)
    labs = [(row["numeric_value"], row["text_value"], row["unit"]) for row in rows if row["kind"] == "lab"]
    assert labs[5] == (None, "<=0.01", "OMOP:10")
    assert labs[2] == (None, "OMOP:3", "")
    assert labs[0] == (7.25, None, "OMOP:2")
    assert {"GENDER//male", "GENDER//female"} <= {row["code"] for row in rows}


def test_numbers_that_are_none_are_counted(tmp_path):
    database(tmp_path / "a.duckdb")
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute(
            "update measurement set value_as_number = 'NaN', operator_concept_id = 0 where measurement_id = 1"
        )
    rows, log = read_omop(tmp_path / "a.duckdb", tmp_path)
    assert next(row for row in rows if row["kind"] == "lab")["numeric_value"] is None
    assert ("measurement", 1, "the value is not a number (NaN or infinite): stored without a number") in [
        tuple(item) for item in log.examples
    ]


def test_times_do_not_depend_on_the_zone_of_the_machine(tmp_path):
    database(tmp_path / "a.duckdb")
    script = (
        "import sys; from pathlib import Path; from clinweave.patients import load; import pyarrow.parquet as pq\n"
        "made = load(sys.argv[1], Path(sys.argv[2])); print(pq.read_table(made.path / 'data').column('time').to_pylist())"
    )
    printed = [
        subprocess.run([sys.executable, "-c", script, str(tmp_path / "a.duckdb"), str(tmp_path / name.replace("/", "-"))],
                       env={**os.environ, "TZ": name}, capture_output=True, text=True, check=True).stdout
        for name in ("UTC", "America/New_York", "Asia/Kolkata")
    ]  # fmt: skip
    assert len(set(printed)) == 1
    assert "2018, 8, 3, 22, 20, 52" in printed[0]


def write_csv(file, header, *rows):
    file.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    csv.writer(text).writerows([header.split(","), *rows])
    file.write_bytes(gzip.compress(text.getvalue().encode()))


def hospital(folder):
    write_csv(
        folder / "hosp/patients.csv.gz",
        "subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod",
        (1, "F", 50, 2150, "x", ""),
    )
    write_csv(
        folder / "hosp/admissions.csv.gz",
        "subject_id,hadm_id,admittime,dischtime,admission_type,discharge_location",
        (1, 10, "2150-01-02 10:00:00", "", "URGENT", "HOME"),
    )
    return folder


def read_mimic(folder, tmp_path):
    log = QuietLog()
    (tmp_path / "spill").mkdir(exist_ok=True)
    rows = [
        row for batch in mimic.read(folder, log, tmp_path / "spill", "300MB") for row in batch.to_pylist()
    ]
    return [row for row in rows if row["kind"] not in {"person", "visit"}], log


LABS = [  # value, number, comments -> number, text, status
    (("", "", "NEG."), (None, "NEG.", "present")),
    (("___", "", "NORMAL."), (None, "NORMAL.", "present")),
    (("___", "250", "VERIFIED."), (250, None, "present")),
    (("<0.01", "0.01", ""), (None, "<0.01", "present")),
    ((">=1.035", "", ""), (None, ">=1.035", "present")),
    (("___", "182", ">182*."), (None, ">182*.", "present")),
    (("", "20", "LESS THAN 20."), (None, "LESS THAN 20.", "present")),
    (("5.5", "", ""), (5.5, None, "present")),
    (("POS", "", "___"), (None, "POS", "present")),
    (("NaN", "", ""), (None, "NaN", "present")),
    (("", "inf", "HIGH."), (None, "HIGH.", "present")),
    (("", "", ""), (None, None, "present")),
    (("___", "", "___"), (None, None, "present")),
    (("", "", "TEST NOT PERFORMED."), (None, "TEST NOT PERFORMED.", "absent")),
    (("CANCELLED", "", ""), (None, "CANCELLED", "absent")),
    (("", "", "ND .  Not Done, WBC <=0.1."), (None, "ND .  Not Done, WBC <=0.1.", "absent")),
]


def test_results_of_mimic_stand_in_value_number_or_comments(tmp_path):
    folder = hospital(tmp_path / "m")
    write_csv(folder / "hosp/labevents.csv.gz", "labevent_id,subject_id,itemid,charttime,value,valuenum,valueuom,comments",
              *((number, 1, 50, "2150-01-03 08:00:00", row[0], row[1], "u", row[2]) for number, (row, _) in enumerate(LABS)))  # fmt: skip
    rows, log = read_mimic(folder, tmp_path)
    assert [(row["numeric_value"], row["text_value"], row["status"]) for row in rows] == [
        expected for _, expected in LABS
    ]
    assert {row["code"] for row in rows} == {"MIMIC.LAB:50", "ABSENT//MIMIC.LAB:50"}
    assert log.total == 0


def test_cultures_and_susceptibilities(tmp_path):
    folder = hospital(tmp_path / "m")
    write_csv(folder / "hosp/microbiologyevents.csv.gz", "subject_id,chartdate,charttime,test_itemid,test_name,org_name,quantity,ab_itemid,ab_name,dilution_text,interpretation,comments",
              (1, "2150-01-03 00:00:00", "2150-01-03 07:00:00", 90, "BLOOD CULTURE", "", "", "", "", "", "", "NO GROWTH.  "),
              (1, "2150-01-03 00:00:00", "", 90, "BLOOD CULTURE", "E. COLI", ">100,000", 91, "MEROPENEM", "<=0.25", "S", "___"),
              (1, "2150-01-03 00:00:00", "", 90, "BLOOD CULTURE", "E. COLI", "", 92, "AMPICILLIN", "", "R", ""),
              (1, "2150-01-03 00:00:00", "", 90, "BLOOD CULTURE", "CANCELLED", "", "", "", "", "", ""),
              (1, "2150-01-03 00:00:00", "", 90, "BLOOD CULTURE", "", "", "", "", "", "", "TEST CANCELLED, PATIENT CREDITED.  "))  # fmt: skip
    rows, log = read_mimic(folder, tmp_path)
    assert [(row["code"], row["text_value"]) for row in rows] == [
        ("MIMIC.MICRO:90", "NO GROWTH."), ("MIMIC.MICRO:90", "E. COLI; >100,000"), ("MIMIC.MICRO:90", "E. COLI"),
        ("ABSENT//MIMIC.MICRO:90", "CANCELLED"), ("ABSENT//MIMIC.MICRO:90", "TEST CANCELLED, PATIENT CREDITED."),
        ("MIMIC.SUSCEPTIBILITY:91", "E. COLI: S (susceptible), MIC <=0.25"), ("MIMIC.SUSCEPTIBILITY:92", "E. COLI: R (resistant)")]  # fmt: skip
    assert (rows[0]["time"].hour, rows[1]["time"].hour) == (7, 0)
    assert {row["name"] for row in rows} == {
        "BLOOD CULTURE",
        "MEROPENEM susceptibility",
        "AMPICILLIN susceptibility",
    }
    assert log.total == 0


EVENTS = {
    "present": ["Administered", "Administered in Other Location", "Delayed Administered", "Partial Administered", "Started", "Restarted", "Applied", "Flushed", "Confirmed", "Removed Existing / Applied New"],
    "absent": ["Not Given", "Not Given per Sliding Scale", "Hold Dose", "Held", "Stopped", "Stopped - Unscheduled", "Delayed Stopped", "Not Applied", "Not Started", "Removed", "Assessed", "Refused", "Infusion Reconciliation Not Done", "Delayed Not Confirmed"],
    "uncertain": ["", "Delayed ", " in Other Location", "Read"],
}  # fmt: skip


@pytest.mark.parametrize("status", EVENTS)
def test_what_was_not_given_is_no_administration(tmp_path, status):
    folder = hospital(tmp_path / "m")
    write_csv(
        folder / "hosp/emar.csv.gz",
        "subject_id,hadm_id,charttime,medication,event_txt",
        *((1, 10, "2150-01-03 08:00:00", "Warfarin", text) for text in EVENTS[status]),
    )
    rows, _ = read_mimic(folder, tmp_path)
    assert {row["text_value"] or "": row["status"] for row in rows} == {
        text.strip(): status for text in EVENTS[status]
    }
    for text in EVENTS[status]:
        assert meaning_of(f"MEDICATION//Warfarin//{text}").status == status
    store = PatientStore.open(load(str(folder), tmp_path / "out").path)
    assert bool(summary(store, "1")["drugs"]) == (status == "present")
    if status == "absent":
        assert summary(store, "1")["absent"][0]["name"] == "Warfarin"


def test_other_rows_of_mimic(tmp_path):
    folder = hospital(tmp_path / "m")
    write_csv(folder / "icu/inputevents.csv.gz", "subject_id,starttime,itemid,amount,amountuom,statusdescription",
              (1, "2150-01-03 08:00:00", 221, 4, "mg", "FinishedRunning"), (1, "2150-01-03 09:00:00", 221, -2, "mg", "Rewritten"))  # fmt: skip
    write_csv(
        folder / "hosp/emar.csv.gz",
        "subject_id,charttime,medication,event_txt",
        (1, "2150-01-03 08:00:00", "", "Administered"),
    )
    write_csv(folder / "hosp/diagnoses_icd.csv.gz", "subject_id,hadm_id,seq_num,icd_code,icd_version",
              (1, 10, 1, "01882 ", 9), (1, 10, 2, "1882", "9 "), (1, 10, 3, "E119", 10), (1, 10, 4, "E119", 11))  # fmt: skip
    write_csv(
        folder / "hosp/d_icd_diagnoses.csv.gz",
        "icd_code,icd_version,long_title",
        ("01882", 9, "Tuberculosis"),
        ("1882", 9, "Neoplasm"),
    )
    write_csv(folder / "hosp/services.csv.gz", "subject_id,curr_service", (1, "MED"))
    rows, log = read_mimic(folder, tmp_path)
    assert [(row["code"], row["name"]) for row in rows if row["kind"] == "problem"] == [
        ("ICD9CM:018.82", "Tuberculosis"), ("ICD9CM:188.2", "Neoplasm"), ("ICD10CM:E11.9", None)]  # fmt: skip
    assert [(row["code"], row["numeric_value"]) for row in rows if row["kind"] == "drug"] == [
        ("MIMIC.ITEM:221", 4),
        ("ABSENT//MIMIC.ITEM:221", -2),
    ]
    assert [(item.file, item.row, item.reason) for item in log.examples] == [
        ("hosp/services.csv.gz", 0, "this table is not read"), ("diagnoses_icd.csv.gz", 5, "no usable code"), ("emar.csv.gz", 2, "no usable code")]  # fmt: skip


MEDS = [  # code -> kind, name, unit, status
    ("HOSPITAL_ADMISSION//EW EMER.//EMERGENCY ROOM", "visit", "", "", "present"), ("HOSPITAL_DISCHARGE//HOME", "visit", "", "", "present"),
    ("TRANSFER_TO//admit//Medicine", "visit", "", "", "present"), ("ICU_ADMISSION//MICU", "visit", "", "", "present"), ("ICU_DISCHARGE//MICU", "visit", "", "", "present"),
    ("ED_REGISTRATION", "visit", "", "", "present"), ("ED_OUT", "visit", "", "", "present"), ("DRG//APR//5614//CVA", "visit", "CVA", "", "present"),
    ("DIAGNOSIS//ICD//9//01882", "problem", "", "", "present"), ("PROCEDURE//ICD//10//0BH17EZ", "procedure", "", "", "present"), ("PROCEDURE//START//225792", "procedure", "", "", "present"),
    ("HCPCS//Hospital observation", "procedure", "Hospital observation", "", "present"), ("LAB//RESULT//50912//mg/dL", "lab", "", "mg/dL", "present"),
    ("LAB//50912//K/uL", "lab", "", "K/uL", "present"), ("LAB//RESULT//50912//UNK", "lab", "", "", "present"), ("LAB//SPECIMEN_COLLECTED//50912", "lab", "", "", "present"),
    ("MEDICATION//Heparin//Administered", "drug", "Heparin", "", "present"), ("MEDICATION//Heparin//Not Given", "drug", "Heparin", "", "absent"), ("MEDICATION//UNK//UNK", "drug", "", "", "uncertain"),
    ("MEDICATION//START//Heparin", "drug", "Heparin", "", "present"), ("MEDICATION//STOP//Heparin", "drug", "Heparin", "", "absent"),
    ("INFUSION_START//221906", "drug", "", "", "present"), ("INFUSION_END//221906", "drug", "", "", "present"), ("SUBJECT_WEIGHT_AT_INFUSION//KG", "observation", "", "KG", "present"),
    ("SUBJECT_FLUID_OUTPUT//226559//mL", "observation", "", "mL", "present"), ("Blood Pressure", "observation", "Blood Pressure", "", "present"), ("BMI (kg/m2)", "observation", "BMI (kg/m2)", "", "present"),
    ("GENDER//F", "person", "", "", "present"), ("MEDS_BIRTH", "person", "", "", "present"), ("ICD10CM/E11.9", "problem", "", "", "present"), ("RxNorm/1191", "drug", "", "", "present"),
    ("LOINC/2345-7", "lab", "", "", "present"), ("SNOMED/44054006", "", "", "", "present"), ("Visit/IP", "visit", "", "", "present"), ("ABSENT//SNOMEDCT:1", "", "", "", "absent"),
]  # fmt: skip


def test_kinds_of_the_public_conversion_of_mimic(tmp_path):
    (tmp_path / "data" / "train").mkdir(parents=True)
    columns = {"subject_id": [1] * len(MEDS), "time": pa.array([None] * len(MEDS), pa.timestamp("ns")), "code": [row[0] for row in MEDS],
               "numeric_value": pa.array([1.5] * len(MEDS), pa.float32()), "text_value": ["<1.5"] * len(MEDS)}  # fmt: skip
    pq.write_table(pa.table(columns), tmp_path / "data" / "train" / "0.parquet")
    log = QuietLog()
    rows = [row for batch in meds.read(tmp_path, log) for row in batch.to_pylist()]
    assert [(row["kind"], row["name"] or "", row["unit"], row["status"]) for row in rows] == [
        row[1:] for row in MEDS
    ]
    assert {(row["numeric_value"], row["text_value"]) for row in rows} == {(None, "<1.5")}
    assert log.total == 0


@pytest.mark.parametrize(("code", "curie"), [
    ("PROCEDURE//ICD//9//0117", "ICD9PROC:01.17"), ("PROCEDURE//ICD//10//0BH17EZ", "ICD10PCS:0BH17EZ"), ("DIAGNOSIS//ICD//9//01882", "ICD9CM:018.82"), ("DIAGNOSIS//ICD//10//I10", "ICD10CM:I10"),
])  # fmt: skip
def test_icd_codes_of_the_public_conversion(code, curie):
    assert curie_of(code) == curie


def test_units_of_a_column_come_before_those_of_a_code(tmp_path):
    (tmp_path / "data").mkdir()
    pq.write_table(
        pa.table(
            {
                "subject_id": [1, 1],
                "time": pa.array([None, None], pa.timestamp("us")),
                "code": ["LAB//1//mg/dL"] * 2,
                "unit": ["g/L", None],
            }
        ),
        tmp_path / "data" / "0.parquet",
    )
    rows = [row for batch in meds.read(tmp_path, QuietLog()) for row in batch.to_pylist()]
    assert [row["unit"] for row in rows] == ["g/L", "mg/dL"]
