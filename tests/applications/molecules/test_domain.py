"""The applicability domain: inside means the stated coverage on scaffolds that were held out."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rdkit", reason="needs the molecules extra")
pytest.importorskip("lightgbm", reason="needs the molecules extra")

from rdkit import Chem

from clinweave.applications.molecules import read_smiles
from clinweave.applications.molecules.prediction import (
    PropertyModel,
    Structure,
    calibration,
    domain,
    fit_model,
    predict,
    read_structure,
    read_table,
    train,
)
from clinweave.applications.molecules.prediction.endpoints import DomainCheck, Endpoint, Unseen, check_domain
from clinweave.core.errors import UserError
from tests.applications.molecules.made import smiles_set

pytestmark = pytest.mark.molecules


def test_the_domain_begins_where_held_out_rows_are_covered_as_stated():
    random = np.random.default_rng(0)
    similarity = random.uniform(0, 1, 20_000)
    covered = random.uniform(size=20_000) < np.where(similarity < 0.4, 0.7, 0.96)
    assert domain.covered_from(similarity, covered, 0.9) == pytest.approx(0.4, abs=0.01)
    assert domain.covered_from(similarity, np.zeros(20_000, bool), 0.9) == float("inf")
    assert domain.covered_from(similarity, np.ones(20_000, bool), 0.9) == pytest.approx(0.05, abs=0.01)


def test_rows_are_covered_by_the_quantile_of_other_folds_and_the_same_label():
    residuals = np.array([0.1, 0.1, 0.5, 0.2, 0.2, 0.1])
    folds, labels = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 0, 0, 1])
    assert calibration.held_out_coverage(residuals, folds, 0.6).tolist() == [1, 1, 0, 1, 1, 1]
    assert calibration.held_out_coverage(residuals, folds, 0.5, labels).tolist() == [1, 1, 0, 0, 0, 1]


def test_what_lies_beyond_the_training_structures_is_named():
    ranges = domain.Ranges.fit([Chem.MolFromSmiles(text) for text in ("CCO", "CCCCCCO", "c1ccccc1O")])
    inside, heavy, polar = ranges.outside(
        [Chem.MolFromSmiles(text) for text in ("CCCCO", "C" * 40 + "O", "OCC(O)CO")]
    )
    assert inside == ""
    assert heavy == "weight 579.1 above 102.2; logp 14.82 above 1.559"
    assert polar == "logp -1.668 below -0.0014; tpsa 60.69 above 20.23"
    assert domain.Ranges.from_json(ranges.to_json()).outside([Chem.MolFromSmiles("C" * 40 + "O")]) == [heavy]


def test_a_model_of_solubility_does_not_call_foreign_indoles_inside(shared_data: Path):
    table = read_table(shared_data / "molecules" / "moleculenet" / "delaney-processed.csv.gz")
    core = Chem.MolFromSmarts("c1ccc2[nH]ccc2c1")
    molecules = [
        Chem.MolFromSmiles(text)
        for text in read_smiles(shared_data / "molecules" / "moses" / "test.csv.gz")[:4000]
    ]
    indoles = [Structure(item, Chem.MolToSmiles(item)) for item in molecules if item.HasSubstructMatch(core)]
    known = [table.structures[row] for row in table.good]
    target = "measured log solubility in mols per litre"
    model = fit_model(known, {target: table.numbers(target)[table.good]}, "morgan")
    _, near = model.predict(indoles)
    assert len(indoles) > 40
    assert near.inside[target].mean() < 0.1
    _, near = model.predict(known[:200])
    assert near.inside[target].mean() > 0.95


def test_each_endpoint_has_its_domain_and_a_class_its_labels(tmp_path: Path):
    rows = [f"{item},{int('N' in item or 'n' in item)},{len(item)}" for item in smiles_set(80)]
    (tmp_path / "t.csv").write_text("smiles,hit,size\n" + "\n".join(rows))
    train(read_table(tmp_path / "t.csv"), ["hit", "size"], tmp_path / "m", "morgan")
    model = PropertyModel.open(tmp_path / "m")
    (tmp_path / "new.csv").write_text("smiles\n" + rows[0].split(",")[0] + "\n" + "C" * 60 + "\nxx\n")
    counts = predict(model, read_table(tmp_path / "new.csv"), tmp_path / "out.csv")
    out = read_table(tmp_path / "out.csv")
    cells = [dict(zip(out.header, row, strict=True)) for row in out.rows]
    assert counts["outside"] >= 1
    for name in ("hit", "size"):
        assert cells[1][f"{name}_domain"] == "outside"
        assert "weight" in cells[1][f"{name}_outside_because"]
        assert cells[2][f"{name}_domain"] == ""
    assert cells[0]["hit_set"] in {"0", "1", "0 or 1", "none"}
    assert "size_set" not in out.header
    predicted, _ = model.predict(
        [item for item in map(read_structure, smiles_set(80)) if isinstance(item, Structure)]
    )
    truth = [row.split(",")[1] for row in rows]
    assert np.mean([one in labels for one, labels in zip(truth, predicted["hit"].labels, strict=True)]) >= 0.9


def test_a_model_is_not_trained_on_the_latent(tmp_path: Path):
    (tmp_path / "t.csv").write_text("smiles,y\n" + "".join(f"{item},1\n" for item in smiles_set(30)))
    with pytest.raises(UserError, match="the latent adds nothing to maplight"):
        train(read_table(tmp_path / "t.csv"), ["y"], tmp_path / "m", "maplight+latent")


def test_a_domain_whose_coverage_does_not_hold_is_empty_and_says_so():
    random = np.random.default_rng(1)
    folds = np.arange(500) % 5
    similarity = random.uniform(0.2, 0.9, 500)
    good = Unseen(random.normal(size=500), np.zeros(500), folds, similarity)
    check = check_domain("regression", good)
    assert check.least == check.similarity
    assert check.measures()["covered_inside"]["high"] > 0.88
    bad = DomainCheck(0.4, 400, 320)
    assert bad.least == float("inf")
    endpoint = Endpoint("LogS", "regression", (), 400, measured=bad.measures(), inside_from=bad.least)
    assert endpoint.domain_note() == (
        'LogS: "inside" does not hold: of 400 held-out molecules with new scaffolds inside, 80.0% (75.8% to 83.6%) are '
        "covered, 90% are stated, so no molecule is called inside"
    )
    slightly = DomainCheck(0.4, 1000, 870)
    assert slightly.least == 0.4
    endpoint = Endpoint(
        "LogS", "regression", (), 1000, measured=slightly.measures(), inside_from=slightly.least
    )
    assert endpoint.domain_note().endswith("are covered, 90% are stated")
    assert DomainCheck(0.4, 0, 0).least == float("inf")
    assert (
        "no molecule is inside"
        in Endpoint("LogS", "regression", (), 9, inside_from=float("inf")).domain_note()
    )
