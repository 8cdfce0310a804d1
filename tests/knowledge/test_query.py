"""Questions as people ask them: intent, language, topics, abbreviations, spelling."""

import pytest

from clinweave.core.errors import UserError
from clinweave.knowledge import Intent, Kind, language_of, parse_query
from clinweave.knowledge.query.parse import intent_of
from tests.knowledge.fakes import FakeGraph, FakeLinker

INTENTS = {
    Intent.GENES: [
        "Which gene causes cystic fibrosis?",
        "What is the genetic cause of X?",
        "¿Qué gen causa X?",
        "Welches Gen ist bei X verändert?",
    ],
    Intent.FEATURES: [
        "What are the symptoms of X?",
        "How does X present?",
        "Quels sont les symptômes de la maladie X ?",
        "X有什么症状",
    ],
    Intent.INHERITANCE: ["How is X inherited?", "Is X autosomal dominant?", "¿Cómo se hereda X?"],
    Intent.ONSET: [
        "At what age does X begin?",
        "When do symptoms of X start?",
        "How old are patients at onset?",
    ],
    Intent.CODE: ["What is the ICD-10-CM code for X?", "How do I code X?"],
    Intent.DOSE: [
        "What is the dose of X?",
        "How much X should I give?",
        "How many mg of X?",
        "¿Cuál es la dosis de X?",
    ],
    Intent.SAFETY: [
        "Is X contraindicated in Y?",
        "Can X be given in Y?",
        "Should X be stopped?",
        "Is X safe in pregnancy?",
    ],
    Intent.TREATMENT: [
        "How is X treated?",
        "What is the first-line drug for X?",
        "How do I manage X?",
        "X怎么治疗",
    ],
    Intent.DIAGNOSIS: ["How is X diagnosed?", "Which tests confirm X?"],
    Intent.DRUG_CLASS: ["What kind of drug is X?", "What is the mechanism of action of X?"],
    Intent.CLASS_DRUGS: ["Which drugs are beta blockers?"],
    Intent.INDICATIONS: ["What is X used for?"],
    Intent.DIFFERENTIAL: [
        "Which diseases cause both X and Y?",
        "¿Qué enfermedades tienen X?",
        "哪些疾病会引起X？",
    ],
    Intent.PREVENTION: ["How can X be prevented?"],
    Intent.OUTLOOK: ["What is the prognosis of X?"],
    Intent.CAUSES: ["What causes X?", "Who is at risk for X?"],
    Intent.DEFINITION: ["What is X?"],
}


@pytest.mark.parametrize(("intent", "question"), [(k, q) for k, items in INTENTS.items() for q in items])
def test_intents(intent, question):
    assert intent_of(question, language_of(question)) == intent


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("What is the dose of apixaban?", "en"),
        ("¿Qué enfermedades tienen ectopia del cristalino?", "es"),
        ("Quelles sont les causes de la maladie ?", "fr"),
        ("Welche Krankheit ist das und wie wird sie behandelt?", "de"),
        ("哪些疾病会引起晶状体异位？", "zh"),
        ("Fabry", "en"),
    ],
)
def test_languages(text, code):
    assert language_of(text) == code


def parse(question, **more):
    return parse_query(question, graph=FakeGraph(), linker=FakeLinker(), **more)


def test_roles_in_a_yes_no_question():
    query = parse("Is arachnodactyly a feature of Alpha syndrome?")
    assert (query.intent, query.yes_no) == (Intent.RELATED, True)
    assert [(topic.kind, topic.id) for topic in query.topics] == [
        (Kind.FINDING, "HP:2"),
        (Kind.DISEASE, "MONDO:1"),
    ]


def test_a_gene_asks_for_its_diseases():
    query = parse("Which diseases are associated with FBX1?")
    assert (query.intent, query.topics[0].kind) == (Intent.GENE_DISEASES, Kind.GENE)


def test_several_findings_ask_for_diseases():
    query = parse("A boy has arachnodactyly and myopia. What is the diagnosis?")
    assert query.intent == Intent.DIFFERENTIAL
    assert [topic.id for topic in query.topics] == ["HP:2", "HP:4"]


def test_misspelt_words_are_read_and_said():
    query = parse("What are the symtoms of Alpha sindrome?")
    assert query.intent == Intent.FEATURES
    assert ("symtoms", "symptoms") in query.corrections
    assert query.topics[0].id == "MONDO:1"
    assert parse("Does arachnodactily occur in Alpha syndrome?").topics[0].id == "HP:2"


def test_a_word_of_the_texts_at_hand_is_never_corrected():
    assert (
        parse("Does arachnodactily occur?", in_vocabulary=lambda word: word == "arachnodactily").corrections
        == ()
    )


def test_abbreviations_are_written_out_and_said():
    query = parse("How is T2DM treated?")
    assert query.topics[0].id == "MONDO:3"
    assert ("T2DM", "type 2 diabetes mellitus") in query.corrections


def test_names_that_no_vocabulary_has_are_marked():
    query = parse("Is blorvexin safe in kidney failure?")
    assert query.names_wanted == ("blorvexin",)
    assert query.intent == Intent.SAFETY


def test_a_cue_inside_a_name_asks_for_nothing():
    query = parse("What are the features of hereditary disorder of glue?")
    assert (query.intent, query.topics[0].id) == (Intent.FEATURES, "MONDO:9")
    assert parse("Which gene causes hereditary disorder of glue?").intent == Intent.GENES


def test_bad_questions():
    with pytest.raises(UserError, match="the limit is"):
        parse("x" * 1_000_000)
    with pytest.raises(UserError, match="empty"):
        parse(" \n ")
    assert parse("what of zorglub").topics == ()
    assert parse_query("How is X treated?").intent == Intent.TREATMENT


def test_a_letter_that_narrows_a_name_makes_another_thing():
    (topic,) = parse("What are the symptoms of Alpha syndrome C?").topics
    assert (topic.text, topic.id, topic.senses) == ("Alpha syndrome C", "", ())


def test_a_bare_eponym_is_completed_and_a_hyphenated_one_is_not():
    query = parse("What are the features in Alpha patients?")
    assert query.topics[0].id == "MONDO:1"
    assert ("Alpha", "Alpha syndrome") in query.corrections
    assert parse("What are the features of the Beta-Alpha syndrome?").topics == ()


def test_a_name_of_which_a_part_alone_is_known_is_reported():
    assert ("Zebrafish myopia", "Myopia") in parse("What causes Zebrafish myopia?").corrections
    for question in (
        "What causes severe myopia?",
        "Zebrafish myopia",
        "Is Arachnodactyly with myopia common?",
    ):
        assert all("yopia" not in written for written, _ in parse(question).corrections)
