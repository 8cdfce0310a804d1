"""FHIR bundles and bulk exports: what is read, and what is refused with file and row while the rest loads."""
# ruff: noqa: E501 - one case is one line

import gzip
import io
import json
import tarfile
from datetime import datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinweave.core.errors import UserError
from clinweave.patients import fhir, files
from clinweave.patients.batches import QuietLog, number_of
from clinweave.patients.fhir_references import reference_of
from tests.patients import made


def read(path):
    log, people = QuietLog(), []
    rows = [row for batch in fhir.read(path, log, people) for row in batch.to_pylist()]
    return rows, log, people


def codes(rows):
    return {row["code"] for row in rows}


ALL = {"MEDS_BIRTH", "GENDER//female", "SNOMEDCT:111", "RXCUI:222", "LOINC:333-1", "LOINC:34117-2"}


@pytest.mark.parametrize("name", ["a.json", "a.json.gz"])
def test_a_bundle_is_read_whole(tmp_path, name):
    made.write_bundle(tmp_path / name, "p1")
    rows, log, people = read(tmp_path / name)
    assert codes(rows) == ALL
    assert log.total == 0
    lab = next(row for row in rows if row["kind"] == "lab")
    assert (lab["numeric_value"], lab["unit"]) == (5.5, "mmol/L")
    problem = next(row for row in rows if row["kind"] == "problem")
    assert problem["time"] == datetime(2015, 3, 4, 10), "the patient's own clock"
    assert next(row for row in rows if row["kind"] == "note")["text_value"] == made.NOTE
    assert people[0].names == ["Odalys", "Quillerby"]
    assert {row["subject_id"] for row in rows} == {number_of("p1")}


def test_bulk_files_and_archives_give_the_same(tmp_path):
    made.write_bulk(tmp_path / "bulk", "p1", "p2")
    with tarfile.open(tmp_path / "bulk.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "bulk", "bulk")
    plain, _, _ = read(tmp_path / "bulk")
    packed, log, people = read(tmp_path / "bulk.tar.gz")

    def key(row):
        return str(sorted(row.items(), key=str))

    assert sorted(plain, key=key) == sorted(packed, key=key)
    assert len(people) == 2
    assert log.total == 0


def test_broken_references_are_counted_with_their_entry(tmp_path):
    odd = made.resources("x", "urn:uuid:nobody")[0]
    whole = made.bundle(made.patient("p1"), *made.resources("p1", "urn:uuid:p1"), odd)
    whole["entry"].append({"resource": {**odd, "subject": {"display": "somebody"}}})
    whole["entry"].append({"resource": {"resourceType": "MedicationRequest", "id": "m", "authoredOn": "2015",
                                        "subject": {"reference": "urn:uuid:p1"}, "medicationReference": {"reference": "Medication/9"}}})  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps(whole), "utf-8")
    rows, log, _ = read(tmp_path / "a.json")
    assert codes(rows) == ALL
    assert [(item.file, item.row, item.reason) for item in log.examples] == [
        ("a.json", 6, "Condition: broken reference: no such Patient"),
        ("a.json", 7, "Condition: no reference to a Patient"),
        ("a.json", 8, "MedicationRequest: broken reference: no such Medication"),
    ]


def test_a_medication_is_found_by_its_reference(tmp_path):
    medication = {"resourceType": "Medication", "id": "9", "code": made.concept(made.RXNORM, "777", "Stonix")}
    order = {"resourceType": "MedicationRequest", "id": "m", "authoredOn": "2015", "subject": {"reference": "urn:uuid:p1"},
             "medicationReference": {"reference": "Medication/9"}}  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps(made.bundle(order, made.patient("p1"), medication)), "utf-8")
    rows, log, _ = read(tmp_path / "a.json")
    assert "RXCUI:777" in codes(rows)
    assert log.total == 0


