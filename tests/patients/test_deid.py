"""Notes pseudonymised: what must go, what must stay, dates that keep their intervals, and the measure itself."""
# ruff: noqa: E501 - one case is one line

import json
import re
import timeit
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinweave.core.errors import UserError
from clinweave.databases import RowLog
from clinweave.patients import Person, Pseudonymiser, gold_notes, measure, read_i2b2
from clinweave.patients.deid.dates import MAX_WEEKS, weeks_of
from clinweave.patients.deid.spans import Kind, Span, settled

RULES = Pseudonymiser(b"k" * 32)
OWN = Person(1, "uuid-12345", ["Odalys", "Wilson"], ["MRN778899"], ["7 Vard Lane"])


@pytest.mark.parametrize("term", [
    "Parkinson disease", "Parkinson's", "Lewy body dementia", "Lewy bodies", "Wilson disease", "Wilson's disease", "Crohn disease", "Crohn",
    "Hodgkin lymphoma", "Guillain-Barré syndrome", "Down syndrome", "Bell's palsy", "Stevens-Johnson", "Glasgow Coma Scale", "Foley catheter",
    "Babinski", "Epstein-Barr virus", "Becker muscular dystrophy", "Alzheimer", "May-Thurner", "Graves disease",
])  # fmt: skip
@pytest.mark.parametrize(
    "frame", ["History of {}.", "{} was noted.", "Seen for {}, stable.", "Patient has {} and cough."]
)
def test_clinical_terms_survive(term, frame):
    text = frame.format(term)
    assert RULES.note(text, "1", OWN).text == text


@pytest.mark.parametrize("text", [
    "BP 120/80, HR 72, strength 5/5, pain 3/10.", "Metformin 500 mg, 2000 mg daily, INR 2.5.", "ICD-10 G20 and SNOMED 49049000.",
    "May have chest pain. Will follow up. Cardiology Clinic on Monday.", "An 89-year-old man.", "WBC 11.2, Na 140, K 4.1, pO2 95.",
])  # fmt: skip
def test_what_identifies_nobody_stays(text):
    assert RULES.note(text).text == text


@pytest.mark.parametrize("text", [
    "Boston Bowel Prep Scale 6/9.", "Vancouver classification B1, Milan criteria met, Rome IV criteria.", "Kansas City Cardiomyopathy Questionnaire 62.",
    "Philadelphia chromosome positive.", "Clark IV, Ann Arbor II, Turner mosaic.", "Sister Mary Joseph nodule, Heinz bodies.", "99m Tc scan", "98F temperature",
    "5-10-15 titration", "NDC 0093-1048-01, NCT01234567, PMID 12345678.", "UA: 1+ LE, SG 1.015.", "CC: RLQ pain", "From: ED", "Mother: Diabetes. Father: CAD, MI.",
    "Sister, Hypertension. Son (Healthy).", "Baby Girl Apgar 9. Baby Boy Delivered.", "R/o 2 day fever.", "MRx +2.00 +1.25 x 180", "A baby boy is brought in.",
    "RN Notified, MD aware, PT eval.", "S/O: stable. W/O contrast.", "Home address confirmed.", "100 mg iv dr, 12 lead st elevation",
])  # fmt: skip
def test_clinical_text_that_looks_like_an_identifier_stays(text):
    assert RULES.note(text, "1").text == text


@pytest.mark.parametrize(("text", "gone"), [
    ("Seen by RN Tarrant, Herrn Ulf Dornbach, dhr. Vroom, Smt. Kamala Iyer.", ["Tarrant", "Dornbach", "Vroom", "Kamala", "Iyer"]),
    ("PD Dr. med. K. Haasenritter", ["Haasenritter"]), ("Paciente: Eladio Zurita", ["Eladio", "Zurita"]), ("Signed: B. Oxenstierna", ["Oxenstierna"]),
    ("Bác sĩ Lê Văn Tám", ["Tám"]), ("12 rue Pasteur, 35000 Rennes", ["Pasteur", "35000", "Rennes"]), ("Calle Sol 4, 2º A, 28013 Madrid", ["Sol", "28013", "Madrid"]),
    ("患者:田中 太郎 様、令和2年4月1日", ["田中", "太郎", "令和"]), ("lives at 18 willow rd, apt 4, tulsa ok 74103", ["willow", "tulsa", "74103"]),
    ("RAMQ TREM 8412 0911, C.F. RSSMRA85T10A562S", ["TREM", "RSSMRA"]), ("Specimen S21-40417", ["S21"]), ("A one-hundred-and-three-year-old man", ["three"]),
    ("Ottilie, her sister, and Zoltan's mother", ["Ottilie", "Zoltan"]), ("Wife, Gwendolyn, at bedside", ["Gwendolyn"]), ("this is joanna here", ["joanna"]),
    ("record number four four 81273", ["81273"]), ("Easter Sunday 2016 he fell", ["Easter", "2016"]), ("bleep 2231", ["2231"]), ("Baby Boy Castellanos", ["Castellanos"]),
])  # fmt: skip
def test_identifiers_of_more_countries_and_styles_go(text, gone):
    out = RULES.note(text, "1").text
    assert [word for word in gone if word in out] == []


