"""Which class a drug is of, and examples of a class, without a document or database that says so."""

from dataclasses import replace

import pytest

from clinweave.applications.consult.drug_classes import class_evidence
from clinweave.core import guardrails
from clinweave.knowledge import Intent, Kind, Topic, classes_named, classes_of, known_members, parse_query
from clinweave.records import Audience


def told(question, *, drug="", name="", names=(), intent=None):
    query = parse_query(question)
    topics = ()
    if drug:
        start = question.index(drug)
        topics = (
            Topic(
                drug, start, start + len(drug), "CHEBI:1", name or drug, Kind.DRUG, names or (name or drug,)
            ),
        )
    query = replace(query, topics=topics, intent=intent or query.intent)
    return " ".join(item.text for item in class_evidence(query))


@pytest.mark.parametrize(
    ("question", "start"),
    [
        ("Is lisinopril an ACE inhibitor?", "Yes: lisinopril is an ACE inhibitor (INN stem -pril)."),
        ("is codeine an opiate", "Yes: codeine is an opiate (opioid, ATC group N02A)."),
        (
            "Is warfarin a type of blood thinner?",
            "Yes: warfarin is a blood thinner (vitamin K antagonist, ATC group B01AA).",
        ),
        (
            "Is sertraline a selective serotonin reuptake inhibitor?",
            "Yes: sertraline is a selective serotonin reuptake",
        ),
    ],
)
def test_a_member_of_a_class_is_told_with_the_reason(question, start):
    assert told(question).startswith(start)
    assert "World Health Organization" in told(question)


def test_a_drug_of_another_class_is_told_with_its_own_and_never_with_no():
    text = told("Is amlodipine a beta blocker?")
    assert text.startswith("amlodipine is a calcium channel blocker (INN stem -dipine)")
    assert "That it is a beta blocker is not recorded here, which is not a no." in text


def test_a_brand_is_told_with_the_drug_in_it():
    text = told(
        "Is Prozac an SSRI?",
        drug="Prozac",
        name="N-methyl-3-phenyl",
        names=("Prozac", "fluoxetine", "adofen"),
    )
    assert text.startswith("Yes: Prozac (fluoxetine) is an SSRI")
    assert told("Is Beconase an SSRI?", drug="Beconase", names=("Beconase",)) == ""


@pytest.mark.parametrize(
    "question",
    [
        "Which drugs are SSRIs?",
        "Name some SSRIs",
        "What are some examples of SSRIs?",
        "What SSRIs are there?",
        "List the common SSRIs",
    ],
)
def test_examples_of_a_class_are_told_as_examples(question):
    text = told(question)
    assert "fluoxetine" in text
    assert "not all" in text


@pytest.mark.parametrize(
    "question",
    [
        "Is lisinopril safe in a pregnant woman?",
        "Is lisinopril an ACE inhibitor that is safe in pregnancy?",
        "Which drugs are ACE inhibitors that are safe in pregnancy?",
        "Which SSRIs are safe in pregnancy?",
        "Is arsenic an ACE inhibitor?",
        "Is fakepril an ACE inhibitor?",
        "Is an ACE inhibitor a good choice?",
        "Is ramipril a good drug?",
        "¿Qué fármacos son estatinas?",
    ],
)
def test_other_questions_about_a_class_get_nothing_from_the_table(question):
    assert told(question) == ""


def test_the_class_is_told_where_the_kind_of_a_drug_is_asked_for():
    assert "ramipril is an ACE inhibitor" in told("What kind of drug is ramipril?", drug="ramipril")
    assert told("What does ramipril treat?", drug="ramipril", intent=Intent.INDICATIONS) == ""


def test_every_drug_that_the_table_names_is_of_a_class_and_every_class_has_its_names():
    assert len(known_members()) > 200
    assert all(classes_of((name,)) for name in known_members())
    assert [item.name for item in classes_named("statins")] == ["statin"]


@pytest.mark.parametrize("drug", ["amlodipine", "metoprolol", "propranolol", "tramadol"])
@pytest.mark.parametrize("named", ["a beta blocker", "a benzodiazepine", "an opioid"])
def test_a_question_about_a_class_is_no_emergency(drug, named):
    assert guardrails.screen(f"Is {drug} {named}?", audience=Audience.PUBLIC) is None
