"""What counts besides findings: patients described, age, prevalence; shares and "none of these"."""

import numpy as np
import pytest

from clinweave.applications.diagnosis import Case, Diagnoser, Ranker, Release, Settings, open_model
from clinweave.applications.diagnosis.shares import UNLISTED, shares
from clinweave.core.errors import UserError
from clinweave.databases import RowLog, read_prevalence
from tests.applications.diagnosis.conftest import hpoa, obo

PREVALENCE = """<?xml version="1.0" encoding="UTF-8"?>
<JDBOR date="2025-12-09 07:10:28"><DisorderList>
<Disorder><OrphaCode>9</OrphaCode><PrevalenceList>{}</PrevalenceList></Disorder>
<Disorder><OrphaCode>10</OrphaCode><PrevalenceList/></Disorder>
</DisorderList></JDBOR>"""


def estimate(kind: str, class_: str, area: str) -> str:
    return (
        f"<Prevalence><PrevalenceType><Name>{kind}</Name></PrevalenceType><PrevalenceClass><Name>{class_}</Name>"
        f"</PrevalenceClass><PrevalenceGeographic><Name>{area}</Name></PrevalenceGeographic></Prevalence>"
    )


@pytest.fixture
def compiled(tmp_path):
    """Return a function that compiles a release with extra rows and options."""

    def compile_(rows, *, prevalence=None, **settings):
        folder = tmp_path / "release"
        folder.mkdir(exist_ok=True)
        (folder / "hp.obo").write_text(obo(), "utf-8")
        (folder / "phenotype.hpoa").write_text(hpoa(rows), "utf-8")
        release = Release(folder / "hp.obo", folder / "phenotype.hpoa", prevalence=prevalence)
        return open_model(release, tmp_path / "cache", Settings(**settings))

    return compile_


def row(disease: str, term: str, frequency: str = "", aspect: str = "P") -> tuple[str, ...]:
    return (disease, f"Disease {disease[5:]}", "", term, "PMID:1", frequency, aspect)


def test_a_disease_of_one_patient_is_below_one_of_hundreds(compiled):
    terms = ("HP:0000102", "HP:0000202", "HP:0000302")
    rows = [row("OMIM:1", term, "1/1") for term in terms]
    rows += [row("OMIM:2", term, "120/200") for term in terms]
    rows += [row("OMIM:3", "HP:0000301", "3/4")]
    line = Diagnoser(compiled(rows)).diagnose(Case("x", terms))
    assert [entry["id"] for entry in line["ranking"]][:2] == ["OMIM:2", "OMIM:1"]
    for entry in line["ranking"]:
        assert sum(reason["says"] for reason in entry["reasons"]) == pytest.approx(entry["score"], abs=0.01)
    names = [reason["name"] for reason in line["ranking"][0]["reasons"]]
    assert "described in 200 patients" in names


def test_a_patient_younger_than_any_stated_onset_counts_against_a_disease(compiled):
    rows = [row("OMIM:1", "HP:0000102"), row("OMIM:2", "HP:0000102")]
    rows += [row("OMIM:2", "HP:0003581", aspect="C")]  # adult onset
    ranker = Ranker(compiled(rows))
    finding = [ranker.model.ontology.index["HP:0000102"]]
    old, young = (ranker.scores(finding, age=age) for age in (40.0, 4.0))
    assert old.tolist() == ranker.scores(finding).tolist()
    assert (old - young).tolist() == pytest.approx([0.0, ranker.model.settings.age])
    line = Diagnoser(ranker.model).diagnose(Case("x", ("HP:0000102",), age="P4Y"))
    assert line["ranking"][1]["onset"] == ["HP:0003581"]
    assert "patient aged 4 years; onset stated from 16 years" in str(line["ranking"][1]["reasons"])


def test_the_class_of_the_broadest_area_of_the_best_kind_counts(tmp_path):
    path = tmp_path / "en_product9_prev.xml"
    listed = [
        estimate("Annual incidence", ">1 / 1000", "Worldwide"),
        estimate("Point prevalence", "1-9 / 100 000", "France"),
        estimate("Point prevalence", "1-5 / 10 000", "Europe"),
        estimate("Cases/families", "", "Worldwide"),
    ]
    path.write_text(PREVALENCE.format("".join(listed)), "utf-8")
    assert read_prevalence(path, RowLog(keep=0)) == {"ORPHA:9": "1-5 / 10 000"}
    path.write_text(PREVALENCE.format(estimate("Cases/families", "", "Worldwide")), "utf-8")
    assert read_prevalence(path, RowLog(keep=0)) == {"ORPHA:9": "<1 / 1 000 000"}
    path.write_text("<JDBOR><DisorderList><Disorder/></DisorderList></JDBOR>", "utf-8")
    with pytest.raises(UserError, match="no estimates of prevalence"):
        read_prevalence(path, RowLog(keep=0))


def test_a_prior_by_prevalence_lifts_the_common_disease_and_says_so(compiled, tmp_path):
    path = tmp_path / "en_product9_prev.xml"
    path.write_text(PREVALENCE.format(estimate("Point prevalence", ">1 / 1000", "Europe")), "utf-8")
    rows = [row("OMIM:1", "HP:0000102", "9/10"), row("OMIM:2", "HP:0000102", "8/10")]
    rows[1] = (rows[1][0], "Common disease", *rows[1][2:])
    rows += [("ORPHA:9", "Common disease", "", "HP:0000102", "ORPHA:9", "", "P")]
    model = compiled(rows, prevalence=path)
    case = Case("x", ("HP:0000102",))
    uniform, clinic = (Diagnoser(model, prior).diagnose(case) for prior in ("uniform", "prevalence"))
    assert clinic["ranking"][0]["id"] == "OMIM:2"
    assert clinic["ranking"][0]["prevalence"] == ">1 / 1000"
    assert clinic["prior"].startswith("by Orphanet")
    gained = clinic["ranking"][0]["score"] - next(
        e["score"] for e in uniform["ranking"] if e["id"] == "OMIM:2"
    )
    assert gained == pytest.approx(np.log(2000 / 0.3), abs=0.01)
    for entry in clinic["ranking"]:
        assert sum(reason["says"] for reason in entry["reasons"]) == pytest.approx(entry["score"], abs=0.01)


def test_shares_sum_to_one_and_follow_the_scores():
    scores = np.array([5.0, 3.0, -1e9], np.float32)
    result = shares(scores, 4)
    assert float(result.listed.sum()) + result.unlisted == pytest.approx(1, abs=1e-5)
    assert result.listed[0] > result.listed[1] > result.listed[2] == 0
    nothing = shares(np.zeros(1000, np.float32), 0)
    assert nothing.unlisted == pytest.approx(UNLISTED, abs=0.1)
    assert shares(scores + 20, 4).unlisted < result.unlisted