@pytest.mark.parametrize(("text", "gone"), [
    ("Dr. Wilson and Mrs. Parkinson came.", ["Wilson", "Parkinson"]), ("Wilson was upset.", ["Wilson"]), ("QUILLERBY, ODALYS A", ["QUILLERBY", "ODALYS"]),
    ("Signed by: Kasimir B. Zorbova, MD", ["Kasimir", "Zorbova"]), ("His wife Thaddea called.", ["Thaddea"]), ("MRN: 0045231", ["0045231"]),
    ("Call 617-555-0134 or (617) 555 0199", ["0134"]), ("a.b@c.example and https://x.example/u/1", ["a.b", "x.example"]), ("SSN 123-45-6789", ["6789"]),
    ("Lives at 7 Vard Lane, Ashbrook, MA 01431", ["Vard", "Ashbrook", "01431"]), ("A 93-year-old woman, 101 y/o", ["93", "101"]),
    ("Patient Name: HODGKIN, WILL\nMRN: 7", ["HODGKIN", "WILL"]), ("Patient Name: D'ARVELLI, JOSÉ\n", ["ARVELLI"]),
    ("Seen at Quillerby Hospital.", ["Quillerby"]), ("id MRN778899 again", ["MRN778899"]), ("born 03/04/1921, seen 2015", ["1921"]),
])  # fmt: skip
def test_what_identifies_goes(text, gone):
    actual = RULES.note(text, "1", OWN).text
    assert [word for word in gone if word in actual] == []


def test_the_patients_own_name_goes_and_the_disease_of_that_name_stays():
    actual = RULES.note(
        "Odalys Wilson has Wilson disease. WILSON denies falls; wilson's ring.", "1", OWN
    ).text
    assert actual.startswith("[NAME] has Wilson disease. [NAME] denies")


def test_it_is_called_pseudonymised():
    result = RULES.note("Dr. Zorbova", "1")
    assert (result.state, result.tier.value) == ("pseudonymised", "private")
    with pytest.raises(UserError):
        Pseudonymiser(b"short")


@given(st.dates(date(1960, 1, 1), date(2030, 1, 1)), st.integers(0, 4000), st.text("abc123", min_size=1, max_size=8), st.sampled_from(
    ["%Y-%m-%d", "%m/%d/%Y", "%B %d, %Y", "%d %B %Y", "%d-%b-%Y"]))  # fmt: skip
def test_intervals_and_weekdays_are_kept_and_no_date_stays(first, days, patient, form):
    second = first + timedelta(days=days)
    actual = RULES.note(f"From {first.strftime(form)} until {second.strftime(form)} there.", patient).text
    shift = timedelta(weeks=weeks_of(b"k" * 32, patient))
    expected = f"From {(first + shift).strftime(form)} until {(second + shift).strftime(form)} there."
    assert re.sub(r"\b0", "", actual) == re.sub(r"\b0", "", expected)
    assert shift
    assert abs(shift) <= timedelta(weeks=MAX_WEEKS)


def test_another_key_or_patient_moves_otherwise():
    drawn = {weeks_of(key, patient) for key in (b"a" * 32, b"b" * 32) for patient in "123456"}
    assert len(drawn) > 6


@pytest.mark.parametrize(
    "text",
    [
        "on 02/30/2014",
        "in March 2014",
        "since 2009",
        "on 3/14",
        "last May",
        "on Christmas",
        "2014-05-06T10:22:01Z",
        "5 Jan 2011",
    ],
)
def test_forms_of_dates_do_not_stay(text):
    assert RULES.note(f"Seen {text}.", "1").text != f"Seen {text}."


NOTES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "deidentification.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("case", NOTES, ids=lambda case: case["kind"])
def test_notes_in_many_styles(case):
    text = RULES.note(case["note"], "1").text
    assert [part for part in case["gone"] if part in text] == []
    assert [part for part in case["stay"] if part not in text] == []


VALUES = ["strength of {}", "Reflexes {}", "murmur of {} at the apex", "pain of {}", "VAS of {} before", "take {} tablet", "{} bottles positive",
          "{} lymph nodes", "cores: {} positive", "seen since {} murmur", "GCS of {}", "due {} of dose", "grade {}", "{} throughout", "From {} to"]  # fmt: skip


@pytest.mark.parametrize("frame", VALUES)
@pytest.mark.parametrize("value", ["4/5", "2/6", "7/10", "1/2", "3/12", "8/9", "4/4"])
def test_a_clinical_value_is_never_changed(frame, value):
    text = f"{frame.format(value).capitalize()}."
    assert RULES.note(text, "1").text == text


@pytest.mark.parametrize(
    "text",
    [
        "born at 24 2/7 weeks",
        "now 36 5/7",
        "T 98 F",
        "temperature 37.1 C (99 F)",
        "C5/6 disc",
        "20/40 OS",
        "2 1/2 cups",
        "strength 4/5 on 3/4 trials",
        "Hoffman 0/4",
        "Dr said so",
    ],
)
def test_what_looks_like_a_date_or_an_age_stays(text):
    assert RULES.note(text, "1").text == text


