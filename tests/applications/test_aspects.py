"""Questions outside the usual ones: an aspect of a disease, two things at once, a comparison, who is at hand."""

import pytest

from clinweave.applications.consult import compose
from clinweave.applications.consult.own_patients import without_asker
from clinweave.applications.consult.parts import COMPARED, compared, composed_parts, parts_of
from clinweave.knowledge import Intent, Kind, Query, Topic
from clinweave.records import Audience, Evidence, Passage

ALPHA = Topic("Alpha syndrome", 0, 14, "M:1", "Alpha syndrome", Kind.DISEASE, ("Alpha syndrome",), ("M:1",))
BETA = Topic("Beta fever", 0, 10, "M:2", "Beta fever", Kind.DISEASE, ("Beta fever",), ("M:2",))


def stored(title, text, number="1"):
    passage = Passage(f"qa{number}", text, title, f"qa/{number}.xml#{number}", 0, len(text), "qa", "")
    return Evidence(number, "passage", f"{title}: {text}", 2.5, passage=passage)


def query(question, intent=Intent.GENERAL, topics=(ALPHA,), words=(), *, yes_no=False):
    return Query(question, question, "en", intent, yes_no, tuple(topics), tuple(words))


def answer(question, evidence, words, intent=Intent.GENERAL, audience=Audience.CLINICIAN, **more):
    return compose(query(question, intent, words=words, **more), evidence, audience=audience)


CAUSES = stored(
    "What causes Alpha syndrome ?",
    "Alpha syndrome is caused by mutations in the FBX1 gene. This gene provides instructions for making an enzyme "
    "called alphanase. The cause of its name is unknown.",
)


def test_an_aspect_is_answered_by_the_sentence_that_speaks_of_it():
    reply = answer("Which enzyme is missing in Alpha syndrome?", [CAUSES], ["enzyme"])
    assert "an enzyme called alphanase" in reply.text
    assert "[1]" in reply.text
    assert "FBX1" not in reply.text


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Is Alpha syndrome contagious?", ["contagious"]),
        ("Can a baby with Alpha syndrome be breastfed?", ["breastfed"]),
        ("Does Alpha syndrome prove a vitamin deficiency?", ["prove", "vitamin"]),
    ],
)
def test_what_no_sentence_speaks_of_is_not_answered(question, words):
    assert answer(question, [CAUSES], words, yes_no=True).abstained


def test_a_narrower_or_another_disease_does_not_answer():
    like = stored("What causes Alpha-like syndrome ?", "Its enzyme is gammase.", "2")
    beta = stored("What causes Beta fever ?", "Its enzyme is betase.", "3")
    assert answer("Which enzyme is missing in Alpha syndrome?", [like, beta], ["enzyme"]).abstained


def test_what_to_avoid_is_not_answered_by_what_is_advised():
    advice = (
        "People with Alpha syndrome enjoy many foods. Eating foods such as liver can worsen Alpha syndrome."
    )
    passage = stored("What are the treatments for Alpha syndrome ?", advice)
    reply = answer("Which foods should I avoid with Alpha syndrome?", [passage], ["foods"], Intent.SAFETY)
    assert "liver can worsen" in reply.text
    assert "enjoy" not in reply.text


def test_a_list_is_quoted_with_its_lead_in():
    text = "Each child of two carriers has:\n- a 25 percent chance of no gene\n- a 25 percent chance of Alpha syndrome"
    passage = stored("What causes Alpha syndrome ?", text)
    reply = answer("Alpha syndrome: what chance have carriers?", [passage], ["chance", "carriers"])
    assert reply.abstained or "chance of Alpha syndrome" in reply.text


def test_the_public_sees_no_amount():
    text = "Alpha syndrome is rare. It has causes. Nobody knows them. For the enzyme take 500 mg of zorbin daily."
    passage = stored("How to diagnose Alpha syndrome ?", text)
    shown = answer("Which enzyme in Alpha syndrome?", [passage], ["enzyme"])
    hidden = answer("Which enzyme in Alpha syndrome?", [passage], ["enzyme"], audience=Audience.PUBLIC)
    assert "500 mg" in shown.text
    assert "500 mg" not in hidden.text


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("What is X and how is it inherited?", ("What is X?", "how is it inherited?")),
        ("Is A the gene for B, and what is the repeat?", ("Is A the gene for B?", "what is the repeat?")),
        ("What is X? Which gene causes X?", ("What is X?", "Which gene causes X?")),
        ("What should I check before digoxin and why?", ("What should I check before digoxin and why?",)),
        ("My son has X. What is it?", ("My son has X. What is it?",)),
        ("Diseases with fever and rash?", ("Diseases with fever and rash?",)),
        ("", ("",)),
        ("?" * 5000, ("?" * 5000,)),
    ],
)
def test_two_questions_are_told_apart(question, parts):
    assert parts_of(question) == parts


