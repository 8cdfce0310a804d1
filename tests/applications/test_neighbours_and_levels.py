"""What stands next to a quoted statement, which rows a value is for, and of whom a heading or a label speaks."""

from dataclasses import replace

import pytest

from clinweave.applications.consult import compose
from clinweave.applications.consult.limits import meets
from clinweave.applications.consult.rows import row_suits
from clinweave.applications.consult.units import units_of
from clinweave.knowledge import Intent, Kind, Topic, parse_query, read_folder
from clinweave.knowledge.query.acts import asks_interval, asks_permission, is_order
from clinweave.records import Audience, Evidence


@pytest.fixture
def passages(tmp_path):
    def read(name, text):
        (tmp_path / name).write_text(text, "utf-8")
        return list(read_folder(tmp_path))

    return read


@pytest.fixture
def ask(passages):
    def asked(question, text, drug="", name="ward.md", others=(), **changes):
        names = tuple((f"CHEBI:{n}", other) for n, other in enumerate(filter(None, (drug, *others))))
        evidence = tuple(
            Evidence(str(n), "passage", item.text, 4.0, passage=item, names=names)
            for n, item in enumerate(passages(name, text), 1)
        )
        query = parse_query(question)
        if drug:
            start = question.lower().index(drug)
            topic = Topic(drug, start, start + len(drug), "CHEBI:0", drug, Kind.DRUG, (drug,))
            words = tuple(word for word in query.words if word != drug)
            query = replace(query, topics=(topic,), words=words, names_wanted=())
        return compose(replace(query, **changes), evidence, audience=Audience.CLINICIAN).text

    return asked


REDUCED = """# Courses

## Alphazine, usual course

| Day | Morning | Evening |
|---|---|---|
| 1 | 40 mg | 50 mg |
| 2 | 20 mg | 30 mg |

Under 45 kg or with a bilirubin above 50: give a third of each dose.

## Storage

Keep it dry.
"""


def test_a_row_of_doses_brings_what_changes_them_below_the_table(ask):
    answer = ask(
        "What is the alphazine dose in the evening of day 2?", REDUCED, "alphazine", intent=Intent.DOSE
    )
    assert "Evening: 30 mg" in answer
    assert "give a third of each dose" in answer
    assert "Keep it dry" not in answer


def test_a_prohibition_brings_what_to_give_in_its_place(ask):
    text = (
        "# Fits\n\n## Exceptions\n\n- Porphyria: do not give alphazine. Use betaline 2 mg.\n- Gout: none.\n"
    )
    for question in ("Can I give alphazine in porphyria?", "What to give instead of alphazine in porphyria?"):
        answer = ask(question, text, "alphazine", others=("betaline",))
        assert "do not give alphazine. Use betaline 2 mg" in answer
        assert "Gout" not in answer


def test_a_statement_about_another_act_brings_the_neighbour_about_the_asked_one(ask):
    text = (
        "# Zeta fever\n\nRecord the zeta scale every hour. Start cooling at a value of 7 or more. Dim it.\n"
    )
    answer = ask(
        "At what zeta scale do we start cooling?", text, words=("zeta", "scale"), names_wanted=("zeta",)
    )
    assert "Start cooling at a value of 7 or more" in answer


def test_a_footnote_of_a_statement_is_shown_with_it_wherever_it_stands(ask):
    text = (
        "# Before surgery\n\n## Alphazine\n\nAlphazine is not stopped.[^q] It is written on the chart.\n\n"
        "## Meals\n\nNone after midnight.\n\n[^q]: Except before operations on the eye.\n"
    )
    answer = ask("Is alphazine stopped before surgery?", text, "alphazine", intent=Intent.SAFETY)
    assert "Except before operations on the eye" in answer


def test_what_may_not_follow_a_dose_is_shown_with_it(ask):
    text = "# Bleeding\n\n## Alphazine\n\n2 g IV within 5 hours of the injury. Not after 5 hours. Not with a clot.\n"
    answer = ask("Alphazine 7 hours after the injury?", text, "alphazine")
    assert "Not after 5 hours" in answer


