"""Negation: cues, their reach, what only looks like one."""

from pathlib import Path

import pytest

from clinweave.knowledge.linking.abbreviations import definitions
from clinweave.knowledge.linking.linker import Linker
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
