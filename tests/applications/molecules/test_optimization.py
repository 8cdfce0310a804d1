"""Optimisation: scores as published, an oracle that counts and survives a kill, methods that keep what they must."""

import json
import math
import os
import signal
import subprocess
import sys
from typing import get_args

import pytest

pytest.importorskip("rdkit", reason="needs the extra molecules")
pytest.importorskip("torch", reason="needs the extra molecules")

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem, DataStructs

from clinweave.applications.molecules import open_model
from clinweave.applications.molecules.optimization import (
    METHODS,
    TASKS,
    MethodName,
    OptimizationTask,
    Oracle,
    Search,
    front,
    mutate,
    open_scorer,
    optimise,
    top_auc,
)
from clinweave.applications.molecules.optimization.crossover import cross
from clinweave.applications.molecules.optimization.finetuning import learn
from clinweave.applications.molecules.optimization.modifiers import (
    at_least,
    at_most,
    gaussian,
    geometric_mean,
    thresholded,
)
from clinweave.applications.molecules.optimization.mutation import faults
from clinweave.applications.molecules.optimization.policy import Policy
from clinweave.applications.molecules.optimization.surrogate import TanimotoProcess, similarity, thermometer
from clinweave.cli import main
from clinweave.core.errors import UserError
from tests.applications.molecules.made import grid_data

pytestmark = [pytest.mark.molecules, pytest.mark.torch]
ZALEPLON, CORE = "CCN(C(C)=O)c1cccc(-c2ccnc3c(C#N)cnn23)c1", "c1ccc(cc1)-c1ccnc2ccnn12"
ANILIDE = "c1ccccc1NC=O"
RANOLAZINE = "COc1ccccc1OCC(O)CN2CCN(CC(=O)Nc3c(C)cccc3C)CC2"
POOL = (
    "CC(=O)Nc1ccc(O)cc1", "Cn1c(=O)c2c(ncn2C)n(C)c1=O", "CC(C)Cc1ccc(cc1)C(C)C(=O)O", "COc1ccc2[nH]cc(CCNC(C)=O)c2c1",
    "NS(=O)(=O)c1ccc(cc1)-n1nc(cc1-c1ccccc1)C(F)(F)F", "O=C(Nc1ccccc1)c1ccncc1", "CN1CCN(CC1)c1ccc(Cl)cc1",
    "CCOC(=O)c1ccc(N)cc1", "O=C1CCCN1Cc1ccsc1", "CC(O)c1ccc(F)cc1",
)  # fmt: skip
# of ranolazine, by guacamol 0.5.5
PUBLISHED = [
    ("celecoxib_rediscovery", 0.143884892086),
    ("troglitazone_rediscovery", 0.175675675676),
    ("thiothixene_rediscovery", 0.291044776119),
    ("aripiprazole_similarity", 0.345323741007),
    ("albuterol_similarity", 0.25),
    ("mestranol_similarity", 0.239043824701),
    ("median1", 0.0733944954128),
    ("median2", 0.147083172903),
    ("osimertinib_mpo", 0.28553735997),
    ("fexofenadine_mpo", 0.473881661799),
    ("ranolazine_mpo", 0.0492373591433),
    ("perindopril_mpo", 0.357294800505),
    ("amlodipine_mpo", 0.452083578604),
    ("sitagliptin_mpo", 6.48418857668e-06),
    ("deco_hop", 0.523031434796),
    ("scaffold_hop", 0.368136390359),
]


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def model():
    return open_model()


def test_the_command_line_offers_every_method():
    assert set(get_args(MethodName)) == set(METHODS)


def test_modifiers_are_those_of_the_paper():
    assert gaussian(2, 0.5)(2.5) == pytest.approx(math.exp(-0.5))
    assert (at_most(4, 1)(3), at_most(4, 1)(5)) == (1, pytest.approx(math.exp(-0.5)))
    assert (at_least(90, 10)(95), at_least(90, 10)(80)) == (1, pytest.approx(math.exp(-0.5)))
    assert (thresholded(0.8)(0.4), thresholded(0.8)(0.9)) == (0.5, 1)
    assert geometric_mean([0.25, 1.0]) == 0.5
    assert geometric_mean([0.0, 1.0]) == 0


