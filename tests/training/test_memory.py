import json
from dataclasses import replace
from pathlib import Path

import pytest

from clinweave import training
from clinweave.core.errors import UserError
from clinweave.training import FACTS, STAGES, Settings, estimate, shape_from, stage_config
from clinweave.training.memory import Shape, require

SMOL = {
    "hidden_size": 576, "num_hidden_layers": 30, "intermediate_size": 1536, "vocab_size": 49152,
    "num_attention_heads": 9, "num_key_value_heads": 3, "tie_word_embeddings": True,
}  # fmt: skip
SEVEN = Shape(7_000_000_000, 4096, 32, 32000)


def test_parameters_are_counted_from_the_configuration_alone():
    assert shape_from(SMOL).parameters == 134_515_008  # as loaded and counted
    with pytest.raises(UserError, match="hidden_size"):
        shape_from({key: value for key, value in SMOL.items() if key != "hidden_size"})


def test_every_stage_is_a_module_with_facts():
    assert tuple(FACTS) == STAGES
    folder = Path(training.__file__).parent
    assert [name for name in STAGES if not (folder / f"{name}.py").is_file()] == []
    assert {name for name in STAGES if FACTS[name].writes_replies} == {"ppo", "grpo"}


def test_every_knob_saves_and_more_models_cost():
    full = Settings(lora_rank=0, batch=8, max_length=1024)
    whole = estimate(SEVEN, full, "sft").total
    for less in (replace(full, lora_rank=16), replace(full, batch=4), replace(full, max_length=512),
                 replace(full, checkpointing=True)):  # fmt: skip
        assert estimate(SEVEN, less, "sft").total < whole
    assert min(estimate(SEVEN, full, stage).total for stage in ("ppo", "dpo", "grpo")) > whole
    adapters = replace(full, lora_rank=16)
    four = estimate(SEVEN, replace(adapters, quantise="nf4"), "sft", "bfloat16").total
    assert four < estimate(SEVEN, adapters, "sft", "bfloat16").total < estimate(SEVEN, adapters, "sft").total


def test_the_estimate_is_above_what_stages_took():
    # peaks of recipes/doctorgpt.toml's stages on SmolLM2-135M in float32, each in a program of its own, in GB
    whole = {"lora_rank": 0, "layers": 20, "max_length": 400}
    for stage, values, peak in (("sft", {**whole, "batch": 1, "share": 1200}, 3.7),
                                ("reward", {"batch": 2, "max_length": 400}, 4.6),
                                ("ppo", {"batch": 4, "max_length": 400, "reply": 48}, 9.7),
                                ("dpo", {"batch": 2, "max_length": 400}, 5.8)):  # fmt: skip
        need = estimate(shape_from(SMOL), stage_config(stage, values), stage).total / 1e9
        assert peak <= need <= 1.4 * peak, (stage, need)


def test_a_row_of_shared_prompts_counts_with_all_its_tokens():
    # peaks of two steps of adapters in bfloat16, wrong replies beside right ones, each in a program of its own, in GB
    coder = {
        "hidden_size": 1536, "intermediate_size": 8960, "vocab_size": 151_936, "num_attention_heads": 12,
        "num_key_value_heads": 2, "tie_word_embeddings": False,
    }  # fmt: skip
    values = {"batch": 1, "share": 1200, "contrast": 1.0, "max_length": 400, "lora_rank": 16}
    for config, peak in (
        (SMOL, 2.65),
        ({**coder, "num_hidden_layers": 2}, 3.4),
        ({**coder, "num_hidden_layers": 6}, 4.45),
    ):
        need = estimate(shape_from(config), stage_config("sft", values), "sft", "bfloat16").total / 1e9
        assert peak <= need <= 1.4 * peak, need
    short = stage_config("sft", {**values, "share": 600})
    whole = shape_from({**coder, "num_hidden_layers": 28})
    assert (
        estimate(whole, short, "sft", "bfloat16").total
        < estimate(whole, stage_config("sft", values), "sft", "bfloat16").total
    )


def test_too_little_memory_names_the_knob_before_anything_is_loaded():
    with pytest.raises(UserError, match=r"sft needs about .* GB, and 8.0 GB may be used; set lora_rank"):
        require(SEVEN, Settings(lora_rank=0, batch=1, memory_gb=8.0), "sft", "bfloat16")
    with pytest.raises(UserError, match=r"set (batch|max_length|checkpointing)"):
        require(shape_from(SMOL), Settings(batch=64, max_length=2048, memory_gb=8.0), "sft", "float32")
    assert require(shape_from(SMOL), Settings(memory_gb=20.0), "sft", "float32").total < 20e9


def test_an_unknown_key_or_type_names_the_nearest():
    with pytest.raises(UserError, match="did you mean 'steps'"):
        stage_config("sft", {"step": 3})
    with pytest.raises(UserError, match="expected int"):
        stage_config("sft", {"steps": "many"})
    with pytest.raises(UserError, match="did you mean 'reward'"):
        stage_config("rewards", {})
    assert stage_config("dpo", {"beta": 1}).beta == 1.0
    assert json.dumps(stage_config("grpo", {"replies": 2}).replies) == "2"
