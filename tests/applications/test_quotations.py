"""Quotations are text of the passage as it stands; ages, limits, forms of answers, denied prohibitions."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from clinweave.applications.consult import compose
from clinweave.applications.consult.cues import has_form, same_act
from clinweave.applications.consult.limits import meets, suits_age
from clinweave.applications.consult.polarity import forbids, permits
from clinweave.applications.consult.rows import other_number
from clinweave.applications.consult.units import Unit
from clinweave.knowledge import Intent, Kind, Query, Topic, parse_query, read_folder
from clinweave.records import Audience, Evidence

QUESTIONS = Path(__file__).parents[2] / "benchmarks" / "clinical_questions"
_MARK = re.compile(r"\[\d+\]")


def tokens(text):
    """Return the words without marks of lists, tables and emphasis."""
    lines = [re.sub(r"^\s*(?:[-*+•–]|\d{1,2}[.)])\s+", "", line) for line in text.splitlines()]
    return re.findall(r"\w+", "\n".join(lines))


def stands_in(quotation, passage):
    """Say whether the words of a quotation stand in a passage in a row; of a table, each cell."""
    words, text = tokens(quotation), tokens(passage)
    if any(text[start : start + len(words)] == words for start in range(len(text) - len(words) + 1)):
        return True
    cells = [part for pair in quotation.split("; ") for part in pair.split(": ", 1)]
    return "|" in passage and all(f"| {cell} " in re.sub(r"\s+", " ", passage) for cell in cells)


@pytest.fixture(scope="module")
def passages():
    return list(read_folder(QUESTIONS / "guidelines"))


def rows():
    return [
        json.loads(line)
        for path in sorted(QUESTIONS.glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]


def test_every_quotation_is_contiguous_text_of_its_passage(passages):
    evidence = tuple(
        Evidence(str(number), "passage", item.text, 4.0, passage=item)
        for number, item in enumerate(passages, 1)
    )
    by_id = {item.id: item.passage.text for item in evidence}
    quoted = 0
    for row in rows():
        answer = compose(parse_query(row["question"]), evidence, audience=Audience.CLINICIAN)
        for statement in answer.statements:
            if statement.kind == "quotation":
                quoted += 1
                assert stands_in(statement.text, by_id[statement.evidence[0]]), (
                    row["question"],
                    statement.text,
                )
    assert quoted > 100


def unit(text, *heads):
    return Unit(text, heads, norm=f" {text.lower()} ")


@pytest.mark.parametrize(
    ("question", "text", "suits"),
    [
        ("dose for a 5 year old", "3 months to 12 years: 15 mg/kg", True),
        ("dose for a 5 year old", "Under 3 months: 10 mg/kg", False),
        ("dose for a 5 year old", "Over 12 years: 500 mg", False),
        ("dose for a child aged 13", "12 years and over: 500 mg", True),
        ("dose for a 2-month-old", "Under 3 months: 10 mg/kg", True),
        ("dose for adults", "Over 12 years: 500 mg", None),
        ("dose for a 5 year old", "Give for 5 days", None),
    ],
)
def test_an_age_is_compared_with_age_bands(question, text, suits):
    assert suits_age(question, text) is suits
    if suits is not None:
        assert meets(question, text) is suits


@pytest.mark.parametrize(
    "text",
    [
        "Zorbin need not be stopped.",
        "Zorbin is not contraindicated in gout.",
        "Do not withhold zorbin.",
        "Zorbin should not be stopped.",
    ],
)
def test_a_denied_prohibition_is_no_prohibition(text):
    assert not forbids(unit(text))
    assert permits(unit(text))


def test_a_lead_in_of_prohibition_still_forbids():
    assert forbids(unit("zorbin", "Do not use in gout"))


@pytest.mark.parametrize(
    ("question", "text", "fits"),
    [
        ("How long is zorbin given?", "Zorbin 5 mg daily for 5 days.", True),
        ("How long is zorbin given?", "Zorbin is a drug.", False),
        ("How often is TSH checked?", "TSH every four weeks.", True),
        ("When is zorbin stopped?", "Stop zorbin if neutrophils fall.", True),
        ("What level should be reached?", "Target: 15 to 20 mg/L.", True),
        ("Is zorbin safe?", "Anything.", None),
    ],
)
def test_the_form_of_an_answer(question, text, fits):
    assert has_form(question, text) is fits


def test_starting_is_not_stopping():
    assert same_act("When should zorbin be started?", "Do not stop zorbin.") is False
    assert same_act("When should zorbin be started?", "Start zorbin after two weeks.") is True


def drug(name, text):
    start = text.lower().index(name.lower())
    return Topic(
        text[start : start + len(name)], start, start + len(name), f"D:{name}", name, Kind.DRUG, (name,)
    )


def shown(question, intent, names, source, yes_no=True, words=()):
    passage_text = source
    item = read_passage(passage_text)
    topics = tuple(drug(name, question) for name in names)
    query = Query(question, question, "en", intent, yes_no, topics, tuple(words))
    evidence = Evidence(
        "1", "passage", source, 4.0, passage=item, names=(("D:zorbin", "zorbin"), ("D:quellax", "quellax"))
    )
    return compose(query, (evidence,), audience=Audience.CLINICIAN)


def read_passage(text):
    from clinweave.records import Passage

    return Passage("w:0", text, "Ward guideline", "ward.md", 0, len(text), "ward", "")


def test_a_condition_that_the_question_meets_gives_a_verdict():
    text = "Avoid zorbin if the estimated GFR is below 45 mL/min."
    asked = "Can zorbin be given when the eGFR is {} mL/min?"
    assert shown(asked.format(35), Intent.SAFETY, ["zorbin"], text, words=["egfr"]).text.startswith("No: ")
    assert shown(asked.format(60), Intent.SAFETY, ["zorbin"], text, words=["egfr"]).abstained


def test_one_part_of_a_combination_is_shown_without_a_verdict():
    text = "Patients with gout must not receive zorbin or quellax."
    answer = shown(
        "Can zorbin-quellax be given in gout?", Intent.SAFETY, ["zorbin", "quellax"], text, words=["gout"]
    )
    assert "must not receive zorbin" in answer.text
    assert not answer.text.startswith(("Yes", "No"))


def test_a_dose_with_the_condition_in_its_next_sentence():
    text = "Zorbin 5 mg every 4 hours is usual. Start with 2.5 mg if the creatinine clearance is below 30 mL/min."
    answer = shown(
        "Starting dose of zorbin with a creatinine clearance of 20?",
        Intent.DOSE,
        ["zorbin"],
        text,
        yes_no=False,
    )
    assert "2.5 mg" in answer.text


def test_a_label_is_no_part_of_the_quotation():
    text = "First hour: give fluids. In gout use zorbin only after discussion."
    answer = shown("Can zorbin be used in gout?", Intent.SAFETY, ["zorbin"], text, words=["gout"])
    assert "“In gout use zorbin only after discussion.”" in answer.text


@pytest.mark.parametrize(("value", "lead"), [("5.2", ""), ("6.3", "Yes: ")])
def test_a_limit_that_the_question_does_not_meet_gives_no_verdict(value, lead):
    text = "Potassium 6.0 mmol/L or more: stop zorbin."
    answer = shown(f"Should zorbin be stopped if potassium is {value}?", Intent.SAFETY, ["zorbin"], text)
    assert answer.text.startswith(lead) if lead else not answer.text.startswith(("Yes", "No"))


def test_a_limit_gives_no_verdict_where_the_question_states_no_value():
    text = "Zorbin must not be given to adults over 70 years."
    answer = shown("Can zorbin be given?", Intent.SAFETY, ["zorbin"], text)
    assert not answer.text.startswith(("Yes", "No"))


def test_another_drug_is_no_answer_about_a_class():
    text = "Zorbin: caution in gout; may be used for four weeks."
    assert shown(
        "Can sedatives be given in gout?", Intent.SAFETY, [], text, words=["sedatives", "gout"]
    ).abstained


def test_a_shared_word_of_prohibition_alone_is_no_answer():
    text = "Zorbin is contraindicated in adults with gout."
    for question, words in (
        ("Which plasma thickener is forbidden?", ["plasma", "thickener", "forbidden"]),
        ("Which chair is contraindicated?", ["chair", "contraindicated"]),
    ):
        assert shown(question, Intent.GENERAL, [], text, yes_no=False, words=words).abstained
    asked = shown(
        "Which medicine is forbidden in gout?",
        Intent.SAFETY,
        [],
        text,
        yes_no=False,
        words=["forbidden", "gout"],
    )
    assert "Zorbin is contraindicated" in asked.text


@pytest.mark.parametrize(
    ("question", "text", "other"),
    [
        ("What is the single dose of drug number 57?", "Name: drug number 52; Single dose: 260 mg", True),
        ("What is the single dose of drug number 57?", "Name: drug number 57; Single dose: 285 mg", False),
        ("Antibiotic for a stage 3 pressure ulcer?", "Stage 4: flucloxacillin 1 g", True),
        ("Antibiotic for a stage 3 pressure ulcer?", "Stages 3 to 4: flucloxacillin 1 g", False),
        ("Antibiotic for a stage 3 pressure ulcer?", "Flucloxacillin in stage 3b, a surgeon in stage 4", False),
        ("Is factor IX given in haemophilia A?", "Factor VIII is given before surgery.", True),
        ("How fast may glucose 10 % be given?", "Do not give glucose 50 % through a peripheral vein.", True),
        ("How fast may glucose 10 % be given?", "Give 200 ml of glucose 10 % over 15 minutes.", False),
        ("How fast may glucose 10 % be given?", "Check the glucose every 15 minutes.", False),
        ("What is given at a glucose of 3.2 mmol/l?", "Glucose below 4.0: 15 g of carbohydrate.", False),
        ("Is type 2 diabetes treated with metformin?", "In type 2 diabetes metformin is the first drug.", False),
    ],
)  # fmt: skip
def test_a_statement_about_another_number_is_recognised(question, text, other):
    assert other_number(question, text) is other


@pytest.mark.parametrize(
    ("question", "dose"),
    [
        ("What dose of gentamicin with an eGFR of 70?", "5 mg/kg"),
        ("What dose of gentamicin with an eGFR of 40?", "3 mg/kg"),
        ("What dose of gentamicin with an eGFR of 20?", "2 mg/kg"),
        ("Which dose of gentamicin in dialysis category 2?", "1 mg/kg"),
    ],
)
def test_the_row_of_a_table_with_the_asked_condition_is_quoted_and_no_other(question, dose, tmp_path):
    rows = {"eGFR above 60": 5, "eGFR 30 to 60": 3, "eGFR below 30": 2}
    rows |= {"dialysis category 1": 4, "dialysis category 2": 1}
    lines = [f"| gentamicin | {condition} | {amount} mg/kg |" for condition, amount in rows.items()]
    table = "\n".join(["| Drug | Kidney function | Dose |", "|---|---|---|", *lines])
    (tmp_path / "gentamicin.md").write_text(f"# Gentamicin in adults\n\n## Dose\n\n{table}\n")
    evidence = tuple(
        Evidence(str(number), "passage", item.text, 4.0, passage=item)
        for number, item in enumerate(read_folder(tmp_path), 1)
    )
    query = parse_query(question)
    start = question.index("gentamicin")
    topic = Topic("gentamicin", start, start + 10, "CHEBI:1", "gentamicin", Kind.DRUG, ("gentamicin",))
    words = tuple(word for word in query.words if word != "gentamicin")
    query = replace(query, topics=(topic,), words=words, names_wanted=())
    answer = compose(query, evidence, audience=Audience.CLINICIAN)
    shown = [re.search(r"Dose: (.*)", statement.text)[1] for statement in answer.statements]
    assert shown[0] == dose
    assert set(shown) <= {dose, "4 mg/kg", "1 mg/kg"}  # the rows for dialysis state no limit


@pytest.mark.parametrize(
    ("question", "drug", "text", "quoted"),
    [
        ("Darf man bei Eklampsie Zorbin geben?", "Zorbin", "# Eklampsie\n\n## Nicht geben\n\n- Zorbin\n", "Zorbin"),
        ("Soll man Zorbin bei Eklampsie vermeiden?", "Zorbin", "# Eklampsie\n\nVermeiden:\n\n- Zorbin\n", "Zorbin"),
        ("Peut-on donner du zorbin dans la crise ?", "zorbin", "# La crise\n\nNe pas :\n\n- le zorbin\n", "le zorbin"),
        ("Se puede dar zorbina en la sepsis?", "zorbina", "# Sepsis\n\n## No dar\n\n- la zorbina\n", "la zorbina"),
    ],
)  # fmt: skip
def test_a_prohibition_in_another_language_is_quoted_without_a_verdict(
    question, drug, text, quoted, tmp_path
):
    (tmp_path / "a.md").write_text(text, "utf-8")
    evidence = tuple(
        Evidence(str(number), "passage", item.text, 4.0, passage=item)
        for number, item in enumerate(read_folder(tmp_path), 1)
    )
    query = parse_query(question)
    start = question.index(drug)
    topic = Topic(drug, start, start + len(drug), "CHEBI:1", "zorbin", Kind.DRUG, ("zorbin", drug))
    words = tuple(word for word in query.words if word != drug.lower())
    answer = compose(replace(query, topics=(topic,), words=words), evidence, audience=Audience.CLINICIAN)
    assert [item.text for item in answer.statements] == [quoted]
    assert not answer.text.startswith(("No", "Yes"))


def test_a_drug_given_before_is_no_question_on_its_dose():
    assert (
        parse_query("What is given if the seizure goes on after two doses of midazolam?").intent
        != Intent.DOSE
    )
    assert parse_query("What is the second dose of midazolam?").intent == Intent.DOSE


RANGES = """# Raised calcium: hospital guideline (v3, 2026-02)

