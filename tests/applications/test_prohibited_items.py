"""Items below "Do not:" and rows of tables: no inverted yes or no, no forbidden drug as the answer, no other row."""

from dataclasses import replace

import pytest

from clinweave.applications.consult import compose
from clinweave.applications.consult.limits import meets, overlaps
from clinweave.applications.consult.prohibited import asks_of_ban, asks_what_to_give, stance_under_ban
from clinweave.applications.consult.units import Unit
from clinweave.knowledge import Kind, Topic, parse_query, read_folder
from clinweave.records import Audience, Evidence


@pytest.fixture
def ask(tmp_path):
    def asked(question, text, drug="", language=""):
        (tmp_path / "ward.md").write_text(text, "utf-8")
        items = enumerate(read_folder(tmp_path), 1)
        evidence = tuple(Evidence(str(n), "passage", item.text, 4.0, passage=item) for n, item in items)
        query = parse_query(question, language=language)
        yes_no = question.split()[0] in {"Can", "May", "Should", "Is", "Must"}
        topics = ()
        if drug:
            start = question.index(drug)
            topics = (Topic(drug, start, start + len(drug), "CHEBI:1", drug, Kind.DRUG, (drug,)),)
        words = tuple(word for word in query.words if word not in drug.split())
        query = replace(query, topics=topics, words=words, names_wanted=(), yes_no=yes_no)
        return compose(query, evidence, audience=Audience.CLINICIAN)

    return asked


@pytest.mark.parametrize(
    ("question", "head", "item", "stance"),
    [
        ("Can clozamine be stopped in mania?", "Do not", "Stop clozamine.", "permitted"),
        ("Should clozamine be continued in mania?", "Do not", "Stop clozamine.", "permitted"),
        ("Can clozamine be discontinued?", "Never", "Withhold clozamine", "permitted"),
        ("Can clozamine be stopped abruptly?", "Avoid", "Stopping clozamine abruptly", "permitted"),
        ("Can clozamine be stopped?", "Avoid", "Stopping clozamine abruptly", ""),
        ("Can clozamine be stopped?", "Do not", "Stop clozamine without asking the clinic.", ""),
        ("Can clozamine be started?", "Do not", "Stop clozamine.", ""),
        ("Can clozamine be reduced?", "Do not", "Stop clozamine.", ""),
        ("Can clozamine be stopped?", "Do not stop", "clozamine", "permitted"),
        ("Can clozamine be stopped?", "Drugs that must not be stopped", "Clozamine", "permitted"),
        ("Can clozamine be given?", "Do not", "Delay clozamine.", ""),
        ("Can clozamine be delayed?", "Do not", "Delay clozamine.", "forbidden"),
        ("Can clozamine be withheld?", "Never", "Avoid clozamine", ""),
        ("Can clozamine be given?", "Never", "Give clozamine by rapid injection", ""),
        ("Can clozamine be given?", "Avoid", "Not giving clozamine", ""),
        ("Can clozamine be given?", "Avoid", "Clozamine", "forbidden"),
        ("Can clozamine be given in heart failure?", "Avoid", "Clozamine", "forbidden"),
        ("Can clozamine be given?", "Do not", "Do not give clozamine", "forbidden"),
        ("Should clozamine be stopped?", "Do not", "Continue clozamine", "forbidden"),
        ("Should clozamine be avoided?", "Avoid", "Clozamine", "forbidden"),
    ],
)
def test_a_heading_and_its_item_are_read_together(question, head, item, stance):
    assert stance_under_ban(Unit(item, ("Mania", head), kind="item"), question) == stance


@pytest.mark.parametrize(
    ("question", "lead"),
    [
        ("Can clozamine be stopped in mania?", "No: "),
        ("Should clozamine be continued in mania?", "Yes: "),
        ("Is it dangerous to stop clozamine in mania?", "Mania"),
        ("Should clozamine be given in mania?", "Mania"),
    ],
)
def test_forbidding_to_stop_is_no_permission_to_stop(ask, question, lead):
    answer = ask(question, "# Mania\n\nNever:\n\n- Stop clozamine\n", "clozamine")
    assert answer.text.startswith(lead)
    assert "Never: “Stop clozamine”" in answer.text


def test_a_qualified_prohibition_of_stopping_gives_no_verdict(ask):
    text = "# Mania\n\nDo not:\n\n- Stop clozamine in mania without asking the clinic.\n"
    for question in ("May clozamine be stopped in mania?", "Should clozamine be continued in mania?"):
        assert ask(question, text, "clozamine").text.startswith("Mania > Do not: “Stop")


def test_a_sentence_below_a_heading_of_prohibition_is_negated_too(ask):
    text = "# Mania\n\n## Do not\n\nStop clozamine.\n"
    assert ask("Can clozamine be stopped in mania?", text, "clozamine").text.startswith("No: ")


def test_not_to_delay_a_drug_does_not_forbid_it(ask):
    text = "# Mania\n\nDo not delay giving clozamine in mania.\n"
    answer = ask("Can clozamine be given in mania?", text, "clozamine")
    assert not answer.text.startswith(("Yes", "No:"))


