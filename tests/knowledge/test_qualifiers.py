"""Words beside a disease in another language: the kind that they name, and those that are not understood."""

import pytest

from clinweave.knowledge import Kind, Topic
from clinweave.knowledge.query.qualifiers import foreign_frame, narrowed, with_english
from clinweave.records import Concept, Relation
from tests.knowledge.graph_fixture import build

NAMES = {
    "MONDO:0000001": ("Marble syndrome", ("marble bone disease",)),
    "MONDO:0000002": ("Marble syndrome, vascular type", ()),
    "MONDO:0000003": ("classic Marble syndrome", ()),
    "MONDO:0000004": ("Marble syndrome perinatal lethal", ()),
    "MONDO:0000005": ("hypermobile Marble syndrome type 1", ()),
    "MONDO:0000006": ("hypermobile Marble syndrome type 2", ()),
    "MONDO:0000007": ("gestational Marble syndrome", ()),
    "MONDO:0000008": ("autosomal dominant Marble syndrome, vascular type", ()),
}
PARENTS = {"MONDO:0000008": "MONDO:0000002"}


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    records = [
        Concept(curie, "biolink:Disease", name, "mondo", synonyms)
        for curie, (name, synonyms) in NAMES.items()
    ]
    records += [
        Relation(curie, "biolink:subclass_of", PARENTS.get(curie, "MONDO:0000001"), "mondo")
        for curie in list(NAMES)[1:]
    ]
    return build(tmp_path_factory.mktemp("graph") / "g", {"mondo": records})


def topic(text, name):
    start = text.index(name)
    return Topic(
        name, start, start + len(name), "MONDO:0000001", "Marble syndrome", Kind.DISEASE, ("Marble syndrome",)
    )


@pytest.mark.parametrize(
    ("text", "name", "language", "wanted"),
    [
        ("¿Qué síntomas tiene el síndrome de Marble vascular?", "síndrome de Marble", "es", "MONDO:0000002"),
        ("Quels sont les signes du syndrome de Marble vasculaire ?", "syndrome de Marble", "fr", "MONDO:0000002"),
        ("Welche Symptome hat das vaskuläre Marble-Syndrom?", "Marble-Syndrom", "de", "MONDO:0000002"),
        ("Quel gène pour le syndrome de Marble de type classique ?", "syndrome de Marble", "fr", "MONDO:0000003"),
        ("¿Qué es el síndrome de Marble gestacional?", "síndrome de Marble", "es", "MONDO:0000007"),
    ],
)  # fmt: skip
def test_a_qualifier_chooses_the_kind_with_its_cognate(graph, text, name, language, wanted):
    (read,), unread = narrowed([topic(text, name)], text, language, graph)
    assert (read.id, unread) == (wanted, ())
    assert read.text == text[read.start : read.end]
    assert NAMES[wanted][0] == read.name


@pytest.mark.parametrize(
    ("text", "name", "language", "word"),
    [
        # the only name with "perinatal" says more, and two names have "hypermobile"
        ("Quels sont les signes du syndrome de Marble périnatal ?", "syndrome de Marble", "fr", "périnatal"),
        ("¿Qué causa el síndrome de Marble hipermóvil?", "síndrome de Marble", "es", "hipermóvil"),
        ("Was verursacht das schwere Marble-Syndrom?", "Marble-Syndrom", "de", "schwere"),
    ],
)
def test_what_names_no_single_kind_is_reported(graph, text, name, language, word):
    topics, unread = narrowed([topic(text, name)], text, language, graph)
    assert [item.id for item in topics] == ["MONDO:0000001"]
    assert unread == (word,)


@pytest.mark.parametrize(
    ("text", "name", "language"),
    [
        ("¿Qué síntomas tiene el síndrome de Marble?", "síndrome de Marble", "es"),
        ("Quels sont les signes du syndrome de Marble, et comment le traiter ?", "syndrome de Marble", "fr"),
        ("Wie wird das Marble-Syndrom bei Kindern behandelt?", "Marble-Syndrom", "de"),
        ("Wie entsteht das Marble-Syndrom?", "Marble-Syndrom", "de"),
        ("What are the signs of severe Marble syndrome?", "Marble syndrome", "en"),
    ],
)
def test_other_words_are_no_qualifiers(graph, text, name, language):
    assert narrowed([topic(text, name)], text, language, graph) == ((topic(text, name),), ())


def test_words_of_content_are_given_in_english_and_kept():
    text = "Darf man Warfarin in der Schwangerschaft nehmen?"
    assert with_english(text, (), "de") == f"{text} pregnancy"
    assert {"darf", "man", "in", "der", "nehmen", "schwangerschaft"} <= foreign_frame(text, "de")
    assert "warfarin" not in foreign_frame(text, "de")
    # what a passage cannot say in English stays a word of the question: nothing is answered past it
    assert "ohne" not in foreign_frame("Gicht ohne Schmerzen", "de")
    assert with_english("What is safe in pregnancy?", (), "en") == "What is safe in pregnancy?"
    assert foreign_frame("痛風の治療は？", "ja") == frozenset()
