"""Short forms of notes: read by the words around them, by the document's own definition, or left out."""

from pathlib import Path

import pytest

from clinweave.knowledge import Linker
from clinweave.knowledge.linking.shorthand import forms
from clinweave.records import Concept
from tests.knowledge.named import DISEASE, FINDING, NamesGraph

CONCEPTS = {
    "HP:0001642": (FINDING, "Pulmonic stenosis"),
    "HP:0001631": (FINDING, "Atrial septal defect"),
    "HP:0000717": (FINDING, "Autism"),
    "HP:0000822": (FINDING, "Hypertension"),
    "HP:0000767": (FINDING, "Pectus excavatum"),
    "HP:0001250": (FINDING, "Seizure"),
    "MONDO:0007043": (DISEASE, "Pfeiffer syndrome"),
    "MONDO:0010735": (DISEASE, "Kennedy disease"),
    "MONDO:0018900": (DISEASE, "Filum terminale lipoma"),
    "MONDO:0005148": (DISEASE, "Type 2 diabetes mellitus"),
}


class ShortGraph(NamesGraph):
    """Findings with the short forms of notes, and a syndrome that owns one of them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, key="short")
        self.rows = [(name, curie, "label") for curie, (_, name) in CONCEPTS.items()]
        self.rows += [
            ("PS", "MONDO:0007043", "abbreviation"),
            ("LFT", "MONDO:0018900", "abbreviation"),
            ("spinal and bulbar muscular atrophy", "MONDO:0010735", "exact"),
        ]

    def concepts(self, ids):
        return [Concept(curie, *CONCEPTS[curie], source="made") for curie in ids]

    def descendants(self, curie: str) -> frozenset[str]:
        return frozenset()


@pytest.fixture(scope="module")
def linker(tmp_path_factory: pytest.TempPathFactory) -> Linker:
    return Linker.open(ShortGraph(tmp_path_factory.mktemp("short")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PS and a small ASD on echo", ["Pulmonic stenosis", "Atrial septal defect"]),
        ("ASD with speech delay and poor eye contact", ["Autism"]),
        ("ASD", []),
        ("PS was written below the letter", []),
        ("Pfeiffer syndrome was suspected; PS is rare", ["Pfeiffer syndrome", "Pfeiffer syndrome"]),
        ("PE: heart murmur. HTN", ["Hypertension"]),
        ("PE of the sternum, tall stature", ["Pectus excavatum"]),
        ("PS-1 and a murmur", []),
        ("LFTs normal, abdominal pain with vomiting; LFT on Monday", []),  # a test, no lipoma
        ("T2DM on metformin", ["Type 2 diabetes mellitus"]),
        ("Prolonged sleep (PS) with a murmur; PS again", []),
        ("SBMA (spinal and bulbar muscular atrophy). SBMA is rare", ["Kennedy disease"] * 3),
        ("Spinal and bulbar muscular atrophy (SBMA). No SBMA", ["Kennedy disease"] * 3),
    ],
)
def test_short_forms(linker: Linker, text: str, expected: list[str]) -> None:
    assert [mention.name for mention in linker.link(text)] == expected


def test_short_forms_do_not_leak_between_texts(linker: Linker) -> None:
    result = linker.link_many(["ASD", "echo and murmur of the heart valve"])
    assert result == [[], []]


def test_every_form_names_a_field() -> None:
    known = forms()
    for form, senses in known.senses.items():
        for sense in senses:
            assert sense.field in known.fields or (sense.field == "any" and len(form) > 2), form
            assert sense.names
