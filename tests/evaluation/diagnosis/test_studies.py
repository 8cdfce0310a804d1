"""Genes among decoys, curves, made-up case texts, reading them, and ancestors, each on tiny data."""

import csv

import pytest

from clinweave.applications.diagnosis import Links, Settings, open_model, packet, release_in
from clinweave.core.reports.blocks import Figure, report_markdown
from clinweave.evaluation.diagnosis import (
    MISS,
    DiagnosisResults,
    diagnosis_report,
    free_text,
    robustness,
)
from clinweave.evaluation.diagnosis.ancestors import Grouping
from clinweave.evaluation.diagnosis.conditions import Scored
from clinweave.evaluation.diagnosis.gene_level import rank_genes
from clinweave.evaluation.diagnosis.published import PUBLISHED
from clinweave.evaluation.diagnosis.results import Robustness
from clinweave.evaluation.diagnosis.semantic import Resnik
from clinweave.evaluation.diagnosis.texts import _frames, write_text
from clinweave.evaluation.diagnosis.truth import Truth
from clinweave.records import Mention
from tests.applications.diagnosis.conftest import hpoa, obo

NAMES = {
    "HP:0000102": ("Ectopia of the lens", "Displaced lens"),
    "HP:0000202": ("Aneurysm",),
    "HP:0000301": ("Seizure",),
    "HP:0000302": ("Ataxia",),
    "HP:0000103": ("Cataract",),
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("release")
    (folder / "hp.obo").write_text(obo(), "utf-8")
    (folder / "phenotype.hpoa").write_text(hpoa(), "utf-8")
    return open_model(release_in(folder), tmp_path_factory.mktemp("cache"), Settings(), related=False)


def case(name="a", observed=("HP:0000102", "HP:0000202"), excluded=()):
    return packet({"id": name, "observed": list(observed), "excluded": list(excluded)})


def test_the_causal_gene_among_decoys(model):
    known = {"AAA": frozenset({"OMIM:1"}), "BBB": frozenset({"OMIM:2"}), "CCC": frozenset({"OMIM:3"})}
    truths = [
        Truth("a", "OMIM:1", "", "AAA"),
        Truth("b", "OMIM:1", "", "ZZZ"),
        Truth("c", "OMIM:1", "", "CCC"),
    ]
    cases = [case("a"), case("b"), case("c")]
    result = rank_genes(Scored("x", model), cases, truths, known, leave_out="none", decoys=2).ranks
    assert result == {"a": 1.0, "b": MISS, "c": pytest.approx(2.5, abs=0.6)}


def test_resnik_by_hand(model):
    term = model.ontology.index["HP:0000302"]
    actual = Resnik(model).scores([term], [])
    assert actual[model.ids.index("OMIM:2")] == pytest.approx(float(model.information[term]))
    shared = model.ontology.index["HP:0000300"]
    assert actual[model.ids.index("OMIM:3")] == pytest.approx(float(model.information[shared]))


def test_changed_findings_nest_and_are_the_same_for_every_condition(model):
    whole = case(observed=NAMES)
    few = robustness.changed(whole, model, "removed", 0.5)
    fewer = robustness.changed(whole, model, "removed", 0.75)
    assert set(fewer.observed) < set(few.observed) < set(whole.observed)
    assert len(robustness.changed(whole, model, "removed", 1.0).observed) == 1
    noisy = robustness.changed(whole, model, "noise", 0.5)
    assert set(whole.observed) <= set(noisy.observed)
    vague = robustness.changed(case(), model, "vaguer", 1.0)
    assert set(vague.observed) == {"HP:0000101", "HP:0000201"}
    assert robustness.changed(whole, model, "noise", 0.5) == noisy


def test_curves_have_a_point_a_level_and_draw(model):
    truths = [Truth("a", "OMIM:1", "PMID:1"), Truth("b", "OMIM:2", "PMID:2")]
    cases = [case("a"), case("b", ["HP:0000302", "HP:0000103"])]
    built = robustness.variants(cases, model)
    arm = Scored("clinweave", model)
    result = {name: robustness.rank_variants(arm, built, truths) for name in ("lrz", "clinweave")}
    table = robustness.curves(result, truths, "lrz", 50)
    assert len(table) == 2 * sum(1 + len(levels) for levels in robustness.LEVELS.values())
    start = next(row for row in table if row.level == 0)
    assert start.top1[0] == 1.0
    results = DiagnosisResults(
        clinweave="0",
        title="x",
        protocols=(),
        settings={},
        seconds={},
        robustness=Robustness(tuple(table), 2, 2),
    )
    report = diagnosis_report(results)
    (section,) = [each for each in report.sections if each.title == "Robustness"]
    panels = [block for block in section.blocks if isinstance(block, Figure)]
    assert len(panels) == 2 * len(robustness.LEVELS)
    assert all("<svg" in panel.svg for panel in panels)
    assert "| 0% |" in report_markdown(report)


def test_texts_say_what_they_claim_and_repeat():
    patient = case(observed=("HP:0000102", "HP:0000301"), excluded=("HP:0000302",))
    actual = write_text(patient, NAMES, ["HP:0000103"], seed=1)
    assert actual == write_text(patient, NAMES, ["HP:0000103"], seed=1)
    assert {item.id for item in actual.present} == {"HP:0000102", "HP:0000301"}
    assert [item.id for item in actual.absent] == ["HP:0000302"]
    for item in (*actual.present, *actual.absent, *actual.relatives):
        assert item.words.lower() in actual.text.lower()
    assert "{" not in actual.text
    assert len({write_text(patient, NAMES, [], seed=seed).text for seed in range(8)}) == 8


def test_recognition_is_scored_against_what_was_written(model):
    patient = case(observed=("HP:0000102", "HP:0000301"), excluded=("HP:0000302",))
    text = write_text(patient, NAMES, [], seed=2)
    mentions = [
        Mention(0, 1, "x", "HP:0000101", "", "", 1.0, False, ""),
        Mention(2, 3, "x", "HP:0000301", "", "", 1.0, False, ""),
        Mention(4, 5, "x", "HP:0000302", "", "", 1.0, True, ""),
    ]
    read = free_text.as_read(patient, mentions)
    assert read.observed == ("HP:0000101", "HP:0000301")
    assert read.excluded == ("HP:0000302",)
    actual = free_text.recognition([text], [read], model)
    assert (actual.precision, actual.recall, actual.near) == (0.5, 0.5, 1.0)
    assert actual.absent == {"written": 1, "negated": 1, "taken as present": 0}


def test_small_groups_above_the_disease_count_and_siblings_do_not():
    grouping = Grouping.__new__(Grouping)
    members = {"M:leaf": ("OMIM:1",), "M:sib": ("OMIM:2",), "M:group": ("OMIM:9",), "M:top": ("OMIM:10",)}
    parents = {"M:leaf": ("M:group",), "M:sib": ("M:group",), "M:group": ("M:top",)}
    grouping.links = Links(members, parents)
    grouping.class_of = {ids[0]: class_ for class_, ids in members.items()}
    ids = ["OMIM:1", "OMIM:2", "OMIM:9", "OMIM:10"]
    assert grouping.accepted("OMIM:1", ids, limit=3) == ["OMIM:9"]
    assert grouping.accepted("OMIM:1", ids, limit=None) == ["OMIM:9", "OMIM:10"]
    assert grouping.accepted("OMIM:77", ids) == []
    truths = [Truth("a", "OMIM:1", ""), Truth("b", "OMIM:77", "")]
    assert grouping.trivial(truths, None) == [0.5, 0.5, 0.5]
    assert grouping.trivial(truths, 1) == [0.0, 0.0, 0.0]


@pytest.mark.shared
def test_published_counts_are_those_of_the_files(shared_data):
    folder = shared_data / "cases" / "published" / "exomiser_vs_llm"
    for item, name in zip(PUBLISHED, ("Exomiser", "o1_preview", "GPT_4o"), strict=False):
        with (folder / f"topn_result_{name}.tsv").open(encoding="utf-8") as stream:
            row = next(csv.DictReader(stream, delimiter="\t"))
        counts = [int(row[f"n{rank}"]) for rank in range(1, 11)]
        assert item.hits == (counts[0], sum(counts[:3]), sum(counts))


@pytest.mark.shared
def test_lay_words_are_not_the_ontologys(shared_data):
    release = release_in(shared_data / "hpo" / "2026-06-06")
    names = free_text.term_names(release.ontology)
    for key, words in _frames()["lay"].items():
        known = {name.lower() for name in names[key.replace("_", ":")]}
        assert known.isdisjoint(word.lower() for word in words), key
