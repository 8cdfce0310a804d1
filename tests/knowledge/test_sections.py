"""Pages about one disease, read by title and section without a model."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinweave.databases import DATABASES, RowLog
from clinweave.knowledge import Linker, proposal_rules, propose
from clinweave.knowledge.relation_extraction.sections import pieces, topic_of
from clinweave.records import Passage
from tests.knowledge.graph_fixture import build

RULES = proposal_rules(["has_phenotype", "treats", "diagnoses"])
ASKED = "What are the symptoms of Pebble disease (in adults) ?"


@pytest.fixture(scope="module")
def linker(tmp_path_factory: pytest.TempPathFactory) -> Linker:
    return Linker.open(build(tmp_path_factory.mktemp("graph") / "graph"))


def page(text: str, title: str = ASKED, section: str = "symptoms", document: str = "d") -> Passage:
    return Passage(f"{document}:{title}:{section}", text, title, document, 0, len(text), "s", section=section)


@pytest.mark.parametrize(
    ("title", "topic"),
    [
        (ASKED, "Pebble disease"),
        ("What is (are) Asthma ?", "Asthma"),
        ("How to diagnose Gout ?", "Gout"),
        ("Asthma", "Asthma"),
        ("What are the treatments for Diabetes Type 2 ?", "Diabetes Type 2"),
    ],
)
def test_the_title_names_the_disease(title: str, topic: str) -> None:
    assert topic_of(title) == topic


@pytest.mark.parametrize(
    ("text", "section", "title", "told"),
    [
        ("Pebbles bring long fingers.", "symptoms", ASKED, ["HP:0000002"]),
        ("Signs:    - Long fingers.    - Warm hands.", "information", ASKED, ["HP:0000002"]),
        ("Some have long fingers.", "information", ASKED, []),  # no word of symptoms
        ("There are no long fingers.", "symptoms", ASKED, []),  # denied
        ("Risk factors:    - Long fingers.", "symptoms", ASKED, []),
        ("Symptoms are long fingers.", "outlook", ASKED, []),
        ("Pebbles bring long fingers.", "symptoms", "What are the symptoms of being a pebble ?", []),
        ("The Human Phenotype Ontology provides: long fingers.", "symptoms", ASKED, []),
    ],
)
def test_what_a_section_tells_and_what_not(
    linker: Linker, tmp_path: Path, text: str, section: str, title: str, told: list[str]
) -> None:
    result = propose([page(text, title, section)], linker, None, RULES, tmp_path / "out")
    rows = [json.loads(line) for line in (result.path / "proposals.jsonl").read_text().splitlines()]
    assert [row["object"] for row in rows] == told
    for row in rows:
        assert (row["subject"], row["predicate"], row["model"]) == (
            "MONDO:0000020", "biolink:has_phenotype", "sections",
        )  # fmt: skip
        assert text[row["start"] : row["end"]] == row["quote"]
        assert row["object_text"] in row["quote"]
        [relation] = DATABASES["proposals"].read(
            {"proposals.jsonl": result.path / "proposals.jsonl"}, RowLog()
        )
        assert (relation.grade, relation.knowledge_level) == ("text-mined", "not_provided")
    assert sum(result.manifest["refused"].values()) >= (not told)


def test_a_treatment_points_at_the_disease(linker: Linker, tmp_path: Path) -> None:
    result = propose([page("Dissolva helps.", section="treatment")], linker, None, RULES, tmp_path / "out")
    row = json.loads((result.path / "proposals.jsonl").read_text())
    assert (row["predicate"], row["object"], row["subject_text"]) == (
        "biolink:treats",
        "MONDO:0000020",
        "Dissolva",
    )


@given(st.text(alphabet="ab.- \n•?", max_size=80))
def test_pieces_lie_in_the_text_in_order(text: str) -> None:
    result = pieces(text)
    assert all(0 <= piece.start < piece.end <= len(text) for piece in result)
    assert all(item.end <= other.start for item, other in pairwise(result))