@pytest.mark.parametrize(
    ("question", "pair"),
    [
        ("What is the difference between a stroke and a TIA?", ("stroke", "TIA")),
        ("difference between type 1 and type 2 diabetes", ("type 1 diabetes", "type 2 diabetes")),
        ("Crohn's disease vs ulcerative colitis?", ("Crohn's disease", "ulcerative colitis")),
        ("How is flu different from a cold?", ("flu", "cold")),
        ("What causes a cold?", None),
    ],
)
def test_comparisons(question, pair):
    assert compared(question) == pair


def _parse(text):
    topics = [topic for topic in (ALPHA, BETA) if topic.name in text]
    words = [word for word in ("enzyme", "repeat") if word in text]
    intent = Intent.DEFINITION if text.startswith("What is") and not words else Intent.GENERAL
    return query(text, intent, topics, words)


def _composed(question, evidence):
    return composed_parts(_parse(question), _parse, lambda _: evidence, Audience.CLINICIAN)


def test_a_later_part_is_about_the_subject_of_the_first_and_its_silence_is_said():
    definition = stored(
        "What is (are) Alpha syndrome ?", "Alpha syndrome is a rare disorder of the nails.", "2"
    )
    evidence, reply = _composed("What is Alpha syndrome and which enzyme is missing?", [CAUSES, definition])
    assert "rare disorder of the nails" in reply.text
    assert "an enzyme called alphanase" in reply.text
    assert len({item.id for item in evidence}) == len(evidence) == 2
    _, reply = _composed("What is Alpha syndrome and what is the repeat?", [CAUSES, definition])
    assert "On “what is the repeat?”: I do not know" in reply.text
    assert not reply.abstained


def test_a_comparison_says_what_each_is_and_that_no_source_compares():
    first = stored("What is (are) Alpha syndrome ?", "Alpha syndrome is a rare disorder of the nails.")
    second = stored("What is (are) Beta fever ?", "Beta fever is an infection by a worm.", "2")
    _, reply = _composed("What is the difference between Alpha syndrome and Beta fever?", [first, second])
    assert reply.text.startswith(COMPARED)
    assert reply.text.index("nails") < reply.text.index("worm")


@pytest.mark.parametrize(
    ("question", "intent", "shown"),
    [
        ("My letter says my son has synophrys. What is that?", Intent.DEFINITION, False),
        ("My sister carries BRCA1. What does it mean for me?", Intent.INHERITANCE, False),
        ("How can I prevent gout?", Intent.PREVENTION, False),
        ("My chest hurts, what causes it?", Intent.CAUSES, True),
        ("He has been vomiting since yesterday. What is it?", Intent.DEFINITION, True),
        ("My daughter has asthma. How is it treated?", Intent.TREATMENT, True),
        ("My baby is yellow and sleepy, what is jaundice?", Intent.DEFINITION, True),
        ("My son won't wake properly. What is epilepsy?", Intent.DEFINITION, True),
    ],
)
def test_who_may_be_in_need(question, intent, shown):
    assert (without_asker(question, query(question, intent)) == question) is shown


def test_a_question_of_lost_words_is_not_answered_by_whatever_stands_there():
    passage = stored(
        "What is (are) Alpha syndrome ?", "Your liver is the largest organ inside your body. It is red."
    )
    diet = stored(
        "What to do for Alpha syndrome ?", "People should eat a healthy diet and avoid alcohol.", "2"
    )
    assert answer("Can I pass Alpha syndrome to my partner?", [passage, diet], [], yes_no=True).abstained
    assert not answer("What should I eat with Alpha syndrome?", [diet], ["eat"]).abstained


def test_a_drug_alone_is_not_answered_by_its_other_uses():
    topic = Topic("zorbin", 0, 6, "D:1", "zorbin", Kind.DRUG, ("zorbin",), ("D:1",))
    passage = stored(
        "What are the treatments for Beta fever ?", "Zorbin is a medicine used to treat Beta fever."
    )
    asked = query("What is the antidote for zorbin?", Intent.TREATMENT, [topic], ["antidote"])
    assert compose(asked, [passage], audience=Audience.CLINICIAN).abstained


def test_what_something_is_is_not_answered_by_what_to_do_in_it():
    text = "# Alpha syndrome in adults\n\nZorbin is the first-choice drug. Give 5 mg when it is severe."
    passage = Passage("ward:0", text, "Alpha syndrome in adults", "ward.md", 0, len(text), "ward", "")
    ward = Evidence("1", "passage", text, 4.0, passage=passage)
    known = stored("What is (are) Alpha syndrome ?", "Alpha syndrome is a rare disorder of the nails.", "2")
    reply = answer("What is Alpha syndrome?", [ward, known], [], Intent.DEFINITION)
    assert "disorder of the nails" in reply.text
    assert "Zorbin" not in reply.text


def test_the_head_of_a_compared_name_is_shared():
    assert compared("hemophilia A vs B") == ("hemophilia A", "hemophilia B")
    assert compared("What distinguishes Becker from Duchenne muscular dystrophy?") == (
        "Becker",
        "Duchenne muscular dystrophy",
    )
