"""Sentences in other words than their evidence: what is aligned is supported, what changes a role or a limit is not."""

import pytest

from clinweave.knowledge import CitationChecker
from clinweave.knowledge.citations.quotes import quoted
from clinweave.knowledge.citations.titles import short_forms, topic_of_title
from clinweave.records import Evidence, Passage, Verdict


def passage(text, title="", section=""):
    return Passage("p", text, title, "d", 0, len(text), "own", section)


def supported(sentence, text, title="", section=""):
    return quoted(sentence, passage(text, title, section)).verdict == Verdict.SUPPORTED


CARRIES = "Stickler syndrome carries a high lifetime risk of retinal detachment, and retinopexy is offered."
TEETH = "Doxycycline is not given in the second half of pregnancy, as it stains the baby's developing teeth."
TOXIN = "In haemolytic uraemic syndrome after E. coli O157 infection, the toxin damages the endothelium."
ECG = "A normal ECG at rest does not rule out long QT syndrome."


@pytest.mark.parametrize(
    ("text", "true", "false"),
    [
        (
            CARRIES,
            "Yes, people with Stickler syndrome have a high lifetime risk of retinal detachment.",
            "Yes, retinal detachment carries a high lifetime risk of Stickler syndrome.",
        ),
        (
            TEETH,
            "Doxycycline is not given in the second half of pregnancy because it stains the baby's developing teeth.",
            "Doxycycline is not given in the first half of pregnancy because it stains the baby's developing teeth.",
        ),
        (
            TOXIN,
            "The endothelium is damaged by the toxin in haemolytic uraemic syndrome following E. coli O157 infection.",
            "The toxin is damaged by the endothelium in haemolytic uraemic syndrome following E. coli O157 infection.",
        ),
        (
            ECG,
            "No, long QT syndrome is not ruled out by a normal resting ECG.",
            "Yes, long QT syndrome is ruled out by a normal resting ECG.",
        ),
        (
            "The incubation period of hepatitis A is fifteen to fifty days.",
            "Hepatitis A has an incubation period of 15 to 50 days.",
            "Hepatitis A has an incubation period of 15 to 60 days.",
        ),
        (
            "Median survival was 14·2 months with temozolomide.",
            "With temozolomide, median survival was 14.2 months.",
            "Without temozolomide, median survival was 14.2 months.",
        ),
        (
            "Exclude tuberculosis before infliximab is started.",
            "Tuberculosis should be excluded before infliximab is started.",
            "Infliximab should be excluded before tuberculosis is started.",
        ),
        (
            "Patients with asthma should avoid propranolol.",
            "Propranolol should be avoided in patients with asthma.",
            "Patients without asthma should avoid propranolol.",
        ),
        (
            "Bell's palsy\nStart prednisolone within 72 hours. Antivirals alone are of no benefit.",
            "Prednisolone should be started within 72 hours in Bell's palsy.",
            "Antivirals should be started within 72 hours in Bell's palsy.",
        ),
        (
            "Cataract surgery restores vision; infection is rare.",
            "Cataract surgery restores vision, and infection is rare.",
            "Cataract surgery is rare, and infection restores vision.",
        ),
    ],
)
def test_a_sentence_in_other_words_and_its_false_twin(text, true, false):
    assert supported(true, text)
    assert not supported(false, text)


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("Children who were not vaccinated had fewer.", "Children who were vaccinated did not have fewer."),
        (
            "Mortality was lower with surgery than with drugs.",
            "Mortality was lower with drugs than with surgery.",
        ),
        ("Patients with fibrosis develop smoking.", "Smoking patients develop fibrosis."),
        ("Metformin extends life.", "Metformin extends life in worms, flies and mice."),
        ("Quinine is used for leg cramps.", "Quinine used to be used for leg cramps."),
        ("Oxygen improves survival.", "Oxygen hardly improves survival."),
        (
            "The signs of stroke are facial droop and weakness.",
            "Signs of stroke include facial droop, weakness and slurred speech.",
        ),
        ("Codeine is advised for cough in toddlers.", "Codeine used to be advised for cough in toddlers."),
        ("Juice fasting heals colitis.", "The author's blog states: Juice fasting heals colitis."),
        ("Treatment lasts 6 months.", "Treatment lasts 6 months; in meningeal disease it lasts 12 months."),
        (
            "Morphine reverses the depression produced by naloxone.",
            "Naloxone reverses the depression produced by morphine.",
        ),
    ],
)
def test_what_is_restricted_or_turned_round_stays_unverified(sentence, text):
    assert not supported(sentence, text)


@pytest.mark.parametrize(
    ("title", "topic"),
    [
        ("What is (are) gout ?", "gout"),
        ("What are the symptoms of Parkinson's Disease ?", "Parkinson's Disease"),
        ("Is Fabry disease inherited ?", "Fabry disease"),
        ("How to diagnose Celiac Disease ?", "Celiac Disease"),
        ("How many people are affected by hemophilia ?", "hemophilia"),
        ("Is it true that vitamin C cures colds ?", ""),
        ("Does sugar cause diabetes ?", ""),
        ("Gout", ""),
        ("", ""),
    ],
)
def test_the_topic_of_a_title_that_asks(title, topic):
    assert topic_of_title(title) == topic


def test_this_condition_is_what_the_title_asks_about():
    title = "What is (are) Charcot-Marie-Tooth disease type 1A ?"
    text = "Onset is in childhood. The condition is inherited in an autosomal dominant manner."
    output = "{} is inherited in an autosomal dominant manner."
    assert supported(output.format("Charcot-Marie-Tooth disease type 1A"), text, title)
    assert not supported(output.format("Charcot-Marie-Tooth disease type 2A"), text, title)


def test_initials_of_the_topic_stand_for_it():
    title = "What are the treatments for Parkinson's Disease ?"
    text = "At present, there is no cure for PD, but many medicines give relief."
    assert short_forms(title, text) == {"PD": "Parkinson's Disease"}
    assert supported("There is no cure for Parkinson's disease.", text, title)
    assert not supported("There is no cure for Paget's disease.", text, title)
    assert short_forms(title, "MS and pd and P") == {}


def test_a_pointer_to_nothing_is_repaired_only_where_asked_for():
    text = "Gout is treated with colchicine."
    items = [Evidence("1", "passage", "", 1.0, (), passage(text))]
    checker = CitationChecker(None)
    (kept,) = checker.check_answer("Gout is treated with colchicine [3].", items)
    assert kept.verdict == Verdict.UNVERIFIED
    (repaired,) = checker.check_answer("Gout is treated with colchicine [3].", items, repair=True)
    assert (repaired.verdict, repaired.evidence) == (Verdict.SUPPORTED, ("1",))
    (false,) = checker.check_answer("Gout is treated with insulin [3].", items, repair=True)
    assert false.verdict == Verdict.UNVERIFIED
