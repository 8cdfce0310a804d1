"""The recipes for 7B models as far as a CPU goes: their stages' settings on a tiny model, by two processes (gloo)."""

from dataclasses import replace
from pathlib import Path

import pytest

from clinweave.core.errors import UserError
from clinweave.evaluation import load_recipe
from clinweave.training import Inputs, read_curve, run_stage, stage_config

pytestmark = pytest.mark.torch
RECIPES = Path(__file__).parents[2] / "recipes"
SMALL = {
    "steps": 4,
    "batch": 2,
    "accumulate": 1,
    "max_length": 400,
    "memory_gb": 50,
    "threads": 1,
    "cited": 1,
}
SMALL |= {"precision": "float32", "learning_rate": 1e-3, "save_every": 1}


def settings_of(recipe, stage, **changes):
    """Return a stage's settings in a recipe, made small; `sharded` needs devices."""
    (chosen,) = [item for item in load_recipe(RECIPES / f"{recipe}.toml").stages if item.name == stage]
    settings = {**chosen.settings, **SMALL, "processes": 2, "sharded": False, **changes}
    known = stage_config(stage, {}).__dataclass_fields__
    return {name: value for name, value in settings.items() if name in known}


def losses(path):
    return [row["loss"] for row in read_curve(path) if "loss" in row]


class StoppedError(Exception):
    """A run that breaks off."""


def stopped_at(step):
    def stop(done, _total, _logged):
        if done == step:
            raise StoppedError

    return stop


@pytest.mark.parametrize("recipe", ["doctorgpt-7b-full", "doctorgpt-7b-qlora"])
def test_every_stage_of_the_recipes_has_settings_that_are_read(recipe):
    for stage in load_recipe(RECIPES / f"{recipe}.toml").stages:
        config = stage_config(stage.type, stage.settings)
        assert config.checkpointing
        assert config.save_every


def test_all_weights_by_two_processes_and_resumed_by_one(tiny_base, data, tmp_path):
    two = settings_of("doctorgpt-7b-full", "sft")
    one = {**two, "processes": 1, "batch": 4}
    assert (two["lora_rank"], two["checkpointing"]) == (0, True)
    inputs, steps = Inputs(base=str(tiny_base), data=data), []
    whole = run_stage("sft", one, inputs, tmp_path / "whole")
    with pytest.raises(StoppedError):
        run_stage("sft", two, replace(inputs, progress=stopped_at(3)), tmp_path / "out")
    resumed = replace(inputs, progress=lambda done, _total, _logged: steps.append(done))
    result = run_stage("sft", one, resumed, tmp_path / "out")
    assert min(steps) >= 3, "it began again"
    assert losses(result.path) == pytest.approx(losses(whole.path), abs=2e-4)
    assert result.manifest["distributed"] == "NO"


def test_four_bits_by_two_processes_and_resumed_by_one(tiny_base, data, tmp_path):
    pytest.importorskip("bitsandbytes", reason="bitsandbytes is in the gpu extra")
    two = settings_of("doctorgpt-7b-qlora", "sft")
    one = {**two, "processes": 1, "batch": 4}
    assert (two["quantise"], two["checkpointing"]) == ("nf4", True)
    inputs, steps = Inputs(base=str(tiny_base), data=data), []
    whole = run_stage("sft", one, inputs, tmp_path / "whole")
    both = run_stage("sft", two, inputs, tmp_path / "both")
    assert both.manifest["distributed"] == "MULTI_CPU"
    assert losses(both.path) == pytest.approx(losses(whole.path), abs=5e-3)
    with pytest.raises(StoppedError):
        run_stage("sft", two, replace(inputs, progress=stopped_at(3)), tmp_path / "out")
    resumed = replace(inputs, progress=lambda done, _total, _logged: steps.append(done))
    result = run_stage("sft", one, resumed, tmp_path / "out")
    assert min(steps) >= 3, "it began again"
    assert losses(result.path) == pytest.approx(losses(whole.path), abs=5e-3)
    assert (result.path / "adapter" / "adapter_model.safetensors").is_file()


def test_sharding_without_devices_is_refused(tiny_base, data, tmp_path):
    import torch

    if torch.accelerator.is_available():
        pytest.skip("this machine has devices to shard over")
    settings = settings_of("doctorgpt-7b-full", "sft", sharded=True)
    with pytest.raises(UserError, match="sharded = true needs GPUs"):
        run_stage("sft", settings, Inputs(base=str(tiny_base), data=data), tmp_path / "out")
