"""OMOP (DuckDB), MIMIC-IV and MEDS: what is read, what is refused, and that MEDS comes back equal."""
# ruff: noqa: E501 - one case is one line

import gzip

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinweave.core.errors import UserError
from clinweave.patients import SourceKind, load, meds, mimic, omop
from clinweave.patients.batches import QuietLog, fitted
from clinweave.patients.loading import guess
from clinweave.patients.omop_duckdb import open_duckdb
from clinweave.patients.vocabularies import coded, curie_of
from clinweave.schemas import EVENTS
from tests.patients import made


def omop_file(path, *scripts):
    with duckdb.connect(str(path)) as connection:
        for script in scripts:
            connection.execute(script)
    return path


def read_omop(path, tmp_path):
    log = QuietLog()
    with open_duckdb(path, tmp_path, "200MB") as source:
        return [row for batch in omop.read(source, log) for row in batch.to_pylist()], log


def check_omop(rows, log):
    problems = [(row["code"], row["name"], row["other_codes"]) for row in rows if row["kind"] == "problem"]
    assert problems == [("SNOMEDCT:111", "Marble syndrome", "ICD10CM:Q1"), ("LOCAL:odd_pain", "odd pain", "")]
    lab = next(row for row in rows if row["kind"] == "lab")
    assert (lab["code"], lab["numeric_value"], lab["unit"]) == ("LOINC:333-1", 5.5, "mmol/L")
    assert next(row for row in rows if row["kind"] == "note")["text_value"] == "Marble syndrome, stable."
    assert {row["code"] for row in rows if row["kind"] == "person"} == {
        "MEDS_BIRTH",
        "MEDS_DEATH",
        "GENDER//F",
        "GENDER//M",
    }
    assert [(item.file, item.row, item.reason) for item in log.examples] == [
        ("condition_occurrence", 3, "no usable time")
    ]


def test_omop_in_duckdb(tmp_path):
    check_omop(*read_omop(omop_file(tmp_path / "a.duckdb", made.OMOP, made.VOCABULARY), tmp_path))


@pytest.mark.parametrize(
    ("version", "visit"),
    [
        (
            "5.3",
            "admitting_source_concept_id int, admitting_source_value varchar, discharge_to_concept_id int",
        ),
        (
            "5.4",
            "admitted_from_concept_id int, admitted_from_source_value varchar, discharged_to_concept_id int",
        ),
    ],
)
def test_omop_of_both_versions(tmp_path, version, visit):
    # where the two differ in tables that are read: names of visit_occurrence, more columns of measurement and note
    extra = f"""create table visit_occurrence (visit_occurrence_id bigint, person_id bigint, visit_concept_id bigint,
      visit_start_date date, visit_start_datetime timestamp, visit_end_date date, visit_source_value varchar,
      visit_source_concept_id bigint, {visit});
      insert into visit_occurrence values (9, 1, 9201, '2015-03-03', '2015-03-03 08:00:00', '2015-03-09', 'ward', 0, 0, '', 0);"""
    if version == "5.4":
        extra += """alter table measurement add column unit_source_concept_id int;
          alter table measurement add column measurement_event_id bigint;
          alter table note add column note_event_id bigint;"""
    rows, log = read_omop(omop_file(tmp_path / "a.duckdb", made.OMOP, made.VOCABULARY, extra), tmp_path)
    check_omop([row for row in rows if row["kind"] != "visit"], log)
    (stay,) = (row for row in rows if row["kind"] == "visit")
    assert (stay["code"], str(stay["time"])) == ("OMOP:9201", "2015-03-03 08:00:00")


def test_omop_without_vocabulary_loads_with_concept_ids(tmp_path):
    rows, log = read_omop(omop_file(tmp_path / "a.duckdb", made.OMOP), tmp_path)
    assert {row["code"] for row in rows if row["kind"] == "problem"} == {"OMOP:501", "LOCAL:odd_pain"}
    assert any("vocabulary tables are missing" in item.reason for item in log.examples)


