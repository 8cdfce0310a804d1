"""Whose finding a mention is: the patient's or a relative's."""

from pathlib import Path

import numpy as np
import pytest

from clinweave.knowledge import EITHER_REASON, Linker
from clinweave.knowledge.linking.normalise import tokenise
from clinweave.knowledge.linking.status import assess
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
        ("The mother had seizures during pregnancy", [True]),
        ("Her mother had a seizure during labour.", [True]),
        ("Family history: His aunt had asthma until she died in labour", [True]),
        ("His mother, during labour, had a seizure.", [True]),
        ("In labour her mother had a seizure.", [True]),
        ("His mother had during labour a seizure.", [True]),
        ("Her mother, after a second normal pregnancy, had a seizure.", [True]),
        ("Her mother, who had a long delivery, had a seizure.", [True]),
        ("His mother had complications in pregnancy with seizures of the newborn.", [False]),
        ("Seizures in his sister after delivery of her second child", [True]),
        ("His mother had an uneventful pregnancy and delivery with seizures noted at birth.", [False]),
        ("The mother had asthma and the fetus had anemia.", [True, False]),
        ("His sister has asthma and is otherwise well; she has no anemia.", [True, True]),
        ("His brother died from seizures; he had asthma.", [True, True]),
        ("Her brother had seizures; he also had asthma; he was never seen with fever.", [True] * 3),
        ("His sister had asthma, and she has no seizures.", [True, True]),
        ("His cousin had seizures; she had asthma.", [True, True]),
        ("His mother had seizures; he had asthma.", [True, False]),
        ("His brother had seizures. He had asthma.", [True, False]),
        ("He takes after his father; he has asthma.", [False]),
        ("Seizures in his brother; he has asthma.", [True, False]),
        ("His brothers had seizures; he has asthma.", [True, False]),
        ("His brother had seizures; the patient had fever; he has asthma.", [True, False, False]),
        ("His brother had seizures; he reports asthma.", [True, False]),
        ("Her mother has asthma; she now presents with fever.", [True, False]),
        ("His brother had seizures; he was born with asthma.", [True, False]),
        ("The patient was seen with his mother. Seizures began at 3 years", [False]),
        ("He had seizures and lives with his mother", [False]),
        ("Based on family history and asthma, a test was made", [False]),
    ],
)
def test_whose_finding(linker: Linker, text: str, family: list[bool]) -> None:
    assert [mention.experiencer == "family" for mention in linker.link(text)] == family
    assert linker.link_batch([text]).column("experiencer").to_pylist() == [
        "family" if item else "" for item in family
    ]


@pytest.mark.parametrize(("finding", "family"), [("polyhydramnios", False), ("anemia", True)])
def test_what_the_unborn_has_is_not_the_mothers(finding: str, family: bool) -> None:
    text = f"During the pregnancy his mother had {finding}."
    first = np.array([6], np.int64)
    assert assess(text, tokenise(text), first, np.array([1], np.int64)).family.tolist() == [family]


@pytest.mark.parametrize(
    ("text", "statuses"),
    [
        ("His brother had seizures, and he had asthma.", ["present", "uncertain"]),
        ("Her sister had seizures and she has no asthma.", ["present", "uncertain"]),
        (
            "The patient's cousin had seizures, he has asthma and fever.",
            ["present", "uncertain", "uncertain"],
        ),
        ("His sister had seizures, and he had asthma.", ["present", "present"]),
        ("His brother had seizures, but he has asthma.", ["present", "present"]),
        ("His brother had seizures while he himself has asthma.", ["present", "present"]),
        ("His brother had seizures, and he presented with asthma.", ["present", "present"]),
        ("His brother had seizures. He has asthma.", ["present", "present"]),
        ("His brother had seizures, and the patient has asthma.", ["present", "present"]),
        ("Her mother reported that she had seizures.", ["present"]),
        ("His brother is well, and he has asthma.", ["present"]),
    ],
)
def test_a_pronoun_of_the_relatives_sex_leaves_a_finding_uncertain(linker, text, statuses):
    mentions = linker.link(text)
    assert [mention.status for mention in mentions] == statuses
    for mention in mentions:
        assert (EITHER_REASON in mention.reason) == (mention.status == "uncertain")


def test_a_relatives_finding_by_a_pronoun_says_that_it_may_be_the_patients(linker):
    first, second = linker.link("His brother died from seizures; he had asthma.")
    assert (first.experiencer, second.experiencer) == ("family", "family")
    assert (EITHER_REASON in first.reason, EITHER_REASON in second.reason) == (False, True)