def test_dates_follow_the_order_of_the_document():
    moved = re.findall(r"\d+/\d+/\d+", RULES.note("Seen 13/02/2015, born 12/03/1941.", "1").text)
    shift = timedelta(weeks=weeks_of(b"k" * 32, "1"))
    days = [tuple(map(int, text.split("/"))) for text in moved]
    assert [date(year, month, day) for day, month, year in days] == [
        date(2015, 2, 13) + shift,
        date(1941, 3, 12) + shift,
    ]
    american = re.findall(r"\d+/\d+/\d+", RULES.note("Seen 02/13/2015, born 12/03/1941.", "1").text)
    days = [tuple(map(int, text.split("/"))) for text in american]
    assert [date(year, month, day) for month, day, year in days] == [
        date(2015, 2, 13) + shift,
        date(1941, 12, 3) + shift,
    ]


@pytest.mark.parametrize(
    "piece",
    [
        "A",
        "SMITH JOHN ",
        "Smith Jones ",
        "_",
        "123 456 ",
        "Ab-",
        "a.b.",
        "1:",
        "D'",
        "王小明",
        "Seen 3/4/2019 by Dr. Smith. ",
    ],
)
def test_time_grows_with_the_length_and_not_its_square(piece):
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        return min(timeit.repeat(lambda: RULES.find(text, "1"), number=1, repeat=2))

    seconds(1000)  # patterns are compiled on first use
    assert seconds(16_000) < 12 * max(seconds(4_000), 0.01)  # linear: 4; the square: 16


@given(st.text(max_size=300))
def test_any_text_goes_through_and_is_rebuilt_from_its_spans(text):
    result = RULES.note(text, "1", OWN)
    at = 0
    for span in result.spans:
        assert at <= span.start < span.end <= len(text)
        at = span.end


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=12))
def test_settling_loses_no_marked_letter_and_leaves_no_overlap(pairs):
    spans = [Span(start, start + size, Kind.NAME, "r") for start, size in pairs]
    actual = settled(spans)
    assert {at for span in actual for at in range(span.start, span.end)} == {
        at for span in spans for at in range(span.start, span.end)
    }
    assert all(left.end <= right.start for left, right in pairwise(actual))


def test_the_gold_set_is_marked_where_it_says():
    notes = list(gold_notes(50, seed=3))
    assert notes == list(gold_notes(50, seed=3)) != list(gold_notes(50, seed=4))
    for note in notes:
        assert all(note.text[start:end].strip() for start, end, _ in note.marks)
        assert all(note.text[start:end][0].isalpha() for start, end in note.terms)


def test_the_rules_on_the_gold_set():
    notes = [
        (note.text, str(note.person.subject_id), note.person, note.marks, note.terms)
        for note in gold_notes(150, seed=11)
    ]
    result = measure(RULES, notes)
    assert result.leakage < 0.01
    assert result.term_loss < 0.01
    assert result.precision > 0.9


def test_the_measure_sees_what_leaks_and_what_is_lost():
    text = "Zorbova met Dr. Lund in Lyme disease clinic."
    lund = text.index("Lund")
    result = measure(
        RULES, [(text, "1", None, [(0, 7, "NAME"), (lund, lund + 4, "NAME")], [(lund, lund + 4)])], examples=5
    )
    assert (result.marks, result.leaked, result.terms, result.lost) == ({"NAME": 2}, {"NAME": 1}, 1, 1)


def test_a_users_own_i2b2_files(tmp_path):
    (tmp_path / "220-01.xml").write_text(
        "<?xml version='1.0'?><deIdi2b2><TEXT><![CDATA[Dr. Lund saw a 95 yo and a 40 yo.]]></TEXT><TAGS>"
        '<NAME id="P0" start="4" end="8" text="Lund" TYPE="DOCTOR"/><AGE id="P1" start="15" end="17" text="95" TYPE="AGE"/>'
        '<AGE id="P2" start="27" end="29" text="40" TYPE="AGE"/><NAME id="P3" start="900" end="905"/></TAGS></deIdi2b2>'
    )
    (tmp_path / "bad.xml").write_text("<deIdi2b2>")
    (tmp_path / "bomb.xml").write_text('<!DOCTYPE a [<!ENTITY b "c">]><deIdi2b2><TEXT>&b;</TEXT></deIdi2b2>')
    log = RowLog()
    result = measure(RULES, read_i2b2(tmp_path, log), ignore=frozenset({"AGE<90"}))
    assert (result.marks, result.leaked) == ({"NAME": 1, "AGE": 1}, {})
    assert {(item.file, item.reason) for item in log.examples} == {
        ("220-01.xml", "a tag outside the text"), ("bad.xml", "not XML"), ("bomb.xml", "declares entities, which this corpus never does")}  # fmt: skip
    with pytest.raises(UserError, match=r"no \.xml"):
        list(read_i2b2(tmp_path / "gone", log))
