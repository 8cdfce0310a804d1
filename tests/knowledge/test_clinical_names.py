"""Names of clinicians and of obsolete terms, spellings, lists that share a word, phrases that are no findings."""

from pathlib import Path

import pytest
from benchmarks.linkers.retired_names import retired

from clinweave.knowledge import Linker
from clinweave.knowledge.linking.everyday import lists
from clinweave.knowledge.linking.stems import american, british
from tests.knowledge import named
from tests.knowledge.named import FINDING, NamesGraph

INHERITANCE = "biolink:GeneticInheritance"
CONCEPTS = {
    "HP:0001974": (FINDING, "Leukocytosis"),
    "HP:0001263": (FINDING, "Global developmental delay"),
    "HP:0001249": (FINDING, "Intellectual disability"),
    "HP:0000153": (FINDING, "Abnormality of the mouth"),
    "HP:0031815": (FINDING, "Abnormal oral physiology"),
    "HP:0000077": (FINDING, "Abnormality of the kidney"),
    "HP:0001407": (FINDING, "Hepatic cysts"),
    "HP:0030423": (FINDING, "Splenic cyst"),
    "HP:0000107": (FINDING, "Renal cyst"),
    "HP:0001259": (FINDING, "Coma"),
    "HP:0003812": ("biolink:ClinicalModifier", "Phenotypic variability"),
    "HP:0003828": ("biolink:ClinicalModifier", "Variable expressivity"),
    "HP:0000006": (INHERITANCE, "Autosomal dominant inheritance"),
    "HP:0000005": (INHERITANCE, "Mode of inheritance"),
    "HP:0004389": (FINDING, "Intestinal hypoplasia"),
    "HP:0002090": (FINDING, "Pneumonia"),
    "HP:0030838": (FINDING, "Hip pain"),
    "HP:0001513": (FINDING, "Obesity"),
}


@pytest.fixture(scope="module")
def linker(tmp_path_factory: pytest.TempPathFactory) -> Linker:
    with pytest.MonkeyPatch.context() as patch:
        parents = {curie: ["HP:0000118"] for curie, (kind, _) in CONCEPTS.items() if kind == FINDING}
        parents |= {"HP:0003828": ["HP:0003812"], "HP:0000006": ["HP:0000005"]}
        patch.setattr(named, "CONCEPTS", {**named.CONCEPTS, **CONCEPTS})
        patch.setattr(named, "PARENTS", {**named.PARENTS, **parents})
        extra = [("Mental retardation", "HP:0001249", "exact")]
        return Linker.open(NamesGraph(Path(tmp_path_factory.mktemp("clinical")), extra))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("leucocytosis", {"Leukocytosis"}),
        ("Psychomotor retardation was noted", {"Global developmental delay"}),  # an obsolete term's name
        ("He is mentally retarded", {"Intellectual disability"}),  # a form that no name has
        ("morbid obesity", {"Obesity"}),
        ("ocular, oral, and renal anomalies",
         {"Abnormality of the eye", "Abnormality of the mouth", "Abnormality of the kidney"}),
        ("cysts of the liver, kidney and spleen", {"Hepatic cysts", "Renal cyst", "Splenic cyst"}),
        ("liver, kidney and spleen were normal", set()),
        ("pain on the hip", {"Hip pain"}),
        ("Glasgow Coma Scale 15", set()),
        ("He was in a coma", {"Coma"}),
        ("The small bowel was normal", set()),
        ("It is dominantly inherited with variable expression",
         {"Autosomal dominant inheritance", "Variable expressivity"}),
    ],
)  # fmt: skip
def test_names_of_clinicians(linker: Linker, text: str, expected: set[str]) -> None:
    result = linker.link(text, ["HP"])
    assert {item.name for item in result} == expected
    assert all(item.text == text[item.start : item.end] for item in result)


def test_they_count_for_findings_alone(linker: Linker) -> None:
    assert linker.link("leucocytosis, psychomotor retardation") == []


def test_clinical_names_are_clean() -> None:
    table = lists().clinical
    words = [word for names in table.values() for word in names]
    assert len(words) == len(set(words))
    assert all(word == word.strip() and word for word in words)


def test_spellings_go_both_ways() -> None:
    assert american("leucocytosis") == "leukocytosis"
    assert american("generalised") == "generalized"
    assert american("raised") == "raised"
    assert british("abnormality of nail color") == "abnormality of nail colour"


def test_retired_names_lead_to_one_live_term() -> None:
    obo = (
        'format-version: 1.2\n\n[Term]\nid: HP:1\nname: Seizure\nsynonym: "Fits" EXACT []\n\n'
        "[Term]\nid: HP:2\nname: obsolete Convulsion\nis_obsolete: true\nreplaced_by: HP:1\n\n"
        "[Term]\nid: HP:3\nname: obsolete Fits\nis_obsolete: true\nreplaced_by: HP:1\n\n"
        "[Term]\nid: HP:4\nname: obsolete Spell\nis_obsolete: true\nreplaced_by: HP:9\n"
    )
    assert retired(obo) == {"convulsion": "HP:1"}
