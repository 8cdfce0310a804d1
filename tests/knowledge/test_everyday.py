"""Findings in everyday words, adjectives of findings, and diseases that the HPO calls infections."""

from pathlib import Path

import pytest
from benchmarks.linkers.broad_names import broad

from clinweave.knowledge import Linker
from clinweave.knowledge.linking.everyday import adjectives_of, everyday_names, lists
from tests.knowledge import named
from tests.knowledge.named import DISEASE, FINDING, NamesGraph

FINDINGS = {
    "HP:0000988": "Skin rash",
    "HP:0000365": "Hearing impairment",
    "HP:0002312": "Clumsiness",
    "HP:0000819": "Diabetes mellitus",
    "HP:0001513": "Obesity",
    "HP:0000961": "Cyanosis",
    "HP:0001252": "Hypotonia",
    "HP:0000252": "Microcephaly",
    "HP:0000618": "Blindness",
    "HP:0002360": "Slowness",
    "HP:0001289": "Confusion",
    "HP:0002271": "Tuberculosis infection",
    "HP:0003270": "Abdominal distention",
    "HP:0002194": "Mouthing",
    "HP:0009777": "Absent thumb",
    "HP:0100754": "Ordering",
    "HP:0031466": "Abnormal affect",
    "HP:0001254": "Dullness",
    "HP:0012498": "Nuchal cord",
}


@pytest.fixture(scope="module")
def linker(tmp_path_factory: pytest.TempPathFactory) -> Linker:
    with pytest.MonkeyPatch.context() as patch:
        concepts = {curie: (FINDING, name) for curie, name in FINDINGS.items()}
        concepts["MONDO:0018076"] = (DISEASE, "tuberculosis")
        patch.setattr(named, "CONCEPTS", {**named.CONCEPTS, **concepts})
        patch.setattr(named, "PARENTS", {**named.PARENTS, **{curie: ["HP:0000118"] for curie in FINDINGS}})
        return Linker.open(NamesGraph(Path(tmp_path_factory.mktemp("everyday"))))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fever -ve, rash +ve.", [("Fever", "absent"), ("rash", "present")]),
        ("He is deaf and clumsy.", [("deaf", "present"), ("clumsy", "present")]),
        ("A deaf boy.", [("deaf", "present")]),
        ("She was obese, cyanotic, and mildly hypotonic",
         [("obese", "present"), ("cyanotic", "present"), ("hypotonic", "present")]),
        ("Not febrile today.", [("febrile", "absent")]),
        ("He was afebrile.", [("afebrile", "absent")]),
        ("AFEBRILE AND WELL", [("AFEBRILE", "absent")]),
        ("He was febrile intermittently.", [("febrile", "present")]),
        ("Non-diabetic, never deaf.", [("diabetic", "absent"), ("deaf", "absent")]),
        ("A microcephalic infant", [("microcephalic", "present")]),
        ("Not bloated, no rashes", [("bloated", "absent"), ("rashes", "absent")]),
        ("The film does not exclude tuberculosis.", [("tuberculosis", "uncertain")]),
        ("A double-blind trial; a blind loop; diabetic socks", []),
        ("The confused picture", []),
        ("A slow, regular pulse", []),
        ("The oral mucosa was dry.", []),
        ("An x-ray was ordered, the order is in, and we are ordering more.", []),
        ("Sensation is absent in the thumb; hair was missing on both thumbs.", []),
        ("The thumb was absent.", [("thumb was absent", "present")]),
        ("Absent thumb on the left", [("Absent thumb", "present")]),
        ("An abnormality affecting the hand, and abnormal in affected sibs", []),
        ("Stony dullness at the base, shifting dullness; mental dullness", [("dullness", "present")]),
        ("The cervical cord; a nuchal cord", [("nuchal cord", "present")]),
        ("Her head is small for her age.", [("head is small for her age", "present")]),
        ("He is small for his age.", []),
    ],
)  # fmt: skip
def test_everyday_findings(linker: Linker, text: str, expected: list[tuple[str, str]]) -> None:
    mentions = linker.link(text, ["HP"])
    assert [(item.text, item.status) for item in mentions] == expected
    assert all(text[item.start : item.end] == item.text for item in mentions)


def test_a_note_is_read_alike_beside_others(linker: Linker) -> None:
    texts = [
        "Complaints:\n- rash\n- fever",
        "Rash: -\nCyanosis: - Fever: -",
        "Findings: - rash - fever",
        "He had no fits. Never Fits him.",
        "AFEBRILE",
    ]
    together = linker.link_many(texts, ["HP"])
    assert together == [linker.link(text, ["HP"]) for text in texts]
    assert [(item.text, item.status) for item in together[0]] == [("rash", "present"), ("fever", "present")]
    assert [(item.text, item.status) for item in together[1]] == [
        ("Rash", "absent"), ("Cyanosis", "absent"), ("Fever", "absent"),
    ]  # fmt: skip
    assert [(item.text, item.status) for item in together[2]] == [("rash", "present"), ("fever", "present")]


