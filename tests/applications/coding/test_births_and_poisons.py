"""Deliveries, newborns, poisonings, effects of drugs, tables of problems and advice: on the whole release."""

import pytest

from clinweave.applications.coding import code_note
from clinweave.applications.coding.drugs import drugs, poisons

BIRTHS = [
    ("Admitted in labour at 39+4 weeks. Normal vaginal birth of a healthy baby girl. No complications. 34 years old.",
     {"O80", "Z37.0", "Z3A.39"}),
    ("Ventouse delivery of a live male infant at 40+1 weeks, abnormal CTG. 3a perineal tear repaired. Age 29.",
     {"O76", "O70.21", "Z37.0", "Z3A.40"}),
    ("Emergency LSCS at 38 weeks for breech in labour, live female infant. Pre-eclampsia. Mother 33 years.",
     {"O32.1XX0", "O14.94", "Z37.0", "Z3A.38"}),
    ("Vaginal delivery of live twins at 37 weeks. Retained placenta with haemorrhage. 31-year-old woman.",
     {"O72.0", "Z37.2", "Z3A.37"}),
]  # fmt: skip
POISONS = [
    ("38-year-old man took 40 ibuprofen tablets with intent to die.", "T39.312A"),
    ("Swallowed a handful of amitriptyline in a suicide attempt, aged 51.", "T43.012A"),
    ("A 3-year-old girl ingested an unknown number of her mother's metformin tablets.", "T38.3X1A"),
    ("Accidental overdose of methadone. Given naloxone.", "T40.3X1A"),
    ("Child of 20 months bit into a laundry pod and swallowed some detergent.", "T55.1X1A"),
    ("Carbon monoxide poisoning from a faulty boiler, two others affected.", "T58.11XA"),
    ("Overdose of diazepam; whether it was meant is unclear: intent could not be determined.", "T42.4X4A"),
]
NO_POISONS = [
    "Denies overdose of paracetamol.",
    "Lead poisoning was excluded.",
    "Digoxin overdose is unlikely.",
    "Previous overdose of paracetamol in 2011.",
    "If you take too many paracetamol tablets, an overdose can harm the liver.",
    "Her brother took an overdose of heroin.",
    "Takes paracetamol 1 g four times a day for osteoarthritis.",
]


@pytest.mark.parametrize(("text", "expected"), BIRTHS, ids=[text[:30] for text, _ in BIRTHS])
def test_deliveries(text, expected, book):
    assert {item.code for item in code_note(text, "inpatient", book).codes} == expected


def test_a_birth_in_the_past_is_no_delivery(book):
    text = "Gave birth three years ago by caesarean section. Now asthma, well controlled."
    assert not [
        item for item in code_note(text, "inpatient", book).codes if item.code.startswith(("O", "Z37"))
    ]


def test_the_births_of_an_older_woman_are_no_delivery(book):
    text = "67-year-old woman. Obstetric: one normal vaginal delivery, a healthy son. Diagnosis: pneumonia."
    assert [item.code for item in code_note(text, "inpatient", book).codes] == ["J18.9"]


def test_the_note_of_a_newborn_has_its_birth_and_no_code_of_the_mother(book):
    text = (
        "Newborn record. Baby boy, born here by caesarean section at 39 weeks. Mother had gestational diabetes.\n"
        "Neonatal hypoglycaemia, treated with glucose gel."
    )
    codes = {item.code for item in code_note(text, "inpatient", book).codes}
    assert {"Z38.01", "P70.0"} <= codes
    assert not [code for code in codes if code.startswith("O")]


def test_a_weight_with_a_comma_is_read_in_grams(book):
    text = (
        "Neonatal unit. Born at 33 weeks, birth weight 1,840 g. Diagnosis: neonatal jaundice of prematurity."
    )
    assert "P07.17" in {item.code for item in code_note(text, "inpatient", book).codes}


@pytest.mark.parametrize(("text", "expected"), POISONS, ids=[code for _, code in POISONS])
def test_poisonings_with_their_intent(text, expected, book):
    codes = {item.code for item in code_note(text, "outpatient", book).codes}
    assert {code for code in codes if code.startswith("T")} == {expected}


def test_every_code_of_a_substance_exists(book):
    for item in (*drugs(), *poisons()):
        assert book.with_seventh(f"{item.stem}1", "A"), item.stem


@pytest.mark.parametrize("text", NO_POISONS, ids=[text[:24] for text in NO_POISONS])
def test_no_poisonings(text, book):
    codes = [item.code for item in code_note(text, "outpatient", book).codes]
    assert not [code for code in codes if code.startswith("T")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Neuropathy due to vincristine.", {"G62.0", "T45.1X5A"}),
        ("Hypothyroidism caused by amiodarone.", {"E03.2", "T46.2X5A"}),
        ("Neutropenia due to chemotherapy.", {"D70.1", "T45.1X5A"}),
        ("Nausea due to codeine, better with ondansetron.", {"R11.0", "T40.2X5A"}),
    ],
)
def test_conditions_that_a_drug_caused(text, expected, book):
    assert {item.code for item in code_note(text, "outpatient", book).codes} == expected


def test_each_row_of_a_table_speaks_for_itself(book):
    text = (
        "Problems\n\n| Condition | State | Remark |\n|---|---|---|\n| Epilepsy | active | levetiracetam |\n"
        "| Gout | ruled out | urate normal |\n| Psoriasis | mother | |\n| Pancreatitis | resolved | 2015 |\n"
        "| Angina | suspected | stress test booked |\n"
    )
    result = code_note(text, "outpatient", book)
    assert {item.code for item in result.codes} - {"Z87.19"} == {"G40.909"}
    quote = next(item for item in result.codes if item.code == "G40.909").evidence[0]
    assert "Gout" not in quote.sentence


@pytest.mark.parametrize(
    "text",
    [
        "Side effects of the tablets (gout, diabetes, pancreatitis) were gone through.",
        "Consent: risk of stroke and pneumonia explained.",
        "Advice given: look out for cellulitis and deep vein thrombosis.",
        "Worsening advice: meningitis, pneumonia.",
        "She was warned about gout.",
        "Asthma leaflet given.",
    ],
)
def test_what_is_only_explained_is_not_coded(text, book):
    assert code_note(text, "outpatient", book).codes == ()


def test_a_disease_of_childhood_is_over(book):
    result = code_note("Asthma as a child. Migraine.", "outpatient", book)
    assert {item.code for item in result.codes} == {"G43.909"}
    assert [item for item in result.considered if item.text == "Asthma"]


def test_a_stage_gives_the_seventh_character(book):
    text = "Primary open-angle glaucoma, right eye, severe stage."
    assert {item.code for item in code_note(text, "outpatient", book).codes} == {"H40.1113"}


def test_a_venous_ulcer_is_not_one_of_diabetes(book):
    text = "Type 2 diabetes. Venous ulcer of the right calf, fat layer exposed, with varicose veins."
    codes = {item.code for item in code_note(text, "outpatient", book).codes}
    assert {"I83.012", "L97.212", "E11.9"} <= codes


def test_smoking_that_was_given_up_stays_coded(book):
    text = "Ex-smoker (stopped 1999). Hypertension."
    assert {item.code for item in code_note(text, "outpatient", book).codes} == {"Z87.891", "I10"}
