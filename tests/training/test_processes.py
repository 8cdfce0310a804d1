"""Two processes on one machine (gloo) train as one does on the same batches."""

from dataclasses import replace

import pytest

from clinweave.core.errors import UserError
from clinweave.training import Inputs, Settings, matmul_flops, read_curve, run_stage
from clinweave.training.hardware import chosen_precision
from clinweave.training.processes import check

pytestmark = pytest.mark.torch
VALUES = {"steps": 4, "max_length": 400, "lora_rank": 4, "memory_gb": 50, "threads": 1, "learning_rate": 1e-3}
VALUES["precision"] = "float32"  # the losses are compared to four decimals


def losses(path):
    return [row["loss"] for row in read_curve(path) if "loss" in row]


def test_two_processes_have_the_loss_of_one_with_the_same_batch(tiny_base, data, tmp_path):
    updates = []
    inputs = Inputs(
        base=str(tiny_base), data=data, progress=lambda done, total, logged: updates.append((done, total))
    )
    item = run_stage("sft", {**VALUES, "batch": 4}, inputs, tmp_path / "one")
    updates.clear()
    two = run_stage("sft", {**VALUES, "batch": 2, "processes": 2}, inputs, tmp_path / "two")
    assert losses(two.path) == pytest.approx(losses(item.path), abs=2e-4)
    assert updates[-1] == (4, 4)
    assert two.manifest["parameters"]["processes"] == 2
    assert (two.path / "adapter" / "adapter_model.safetensors").is_file()
    assert not run_stage("sft", {**VALUES, "batch": 2, "processes": 2}, inputs, tmp_path / "two").fresh


class StoppedError(Exception):
    """A run that breaks off."""


def test_a_run_goes_on_with_another_number_of_processes(tiny_base, data, tmp_path):
    def stop(done, _total, _logged):
        if done == 3:
            raise StoppedError

    inputs = Inputs(base=str(tiny_base), data=data)
    whole = run_stage("sft", {**VALUES, "batch": 4}, inputs, tmp_path / "whole")
    with pytest.raises(StoppedError):
        run_stage(
            "sft", {**VALUES, "batch": 4, "save_every": 1}, replace(inputs, progress=stop), tmp_path / "out"
        )
    (work,) = tmp_path.glob(".out.checkpoints-*")
    assert list(work.glob("checkpoint-[23]"))
    steps = []
    inputs = replace(inputs, progress=lambda done, _total, _logged: steps.append(done))
    two = run_stage("sft", {**VALUES, "batch": 2, "processes": 2, "save_every": 1}, inputs, tmp_path / "out")
    assert losses(two.path) == pytest.approx(losses(whole.path), abs=2e-4)
    assert min(steps) >= 3, "it began again"
    assert not work.exists()


def test_settings_that_do_not_fit_are_named(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(UserError, match="processes=2"):
        check(Settings())
    monkeypatch.delenv("WORLD_SIZE")
    with pytest.raises(UserError, match="set processes"):
        check(Settings(sharded=True))
    with pytest.raises(UserError, match="lora_rank"):
        check(Settings(quantise="nf4", lora_rank=0))
    with pytest.raises(UserError, match="nf4"):
        check(Settings(quantise="int3"))
    with pytest.raises(UserError, match="4 bits"):
        check(Settings(quantise="nf4", sharded=True, processes=2))


def test_the_number_format_follows_the_hardware(monkeypatch):
    import torch

    assert matmul_flops(seconds=0.01) > 1e6
    assert chosen_precision(Settings(precision="bfloat16")) == ("bfloat16", "asked for")
    with pytest.raises(UserError, match="float32"):
        chosen_precision(Settings(precision="float16"))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr("clinweave.training.hardware._tiles", lambda _: False)
    assert chosen_precision(Settings())[0] == "float32"
    monkeypatch.setattr("clinweave.training.hardware._tiles", lambda _: True)
    for gain, expected in ((3.0, "bfloat16"), (1.0, "float32")):
        monkeypatch.setattr("clinweave.training.hardware.matmul_flops",
                            lambda kind, gain=gain: gain if kind == "bfloat16" else 1.0)  # fmt: skip
        chosen, reason = chosen_precision(Settings())
        assert chosen == expected
        assert f"{gain:.1f}" in reason
