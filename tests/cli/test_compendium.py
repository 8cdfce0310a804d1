"""`clinweave compendium` as a user calls it."""

import json

import pytest

from clinweave.cli import main


def call(capsys, *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["compendium", *arguments])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_list_can_be_narrowed_and_read_by_a_program(capsys):
    code, out, _ = call(capsys, "--kind", "system", "--search", "graph", "--json")
    rows = json.loads(out)
    assert code == 0
    assert "kg-rag" in [row["id"] for row in rows]
    assert {row["kind"] for row in rows} == {"system"}


def test_show_prints_sources(capsys):
    code, out, _ = call(capsys, "--show", "doctorgpt")
    assert code == 0
    assert "Doctor-Dignity" in out
    assert "third-party" in out


def test_show_json_is_one_object(capsys):
    _, out, _ = call(capsys, "--show", "pangu-drug", "--json")
    assert json.loads(out)["id"] == "pangu-drug"


@pytest.mark.parametrize(
    ("form", "begins"), [("csv", "id,name"), ("md", "# "), ("json", "["), ("html", "<!doctype")]
)
def test_export_writes_the_file(capsys, tmp_path, form, begins):
    path = tmp_path / "new" / f"out.{form}"
    code, out, err = call(capsys, "--export", form, str(path))
    assert (code, out) == (0, "")
    assert path.read_text("utf-8").startswith(begins)
    assert str(path) in err.replace("\n", "")


@pytest.mark.parametrize(
    ("arguments", "mend"),
    [
        (("--show", "pangudrug"), "pangu-drug"),
        (("--export", "xls", "x.xls"), "csv"),
        (("--folder", "nowhere"), "no compendium entries"),
        (("--kind", "databases"), "database"),
    ],
)
def test_mistakes_end_with_code_2_and_a_mend(capsys, tmp_path, monkeypatch, arguments, mend):
    monkeypatch.chdir(tmp_path)
    code, out, err = call(capsys, *arguments)
    assert (code, out) == (2, "")
    assert mend in err
    assert list(tmp_path.iterdir()) == []
