"""Rows of a table for the asked value and kind, classes of drugs, lead-ins with their list, limits that are missed."""

from dataclasses import replace

import pytest

from clinweave.applications.consult import compose
from clinweave.applications.consult.limits import limits_of
from clinweave.applications.consult.rows import condition_of, other_number, row_suits
from clinweave.applications.consult.units import Unit, units_of
from clinweave.knowledge import Kind, Topic, classes_of, parse_query, read_folder
from clinweave.records import Audience, Evidence, Passage


@pytest.fixture
def ask(tmp_path):
    def asked(question, text, *drugs):
        (tmp_path / "ward.md").write_text(text, "utf-8")
        items = enumerate(read_folder(tmp_path), 1)
        evidence = tuple(Evidence(str(n), "passage", item.text, 4.0, passage=item) for n, item in items)
        query = parse_query(question)
        topics = []
        for number, drug in enumerate(drugs):
            start = question.index(drug)
            topics.append(
                Topic(drug, start, start + len(drug), f"CHEBI:{number}", drug, Kind.DRUG, (drug, "Capril"))
            )
        words = tuple(word for word in query.words if word not in " ".join(drugs).split())
        yes_no = question.split()[0] in {"Can", "May", "Should", "Is"}
        query = replace(query, topics=tuple(topics), words=words, names_wanted=(), yes_no=yes_no)
        return compose(query, evidence, audience=Audience.CLINICIAN).text

    return asked


TABLE = """# Raised anti-Xa level

| Anti-Xa | Bleeding | Action |
|---|---|---|
| 1.2 to 1.6 | none | Leave out one dose |
| 1.2 to 1.6 | minor | Leave out two doses. Restart when anti-Xa is below 1.0 |
| above 1.6 | none | Stop and repeat after 12 hours |
| above 1.6 | minor | Stop and ring the haematologist |
| any | major | Stop and give protamine 20 to 40 mg/kg |

Patients with an anti-Xa level are seen by the pharmacist.
"""


@pytest.mark.parametrize(
    ("question", "shown", "hidden"),
    [
        (
            "What to do at an anti-Xa of 1.4 without bleeding?",
            ["one dose"],
            ["two doses", "ring", "protamine"],
        ),
        ("What to do at anti-Xa 1.4 with minor bleeding?", ["two doses"], ["one dose", "protamine"]),
        ("What to do at anti-Xa 2 and no bleeding?", ["repeat after 12"], ["ring", "protamine", "one dose"]),
        ("What to do at anti-Xa 0.8 with major bleeding?", ["protamine"], ["two doses", "one dose", "ring"]),
        (
            "What to do at anti-Xa 0.9 with no bleeding?",
            ["I do not know"],
            ["dose", "protamine", "pharmacist"],
        ),
    ],
)
def test_the_row_for_the_value_and_the_kind_alone_is_shown(ask, question, shown, hidden):
    answer = ask(question, TABLE)
    assert all(text in answer for text in shown)
    assert not any(text in answer for text in hidden)


def rows(*texts):
    return [Unit(text, ("Ward",), kind="row") for text in texts]


def test_a_word_elsewhere_in_the_question_decides_nothing():
    table = rows("Bleeding: none; Action: wait", "Bleeding: major; Action: stop")
    assert row_suits("He had major surgery, is there bleeding?", table[0], table) is None
    assert row_suits("He had major surgery and no bleeding", table[0], table) is True
    assert row_suits("He had major surgery and no bleeding", table[1], table) is False


def test_the_last_column_is_what_to_do_and_excludes_nothing():
    table = rows(
        "Potassium: 6.0 to 6.4; Action: repeat", "Potassium: 6.5 or more; Action: emergency treatment"
    )
    assert row_suits("Is potassium 6.2 an emergency treatment?", table[0], table) is True
    assert row_suits("Is potassium 6.2 an emergency treatment?", table[1], table) is False
    assert row_suits("Is potassium measured daily?", table[1], table) is None


def test_limits_in_the_heads_of_columns_keep_the_row():
    row = rows("Drug: digoxin; eGFR 30 to 60: 125 micrograms; eGFR below 30: 62.5 micrograms")[0]
    assert row_suits("digoxin dose at eGFR 20", row, [row]) is None
    assert condition_of(row) == row.text


