"""Ranks, ties, drops and dated protocols; the baseline's published-by-us figures on the real cases."""

import json
from pathlib import Path

import numpy as np
import pytest

from clinweave.applications.diagnosis import Settings, open_model, release_in
from clinweave.errors import UserError
from clinweave.evaluation import load_recipe
from clinweave.evaluation.diagnosis import Setting, run_protocols, write_outcomes
from clinweave.evaluation.diagnosis.baselines import Lirical, Lrz
from clinweave.evaluation.diagnosis.protocols import MISS, Ranks, rank_of
from clinweave.evaluation.diagnosis.tables import parts, rows
from clinweave.evaluation.diagnosis.truth import Truth, read_truth
from tests.applications.diagnosis.conftest import hpoa, obo

CASES = {
    "a": (["HP:0000102", "HP:0000202"], "OMIM:1", "PMID:11"),
    "b": (["HP:0000301"], "OMIM:3", "PMID:13"),
    "c": (["HP:0000302"], "OMIM:2", "PMID:40"),
    "d": ([], "OMIM:2", "PMID:41"),
    "e": (["HP:0000302"], "OMIM:77", "PMID:42"),
}


@pytest.fixture
def world(tmp_path):
    folder = tmp_path / "release"
    folder.mkdir()
    (folder / "hp.obo").write_text(obo(), "utf-8")
    (folder / "phenotype.hpoa").write_text(hpoa(), "utf-8")
    cases = tmp_path / "cases"
    cases.mkdir()
    for name, (terms, disease, paper) in CASES.items():
        value = {
            "id": name,
            "subject": {"id": "x"},
            "phenotypicFeatures": [{"type": {"id": term}} for term in terms],
            "interpretations": [{"diagnosis": {"disease": {"id": disease}}}],
            "metaData": {"externalReferences": [{"id": paper}]},
        }
        (cases / f"{name}.json").write_text(json.dumps(value), "utf-8")
    return tmp_path


def test_ties_are_halved():
    assert rank_of(np.array([3.0, 2.0, 2.0, 1.0]), 0) == 1
    assert rank_of(np.array([3.0, 2.0, 2.0, 1.0]), 1) == 2.5
    assert rank_of(np.array([3.0, 2.0, 2.0, 1.0]), 3) == 4


def test_micro_counts_cases_and_macro_counts_diseases():
    truths = [Truth(str(i), "OMIM:1" if i < 3 else "OMIM:2", "") for i in range(4)]
    ranks = Ranks("x", {"0": 1, "1": 1, "2": 1, "3": MISS}, 0.0)
    assert ranks.share(truths, 1) == 0.75
    assert ranks.share(truths, 1, macro=True) == 0.5


def test_the_development_part_shares_no_disease_with_the_rest():
    truths = [Truth(str(i), f"OMIM:{i % 40}", "") for i in range(400)]
    found = parts(truths)
    assert {one.disease for one in found["development"]}.isdisjoint({one.disease for one in found["rest"]})
    assert len(found["development"]) + len(found["rest"]) == 400
    assert 8 < len({one.disease for one in found["development"]}) < 32


def test_misses_and_drops(world):
    ranks = {}
    for drop in ("none", "gold", "blind"):
        (outcome,) = run_protocols(
            world / "cases", [Setting("x", world / "release", drop)], world / "cache", resamples=50
        )
        ranks[drop] = {name: dict(found.ranks) for name, found in outcome.ranks.items()}
    for arm in ("lrz", "lirical-lr", "clinweave-release"):
        assert ranks["none"][arm]["a"] == 1
        assert ranks["none"][arm]["b"] == 1
        assert ranks["none"][arm]["d"] == ranks["none"][arm]["e"] == MISS
        assert ranks["gold"][arm]["b"] == ranks["blind"][arm]["b"] == MISS  # its only paper
        assert ranks["none"][arm]["c"] == ranks["blind"][arm]["c"]  # nothing cites its paper


def test_outcomes_are_written_and_compared(world):
    found = run_protocols(
        world / "cases", [Setting("as is", world / "release")], world / "cache", resamples=50
    )
    text = write_outcomes(found, world / "out")
    assert "| lrz |" in text
    assert "different protocol" in text
    table = rows(found[0].ranks, read_truth(world / "cases"), "lrz", resamples=50)
    assert {row["part"] for row in table} == {"all", "development", "rest", "known disease"}
    assert json.loads((world / "out" / "results.json").read_text("utf-8"))[0]["title"] == "as is"


def test_a_dated_protocol_refuses_what_is_newer(world):
    setting = Setting("later", world / "release", after=12, mondo=world / "mondo.json")
    with pytest.raises(UserError, match="newer than the release"):
        setting.checked()
    (outcome,) = run_protocols(
        world / "cases", [Setting("later", world / "release", after=12)], world / "c", resamples=50
    )
    assert set(outcome.ranks["lrz"].ranks) == {"b", "c", "d", "e"}
    with pytest.raises(UserError, match="choose of none, gold, blind"):
        Setting("x", world / "release", "some").checked()


def test_the_likelihood_ratio_counts_a_miss_as_one_in_a_hundred(world):
    release = release_in(world / "release")
    model = open_model(release, world / "cache", Settings(prior=1.0, strength=1e-6), kin=False)
    scores = Lirical(model).scores([model.ontology.index["HP:0000302"]], [])
    assert scores[model.ids.index("OMIM:3")] == pytest.approx(np.log(0.01))
    assert scores[model.ids.index("OMIM:2")] > 0


def test_the_baseline_by_hand(world):
    model = open_model(release_in(world / "release"), world / "cache", Settings(prior=0.5), kin=False)
    term = model.ontology.index["HP:0000302"]
    arm = Lrz(model, [term])
    told = arm.scores([term], [])
    often = (0.4 * 10 + 0.5) / 11
    value = np.log(3) + 0.5 * np.log(often)
    assert told[model.ids.index("OMIM:2")] == pytest.approx(value - 0.5 * value, abs=1e-5)
    assert told[model.ids.index("OMIM:1")] == pytest.approx(0, abs=1e-6)


def test_a_recipe_of_protocols(world):
    path = world / "recipe.toml"
    path.write_text(
        'name = "x"\n[[tasks]]\ntype = "diagnosis"\npath = "cases"\nrelease = "release"\ndrop = "blind"\n',
        "utf-8",
    )
    (task,) = load_recipe(path).tasks
    assert Path(task.release) == world / "release"
    path.write_text(path.read_text("utf-8") + '[[tasks]]\ntype = "graph-questions"\n', "utf-8")
    with pytest.raises(UserError, match="recipe of their own"):
        load_recipe(path)


@pytest.mark.shared
def test_the_baseline_has_its_known_figures(shared_data, tmp_path):
    cases = shared_data / "cases" / "phenopacket-store-0.1.14.tar.gz"
    found = run_protocols(
        cases,
        [Setting("x", shared_data / "hpo" / "2021-10-10")],
        tmp_path,
        arms=("lrz", "clinweave-release"),
        resamples=200,
    )
    shares = {row["arm"]: row["micro"] for row in found[0].rows if row["part"] == "all"}
    assert shares["lrz"] == pytest.approx([0.208, 0.299, 0.407], abs=0.003)
    assert shares["clinweave-release"][0] > shares["lrz"][0] + 0.01
