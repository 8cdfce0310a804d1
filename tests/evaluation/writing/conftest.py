"""A hospital of three patients in the form of the MIMIC-IV demo, and questions on it in the form of EHRSQL."""

import gzip
import io
import json
import tarfile

import pytest

# fmt: off
TABLES = {
    "hosp/patients": (
        "subject_id,gender,anchor_age,anchor_year,dod\n"
        "1,F,50,2150,\n"
        "2,M,30,2170,2171-02-01\n"
        "3,F,70,2160,\n"
    ),
    "hosp/admissions": (
        "subject_id,hadm_id,admittime,dischtime,admission_type,admission_location,discharge_location,insurance,"
        "language,marital_status\n"
        "1,11,2150-03-01 10:00:00,2150-03-05 10:00:00,URGENT,EMERGENCY ROOM,HOME,Medicare,ENGLISH,MARRIED\n"
        "1,12,2151-03-01 10:00:00,2151-03-05 10:00:00,URGENT,EMERGENCY ROOM,HOME,Medicare,ENGLISH,MARRIED\n"
        "2,21,2170-12-01 10:00:00,2171-01-09 10:00:00,ELECTIVE,CLINIC,HOME,Other,ENGLISH,SINGLE\n"
        "3,31,2161-05-02 08:00:00,2161-05-03 08:00:00,ELECTIVE,CLINIC,HOME,Other,ENGLISH,SINGLE\n"
    ),
    "hosp/d_icd_diagnoses": (
        "icd_code,icd_version,long_title\n"
        "I10,10,Hypertension\n"
        "4019,9,Hypertension\n"
        "E119,10,Diabetes\n"
    ),
    "hosp/d_icd_procedures": "icd_code,icd_version,long_title\n3995,9,Hemodialysis\n",
    "hosp/d_labitems": "itemid,label,fluid,category\n501,Sodium,Blood,Chemistry\n502,Heparin,Blood,Chemistry\n",
    "icu/d_items": (
        "itemid,label,abbreviation,linksto,category,unitname,param_type,lownormalvalue,highnormalvalue\n"
        "901,Heparin,Heparin,inputevents,Medications,,Solution,,\n902,Heart Rate,HR,chartevents,Vital,,Numeric,,\n"
    ),
    "hosp/diagnoses_icd": (
        "subject_id,hadm_id,seq_num,icd_code,icd_version\n"
        "1,11,1,I10,10\n"
        "2,21,1,E119,10\n"
        "1,12,1,E119,10\n"
    ),
    "hosp/procedures_icd": "subject_id,hadm_id,seq_num,chartdate,icd_code,icd_version\n1,11,1,2150-03-02,3995,9\n",
    "hosp/labevents": (
        "labevent_id,subject_id,hadm_id,itemid,charttime,value,valuenum,valueuom\n"
        "1,1,11,501,2150-03-02 06:00:00,140,140,mEq/L\n2,1,11,501,2150-03-03 06:00:00,130,130,mEq/L\n"
        "3,1,,501,2150-03-04 06:00:00,120,120,mEq/L\n4,3,31,501,2161-05-02 09:00:00,141,141.26,mEq/L\n"
    ),
    "hosp/prescriptions": (
        "subject_id,hadm_id,starttime,stoptime,drug,dose_val_rx,dose_unit_rx,route\n"
        '1,11,2150-03-01 12:00:00,2150-03-04 12:00:00,Heparin,"5,000",UNIT,SC\n'
        "1,11,2150-03-01 12:00:00,2150-03-04 12:00:00,Aspirin,81,mg,PO\n"
        "3,31,2161-05-02 12:00:00,2161-05-03 12:00:00,Aspirin,0.5-1,mg,PO\n"
    ),
    "icu/icustays": (
        "subject_id,hadm_id,stay_id,first_careunit,last_careunit,intime,outtime,los\n"
        "1,11,7,MICU,MICU,2150-03-01 11:00:00,2150-03-02 11:00:00,1\n"
    ),
    "hosp/transfers": (
        "subject_id,hadm_id,transfer_id,eventtype,careunit,intime,outtime\n"
        "1,11,8,admit,MICU,2150-03-01 11:00:00,\n"
    ),
    "icu/inputevents": (
        "subject_id,hadm_id,stay_id,starttime,itemid,totalamount,totalamountuom\n"
        "1,11,7,2150-03-01 12:00:00,901,100.5,ml\n"
    ),
    "hosp/microbiologyevents": (
        "subject_id,hadm_id,chartdate,charttime,spec_type_desc,test_name,org_name\n"
        "1,11,2150-03-02 00:00:00,,BLOOD,CULTURE,\n"
    ),
}
QUESTIONS = [
    ("a", "How many patients are there?", "SELECT COUNT(*) FROM patients", "[[3]]"),
    (
        "b",
        "Which drugs did patient 1 get?",
        "SELECT DISTINCT prescriptions.drug FROM prescriptions WHERE prescriptions.subject_id = 1",
        "[['aspirin'], ['heparin']]",
    ),
    ("c", "Mean heart rate of patient 1?", "SELECT AVG(valuenum) FROM chartevents", "[[80.0]]"),
    ("d", "Who is the nurse of patient 1?", "null", "null"),
    ("e", "How many cats?", "SELECT COUNT(*) FROM patients", "[[99]]"),  # the answer cannot be reproduced
]


def packed(text):
    return gzip.compress(text.encode())


@pytest.fixture(scope="session")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("demo") / "demo.tar.gz"
    with tarfile.open(path, "w:gz") as members:
        for name, text in TABLES.items():
            content = packed(text)
            entry = tarfile.TarInfo(f"mimic-iv-demo-2.2/{name}.csv.gz")
            entry.size = len(content)
            members.addfile(entry, io.BytesIO(content))
    return path


@pytest.fixture(scope="session")
def ehrsql(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ehrsql")
    for split in ("train", "valid"):
        data = {"version": "1", "data": [{"id": key, "question": text} for key, text, _, _ in QUESTIONS]}
        for part, values in (
            ("data", data),
            ("label", {key: query for key, _, query, _ in QUESTIONS}),
            ("answer", {key: answer for key, _, _, answer in QUESTIONS}),
        ):
            (folder / f"{split}-{part}.json.gz").write_bytes(packed(json.dumps(values)))
    return folder
