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