@pytest.mark.parametrize(("task", "score"), PUBLISHED)
def test_scores_are_those_of_the_guacamol_package(task, score):
    assert open_scorer(task)([RANOLAZINE])[0].value == pytest.approx(score, abs=1e-9)


def test_every_named_objective_answers_with_its_parts():
    for name in TASKS:
        (result,) = open_scorer(name)(["CCCCC(=O)N(Cc1ccc(cc1)-c1ccccc1-c1nnn[nH]1)C(C(C)C)C(=O)O"])
        assert math.isfinite(result.value)
        assert result.parts


def test_area_under_the_curve_by_hand():
    # 200 calls at 0.5 of a budget of 400: up to 0.5 over the first 100, level to 200, and to the end of the budget
    assert top_auc([0.5] * 200, 400) == pytest.approx((25 + 50 + 100) / 400)
    assert top_auc([], 10) == 0
    assert top_auc([math.nan] * 20, 20) == 0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=30))
def test_the_front_is_what_nothing_beats(points):
    table = np.array(points, float)
    kept = {points[row] for row in front(table)}
    beaten = {
        item
        for item in points
        if any(two[0] >= item[0] and two[1] >= item[1] and two != item for two in points)
    }
    assert kept == set(points) - beaten


def test_the_oracle_counts_molecules_once_keeps_the_order_and_the_budget(tmp_path):
    oracle = Oracle(open_scorer("qed"), 3, tmp_path / "j", {"seed": 1})
    fates = [item.fate for item in oracle(["OCC", "CCO", "C(", "CC.O", "c1ccccc1", "CCN", "CCC"])]
    assert fates == ["scored", "scored", "invalid", "refused", "scored", "scored", "unasked"]
    assert [call.smiles for call in oracle.calls] == ["CCO", "c1ccccc1", "CCN"]
    assert oracle.finished
    again = Oracle(open_scorer("qed"), 4, tmp_path / "j", {"seed": 1})
    assert (again.resumed, again.scores) == (3, oracle.scores)
    assert [item.new for item in again(["CCO", "CCO"])] == [True, False]
    assert len(again.calls) == 3  # answered from the journal
    with (tmp_path / "j").open("a") as stream:
        stream.write('{"call": 4, "smi')  # what a kill leaves
    assert Oracle(open_scorer("qed"), 4, tmp_path / "j", {"seed": 1}).resumed == 3
    with pytest.raises(UserError, match="belongs to another search"):
        Oracle(open_scorer("plogp"), 4, tmp_path / "j", {"seed": 1})


def test_a_killed_search_goes_on_without_asking_again(tmp_path):
    asked, script = tmp_path / "asked", tmp_path / "mine.py"
    script.write_text(
        "import os, pathlib, signal\n"
        f"asked = pathlib.Path({str(asked)!r})\n"
        "def score(smiles):\n"
        "    before = asked.read_text().split() if asked.exists() else []\n"
        "    asked.write_text('\\n'.join([*before, smiles]))\n"
        "    if len(before) == 29:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return len(smiles) / 100\n"
    )
    code = (
        "import sys, pathlib\n"
        "from clinweave.applications.molecules.optimization import Search, open_scorer, optimise\n"
        "scorer, journal, *pool = sys.argv[1:]\n"
        "plan = Search(open_scorer(scorer), 60, method='graph-ga', pool=tuple(pool), journal=pathlib.Path(journal))\n"
        "oracle = optimise(plan).oracle\n"
        "print(len(oracle.calls), oracle.resumed, 'torch' in sys.modules)\n"
    )
    line = [sys.executable, "-c", code, str(script), str(tmp_path / "journal"), *POOL]
    first = subprocess.run(line, capture_output=True, text=True, check=False)
    assert first.returncode == -signal.SIGKILL
    second = subprocess.run(line, capture_output=True, text=True, check=True)
    assert second.stdout.split() == ["60", "29", "False"]
    calls = asked.read_text().split()
    assert len(calls) == 61  # the one that was being scored when the kill came is asked again, and no other
    assert len(set(calls)) == 60


