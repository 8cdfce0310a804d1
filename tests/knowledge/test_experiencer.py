"""Whose finding a mention is: the patient's or a relative's."""

from pathlib import Path

import pytest

from clinweave.knowledge import Linker
from tests.knowledge.named import NamesGraph


@pytest.fixture(scope="module")
def linker(tmp_path_factory: pytest.TempPathFactory) -> Linker:
    return Linker.open(NamesGraph(Path(tmp_path_factory.mktemp("world"))))


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ("His mother had seizures.", [True]),
        ("The mother has fever, seizures and asthma.", [True] * 3),
        ("A maternal uncle was said to have seizures", [True]),
        ("Two brothers, aged 4 and 7, also had seizures.", [True]),
        ("Her sister is affected by asthma", [True]),
        ("The father was diagnosed with asthma at 30 years", [True]),
        ("Both parents have asthma", [True]),
        ("His father died suddenly aged 38 of asthma.", [True]),
        ("His aunt passed away last year after seizures.", [True]),
        ("His father, aged 46, underwent treatment for asthma.", [True]),
        ("Seizures in his mother and a younger brother", [True]),
        ("Fever and seizures were present in her older sister.", [True, True]),
        ("Family history is notable for seizures in an older brother", [True]),
        ("There was a family history of asthma, seizures and anemia.", [True] * 3),
        ("No family history of seizures. He had asthma.", [True, False]),
        ("Family history: asthma, anemia", [True, True]),
        ("Mother: asthma. Patient: seizures", [True, False]),
        ("His mother had asthma, and he had seizures.", [True, False]),
        ("The mother had asthma; the patient had seizures", [True, False]),
        ("Her mother did not have seizures", [True]),
        ("The mother reported seizures", [False]),
        ("The parents denied fever", [False]),
        ("His mother noticed that he had seizures", [False]),
        ("The parents also reported fever and asthma", [False, False]),
        ("The boy had seizures. His brother is healthy.", [False]),
        ("Her mother was treated during pregnancy; the newborn had seizures", [False]),
        ("The mother had seizures during pregnancy", [False]),
        ("The patient was seen with his mother. Seizures began at 3 years", [False]),
        ("He had seizures and lives with his mother", [False]),
        ("Based on family history and asthma, a test was made", [False]),
    ],
)
def test_whose_finding(linker: Linker, text: str, family: list[bool]) -> None:
    assert [mention.experiencer == "family" for mention in linker.link(text)] == family
    assert linker.link_batch([text]).column("experiencer").to_pylist() == [
        "family" if one else "" for one in family
    ]
