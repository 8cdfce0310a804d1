"""Invented patients in the forms of their sources, made by hand for the tests."""
# ruff: noqa: E501 - one case is one line

import base64
import gzip
import json
from pathlib import Path
from typing import Any

NOTE = (
    "Patient: Quillerby, Odalys  MRN: 5550123\n"
    "Ms. Quillerby was seen by Dr. Wilson on 03/04/2015 for Wilson disease. Call 617-555-0134.\n"
)
SNOMED, RXNORM, LOINC = (
    "http://snomed.info/sct",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://loinc.org",
)


def concept(system: str, code: str, display: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def patient(ident: str, given: str = "Odalys", family: str = "Quillerby") -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": ident,
        "name": [{"family": family, "given": [given]}],
        "identifier": [{"value": f"MRN-{ident}"}],
        "telecom": [{"value": "617-555-0134"}],
        "address": [{"line": ["7 Vard Lane"], "city": "Ashbrook", "postalCode": "01431"}],
        "birthDate": "1980-02-03",
        "gender": "female",
    }


def resources(ident: str, reference: str) -> list[dict[str, Any]]:
    about = {"subject": {"reference": reference}}
    return [
        {"resourceType": "Condition", "id": f"c{ident}", **about, "onsetDateTime": "2015-03-04T10:00:00-05:00",
         "code": concept(SNOMED, "111", "Marble syndrome (disorder)")},
        {"resourceType": "MedicationRequest", "id": f"m{ident}", **about, "authoredOn": "2015-03-05",
         "medicationCodeableConcept": concept(RXNORM, "222", "Stonix 5 MG Oral Tablet")},
        {"resourceType": "Observation", "id": f"o{ident}", **about, "effectiveDateTime": "2015-03-05T08:00:00Z",
         "category": [{"coding": [{"code": "laboratory"}]}], "code": concept(LOINC, "333-1", "Glucose [Mass/volume]"),
         "valueQuantity": {"value": 5.5, "unit": "mmol/L"}},
        {"resourceType": "DocumentReference", "id": f"d{ident}", **about, "date": "2015-03-06T00:00:00Z",
         "type": concept(LOINC, "34117-2", "History and physical note"),
         "content": [{"attachment": {"contentType": "text/plain", "data": base64.b64encode(NOTE.encode()).decode()}}]},
    ]  # fmt: skip


def bundle(*entries: dict[str, Any]) -> dict[str, Any]:
    held = [{"fullUrl": f"urn:uuid:{item['id']}", "resource": item} for item in entries]
    return {"resourceType": "Bundle", "type": "collection", "entry": held}


def write_bundle(file: Path, ident: str, **names: str) -> None:
    result = bundle(patient(ident, **names), *resources(ident, f"urn:uuid:{ident}"))
    data = json.dumps(result).encode()
    file.write_bytes(gzip.compress(data) if file.suffix == ".gz" else data)


