"""`clinweave code` and `KnowledgeBase.code`."""

import json

import pytest

import clinweave
from clinweave.applications.coding import Codebook
from clinweave.cli import main


@pytest.fixture
def call(capsys, monkeypatch, small_book):
    monkeypatch.setattr(Codebook, "fetched", classmethod(lambda _cls, _home: small_book))

    def run(*arguments):
        with pytest.raises(SystemExit) as stopped:
            main([str(argument) for argument in arguments])
        shown = capsys.readouterr()
        return stopped.value.code, shown.out, shown.err

    return run


@pytest.fixture
def note(tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("Assessment: HTN. Probable pneumonia.\n", "utf-8")
    return path


def test_json_is_one_document(call, note):
    code, out, _ = call("code", note, "--setting", "inpatient", "--json")
    assert code == 0
    result = json.loads(out)
    assert [item["code"] for item in result["codes"]] == ["I10", "J18.9"]
    assert result["codes"][1]["rules"] == ["II.H"]
    assert "not for billing" in result["notice"]


def test_the_table_says_once_that_it_is_not_for_billing(call, note):
    code, out, _ = call("code", note, "--setting", "outpatient")
    assert code == 0
    assert "I10" in out
    assert "IV.H" in out
    assert out.count("not for billing") == 1


def test_an_empty_result_is_said(call, tmp_path):
    path = tmp_path / "note.txt"
    path.write_text("Possible pneumonia.", "utf-8")
    _, out, _ = call("code", path, "--setting", "outpatient")
    assert "No code is suggested." in out
    assert "uncertain: not coded in outpatients" in out


def test_a_file_is_written(call, note, tmp_path):
    out = tmp_path / "codes.csv"
    code, _, _ = call("code", note, "--setting", "inpatient", "--out", out)
    assert code == 0
    assert out.read_text("utf-8").splitlines()[1].startswith("suggested,I10,")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--setting", "ambulance"), "ambulance: unknown"),
        ((), "--setting is missing"),
        (("--setting", "inpatient", "--out", "codes.xlsx"), "end the name in .csv, .json or .html"),
    ],
)
def test_mistakes_exit_with_2(call, note, arguments, message):
    code, out, err = call("code", note, *arguments)
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "note.txt: the note is empty"),
        (b"%PDF-1.4", "not plain text"),
        (b"Name: A. Smith\nHTN\nName: B. Jones\nHTN\n", "several patients: line 1 (Name: A. Smith), line 3"),
    ],
)
def test_files_that_are_no_note_exit_with_2(call, tmp_path, raw, message):
    path = tmp_path / "note.txt"
    path.write_bytes(raw)
    code, out, err = call("code", path, "--setting", "inpatient")
    assert (code, out) == (2, "")
    assert message in err


def test_a_missing_file_exits_with_2(call, tmp_path):
    code, _, err = call("code", tmp_path / "none.txt", "--setting", "inpatient")
    assert code == 2
    assert "does not exist" in err


def test_the_knowledge_base_codes_a_text(small_book, monkeypatch, tmp_path):
    monkeypatch.setattr(Codebook, "fetched", classmethod(lambda _cls, _home: small_book))
    result = clinweave.open(tmp_path).code("Impression: high blood pressure.", setting="outpatient")
    assert [item.code for item in result.codes] == ["I10"]


def test_a_release_that_was_not_fetched_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path))
    path = tmp_path / "note.txt"
    path.write_text("HTN", "utf-8")
    with pytest.raises(SystemExit) as stopped:
        main(["code", str(path), "--setting", "inpatient"])
    assert stopped.value.code == 2
    assert "clinweave fetch icd10cm" in capsys.readouterr().err
