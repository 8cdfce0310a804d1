"""Molecule files: each format is read and written by its ending, and every row or record is answered."""

import csv
import gzip
from pathlib import Path

import pytest

pytest.importorskip("rdkit", reason="needs the extra molecules")

import pyarrow.parquet as pq
import xlsxwriter
from rdkit import Chem
from rdkit.Chem import rdDepictor

from clinweave.applications.molecules import read_molecules, write_generated
from clinweave.applications.molecules.files import (
    ENDINGS,
    check_output,
    open_molecules,
    write_molecules,
    write_records,
)
from clinweave.applications.molecules.prediction import Refused, read_table
from clinweave.core.errors import UserError

pytestmark = pytest.mark.molecules

SMILES = ["CCO", "C[C@H](N)C(=O)O", "C/C=C/C", "c1ccc2[nH]ccc2c1", "C[N+](C)(C)C", "CC(=O)[O-].[Na+]"]


def _block(smiles: str, *, v3000: bool = False) -> str:
    molecule = Chem.MolFromSmiles(smiles)
    rdDepictor.Compute2DCoords(molecule)
    return Chem.MolToMolBlock(molecule, forceV3000=v3000)


def _read(path: Path) -> list[str]:
    return [row.smiles or row.reason for row in read_molecules(path)]


@pytest.mark.parametrize("v3000", [False, True])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_sdf_of_either_version_with_any_line_ends(tmp_path: Path, v3000: bool, end: str) -> None:
    text = "".join(f"{_block(smiles, v3000=v3000)}> <logP>\n1.5\n\n$$$$\n" for smiles in SMILES)
    (tmp_path / "a.sdf").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", end).encode())
    assert _read(tmp_path / "a.sdf")[:5] == [Chem.CanonSmiles(smiles) for smiles in SMILES[:5]]
    table = read_table(tmp_path / "a.sdf")
    assert table.header == ["smiles", "logP"]
    assert [row[1] for row in table.rows] == ["1.5"] * 6
    assert table.structures[5].notes == (
        "the organic part of 2: a salt or solvate",
        "computed on as neutral",
    )


def test_every_record_of_a_damaged_sdf_is_answered(tmp_path: Path) -> None:
    good = _block("CCO")
    cut = "\n".join(good.splitlines()[:5]) + "\n"
    query = good.replace(" C   0", " Q   0", 1)
    parts = [
        f"first{good}>  <IC50>  (7)\n12\n\n>  <IC50>\n14\n\n>  <note>\ntwo\nlines\n\n",
        f"cut{cut}>  <IC50>\n1\n\n",
        "no block at all\n",
        good.replace("M  END\n", "") + ">  <IC50>\n3\n\n",
        good.replace(" O   0", " Xx  0"),
        query,
        "\n\n\n  0  0  0  0  0  0  0  0  0  0999 V2000\nM  END\n",
        "",
        f"{_block('CC(=O)OC')}>  <IC50>\n\n",
    ]
    path = tmp_path / "a.sdf.gz"
    path.write_bytes(gzip.compress("$$$$\n".join(parts).encode() + b">  <unit>\n\xb5M"))  # no $$$$ at the end
    table = read_table(path)
    reasons = [item.reason if isinstance(item, Refused) else item.smiles for item in table.structures]
    assert table.header == ["smiles", "name", "IC50", "IC50_2", "note", "unit"]
    assert reasons == [
        "CCO",
        "a damaged block: 1 lines of atoms and bonds, its counts line says 5 (3 atoms, 2 bonds)",
        "a damaged block: there is no line M  END",
        "a damaged block: there is no line M  END",
        "a damaged block: a line of its atoms or bonds cannot be read",
        "a query, not a molecule: atom 1 may be several elements",
        "no structure: the block has no atoms",
        "the record is empty",
        "COC(C)=O",
    ]
    assert table.rows[0][1:] == ["first", "12", "14", "two\nlines", ""]
    assert [row[2] for row in table.rows] == ["12", "1", "", "3", "", "", "", "", ""]
    assert table.rows[8][5] == "µM"


def test_valence_polymers_and_stereo_groups_are_told(tmp_path: Path) -> None:
    five = Chem.MolFromSmiles("C(C)(C)(C)(C)C", sanitize=False)
    racemic = Chem.MolFromSmiles("C[C@H](N)C(=O)O |&1:1|")
    rdDepictor.Compute2DCoords(racemic)
    polymer = _block("CCO").replace("M  END", "M  STY  1   1 SRU\nM  SAL   1  1   2\nM  END")
    blocks = [Chem.MolToMolBlock(five), Chem.MolToMolBlock(racemic, forceV3000=True), polymer]
    (tmp_path / "a.sdf").write_text("".join(f"{block}$$$$\n" for block in blocks))
    rows = list(read_molecules(tmp_path / "a.sdf"))
    assert rows[0].reason.startswith("not a possible structure: Explicit valence")
    assert rows[1].smiles == "C[C@H](N)C(=O)O"
    assert "racemic" in rows[1].notes[0]
    assert rows[2].reason.startswith("a polymer")