def test_an_amount_for_each_kilogram_is_no_limit():
    assert limits_of("give 25 to 50 units/kg or more than 3 mg/kg") == ()
    assert [limit.high for limit in limits_of("potassium 5.5 to 5.9 mmol/L")] == [5.9]


@pytest.mark.parametrize(
    ("drug", "name"),
    [
        ("ramipril", "ACE inhibitor"),
        ("candesartan", "angiotensin receptor blocker"),
        ("labetalol", "beta blocker"),
        ("ketoprofen", "NSAID"),
        ("cefuroxime", "cephalosporin"),
        ("alendronic acid", "bisphosphonate"),
        ("salmeterol", "beta agonist"),
    ],
)
def test_the_stem_of_a_name_tells_the_class(drug, name):
    found = classes_of((drug,))
    assert name in {item.name for item in found}
    assert all(item.why.startswith("INN stem") for item in found)


@pytest.mark.parametrize(
    "drug", ["April", "aripiprazole", "cholesterol", "stanozolol", "insulin", "", "pril"]
)
def test_a_name_that_only_ends_like_a_stem_is_of_no_such_class(drug):
    names = {item.name for item in classes_of((drug,))}
    assert not names & {"ACE inhibitor", "proton pump inhibitor", "beta agonist", "beta blocker"}


HEART = """# Chronic heart disease

Beta blockers are continued. NSAIDs must not be used in heart failure.

Calcium channel blockers: amlodipine may be used in heart failure.
"""


def test_what_is_said_of_a_class_answers_for_its_member(ask):
    answer = ask("Can ketoprofen be used in heart failure?", HEART, "ketoprofen")
    assert answer.startswith("No: ")
    assert "“NSAIDs must not be used in heart failure.”" in answer
    assert "(ketoprofen is an NSAID: INN stem -profen.)" in answer


def test_what_is_said_of_one_member_answers_for_no_other(ask):
    answer = ask("Can felodipine be used in heart failure?", HEART, "felodipine")
    assert not answer.startswith(("Yes", "No:"))
    assert "amlodipine may be used" in answer  # under the label of the class, quoted without a verdict
    assert ask("Can amlodipine be used in heart failure?", HEART, "amlodipine").startswith("Yes: ")


def test_a_brand_name_that_ends_as_a_stem_tells_no_class(ask):
    text = "# Pregnancy\n\nACE inhibitors must not be used in pregnancy.\n"
    assert "I do not know" in ask("Can aspirin be used in pregnancy?", text, "aspirin")


@pytest.mark.parametrize(
    "text",
    [
        "# Infection\n\nCefazolin may be used in patients with penicillin allergy.\n",
        "# Infection\n\nIn anaphylaxis to penicillin, meropenem may be used.\n",
        "# Penicillins and their place\n\nMeropenem may be used in sepsis.\n",
    ],
)
def test_an_allergy_and_a_title_say_nothing_of_the_class(ask, text):
    answer = ask("Can amoxicillin be used in sepsis?", text, "amoxicillin")
    assert not answer.startswith("Yes")
    assert "amoxicillin is a penicillin" not in answer


def test_a_class_has_no_dose(ask):
    text = "# Angina\n\nBeta blockers: start with 25 mg once daily.\n"
    assert "25 mg" not in ask("What is the dose of nadolol in angina?", text, "nadolol")


LIST = """# Acute kidney injury

Refer to a nephrologist if

- creatinine is above 350 micromol/L
- there is pulmonary oedema

Stop in every patient: diuretics and lithium.
"""


def test_a_lead_in_without_a_colon_is_shown_with_its_list(ask):
    answer = ask("When do I refer acute kidney injury to a nephrologist?", LIST)
    assert (
        "“Refer to a nephrologist if creatinine is above 350 micromol/L; there is pulmonary oedema”" in answer
    )


def test_a_limit_that_the_value_misses_answers_when_to_start(ask):
    text = "# Pregnancy\n\nStart treatment when the blood pressure is 140/90 mmHg or more.\n\nEnalapril may be used.\n"
    answer = ask("Should treatment be started in pregnancy at a blood pressure of 132/84?", text)
    assert "“Start treatment when the blood pressure is 140/90 mmHg or more.”" in answer
    assert "nalapril" not in answer
    assert not answer.startswith(("Yes", "No"))


