"""The conformance checks of clinweave, on every extension of this package."""

from dataclasses import dataclass
from pathlib import Path

from clinweave_almanac.command import app
from clinweave_almanac.database import ALMANAC
from clinweave_almanac.metric import answered
from clinweave_almanac.model import open_echo
from clinweave_almanac.report_block import chance
from clinweave_almanac.retriever import AlmanacRetriever
from clinweave_almanac.task import make_questions
from clinweave_almanac.tool import TOOL

import clinweave
from clinweave import testing
from clinweave.evaluation.comparison import TaskSettings

TABLE = (
    "id\tname\tfinding_id\tfinding\tyear\n"
    "MONDO:0000001\tAlpha syndrome\tHP:0000001\tLong fingers\t1931\n"
    "MONDO:0000002\tBeta syndrome\tHP:0000002\tShort fingers\tunknown\n"
)


@dataclass
class Parts:
    """A knowledge base in which nothing was built."""

    home: Path

    def has(self, part: str) -> bool:
        return False


@dataclass
class Sample:
    """A scored sample, as far as the metric reads it."""

    choice: int | None


def test_database(tmp_path):
    path = tmp_path / "almanac.tsv"
    path.write_text(TABLE, "utf-8")
    records = testing.check_database(ALMANAC, {"almanac.tsv": path})
    assert len(records) == 4  # the second row has no year


def test_retriever(tmp_path):
    questions = ["When was Alpha syndrome described?"]
    (item,) = testing.check_retriever(AlmanacRetriever, Parts(tmp_path), questions)
    assert "1931" in item.text


def test_model():
    testing.check_model(open_echo("yes indeed"))


def test_task():
    settings = TaskSettings("first-described", count=2)
    questions = testing.check_questions(lambda: make_questions(None, settings, 0))
    assert [item.options[item.answer] for item in questions] == ["1931", "1950"]


def test_metric():
    assert testing.check_metric(answered, [Sample(1), Sample(None)]) == 0.5


def test_report_block():
    results = {"kind": "comparison", "tasks": {"t": {"floors": {"chance": 0.25}}}}
    assert testing.check_report_block(chance, results).title == "Chance by task"


def test_tool(tmp_path):
    with clinweave.open(tmp_path) as base:
        (result,) = testing.check_tool(
            TOOL, base, [{"disease": "Alpha syndrome"}], bad=[{"disease": "Gamma syndrome"}, {"disease": " "}]
        )
    assert result["year"] == 1931


def test_command():
    testing.check_command(app)
