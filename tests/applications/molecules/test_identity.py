"""Which drug a structure is: the whole decides; salts, mixtures and metals are said; wrong references are set aside."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rdkit", reason="needs the molecules extra")

from clinweave.applications.molecules import KnownDrugs, similar_drugs
from clinweave.applications.molecules.drugs.reference import (
    from_approved,
    from_salts,
    name_index,
    reference_row,
    row_bits,
)
from clinweave.core.errors import UserError
from clinweave.databases import DrugStructure

pytestmark = pytest.mark.molecules

ASPIRIN, CAFFEINE = "CC(=O)Oc1ccccc1C(=O)O", "Cn1c(=O)c2c(ncn2C)n(C)c1=O"
IMATINIB = "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1"
PAMOIC = "OC(=O)c1cc2ccccc2c(Cc2c(O)c(cc3ccccc23)C(O)=O)c1O"
OLANZAPINE = "Cc1cc2c(s1)Nc1ccccc1N=C2N1CCN(C)CC1"
AMILORIDE = "NC(=N)NC(=O)c1nc(Cl)c(N)nc1N"
HCT = "NS(=O)(=O)c1cc2c(cc1Cl)NCNS2(=O)=O"
GIVEN = {
    "Aspirin": f"{ASPIRIN[:-1]}[O-].{ASPIRIN[:-1]}[O-].[Ca+2]",
    "Caffeine": CAFFEINE,
    "Olanzapine": f"{OLANZAPINE}.{PAMOIC}.O",
    "Metformin": "CN(C)C(=N)N=C(N)N.Cl",
    "Codeine": "CN1CCC23c4c5ccc(OC)c4OC2C(O)C=CC3C1C5.[H+].[Cl-]",
    "Calcium acetate": "CC(=O)[O-].CC(=O)[O-].[Ca+2]",
    "Sodium chloride": "[Na+].[Cl-]",
    "Sodium bicarbonate": "[Na+].OC([O-])=O",
    "Magnesium salicylate": "[Mg+2].Oc1ccccc1C(=O)[O-].Oc1ccccc1C(=O)[O-]",
    "Levodopa": "N[C@@H](Cc1ccc(O)c(O)c1)C(=O)O",
    "Imatinib Mesylate": f"{IMATINIB}.CS(=O)(=O)O",
    "Oxaliplatin": "C1CC[C@H]([C@@H](C1)N)N.C(=O)(C(=O)[O-])[O-].[Pt+2]",
    "Nitroprusside": "[Na+].[Na+].[C-]#N.[C-]#N.[C-]#N.[C-]#N.[C-]#N.N#[O+].[Fe+2]",
    "Sulfadiazine": "Nc1ccc(cc1)S(=O)(=O)Nc1ncccn1",
}
LEFT_OUT = {
    "Amiloride": f"{HCT}.{AMILORIDE}.Cl",
    "Silver sulfadiazine": "CC(=O)[N-]S(=O)(=O)c1ccc(N)cc1.O.[Na+]",
    "Ibuprofen": f"CCOc1ccc(NC(C)=O)cc1.{ASPIRIN}.{CAFFEINE}",
}


@pytest.fixture(scope="module")
def drugs() -> KnownDrugs:
    rows = [reference_row(f"D:{name}", name, smiles) for name, smiles in GIVEN.items()]
    assert not [row for row in rows if isinstance(row, str)]
    result = [row for row in rows if not isinstance(row, str)]
    result += from_salts(
        result, {"imatinib": DrugStructure("D:Imatinib", "Imatinib", "", "", ("Gleevec", "Glivec"))}
    )
    return KnownDrugs(
        [row["id"] for row in result],
        [row["name"] for row in result],
        [row["smiles"] for row in result],
        [row["inchi_key"] for row in result],
        np.array([row_bits(row["smiles"]) for row in result]),
        {},
        [row["whole"] for row in result],
        [row["kinds"] for row in result],
        [row["salt"] for row in result],
        name_index([("D:Aspirin", ("Aspirin", "ASA")), ("D:Imatinib", ("Imatinib", "Gleevec", "Glivec"))]),
        {"D:AMILORIDE": "Amiloride (D:AMILORIDE): left out"},
    )


@pytest.mark.parametrize(
    ("smiles", "name", "how", "said"),
    [
        (ASPIRIN, "Aspirin", "same", ""),
        (f"{ASPIRIN[:-1]}[O-]", "Aspirin", "same", ""),
        (f"[Na+].{ASPIRIN[:-1]}[O-]", "Aspirin", "salt", "sodium"),
        (GIVEN["Aspirin"], "Aspirin", "same", "calcium"),
        (f"[Zn+2].{ASPIRIN[:-1]}[O-].{ASPIRIN[:-1]}[O-]", "Aspirin", "component", "Zn"),
        (f"{ASPIRIN}.{CAFFEINE}", "Aspirin", "component", "Caffeine"),
        (OLANZAPINE, "Olanzapine", "same", ""),
        (PAMOIC, None, "", ""),
        (f"CN1CCC1.{PAMOIC}", None, "", ""),
        ("CN(C)C(=N)NC(=N)N", "Metformin", "same", ""),
        (GIVEN["Codeine"].partition(".")[0], "Codeine", "same", ""),
        (IMATINIB, "Imatinib", "same", ""),
        (f"{IMATINIB}.CS(=O)(=O)O", "Imatinib Mesylate", "same", ""),
        ("CC(=O)[O-].CC(=O)[O-].[Ca+2]", "Calcium acetate", "same", ""),
        ("CC(=O)[O-].CC(=O)[O-].[Hg+2]", None, "", ""),
        ("CC(=O)[O-].[Tl+]", None, "", ""),
        ("CC(O)=O", None, "", ""),
        ("[Na+].[F-]", None, "", ""),
        ("[Na+].[C-]#N", None, "", ""),
        ("[Li+].[Li+].[O-]C([O-])=O", None, "", ""),
        ("[Na+].[Na+].[O-]C([O-])=O", "Sodium bicarbonate", "same parts", "proportions"),
        ("[Cl-].[Na+]", "Sodium chloride", "same", ""),
        ("[K+].[Cl-]", None, "", ""),
        ("[Na+].[OH-]", None, "", ""),
        ("Oc1ccccc1C(O)=O", "Magnesium salicylate", "salt", "itself a salt"),
        ("N[C@H](Cc1ccc(O)c(O)c1)C(=O)O", "Levodopa", "same skeleton", "differ"),
        ("NC(Cc1ccc(O)c(O)c1)C(=O)O", "Levodopa", "same skeleton", "states no stereochemistry"),
        ("C1CC[C@H]([C@@H](C1)N)N.C(=O)(C(=O)[O-])[O-].[Pt+2]", "Oxaliplatin", "same", ""),
        ("C1CC[C@H]([C@@H](C1)N)N", None, "", ""),
        ("[Ag+].Nc1ccc(cc1)S(=O)(=O)[N-]c1ncccn1", "Sulfadiazine", "component", "Ag"),
        ("CCCCCCCCCCCCCCN", None, "", ""),
        ("nonsense", None, "", ""),
    ],
)
def test_the_whole_structure_decides(drugs, smiles, name, how, said):
    result = drugs.find(smiles)
    if name is None:
        assert result == []
        return
    match = next(match for match in result if match.name == name)
    assert match.how == how
    listed = f"{match.note} {' '.join(item.name for item in result)}"
    assert said in listed
    assert drugs.named([smiles]).get(smiles, match).how in {result[0].how}
    assert match.component or "." in smiles


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Amiloride", "2 parts that are no counter-ions"),
        ("Silver sulfadiazine", "the name states silver, the structure has no Ag"),
        ("Ibuprofen", "3 parts that are no counter-ions"),
    ],
)
def test_entries_that_cannot_stand_for_their_name_are_left_out(name, reason):
    row = reference_row("D:1", name, LEFT_OUT[name])
    assert isinstance(row, str)
    assert row.startswith(reason)


def test_names_brands_and_gaps(drugs):
    rows = {name: drugs.row(name) for name in ("imatinib", "Gleevec", "GLIVEC", "D:Imatinib")}
    assert len(set(rows.values())) == 1
    assert None not in rows.values()
    assert drugs.row("asa") == drugs.row("aspirin")
    assert "left out" in drugs.gap("d:amiloride")
    assert drugs.gap("no such drug") == ""


def test_a_name_of_two_drugs_is_the_name_of_neither():
    index = name_index([("D:1", ("One", "Same", "Two")), ("D:2", ("Two", "Same"))])
    assert index == {"one": "D:1", "two": "D:2"}


def test_a_gap_is_the_answer_of_the_command(drugs):

    with pytest.raises(UserError, match=r"known drug without a structure here.*left out"):
        similar_drugs(drugs, "D:Amiloride", None, lambda _: [])
    query = similar_drugs(drugs, "Glivec", None, lambda _: []).query
    assert (query.id, query.name) == ("D:Imatinib", "Imatinib")


def test_the_columns_of_a_looked_up_table(drugs, tmp_path: Path):
    from clinweave.applications.molecules.drugs import answer_known

    (tmp_path / "t.csv").write_text(f"id,smiles\na,{ASPIRIN}.{CAFFEINE}\nb,[Na+].{ASPIRIN[:-1]}[O-]\nc,CCC\n")
    told = answer_known(drugs, tmp_path / "t.csv", tmp_path / "out.csv")
    assert (told["same"], told["salt"], told["component"]) == (0, 1, 1)
    header, first, second, third = (tmp_path / "out.csv").read_text().splitlines()
    assert header == "id,smiles,drug,drug_id,match,component,note,reason"
    assert "component" in first
    assert "also: " in first
    assert "Aspirin,D:Aspirin,salt" in second
    assert third.startswith("c,CCC,,,")


def test_gaps_are_filled_from_the_approved_drugs(tmp_path):
    (tmp_path / "approved.csv").write_text(
        "smiles,name,id\nNS(=O)(=O)c1cc(C(=O)O)c(NCc2ccco2)cc1Cl,Furosemide,DB00695;DB07799\n"
        "xx,Broken,DB00001\nCCO,Not asked for,DB00002\n"
    )
    wanting = {"DRUGBANK:DB07799": "Furosemide", "DRUGBANK:DB00001": "Broken"}
    (row,) = from_approved(tmp_path / "approved.csv", wanting)
    assert (row["id"], row["name"]) == ("DRUGBANK:DB07799", "Furosemide")
    assert row["inchi_key"] == "ZZUFCTLCJUWOSV-UHFFFAOYSA-N"
    assert row["notes"] == "structure from the approved drugs of ADMET-AI"
    assert from_approved(None, wanting) == []
