"""What restricts a dose is shown with it: footnotes, "unless", nested items, ages, limits, and the row of the value."""

from dataclasses import replace

import pytest

from clinweave.applications.consult import compose
from clinweave.applications.consult.limits import ages_of, meets, suits_age
from clinweave.applications.consult.prohibited import stance_under_ban
from clinweave.applications.consult.units import Unit, units_of
from clinweave.applications.consult.wording import not_together, purpose_not_named
from clinweave.knowledge import Intent, Kind, Topic, parse_query, read_folder
from clinweave.records import Audience, Evidence, Statement


@pytest.fixture
def units(tmp_path):
    def read(text):
        (tmp_path / "ward.md").write_text(text, "utf-8")
        return [unit for passage in read_folder(tmp_path) for unit in units_of(passage)]

    return read


@pytest.fixture
def ask(tmp_path):
    def asked(question, text, drug="melotine", others=("darvine",)):
        (tmp_path / "ward.md").write_text(text, "utf-8")
        names = tuple((f"CHEBI:{n}", name) for n, name in enumerate((drug, *others)))
        items = enumerate(read_folder(tmp_path), 1)
        evidence = tuple(
            Evidence(str(n), "passage", item.text, 4.0, passage=item, names=names) for n, item in items
        )
        query, start = parse_query(question), question.index(drug)
        topics = (Topic(drug, start, start + len(drug), "CHEBI:0", drug, Kind.DRUG, (drug,)),)
        words = tuple(word for word in query.words if word != drug)
        query = replace(query, topics=topics, words=words, names_wanted=(), yes_no=question.startswith("Can"))
        return compose(query, evidence, audience=Audience.CLINICIAN).text

    return asked


TABLE = """# Colic

## First drug

| Drug | Under 12 years | 12 years and over |
|---|---|---|
| melotine | 3 mg/kg | 10 mg† |
| darvine | 1 mg/kg | 4 mg‡ |

† 5 mg over 75 years.

‡ Once only.

Melotine is an alternative unless the patient has ileus. Do not give darvine in asthma.
"""


def test_a_row_is_shown_with_its_footnote_and_with_what_restricts_the_drug(ask):
    answer = ask("What is the dose of melotine in colic?", TABLE)
    assert "10 mg†" in answer
    assert "“† 5 mg over 75 years.”" in answer
    assert "unless the patient has ileus" in answer
    assert "‡ Once only" not in answer
    assert "asthma" not in answer


def test_a_footnote_for_another_age_is_left_out(ask):
    assert "† 5 mg" not in ask("What is the dose of melotine for a 6 year old?", TABLE)
    assert "† 5 mg" in ask("What is the dose of melotine for an 80 year old?", TABLE)


@pytest.mark.parametrize("mark", ["*", "**", "[^a]"])
def test_other_marks_of_footnotes(ask, mark):
    note = f"{mark}:" if mark == "[^a]" else mark
    text = f"# Colic\n\n| Drug | Dose |\n|---|---|\n| melotine | 10 mg{mark} |\n\n{note} Halve below 40 kg.\n"
    assert "Halve below 40 kg" in ask("What is the dose of melotine in colic?", text)


def test_a_prohibition_under_the_heading_of_the_drug_is_shown_with_its_dose(ask):
    text = "# Colic\n\n## Melotine\n\n30 mg once. Give with food. Contraindicated: ileus; asthma.\n"
    answer = ask("What is the dose of melotine in colic?", text)
    assert "30 mg once." in answer
    assert "Contraindicated: ileus; asthma." in answer


WEIGHTS = """# Colic

Melotine prophylaxis: 40 mg once daily.

## Melotine for prophylaxis

| Weight | Dose |
|---|---|
| 50 to 100 kg | 40 mg once daily |
| 101 to 150 kg | 40 mg twice daily |
"""


def test_the_row_of_the_asked_value_comes_before_a_general_dose(ask):
    answer = ask("What is the dose of melotine prophylaxis at 120 kg?", WEIGHTS)
    assert answer.splitlines()[0].endswith("“Weight: 101 to 150 kg; Dose: 40 mg twice daily” [2]")
    assert "50 to 100" not in answer


def test_a_row_under_the_heading_of_a_drug_that_names_another_one_is_none_of_it(ask):
    text = "# Colic\n\n## Melotine\n\n| eGFR | Dose |\n|---|---|\n| 30 to 59 | darvine 50 mg |\n"
    assert "50 mg" not in ask("What is the dose of melotine if eGFR is 45?", text)


def test_nested_items_stand_under_their_item_and_the_lead_in_goes_on(units):
    text = "# Colic\n\nDo not:\n\n- give oral melotine if:\n  - the gut is blocked\n- stop darvine\n"
    heads = {unit.text: unit.heads for unit in units(text)}
    assert heads["the gut is blocked"][-2:] == ("Do not", "give oral melotine if")
    assert heads["give oral melotine if:"][-1] == heads["stop darvine"][-1] == "Do not"


def test_a_list_that_is_not_indented_stands_under_its_lead_in(units):
    heads = {
        unit.text: unit.heads[-1] for unit in units("# Colic\n\n- Mild:\n- rest\n- Severe:\n- surgery\n")
    }
    assert (heads["rest"], heads["surgery"]) == ("Mild", "Severe")


def test_a_nested_contraindication_is_of_its_drug_alone(ask):
    text = "# Colic\n\n## Contraindications\n\n- melotine\n  - ileus\n- darvine\n  - asthma\n"
    assert ask("Can melotine be used in ileus?", text).startswith("No: ")
    assert "asthma" not in ask("Can melotine be used in asthma?", text).partition("Nearby")[0].replace(
        "in asthma", ""
    )