DRUG_FORBIDDEN = "# Neonatal listeriosis\n\nDo not:\n\n- Give zorbicillin to jaundiced neonates.\n"


@pytest.mark.parametrize(
    "question",
    [
        "Which antibiotic should a jaundiced neonate receive?",
        "Which antibiotic is used in jaundiced neonates who are not feeding?",
    ],
)
def test_a_forbidden_drug_alone_is_no_answer(ask, question):
    answer = ask(question, DRUG_FORBIDDEN)
    assert answer.text.startswith("I do not know what should be given; the source forbids: ")
    assert "Do not: “Give zorbicillin to jaundiced neonates.”" in answer.text


def test_a_forbidden_drug_comes_after_the_drug_to_give(ask):
    text = f"{DRUG_FORBIDDEN}\n## Give\n\nGive quellaxime 50 mg/kg to jaundiced neonates.\n"
    answer = ask("Which antibiotic should a jaundiced neonate receive?", text)
    first, *others = answer.text.split("\n")
    assert "quellaxime 50 mg/kg" in first
    assert all(line.startswith("The source forbids: ") for line in others if "zorbicillin" in line)


def test_what_is_forbidden_is_answered_plainly(ask):
    answer = ask("Which drugs should be avoided in jaundiced neonates?", DRUG_FORBIDDEN)
    assert answer.text.startswith("Neonatal listeriosis > Do not: “Give zorbicillin")


@pytest.mark.parametrize(
    ("question", "gives", "ban"),
    [
        ("Which drug is used in gout?", True, False),
        ("Which drug is used in gout when colchicine is stopped?", True, False),
        ("Which drug must not be used in gout?", False, True),
        ("What should I not give in gout?", False, True),
        ("When is oxygen given?", False, False),
    ],
)
def test_what_a_question_asks_to_give_or_forbid(question, gives, ban):
    query = replace(parse_query(question), yes_no=False)
    assert asks_what_to_give(query) is gives
    assert asks_of_ban(query) is ban


@pytest.mark.parametrize(
    ("question", "text", "expected", "touched"),
    [
        ("if potash is above 5.5 mmol/L", "Potash (mmol/L): 3.5 to 5.5", False, False),
        ("if potash is above 5.5 mmol/L", "Potash (mmol/L): above 5.5", True, True),
        ("if potash is over 6", "Potash (mmol/L): above 5.5", True, True),
        ("if potash is above 4", "Potash (mmol/L): 3.5 to 5.5", None, True),
        ("if potash is below 3.5", "Potash (mmol/L): 3.5 to 5.5", False, False),
        ("if potash is at most 3.5", "Potash (mmol/L): 3.5 to 5.5", None, True),
        ("if potash is less than 3", "Potash (mmol/L): below 3.5", True, True),
        ("if potash is more than 3", "Potash (mmol/L): below 3", False, False),
        ("with a potash of 5.5", "Potash (mmol/L): above 5.5", False, False),
        ("with a potash of 5.5", "Potash (mmol/L): 5.5 or more", True, True),
        ("with a potash of 6 mmol/L", "Potash (mmol/L): above 5.5", True, True),
        (
            "if potash is above 0.6",
            "Potash (mmol/L): below 0.3; Infusion over 12 hours: 40 mmol",
            False,
            False,
        ),
        ("with potash 6.1", "Potash (mmol/L): above 5.5", True, True),
    ],
)
def test_a_comparison_is_compared_as_a_range(question, text, expected, touched):
    assert meets(question, text) is expected
    assert overlaps(question, text) is touched


TABLE = (
    "# Blue fever\n\n| Serum potash (mmol/L) | Potash added per litre |\n|---|---|\n"
    "| below 3.5 | stop and call |\n| 3.5 to 5.5 | 40 mmol |\n| above 5.5 | none |\n"
)


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        ("is above 5.5 mmol/L", ["above 5.5"]),
        ("is over 5.5", ["above 5.5"]),
        ("is 6.1", ["above 5.5"]),
        ("is 6 mmol/L", ["above 5.5"]),
        ("is below 3.5 mmol/L", ["below 3.5"]),
        ("is under 3", ["below 3.5"]),
        ("is 4.2", ["3.5 to 5.5"]),
        ("is above 4", ["3.5 to 5.5", "above 5.5"]),
    ],
)
def test_only_the_rows_for_the_asked_values_are_quoted(ask, value, rows):
    answer = ask(f"How much potash in blue fever if serum potash {value}?", TABLE)
    shown = [item.text for item in answer.statements]
    assert len(shown) == len(rows) or len(rows) == 2
    assert all(any(row in text for text in shown) for row in rows)
    others = {"below 3.5", "3.5 to 5.5", "above 5.5"} - set(rows)
    assert not any(row in answer.text for row in others)


def test_no_row_for_the_value_is_said(ask):
    text = TABLE.replace("| above 5.5 | none |\n", "")
    answer = ask("How much potash in blue fever if serum potash is above 5.5 mmol/L?", text)
    assert answer.abstained
    assert "No row of the table under “Blue fever” covers the value" in answer.text
