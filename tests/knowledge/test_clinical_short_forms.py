"""Short forms of wards and laboratories that some vocabulary gives to a rare disease; species are no disease."""

from pathlib import Path

import pytest

from clinweave.knowledge import Linker
from tests.knowledge import named
from tests.knowledge.named import NamesGraph

DISEASES = {
    "MONDO:9000001": ("biolink:Disease", "cataract 6 multiple types", "CTPA"),
    "MONDO:9000002": ("biolink:Disease", "osteoglophonic dwarfism", "OGD"),
    "MONDO:9000003": ("biolink:Disease", "well-differentiated liposarcoma", "ALT"),
    "MONDO:9000004": ("biolink:Disease", "influenza", ""),
    "MONDO:9000005": ("biolink:Disease", "pneumonia", ""),
    "MONDO:9000007": ("biolink:Disease", "gastric antral vascular ectasia", "gave"),
    "MONDO:9000006": ("biolink:Disease", "inguinal hernia", ""),
}


@pytest.fixture(scope="module")
def linker(tmp_path_factory: pytest.TempPathFactory) -> Linker:
    with pytest.MonkeyPatch.context() as patch:
        concepts = {curie: (category, name) for curie, (category, name, _) in DISEASES.items()}
        patch.setattr(named, "CONCEPTS", {**named.CONCEPTS, **concepts})
        short = [
            (short, curie, "exact" if short.islower() else "abbreviation")
            for curie, (_, _, short) in DISEASES.items()
            if short
        ]
        graph = NamesGraph(Path(tmp_path_factory.mktemp("world")), key="short")
        graph.rows = [*graph.rows, *short, *((name, curie, "label") for curie, (_, name) in concepts.items())]
        return Linker.open(graph)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CTPA negative, OGD next week, ALT 34.", []),
        ("Sputum grew Haemophilus influenzae.", []),
        ("Klebsiella pneumoniae in the urine, Streptococcus pneumoniae in blood.", []),
        ("She gave consent.", []),
        ("GAVE at endoscopy.", ["gastric antral vascular ectasia"]),
        ("He had influenza and pneumonia.", ["influenza", "pneumonia"]),
        ("Bilateral inguinal herniae.", ["inguinal hernia"]),
    ],
)
def test_short_forms_and_species(linker: Linker, text: str, expected: list[str]) -> None:
    assert [item.name for item in linker.link(text)] == expected