def test_changes_and_crossings_are_molecules_that_keep_the_pattern():
    random, pattern = np.random.default_rng(0), Chem.MolFromSmarts(CORE)
    item, two = Chem.MolFromSmiles(ZALEPLON), Chem.MolFromSmiles(POOL[4])
    result = [mutate(item, random, pattern) for _ in range(60)] + [
        cross(item, two, random, pattern) for _ in range(60)
    ]
    result = [child for child in result if child is not None]
    assert len(result) > 60
    assert len({Chem.MolToSmiles(child) for child in result}) > 40
    for child in result:
        assert child.HasSubstructMatch(pattern)
        assert len(Chem.GetMolFrags(child)) == 1
        assert not faults(child)
    assert faults(Chem.MolFromSmiles("C[SH](C)C"))
    assert mutate(Chem.MolFromSmiles("C1CCCCCCCCCCC1"), random) is not None  # a parent's ring may stay


@pytest.mark.parametrize("method", METHODS)
def test_every_method_spends_its_budget_and_keeps_the_pattern(method, model):
    search = Search(open_scorer("qed"), 30, POOL[5], ANILIDE, method, pool=POOL)
    done = optimise(search, model)
    pattern = Chem.MolFromSmarts(ANILIDE)
    assert done.oracle.calls[0].smiles == done.start
    assert all(Chem.MolFromSmiles(call.smiles).HasSubstructMatch(pattern) for call in done.oracle.calls)
    assert len(done.oracle.calls) == 30


def test_a_search_finds_more_than_its_beginning_and_the_same_again(model):
    def scores():
        return optimise(
            Search(open_scorer("zaleplon_mpo"), 150, method="graph-ga", pool=POOL), model
        ).oracle.scores

    first = scores()
    assert max(first) > max(first[: len(POOL)]) + 0.05
    assert scores() == first


def test_a_search_gone_on_with_is_the_search_that_was_not_interrupted(model, tmp_path):
    def calls(budget, journal):
        search = Search(open_scorer("perindopril_mpo"), budget, pool=POOL, journal=journal)
        return [call.smiles for call in optimise(search, model).oracle.calls]

    whole = calls(50, None)
    assert calls(33, tmp_path / "j") == whole[:33]
    assert calls(50, tmp_path / "j") == whole


def test_a_policy_learns_what_it_is_shown(model):
    policy = Policy(OptimizationTask(None, None, (), model), 1e-3)
    rows = policy.tokens_of([POOL[0], POOL[5]])
    before = policy.losses(rows).detach()
    learn(policy, [POOL[0], POOL[5]], 8, np.random.default_rng(0))
    assert (policy.losses(rows).detach() < before - 1).all()
    assert torch.allclose(policy.losses(rows, prior=True).detach(), before, atol=1e-4)  # the model's own stay
    drawn = policy.sample(4)
    assert len(drawn.strings) == 4


def test_the_process_is_exact_where_it_was_told_and_its_kernel_is_rdkits():
    scores = {item: float(index) for index, item in enumerate(POOL)}
    process = TanimotoProcess()
    process.fit(scores)
    mean, deviation = process.predict([*POOL, "C1CC1CCCBr"])
    assert np.abs(mean[:-1] - np.arange(len(POOL))).max() < 0.5
    assert deviation[-1] > deviation[:-1].max()
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=1024)
    prints = [generator.GetCountFingerprint(Chem.MolFromSmiles(item)) for item in POOL[5:8]]
    rows = np.array([thermometer(item) for item in POOL[5:8]], np.float32)
    ours = similarity(rows, rows)
    assert ours[0, 2] == pytest.approx(DataStructs.TanimotoSimilarity(prints[0], prints[2]), abs=0.05)
    assert np.diag(ours) == pytest.approx(1)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("x = 1", "define score"),
        ("def score(s:", "line 1"),
        ("import nowhere_to_be_found", "nowhere_to_be_found"),
        ("def score(smiles): raise ValueError('no licence')", "failed on all of the first"),
        ("def score_batch(smiles): return [1.0]", "gave 1 answers"),
    ],
)
def test_a_broken_script_is_told_what_is_wrong(code, said, tmp_path, capsys):
    script, pool = tmp_path / "mine.py", tmp_path / "pool.smi"
    script.write_text(code)
    pool.write_text("\n".join(POOL))
    line = [
        "--scorer",
        str(script),
        "--pool",
        str(pool),
        "--method",
        "graph-ga",
        "--out",
        str(tmp_path / "o.csv"),
    ]
    with pytest.raises(SystemExit) as ended:
        main(["molecules", "optimize", *line])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err.replace("\n", " ")