def test_omop_table_of_another_shape_is_skipped_and_told(tmp_path):
    file = omop_file(tmp_path / "a.duckdb", made.OMOP, "drop table note; create table note (column0 varchar)")
    rows, log = read_omop(file, tmp_path)
    assert not [row for row in rows if row["kind"] == "note"]
    assert any(item.file == "note" and "no column person_id" in item.reason for item in log.examples)


def test_a_database_that_is_none(tmp_path):
    (tmp_path / "a.duckdb").write_bytes(b"nothing of the kind" * 1000)
    with (
        pytest.raises(UserError, match="not a DuckDB"),
        open_duckdb(tmp_path / "a.duckdb", tmp_path, "200MB"),
    ):
        pass
    with pytest.raises(UserError, match="no OMOP"):
        read_omop(omop_file(tmp_path / "b.duckdb", "create table t (x int)"), tmp_path)


def read_mimic(folder, tmp_path):
    log = QuietLog()
    (tmp_path / "spill").mkdir(exist_ok=True)
    return [
        row for batch in mimic.read(folder, log, tmp_path / "spill", "300MB") for row in batch.to_pylist()
    ], log


def test_mimic(tmp_path):
    made.write_mimic(tmp_path / "m")
    rows, log = read_mimic(tmp_path / "m", tmp_path)
    problems = {(row["code"], row["name"]) for row in rows if row["kind"] == "problem"}
    assert problems == {("ICD10CM:E11.9", "Type 2 diabetes"), ("ICD9CM:250.00", "Diabetes mellitus")}
    labs = [row for row in rows if row["kind"] == "lab"]
    assert [row["numeric_value"] for row in labs] == [0.5, 1.5, 2.5, 3.5]
    assert {row["name"] for row in labs} == {"Glucose, Blood"}
    assert (
        next(row for row in rows if row["kind"] == "note")["text_value"]
        == 'Name: ___\nMarble "syndrome", stable.'
    )
    assert [row["code"] for row in rows if row["kind"] == "drug"] == ["MIMIC.DRUG:Stonix"]
    assert [(item.file, item.row, item.reason) for item in log.examples] == [
        ("diagnoses_icd.csv.gz", 4, "no usable time")
    ]


def test_damaged_rows_of_mimic_are_counted_and_the_rest_read(tmp_path):
    made.write_mimic(tmp_path / "m")
    labs = tmp_path / "m" / "hosp" / "labevents.csv.gz"
    text = gzip.decompress(labs.read_bytes()).decode()
    labs.write_bytes(
        gzip.compress(
            (
                text
                + "9,1,50800\nx,notanumber,50800,2150-01-01,1,1,u\n"
                + "7,2,50800,2150-01-01 08:00:00,7.5,7.5,u\n"
            ).encode()
        )
    )
    (tmp_path / "m" / "hosp" / "prescriptions.csv.gz").write_bytes(b"\x1f\x8bnot gzip")
    (tmp_path / "m" / "hosp" / "omr.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n"))
    rows, log = read_mimic(tmp_path / "m", tmp_path)
    assert sorted(row["numeric_value"] for row in rows if row["kind"] == "lab") == [0.5, 1.5, 2.5, 3.5, 7.5]
    actual = {(item.file, item.row) for item in log.examples}
    assert ("labevents.csv.gz", 6) in actual
    assert any(
        item.file == "labevents.csv.gz" and item.reason == "no usable subject_id" for item in log.examples
    )
    assert any(item.file == "prescriptions.csv.gz" for item in log.examples)
    assert any(item.file == "omr.csv.gz" and "lacks" in item.reason for item in log.examples)


def test_meds_is_written_as_its_schema_says_and_read_back_equal(tmp_path):
    made.write_mimic(tmp_path / "m")
    first = load(str(tmp_path / "m"), tmp_path / "one")
    again = load(str(first.path), tmp_path / "two", kind=SourceKind.MEDS)
    item, two = (pq.read_table(path / "data") for path in (first.path, again.path))
    assert item.equals(two)
    plain = {name: item.schema.field(name).type for name in EVENTS.names[:5]}
    assert plain == {"subject_id": pa.int64(), "time": pa.timestamp("us"), "code": pa.string(),
                     "numeric_value": pa.float32(), "text_value": pa.large_string()}  # fmt: skip
    codes = pq.read_table(again.path / "metadata" / "codes.parquet").to_pylist()
    assert {row["code"]: row["description"] for row in codes}["ICD10CM:E11.9"] == "Type 2 diabetes"
    subjects = item.column("subject_id").to_pylist()
    assert subjects == sorted(subjects)


