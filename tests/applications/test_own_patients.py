"""What stands in one patient's record is not answered from general sources."""

import pytest

from clinweave.applications.consult.own_patients import asks_of_a_record
from tests.knowledge.small_base import SmallBase

OF_A_RECORD = [
    "What was the potassium of the patient I admitted yesterday?",
    "What was my patient's creatinine last night?",
    "What is the latest INR of the patient in bed 12?",
    "When did the patient we discharged last have a fever?",
    "Which antibiotic was given to our patient this morning?",
    "Did my patient get enoxaparin yesterday?",
    "Show me the most recent troponin of my patient.",
]
GENERAL = [
    "My patient has a potassium of 6.8: what should I give?",
    "What is the dose of gentamicin for a patient with a creatinine clearance of 20?",
    "My patient was started on lamotrigine yesterday and has a rash. What should I do?",
    "What is the current first-line treatment of heart failure?",
    "What was the first drug approved for spinal muscular atrophy?",
    "Did the HOPE trial show a benefit of ramipril?",
    "When was Marfan syndrome first described?",
    "What should I tell my patient about warfarin?",
    "What were the results of the study of patients with HER2?",
]


@pytest.mark.parametrize("question", OF_A_RECORD)
def test_a_question_about_a_record(question):
    assert asks_of_a_record(question)


@pytest.mark.parametrize("question", GENERAL)
def test_a_question_of_medicine(question):
    assert not asks_of_a_record(question)


def test_the_answer_says_that_no_records_are_searched():
    answer = SmallBase("none").ask(OF_A_RECORD[0], retrievers=("graph",))
    assert answer.abstained
    assert "no patient records are searched" in answer.text
    assert not answer.statements
