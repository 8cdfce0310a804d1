"""Ranks, reasons, dropped publications, bad input."""

import copy
import json
import random

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from clinweave.applications.diagnosis import (
    Case,
    Diagnoser,
    Release,
    Settings,
    from_mentions,
    open_model,
    packet,
    write_page,
    write_pheval,
)
from clinweave.records import Mention
from tests.applications.diagnosis.conftest import ROWS, TERMS, hpoa, obo
from tests.applications.diagnosis.test_cases import PACKET

LEAVES = ["HP:0000102", "HP:0000103", "HP:0000202", "HP:0000301", "HP:0000302"]


@pytest.fixture(scope="module")
def diagnoser(model):
    return Diagnoser(model)


def _ids(line):
    return [entry["id"] for entry in line["ranking"]]


def test_the_disease_with_the_findings_comes_first(diagnoser):
    assert _ids(diagnoser.diagnose(Case("x", ("HP:0000102", "HP:0000202"))))[0] == "OMIM:1"
    assert _ids(diagnoser.diagnose(Case("x", ("HP:0000302",))))[0] == "OMIM:2"


def test_every_candidate_is_one_omim_id(diagnoser):
    line = diagnoser.diagnose(Case("x", ("HP:0000102",)))
    assert sorted(_ids(line)) == ["OMIM:1", "OMIM:2", "OMIM:3"]
    assert all(entry["members"][0] == entry["id"] for entry in line["ranking"])


@limits(deadline=None)  # a busy machine is no failure
@given(
    st.lists(st.sampled_from(LEAVES), min_size=1, max_size=4, unique=True),
    st.lists(st.sampled_from(LEAVES), max_size=2, unique=True),
    st.sampled_from([(), ("PMID:11",), ("PMID:13",)]),
)
def test_reasons_sum_to_the_score(model, observed, excluded, dropped):
    line = Diagnoser(model).diagnose(Case("x", tuple(observed), tuple(excluded), publications=dropped))
    for entry in line["ranking"]:
        assert sum(one["says"] for one in entry["reasons"]) == pytest.approx(entry["score"], abs=0.01)


def test_a_reason_names_its_row(diagnoser):
    line = diagnoser.diagnose(Case("x", ("HP:0000102",)))
    reason = line["ranking"][0]["reasons"][0]
    assert reason["finding"] == reason["annotated"] == "HP:0000102"
    assert (reason["frequency"], reason["sources"], reason["match"]) == ("9/10", ["PMID:11"], "own")


def test_an_excluded_finding_never_speaks_for_a_disease(diagnoser):
    with_it = diagnoser.diagnose(Case("x", ("HP:0000102",), ("HP:0000301",)))
    without = {
        entry["id"]: entry["score"] for entry in diagnoser.diagnose(Case("x", ("HP:0000102",)))["ranking"]
    }
    assert all(entry["score"] <= without[entry["id"]] for entry in with_it["ranking"])
    assert without["OMIM:3"] > next(one["score"] for one in with_it["ranking"] if one["id"] == "OMIM:3")


def test_a_female_patient_speaks_against_an_x_linked_disease(diagnoser):
    told = {
        sex: diagnoser.diagnose(Case("x", ("HP:0000301",), sex=sex))["ranking"] for sex in ("MALE", "FEMALE")
    }
    scores = {sex: {one["id"]: one["score"] for one in ranking} for sex, ranking in told.items()}
    assert scores["FEMALE"]["OMIM:3"] == pytest.approx(scores["MALE"]["OMIM:3"] - 1)
    assert scores["FEMALE"]["OMIM:1"] == scores["MALE"]["OMIM:1"]
    for entry in told["FEMALE"]:
        assert sum(one["says"] for one in entry["reasons"]) == pytest.approx(entry["score"], abs=0.01)


def test_dropping_a_publication_is_the_same_as_never_having_had_it(diagnoser, tmp_path):
    """All but the weights of terms, which stay: so the profile of the touched disease is compared, not the score."""
    (tmp_path / "hp.obo").write_text(obo(), "utf-8")
    kept = [row for row in ROWS if "PMID:12" not in row[4].split(";")]
    (tmp_path / "phenotype.hpoa").write_text(hpoa(kept), "utf-8")
    clean = open_model(
        Release(tmp_path / "hp.obo", tmp_path / "phenotype.hpoa"), tmp_path / "cache", Settings()
    )
    overlay = diagnoser.ranker.overlay(("PMID:12",))
    assert diagnoser.model.ids[overlay.disease[0]] == "OMIM:1"
    for table in ("own", "stated", "cardinal"):
        for term in range(len(TERMS) - 2):
            who, often = getattr(clean.tables, table).row(term)
            expected = dict(zip([clean.ids[one] for one in who], often.tolist(), strict=True)).get(
                "OMIM:1", 0.0
            )
            who, often = getattr(overlay.tables, table).row(term)
            found = dict(zip(who.tolist(), often.tolist(), strict=True)).get(0, 0.0)
            assert found == pytest.approx(expected, abs=1e-5)