@pytest.mark.parametrize(
    "ending", ["sdf", "sdf.gz", "smi", "smi.gz", "csv", "csv.gz", "tsv", "xlsx", "parquet"]
)
def test_what_is_written_is_read_again(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out.{ending}"
    header = ["rank", "smiles", "name", "logP", "note", "code"]
    rows = [
        [n, smiles, f"no {n}", n / 3, '=1+1, a "b"; c' if n == 2 else None, f"00{n}"]
        for n, smiles in enumerate(SMILES, 1)
    ]
    write_molecules(path, header, rows, 1)
    opened = open_molecules(path)
    column = {name: opened.header.index(name) for name in header}
    cells = [row.cells for row in opened.rows]
    assert [row[column["smiles"]] for row in cells][:3] == SMILES[:3]
    assert [row[column["name"]] for row in cells] == [f"no {n}" for n in range(1, 7)]
    assert [float(row[column["logP"]]) for row in cells] == pytest.approx([n / 3 for n in range(1, 7)])
    assert [row[column["code"]] for row in cells] == [f"00{n}" for n in range(1, 7)]
    assert [row[column["note"]] for row in cells] == ["", '=1+1, a "b"; c', "", "", "", ""]
    assert sorted(item.name for item in tmp_path.iterdir()) == [path.name]


def test_sdf_is_written_with_coordinates_tags_and_all_rows(tmp_path: Path) -> None:
    rows = [["CCO", "ethanol", "a\n\nb\n$$$$"], ["C1CC", "broken", ""], ["C[C@H](N)C(=O)O", "alanine", "x"]]
    write_molecules(tmp_path / "a.sdf", ["smiles", "name", "re<mark>"], rows)
    molecules = list(Chem.SDMolSupplier(str(tmp_path / "a.sdf")))
    assert [molecule.GetProp("_Name") for molecule in molecules] == ["ethanol", "broken", "alanine"]
    assert [molecule.GetNumAtoms() for molecule in molecules] == [3, 0, 6]
    assert molecules[1].GetProp("smiles") == "C1CC"  # what was given is not lost
    assert molecules[0].GetProp("re mark") == "a\nb\n $$$$"
    assert Chem.MolToSmiles(molecules[2]) == "C[C@H](N)C(=O)O"
    first = molecules[0].GetConformer().GetPositions()
    assert not first[:, 2].any()
    assert len({tuple(position) for position in first.tolist()}) == 3


def test_coordinates_of_an_sdf_are_kept_in_another(tmp_path: Path) -> None:
    molecule = Chem.AddHs(Chem.MolFromSmiles("C[C@H](N)C(=O)O"))
    from rdkit.Chem import rdDistGeom

    rdDistGeom.EmbedMolecule(molecule, randomSeed=1)
    writer = Chem.SDWriter(str(tmp_path / "a.sdf"))
    writer.write(molecule)
    writer.close()
    table = read_table(tmp_path / "a.sdf")
    assert table.structures[0].smiles == "C[C@H](N)C(=O)O"  # stereochemistry of the 3D coordinates
    write_molecules(tmp_path / "b.sdf", table.header, table.rows, table.smiles_column, table.blocks)
    (again,) = Chem.SDMolSupplier(str(tmp_path / "b.sdf"), removeHs=False)
    assert again.GetConformer().GetPositions() == pytest.approx(
        molecule.GetConformer().GetPositions(), abs=1e-3
    )


def test_excel_with_merged_headers_several_sheets_and_a_title(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    one, two, notes, hidden = (book.add_worksheet(name) for name in ("one", "two", "notes", "hidden"))
    hidden.hide()
    hidden.write_row(0, 0, ["SMILES"])
    hidden.write_row(1, 0, ["CCCC"])
    notes.write_row(0, 0, ["made by", "us"])
    one.merge_range(0, 0, 0, 4, "Project")
    one.merge_range(1, 0, 2, 0, "Compound")
    one.merge_range(1, 1, 2, 1, "SMILES")
    one.merge_range(1, 2, 1, 3, "Kinase")
    one.write_row(2, 2, ["IC50", "Ki"])
    one.merge_range(1, 4, 2, 4, "date")
    one.merge_range(3, 1, 4, 1, "CCO")  # one structure of two measurements
    one.write_row(3, 2, [1.5, 20])
    one.write_row(4, 2, [1.25, 2e-9])
    one.write_row(6, 0, ["x", "C1CC"])  # below a blank row
    two.write_row(0, 0, ["SMILES", "IC50", "IC50"])
    two.write_row(1, 0, ["CCC", "0012", True])
    book.close()
    opened = open_molecules(tmp_path / "a.xlsx")
    assert opened.header == [
        "Compound", "SMILES", "Kinase IC50", "Kinase Ki", "date", "IC50", "IC50_2", "sheet",
    ]  # fmt: skip
    assert [row.cells for row in opened.rows] == [
        ["", "CCO", "1.5", "20", "", "", "", "one"],
        ["", "CCO", "1.25", "2e-09", "", "", "", "one"],
        ["x", "C1CC", "", "", "", "", "", "one"],
        ["", "CCC", "", "", "", "0012", "True", "two"],
    ]
    assert _read(tmp_path / "a.xlsx")[2].startswith("not a SMILES")
    with pytest.raises(UserError, match=r"no sheet has a column called mol \(one, two, notes"):
        open_molecules(tmp_path / "a.xlsx", "mol")


def test_an_open_quotation_mark_swallows_no_rows(tmp_path: Path) -> None:
    text = 'smiles,name\nCCO,"a, b"\nCCC,"open\nCCN,x\nCCF,"two\nlines"\nCCCl,5" pipe\nCCBr,"a"b\nCCI,last\n'
    (tmp_path / "a.csv").write_text(text)
    rows = list(read_molecules(tmp_path / "a.csv"))
    assert [row.smiles for row in rows] == ["CCO", None, "CCN", "CCF", "CCCl", None, "CCI"]
    assert rows[0].name == "a, b"
    assert rows[3].name == "two\nlines"
    assert rows[1].reason == rows[5].reason == "a quotation mark is not closed, or stands within a cell"


@pytest.mark.parametrize(
    ("name", "content", "smiles"),
    [
        ("a.csv", b"\xef\xbb\xbfsep=;\r\nSMILES;x\r\nCCO;1,5\r\n\r\nCC;2;;\r\n", ["CCO", "CC"]),
        ("a.tsv", b"ID\tSMILES\r\n1\tCCO\r\n2\tCC\r\n", ["CCO", "CC"]),
        ("a.txt", "ID\tSMILES\r\n1\tCCO\r\n".encode("utf-16"), ["CCO"]),
        ("a.smi", b"SMILES ID logP\nCCO a 1\nCC b 2\n", ["CCO", "CC"]),
        ("a.smi", b"CCO\ta b\n\nCC\n", ["CCO", "empty", "CC"]),
        ("a.csv", b"molecules\nCCO\nCC\n", ["CCO", "CC"]),
    ],
)
def test_text_as_programs_write_it(tmp_path: Path, name: str, content: bytes, smiles: list[str]) -> None:
    (tmp_path / name).write_bytes(content)
    assert _read(tmp_path / name) == smiles


def test_an_unknown_ending_is_an_error_that_names_the_known(tmp_path: Path) -> None:
    for name in ("a.mol2", "a", "a.cdx"):
        (tmp_path / name).write_text("CCO\n")
        with pytest.raises(
            UserError, match=r"not read as molecules; the endings are \.sdf, .*\.xlsx.*\.parquet"
        ):
            list(read_molecules(tmp_path / name))
    for name in ("a.mol2", "a", "a.xls", "a.mol"):
        with pytest.raises(UserError, match=r"not written; end its name in \.sdf, \.smi, \.csv"):
            check_output(tmp_path / name)
    with pytest.raises(UserError, match=r"compressed already; leave out \.gz"):
        check_output(tmp_path / "a.xlsx.gz")
    for ending in ENDINGS:
        with pytest.raises(UserError, match="no file"):
            open_molecules(tmp_path / f"none{ending}")


@pytest.mark.parametrize("name", ["a.xlsx", "a.parquet", "a.csv.gz", "a.sdf.gz"])
def test_damaged_files_are_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x00\x01 damaged \xff")
    with pytest.raises(UserError, match=name):
        list(read_molecules(tmp_path / name))


def test_columns_have_types_only_where_no_text_is_changed(tmp_path: Path) -> None:
    records = [
        {
            "smiles": "C",
            "whole": "1",
            "number": "1.5",
            "code": "007",
            "mixed": "1",
            "large": "12345678901234567890",
        },
        {"smiles": "CC", "whole": "", "number": "-2e-9", "code": "008", "mixed": "x", "large": "1"},
    ]
    write_records(tmp_path / "a.parquet", records)
    table = pq.read_table(tmp_path / "a.parquet")
    kinds = {name: str(table.schema.field(name).type) for name in table.column_names}
    assert kinds == {
        "smiles": "string", "whole": "int64", "number": "double", "code": "string", "mixed": "string",
        "large": "string",
    }  # fmt: skip
    assert table.column("whole").to_pylist() == [1, None]
    assert table.column("number").to_pylist() == [1.5, -2e-9]


def test_generated_molecules_carry_their_alerts_and_controlled_classes(tmp_path: Path) -> None:
    smiles = ["CC(=O)Nc1ccc(F)cc1", "O=Cc1ccc([N+](=O)[O-])cc1", "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"]
    write_generated(tmp_path / "a.csv", smiles, {})
    with (tmp_path / "a.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["smiles"] for row in rows] == smiles
    assert rows[0]["alerts"] == ""
    assert "Brenk: " in rows[1]["alerts"]
    assert rows[2]["controlled"]
    write_generated(tmp_path / "a.smi", smiles, {})
    assert (tmp_path / "a.smi").read_text("utf-8").split() == smiles
