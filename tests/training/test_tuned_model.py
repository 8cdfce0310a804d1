"""An adapter's merged weights as a further model of a comparison: base and tuned on the same items."""

import json

import pytest

import clinweave
from clinweave.training import Inputs, run_stage
from tests.small_base import use_small_base

pytestmark = pytest.mark.torch


@pytest.fixture
def without_knowledge(monkeypatch, tmp_path):
    """Let a comparison run without building a graph: its only condition is the model alone."""

    class Nothing:
        graph = index = linker = None

    use_small_base(monkeypatch, tmp_path, Nothing())


def test_a_lora_is_compared_with_its_base(tiny_base, data, without_knowledge, tmp_path):
    settings = {
        "steps": 10,
        "batch": 2,
        "max_length": 400,
        "lora_rank": 4,
        "memory_gb": 50,
        "learning_rate": 5e-3,
    }
    tuned = run_stage("sft", settings, Inputs(base=str(tiny_base), data=data), tmp_path / "sft").path
    rows = [
        {"id": f"q{i}", "question": f"Question {i}?", "options": ["yes", "no"], "answer": i % 2}
        for i in range(6)
    ]
    (tmp_path / "b.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (tmp_path / "r.toml").write_text(
        'kind = "comparison"\nresamples = 100\n'
        f'[model]\naddress = "{tiny_base}"\n[[models]]\nname = "tuned"\naddress = "{tuned}"\n'
        '[knowledge]\nconditions = ["base"]\ncontrols = []\n'
        '[[tasks]]\ntype = "benchmark"\npath = "b.jsonl"\ncount = 0\n',
        "utf-8",
    )
    results = clinweave.run(tmp_path / "r.toml", out=tmp_path / "out")
    assert results.models["tuned"]["weights"] != results.model["weights"]
    (row,) = [row for row in results.comparisons if (row.family, row.metric) == ("models", "accuracy")]
    assert (row.condition, row.baseline, row.n) == ("base@tuned", "base", 6)
    scores = {
        (sample["condition"], sample["id"]): sample["scores"]
        for sample in map(json.loads, (tmp_path / "out" / "samples.jsonl").read_text("utf-8").splitlines())
    }
    assert scores["base", "q0"] != scores["base@tuned", "q0"]