def test_a_salt_goes_by_its_base(ask):
    text = "# Seizures\n\nGive magnesium sulfate 4 g.\n\nStop magnesium if the knee jerk is lost.\n"
    answer = ask("When is magnesium sulfate stopped?", text, "magnesium sulfate")
    assert "“Stop magnesium if the knee jerk is lost.”" in answer


def test_a_cell_that_is_a_number_is_for_that_number_alone():
    table = [
        Unit(f"PSI class: {n}; Place: {p}; Drug: x", ("A",), kind="row")
        for n, p in (("1", "a"), ("3 to 5", "b"))
    ]
    assert [row_suits("What to give in PSI class 4?", row, table) for row in table] == [False, True]
    assert [row_suits("What to give in PSI class 1?", row, table) for row in table] == [True, False]
    assert [row_suits("What to give in lung infection?", row, table) for row in table] == [None, None]


BEFORE = """# Diabetes medicines before surgery

| Medicine | Day before | Day of surgery |
|---|---|---|
| Melotine | take as normal | take as normal |
| Melotine, if contrast is given | take as normal | omit |
| Darvine | take as normal | omit |
"""


def test_all_rows_of_a_drug_are_shown_not_the_exception_alone(ask):
    answer = ask("Should melotine be taken on the day of surgery?", BEFORE, "melotine")
    assert "Medicine: Melotine; Day before" in answer
    assert "if contrast is given" in answer
    assert "Darvine" not in answer
    assert not answer.startswith(("Yes", "No"))


def test_it_is_shown_with_the_sentence_that_it_refers_to(ask):
    text = "# Pain\n\nMelotine is given below 8 breaths a minute. It is not given for drowsiness alone.\n"
    answer = ask("Can melotine be given for drowsiness alone?", text, "melotine")
    assert "“Melotine is given below 8 breaths a minute. It is not given for drowsiness alone.”" in answer


def test_a_prohibition_with_it_follows_what_it_forbids(ask):
    text = "# Shock\n\nMelotine is given into the thigh. Never give it intravenously on the ward.\n"
    assert "Never give it intravenously" in ask("Can melotine be given intravenously?", text, "melotine")


def test_it_of_an_empty_subject_refers_to_nothing():
    text = "Melotine is stopped. It is important to check the pulse. They are seen weekly."
    units = units_of(Passage("1", text, "Ward", "ward.md", 0, len(text), "own"))
    assert [unit.referent for unit in units] == ["", "", ""]


def test_another_number_of_doses_is_another_case(ask):
    text = """# Allergic shock

## Observation

- 2 hours if one dose of melotine was enough
- 6 hours if two doses were needed
"""
    answer = ask("How long to observe allergic shock after two doses of melotine?", text, "melotine")
    assert "6 hours" in answer
    assert "2 hours" not in answer


@pytest.mark.parametrize(
    ("question", "text", "other"),
    [
        ("after two doses", "if one dose was enough", True),
        ("after two doses", "if two doses were needed", False),
        ("after two doses", "within two weeks", False),
        ("a second episode", "First episode: vancomycin", True),
        ("for two weeks", "five weeks", False),
    ],
)
def test_what_is_counted(question, text, other):
    assert other_number(question, text) is other


def test_what_holds_for_the_patient_does_not_hold_for_the_family(ask):
    text = "# Vaccines\n\nLive vaccines are contraindicated with infliximab. Contacts may receive live vaccines.\n"
    answer = ask(
        "Can my husband have the BCG vaccine while I take infliximab?", text, "BCG vaccine", "infliximab"
    )
    assert "contraindicated" not in answer


def test_a_dose_for_another_purpose_is_marked(ask):
    text = "# Pain\n\nMelotine 5 mg by mouth every 4 hours.\n"
    answer = ask("What is the breakthrough dose of melotine?", text, "melotine")
    assert answer.startswith("Nothing quoted here speaks of “breakthrough”")


def test_what_is_said_of_drugs_answers_no_question_for_foods_or_vaccines(ask):
    text = "# Gout\n\nAvoid azathioprine with allopurinol. Melotine need not be stopped after removal of the spleen.\n"
    assert "I do not know" in ask("What foods should I avoid with gout?", text)
    assert "I do not know" in ask("What vaccines do I need after spleen removal?", text)
