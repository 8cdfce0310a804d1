"""Files with rows that hold no molecule, given to an option: the rows are counted, and the first is described."""

import json
from pathlib import Path

import pytest

pytest.importorskip("rdkit", reason="needs the extra molecules")

from rdkit import Chem

from clinweave.applications.molecules.analogues import open_transformations
from clinweave.applications.molecules.optimization import read_pool
from clinweave.cli import main
from clinweave.core.errors import UserError

pytestmark = pytest.mark.molecules

LEADS = [f"CC(=O)Nc1ccc({end})cc1" for end in ("O", "F", "Cl", "C", "OC", "Br")]


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """An SDF of six records, the second without a line of counts, the third cut short."""
    blocks = [Chem.MolToMolBlock(Chem.MolFromSmiles(text)).split("\n") for text in LEADS]
    blocks[1][3] = " xx yy  0  0"
    blocks[2] = blocks[2][:8]
    path = tmp_path / "broken.sdf"
    path.write_text("".join("\n".join([*lines, "$$$$", ""]) for lines in blocks), "utf-8")
    return path


def test_rows_of_a_pool_that_cannot_be_used_are_told(broken: Path) -> None:
    told: list[str] = []
    assert len(read_pool(broken, told.append)) == 4
    assert told == [
        "2 of 6 rows of --pool contain no valid molecule (broken.sdf, row 2: a damaged block: its fourth line holds no "
        "counts of atoms and bonds)"
    ]


def test_rows_of_a_reference_that_cannot_be_used_are_told(broken: Path, tmp_path: Path) -> None:
    told: list[str] = []
    open_transformations(tmp_path / "home", broken, tell=told.append)
    assert len(told) == 1
    assert told[0].startswith("2 of 6 rows of --reference contain no valid molecule (broken.sdf, row 2")


def test_a_good_file_is_not_mentioned(tmp_path: Path) -> None:
    path = tmp_path / "good.smi"
    path.write_text("\n".join(LEADS), "utf-8")
    told: list[str] = []
    assert len(read_pool(path, told.append)) == len(LEADS)
    assert not told


def test_a_file_without_a_column_of_structures_is_answered_with_what_helps(tmp_path: Path) -> None:
    path = tmp_path / "numbers.csv"
    path.write_text("CCO,1\nCCN,2\n", "utf-8")
    with pytest.raises(UserError, match="call the column of structures smiles"):
        read_pool(path)


def test_nothing_is_encoded_of_an_empty_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch", reason="needs the extra molecules")
    path = tmp_path / "empty.sdf"
    path.write_bytes(b"")
    with pytest.raises(SystemExit) as ended:
        main(["molecules", "encode", str(path), "--out", str(tmp_path / "out.csv")])
    assert ended.value.code == 2
    assert "holds no molecules" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


def test_measures_of_molecules_without_rings_are_json() -> None:
    pytest.importorskip("torch", reason="needs the extra molecules")
    from collections import Counter

    import numpy as np

    from clinweave.applications.molecules.metrics import Reference, measure
    from clinweave.applications.molecules.metrics.moses import Against, morgan_bits

    bits = morgan_bits([Chem.MolFromSmiles(text) for text in LEADS])
    nothing = np.zeros(0)
    reference = Reference(nothing, nothing, bits, Counter({"CC": 1}), Counter({"c1ccc2ccccc2c1": 1}), {})
    result = measure(["CCO", "CCCN"], Against({"Test": reference}))

    def refuse(constant: str) -> float:
        raise AssertionError(f"{constant} is no JSON")

    assert "Scaf/Test" not in json.loads(json.dumps(result), parse_constant=refuse)


def test_rows_that_training_leaves_out_are_counted_and_listed(tmp_path: Path) -> None:
    from clinweave.applications.molecules import read_training_set

    path = tmp_path / "set.csv"
    path.write_text(
        "smiles,name\nCCO,a\nC1CC,ring\n,none\nCCN,b,too many\nCC(C)(C)(C)C,five\nCCC,c\n", "utf-8"
    )
    data = read_training_set(path, tmp_path / "features")
    assert data.smiles == ["CCO", "CCC"]
    assert data.rows == 6
    reasons = {row.row: row.reason for row in data.left_out}
    assert sorted(reasons) == [2, 3, 4, 5]
    assert reasons[3] == "empty"
    assert reasons[4] == "3 cells, the header has 2"
    assert "not a SMILES" in reasons[2]
    assert "not a possible structure" in reasons[5]
    message = data.describe(tmp_path / "left_out.tsv")
    assert message.startswith(f"4 of 6 rows of {path} hold no usable molecule and are left out (row 2: ")
    assert "row 4: 3 cells, the header has 2; ...)" in message
    listed = (tmp_path / "features" / "left_out.tsv").read_text("utf-8").splitlines()
    assert len(listed) == 6  # the digest, the header and four rows
    assert read_training_set(path, tmp_path / "features").left_out == data.left_out  # from the list
    path.write_text("smiles\nCCO\n", "utf-8")
    assert not read_training_set(path, tmp_path / "features").left_out  # another file: the list is made again


def test_training_says_what_it_leaves_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch", reason="needs the extra molecules")
    from tests.applications.molecules.made import smiles_set

    path = tmp_path / "set.smi"
    good = smiles_set(1010)
    path.write_text("\n".join([*good[:500], "C1CC", *good[500:]]) + "\n", "utf-8")
    arguments = ["--data", str(path), "--out", str(tmp_path / "m"), "--size", "tiny", "--molecules", "100"]
    more = [
        "--features",
        str(tmp_path / "features"),
        "--set",
        "batch=50",
        "--graphs",
        "1",
        "--threads",
        "1",
        "--json",
    ]
    with pytest.raises(SystemExit) as ended:
        main(["molecules", "train", *arguments, *more])
    assert not ended.value.code
    printed = capsys.readouterr()
    assert "1 of 1,011 rows of" in printed.err
    assert "row 501: not a SMILES" in printed.err
    assert "row 501: not a SMILES" in json.loads(printed.out)["left_out"]
    assert "C1CC" in (tmp_path / "m" / "left_out.tsv").read_text("utf-8")
    assert "left out (no usable molecule) | 1 |" in (tmp_path / "m" / "README.md").read_text("utf-8")
