"""Ranks, ties, drops and dated protocols; the baseline's published-by-us figures on the real cases."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from clinweave.applications.diagnosis import Settings, open_model, packet, read_findings, release_in
from clinweave.core.errors import UserError
from clinweave.evaluation import Progress, Runner, load_recipe, open_study, read_results, run_study
from clinweave.evaluation.diagnosis import MISS, Setting, rank_of, run_protocols
from clinweave.evaluation.diagnosis.baselines import Lirical, Lrz
from clinweave.evaluation.diagnosis.conditions import Scored
from clinweave.evaluation.diagnosis.leave_one_out import MARK, without_patient
from clinweave.evaluation.diagnosis.ranking import Ranks, _Scored
from clinweave.evaluation.diagnosis.tables import parts
from clinweave.evaluation.diagnosis.temporal_split import newer, refuse, stated_day
from clinweave.evaluation.diagnosis.truth import Truth
from tests.applications.diagnosis.conftest import hpoa, obo

TRUE, EVERY = "paper_from_true_disease", "paper_from_every_disease"
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
    result = parts(truths)
    assert {item.disease for item in result["development"]}.isdisjoint(
        {item.disease for item in result["rest"]}
    )
    assert len(result["development"]) + len(result["rest"]) == 400
    assert 8 < len({item.disease for item in result["development"]}) < 32


def test_misses_and_left_out_papers(world):
    ranks = {}
    for leave_out in ("none", TRUE, EVERY):
        setting = Setting("x", world / "release", leave_out)
        ((_, result),) = run_protocols(world / "cases", [setting], world / "cache", resamples=50)
        ranks[leave_out] = {name: dict(each.ranks) for name, each in result.items()}
    for name in ("lrz", "lirical-lr", "clinweave-release"):
        assert ranks["none"][name]["a"] == 1
        assert ranks["none"][name]["b"] == 1
        assert ranks["none"][name]["d"] == ranks["none"][name]["e"] == MISS
        assert ranks[TRUE][name]["b"] == ranks[EVERY][name]["b"] == MISS  # its only paper
        assert ranks["none"][name]["c"] == ranks[EVERY][name]["c"]  # nothing cites its paper


def _counts(model) -> dict[int, tuple[int, int]]:
    """Return finding -> (patients with it, patients looked at) of the rows that stay."""
    rows = model.annotations
    return {
        int(rows.term[row]): (int(rows.count[row]), int(rows.total[row]))
        for row, text in enumerate(rows.references)
        if text != MARK
    }


def test_leave_patient_out_takes_one_patient_from_the_counts(world):
    release = release_in(world / "release")
    model = open_model(release, world / "cache", Settings(), related=False)
    place, term = model.ids.index("OMIM:1"), model.ontology.index["HP:0000102"]
    rows = model.annotations  # the course of each disease is no row
    model = replace(model, annotations=replace(rows, course=((),) * len(rows.diseases)))
    changed = without_patient(model, place, [term], [], "PMID:11")
    left = _counts(changed)
    assert left[term] == (8, 9)  # 9/10 with this patient
    assert model.ontology.index["HP:0000202"] not in left  # cited without counts: dropped
    excluded = without_patient(model, place, [], [term], "PMID:11")
    assert _counts(excluded)[term] == (9, 9)  # the patient is one of those without the finding
    assert without_patient(model, place, [term], [], "PMID:99") is None
    assert int(model.annotations.count.max()) == 9  # the model itself stays


def test_leave_patient_out_lies_between_as_is_and_the_paper_dropped(world):
    model = open_model(release_in(world / "release"), world / "cache", Settings(), related=False)
    arm = Scored("clinweave-release", model)
    truth = Truth("a", "OMIM:1", "PMID:11")
    case = packet({"id": "a", "observed": ["HP:0000102", "HP:0000202"]})
    place = model.ids.index("OMIM:1")
    spent = {"none": 0.0, EVERY: 0.0, TRUE: 0.0, "patient": 0.0}
    actual = read_findings(model.ontology, case)
    one = _Scored(arm, actual, "", truth.publication, place, spent)
    scores = {drop: one.under(drop) for drop in ("none", TRUE, "patient")}
    assert scores["none"][place] > scores["patient"][place] > scores[TRUE][place]
    others = [at for at in range(len(model.ids)) if at != place]
    assert (scores["none"][others] == scores["patient"][others]).all()


class RecordedProgress(Progress):
    """Keeps what was reported."""

    def __init__(self):
        self.messages = []

    def status(self, message):
        self.messages.append(message)


def run(path, out, home):
    progress = RecordedProgress()
    runner = Runner(out, home, progress)
    return run_study(open_study(load_recipe(path), runner), runner), progress.messages


def test_a_run_is_written_compared_and_resumed(world):
    path = world / "recipe.toml"
    path.write_text(
        'kind = "diagnosis"\nname = "x"\nresamples = 50\ncases = "cases"\nrelease = "release"\n[[tasks]]\n'
        'type = "ranks"\ntitle = "as is"\npheval = true\n',
        "utf-8",
    )
    result, messages = run(path, world / "out", world / "home")
    assert any("Opening" in text for text in messages)
    text = (world / "out" / "report.md").read_text("utf-8")
    assert "| lrz |" in text
    assert "different protocol" in text
    assert {row.part for row in result.protocols[0].rows} >= {"all", "known disease", "unknown disease"}
    assert len(list((world / "out" / "pheval").rglob("*.tsv"))) == len(CASES)
    page = (world / "out" / "report.html").read_text("utf-8")
    assert "Exomiser" in page
    assert "not in the packets" in page
    assert page.count("<svg") == 2  # top-1, and over the baseline
    assert read_results(world / "out") == result
    assert len((world / "out" / "ranks.jsonl").read_text("utf-8").splitlines()) == 3 * len(CASES)
    second, again = run(path, world / "out", world / "home")
    assert not any("Opening" in text for text in again)  # every step was reused
    assert second.protocols == result.protocols


def test_a_dated_protocol_refuses_what_is_newer(world):
    setting = Setting("later", world / "release", after=12, date="2019-05-01")
    with pytest.raises(
        UserError, match=r"dated 2019-05-01, and hpo .*2020-01-01, hpoa 2020-01-01 are newer.*--allow-future"
    ):
        run_protocols(world / "cases", [setting], world / "c", resamples=50)
    allowed = replace(setting, allow_future=True)
    ((outcome, _),) = run_protocols(world / "cases", [allowed], world / "c", resamples=50)
    assert "newer than the release" in outcome.title
    undated = Setting("later", world / "release", after=12)
    ((outcome, ranks),) = run_protocols(world / "cases", [undated], world / "c", resamples=50)
    assert outcome.title == "later"
    assert set(ranks["lrz"].ranks) == {"b", "c", "d", "e"}
    with pytest.raises(UserError, match=f"choose from none, {TRUE}, {EVERY}, patient"):
        Setting("x", world / "release", "some").checked()
    with pytest.raises(UserError, match="give a day"):
        Setting("x", world / "release", date="soon").checked()


def test_a_dated_protocol_refuses_a_newer_mapping(world):
    node = {"id": "http://purl.obolibrary.org/obo/MONDO_0000001", "lbl": "disease", "type": "CLASS"}
    version = "http://purl.obolibrary.org/obo/mondo/releases/2024-07-02/mondo.json"
    graph = {"id": "http://purl.obolibrary.org/obo/mondo.json", "meta": {"version": version}, "nodes": [node]}
    path = world / "mondo.json"
    path.write_text(json.dumps({"graphs": [{**graph, "edges": []}]}), "utf-8")
    setting = Setting("later", world / "release", after=12, mondo=path)
    with pytest.raises(UserError, match=r"mondo .*2024-07-02 is newer; leave it out"):
        setting.checked()
    assert replace(setting, allow_future=True).checked().allow_future
    assert not replace(setting, after=0).dated  # an undated one only labels it


def test_a_dated_protocol_refuses_a_newer_table_of_genes(world):
    rows = (
        "ncbi_gene_id\tgene_symbol\thpo_id\thpo_name\tfrequency\tdisease_id\n1\tA\tHP:0000102\tx\t-\tOMIM:1\n"
    )
    alone = world / "genes_to_phenotype.txt"
    alone.write_text(rows, "utf-8")  # beside no release: it states no day
    setting = Setting("x", world / "release", after=10, genes=alone)
    with pytest.raises(UserError, match=r"genes not stated \(states no day\) is newer"):
        setting.checked()
    (world / "release" / alone.name).write_text(rows, "utf-8")
    assert replace(setting, genes=world / "release" / alone.name).checked()


def test_days_of_releases():
    assert stated_day("hp/releases/2021-10-10") == date(2021, 10, 10)
    assert stated_day("mondo 2024-07") == date(2024, 7, 31)
    assert stated_day("not stated") is None
    assert stated_day("2024-13") is None
    day = date(2021, 10, 10)
    assert newer({"hpo": "2021-10-10", "related diseases": "none", "genes": "not stated"}, day) == [
        "genes not stated (states no day)"
    ]
    assert refuse({"related diseases": "mondo 2024-07"}, day, "x", allow=True) == [
        "related diseases mondo 2024-07"
    ]


def test_the_likelihood_ratio_counts_a_miss_as_one_in_a_hundred(world):
    release = release_in(world / "release")
    model = open_model(
        release,
        world / "cache",
        Settings(frequency_prior=1.0, unstated=1.0, strength=1e-6, analyte=1.0, named=1.0),
        related=False,
    )
    scores = Lirical(model).scores([model.ontology.index["HP:0000302"]], [])
    assert scores[model.ids.index("OMIM:3")] == pytest.approx(np.log(0.01))
    assert scores[model.ids.index("OMIM:2")] > 0


def test_the_baseline_by_hand(world):
    model = open_model(
        release_in(world / "release"),
        world / "cache",
        Settings(frequency_prior=0.5, unstated=0.5, strength=1.0, analyte=0.5, named=0.5),
        related=False,
    )
    term = model.ontology.index["HP:0000302"]
    arm = Lrz(model, [term])
    actual = arm.scores([term], [])
    often = (0.4 * 10 + 0.5) / 11
    value = np.log(3) + 0.5 * np.log(often)
    assert actual[model.ids.index("OMIM:2")] == pytest.approx(value - 0.5 * value, abs=1e-5)
    assert actual[model.ids.index("OMIM:1")] == pytest.approx(0, abs=1e-6)


def test_a_recipe_of_protocols(world):
    path = world / "recipe.toml"
    path.write_text(
        'kind = "diagnosis"\nname = "x"\ncases = "cases"\n[[tasks]]\ntype = "ranks"\nrelease = "release"\n'
        f'leave_out = "{EVERY}"\n',
        "utf-8",
    )
    (task,) = load_recipe(path).tasks
    assert Path(task.release) == world / "release"
    path.write_text(path.read_text("utf-8") + '[[tasks]]\ntype = "graph-questions"\n', "utf-8")
    with pytest.raises(
        UserError, match=r"tasks\.1: type: 'graph-questions' is no value of this key; known: free-text"
    ):
        load_recipe(path)


@pytest.mark.shared
def test_the_baseline_has_its_known_figures(shared_data, tmp_path):
    cases = shared_data / "cases" / "phenopacket-store-0.1.14.tar.gz"
    result = run_protocols(
        cases,
        [Setting("x", shared_data / "hpo" / "2021-10-10")],
        tmp_path,
        conditions=("lrz", "clinweave-release"),
        resamples=200,
    )
    shares = {row.condition: row.micro for row in result[0][0].rows if row.part == "all"}
    assert shares["lrz"] == pytest.approx((0.208, 0.299, 0.407), abs=0.003)
    assert shares["clinweave-release"][0] > shares["lrz"][0] + 0.01
