"""What only looks like a finding of the patient in a note, and signs with their results."""

import pytest

from clinweave.knowledge import NoteReader
from tests.knowledge.named import note_reader

FINDINGS = {
    "HP:0002403": "Positive Romberg sign",
    "HP:0003487": "Babinski sign",
    "HP:0031990": "Chvostek sign",
    "HP:0005184": "Prolonged QTc interval",
    "HP:0012248": "Prolonged PR interval",
    "HP:0001276": "Hypertonia",
    "HP:0009926": "Epiphora",
    "HP:0004325": "Decreased body weight",
    "HP:0001824": "Weight loss",
    "HP:0009380": "Finger aplasia",
    "HP:0040012": "Chromosome breakage",
    "HP:0410175": "Hyperketonemia",
    "HP:0000842": "Hyperinsulinemia",
    "HP:0002414": "Spina bifida",
    "HP:0000545": "Myopia",
    "HP:6000184": "Filum terminale lipoma",
    "HP:0007759": "Opacification of the corneal stroma",
}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> NoteReader:
    return note_reader(tmp_path_factory.mktemp("world"), FINDINGS)


def _patients(reader: NoteReader, text: str) -> list[tuple[str, str]]:
    return [(item.id, item.status) for item in reader.read(text) if not item.experiencer]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Romberg positive.", [("HP:0002403", "present")]),
        ("Romberg's sign was negative", [("HP:0002403", "absent")]),
        ("Rombergs +ve", [("HP:0002403", "present")]),
        ("Chvostek +, tone normal", [("HP:0031990", "present")]),
        ("Chvostek's test: neg", [("HP:0031990", "absent")]),
        ("Plantars are upgoing", [("HP:0003487", "present")]),
        ("Both plantars: plantar responses flexor", [("HP:0003487", "absent")]),
        ("Left plantar downgoing", []),
        ("Babinski and colleagues described the reflex.", []),
        ("Her father's Romberg was positive.", []),
    ],
)
def test_signs_are_read_with_their_result(
    reader: NoteReader, text: str, expected: list[tuple[str, str]]
) -> None:
    assert _patients(reader, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Man of 50. QTc 495 ms.", [("HP:0005184", "present")]),
        ("QTc 0.41 s", [("HP:0005184", "absent")]),
        ("QTc 455 ms", []),  # high for a man, not for a woman
        ("A 60-year-old man. PR interval 240 ms.", [("HP:0012248", "present")]),
        ("A child of 4 years. PR interval 210 ms.", []),
    ],
)
def test_intervals_of_the_electrocardiogram(
    reader: NoteReader, text: str, expected: list[tuple[str, str]]
) -> None:
    assert _patients(reader, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Audiometry: high-tone hearing loss.",
        "Sudden tearing pain in the back.",
        "Started low-molecular-weight heparin.",
        "Asked about weight-loss injections.",
        "LFTs and TFTs normal.",
        "Seen in the seizure clinic by the asthma nurse.",
        "An anemia panel is pending; a seizure diary was given.",
        "Sequencing for spina bifida was declined.",
        "A panel of genes for myopia was sent.",
        "The nails of the ring fingers are absent.",
        "Insulin was measured.",
    ],
)
def test_what_only_looks_like_a_finding(reader: NoteReader, text: str) -> None:
    assert [item for item in _patients(reader, text) if item[1] in {"present", "historical"}] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Chromosome breakage was not increased.", [("HP:0040012", "absent")]),
        ("Ketones were raised and insulin was appropriate.", [("HP:0410175", "present")]),
        ("Raised ketones and insulin.", [("HP:0410175", "present"), ("HP:0000842", "present")]),
        ("Fingers are missing.", [("HP:0009380", "present")]),
        ("Weight loss of the last year.", [("HP:0001824", "present")]),
        ("Brother 9 yrs: myopia. He has seizures.", [("HP:0001250", "present")]),
        ("Her aunt had a child with spina bifida. She has myopia.", [("HP:0000545", "present")]),
        ("Sister 7 y asthma.", []),
        ("He came with his mother, 3 seizures since Monday.", [("HP:0001250", "present")]),
        ("Because of pain the fingers are missing.", [("HP:0009380", "present")]),
        ("Myopia is on the list of his diagnoses.", [("HP:0000545", "present")]),
        ("FH: mother asthma; aunt 'spina bifida'; brother well but myopia.", []),
        ("FH: mother asthma. Patient: myopia.", [("HP:0000545", "present")]),
        ("His daughter was hypertonic at birth, has myopia.", []),
        ("Grandfather - went myopic", []),
        ("Lives with daughter (who has seizures).", []),
        ("No weight loss, fingers are missing.", [("HP:0001824", "absent"), ("HP:0009380", "present")]),
        (
            "Fever Y  Seizures N  Myopia N",
            [("HP:0001945", "present"), ("HP:0001250", "absent"), ("HP:0000545", "absent")],
        ),
        ("Myopia should be thought of.", [("HP:0000545", "hypothetical")]),
        ("Seizures? - mother says no", [("HP:0001250", "uncertain")]),
    ],
)
def test_what_is_said_of_whom(reader: NoteReader, text: str, expected: list[tuple[str, str]]) -> None:
    assert _patients(reader, text) == expected
