"""Findings with a "not" or another predicate between their words, relatives' states, z scores of the aorta."""

import pytest

from clinweave.knowledge import NoteReader
from tests.knowledge.named import note_reader

FINDINGS = {
    "HP:0000193": "Bifid uvula",
    "HP:0000369": "Low-set ears",
    "HP:0000105": "Enlarged kidney",
    "HP:0002108": "Spontaneous pneumothorax",
    "HP:0002616": "Aortic root aneurysm",
    "HP:0004970": "Ascending tubular aorta aneurysm",
    "HP:0001297": "Stroke",
    "HP:0000358": "Posteriorly rotated ears",
    "HP:0001182": "Tapered finger",
}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> NoteReader:
    return note_reader(tmp_path_factory.mktemp("world"), FINDINGS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The uvula is not bifid.", [("HP:0000193", "absent")]),
        ("On inspection the uvula isn't bifid, the palate intact.", [("HP:0000193", "absent")]),
        ("Uvula not bifid", [("HP:0000193", "absent")]),
        ("The kidneys were not very enlarged on ultrasound.", [("HP:0000105", "absent")]),
        ("Ears are not low-set but simple.", [("HP:0000369", "absent")]),
        ("The uvula is bifid.", [("HP:0000193", "present")]),
        ("If the uvula is not bifid no scan is needed.", []),
        ("The uvula wasn't, we think, bifid", []),
        # What stands on one side alone is not denied, nor is a degree.
        ("The seizures are not controlled.", [("HP:0001250", "present")]),
        ("The ears are not only low-set.", []),
        ("The kidneys did not look enlarged", []),
        ("Ears not examined. Low set hairline.", []),
    ],
)
def test_a_not_between_the_words_of_a_name_denies_it(
    reader: NoteReader, text: str, expected: list[tuple[str, str]]
) -> None:
    assert [(item.id, item.status) for item in reader.read(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The ears were low-set and posteriorly rotated.",
         [("HP:0000369", "present"), ("HP:0000358", "present")]),
        ("Her fingers are long and tapered", [("HP:0001182", "present")]),
        ("If the fingers are long and tapered, refer.", [("HP:0001182", "hypothetical")]),
        ("The fingers are not long and tapered", []),
        ("The fingers were again not examined and tapered doses given.", []),
        ("The fingers are long, and tapered steroids were given.", []),
        ("The toes are long and the fingers tapered", [("HP:0001182", "present")]),
    ],
)  # fmt: skip
def test_two_predicates_share_a_subject(
    reader: NoteReader, text: str, expected: list[tuple[str, str]]
) -> None:
    assert [(item.id, item.status) for item in reader.read(text)] == expected


def test_the_place_of_a_denial_is_that_of_the_text(reader: NoteReader) -> None:
    text = "Seen today. She is well, the uvula  is not bifid. Her sister's uvula is not bifid."
    mine, hers = reader.read(text)
    assert (mine.text, mine.experiencer) == ("uvula  is not bifid", "")
    assert (hers.text, hers.experiencer, hers.status) == ("uvula is not bifid", "family", "absent")


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("Two spontaneous pneumothoraces at 14.", [("HP:0002108", "present")]),
        ("Echocardiogram: aortic root 39 mm (z 2.9), good function.", [("HP:0002616", "present")]),
        ("Sinuses of Valsalva 41 mm, z-score +4.1", [("HP:0002616", "present")]),
        ("Ascending aorta Z score 3.2", [("HP:0004970", "present")]),
        ("Aortic root z-score 1.1", [("HP:0002616", "absent")]),
        ("Aortic root z score -2.4", []),
        ("Aortic root 28 mm.", []),
    ],
)
def test_pneumothoraces_and_z_scores_of_the_aorta(
    reader: NoteReader, text: str, finding: list[tuple[str, str]]
) -> None:
    assert [(item.id, item.status) for item in reader.read(text)] == finding


@pytest.mark.parametrize(
    ("text", "experiencer"),
    [
        ("Maternal aunt in hospital after a stroke.", "family"),
        ("Mum's brother in a wheelchair since a stroke at 41.", "family"),
        ("Her grandmother lives in a nursing home because of a stroke.", "family"),
        ("Her husband had a stroke.", "family"),
        ("A colleague at work has had a stroke.", "family"),
        ("Children: one son with a stroke, one daughter well.", "family"),
        ("Two of his four children have had a stroke.", "family"),
        ("Cousins on the father's side: stroke.", "family"),
        ("His sister is being investigated for stroke.", "family"),
        ("His wife brought him in after a stroke.", ""),
        ("Mother attended with him today because of a stroke.", ""),
        ("Seen in hospital with her husband after a stroke.", ""),
        ("His friend noticed a stroke.", ""),
        ("In hospital after a stroke.", ""),
    ],
)
def test_whose_stroke_it_is(reader: NoteReader, text: str, experiencer: str) -> None:
    assert [item.experiencer for item in reader.read(text) if item.id == "HP:0001297"] == [experiencer]
