"""Estimated memory of training a 7B model, beside accelerate's own figures, from a config.json alone (extra `train`).

python benchmarks/training_memory.py [config.json] [--json OUT]

accelerate states the weights and, for Adam on all of them, weights, gradients and moments; it counts no activations, no
logits, no adapters and no devices. Its command asks the hub for a model's name, so its functions are called here.
"""

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

QWEN_7B = {  # Qwen2.5-7B-Instruct's config.json
    "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 3584, "intermediate_size": 18944,
    "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4, "vocab_size": 152064,
    "tie_word_embeddings": False, "max_position_embeddings": 32768, "rms_norm_eps": 1e-06, "hidden_act": "silu",
}  # fmt: skip


def accelerates(config: dict) -> dict[str, float]:
    """Return bytes by accelerate: parameters, weights by precision, and Adam on all weights."""
    from accelerate import init_empty_weights
    from accelerate.commands.estimate import estimate_training_usage
    from accelerate.utils import calculate_maximum_sizes
    from transformers import AutoConfig, AutoModelForCausalLM

    known = {key: value for key, value in config.items() if key != "model_type"}
    with init_empty_weights():
        model = AutoModelForCausalLM.from_config(
            AutoConfig.for_model(config["model_type"], **known), dtype="float32"
        )
    whole, (largest, _) = calculate_maximum_sizes(model)
    return {
        "parameters": sum(item.numel() for item in model.parameters()),
        "float32": whole, "bfloat16": whole / 2, "4 bits": whole / 8, "largest layer, float32": largest,
        "Adam, float32": max(estimate_training_usage(whole, "float32").values()),
    }  # fmt: skip


def ours(config: dict) -> dict[str, float]:
    """Return the same by clinweave."""
    from clinweave.training import estimate, shape_from, stage_config

    shape = shape_from(config)
    full = stage_config("sft", {"lora_rank": 0, "batch": 1, "max_length": 1})
    adapters = stage_config("sft", {"lora_rank": 16, "batch": 1, "max_length": 1})
    four = stage_config("sft", {"lora_rank": 16, "batch": 1, "max_length": 1, "quantise": "nf4"})
    whole = estimate(shape, full, "sft", "float32")
    return {
        "parameters": shape.parameters,
        "float32": whole.weights,
        "bfloat16": estimate(shape, adapters, "sft", "bfloat16").weights,
        "4 bits": estimate(shape, four, "sft", "bfloat16").weights,
        "Adam, float32": whole.weights + whole.training,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "config", type=Path, nargs="?", help="config.json (Qwen2.5-7B-Instruct's if not given)"
    )
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    config = json.loads(options.config.read_text("utf-8")) if options.config else QWEN_7B
    theirs, own = accelerates(config), ours(config)
    print("| GB | accelerate | clinweave | ratio |\n|---|---|---|---|")
    for name, value in own.items():
        scale = 1 if name == "parameters" else 1e9
        print(f"| {name} | {theirs[name] / scale:,.1f} | {value / scale:,.1f} | {value / theirs[name]:.3f} |")
    if options.json:
        options.json.write_text(json.dumps({"accelerate": theirs, "clinweave": own}, indent=1), "utf-8")


if __name__ == "__main__":
    main()