TABLE = """Drug,Group,Dose,Level,Remarks
Alphazine,Creatinine clearance above 80 mL/min,9 mg/kg,trough below 2 mg/L,none
Alphazine,Creatinine clearance 20 to 80 mL/min,4 mg/kg,trough below 2 mg/L,at most twice
Alphazine,Creatinine clearance below 20 mL/min,Do not give,,ask
"""


@pytest.mark.parametrize(("value", "dose"), [("92", "9 mg/kg"), ("33", "4 mg/kg")])
def test_a_level_to_aim_at_is_no_condition_of_another_value(ask, value, dose):
    answer = ask(
        f"Alphazine dose with creatinine clearance {value}?",
        TABLE,
        "alphazine",
        "levels.csv",
        intent=Intent.DOSE,
    )
    assert dose in answer
    assert len([other for other in ("9 mg/kg", "4 mg/kg") if other in answer]) == 1


def test_a_table_without_a_title_is_named_after_its_file(passages):
    (passage,) = passages("levels.csv", TABLE)
    assert passage.title == "levels.csv"
    rows = units_of(passage)
    assert [row_suits("clearance 15 mL/min", row, rows) for row in rows] == [False, False, True]


def test_numbered_headings_of_plain_text_are_headings_and_numbered_lists_stay(passages):
    text = (
        "Iron\n\n1. Who\nAdults with anaemia.\n\n2. Doses of alphazine\nOver 60 kg: 3 g.\nBelow 60 kg: 2 g.\n"
    )
    heads = [unit.heads[-1] for passage in passages("a.txt", text) for unit in units_of(passage)]
    assert heads == ["Who", "Doses of alphazine", "Doses of alphazine"]
    text = "Iron\n\n1. Wash your hands\n2. Give 3 g\nSlowly.\n"
    assert "Wash your hands" not in [item.section for item in passages("a.txt", text)]


def test_labels_of_one_line_follow_each_other_and_nested_ones_stay(passages):
    text = "# Low sodium\n\nSevere: every 2 hours. Moderate: every 6 hours. Mild: daily. Write it down.\n"
    labels = [unit.label for passage in passages("a.md", text) for unit in units_of(passage)]
    assert labels == ["Severe", "Moderate", "Mild", ""]
    text = "# Iron\n\nWeight 50 kg or more: Hb 90 g/L or more: 1 g. Hb below 90: 2 g.\n"
    labels = [unit.label for passage in passages("a.md", text) for unit in units_of(passage)]
    assert labels == ["Weight 50 kg or more"] * 2


def test_of_two_values_both_must_be_within_their_limits():
    statement = "Weight 50 kg or more: Hb 90 g/L or more: 1 g"
    assert meets("How much for 72 kg and Hb 96?", statement) is True
    assert meets("How much for 72 kg and Hb 81?", statement) is False
    assert meets("How much for 72 kg?", statement) is True


def test_what_is_said_of_one_drug_under_a_class_is_not_said_of_another(ask):
    text = "# Bleeding\n\n## Anticoagulants\n\nAspirin: do not stop before surgery. Clopidogrel: stop for 6 days.\n"
    answer = ask(
        "When is edoxaban stopped before surgery?", text, "edoxaban", others=("aspirin", "clopidogrel")
    )
    assert answer.startswith("I do not know")


def test_questions_of_what_is_to_be_done_are_told_from_those_of_a_disease():
    assert asks_interval("How often must potassium be measured in hyperkalaemia?")
    assert not asks_interval("How often does ataxia occur in Friedreich ataxia?")
    assert is_order("Transfuse a patient with sickle cell disease and fever?")
    assert not is_order("Fever and rash in a child?")
    assert asks_permission("My son has epilepsy. May he take ibuprofen?")
    assert not asks_permission("My son has haemophilia. Can she have a child with it? What is the risk?")


def test_a_row_with_a_semicolon_in_a_cell_stays_a_row_of_its_own(passages):
    text = (
        "| Drug | Before | After |\n|---|---|---|\n"
        "| Alphazine | last dose 30 hours before; 70 hours below 20 mL/min | after 10 hours |\n"
        "| Betaline | last dose 50 hours before; 90 hours below 20 mL/min | after 11 hours |\n"
    )
    rows = [unit.text for passage in passages("a.md", f"# Table\n\n{text}") for unit in units_of(passage)]
    assert [row[:15] for row in rows] == ["Drug: Alphazine", "Drug: Betaline;"]
