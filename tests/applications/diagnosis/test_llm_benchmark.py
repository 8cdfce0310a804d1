"""A language model on top: what it is told, how its opinion is read, fused and refused."""

import json
from random import Random

import pytest
from benchmarks.diagnosis_llm.measure import Asked, compare, guard_findings, table, verdict
from benchmarks.diagnosis_llm.opinions import fuse, opinion, patient, prompt, read_order

from clinweave.applications.diagnosis import Diagnoser, packet
from clinweave.core.errors import UserError
from clinweave.evaluation.diagnosis.truth import Truth
from clinweave.models import open_model

CASE = {"id": "x", "observed": ["HP:0000301", "HP:0000302"], "excluded": ["HP:0000202"]}


@pytest.fixture
def line(model):
    return Diagnoser(model).diagnose(packet(CASE), explained=10)


def script(tmp_path, **body):
    path = tmp_path / "script.json"
    path.write_text(json.dumps({"rules": [], **body}), "utf-8")
    return open_model(f"scripted:{path}")


def test_the_opinion_moves_what_is_close_and_not_what_is_far():
    assert fuse([5.0, 4.9, 0.0], [0.0, 1.0, 2.0], 0.5) == [1, 0, 2]
    assert fuse([5.0, 4.9, 0.0], [0.0, 1.0, 2.0], float("inf")) == [2, 1, 0]
    assert fuse([5.0, 4.9, 0.0], [1.0, 1.0, 1.0], float("inf")) == [0, 1, 2]
    assert fuse([5.0, 4.9, 0.0], [0.0, 1.0, 2.0], 0.0) == [0, 1, 2]


@pytest.mark.parametrize(
    ("reply", "order"),
    [
        ("2, 1, 3\nbecause of the seizures", [1, 0, 2]),
        ("Best first: 3", [2, 0, 1]),
        ("4, 1", None),
        ("1, 1", None),
        ("I cannot say.", None),
    ],
)
def test_replies_are_read_or_counted_as_unread(reply, order):
    assert read_order(reply, 3) == order


def test_the_model_is_told_findings_and_evidence_and_no_id(line, tmp_path):
    assert "The patient has:" in patient(line)
    assert "Not found: Aneurysm" in patient(line)
    seen = []

    class Listening:
        name, local, capabilities = "listening", True, frozenset({"generate"})

        def generate(self, messages, **_):
            seen.append(messages[-1]["content"])
            return type("Reply", (), {"text": "2, 1"})()

    told = opinion(Listening(), *prompt(line))
    assert told.method == "generation"
    assert told.values[1] > told.values[0]
    assert "Seizure" in seen[0]
    assert "recorded" in seen[0]
    assert "OMIM:" not in seen[0]
    opinion(Listening(), *prompt(line, evidence=False))
    assert "recorded" not in seen[1]


def test_a_model_that_scores_gives_one_value_a_candidate_and_one_that_says_no_gives_none(line, tmp_path):
    silent = opinion(script(tmp_path, capabilities=["generate"], otherwise="No."), *prompt(line))
    assert silent.values is None
    assert silent.argument == "No."
    scored = opinion(script(tmp_path), *prompt(line))
    assert scored.method == "likelihood"
    assert len(scored.values) == min(10, len(line["ranking"]))


def test_findings_do_not_leave_this_machine_unasked():
    class Remote:
        name, local = "big", False

        def describe(self):
            return {"address": "https://models.example/v1"}

    with pytest.raises(UserError, match=r"--allow-remote models\.example"):
        guard_findings(Remote())
    guard_findings(Remote(), "models.example")


def test_the_model_on_top_is_weighed_on_the_development_part_alone():
    random = Random(1)
    truths = [Truth(f"c{i}", f"OMIM:{i}", f"PMID:{i}") for i in range(60)]
    right = [[float(index == 1) for index in range(3)] for _ in truths]
    rows = [
        Asked(
            item.id,
            1,
            (1.0, 0.9, 0.0),
            {
                "model": told,
                "exchanged": [0.0, 0.0, 1.0],
                "names": None,
                "random": [random.gauss(0, 1) for _ in range(3)],
            },
        )
        for item, told in zip(truths, right, strict=True)
    ]

    class Named:
        name, capabilities = "oracle", frozenset({"score"})

    result = compare(rows, truths, 200, Named())
    assert result.alone == (0.0, 1.0)
    best = next(row for row in result.rows if row.kind == "model" and row.chosen)
    assert best.top[0] == 1.0
    assert "helps" in verdict(result)
    assert "oracle" in verdict(result)
    unread = next(row for row in result.rows if row.kind == "names")
    assert unread.over[0][0] == 0.0
    assert "| the ranks alone | | 0.0 % | 100.0 % | |" in table(result)
