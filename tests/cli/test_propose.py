"""`clinweave graph propose` on a page about one disease, in a small graph."""

import json

import pytest

from tests.safety.calling import clinweave
from tests.test_knowledge_base import built

PAGE = """# Marfan syndrome

## Symptoms

Arachnodactyly is common.
"""


@pytest.fixture
def page(tmp_path, monkeypatch):
    built(tmp_path / "home")
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    path = tmp_path / "marfan.md"
    path.write_text(PAGE, "utf-8")
    return path


def test_without_a_model_pages_are_read_by_title_and_section(page, tmp_path):
    out = tmp_path / "out"
    called = clinweave("graph", "propose", str(page), "--out", str(out), "--json")
    assert called.code == 0, called.err
    assert json.loads(called.out)["counts"]["proposed"] == 1
    row = json.loads((out / "proposals.jsonl").read_text("utf-8"))
    assert (row["subject"], row["predicate"], row["object"]) == (
        "MONDO:0007947", "biolink:has_phenotype", "HP:0001166"
    )  # fmt: skip


@pytest.mark.parametrize("method", ["score", "write"])
def test_a_method_that_asks_a_model_needs_one(page, tmp_path, method):
    called = clinweave("graph", "propose", str(page), "--out", str(tmp_path / "out"), "--method", method)
    assert called.code == 2
    assert "give --model ADDRESS" in called.err
    assert not (tmp_path / "out").exists()
