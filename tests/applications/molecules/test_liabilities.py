"""Liabilities steer a search and change no score: what they are, whom the penalty prefers, what a start excuses."""

import json

import pytest

pytest.importorskip("rdkit", reason="needs the extra molecules")

import numpy as np
from rdkit import Chem

from clinweave.applications.molecules.optimization import (
    LiabilityPenalty,
    Search,
    liability_weight_of,
    open_scorer,
    optimise,
)
from clinweave.applications.molecules.optimization.oracle import Answer
from clinweave.applications.molecules.optimization.problem import Archive
from clinweave.applications.molecules.structure_filters import (
    count_environments,
    liabilities,
    metabolic_groups,
    surprisal,
    unusualness,
    write_environments,
)
from clinweave.applications.molecules.structure_filters.environments import read_environments
from clinweave.cli import main
from clinweave.core.errors import ClinweaveError

pytestmark = pytest.mark.molecules
CLEAN, FLAGGED, RARE = "CC(=O)Nc1ccc(F)cc1", "O=Cc1ccc([N+](=O)[O-])cc1", "O=C1NC2CC3CC2C1C3"
POOL = (CLEAN, "O=C(Nc1ccccc1)c1ccncc1", "CC(O)c1ccc(F)cc1", "CN1CCN(CC1)c1ccc(Cl)cc1", "COc1ccc(CC(N)=O)cc1")


def test_liabilities_are_alerts_rare_ring_systems_and_size():
    assert liabilities(Chem.MolFromSmiles(CLEAN)) == []
    assert any(text.startswith("Brenk: ") for text in liabilities(Chem.MolFromSmiles(FLAGGED)))
    assert any(text.startswith("rare ring system: ") for text in liabilities(Chem.MolFromSmiles(RARE)))
    large = liabilities(Chem.MolFromSmiles("Cc1ccc(CNC(=O)c2ccc(CNC(=O)c3ccc(CNC(=O)c4ccc(C)cc4)cc3)cc2)cc1"))
    assert "more than 36 heavy atoms" in large


def test_the_penalty_lowers_ranks_in_the_search_and_no_score():
    archive = Archive(LiabilityPenalty(0.5))
    answers = [(CLEAN, 0.50), (FLAGGED, 0.51), ("CCO", 0.0), ("CCN", 0.1)]
    archive.add([Answer(text, value, "scored", True) for text, value in answers])
    assert archive.best(1) == [CLEAN]
    assert archive.scores[FLAGGED] == 0.51
    assert archive.value(CLEAN) == 0.50
    assert archive.value(FLAGGED) < 0.51
    assert Archive().add([]) == 0
    assert LiabilityPenalty(0.5, start=FLAGGED).count(FLAGGED) == 0  # what the lead has is its own matter
    assert LiabilityPenalty(0.0).count(FLAGGED) == 0


def test_the_choice_is_that_of_all_penalties():
    penalty, random = LiabilityPenalty(0.5), np.random.default_rng(0)
    smiles = [*POOL, FLAGGED, RARE, "O=CC=O", "CCBr", "C=CC(=O)c1ccccc1"]
    for _ in range(20):
        values = random.normal(size=len(smiles))
        lowered = [value - penalty.of(text, 1.0) for text, value in zip(smiles, values, strict=True)]
        expected = [smiles[index] for index in np.argsort(-np.array(lowered), kind="stable")[:4]]
        assert penalty.choose(smiles, values, 1.0, 4) == expected


def test_a_search_says_its_weight_and_without_filters_it_is_none(tmp_path, capsys):
    assert liability_weight_of(None, filters=True) > 0
    assert liability_weight_of(None, filters=False) == 0
    assert liability_weight_of(0.2, filters=False) == 0.2
    search = Search(open_scorer("qed"), 30, method="surrogate", pool=POOL, liability_weight=0.5)
    assert len(optimise(search).oracle.calls) == 30
    pool = tmp_path / "pool.smi"
    pool.write_text("\n".join(POOL) + "\n", "utf-8")
    common = ["--scorer", "qed", "--budget", "12", "--method", "graph-ga", "--pool", str(pool)]
    for options, weight in ((["--liability-weight", "0.25"], 0.25), (["--no-filters"], 0.0)):
        out = tmp_path / f"{weight}.csv"
        with pytest.raises(SystemExit) as ended:
            main(["molecules", "optimize", *common, "--out", str(out), "--json", *options])
        assert not ended.value.code
        assert json.loads(capsys.readouterr().out)["liability_weight"] == weight
        assert "other liabilities" in out.read_text("utf-8")


@pytest.mark.parametrize("group", metabolic_groups(), ids=lambda group: group.name)
def test_metabolic_groups_match_their_examples(group):
    assert all(Chem.MolFromSmiles(text).HasSubstructMatch(group.pattern) for text in group.has)
    assert not any(Chem.MolFromSmiles(text).HasSubstructMatch(group.pattern) for text in group.has_not)
    assert f"metabolism: {group.name}" in liabilities(Chem.MolFromSmiles(group.has[0]))


def test_surprisal_counts_repeats_and_unseen_atoms():
    usual, chains, odd = (
        Chem.MolFromSmiles(text) for text in (CLEAN, "CCCCC(CCCC)(CCCC)c1ccccc1", "C[Si](C)(C)c1ccc(P)cc1")
    )
    assert surprisal(usual) < surprisal(chains) < surprisal(odd)
    assert unusualness(usual) == 0
    assert unusualness(odd) > 0
    assert unusualness(odd, allowed=surprisal(odd)) == 0  # no more unusual than the lead


def test_tables_of_environments_are_the_same_bytes_and_damage_is_named(tmp_path):
    path = tmp_path / "environments.tsv.gz"
    table = count_environments([*POOL, *POOL, "no molecule"])
    assert table.size == 2 * len(POOL)
    assert write_environments(path, table) == len(table.molecules)
    before = path.read_bytes()
    write_environments(path, table)
    assert path.read_bytes() == before
    assert read_environments(path) == table
    path.write_bytes(b"no table")
    read_environments.cache_clear()
    with pytest.raises(ClinweaveError, match="no table of atom environments"):
        read_environments(path)
    read_environments.cache_clear()


def test_the_penalty_of_unusual_atoms_is_half_a_liability_at_the_95th_percentile_and_the_start_is_free():
    tails = "CC(C)CC(C)(C)C(C)(C)CC(C)C(C)(C)CC(C)C"
    own = len(set(liabilities(Chem.MolFromSmiles(tails))))
    expected = own + 0.5 * unusualness(Chem.MolFromSmiles(tails))
    assert LiabilityPenalty(1.0).count(tails) == pytest.approx(expected)
    assert LiabilityPenalty(1.0, start=tails).count(tails) == 0