@pytest.mark.parametrize("question", ["Can melotine be given?", "Should melotine be given in colic?"])
def test_a_drug_nested_under_what_must_not_be_stopped_is_not_forbidden(question):
    item = Unit("melotine", ("Colic", "Do not", "stop sedatives"), kind="item")
    assert stance_under_ban(item, question) == ""


def test_the_dose_of_an_item_is_shown_with_the_items_below_it(ask):
    text = "# Colic\n\n- melotine 2 mg/kg once\n  - children below 20 kg: 3 mg/kg\n- darvine 4 mg\n"
    answer = ask("What is the dose of melotine in colic?", text)
    assert "“melotine 2 mg/kg once; children below 20 kg: 3 mg/kg”" in answer
    assert "4 mg" not in answer


@pytest.mark.parametrize(
    ("question", "ages"),
    [
        ("a child of 15 kg", ()),
        ("a child of 15kg", ()),
        ("a boy of 110 cm", ()),
        ("a child of 1.5 m2", ()),
        ("a child of 15", (15.0,)),
        ("a child of 15 years", (15.0,)),
        ("a man of 75", (75.0,)),
        ("a patient of 6 months", (0.5,)),
    ],
)
def test_a_weight_or_a_height_is_no_age(question, ages):
    assert ages_of(f"What is the dose for {question}?") == ages


def test_a_newborn_of_weeks_has_an_age():
    assert suits_age("How much for a newborn of 2 weeks?", "Age: 1 to 3 months; Dose: 5 mg") is False
    assert suits_age("How much for a newborn of 2 weeks?", "Age: Under 1 month; Dose: 5 mg") is True


@pytest.mark.parametrize(
    ("question", "text", "suits"),
    [
        ("How much for an adult?", "Age: 3 months to 17 years; Dose: 5 mg", False),
        ("How much for an adult?", "Under 12 years: 5 mg; 12 years and over: 10 mg", None),
        ("How much for a 40 year old?", "Adult: 10 mg; Child 12 to 17 years: 5 mg", True),
        ("How much for a 10 year old?", "Age: Adults; Dose: 10 mg", False),
        ("How much for a 10 year old?", "Adults and children: 10 mg", None),
        ("How much for a 40 year old?", "Adults over 70 years: 5 mg", False),
    ],
)
def test_adults_are_of_age(question, text, suits):
    assert suits_age(question, text) is suits


def test_until_a_limit_is_reached_means_below_it():
    text = "Withhold melotine until potassium is above 3.0 mmol/L."
    assert meets("Should melotine be withheld if the potassium is 2.8?", text) is True
    assert meets("Should melotine be withheld if the potassium is 3.8?", text) is False
    assert (
        meets("Is it given if the potassium is 6?", "Withhold it until potassium is below 5.5 mmol/L.")
        is True
    )


def two_diseases(question, *diseases, intent=Intent.TREATMENT):
    topics = tuple(
        Topic(
            name,
            question.index(name),
            question.index(name) + len(name),
            f"MONDO:{n}",
            name,
            Kind.DISEASE,
            (name,),
        )
        for n, name in enumerate(diseases)
    )
    return replace(parse_query(question), topics=topics, intent=intent)


ALONE = (Statement("Rest the bowel.", "quotation", ("1",), heading="Treatment of colic"),)
BOTH = (*ALONE, Statement("In colic with gastric ulcer, give darvine.", "quotation", ("2",)))


@pytest.mark.parametrize(
    "joined", ["with", "in a patient with", "and", "in someone who also has", "complicated by"]
)
def test_a_second_disease_of_the_patient_that_no_statement_names_is_said(joined):
    query = two_diseases(f"What is the treatment of colic {joined} gastric ulcer?", "colic", "gastric ulcer")
    assert not_together(query, ALONE).startswith(
        "Nothing quoted here speaks of colic together with gastric ulcer"
    )
    assert not_together(query, BOTH) == ""


def test_one_disease_and_questions_that_are_not_of_treatment_get_no_such_warning():
    question = "What is the treatment of colic with gastric ulcer?"
    assert not_together(two_diseases(question, "colic"), ALONE) == ""
    related = two_diseases(question, "colic", "gastric ulcer", intent=Intent.RELATED)
    assert not_together(related, ALONE) == ""
    denied = two_diseases(question, "colic", "gastric ulcer")
    denied = replace(denied, topics=(denied.topics[0], replace(denied.topics[1], negated=True)))
    assert not_together(denied, ALONE) == ""
    compared = two_diseases("What is the treatment of colic or of gastric ulcer?", "colic", "gastric ulcer")
    assert not_together(compared, ALONE) == ""


DOSES = (
    Statement(
        "darvine 4 mg twice daily to prevent colic", "quotation", ("1",), heading="Prophylaxis of colic"
    ),
)


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("What is the dose of darvine for bridging?", "“bridging”"),
        ("What is the usual dose of darvine for a fractured hip?", "“fractured”, “hip”"),
        ("Dose of darvine before surgery?", "“surgery”"),
    ],
)
def test_a_purpose_that_no_dose_is_for_is_said(question, missing):
    query = replace(parse_query(question), intent=Intent.DOSE, topics=())
    assert f"speaks of {missing}: the dose may be meant for something else" in purpose_not_named(query, DOSES)


@pytest.mark.parametrize(
    "question",
    [
        "What is the dose of darvine for prophylaxis?",
        "What is the usual starting dose of darvine?",
        "What dose of darvine for colic in a medical inpatient?",
    ],
)
def test_a_dose_for_what_is_asked_gets_no_warning(question):
    query = replace(parse_query(question), intent=Intent.DOSE, topics=())
    query = replace(query, words=tuple(word for word in query.words if word not in {"darvine", "medical"}))
    assert purpose_not_named(query, DOSES) == ""
