"""Words that alternate between names: learned where they hold, not where they lead to another concept."""

import os
import subprocess
import sys

import numpy as np
import pytest

from clinweave.knowledge.linking.bag_of_words import REORDERED, VARIED, BagOfWords
from clinweave.knowledge.linking.dictionary import Dictionary
from clinweave.knowledge.linking.normalise import tokenise
from clinweave.knowledge.linking.stems import content
from clinweave.knowledge.linking.synonym_rules import FEWEST, learned, variants

PARTS = ("hand", "knee", "hip", "wrist", "elbow")


def owners(names: dict[str, str]) -> dict[tuple[str, ...], frozenset[str]]:
    return {tuple(content(name.split(" "))): frozenset({curie}) for name, curie in names.items()}


def test_a_rule_that_holds_is_tried_on_other_names_and_never_on_a_name_of_its_own() -> None:
    named = {f"{part} soreness": part for part in PARTS} | {f"{part} discomfort": part for part in PARTS}
    named |= {"ankle soreness": "ankle", "back soreness": "back", "back discomfort": "other"}
    result = variants(owners(named))
    assert result == {tuple(content(["ankle", "discomfort"])): tuple(content(["ankle", "soreness"]))}


@pytest.mark.parametrize("wrong", [0, FEWEST])
def test_a_rule_that_leads_to_other_concepts_is_dropped(wrong: int) -> None:
    named = {f"{part} soreness": part for part in PARTS} | {f"{part} discomfort": part for part in PARTS}
    named |= {f"{number} soreness": f"a{number}" for number in range(wrong)}
    named |= {f"{number} discomfort": f"b{number}" for number in range(wrong)}
    assert bool(learned(owners(named))) == (wrong == 0)


def test_words_that_stand_in_one_name_do_not_alternate() -> None:
    named = {f"{part} broken": part for part in PARTS} | {f"{part} bone": part for part in PARTS}
    assert learned(owners(named))
    named |= {f"{part} broken bone": part for part in PARTS}
    assert not learned(owners(named))


NAMES = [
    "Sclerosis of the skull",
    "Cranial vault defect",
    "Hypoplasia or aplasia of the corpus callosum",
    "Abnormal gait with falls",
    "Ankle soreness",
    *(f"{part} {word}" for part in PARTS for word in ("soreness", "discomfort")),
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sclerosis of the cranial area", [(0, 4, REORDERED)]),
        ("sclerosis of the cranial vault", []),
        ("aplasia or hypoplasia of the corpus callosum", [(0, 7, REORDERED)]),
        ("aplasia of the corpus callosum and hypoplasia", []),
        ("falls with abnormal gait", [(0, 4, REORDERED)]),
        ("falls to an abnormal gait", []),
        ("discomfort of the ankle", [(0, 4, VARIED)]),
        ("discomfort of the ankle vault", []),
    ],
)
def test_windows(text: str, found: list[tuple[int, int, int]]) -> None:
    dictionary, keys = Dictionary.build(NAMES)
    sets = BagOfWords.build(
        dictionary,
        keys.tolist(),
        {key: {name.split(" ")[0]} for name, key in zip(NAMES, keys.tolist(), strict=True)},
    )
    tokens = tokenise(text)
    named = dictionary.match(tokens)
    matches, how = sets.match(tokens, named, np.ones(len(dictionary), np.bool_))
    assert list(zip(matches.first.tolist(), matches.size.tolist(), how.tolist(), strict=True)) == found


def test_the_same_order_whatever_the_hash_seed():
    """Bytes of a compiled vocabulary follow this order: they must not depend on `PYTHONHASHSEED`."""
    code = (
        "from clinweave.knowledge.linking.synonym_rules import changed\n"
        "bag = ('arm', 'big', 'leg', 'red', 'short', 'thin')\n"
        "rules = {(word,): [('x',)] for word in bag} | {('arm', 'red'): [('y',)], ('big', 'thin'): [('z',)]}\n"
        "print(list(changed(bag, rules)))"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(seen) == 1