def test_an_excluded_finding_that_defines_a_disease_weighs(tmp_path):
    """Of the name, of nearly all counted patients, or an analyte of few diseases; others weigh next to nothing."""
    (tmp_path / "hp.obo").write_text(obo(), "utf-8")
    rows = (
        ("OMIM:11", "Ataxia, early onset", "", "HP:0000302", "PMID:1", "", "P"),
        ("OMIM:11", "Ataxia, early onset", "", "HP:0000301", "PMID:1", "", "P"),
        ("OMIM:12", "Disease with or without ataxia", "", "HP:0000302", "PMID:2", "", "P"),
        ("OMIM:12", "Disease with or without ataxia", "", "HP:0000301", "PMID:2", "", "P"),
        ("OMIM:13", "Third disease", "", "HP:0000302", "PMID:3", "60/60", "P"),
        ("OMIM:13", "Third disease", "", "HP:0000301", "PMID:3", "", "P"),
        ("OMIM:14", "Fourth disease", "", "HP:0000302", "PMID:4", "3/5", "P"),
        ("OMIM:14", "Fourth disease", "", "HP:0000301", "PMID:4", "", "P"),
    )
    (tmp_path / "phenotype.hpoa").write_text(hpoa(rows), "utf-8")
    release = Release(tmp_path / "hp.obo", tmp_path / "phenotype.hpoa")
    diagnoser = Diagnoser(open_model(release, tmp_path / "cache", related=False))

    def scores(*excluded):
        ranking = diagnoser.diagnose(Case("x", ("HP:0000301",), excluded))["ranking"]
        return {entry["id"]: entry["score"] for entry in ranking}

    before, after, above = scores(), scores("HP:0000302"), scores("HP:0000300", "HP:0000302")
    lost = {id_: before[id_] - after[id_] for id_ in before}
    assert lost["OMIM:11"] > 0.5
    assert lost["OMIM:13"] > 0.5
    assert lost["OMIM:12"] < 0.1
    assert lost["OMIM:14"] < 0.1
    assert above["OMIM:11"] <= after["OMIM:11"]
    reasons = diagnoser.diagnose(Case("x", ("HP:0000301",), ("HP:0000302",)))["ranking"]
    for entry in reasons:
        assert sum(one["says"] for one in entry["reasons"]) == pytest.approx(entry["score"], abs=0.01)


def test_a_disease_that_stands_on_the_dropped_paper_alone_is_not_ranked(diagnoser):
    assert "OMIM:3" not in _ids(diagnoser.diagnose(Case("x", ("HP:0000301",), publications=("PMID:13",))))
    unknown = diagnoser.diagnose(Case("x", ("HP:0000301",), publications=("PMID:99",)))
    assert unknown["ranking"] == diagnoser.diagnose(Case("x", ("HP:0000301",)))["ranking"]


def test_labels_ids_and_interpretations_leave_the_output_as_it_is(diagnoser):
    base = json.dumps(diagnoser.diagnose(packet(PACKET))["ranking"])
    blind = copy.deepcopy(PACKET)
    del blind["interpretations"]
    blind["diseases"] = [{"term": {"id": f"OMIM:{random.randint(1, 3)}"}}]
    blind["id"] = "another"
    blind["subject"]["id"] = "OMIM:3"
    blind["metaData"] = {"externalReferences": [{"id": "PMID:13"}]}
    assert json.dumps(diagnoser.diagnose(packet(blind))["ranking"]) == base


def test_bad_ids_are_said_and_the_rest_is_ranked(diagnoser):
    given_ids = ("HP:0009102", "HP:0009103", "HP:7777777", "HP:0000005", "HP:0000118")
    line = diagnoser.diagnose(Case("x", given_ids))
    told = " / ".join(line["problems"])
    assert "HP:0009102 is now HP:0000102" in told
    assert "HP:0009103 is now HP:0000103" in told
    assert "HP:7777777 is not in HPO" in told
    assert "HP:0000005 is not a phenotypic abnormality" in told
    assert "HP:0000118 (any abnormality)" in told
    assert line["ranking"]


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (Case("x"), "no usable finding"),
        (Case("x", (), ("HP:0000102",)), "only excluded"),
        (Case("x", problems=("a.json: not JSON",)), "not JSON"),
    ],
)
def test_nothing_to_rank_by(diagnoser, case, said):
    line = diagnoser.diagnose(case)
    assert line["ranking"] == []
    assert line["none_fits"]
    assert said in line["problems"][0]


def test_contradictions_are_said(diagnoser):
    line = diagnoser.diagnose(Case("x", ("HP:0000102",), ("HP:0000101",)))
    assert "contradiction: HP:0000101" in line["problems"][0]


def test_what_to_look_for_next_was_not_asked_yet(diagnoser):
    line = diagnoser.diagnose(Case("x", ("HP:0000102",)))
    assert line["next"]
    found = {one["finding"] for one in line["next"]}
    assert not found & {"HP:0000102", "HP:0000101", "HP:0000100"}
    assert found <= {row[3] for row in ROWS}  # what an annotation names, not a class above it


