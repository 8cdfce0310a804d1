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
    "What was the first drug you gave our patient?",
    "What was the last treatment given to our patient?",
    "What was my patient's creatinine?",
    "What is my patient's potassium?",
    "What's the INR of the patient in bed 12?",
    "What is the latest INR of my patient with atrial fibrillation?",
    "Is my patient allergic to penicillin?",
    "Was my patient given heparin?",
    "Did our patient receive enoxaparin?",
    "What medications is my patient taking?",
    "When is my patient's next appointment?",
    "What was my last INR?",
    "What was my potassium yesterday?",
    "When was my last tetanus shot?",
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
    "What was the first drug you would try in our patient?",
    "What was the first drug approved for a disease like our patient's?",
    "What is the current treatment for my patient with Marfan syndrome?",
    "What is the latest treatment for the patient I saw with Marfan syndrome?",
    "What is the latest guidance on anticoagulation for my patient with atrial fibrillation?",
    "What is the current dose of apixaban for my patient with a creatinine clearance of 20?",
    "What was the diagnosis of the patient I saw with arachnodactyly and ectopia lentis?",
    "What is my patient's risk of stroke?",
    "What is the target INR for my patient?",
    "What is the potassium target in my patient with heart failure?",
    "Is my patient allergic to penicillin able to have cefazolin?",
    "Is my patient on warfarin safe to have a tooth extraction?",
    "What is the current standard of care for my patient?",
    "What is the most recent classification of my patient's disease?",
    "What is the sodium in my patient with SIADH supposed to be?",
    "Tell me the latest on Marfan syndrome in this patient population.",
    "Did my patient get lupus from hydralazine?",
    "What is my blood pressure supposed to be?",
    "What is the temperature of a fever?",
    "When is my baby due for the next vaccine?",
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
