import pytest

from clinweave.knowledge import Graph, how_often, verbalise
from clinweave.knowledge.graph.verbalise import PREDICATES, denied, sentence
from clinweave.records import Relation
from tests.knowledge.graph_fixture import HAS, build


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return build(tmp_path_factory.mktemp("graph") / "graph")


def said(**values: object) -> str:
    return sentence(Relation("A:1", HAS, "B:1", "s", **values), "Marble syndrome", "Long fingers")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "Marble syndrome has the feature Long fingers."),
        ({"frequency": "7/12"}, "Marble syndrome has the feature Long fingers in 7 of 12 patients."),
        ({"frequency": "1/1"}, "Marble syndrome has the feature Long fingers in 1 of 1 patient."),
        ({"frequency": "45%"}, "Marble syndrome has the feature Long fingers in 45 % of patients."),
        ({"frequency": "HP:0040281"},
         "Marble syndrome has the feature Long fingers in 80-99 % of patients (very frequent)."),
        ({"frequency": "0/12"}, "Long fingers was found in 0 of 12 patients with Marble syndrome."),
        ({"negated": True}, "Marble syndrome does not have the feature Long fingers."),
        ({"negated": True, "frequency": "0/3"},
         "Marble syndrome does not have the feature Long fingers (recorded: in 0 of 3 patients)."),
        ({"frequency": "HP:0040285"}, "Marble syndrome does not have the feature Long fingers."),
        ({"sex": "MALE", "onset": "at birth"},
         "Marble syndrome has the feature Long fingers (in males) (onset: at birth)."),
        ({"frequency": "often"}, "Marble syndrome has the feature Long fingers."),
    ],
)  # fmt: skip
def test_sentences(values: dict[str, object], expected: str) -> None:
    assert said(**values) == expected


def test_only_a_stated_no_is_a_no() -> None:
    for frequency in ("", "0/12", "0%", "1/12", "HP:0040284"):
        assert " not " not in said(frequency=frequency)
        assert not denied(Relation("A:1", HAS, "B:1", "s", frequency=frequency))


def test_names_come_from_the_graph(graph: Graph) -> None:
    sentences = [verbalise(graph, relation) for relation in graph.relations()]
    assert "Marble syndrome has the feature Long fingers in 7 of 12 patients." in sentences
    assert "stonix has the role stone solvent." in sentences
    assert "Marble syndrome (MONDO:0000010) closely matches Marble syndrome (ICD10CM:Q1)." in sentences
    unknown = Relation("MONDO:0000010", "biolink:made_up", "ZOO:1", "s", onset="HP:0000003")
    assert verbalise(graph, unknown) == (
        "Marble syndrome stands in the relation 'made up' to ZOO:1 (onset: Short stature)."
    )


def test_each_phrase_is_denied_by_a_word_of_denial() -> None:
    for phrases in PREDICATES.values():
        assert " not " in f" {phrases.negated} "
        assert " not " in f" {phrases.inverse_negated} "
        assert " not " not in f" {phrases.verb} {phrases.inverse} "
    assert how_often("unclear") == ""