def test_top_and_restriction(diagnoser):
    assert len(diagnoser.diagnose(Case("x", ("HP:0000102",)), top=2)["ranking"]) == 2
    only = diagnoser.diagnose(Case("x", ("HP:0000102",)), weighted={"OMIM:3": 0.0})
    assert _ids(only) == ["OMIM:3"]


def test_a_model_read_back_scores_the_same(release, model, tmp_path):
    fresh = open_model(release, tmp_path, Settings())
    again = open_model(release, tmp_path, Settings())
    case = Case("x", ("HP:0000102", "HP:0000302"), ("HP:0000301",))
    lines = [json.dumps(Diagnoser(one).diagnose(case)) for one in (model, fresh, again)]
    assert len(set(lines)) == 1


def test_pages_escape_what_they_show(diagnoser, tmp_path):
    line = diagnoser.diagnose(Case("<script>", ("HP:0000102", "<b>")))
    write_page([line], {"hpoa": "2020"}, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "<script>" not in page
    assert "<b>" not in page.replace("<b>No match", "")
    assert "Lens disease 1" in page


def test_pheval_results(diagnoser, tmp_path):
    write_pheval(diagnoser.diagnose(Case("../x", ("HP:0000102",))), tmp_path)
    (path,) = (tmp_path / "pheval_disease_results").iterdir()
    header, first, *_ = path.read_text("utf-8").splitlines()
    assert header.split("\t") == ["rank", "score", "disease_name", "disease_identifier"]
    assert first.split("\t")[0] == "1"
    assert first.endswith("OMIM:1")


GENES = "\n".join(
    [
        "ncbi_gene_id\tgene_symbol\thpo_id\thpo_name\tfrequency\tdisease_id",
        "1\tAAA\tHP:0000102\tx\t-\tOMIM:1",
        "1\tAAA\tHP:0000102\tx\t-\tOMIM:700",
        "2\tBBB\tHP:0000103\tx\t-\tOMIM:2",
        "2\tBBB\tHP:0000103\tx\t-\tOMIM:700",
        "3\tCCC\tHP:0000103\tx\t-\tOMIM:800",
    ]
)


@pytest.fixture(scope="module")
def by_gene(release, tmp_path_factory):
    """OMIM:700 is of the genes of OMIM:1 and OMIM:2 and has no findings of its own."""
    folder = tmp_path_factory.mktemp("genes")
    (folder / "genes_to_phenotype.txt").write_text(GENES, "utf-8")
    used = Release(release.ontology, release.annotations, genes=folder / "genes_to_phenotype.txt")
    model = open_model(used, folder / "cache", Settings())
    return Diagnoser(model)


def test_a_disease_without_findings_follows_the_best_of_its_gene(by_gene, diagnoser):
    case = Case("x", ("HP:0000102",), ("HP:0000301",), publications=("PMID:12",))
    line = by_gene.diagnose(case)
    assert _ids(line)[:2] == ["OMIM:1", "OMIM:700"]
    first, second = line["ranking"][:2]
    assert second["score"] == pytest.approx(first["score"] - Settings().unannotated_penalty, abs=1e-3)
    assert sum(one["says"] for one in second["reasons"]) == pytest.approx(second["score"], abs=0.01)
    assert {one["match"] for one in second["reasons"] if one["finding"]} == {"same gene"}
    assert "Lens disease 1 (OMIM:1) is of the same gene" in second["reasons"][-1]["name"]
    assert second["name"] == "OMIM:700, a disease of AAA, BBB"
    assert by_gene.model.sources["genes"].startswith("hpoa")
    without = [entry for entry in line["ranking"] if entry["id"] != "OMIM:700"]
    plain = diagnoser.diagnose(case)["ranking"]
    assert [entry["score"] for entry in without] == [
        entry["score"] for entry in plain
    ]  # the others are as they were
    assert _ids(by_gene.diagnose(Case("x", ("HP:0000302",))))[:2] == ["OMIM:2", "OMIM:700"]


def test_what_a_text_tells_of_relatives_is_left_out():
    def mention(id_, negated=False, experiencer=""):
        return Mention(0, 1, "x", id_, f"name of {id_}", "", 1.0, negated, "", experiencer)

    case = from_mentions(
        "x",
        [
            mention("HP:1"),
            mention("HP:2", negated=True),
            mention("HP:3", experiencer="family"),
            mention("HP:4", negated=True, experiencer="family"),
            mention("HP:1", experiencer="family"),
        ],
    )
    assert case.observed == ("HP:1",)
    assert case.excluded == ("HP:2",)
    assert [text.split(" (")[0] for text in case.problems] == ["HP:3", "HP:4"]


def test_what_a_text_only_suspects_is_left_out():
    def mention(id_, status):
        return Mention(0, 1, "x", id_, f"name of {id_}", "", 1.0, status == "absent", "", "", status)

    statuses = ("present", "absent", "uncertain", "hypothetical", "historical")
    case = from_mentions("x", [mention(f"HP:{number}", status) for number, status in enumerate(statuses)])
    assert case.observed == ("HP:0", "HP:4")
    assert case.excluded == ("HP:1",)
    assert [text.split(") is ")[1] for text in case.problems] == [
        "uncertain and was left out",
        "hypothetical and was left out",
    ]
