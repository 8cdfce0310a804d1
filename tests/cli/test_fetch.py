"""`clinweave fetch` through the program: tables, JSON, exit codes."""

import json

import pytest

from clinweave.cli import main
from tests.wheelhouse import TERMS, pinned_house


@pytest.fixture
def house(tmp_path, monkeypatch):
    with pinned_house(tmp_path, monkeypatch) as result:
        monkeypatch.setenv("CLINWEAVE_HOME", str(result.home))
        yield result


@pytest.fixture
def run(capsys):
    def call(*arguments: str) -> tuple[int, str, str]:
        try:
            code = main(["fetch", *arguments]) or 0
        except SystemExit as stop:
            code = stop.code or 0
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_fetch_list_and_check(house, run):
    code, out, _ = run("--list", "--json")
    assert code == 0
    assert json.loads(out)["resources"][0]["state"] == "missing"

    code, out, _ = run("knees", "--from", str(house.links), "--offline", "--json")
    assert code == 0
    row = json.loads(out)["resources"][0]
    assert (row["id"], row["state"], row["licence"]) == ("knees", "good", "CC0 1.0")
    assert {file["origin"].partition(":")[0] for file in row["files"]} == {"folder"}

    code, out, _ = run("--check")
    assert code == 0
    assert "knees" in out
    assert "CC0 1.0" in out


def test_check_finds_what_was_changed(house, run):
    run("--from", str(house.links), "--offline")
    (house.place / "terms.obo").write_bytes(TERMS.swapcase())
    assert run("--list")[0] == 0  # sizes alone
    code, out, err = run("--check", "--json")
    assert code == 1
    assert json.loads(out)["resources"][0]["state"] == "incomplete"
    assert "clinweave fetch knees" in err


def test_count_reads_what_was_fetched(house, run):
    code, out, err = run("--count")
    assert (code, out) == (2, "")
    assert "run `clinweave fetch knees`" in err
    run("--from", str(house.links), "--offline")
    code, out, err = run("--count")  # the files are there, and are no vocabulary
    assert (code, out) == (2, "")
    assert "needs the file hp.obo" in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["kness"], 2, "no resource 'kness'"),
        (["--from", "/nowhere/at/all"], 2, "not a folder"),
        (["--origin", "ftp"], 2, "no kind of origin 'ftp'"),
        (["--offline"], 1, "no origin was tried"),
    ],
)
def test_mistakes_have_a_message_and_an_exit_code(arguments, code, message, house, run):
    result, out, err = run(*arguments)
    assert (result, out) == (code, "")
    assert message in err
    assert house.there() == {}