@given(st.lists(st.tuples(st.integers(0, 6), st.none() | st.datetimes(allow_imaginary=False), st.sampled_from(["A", "B"]),
                          st.none() | st.floats(width=32, allow_nan=False)), min_size=1, max_size=60), st.integers(1, 10))  # fmt: skip
def test_no_subject_is_in_two_files_and_nothing_is_lost(tmp_path_factory, rows, most):
    folder = tmp_path_factory.mktemp("meds")
    rows = sorted(rows, key=lambda row: (row[0], row[1] is not None, str(row[1])))
    columns = dict(
        zip(("subject_id", "time", "code", "numeric_value"), map(list, zip(*rows, strict=True)), strict=True)
    )
    columns["time"] = pa.array(columns["time"], pa.timestamp("us"))
    batch = fitted(pa.RecordBatch.from_pydict(columns), EVENTS)
    assert meds.write_events(iter([batch]), folder / "data", most) == len(rows)
    held = [
        pq.read_table(file).column("subject_id").to_pylist()
        for file in sorted((folder / "data").iterdir(), key=lambda item: int(item.stem))
    ]
    assert [row for part in held for row in part] == [row[0] for row in rows]
    assert sum(len(set(part)) for part in held) == len({row[0] for row in rows})


def test_a_damaged_meds_file_is_counted_and_the_others_read(tmp_path):
    made.write_mimic(tmp_path / "m")
    store = load(str(tmp_path / "m"), tmp_path / "one").path
    (store / "data" / "9.parquet").write_bytes(b"PAR1 no")
    pq.write_table(pa.table({"x": [1]}), store / "data" / "8.parquet")
    log = QuietLog()
    assert sum(len(batch) for batch in meds.read(store, log)) > 10
    assert {item.reason for item in log.examples} == {
        "not Parquet, or damaged",
        "no column code, subject_id, time: file skipped",
    }


@pytest.mark.parametrize(("code", "curie"), [
    ("ICD10CM/E11.9", "ICD10CM:E11.9"), ("DIAGNOSIS//ICD//10//E119", "ICD10CM:E11.9"), ("RxNorm:1191", "RXCUI:1191"),
    ("LAB//50912//mg/dL", ""), ("SNOMED/44054006", "SNOMEDCT:44054006"),
])  # fmt: skip
def test_codes_of_meds_data(code, curie):
    assert curie_of(code) == curie


def test_points_of_icd_codes():
    assert coded("ICD10CM", "E119") == "ICD10CM:E11.9"
    assert coded("ICD9CM", "25000") == "ICD9CM:250.00"
    assert coded("ICD9CM", "E8500") == "ICD9CM:E850.0"
    assert coded("ICD10CM", "I10") == "ICD10CM:I10"


def test_what_a_source_is(tmp_path):
    made.write_mimic(tmp_path / "m")
    assert guess(str(tmp_path / "m")) is SourceKind.MIMIC
    assert guess("postgresql://h/d") is SourceKind.OMOP
    (tmp_path / "export.txt.gz").write_bytes(gzip.compress(b'\xef\xbb\xbf {"resourceType": "Patient"}'))
    assert guess(str(tmp_path / "export.txt.gz")) is SourceKind.FHIR
    assert guess(str(omop_file(tmp_path / "cdm.dat", made.OMOP))) is SourceKind.OMOP
    (tmp_path / "x.pdf").write_bytes(b"%PDF")
    with pytest.raises(UserError, match="say which with --kind"):
        guess(str(tmp_path / "x.pdf"))
    with pytest.raises(UserError, match="does not exist"):
        guess(str(tmp_path / "gone"))
