"""Drugs with structures: neighbours, the drug that a structure is, and likeness as evidence that supports no claim."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rdkit", reason="needs the molecules extra")

from clinweave.applications.molecules import KnownDrugs, StructureRetriever
from clinweave.applications.molecules.drugs.known import packed, tanimoto
from clinweave.applications.molecules.prediction import read_structure
from clinweave.applications.molecules.prediction.structures import inchi_key
from clinweave.cli import main
from clinweave.core.errors import UserError
from clinweave.knowledge import CitationChecker, Query
from clinweave.records import Concept, Grade, Mention, Relation, Verdict
from tests.knowledge.graph_fixture import build

pytestmark = pytest.mark.molecules

DRUGS = {
    "DRUGBANK:DB00945": ("Aspirin", "CC(=O)Oc1ccccc1C(=O)O"),
    "DRUGBANK:DB01399": ("Salsalate", "O=C(Oc1ccccc1C(=O)O)c1ccccc1O"),
    "DRUGBANK:DB08814": ("Triflusal", "CC(=O)Oc1cc(C(F)(F)F)ccc1C(=O)O"),
    "DRUGBANK:DB00331": ("Metformin", "CN(C)C(=N)NC(=N)N"),
    "DRUGBANK:DB00182": ("Dexamfetamine", "C[C@H](N)Cc1ccccc1"),
}


@pytest.fixture(scope="module")
def drugs() -> KnownDrugs:
    result = [read_structure(smiles) for _, smiles in DRUGS.values()]
    molecules = [item.molecule for item in result]  # type: ignore[union-attr]
    return KnownDrugs(
        list(DRUGS),
        [name for name, _ in DRUGS.values()],
        [item.smiles for item in result],  # type: ignore[union-attr]
        [inchi_key(item) for item in molecules],
        np.array([packed(item) for item in molecules]),
        {"release": "1", "licence": "CC0"},
    )


def test_neighbours_are_ranked_by_tanimoto(drugs: KnownDrugs) -> None:
    from rdkit import Chem, DataStructs

    from clinweave.applications.molecules.prediction.structures import fingerprint

    near = drugs.similar(DRUGS["DRUGBANK:DB00945"][1], 2)
    assert [item.name for item in near] == ["Triflusal", "Salsalate"] or near[0].similarity >= near[
        1
    ].similarity
    assert "Aspirin" not in {item.name for item in near}
    prints = [fingerprint(Chem.MolFromSmiles(item)) for item in drugs.smiles]
    assert tanimoto(drugs.bits[0], drugs.bits) == pytest.approx(
        DataStructs.BulkTanimotoSimilarity(prints[0], prints)
    )
    with pytest.raises(UserError, match="not a SMILES"):
        drugs.similar("what")


def test_a_structure_is_named_where_it_is_a_drug(drugs: KnownDrugs) -> None:
    assert [item[1:3] for item in drugs.find("[Na+].CC(=O)Oc1ccccc1C(=O)[O-]")] == [("Aspirin", "salt")]
    assert [item[1:3] for item in drugs.find("CC(N)Cc1ccccc1")] == [("Dexamfetamine", "same skeleton")]
    assert not drugs.find("CCCCCCCC")
    assert not drugs.find("nothing")
    many = [
        "CC(=O)Oc1ccccc1C(=O)O",
        "CC(N)Cc1ccccc1",
        "CCCCCCCC",
        "COC(=O)c1ccccc1C(=O)O",
        "CC(=O)Oc1ccccc1C(=O)[O-]",
    ]
    expected = {item: drugs.find(item)[0] for item in many if drugs.find(item)}
    assert drugs.named(many) == expected
    assert len(expected) == 3
    assert drugs.row(" aspirin ") == drugs.row("drugbank:db00945") == 0


def test_generated_molecules_are_looked_up(drugs: KnownDrugs, tmp_path: Path) -> None:
    from clinweave.applications.molecules.drugs import answer_known

    (tmp_path / "g.smi").write_text("CC(=O)Oc1ccccc1C(=O)O one\r\nxx two\r\nCCCC\r\n")
    told = answer_known(drugs, tmp_path / "g.smi", tmp_path / "out.csv")
    assert (told["rows"], told["same"], told["refused"]) == (3, 1, 1)
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[1] == "CC(=O)Oc1ccccc1C(=O)O,one,Aspirin,DRUGBANK:DB00945,same,CC(=O)Oc1ccccc1C(=O)O,,"
    assert lines[2].endswith("not a SMILES")


def test_likeness_is_evidence_that_supports_no_claim(
    drugs: KnownDrugs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    concepts = [Concept(id_, "biolink:Drug", name, "drugs") for id_, (name, _) in DRUGS.items()]
    concepts.append(Concept("CHEBI:1", "biolink:ChemicalRole", "antiplatelet agent", "drugs"))
    role = Relation("DRUGBANK:DB00945", "biolink:has_chemical_role", "CHEBI:1", "drugs")
    graph = build(tmp_path / "graph", {"drugs": [*concepts, role]})
    monkeypatch.setattr(KnownDrugs, "open", lambda _home: drugs)
    retriever = StructureRetriever(SimpleNamespace(graph=graph, home=tmp_path))  # type: ignore[arg-type]
    mention = Mention(0, 7, "aspirin", "DRUGBANK:DB00945", "Aspirin", "biolink:Drug", 1.0, False, "")
    similar, general = "Which drugs are similar to aspirin?", "What does aspirin do?"
    asked = Query(similar, similar, mentions=(mention,))
    other = Query(general, general, mentions=(mention,))
    (item,) = retriever.retrieve(asked, limit=5)
    assert item.kind == "structure"
    assert retriever.retrieve(asked, limit=0) == []
    assert retriever.retrieve(other, limit=5)[0].score < item.score
    assert "Triflusal (0." in item.text
    assert "computed, not curated" in item.text
    assert {entry.grade for entry in item.relations} == {Grade.COMPUTED}
    checker = CitationChecker(graph)
    for claim in (
        "Aspirin is similar in structure to Triflusal.",
        "Triflusal has the role antiplatelet agent.",
    ):
        assert checker.check(claim, [item])[0] == Verdict.UNVERIFIED


def test_asking_for_what_is_no_drug_is_the_users_mistake(
    drugs: KnownDrugs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from clinweave.cli import similar

    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path))
    monkeypatch.setattr(similar, "_drugs", lambda: drugs)
    with pytest.raises(SystemExit) as stop:
        main(["molecules", "similar", "nonsense"])
    assert stop.value.code == 2
    with pytest.raises(SystemExit):
        main(["molecules", "similar", "Salsalate", "--top", "1", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert told["id"] == "DRUGBANK:DB01399"
    assert [item["name"] for item in told["similar"]] == ["Aspirin"]


def test_neighbours_by_latent_need_a_model(
    drugs: KnownDrugs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clinweave.applications.molecules.prediction import features

    with pytest.raises(UserError, match="--checkpoint"):
        drugs.similar_by_latent("CCO", tmp_path, checkpoint=tmp_path)
    monkeypatch.setattr(features, "latent_sha256", lambda _: "made up")
    monkeypatch.setattr(
        features,
        "_latent",
        lambda molecules, _: np.array([[item.GetNumAtoms() - 10.5, 3.0] for item in molecules]),
    )
    near = drugs.similar_by_latent("CC(=O)Oc1ccccc1C(=O)OC", tmp_path, 2, tmp_path)  # 14 atoms
    assert near[0].name == "Aspirin"  # 13 atoms
    assert near[0].similarity > near[1].similarity