## Calcium 2.6 to 2.99 mmol/l

Stop thiazides and repeat the test within a week.

## Calcium 3.0 to 3.49 mmol/l

Give 0.9 % saline. Repeat the test after a day.

## Calcium 3.5 mmol/l or above

Ring the endocrinologist at once.
"""


def answer_from(folder, text, question):
    folder.mkdir(exist_ok=True)
    (folder / "ranges.md").write_text(text, "utf-8")
    evidence = tuple(
        Evidence(str(number), "passage", item.text, 4.0, passage=item)
        for number, item in enumerate(read_folder(folder), 1)
    )
    return compose(parse_query(question), evidence, audience=Audience.CLINICIAN).text


@pytest.mark.parametrize(
    ("question", "said", "unsaid"),
    [
        ("Calcium is 3.7 mmol/l, what should be done?", ["endocrinologist"], ["thiazides", "saline"]),
        (
            "What should I do with a calcium of 3.2?",
            ["saline", "after a day"],
            ["thiazides", "endocrinologist"],
        ),
        ("Calcium 2.7 mmol/l: what should I do?", ["thiazides"], ["saline", "endocrinologist"]),
        ("Calcium of 2.4 mmol/l, what should I do?", [], ["thiazides", "saline", "endocrinologist"]),
        ("What should I do with a calcium of 3.5 mmol/l?", ["endocrinologist"], ["thiazides", "saline"]),
    ],
)
def test_a_range_in_a_heading_governs_what_stands_below_it(tmp_path, question, said, unsaid):
    text = answer_from(tmp_path / "own", RANGES, question)
    assert all(words in text for words in said), text
    assert not any(words in text for words in unsaid), text


GLUCOSE = """# Glucose on the ward

## Glucose above 15 mmol/l

Check ketones.

## Glucose below 4 mmol/l

Give juice by mouth. Phosphate below 0.6 mmol/l is corrected first.
"""


@pytest.mark.parametrize(
    ("question", "unsaid"),
    [
        ("Glucose is 300 mg/dL, what should be done?", ["ketones", "juice"]),  # units that cannot be compared
        ("Glucose 17 and phosphate 0.5 mmol/l: what should I do?", ["juice"]),  # each value has its own limit
        ("Phosphate 3 mmol/l and glucose 2 mmol/l: what should I do?", ["ketones"]),
    ],
)
def test_a_value_is_held_against_the_limit_of_its_own_measure_and_unit(tmp_path, question, unsaid):
    text = answer_from(tmp_path / "own", GLUCOSE, question)
    assert not any(words in text for words in unsaid), text
