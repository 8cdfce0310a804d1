"""Synthetic notes with all identifiers and clinical terms annotated: a unit test of the rules, not a benchmark.

Names are put together from syllables or taken from lists that the rules do not have; nobody is real. A score on these
notes says that the rules do what they were written for; what they do on a hospital's notes needs its own gold set.
"""

# ruff: noqa: E501 - a regular expression or list is one line
import random
from collections.abc import Iterator
from typing import NamedTuple

from clinweave.patients.batches import Person
from clinweave.patients.deid.spans import Kind


class GoldNote(NamedTuple):
    """A note, its patient, what must go as (start, end, kind), and the clinical terms that must stay."""

    text: str
    person: Person
    marks: tuple[tuple[int, int, Kind], ...]
    terms: tuple[tuple[int, int], ...]


_GIVEN = ("Odalys", "Thaddea", "Brunella", "Kasimir", "Mirembe", "Tavish", "Wenonah", "Xiomara", "Zdenek", "Ottoline", "Eberhard", "Leocadia",
          "Mary", "John", "Grace", "Will", "Robert", "Fatima", "Wei", "José")  # fmt: skip
_STEMS = (
    "Bramb",
    "Quill",
    "Tarr",
    "Mosk",
    "Ferrin",
    "Gald",
    "Hesk",
    "Ostr",
    "Pell",
    "Vard",
    "Winth",
    "Zorb",
    "Ander",
    "Ket",
)
_ENDS = ("erby", "owitz", "ington", "sson", "escu", "ova", "aker", "lund", "inski", "worth", "ez", "ara")
# patients and doctors may bear the names of diseases, too
_HARD = (
    "Wilson",
    "Parkinson",
    "Graves",
    "Bell",
    "Turner",
    "Hodgkin",
    "White",
    "O'Malleyrix",
    "MacTavrin",
    "Brown-Quellen",
    "van der Mosk",
    "D'Arvelli",
)
_TOWNS = ("Ashbrook", "Millfordham", "Granthaven", "Osterville Falls", "Port Quillan")
_TERMS = (
    "Parkinson disease", "Parkinson's disease", "Lewy body dementia", "Wilson disease", "Crohn disease", "Crohn's colitis", "Hodgkin lymphoma",
    "Graves disease", "Bell palsy", "Down syndrome", "Turner syndrome", "Addison's disease", "Cushing syndrome", "Huntington disease",
    "Guillain-Barré syndrome", "Alzheimer dementia", "Marfan syndrome", "Raynaud phenomenon", "Barrett esophagus", "Hashimoto thyroiditis",
    "Charcot-Marie-Tooth disease", "Stevens-Johnson syndrome", "Wolff-Parkinson-White syndrome", "tetralogy of Fallot", "Meniere disease",
    "Paget disease", "Babinski sign", "Glasgow Coma Scale", "Foley catheter", "Whipple procedure", "Epstein-Barr virus", "Lyme disease",
    "Wegener granulomatosis", "Kaposi sarcoma", "Ewing sarcoma", "Burkitt lymphoma", "Gleason score", "Murphy sign", "Zenker diverticulum",
)  # fmt: skip
_MONTHS = ("January", "March", "May", "June", "August", "October", "December")

# {kind:what} is filled in and marked; {t} is a clinical term that must stay
_TEMPLATES = (
    "Patient Name: {LAST}, {FIRST}\nMRN: {mrn}    DOB: {dob}\nAdmitted {date} with {t}.",
    "{TITLE} {LASTNAME} is a {age}-year-old {sex} with a history of {t} and {t}.",
    "{FIRSTNAME} {LASTNAME} was seen by Dr. {DOCTOR} on {date} for {t}.",
    "{LASTNAME} was stable overnight. {t} unchanged since {year}.",
    "Her daughter {RELATIVE} can be reached at {phone} or {email}.",
    "His wife {RELATIVE} {LASTNAME} lives in {town}, {state} {zip}.",
    "Address: {street}, {town}, {state} {zip}. Tel: {phone}.",
    "Discussed with {DOCTORFULL}, MD, who agrees that {t} is unlikely.",
    "Transferred from {hospital} on {date}; {t} was ruled out there.",
    "Follow up with Dr. {DOCTOR} on {date}. Call {phone} with questions about {t}.",
    "Electronically signed by: {DOCTORFULL}, MD {isodate}",
    "Account number: {account}. SSN {ssn}. Insurance ID: {account}.",
    "Pt {FIRSTNAME} reports that {t} began in {month} {year}, after a trip to {town}.",
    "He turned {oldage} in {month}; his brother {RELATIVE} has {t}.",
    "Attending: {DOCTORFULL}\nPCP: Dr. {DOCTOR}\nAssessment: {t}, on therapy.",
    "Records at https://portal.{slug}.example/p/{account} show {t} on {shortdate}.",
    "BP 120/80, HR 72, strength 5/5, {t} absent. Metformin 500 mg twice daily, 10/10 doses taken.",
    "Neurology was consulted; {t} was considered. ICD-10 G20, SNOMED 49049000.",
    "Patient's {t} was first noted by Dr. {DOCTOR} at {hospital}.",
    "{TITLE} {LASTNAME} ({age}F) has {t}; {LASTNAME} denies falls.",
)  # fmt: skip


