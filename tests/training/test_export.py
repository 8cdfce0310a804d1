"""An export says where it comes from, and one that answers otherwise is not written."""

import json
from dataclasses import replace

import pytest

from clinweave.core.errors import ClinweaveError
from clinweave.training import Inputs, export, run_stage
from clinweave.training.cards import card, lineage, of_data
from clinweave.training.exporting import check_parity

SOURCES = {
    "a": {"name": "Open", "release": "1", "licence": "CC0", "tier": "public"},
    "b": {"name": "Closed", "release": "2", "licence": "on request", "tier": "gated"},
}


def manifest(path, **more):
    path.mkdir(parents=True, exist_ok=True)
    (path / "manifest.json").write_text(json.dumps(more), "utf-8")
    return path


def test_the_strictest_tier_and_every_source_travel_through_the_stages(tmp_path):
    data = manifest(
        tmp_path / "data", sources=SOURCES, decontamination={"benchmarks": {"medqa": 5}, "removed": 2}
    )
    inputs = Inputs(base="smollm2", data=data)
    first = lineage(tmp_path / "base", inputs)
    assert first["base"] == "SmolLM2-135M-Instruct"
    assert first["data"]["tier"] == "gated"
    stage = manifest(tmp_path / "sft", kind="sft", steps=3, items=9, lineage=first)
    open_ = manifest(tmp_path / "open", sources={"a": SOURCES["a"]})
    second = lineage(stage, replace(inputs, base=str(stage), data=open_))
    assert second["data"]["tier"] == "gated"  # what was trained on stays in the weights
    assert {item["name"] for item in second["data"]["sources"]} == {"Open", "Closed"}
    assert second["stages"] == [{"kind": "sft", "steps": 3, "items": 9}]
    assert (
        lineage(tmp_path / "base", replace(inputs, data=tmp_path / "own.jsonl"))["data"]["tier"] == "unknown"
    )
    assert of_data({"sources": {"a": SOURCES["a"]}})["tier"] == "public"

    dpo_manifest = {
        "kind": "dpo",
        "steps": 4,
        "items": 8,
        "parameters": {},
        "inputs": {"data": "k"},
        "lineage": second,
    }
    shown = card(
        "Mine",
        dpo_manifest,
        "f32",
        {"probes": 4, "same": 4, "largest_difference": 0.0},
        {"sft: choice": "50 %"},
    )
    tier = ("access_tier: gated", "| Closed | 2 | on request | gated |", "do not pass them on")
    stages = ("Stage sft: 3 steps", "Stage dpo: 4 steps", "SmolLM2-135M-Instruct", "- sft: choice: 50 %")
    for part in (*tier, *stages, "For research"):
        assert part in shown, part


@pytest.mark.parametrize("kind", ["f32", "f16", "q8_0"])
def test_a_form_that_answers_otherwise_is_refused(kind):
    check_parity({"probes": 4, "same": 4, "largest_difference": 0.0005}, kind)
    with pytest.raises(ClinweaveError, match="Nothing was exported"):
        check_parity({"probes": 4, "same": 4, "largest_difference": 0.3}, kind)


@pytest.mark.torch
def test_a_tensor_that_is_wrong_is_found_by_the_likelihoods(tiny_base, data, tmp_path, monkeypatch):
    import numpy as np

    from clinweave.training import gguf_writer

    values = {"steps": 1, "batch": 2, "max_length": 400, "lora_rank": 4, "memory_gb": 50, "threads": 1}
    model = run_stage("sft", values, Inputs(base=str(tiny_base), data=data), tmp_path / "sft")
    add = gguf_writer._add
    monkeypatch.setattr(gguf_writer, "_add", lambda out, label, given, kind: add(
        out, label, np.asarray(given) * 1.05 if label == "blk.0.ffn_down.weight" else given, kind
    ))  # fmt: skip
    with pytest.raises(ClinweaveError, match="nats a token"):
        export(model.path, tmp_path / "export", kind="f32")
    assert not (tmp_path / "export").exists()
