"""Sentences written without sight of the cues. Part a: failures were read and mended; part b: only counted."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from clinweave.knowledge import Linker
from clinweave.records import Concept, Mention
from tests.knowledge.named import FINDING, NamesGraph

DATA = Path(__file__).parent / "data"
PARTS: dict[str, list[dict[str, Any]]] = {
    part: [json.loads(line) for line in (DATA / f"unseen_{part}.jsonl").read_text("utf-8").splitlines()]
    for part in ("a", "b")
}
NAMES = sorted(
    {finding["text"].lower() for part in PARTS.values() for item in part for finding in item["findings"]}
)


class FindingsGraph(NamesGraph):
    """The findings of the sentences, each a concept of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, key="unseen")
        self.labels = {f"HP:9{number:06}": name for number, name in enumerate(NAMES)}
        self.rows = [(name, curie, "label") for curie, name in self.labels.items()]

    def concepts(self, ids: Sequence[str]) -> list[Concept]:
        return [Concept(curie, FINDING, self.labels[curie], source="made") for curie in ids]

    def descendants(self, curie: str) -> frozenset[str]:
        return frozenset()


@pytest.fixture(scope="module")
def linker(tmp_path_factory: pytest.TempPathFactory) -> Linker:
    return Linker.open(FindingsGraph(tmp_path_factory.mktemp("unseen")))


def status(mention: Mention) -> str:
    if mention.experiencer == "family":
        return "family_absent" if mention.status == "absent" else "family"
    return str(mention.status)


def wrong(linker: Linker, item: dict[str, Any]) -> list[str]:
    """Return the findings of a text that are not recognised or have another status."""
    mentions = linker.link(item["text"])
    result = []
    for finding in item["findings"]:
        start = item["text"].index(finding["text"])
        over = [m for m in mentions if m.start < start + len(finding["text"]) and start < m.end]
        if not over or any(status(mention) != finding["status"] for mention in over):
            result.append(finding["text"])
    return result


@pytest.mark.parametrize("item", PARTS["a"], ids=lambda item: item["text"][:40])
def test_part_a_has_the_status_that_it_states(linker: Linker, item: dict[str, Any]) -> None:
    assert wrong(linker, item) == []


def test_part_b_stays_as_measured(linker: Linker) -> None:
    total = sum(len(item["findings"]) for item in PARTS["b"])
    failed = sum(len(wrong(linker, item)) for item in PARTS["b"])
    assert total == 52
    assert failed <= 5