def test_bad_lines_are_counted_with_file_and_row_and_the_rest_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_LINE", 5000)
    made.write_bulk(tmp_path, "p1")
    good = json.dumps(made.resources("p1", "Patient/p1")[0])
    latin = good.replace("Marble", "M\u00e4rble").replace("111", "112").encode("latin-1")
    file = tmp_path / "Condition.000.ndjson"
    file.write_bytes(
        file.read_bytes()
        + b'{"resourceType": \n'
        + latin
        + b"\n[1]\n"
        + b'{"x": "'
        + b"y" * 9000
        + b'"}\n'
        + good.replace("111", "113").encode()
    )
    (tmp_path / "Encounter.ndjson").write_bytes(b"")
    (tmp_path / "Procedure.ndjson.gz").write_bytes(gzip.compress(good.encode() * 50)[:-20])
    rows, log, _ = read(tmp_path)
    assert {"SNOMEDCT:111", "SNOMEDCT:112", "SNOMEDCT:113"} <= codes(rows)
    actual = {(item.file, item.row): item.reason for item in log.examples}
    name = "Condition.000.ndjson"
    assert actual[name, 2] == "not JSON"
    assert "Windows-1252" in actual[name, 3]
    assert actual[name, 4] == "not a FHIR resource"
    assert "longer than" in actual[name, 5]
    assert any(
        file == "Procedure.ndjson.gz" and reason == files.DAMAGED for (file, _), reason in actual.items()
    )


def test_a_huge_line_is_never_held_whole():
    class Endless(io.RawIOBase):
        largest = left = 0

        def readline(self, size=-1):
            assert 0 < size <= (1 << 20) + 1, "a line is asked for without a bound"
            self.left -= size
            return b"x" * size if self.left > 0 else b""

    stream = Endless()
    stream.left = 200 << 20
    log = QuietLog()
    assert list(files.lines(files.Member("f", stream), log, limit=1 << 20)) == []
    assert log.total == 1


def test_nothing_is_a_user_error(tmp_path):
    (tmp_path / "empty.json").write_bytes(b"")
    (tmp_path / "not.json").write_text("<html>")
    with pytest.raises(UserError, match="no FHIR Patient"):
        read(tmp_path)


def test_refuted_conditions_are_no_problems(tmp_path):
    odd = {**made.resources("p1", "urn:uuid:p1")[0], "verificationStatus": {"coding": [{"code": "refuted"}]}}
    (tmp_path / "a.json").write_text(json.dumps(made.bundle(made.patient("p1"), odd)), "utf-8")
    rows, log, _ = read(tmp_path / "a.json")
    assert "SNOMEDCT:111" not in codes(rows)
    assert log.total == 1


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["code", "coding", "subject", "reference", "valueQuantity", "value", "component", "category", "content", "attachment"]), inner, max_size=4), max_leaves=12),
    st.sampled_from(["Condition", "Observation", "DocumentReference", "MedicationRequest", "Encounter"]))  # fmt: skip
def test_no_shape_of_a_resource_breaks_the_reader(value, kind):
    reader = fhir.Reader(QuietLog())
    first = io.BytesIO(json.dumps(made.patient("p1")).encode())
    reader.first_pass(files.Member("f", io.BufferedReader(first)))
    (person,) = reader.close()
    odd = {
        "subject": {"reference": "Patient/p1"},
        "onsetDateTime": "2015",
        "date": "2015",
        **(value if isinstance(value, dict) else {"code": value}),
    }
    reader.document("f", 2, {**odd, "resourceType": kind})
    rows = pa.Table.from_batches(reader.rows.rest())
    assert set(rows.column("subject_id").to_pylist()) == {person.subject_id}


@pytest.mark.parametrize(
    ("reference", "ident"),
    [("Patient/1", "1"), ("urn:uuid:a-b", "a-b"), ("https://h/fhir/Patient/7/_history/2", "7")],
)
def test_references(reference, ident):
    assert reference_of(reference).id == ident
