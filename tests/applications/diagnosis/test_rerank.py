"""A language model on top: what it is told, how its opinion is read, fused and refused."""

import json

import pytest
from typer.testing import CliRunner

from clinweave.applications.diagnosis import (
    Diagnoser,
    fuse,
    guard_findings,
    opinion,
    packet,
    prompt,
    reranked,
)
from clinweave.applications.diagnosis.rerank import patient, read_order
from clinweave.cli import app
from clinweave.core.errors import UserError
from clinweave.models import open_model
from tests.applications.diagnosis.conftest import hpoa, obo

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


def test_a_line_is_reordered_and_says_by_whom(line, tmp_path):
    first = line["ranking"][0]["id"]
    model = script(tmp_path, capabilities=["generate"], otherwise="2, 1")
    found = reranked(model, line, float("inf"))
    assert [one["rank"] for one in found["ranking"]] == list(range(1, len(line["ranking"]) + 1))
    assert found["ranking"][1]["id"] == first
    assert found["ranking"][1]["ranker_rank"] == 1
    assert found["reranked"]["read"]
    silent = reranked(script(tmp_path, capabilities=["generate"], otherwise="No."), line, 1.0)
    assert [one["id"] for one in silent["ranking"]] == [one["id"] for one in line["ranking"]]
    assert not silent["reranked"]["read"]
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


def test_the_command_reranks_only_when_asked(tmp_path):
    folder = tmp_path / "release"
    folder.mkdir()
    (folder / "hp.obo").write_text(obo(), "utf-8")
    (folder / "phenotype.hpoa").write_text(hpoa(), "utf-8")
    rules = tmp_path / "script.json"
    rules.write_text(json.dumps({"rules": [], "capabilities": ["generate"], "otherwise": "2, 1"}), "utf-8")
    asked = [
        "diagnose",
        "--hpo",
        "HP:0000301,HP:0000302",
        "--hpo-release",
        str(folder),
        "--mondo",
        "none",
        "--json",
    ]
    more = ["--rerank", f"scripted:{rules}", "--rerank-weight", "100"]
    env = {"CLINWEAVE_HOME": str(tmp_path / "home")}
    plain = json.loads(CliRunner().invoke(app, asked, env=env).stdout)["cases"][0]
    changed = json.loads(CliRunner().invoke(app, [*asked, *more], env=env).stdout)["cases"][0]
    assert "reranked" not in plain
    assert changed["reranked"]["weight"] == 100
    assert changed["ranking"][0]["id"] == plain["ranking"][1]["id"]
