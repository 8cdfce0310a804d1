"""Every stage for a few steps on a tiny random model."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from clinweave.core.errors import UserError
from clinweave.datasets import poisoned, read_examples, write_examples
from clinweave.knowledge import CitationChecker
from clinweave.training import Inputs, Verifier, export, read_curve, run_stage
from clinweave.training.reward import calibration, report
from tests.training.conftest import pair

pytestmark = pytest.mark.torch
FEW = {"steps": 3, "batch": 2, "max_length": 400, "lora_rank": 4, "memory_gb": 50}
KILLED = """
import sys
from pathlib import Path
from clinweave.training import Inputs, run_stage
base, data, out = sys.argv[1:]
run_stage("sft", {"steps": 12, "batch": 2, "max_length": 400, "lora_rank": 4, "save_every": 2, "memory_gb": 50,
                  "threads": 1}, Inputs(base=base, data=Path(data)), Path(out))
"""


@pytest.fixture(scope="module")
def inputs(tiny_base, data):
    return Inputs(base=str(tiny_base), data=data)


@pytest.fixture(scope="module")
def trained_reward(inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("reward") / "reward"
    return run_stage("reward", {**FEW, "steps": 30, "learning_rate": 5e-3, "batch": 4}, inputs, out)


@pytest.mark.parametrize("stage", ["pretrain", "sft", "dpo"])
def test_a_stage_lowers_its_loss_and_leaves_weights_that_load(stage, inputs, tmp_path):
    rate = 5e-3 if stage != "dpo" else 1e-3
    result = run_stage(stage, {**FEW, "steps": 10, "learning_rate": rate}, inputs, tmp_path / stage)
    assert result.manifest["loss"]["last"] < result.manifest["loss"]["first"]
    assert (result.path / "adapter" / "adapter_model.safetensors").is_file()
    assert [row["step"] for row in read_curve(result.path) if "loss" in row] == list(range(1, 11))
    assert (result.path / "curve-loss.svg").read_text("utf-8").startswith("<svg")
    assert not list(tmp_path.glob(".*checkpoints*"))
    again = run_stage(stage, {**FEW, "steps": 10, "learning_rate": rate}, inputs, tmp_path / stage)
    assert not again.fresh


def test_all_weights_can_be_trained_and_telemetry_is_off(inputs, tmp_path):
    result = run_stage("sft", {**FEW, "lora_rank": 0, "cited": 2}, inputs, tmp_path / "full")
    assert result.manifest["items"] == 24  # twelve, twice
    assert not (result.path / "adapter").exists()
    from huggingface_hub import constants

    assert constants.HF_HUB_OFFLINE
    assert constants.HF_HUB_DISABLE_TELEMETRY


def test_the_reward_model_learns_and_is_judged_on_other_diseases(trained_reward):
    held = trained_reward.manifest["held_out"]
    assert held["pairs"] == 16
    assert held["accuracy"] >= 0.9
    assert held["suspect"] == []
    assert 0 <= held["calibration"]["error"] <= 1


def test_a_poisoned_file_is_found_by_held_out_accuracy(inputs, data, tmp_path):
    bad = tmp_path / "data"
    bad.mkdir()
    pairs = list(read_examples(data / "preference.train.jsonl"))
    write_examples(poisoned(pairs, 1.0), bad / "preference.train.jsonl")
    (bad / "preference.held-out-diseases.jsonl").write_bytes(
        (data / "preference.held-out-diseases.jsonl").read_bytes()
    )
    values = {**FEW, "steps": 30, "learning_rate": 5e-3, "batch": 4}
    result = run_stage("reward", values, replace(inputs, data=bad), tmp_path / "reward")
    assert result.manifest["held_out"]["accuracy"] <= 0.2
    assert result.manifest["held_out"]["suspect"]


@pytest.mark.parametrize("stage", ["ppo", "grpo"])
def test_online_stages_run_with_both_rewards(stage, inputs, graph, trained_reward, tmp_path, monkeypatch):
    seen = []

    class Watching(Verifier):
        def judge(self, example, reply):
            seen.append((example.id, reply))
            return super().judge(example, reply)

    monkeypatch.setattr(f"clinweave.training.{stage}.verifier", lambda _: Watching(CitationChecker(graph)))
    values = {**FEW, "reply": 8, "steps": 2} | ({"replies": 2} if stage == "grpo" else {})
    given = replace(inputs, reward=trained_reward.path)
    result = run_stage(stage, values, given, tmp_path / stage)
    assert len(seen) >= 4
    assert {item for item, _ in seen} <= {f"i{n}" for n in range(12)}
    assert result.manifest["reward_model"]["held_out"]["pairs"] == 16
    curve = read_curve(result.path)
    assert any("objective/scores" in row or "rewards/verified/mean" in row for row in curve)


def test_what_is_missing_is_named(inputs, tmp_path):
    with pytest.raises(UserError, match="clinweave data build"):
        run_stage("sft", FEW, replace(inputs, data=tmp_path / "none"), tmp_path / "x")
    with pytest.raises(UserError, match="reward"):
        run_stage("ppo", {**FEW, "reply": 8}, inputs, tmp_path / "x")
    with pytest.raises(UserError, match="GB"):
        run_stage("sft", {**FEW, "memory_gb": 0.1}, inputs, tmp_path / "x")


def test_a_killed_run_goes_on_with_the_same_curve(tiny_base, data, tmp_path):
    arguments = [sys.executable, "-c", KILLED, str(tiny_base), str(data)]
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    subprocess.run([*arguments, str(whole)], check=True, capture_output=True)
    started = subprocess.Popen(
        [*arguments, str(broken)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 120
    while time.monotonic() < until and not list(
        tmp_path.glob(".broken.checkpoints-*/checkpoint-4/trainer_state.json")
    ):
        time.sleep(0.02)
    os.kill(started.pid, signal.SIGKILL)
    started.wait()
    assert not (broken / "manifest.json").exists(), "it was quicker than the kill"
    subprocess.run([*arguments, str(broken)], check=True, capture_output=True)
    item, other = ([row for row in read_curve(folder) if "loss" in row] for folder in (whole, broken))
    assert [row["step"] for row in other] == list(range(1, 13))
    assert [row["loss"] for row in other] == pytest.approx([row["loss"] for row in item], abs=2e-5)


def test_an_export_answers_as_the_weights_do(inputs, tmp_path):
    model = run_stage("sft", FEW, inputs, tmp_path / "sft")
    result = export(model.path, tmp_path / "export", kind="f32", title="tiny")
    assert result.manifest["parity"]["same"] == result.manifest["parity"]["probes"]
    assert result.manifest["parity"]["largest_difference"] < 1e-3
    assert "For research" in (result.path / "README.md").read_text("utf-8")
    from gguf import GGUFReader

    reader = GGUFReader(result.path / "model.gguf")
    assert "<|im_start|>" in reader.get_field("tokenizer.chat_template").contents()
    assert "output.weight" not in {item.name for item in reader.tensors}  # tied
    with pytest.raises(UserError, match="trained"):
        export(tmp_path, tmp_path / "x")


def test_calibration_and_report_say_what_margins_mean(graph):
    assert calibration([100.0, 100.0])["error"] == pytest.approx(0.0, abs=1e-6)
    assert calibration([-100.0, 100.0])["error"] == pytest.approx(0.5, abs=1e-6)
    pairs = [pair(graph, n % 60) for n in range(60)]
    assert report(pairs, [1.0] * 60, 0.6)["suspect"] == []
    assert report(pairs, [-1.0] * 60, 0.6)["suspect"]
    assert "cannot be evaluated" in report([], [], 0.6)["suspect"][0]
    assert json.dumps(report(pairs, [1.0] * 60, 0.6))


@pytest.mark.weights
def test_real_weights_learn_in_a_few_steps(weights, data, tmp_path):
    from clinweave.core.artifacts import home

    result = run_stage("sft", {"steps": 4, "batch": 1, "max_length": 128, "learning_rate": 1e-3, "threads": 1},
                     Inputs(base=str(weights), data=data, home=home()), tmp_path / "sft")  # fmt: skip
    assert result.manifest["loss"]["last"] < result.manifest["loss"]["first"]
