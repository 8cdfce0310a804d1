"""The measurements of the agent: the scripted patient, the choice among diagnoses, and runs that go on."""

import gzip
import json

from benchmarks.agent_parts.clinic import OPTIONS, ROUTINE, Doctor, read_cases
from benchmarks.agent_parts.journal import Journal

from clinweave.models import OptionScore


def exam(number):
    return {
        "OSCE_Examination": {
            "Objective_for_Doctor": "Assess the patient with double vision.",
            "Patient_Actor": {
                "Demographics": "35-year-old female",
                "History": "Double vision for one month, worse after exercise.",
                "Symptoms": {
                    "Primary_Symptom": "Double vision",
                    "Secondary_Symptoms": ["Weak arms", "Tiredness"],
                },
                "Past_Medical_History": "None.",
                "Social_History": "Smokes ten cigarettes a day.",
                "Review_of_Systems": "Denies cough.",
            },
            "Physical_Examination_Findings": {
                "Vital_Signs": {"Temperature": "36.6 C", "Blood_Pressure": "125/80 mmHg"},
                "Neurological_Examination": {"Reflexes": "Normal."},
            },
            "Test_Results": {"Blood_Tests": {"Acetylcholine_Receptor_Antibodies": "elevated"}},
            "Correct_Diagnosis": f"Disease {number}",
        }
    }


def cases(tmp_path, count=12):
    path = tmp_path / "cases.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as stream:
        stream.writelines(json.dumps(exam(number)) + "\n" for number in range(count))
    return read_cases(path, 3)


def test_the_patient_tells_what_is_asked_from_the_fields_of_the_case(tmp_path):
    case = cases(tmp_path)[0]
    replies = {
        "Do you smoke?": "Social History: Smokes ten cigarettes a day",
        "What is your past medical history?": "Past Medical History: None",
        "What is the blood pressure?": "Vital Signs Blood Pressure: 125/80 mmHg",
        "Are the reflexes normal?": "Neurological Examination Reflexes: Normal",
        "Does she have fever?": "Vital Signs Temperature: 36.6 C",
        "Are antibodies elevated?": "Blood Tests Acetylcholine Receptor Antibodies: elevated",
    }
    for question, reply in replies.items():
        assert case.reply(question)[0] == reply
    assert case.reply("Is there a heart murmur?") == []
    actual = {line for question in ROUTINE for line in case.reply(question)}
    assert "Blood Tests Acetylcholine Receptor Antibodies: elevated" in actual
    assert actual <= set(case.lines("patient", "examiner"))
    assert not any(case.diagnosis in line for line in [case.told, *actual])


def test_the_right_diagnosis_is_one_of_ten_and_the_draw_is_repeatable(tmp_path):
    drawn, again = cases(tmp_path), cases(tmp_path)
    assert [case.options for case in drawn] == [case.options for case in again]
    for case in drawn:
        assert len(set(case.options)) == OPTIONS
        assert case.options.count(case.diagnosis) == 1
    assert len({case.options.index(case.diagnosis) for case in drawn}) > 3  # it has no place of its own


class Scores:
    """A model whose likelihoods rise with the words that a prompt and an option share."""

    name, local, capabilities = "scores", True, frozenset({"score"})

    def score(self, messages, options):
        prompt = messages[-1]["content"]
        # a name that is likely before any fact, and one that the facts make likelier
        known = {"Disease 1": -0.1, "Disease 2": -1.0 if "antibodies" in prompt.lower() else -5.0}
        return [OptionScore(known.get(option, -4.0), (1,)) for option in options]

    @staticmethod
    def count_tokens(messages):
        return len(str(messages))


def test_the_choice_is_what_the_facts_make_likelier_and_not_what_is_likely_anyway(tmp_path):
    case = next(item for item in cases(tmp_path, 10) if item.diagnosis == "Disease 2")
    doctor = Doctor(None, Scores(), 5)
    assert doctor.choose(case, ["Antibodies: elevated"])["right"]
    assert not doctor.choose(case, [])["right"]


def test_a_stopped_run_goes_on_where_it_was(tmp_path):
    computed = []

    def compute():
        computed.append(1)
        return {"value": len(computed)}

    assert Journal(tmp_path / "j").result("a", compute) == {"value": 1}
    journal = Journal(tmp_path / "j")
    assert journal.result("a", compute) == {"value": 1}
    assert journal.result("b", compute) == {"value": 2}
    assert len(Journal(None).result("a", compute)) == 1
    assert len((tmp_path / "j").read_text("utf-8").splitlines()) == 2