def test_what_fails_is_counted_and_parts_are_told(tmp_path, capsys):
    script, pool = tmp_path / "mine.py", tmp_path / "pool.smi"
    script.write_text(
        "def score(smiles):\n"
        "    if 'F' in smiles: raise RuntimeError('fluorine')\n"
        "    if 'Cl' in smiles: return 'high'\n"
        "    return {'score': -len(smiles), 'length': len(smiles)}\n"
    )
    pool.write_text("\r\n".join([*POOL, "C1CC", ""]))
    out, page = tmp_path / "o.csv", tmp_path / "o.html"
    line = [
        "--scorer", str(script), "--pool", str(pool), "--method", "graph-ga", "--budget", "40", "--minimize",
        "--start", POOL[0], "--out", str(out), "--report", str(page), "--json",
    ]  # fmt: skip
    with pytest.raises(SystemExit) as ended:
        main(["molecules", "optimize", *line])
    assert not ended.value.code
    told = json.loads(capsys.readouterr().out)
    assert told["failed"] >= 3
    assert told["problems"]["RuntimeError: fluorine"] >= 2
    assert any(text.startswith("not a number") for text in told["problems"])
    best = told["molecules"][0]
    assert best["part: length"] == best["score"]  # turned round twice
    assert out.read_text().count("\n") == len(told["molecules"]) + 1
    assert grid_data(page)["smiles"] == [row["smiles"] for row in told["molecules"]]
    assert "similarity to the start" in page.read_text()


def test_a_learned_property_is_a_scorer(tmp_path):
    from clinweave.applications.molecules.prediction import read_table, train
    from tests.applications.molecules.made import smiles_set

    rows = [f"{item},{int('N' in item or 'n' in item)},{len(item)}" for item in smiles_set(80)]
    (tmp_path / "t.csv").write_text("smiles,hit,size\n" + "\n".join(rows))
    train(read_table(tmp_path / "t.csv", ""), ["hit", "size"], tmp_path / "m", "morgan")
    with pytest.raises(UserError, match="hit, size: name one with --target"):
        open_scorer(str(tmp_path / "m"))
    scorer = open_scorer(str(tmp_path / "m"), "hit")
    assert scorer.bounded
    (result,) = scorer(["CCN1CCNCC1"])
    assert 0 <= result.value <= 1
    assert {"low", "high", "inside domain"} <= set(result.parts)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["--scorer", "osimertinib"], "did you mean osimertinib_mpo"),
        (["--scorer", "qed", "--start", "C(", "--required-substructure", "C"], "--start C("),
        (["--scorer", "qed", "--start", "CCO", "--required-substructure", "c1ccccc1"], "does not contain it"),
        (["--scorer", "qed", "--start", "CCO", "--required-substructure", "[C"], "not a SMARTS pattern"),
        (["--scorer", "qed", "--required-substructure", "C"], "needs --start"),
        (["--scorer", "qed", "--budget", "0"], "at least one call"),
        (["--scorer", "qed", "--target", "x"], "only a property model"),
    ],
)
def test_a_users_mistake_is_named(line, said, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["molecules", "optimize", *line, "--out", str(tmp_path / "o.csv")])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err.replace("\n", " ")
    assert not (tmp_path / "o.csv").exists()
    assert os.listdir(tmp_path) in ([], ["o.csv.journal"])
