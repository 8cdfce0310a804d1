"""Rare and common diseases: by publications that the graph cites, or by Orphadata's table of prevalence."""

import pytest

from clinweave.core.errors import UserError
from clinweave.evaluation.comparison import Sample
from clinweave.evaluation.comparison.principles import principle_values
from clinweave.evaluation.comparison.rarity import COMMON, LESS, MORE, RARE, rarity_groups
from clinweave.evaluation.knowledge_bases import KnowledgeBaseBuilder
from clinweave.records import Question
from tests.knowledge.graph_fixture import build

PREVALENCE = """<?xml version="1.0" encoding="UTF-8"?>
<JDBOR date="2025-01-01 00:00:00"><DisorderList count="1"><Disorder id="1"><OrphaCode>7</OrphaCode><PrevalenceList>
<Prevalence><PrevalenceType><Name lang="en">Point prevalence</Name></PrevalenceType><PrevalenceClass>
<Name lang="en">{}</Name></PrevalenceClass><PrevalenceGeographic><Name lang="en">Worldwide</Name>
</PrevalenceGeographic></Prevalence></PrevalenceList></Disorder></DisorderList></JDBOR>"""


@pytest.fixture
def base(tmp_path):
    build(tmp_path / "graph")
    return KnowledgeBaseBuilder(tmp_path / "home", (), lambda _: None, str(tmp_path / "graph")).default()


def asked(item, words="Which?", concepts=()):
    return Question(item, "t", words, ("a", "b"), 0, concepts=concepts)


QUESTIONS = [
    asked("marble", concepts=("MONDO:0000010",)),  # two publications
    asked("pebble", words="Which finding has Pebble disease?"),  # none; named by its words
    asked("finding", concepts=("HP:0000002",)),  # no disease
]


def test_without_a_table_the_publications_of_the_graph_tell_known_diseases(base):
    assert rarity_groups(QUESTIONS, base) == {("t", "marble"): MORE, ("t", "pebble"): LESS}


@pytest.mark.parametrize(("class_", "group"), [("1-9 / 1 000 000", RARE), ("1-5 / 10 000", COMMON)])
def test_orphadata_tells_rare_from_common(base, tmp_path, class_, group):
    table = tmp_path / "en_product9_prev.xml"
    table.write_text(PREVALENCE.format(class_.replace("<", "&lt;")), "utf-8")
    assert rarity_groups(QUESTIONS, base, table) == {("t", "marble"): group}


def test_another_file_is_refused(base, tmp_path):
    table = tmp_path / "x.xml"
    table.write_text("<JDBOR date='2025'><DisorderList/></JDBOR>", "utf-8")
    with pytest.raises(UserError, match=r"x\.xml"):
        rarity_groups(QUESTIONS, base, table)


def test_each_half_has_its_accuracy_and_its_gain():
    rows = [
        Sample("t", f"q{i}", "", f"c{i}", condition, "?", ("a", "b"), 0, choice=0, score=float(right),
               method="option-text")
        for i in range(20)
        for condition, right in (("base", i < 10), ("graph", i < 15))
    ]  # fmt: skip
    groups = {("t", f"q{i}"): MORE if i < 10 else LESS for i in range(20)}
    found = {
        (value.condition, value.measure): value
        for value in principle_values({"t": rows}, 200, groups)
        if value.principle == "generalisation"
    }
    assert found["base", f"accuracy, {MORE}"].value == 1.0
    assert found["base", f"accuracy, {LESS}"].value == 0.0
    assert found["graph", f"gain in accuracy, {MORE}"].value == 0.0
    gain = found["graph", f"gain in accuracy, {LESS}"]
    assert (gain.value, gain.n) == (0.5, 10)
    assert 0 < gain.low < 0.5 < gain.high < 1
