"""Ranking many cases, and vectors of many texts, from the command line: what the single commands give."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from clinweave.applications.diagnosis import Diagnoser, Release, open_model, packet
from clinweave.cli import main
from clinweave.knowledge import SentenceEncoder
from tests.applications.diagnosis.conftest import hpoa, obo

CASES = [
    {"id": "lens", "observed": ["HP:0000102", "HP:0000202"], "excluded": ["HP:0000301"], "age": "12y"},
    {"id": 2, "observed": ["HP:0000301"], "sex": "MALE"},
    {"id": "old-id", "observed": ["HP:0009102"]},
    {"id": "unknown", "observed": ["HP:7654321"], "sex": "dragon", "age": "three"},
    {"id": "empty", "observed": []},
]
BAD = [
    {"id": "text", "observed": "HP:0000301"},
    {"id": "numbers", "observed": [301]},
    {"id": "none"},
    {"observed": ["HP:0000301"]},
]


def run(*arguments, code=0):
    with pytest.raises(SystemExit) as stopped:
        main(["batch", *map(str, arguments)])
    assert stopped.value.code == code


def run_diagnose(cases, out, *settings, code=0):
    options = [word for item in settings for word in ("--set", item)]
    run("diagnose", cases, "--out", out, *options, "--json", code=code)


def rows_of(folder):
    parts = json.loads((folder / "manifest.json").read_text("utf-8"))["parts"]
    return [row for name in parts for row in pq.read_table(folder / f"{name}.parquet").to_pylist()]


@pytest.fixture
def release(tmp_path, monkeypatch):
    """Return the folder of a small release, in an empty home."""
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "hp.obo").write_text(obo(), "utf-8")
    (tmp_path / "release" / "phenotype.hpoa").write_text(hpoa(), "utf-8")
    return tmp_path / "release"


@pytest.fixture
def cases(tmp_path):
    path = tmp_path / "cases.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in (*CASES, *BAD)), "utf-8")
    return path


def test_cases_are_ranked_as_one_at_a_time(release, cases, tmp_path, capsys):
    run_diagnose(cases, tmp_path / "out", f"release={release}", "top=3")
    printed = json.loads(capsys.readouterr().out)
    assert printed["errors"] == {
        'needs "observed"': 1, 'needs an "id"': 1, '"observed" is not a list of texts': 2,
    }  # fmt: skip
    rows = rows_of(tmp_path / "out")
    assert [row["id"] for row in rows] == [
        "lens",
        "2",
        "old-id",
        "unknown",
        "empty",
        "text",
        "numbers",
        "none",
        None,
    ]
    files = Release(release / "hp.obo", release / "phenotype.hpoa")
    diagnoser = Diagnoser(open_model(files, tmp_path / "own"))
    for row, case in zip(rows, CASES, strict=False):
        single = diagnoser.diagnose(packet(case), top=3, explained=0)
        assert row["error"] is None
        assert row["ranking"] == [entry["id"] for entry in single["ranking"]]
        assert row["scores"] == [entry["score"] for entry in single["ranking"]]
        assert row["problems"] == list(single["problems"])
        assert json.loads(row["result"])["ranking"] == json.loads(json.dumps(single["ranking"]))
    assert rows[0]["ranking"][0] == "OMIM:1"
    assert rows[2]["ranking"][0] == "OMIM:1"  # by its alternative id


def test_what_is_ignored_of_a_case_is_reported(release, cases, tmp_path):
    run_diagnose(cases, tmp_path / "out", f"release={release}")
    problems = {row["id"]: " ".join(row["problems"] or ()) for row in rows_of(tmp_path / "out")}
    assert problems["lens"] == ""
    for part in (
        "HP:7654321 is not in HPO",
        "neither MALE nor FEMALE",
        "age cannot be read",
    ):
        assert part in problems["unknown"]
    assert "no usable finding" in problems["empty"]


def test_reasons_and_another_release(release, cases, tmp_path, capsys):
    run_diagnose(cases, tmp_path / "out", f"release={release}", "reasons=1")
    first = json.loads(rows_of(tmp_path / "out")[0]["result"])["ranking"]
    assert first[0]["reasons"]
    (release / "phenotype.hpoa").write_text(hpoa().replace("9/10", "1/10"), "utf-8")
    run_diagnose(cases, tmp_path / "out", f"release={release}", "reasons=1", code=2)
    assert "holds the result of another job" in capsys.readouterr().err
    run_diagnose(cases, tmp_path / "x", f"release={tmp_path / 'nothing'}", code=2)
    assert "nothing" in capsys.readouterr().err


@pytest.mark.weights
def test_vectors_are_those_of_the_encoder(fetched, tmp_path):
    pytest.importorskip("tokenizers", reason="tokenizers is in the dense extra")
    fetched("all-minilm-l6-v2")
    from clinweave.core.artifacts import home

    texts = ["Seizures in a child.", "The child had convulsions.", "Invoice for a bicycle."]
    path = tmp_path / "texts.jsonl"
    path.write_text(
        "".join(json.dumps({"id": n, "text": text}) + "\n" for n, text in enumerate(texts)), "utf-8"
    )
    run("embed", path, "--out", tmp_path / "out", "--workers", "1")
    vectors = np.array([row["vector"] for row in rows_of(tmp_path / "out")], np.float32)
    assert vectors == pytest.approx(SentenceEncoder.open(home()).encode(texts), abs=1e-3)
    near, far = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert near > 0.6 > 0.3 > far
