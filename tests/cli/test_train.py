import json
from pathlib import Path

import pytest

from tests.models import tiny


def test_an_unknown_setting_or_stage_is_named_before_anything_is_loaded(call, tmp_path):
    code, _, err = call("train", "sft", "--data", tmp_path, "--set", "stepz=3")
    assert code == 2
    assert "did you mean 'steps'" in err
    assert call("train", "sft", "--data", tmp_path, "--set", "steps")[0] == 2
    assert call("train", "sftt", "--data", tmp_path)[0] == 2


@pytest.mark.torch
def test_one_item_is_shown_as_the_model_sees_it_and_a_stage_runs(call, tmp_path, monkeypatch):
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    base = tiny.write(tmp_path / "tiny.gguf")
    rows = [{"instruction": f"What is {n}?", "output": f"A number, {n}."} for n in range(8)]
    data = Path(tmp_path / "own.jsonl")
    data.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    code, out, _ = call("train", "sft", "--data", data, "--base", base, "--show-example")
    assert code == 0
    assert "<|im_start|>assistant\n[[A number, 0.<|im_end|>]]" in out
    settings = ("--set", "steps=2", "--set", "batch=2", "--set", "memory_gb=50")
    code, out, _ = call(
        "train", "sft", "--data", data, "--base", base, "--out", tmp_path / "m", *settings, "--json"
    )
    assert code == 0
    assert json.loads(out)["items"] == 8
    code, out, _ = call("export", tmp_path / "m", "--out", tmp_path / "e", "--form", "f32", "--json")
    assert code == 0
    assert json.loads(out)["parity"]["probes"] == 4
