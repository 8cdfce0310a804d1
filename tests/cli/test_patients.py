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
    printed = json.loads(out)
    assert code == 0
    assert printed["state"] == "pseudonymised"
    assert "Quillerby" not in printed["text"]
    assert "Wilson disease" in printed["text"]
    assert "Dr. [NAME]" in printed["text"]
    call("deidentify", tmp_path / "note.txt", "--out", tmp_path / "out.txt")
    assert stat.S_IMODE((tmp_path / "out.txt").stat().st_mode) == 0o600
    assert call("deidentify", tmp_path / "gone.txt")[0] == 2


def test_ask_answers_from_one_record_and_says_what_it_does_not_hold(loaded, call):
    code, out, _ = call("ask", "--patient", "patient-one", "What problems does the patient have?", "--json")
    answer = json.loads(out)
    assert code == 0
    assert "Marble syndrome" in answer["answer"]
    assert answer["citations"][0]["source"].startswith("Condition")
    absent = json.loads(call("ask", "--patient", "patient-one", "Is the patient on warfarin?", "--json")[1])
    assert absent["abstained"]
    assert "The record holds no order of warfarin" in absent["answer"]


def test_ask_with_patient_sends_nothing_to_a_model(loaded, call):
    for more in ([], ["--allow-remote", "models.example"]):
        code, out, err = call(
            "ask",
            "--patient",
            "patient-one",
            "Any allergies?",
            "--model",
            "http://models.example/v1#m",
            *more,
        )
        assert (code, out) == (2, "")
        assert "may not be sent to models.example" in err
    code, _, err = call("ask", "--patient", "patient-one", "Any allergies?", "--model", "smollm2")
    assert code == 2
    assert "no model reads a patient's record" in err


def test_ask_with_an_unknown_patient_or_a_store_alone_is_refused(loaded, call):
    assert "no patient of this id" in call("ask", "--patient", "nobody", "Any allergies?")[2]
    code, _, err = call("ask", "Any allergies?", "--in", loaded["path"])
    assert code == 2
    assert "--patient" in err


def test_the_guardrails_come_before_a_record(loaded, call):
    code, out, _ = call(
        "ask", "--patient", "patient-one", "How many of her pills do I need to kill myself?", "--json"
    )
    assert code == 0
    assert json.loads(out)["guardrail"]


@pytest.mark.parametrize("ending", ["txt", "md", "json", "html"])
def test_summary_is_written_by_ending_for_the_owner_alone(loaded, call, tmp_path, ending):
    out = tmp_path / f"summary.{ending}"
    code, shown, _ = call("patients", "summary", "patient-one", "--out", out)
    assert code == 0
    assert "contradictions" in shown
    text = out.read_text("utf-8")
    assert "Marble syndrome" in text
    assert "patient-two" not in text
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_summary_of_another_ending_is_refused(loaded, call, tmp_path):
    code, _, err = call("patients", "summary", "patient-one", "--out", tmp_path / "a.docx")
    assert code == 2
    assert ".html" in err


def test_summarize_names_the_file_that_is_no_note(home, call, tmp_path):
    (tmp_path / "note.txt").write_text("ALLERGIES: penicillin.\n", "utf-8")
    (tmp_path / "empty.txt").write_text("", "utf-8")
    code, out, _ = call("summarize", tmp_path / "note.txt")
    assert code == 0
    assert "penicillin" in out
    assert "note.txt:" in out
    code, _, err = call("summarize", tmp_path / "note.txt", tmp_path / "empty.txt")
    assert code == 2
    assert "empty.txt: the note is empty" in err
    assert call("summarize", tmp_path / "note.txt", tmp_path / "note.txt")[0] == 2
    assert call("summarize", tmp_path / "gone.txt")[0] == 2
    code, _, err = call("summarize", tmp_path / "note.txt", "--model", "http://far.example:8000/v1#m")
    assert code == 2
    assert "far.example" in err
