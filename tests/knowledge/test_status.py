"""Status of findings: cues, their reach, what only looks like one."""

import time
from pathlib import Path

import pytest

from clinweave.knowledge import Linker
from clinweave.knowledge.linking.abbreviations import definitions
from clinweave.knowledge.linking.cues import lexicon
from clinweave.records import Mention
from tests.knowledge.named import NamesGraph


@pytest.fixture(scope="module")
def linker(tmp_path_factory: pytest.TempPathFactory) -> Linker:
    return Linker.open(NamesGraph(Path(tmp_path_factory.mktemp("world"))))


@pytest.mark.parametrize(
    ("text", "negated"),
    [
        ("no history of seizures", [True]),
        ("He denies fever and seizures.", [True, True]),
        ("No fever, seizures, anemia, hematuria, asthma, or brachydactyly.", [True] * 6),
        ("No fever but seizures", [True, False]),
        ("No fever. Seizures persisted.", [True, False]),
        ("without anemia", [True]),
        ("absence of seizures", [True]),
        ("Seizures were ruled out", [True]),
        ("fever was absent; seizures were not observed", [True, True]),
        ("no increase in seizures", [False]),
        ("not only seizures but also fever", [False, False]),
        ("seizures cannot be ruled out", [False]),
        ("The girl had seizures.", [False]),
        ("absent speech and seizures", [False, False]),
        ("She doesn’t have asthma", [True]),
        ("Marfan syndrome without seizures", [False, True]),
        ("Intelligence was normal; seizures never occurred.", [True]),
        ("no", []),
        # A place or occasion of an item does not end a denied list.
        ("No fever at night, seizures or asthma.", [True, True, True]),
        ("She denies seizures on waking, asthma and fever.", [True, True, True]),
        ("Denied any fever at rest or on exertion, seizures, or asthma.", [True, True, True]),
        ("No fever at rest or seizures.", [True, True]),
        ("No fever at rest or on exertion, seizures since May.", [True, False]),
        ("No rash on the trunk or fever were seen.", [True]),
        ("No fever on aspirin, seizures were noted or asthma.", [True, False, False]),
        ("Without anemia in the first year, hematuria or fever.", [True, True, True]),
        ("No fever on Monday; seizures or asthma today.", [True, False, False]),
        ("No fever on arrival, seizures were noted.", [True, False]),
        ("Denies fever with walking, has seizures or asthma.", [True, False, False]),
        ("No seizures in childhood, presented with fever or asthma.", [True, False, False]),
        ("No fever at rest, and seizures since Monday.", [True, False]),
        ("He denies fever, stiffness of both of his legs, seizures, asthma, and anemia.", [True] * 4),
        ("He denies fever, presented with cramps of the legs, seizures, and asthma.", [True, False, False]),
    ],
)
def test_negation(linker: Linker, text: str, negated: list[bool]) -> None:
    assert [mention.negated for mention in linker.link(text)] == negated