def gold_notes(count: int = 200, seed: int = 0) -> Iterator[GoldNote]:
    """Yield `count` invented notes of 4 to 8 sentences; the same seed gives the same notes."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    for number in range(count):
        yield _note(draw, number + 1)


def _note(draw: random.Random, number: int) -> GoldNote:
    first = draw.choice(_GIVEN)
    last = draw.choice(_HARD) if draw.random() < 0.3 else _invented(draw)
    person = Person(number, f"gold-{number}", [first, last] if draw.random() < 0.7 else [])
    text, marks, terms = "", [], []
    for template in draw.sample(_TEMPLATES, draw.randint(4, 8)):
        position = 0
        while (start := template.find("{", position)) >= 0:
            end = template.index("}", start)
            text += template[position:start]
            value, kind = _fill(draw, template[start + 1 : end], first, last)
            if kind is not None:
                marks.append((len(text), len(text) + len(value), kind))
            elif template[start + 1 : end] == "t":
                terms.append((len(text), len(text) + len(value)))
            text, position = text + value, end + 1
        text += template[position:] + "\n"
    return GoldNote(text, person, tuple(marks), tuple(terms))


def _invented(draw: random.Random) -> str:
    return draw.choice(_STEMS) + draw.choice(_ENDS)


def _fill(draw: random.Random, field: str, first: str, last: str) -> tuple[str, Kind | None]:
    other = draw.choice(_HARD) if draw.random() < 0.25 else _invented(draw)
    month, day, year = draw.randint(1, 12), draw.randint(1, 28), draw.randint(1998, 2024)
    phone = f"{draw.randint(200, 989)}-555-{draw.randint(0, 9999):04d}"
    age = draw.randint(20, 99)
    values: dict[str, tuple[str, Kind | None]] = {
        "t": (draw.choice(_TERMS), None),
        "FIRST": (first.upper(), Kind.NAME), "LAST": (last.upper(), Kind.NAME),
        "FIRSTNAME": (first, Kind.NAME), "LASTNAME": (last, Kind.NAME), "DOCTOR": (other, Kind.NAME),
        "DOCTORFULL": (f"{draw.choice(_GIVEN)} {draw.choice('ABCDEFG')}. {other}", Kind.NAME),
        "RELATIVE": (draw.choice(_GIVEN), Kind.NAME), "TITLE": (draw.choice(("Mr.", "Mrs.", "Ms.", "Miss")), None),
        "sex": (draw.choice(("man", "woman")), None), "age": (str(age), Kind.AGE if age > 89 else None),
        "oldage": (str(draw.randint(90, 101)), Kind.AGE),
        "mrn": (str(draw.randint(100000, 99999999)), Kind.ID), "account": (f"{draw.choice('ABQX')}{draw.randint(1000000, 9999999)}", Kind.ID),
        "ssn": (f"{draw.randint(100, 899)}-{draw.randint(10, 99)}-{draw.randint(1000, 9999)}", Kind.ID),
        "dob": (f"{month:02d}/{day:02d}/{draw.randint(1930, 1999)}", Kind.DATE),
        "date": (draw.choice((f"{month}/{day}/{year}", f"{month:02d}/{day:02d}/{year % 100:02d}", f"{draw.choice(_MONTHS)} {day}, {year}",
                              f"{day} {draw.choice(_MONTHS)} {year}", f"{day}-{draw.choice(_MONTHS)[:3]}-{year}")), Kind.DATE),
        "isodate": (f"{year}-{month:02d}-{day:02d}", Kind.DATE), "shortdate": (f"{month}/{day}", Kind.DATE),
        "month": (draw.choice(_MONTHS), Kind.DATE), "year": (str(year), Kind.DATE),
        "phone": (draw.choice((phone, f"({phone[:3]}) {phone[4:]}", phone.replace("-", "."))), Kind.CONTACT),
        "email": (f"{other.lower().replace(' ', '')[:8].strip(chr(39))}@mail.example", Kind.CONTACT),
        "slug": (other.lower().replace(" ", "").replace("'", ""), Kind.CONTACT),
        "town": (draw.choice(_TOWNS), Kind.PLACE), "state": (draw.choice(("MA", "OH", "TX", "Vermont")), Kind.PLACE),
        "zip": (f"{draw.randint(10000, 99999)}", Kind.PLACE),
        "street": (f"{draw.randint(1, 999)} {_invented(draw)} {draw.choice(('Street', 'Ave', 'Road', 'Lane'))}", Kind.PLACE),
        "hospital": (draw.choice((f"{_invented(draw)} Hospital", f"{draw.choice(_TOWNS)} Medical Center", f"St. {_invented(draw)} Clinic")), Kind.PLACE),
    }  # fmt: skip
    return values[field]