def test_everyday_words_count_for_findings_alone(linker: Linker) -> None:
    text = "He is deaf and has a rash; tuberculosis"
    assert [item.id for item in linker.link(text)] == ["MONDO:0018076"]
    assert [item.id for item in linker.link(text, ["MONDO"])] == ["MONDO:0018076"]
    assert [item.name for item in linker.link(text, ["HP"])] == [
        "Hearing impairment", "Skin rash", "Tuberculosis infection",
    ]  # fmt: skip
    assert "adjective for it" in linker.link("He is deaf", ["HP"])[0].reason
    assert "everyday words for it" in linker.link("A rash.", ["HP"])[0].reason


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("Father febrile; patient deaf.", [True, False]),
        ("Sister deaf and blind, brother well", [True, True]),
        ("Her mother deaf, she is obese.", [True, False]),
        ("Mother deaf. Febrile today.", [True, False]),
        ("Not deaf, unlike his brother. Clumsy.", [False, False]),
        ("Seen with his mother, febrile.", [False]),
        ("His sister is deaf", [True]),
        ("A deaf boy with a diabetic father.", [False, True]),
        ("Son of a deaf mother, he is obese.", [True, False]),
        ("Parents not obese.", [True]),
        ("Mother obese in pregnancy.", [True]),
        ("Deaf. Mother well.", [False]),
        ("Fever mother gave paracetamol", [False]),
        ("The mother had seizures during pregnancy", [True]),
    ],
)
def test_an_adjective_beside_a_relative_is_the_relatives(
    linker: Linker, text: str, family: list[bool]
) -> None:
    assert [item.experiencer == "family" for item in linker.link(text, ["HP"])] == family


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bowing of the left femur", ["HP:0002980"]),
        ("The femurs were severely and markedly bowed", []),
        ("Femoral bilateral bowing", ["HP:0002980"]),
        ("Abnormal left eye", ["HP:0000478"]),
        ("a femoral fracture left without bowing", []),
    ],
)
def test_words_of_side_and_degree_between_the_words_of_a_finding(
    linker: Linker, text: str, expected: list[str]
) -> None:
    assert [item.id for item in linker.link(text, ["HP"])] == expected


def test_a_broad_synonym_leads_to_its_finding_where_it_has_one() -> None:
    stanzas = """[Term]
id: HP:1
name: Skin rash
synonym: "Rash" BROAD layperson []
synonym: "Kidney disease" BROAD layperson []

[Term]
id: HP:2
name: Nephropathy
synonym: "Kidney disease" BROAD layperson []
synonym: "Renal rash" EXACT []
synonym: "Sore" BROAD []

[Term]
id: HP:3
name: obsolete Spots
synonym: "Spots" BROAD layperson []
is_obsolete: true
"""
    assert broad("format-version: 1.2\n\n" + stanzas) == {"rash": "HP:1"}
    rows = [("Skin rash", "HP:0000988", "label", FINDING), ("Birthmark", "HP:9", "exact", FINDING)]
    result = {name: curie for name, curie, _ in everyday_names(rows, ())}
    assert result["rash"] == "HP:0000988"
    assert "birthmark" not in result


def test_whose_finding_an_adjective_is(linker: Linker) -> None:
    text = "The father, who is deaf, noticed that the boy was clumsy."
    assert [item.experiencer for item in linker.link(text, ["HP"])] == ["family", ""]
    text = "The mother, who is a teacher, noticed that the boy was clumsy."
    assert [item.experiencer for item in linker.link(text, ["HP"])] == [""]


@pytest.mark.parametrize(
    ("noun", "adjective"),
    [
        ("clumsiness", "clumsy"), ("deafness", "deaf"), ("hypotonia", "hypotonic"), ("cyanosis", "cyanotic"),
        ("microcephaly", "microcephalic"), ("obesity", "obese"), ("anxiety", "anxious"), ("tachypnea", "tachypneic"),
        ("hypothyroidism", "hypothyroid"), ("incontinence", "incontinent"), ("constipation", "constipated"),
        ("confusion", "confused"), ("depression", "depressed"), ("hypertension", "hypertensive"), ("sepsis", "septic"),
        ("irritability", "irritable"), ("edema", "edematous"), ("arthritis", "arthritic"), ("amnesia", "amnestic"),
    ],
)  # fmt: skip
def test_adjectives_of_nouns(noun: str, adjective: str) -> None:
    assert adjective in adjectives_of(noun)


def test_a_name_of_the_hpo_comes_first_and_an_unclear_one_is_left_out() -> None:
    rows = [
        ("Fever", "HP:1", "label", FINDING),
        ("Pyrexia", "HP:1", "exact", FINDING),
        ("Febrile", "HP:2", "exact", FINDING),
        ("Deafness", "HP:3", "label", FINDING),
        ("Dizziness", "HP:4", "exact", FINDING),
        ("Dizziness", "HP:5", "exact", FINDING),
    ]
    names = {name: curie for name, curie, _ in everyday_names(rows, ())}
    assert "febrile" not in names
    assert names["feverish"] == "HP:1"
    assert names["deaf"] == "HP:3"
    assert "dizzy" not in names  # two findings have the noun
    assert "deaf" not in {name for name, _, _ in everyday_names(rows, {"deaf"})}


def test_the_lists_name_each_word_once() -> None:
    words = [word for table in (lists().names, lists().adjectives) for row in table.values() for word in row]
    assert len(words) == len(set(words))
    assert all(word == word.strip() and word for word in words)


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("Type II diabetes mellitus", {"type 2 diabetes mellitus", "type two diabetes mellitus"}),
        (
            "Stage 3 chronic kidney disease",
            {"stage iii chronic kidney disease", "stage three chronic kidney disease"},
        ),
        ("Prostate cancer", {"prostate ca"}),
    ],
)
def test_numbers_and_short_forms_of_names(name: str, forms: set[str]) -> None:
    rows = [(name, "HP:0000001", "label", FINDING)]
    assert forms <= {word for word, _, _ in everyday_names(rows, ())}