def test_a_cue_does_not_reach_far(linker: Linker) -> None:
    text = "No relation was ever seen by the many physicians who came to the town and seizures"
    assert [mention.negated for mention in linker.link(text)] == [False]


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("Marfan syndrome (MFS)", [("MFS", "Marfan syndrome")]),
        ("the heat shock protein (HSP) family", [("HSP", "heat shock protein")]),
        (
            "amyotrophic lateral sclerosis (ALS, motor neuron disease)",
            [("ALS", "amyotrophic lateral sclerosis")],
        ),
        ("a condition (see below)", []),
        ("sores (ulcers)", []),
        ("nothing fits (XYZ)", []),
        ("(ABC)", []),
        ("ABC (ABC)", []),
    ],
)
def test_definitions(text: str, pairs: list[tuple[str, str]]) -> None:
    assert [(item.short, text[item.start : item.end]) for item in definitions(text)] == pairs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Constitutional: no fever\nNeuro: seizures", ["absent", "present"]),
        ("No fever\nseizures", ["absent", "present"]),
        ("The patient reports that there has been no fever, no\nseizures and no asthma.", ["absent"] * 3),
        ("Denies:\n- fever\n- seizures\n\nReports:\n- asthma", ["absent", "absent", "present"]),
        ("Seizures: fever: no", ["present", "absent"]),
        ("Fever -ve, asthma +ve, seizures (-)", ["absent", "present", "absent"]),
        ("Fever +, seizures -, asthma +/-", ["present", "absent", "uncertain"]),
        ("Asthma? No. Fever? Yes. ?Seizures", ["absent", "present", "uncertain"]),
        ("Neg. for asthma. Poss. seizures.", ["absent", "uncertain"]),
        ("No asthma, sick contacts, fever, or seizures.", ["absent"] * 3),
        ("No fever, seizures present.", ["absent", "present"]),
        (
            "| Skin | no fever, anemia |\n| Other | asthma, seizures |",
            ["absent", "absent", "present", "present"],
        ),
        ("?asthma\nSeizures", ["uncertain", "present"]),
        ("Seizures versus fever.", ["uncertain", "uncertain"]),
        ("Without warning he developed seizures.", ["present"]),
        ("He cannot walk because of seizures.", ["present"]),
        ("Screening for anemia was negative.", ["absent"]),
        ("Return if seizures recur; fever resolved.", ["hypothetical", "historical"]),
        ("No history of asthma; history of seizures", ["absent", "historical"]),
        ("A five-year history of seizures", ["present"]),
        ("Fever has not resolved.", ["present"]),
        ("Seizure-free for two years", ["absent"]),
        ("This does not exclude asthma", ["uncertain"]),
        ("A clear film excludes asthma", ["absent"]),
        ("No evidence that she has asthma", ["absent"]),
        ("It was not asthma but anemia", ["absent", "present"]),
        ("The absence of other signs suggested a fever", ["present"]),
        ("Seizures without fever, and anemia", ["present", "absent", "present"]),
        ("Seizures without fever, anemia, and asthma", ["present", "absent", "absent", "absent"]),
        ("She came without fever, and anemia", ["absent", "absent"]),
        ("Our first impression was asthma.", ["uncertain"]),
        ("We are not sure whether the movements seen on day 7 were seizures.", ["uncertain"]),
        ("It is unclear if the spells, which his teacher saw on several days, were seizures.", ["uncertain"]),
        ("It is uncertain whether what his parents now describe to us at night is a seizure.", ["uncertain"]),
        ("We could not tell whether these were seizures.", ["uncertain"]),
        ("Nobody knows whether the fever noted on day 3 was due to anemia.", ["uncertain", "present"]),
        ("It is unknown whether the boy, who has asthma, had seizures.", ["present", "uncertain"]),
        ("It is unclear whether he was vaccinated, and he has fever, asthma and seizures.", ["present"] * 3),
        ("It is unclear whether he was vaccinated but he has fever.", ["present"]),
        ("There were no seizures without fever.", ["uncertain", "uncertain"]),
        ("He never had seizures at night without fever.", ["uncertain", "uncertain"]),
        ("No asthma and no seizures without fever.", ["absent", "uncertain", "uncertain"]),
        ("No fever, without seizures.", ["absent", "absent"]),
        ("Without fever without seizures.", ["absent", "absent"]),
        ("We considered the diagnosis of asthma.", ["uncertain"]),
        ("Heparin failed to prevent fever.", ["present"]),
        ("No fever, asthma or gastrointestinal complaints of anemia.", ["absent", "absent", "absent"]),
    ],
)
def test_status(linker: Linker, text: str, expected: list[str]) -> None:
    mentions = linker.link(text)
    assert [mention.status for mention in mentions] == expected
    assert all(mention.negated == (mention.status == "absent") for mention in mentions)
    assert linker.link_batch([text]).column("status").to_pylist() == expected


def test_a_denial_stays_in_its_text(linker: Linker) -> None:
    texts = ["no further problems and no", "seizures.", "Denies:\n", "asthma", "fever?", "No."]
    result = linker.link_many(texts)
    assert [[mention.status for mention in mentions] for mentions in result] == [
        [],
        ["present"],
        [],
        ["present"],
        ["uncertain"],
        [],
    ]


def test_a_mention_cannot_contradict_itself() -> None:
    assert Mention(0, 1, "x", "HP:1", "", "", 1.0, True, "").status == "absent"
    assert Mention(0, 1, "x", "HP:1", "", "", 1.0, False, "").status == "present"
    with pytest.raises(ValueError, match="uncertain"):
        Mention(0, 1, "x", "HP:1", "", "", 1.0, True, "", "", "uncertain")


def test_every_phrase_has_one_status() -> None:
    cues = lexicon()
    assert len(cues.dictionary) > 5000
    assert {rule.status for rule in cues.rules} >= set(range(5))


@pytest.mark.parametrize(
    "text",
    [
        "no seizures, " * 4000,
        "seizures " + "+" * 20000 + " no",
        "seizures " + "1" * 20000 + " no",
        "no seizures " + "x" * 20000 + ", fever or asthma",
        "denies:\n" * 4000 + "seizures",
        "mother had seizures, father with fever " * 1000,
        "no seizures in the morning and the long evening of the day\nfever " * 1000,
        "PS murmur " * 3000,
    ],
)
def test_odd_texts_take_linear_time(linker: Linker, text: str) -> None:
    begin = time.process_time()
    linker.link(text)
    once = time.process_time() - begin
    linker.link(text + text)
    assert time.process_time() - begin - once < 4 * once + 0.5


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Absent knee reflexes and seizures", ["present"]),
        ("fever with absent knee reflexes and asthma, seizures", ["present", "present", "present"]),
        ("absent fever, seizures, or asthma", ["absent", "absent", "absent"]),
        ("Seizures are absent", ["absent"]),
        ("lack of eye contact and seizures", ["present"]),
        ("lack of any fever", ["absent"]),
        ("absence of evidence of seizures", ["absent"]),
        ("Absence of seizures, asthma and anemia was noted.", ["absent"] * 3),
        ("The absence of fever, seizures, asthma, and anemia was confirmed.", ["absent"] * 4),
        ("Absence of fever, seizures, asthma, anemia or hematuria.", ["absent"] * 5),
        ("In the absence of fever, seizures were noted.", ["absent", "present"]),
        ("Without fever, seizures were noted.", ["absent", "present"]),
    ],
)
def test_an_adjective_of_absence_governs_its_noun(linker: Linker, text: str, expected: list[str]) -> None:
    assert [mention.status for mention in linker.link(text)] == expected
