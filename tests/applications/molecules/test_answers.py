"""A column of answers as chemists keep it, and tables that would be lost or misread."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("rdkit", reason="needs the molecules extra")
pytest.importorskip("lightgbm", reason="needs the molecules extra")

from clinweave.applications.molecules.prediction import Structure, read_structure, read_table
from clinweave.applications.molecules.prediction.data_checks import doubts
from clinweave.applications.molecules.prediction.labels import read_answers
from clinweave.applications.molecules.prediction.splits import scaffolds
from clinweave.applications.molecules.prediction.tables import write_table
from clinweave.cli import main
from clinweave.core.errors import UserError

pytestmark = pytest.mark.molecules


@pytest.mark.parametrize(
    ("cells", "separator", "values", "note"),
    [
        (["1", " 2.5 ", "", "n/a", None], ",", [1, 2.5, np.nan, np.nan, np.nan], ""),
        (["Active", "inactive", "", "ACTIVE"], ",", [1, 0, np.nan, 1], "active = 1, inactive = 0"),
        (["no", "no"], ",", [0, 0], "yes = 1, no = 0"),
        (["-0,35", "1"], ";", [-0.35, 1], "decimal commas"),
        ([">10", "2", "≤ 3"], ",", [np.nan, 2, np.nan], "2 of 3 cells are bounds (row 1: >10)"),
        (["<0,5", "2"], "\t", [np.nan, 2], "decimal commas; 1 of 2 cells are bounds"),
    ],
)
def test_a_column_is_read_as_chemists_keep_it(
    cells: list[str | None], separator: str, values: list[float], note: str
) -> None:
    found = read_answers(cells, separator)
    assert np.array_equal(found.values, np.array(values, float), equal_nan=True)
    assert note in "; ".join(found.notes)
    assert bool(found.notes) == bool(note)


def test_a_bound_can_be_taken_as_its_number() -> None:
    found = read_answers([">10", "2"], bounds="as-value")
    assert found.values.tolist() == [10, 2]
    assert "each used as its number" in found.notes[0]
    with pytest.raises(UserError, match="leave-out, as-value"):
        read_answers(["1"], bounds="both")


@pytest.mark.parametrize(
    ("cells", "separator", "said"),
    [
        (["1", "active"], ",", r"row 2: 'active' is not a number"),
        (["0,35"], ",", "decimal comma"),
        (["0,35", "1.5"], ";", "not a number"),
        (["1_000"], ",", "not a number"),
        (["inf"], ",", "not a number"),
        (["> ten"], ",", "not a number"),
    ],
)
def test_what_cannot_be_read_is_named(cells: list[str], separator: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read_answers(cells, separator)


@given(st.lists(st.floats(-1e9, 1e9)), st.sampled_from(",;\t"))
@settings(max_examples=60, deadline=None)
def test_numbers_come_back(numbers: list[float], separator: str) -> None:
    cells = [repr(one) for one in numbers]
    if separator != ",":
        cells = [f"{one:.6f}".replace(".", ",") for one in numbers]
    found = read_answers(cells, separator).values
    assert found == pytest.approx(numbers, abs=1e-6)


@given(st.lists(st.text(max_size=8)))
@settings(max_examples=100, deadline=None)
def test_any_text_is_read_or_refused(cells: list[str]) -> None:
    try:
        found = read_answers(cells)
    except UserError:
        return
    assert len(found.values) == len(cells)
    assert not np.isinf(found.values).any()


def _stops(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["molecules", "properties", *arguments])
    return int(stop.value.code or 0)


def test_awkward_rows_are_told_and_the_table_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["SMILES;IC50"]
    lines += [f"{'C' * n}c1ccccc1{end};{n * 100},5" for n in range(1, 16) for end in ("", "O", "N")]
    lines += [
        "[Na+].[O-]C(=O)c1ccccc1;1",
        "OC(=O)c1ccccc1;9000",
        "CCO;>100",
        "SMILES;IC50",
        "C(C)(C)(C)(C)C;1",
    ]
    table = tmp_path / "t.csv"
    table.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    whole = table.read_bytes()
    model = str(tmp_path / "model")
    train = ("train", str(table), "--target", "IC50", "--features", "morgan", "--out", model)
    assert _stops(*train, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["refused"], told["repeated_structures"]) == (50, 2, 1)
    notes = " ".join(told["notes"])
    for said in ("decimal commas", "1 of 48 cells are bounds", "rows 46, 47", "share one scaffold"):
        assert said in notes
    assert told["endpoints"]["IC50"]["rmse_of_the_mean"] > 0
    assert _stops("predict", str(table), "--model", model, "--out", str(table)) == 2
    assert "another name" in capsys.readouterr().err
    assert table.read_bytes() == whole
    page = tmp_path / "p.html"
    answer = ("predict", str(table), "--model", model, "--out", str(tmp_path / "o.tsv.gz"))
    assert _stops(*answer, "--report", str(page)) == 0
    shown = page.read_text("utf-8")
    assert shown.count("<figure>") == 24
    assert "50 rows: 48 answered" in shown
    assert "the header again" in shown
    assert gzip.decompress((tmp_path / "o.tsv.gz").read_bytes()).startswith(b"SMILES\tIC50\tIC50_predicted\t")
    assert len(read_table(tmp_path / "o.tsv.gz").rows) == 50


def test_another_kind_of_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.mol2").write_text("benzene\n")
    with pytest.raises(
        UserError, match=r"the ending \.mol2 is not read as molecules; the endings are \.sdf, "
    ):
        read_table(tmp_path / "t.mol2")


def test_a_header_alone_teaches_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.csv").write_text("smiles,y\n")
    arguments = ("--target", "y", "--out", str(tmp_path / "model"))
    assert _stops("train", str(tmp_path / "t.csv"), *arguments) == 2
    assert "no row below the header" in capsys.readouterr().err
    write_table(tmp_path / "o.csv", read_table(tmp_path / "t.csv"), {"reason": []})
    assert (tmp_path / "o.csv").read_text() == "smiles,y,reason\n"


def _doubts(smiles: list[str], values: list[float]) -> str:
    structures = [one for one in map(read_structure, smiles) if isinstance(one, Structure)]
    groups = scaffolds([one.smiles for one in structures])
    return " ".join(doubts(np.array(values), structures, groups, np.arange(len(smiles))))


def test_what_a_chemist_would_look_at() -> None:
    rings = ["c1ccccc1", "C1CCCCC1", "c1ccncc1", "C1CCNCC1"]
    assert not _doubts(rings, [1, 0, 1, 0])
    assert "every yes has the same scaffold" in _doubts(rings, [1, 0, 0, 0])
    assert "share one scaffold" in _doubts([f"{'C' * n}c1ccccc1" for n in range(4)], [1, 0, 1, 0])
    assert "4.0 orders of magnitude" in _doubts(rings, [1, 10, 100, 10_000])
    assert not _doubts(rings, [-1, 10, 100, 10_000])
    assert "1 repeated structure has yes and no; all were used (rows 1, 5: c1ccccc1)" in _doubts(
        [*rings, "C1=CC=CC=C1"], [1, 0, 1, 0, 0]
    )
    assert "answers up to 2 apart" in _doubts([*rings, "C1=CC=CC=C1"], [1, 2, 3, 4, 3])


@pytest.mark.parametrize("binary", [True, False])
def test_the_page_of_a_judgement_shows_what_was_missed_most(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], binary: bool
) -> None:
    rings = ("c1ccccc1", "C1CCCCC1", "c1ccncc1", "C1CCNCC1", "c1ccsc1")
    lines = [
        f"{'C' * n}{ring},{int(n > 4) if binary else n + len(ring)},<b>{n}"
        for n in range(1, 9)
        for ring in rings
    ]
    (tmp_path / "t.csv").write_text("smiles,y,id\n" + "\n".join(lines[::2]))
    (tmp_path / "new.csv").write_text("smiles,y,id\n" + "\n".join(lines))
    model, page = str(tmp_path / "model"), tmp_path / "e.html"
    train = ("train", str(tmp_path / "t.csv"), "--target", "y", "--features", "morgan", "--out", model)
    assert _stops(*train) == 0
    assert _stops("evaluate", str(tmp_path / "new.csv"), "--model", model, "--report", str(page)) == 0
    shown = page.read_text("utf-8")
    assert "20 in the training set and left out" in shown
    assert shown.count("<figure>") == 12
    assert "<b>" not in shown
    assert "&lt;b&gt;" in shown
    assert ("share of yes" in shown) is binary
