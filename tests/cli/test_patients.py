"""`clinweave patients`, `purge` and `deidentify` from end to end."""

import gzip
import json
import os
import stat

import pytest

from tests.patients import made


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def loaded(tmp_path, home, call):
    made.write_bulk(tmp_path / "bulk", "patient-one", "patient-two")
    code, out, _ = call("patients", "load", tmp_path / "bulk", "--json")
    assert code == 0
    return json.loads(out)


def test_load_tells_what_was_read(loaded, home):
    assert loaded["counts"]["patients"] == 2
    assert loaded["tier"] == "private"
    assert loaded["path"] == str(home / "patients" / "bulk")
    assert stat.S_IMODE((home / "patients.json").stat().st_mode) == 0o600


def test_list_show_and_timeline(loaded, call):
    assert json.loads(call("patients", "list", "--json")[1])[0]["patients"] == 2
    assert len(json.loads(call("patients", "list", "--in", loaded["path"], "--json")[1])) == 2
    shown = json.loads(call("patients", "show", "patient-one", "--json")[1])
    assert [row["name"] for row in shown["problems"]] == ["Marble syndrome"]
    lines = json.loads(call("patients", "timeline", "patient-one", "--only", "lab", "--json")[1])
    assert [line["value"] for line in lines] == ["5.5 mmol/L"]
    code, out, _ = call("patients", "timeline", "patient-one")
    assert code == 0
    assert "2015-03-04" in out
    assert "Marble syndrome" in out


def test_an_unknown_patient_and_source(loaded, call, tmp_path):
    code, out, err = call("patients", "show", "nobody", "--json")
    assert (code, out) == (2, "")
    assert "no patient of this id" in err
    assert call("patients", "load", tmp_path / "gone")[0] == 2


def test_what_is_absent_or_uncertain_is_shown_apart(tmp_path, home, call):
    odd = made.resources("p1", "Patient/p1")
    refuted = {**odd[0], "verificationStatus": {"coding": [{"code": "refuted"}]}}
    proposed = {**odd[1], "intent": "proposal"}
    (tmp_path / "a.json").write_text(json.dumps(made.bundle(made.patient("p1"), refuted, proposed)), "utf-8")
    code, _, err = call("patients", "load", tmp_path / "a.json")
    assert code == 0
    assert "1 x MedicationRequest: a proposal or plan, not an order" in err
    assert "a.json, row 3: MedicationRequest" in err
    shown = json.loads(call("patients", "show", "p1", "--json")[1])
    assert (shown["problems"], shown["drugs"]) == ([], [])
    assert [row["name"] for row in shown["absent"]] == ["Marble syndrome"]
    assert "stated as absent" in call("patients", "show", "p1")[1]
    assert "[absent]" in call("patients", "timeline", "p1")[1]


@pytest.mark.parametrize("name", ["a.json", "a.duckdb", "hosp.tar.gz"])
def test_a_source_that_cannot_be_read_is_one_line(tmp_path, home, call, name):
    made.write_bulk(tmp_path / "bulk", "p1")
    for text in (b"", b"[" * 10_000, b"\x00" * 5000, gzip.compress(b"x" * 99999)[:60]):
        (tmp_path / name).write_bytes(text)
        code, out, err = call("patients", "load", tmp_path / name)
        assert (code, out) == (2, "")
        assert len(err.strip().splitlines()) == 1, err
    (tmp_path / name).unlink()
    os.mkfifo(tmp_path / name)
    assert call("patients", "load", tmp_path / name)[0] == 2


def test_purge(loaded, call):
    assert (
        json.loads(call("purge", "--patient", "patient-one", "--dry-run", "--json")[1])[0]["removed"] is False
    )
    places = json.loads(call("purge", "--patient", "patient-one", "--json")[1])
    assert ("store", True) in {(place["kind"], place["removed"]) for place in places}
    code, _, err = call("purge", "--patient", "patient-one")
    assert code == 2
    assert "no store contains" in err


def test_index_makes_a_pseudonymised_private_collection(loaded, call, home):
    facts = json.loads(call("patients", "index", "--in", loaded["path"], "--name", "notes", "--json")[1])
    assert (facts["tier"], facts["documents"]) == ("pseudonymised", 2)
    import pyarrow.parquet as pq

    texts = " ".join(
        pq.read_table(home / "collections" / "notes" / "passages.parquet").column("text").to_pylist()
    )
    assert "Wilson disease" in texts
    assert "Quillerby" not in texts


def test_deidentify(loaded, call, tmp_path):
    (tmp_path / "note.txt").write_text(made.NOTE, "utf-8")
    code, out, _ = call(
        "deidentify", tmp_path / "note.txt", "--in", loaded["path"], "--patient", "patient-one", "--json"
    )
    told = json.loads(out)
    assert code == 0
    assert told["state"] == "pseudonymised"
    assert "Quillerby" not in told["text"]
    assert "Wilson disease" in told["text"]
    assert "Dr. [NAME]" in told["text"]
    call("deidentify", tmp_path / "note.txt", "--out", tmp_path / "out.txt")
    assert stat.S_IMODE((tmp_path / "out.txt").stat().st_mode) == 0o600
    assert call("deidentify", tmp_path / "gone.txt")[0] == 2
