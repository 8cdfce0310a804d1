"""The estimates of memory and of operations beside what torch counts on a small model."""

import json
from dataclasses import replace

import pytest

from clinweave.training import Settings, estimate, shape_from, work
from clinweave.training.durations import per_token
from clinweave.training.memory import Shape

CONFIG = {"hidden_size": 128, "num_hidden_layers": 6, "intermediate_size": 344, "vocab_size": 512,
          "num_attention_heads": 4, "num_key_value_heads": 2, "tie_word_embeddings": True}  # fmt: skip
BATCH, LENGTH = 2, 128
SEVEN = {"hidden_size": 3584, "num_hidden_layers": 28, "intermediate_size": 18944, "vocab_size": 152064,
         "num_attention_heads": 28, "num_key_value_heads": 4, "tie_word_embeddings": False}  # fmt: skip


@pytest.fixture(scope="module")
def make(extra):
    """Return a function that makes the model, with or without checkpointing."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    def made(attention, *, checkpointing):
        torch.manual_seed(0)
        model = LlamaForCausalLM(
            LlamaConfig(**CONFIG, attn_implementation=attention, use_cache=False)
        ).train()
        if checkpointing:
            model.gradient_checkpointing_enable()
        return model, torch.randint(0, 512, (BATCH, LENGTH))

    return made


def saved(make, *, checkpointing):
    """Return the bytes that one forward pass keeps for the backward pass, without the weights."""
    import torch

    model, ids = make("sdpa", checkpointing=checkpointing)
    own = {one.untyped_storage().data_ptr() for one in model.parameters()}
    held = {}

    def pack(one):
        place = one.untyped_storage().data_ptr()
        if place not in own:
            held[place] = one.untyped_storage().nbytes()
        return one

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda one: one):
        loss = model(input_ids=ids, labels=ids).loss
    del loss
    return sum(held.values())


@pytest.mark.torch
@pytest.mark.parametrize("checkpointing", [False, True])
def test_operations_are_those_that_torch_counts(make, checkpointing):
    from torch.utils.flop_counter import FlopCounterMode

    # torch counts no fused attention on a CPU
    model, ids = make("eager", checkpointing=checkpointing)
    with FlopCounterMode(display=False) as counted:
        model(input_ids=ids, labels=ids).loss.backward()
    settings = Settings(lora_rank=0, checkpointing=checkpointing)
    guessed = per_token(shape_from(CONFIG), settings, LENGTH) * BATCH * LENGTH
    assert guessed == pytest.approx(counted.get_total_flops(), rel=0.1)


@pytest.mark.torch
def test_activations_are_within_the_estimate_and_not_far_under(make):
    settings = Settings(batch=BATCH, max_length=LENGTH, lora_rank=0)
    kept = {item: saved(make, checkpointing=item) for item in (False, True)}
    kept[True] += kept[False] / CONFIG["num_hidden_layers"]  # one layer is computed again at a time
    for checkpointing, measured in kept.items():
        need = estimate(shape_from(CONFIG), replace(settings, checkpointing=checkpointing), "sft")
        guessed = need.activations + need.logits
        assert guessed * 0.25 <= measured <= guessed, (checkpointing, measured, guessed)


def test_shards_and_bits_lower_what_one_device_holds():
    shape = shape_from(SEVEN)
    assert shape.parameters == pytest.approx(7.6e9, rel=0.01)  # Qwen2.5-7B
    full = Settings(lora_rank=0, batch=1, max_length=1024, checkpointing=True)
    alone = estimate(shape, full, "sft", "bfloat16").total
    eight = estimate(shape, replace(full, processes=8, sharded=True), "sft", "bfloat16").total
    assert alone > 120e9
    assert eight < 30e9
    assert estimate(shape, replace(full, processes=8), "sft", "bfloat16").total == alone
    adapters = replace(full, lora_rank=16)
    assert estimate(shape, replace(adapters, quantise="nf4"), "sft", "bfloat16").total < 16e9
    assert estimate(shape, adapters, "sft", "bfloat16").total < 24e9


def test_hours_follow_tokens_devices_and_what_learns():
    shape = Shape(1_000_000_000, 2048, 16, 32000, tied=True)
    item = Settings(steps=100, batch=4, max_length=512)
    cost = work(shape, item, "sft")
    assert cost.tokens == 100 * 4 * 512
    assert cost.hours(1e12, 2) == pytest.approx(cost.hours(1e12) / 2)
    assert work(shape, replace(item, lora_rank=0), "sft").operations > cost.operations * 1.3
    assert work(shape, replace(item, checkpointing=True), "sft").operations > cost.operations * 1.3
    assert work(shape, replace(item, processes=2), "sft").tokens == 2 * cost.tokens
    assert work(shape, item, "dpo").operations > work(shape, item, "reward").operations > cost.operations
    assert work(shape, item, "sft", 100).tokens == 100 * 4 * 100
    assert work(shape, item, "ppo") is None


def test_the_command_estimates_a_stage_and_a_recipe(tmp_path, capsys):
    from clinweave.cli import main

    file = tmp_path / "config.json"
    file.write_text(json.dumps(SEVEN), "utf-8")

    def run(*arguments):
        with pytest.raises(SystemExit) as stopped:
            main(["estimate", "--model-config", str(file), "--tflops", "300", *arguments])
        return stopped.value.code, capsys.readouterr()

    code, shown = run("--gpus", "8", "--set", "sharded=true", "--set", "lora_rank=0", "--json")
    assert code == 0
    row = json.loads(shown.out)["stages"][0]
    assert row["devices"] == 8
    assert set(row["gb"]) == {"weights", "training", "activations", "logits", "total"}
    assert row["hours"] > 0
    code, shown = run("recipes/doctorgpt-7b-qlora.toml", "--memory", "80")
    assert code == 0
    assert "fits" in shown.out
    assert "No hours" in shown.out
    assert run("--set", "lora_rang=0")[0] == 2
    file.write_text("{", "utf-8")
    assert run()[0] == 2