def write_bulk(folder: Path, *idents: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for ident in idents:
        for item in [patient(ident), *resources(ident, f"Patient/{ident}")]:
            with (folder / f"{item['resourceType']}.000.ndjson").open("a", encoding="utf-8") as out:
                out.write(json.dumps(item) + "\n")


def write_mimic(folder: Path, labs: int = 4) -> None:
    hosp = folder / "hosp"
    (folder / "note").mkdir(parents=True)
    hosp.mkdir()
    tables = {
        "hosp/patients": "subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod\n1,F,50,2150,x,\n2,M,30,2151,x,2160-01-01\n",
        "hosp/admissions": "subject_id,hadm_id,admittime,dischtime,admission_type,discharge_location\n"
        "1,10,2150-01-01 10:00:00,2150-01-05 10:00:00,URGENT,HOME\n",
        "hosp/diagnoses_icd": "subject_id,hadm_id,seq_num,icd_code,icd_version\n1,10,1,E119,10\n1,10,2,25000,9\n1,99,3,E119,10\n",
        "hosp/d_icd_diagnoses": "icd_code,icd_version,long_title\nE119,10,Type 2 diabetes\n25000,9,Diabetes mellitus\n",
        "hosp/d_labitems": "itemid,label,fluid,category\n50800,Glucose,Blood,Chemistry\n",
        "hosp/labevents": "labevent_id,subject_id,itemid,charttime,value,valuenum,valueuom\n"
        + "".join(
            f"{i},{1 + i % 2},50800,2150-01-0{1 + i % 9} 08:00:00,{i}.5,{i}.5,mg/dL\n" for i in range(labs)
        ),
        "hosp/prescriptions": "subject_id,hadm_id,starttime,drug,ndc\n1,10,2150-01-02 00:00:00,Stonix,0\n",
        "note/discharge": 'note_id,subject_id,hadm_id,note_type,note_seq,charttime,storetime,text\nn,1,10,DS,1,2150-01-05 09:00:00,,"Name: ___\nMarble ""syndrome"", stable."\n',
    }
    for name, text in tables.items():
        (folder / f"{name}.csv.gz").write_bytes(gzip.compress(text.encode()))


OMOP = """
create table person (person_id bigint, gender_concept_id bigint, year_of_birth int, month_of_birth int, day_of_birth int,
  gender_source_value varchar(10));
create table condition_occurrence (condition_occurrence_id bigint, person_id bigint, condition_concept_id bigint,
  condition_start_date date, condition_start_datetime timestamp, condition_source_value varchar(50),
  condition_source_concept_id bigint);
create table measurement (measurement_id bigint, person_id bigint, measurement_concept_id bigint, measurement_date date,
  value_as_number numeric, unit_source_value varchar(20), measurement_source_value varchar(50));
create table note (note_id bigint, person_id bigint, note_date date, note_class_concept_id bigint, note_title varchar(50), note_text text);
create table death (person_id bigint, death_date date);
insert into person values (1, 8532, 1980, 2, 3, 'F'), (2, 8507, 1990, null, null, 'M');
insert into condition_occurrence values (1, 1, 501, '2015-03-04', '2015-03-04 10:00:00', 'Q1', 502), (2, 1, 0, '2015-03-05', null, 'odd pain', 0),
  (3, 2, 501, null, null, 'Q1', null);
insert into measurement values (1, 2, 503, '2016-01-01', 5.5, 'mmol/L', 'glu');
insert into note values (1, 1, '2015-03-06', 0, 'Discharge', 'Marble syndrome, stable.');
insert into death values (2, '2020-01-01');
"""
VOCABULARY = """
create table concept (concept_id bigint, concept_name varchar(255), domain_id varchar(20), vocabulary_id varchar(20), concept_code varchar(50));
insert into concept values (501, 'Marble syndrome', 'Condition', 'SNOMED', '111'), (502, 'Marble', 'Condition', 'ICD10CM', 'Q1'),
  (503, 'Glucose', 'Measurement', 'LOINC', '333-1');
"""


class SmallGraph:
    """A graph of four concepts: what linking asks of one, and no more."""

    manifest = {"key": "small"}  # noqa: RUF012

    def __init__(self, folder: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.path = folder
        folder.mkdir(parents=True, exist_ok=True)
        rows = {
            "id": ["MONDO:1", "HP:1", "CHEBI:1", "MONDO:2"],
            "name": ["Marble syndrome", "Marbling", "stonix", "diabetes"],
            "related": [[], [], [], ["ICD9CM:250.00"]],
        }
        pq.write_table(pa.table(rows), folder / "concepts.parquet")
        self.known = {"SNOMEDCT:111": ["HP:1", "MONDO:1"], "ICD10CM:E11.9": ["MONDO:2"]}

    def candidates(self, curie: str) -> list[str]:
        return self.known.get(curie, [])


class SmallLinker:
    """Finds stonix and glucose."""

    class vocabulary:  # noqa: N801
        prefixes = ("CHEBI", "MONDO", "HP")

    def link_many(self, texts, prefixes=None, categories=None):
        from clinweave.records import Mention

        result = []
        for text in texts:
            at = text.lower().find("stonix")
            result.append(
                [Mention(at, at + 6, text[at : at + 6], "CHEBI:1", "stonix", "x", 1.0, False, "")]
                if at >= 0
                else []
            )
        return result
