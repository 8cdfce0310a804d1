"""Analogues of a lead: learned transformations, the latent neighbourhood, windows, and every proposal counted."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("rdkit", reason="needs the extra molecules")

from rdkit import Chem

from clinweave.applications.molecules import (
    Window,
    parse,
    parse_targets,
    parse_windows,
    read_molecules,
    scaffold_pattern,
)
from clinweave.applications.molecules.analogues import (
    analogue_request,
    find_analogues,
    learn,
    open_transformations,
)
from clinweave.applications.molecules.analogues.fragments import cuts, join
from clinweave.cli import main
from clinweave.core.errors import UserError
from tests.applications.molecules.made import grids, smiles_set

pytestmark = pytest.mark.molecules

LEAD = "COc1ccc(CN)cc1Cl"
INDOLE = "CC(=O)Nc1ccc2[nH]ccc2c1"


@pytest.fixture(scope="module")
def table():
    azoles = [f"{alkyl}n1{ring}" for alkyl in ("C", "CC") for ring in ("cccc1", "ccnc1", "ccc(C)c1")]
    return learn([*smiles_set(400), *azoles], "made")


def test_windows_are_read_or_refused():
    assert parse_windows("logp=2-3, QED=0.6-,tpsa=-90,rings=2..2") == {
        "logp": Window(2, 3),
        "qed": Window(0.6, math.inf),
        "tpsa": Window(-math.inf, 90),
        "rings": Window(2, 2),
    }
    assert parse_windows("logp=-1.5-2")["logp"] == Window(-1.5, 2)
    assert parse_windows("logp=-2..-1")["logp"] == Window(-2, -1)
    for wrong in ("logp", "logp=x", "logp=3-2", "mass=1-2", "logp=1-2,logp=1-2", "logp=-", "qed=0.5"):
        with pytest.raises(UserError):
            parse_windows(wrong)
    assert parse_targets("logp=2-3,qed=0.9") == ({"qed": 0.9, "logp": 2.5}, {"logp": Window(2, 3)})
    for wrong in ("logp", "logp=2-3,logp=2", "logp=a-b"):
        with pytest.raises(UserError):
            parse_targets(wrong)


def test_matched_pairs_are_those_of_the_reference_set():
    pairs = ["Clc1ccccc1", "Fc1ccccc1", "Clc1ccncc1", "Fc1ccncc1", "Clc1ccsc1", "CCc1ccccc1"]
    learned = learn([*pairs, "not one"], "x")
    assert learned.molecules == 6
    assert learned.pairs["c", "Cl[*:1]"] == {"F[*:1]": 2}
    assert learned.seen["c"]["Cl[*:1]"] == 3
    first = next(iter(learned.of("c", "Cl[*:1]")))
    assert (first.changes, first.pairs) == ("F[*:1]", 2)


def test_analogues_meet_every_demand_and_say_what_was_changed(table):
    request = analogue_request(
        LEAD, keep="COc1ccccc1", similarity="0.3-0.9", window="logp=1-3,weight=-260", count=40
    )
    result = find_analogues(request, table, way="transformations")
    assert len(result.analogues) >= 10
    lead = parse(LEAD)
    for item in result.analogues:
        molecule = parse(item.smiles)
        assert molecule.HasSubstructMatch(Chem.MolFromSmarts("COc1ccccc1"))
        assert 1 <= item.properties["logp"] <= 3
        assert item.properties["weight"] <= 260
        assert 0.3 <= item.similarity <= 0.9
        before, _, after = item.transformation.partition(">>")
        assert before != after
        assert item.smiles != Chem.MolToSmiles(lead)
    supports = [item.support for item in result.analogues]
    assert supports == sorted(supports, reverse=True)
    (summary,) = result.ways
    assert summary.proposed == summary.accepted + sum(summary.left_out.values())
    assert 0 < summary.success <= 1
    assert 0 < summary.diversity < 1


def test_only_the_named_site_changes(table):
    for change in ("Cl", "11"):
        result = find_analogues(analogue_request(LEAD, change=change, count=30), table, way="transformations")
        assert result.analogues
        rest = Chem.MolFromSmarts("COc1ccc(CN)cc1")
        assert all(parse(item.smiles).HasSubstructMatch(rest) for item in result.analogues)
        assert all(item.transformation.startswith("Cl[*:1]>>") for item in result.analogues)


def test_a_kept_nh_stays_one(table):
    result = find_analogues(
        analogue_request(INDOLE, keep="c1ccc2[nH]ccc2c1", count=50), table, way="transformations"
    )
    assert result.analogues
    assert all("[nH]" in item.smiles for item in result.analogues)
    free = find_analogues(analogue_request(INDOLE, count=300), table, way="transformations")
    assert any("[nH]" not in item.smiles for item in free.analogues)
    pattern = scaffold_pattern("c1ccc2[nH]ccc2c1")
    assert parse(INDOLE).HasSubstructMatch(pattern)
    assert not parse("Cn1ccc2ccccc21").HasSubstructMatch(pattern)
    assert parse("Cn1ccc2ccccc21").HasSubstructMatch(scaffold_pattern("Cn1ccc2ccccc21"))


def test_too_few_are_written_with_the_reason(table):
    result = find_analogues(
        analogue_request(LEAD, window="logp=9-10", count=5), table, way="transformations", most=300
    )
    assert not result.analogues
    assert result.shortfall.startswith("0 of 5: of ")
    assert "outside the window" in result.shortfall
    refused = find_analogues(
        analogue_request(LEAD, count=5), table, way="transformations", most=50, refuse=lambda *_: "no"
    )
    assert refused.ways[0].left_out["refused as not makeable"]


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"lead": "C1CC"}, "--lead C1CC: not a SMILES"),
        ({"lead": "CCCO.CCC"}, "a mixture of 2 parts"),
        ({"keep": "[#"}, "--required-substructure [#: not a SMARTS"),
        ({"keep": "P"}, "--required-substructure P: the lead"),
        ({"change": "Br"}, "--change Br: the lead does not contain it"),
        ({"change": "99"}, "the lead has the atoms 1 to 11"),
        ({"similarity": "0.9-0.5"}, "is empty"),
        ({"similarity": "0.5"}, "expected a window"),
        ({"window": "mass=1-2"}, "no property 'mass'"),
        ({"count": 0}, "at least one"),
    ],
)
def test_what_cannot_be_asked_is_refused(options, problem):
    with pytest.raises(UserError) as stopped:
        analogue_request(**{"lead": LEAD, **options})
    assert problem in str(stopped.value)


LISINOPRIL = "NCCCC[C@H](N[C@@H](CCc1ccccc1)C(=O)O)C(=O)N1CCC[C@H]1C(=O)O"
ERYTHROMYCIN = (
    "CC[C@H]1OC(=O)[C@H](C)[C@@H](O[C@H]2C[C@@](C)(OC)[C@@H](O)[C@H](C)O2)[C@H](C)[C@@H](O[C@@H]2O[C@H](C)C[C@H]"
    "(N(C)C)[C@H]2O)[C@](C)(O)C[C@@H](C)C(=O)[C@H](C)[C@@H](O)[C@]1(C)O"
)


@pytest.mark.parametrize(
    "smiles", [LISINOPRIL, ERYTHROMYCIN, "COc1ccc(/C=C/C(=O)OCCC(C)C)cc1", "C[C@H](F)Cl"]
)
def test_a_lead_with_stereo_marks_is_cut_and_joined_to_itself(smiles):
    molecule = Chem.MolFromSmiles(smiles)
    every = list(cuts(molecule))
    assert every
    assert {join(cut.stays, cut.changes) for cut in every} == {Chem.CanonSmiles(smiles)}


def test_analogues_keep_the_stereo_marks_of_the_lead(table):
    request = analogue_request(LISINOPRIL, count=5, similarity="0.4-")
    result = find_analogues(request, table, way="transformations")
    assert result.analogues
    assert all("[C@" in item.smiles for item in result.analogues)


@pytest.mark.parametrize(
    ("salt", "parent", "name"),
    [
        ("CC(=O)Nc1ccc(CCN)cc1.CS(=O)(=O)O", "CC(=O)Nc1ccc(CCN)cc1", "mesylate"),
        ("CC(=O)Nc1ccc(CC[NH3+])cc1.[Cl-]", "CC(=O)Nc1ccc(CCN)cc1", "hydrochloride"),
        ("[Na+].CCCCc1ccc(C(=O)[O-])cc1", "CCCCc1ccc(C(=O)O)cc1", "sodium"),
    ],
)
def test_the_lead_of_a_salt_is_its_active_part(salt, parent, name):
    request = analogue_request(salt)
    assert request.lead == Chem.CanonSmiles(parent)
    assert name in request.note


def test_the_same_molecules_give_the_same_table_in_every_process():
    program = (
        "from clinweave.applications.molecules.analogues import learn\n"
        "from tests.applications.molecules.made import smiles_set\n"
        "print(learn(smiles_set(200), 'made').text())"
    )
    tables = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert tables[0].count(b"\n") > 100
    assert tables[0] == tables[1]


def test_an_own_reference_is_learned_once(tmp_path: Path):
    reference = tmp_path / "mine.smi"
    reference.write_text("\n".join(["Clc1ccccc1", "Fc1ccccc1", "Clc1ccncc1", "Fc1ccncc1", "C1CC"]))
    first = open_transformations(tmp_path, reference)
    assert first.pairs["c", "Cl[*:1]"] == {"F[*:1]": 2}
    again = open_transformations(tmp_path, reference)
    assert (again.pairs, again.seen, again.source) == (first.pairs, first.seen, first.source)
    (cached,) = (tmp_path / "molecules" / "transformations").iterdir()
    cached.write_text("x")
    with pytest.raises(UserError, match="damaged"):
        open_transformations(tmp_path, reference)
    packaged = open_transformations(tmp_path)
    assert packaged.molecules >= 1000
    assert packaged.seen["c"]["F[*:1]"] > 100
    assert sum(map(len, packaged.pairs.values())) > 400


def test_the_command_writes_analogues_of_both_ways(tmp_path: Path, capsys, monkeypatch):
    pytest.importorskip("torch", reason="needs the extra molecules")
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path))
    out, page = tmp_path / "o.sdf", tmp_path / "o.html"
    arguments = ["--lead", "CC(=O)Nc1ccc(OCC(=O)N2CCCC2)cc1", "--n", "12", "--similarity", "0.2-0.95", "--window",
                 "logp=0-4", "--out", str(out), "--report", str(page), "--json"]  # fmt: skip
    with pytest.raises(SystemExit) as stop:
        main(["molecules", "analogues", *arguments])
    assert not stop.value.code
    told = json.loads(capsys.readouterr().out)
    assert [summary["way"] for summary in told["ways"]] == ["transformations", "latent", "union"]
    assert told["found"] == len(told["analogues"]) == 12
    rows = list(read_molecules(out))
    assert [row.smiles for row in rows] == [row["smiles"] for row in told["analogues"]]
    assert {row["way"] for row in told["analogues"]} == {"transformations", "latent"}
    assert [grid["smiles"] for grid in grids(page)] == [
        [told["lead"]],
        [row["smiles"] for row in told["analogues"]],
    ]
