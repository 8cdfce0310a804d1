"""Write transformers weights as a GGUF file for llama.cpp, with tokenizer and chat template.

Names and the order of rotary rows are those of the `gguf` package (https://github.com/ggml-org/llama.cpp, gguf-py).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.core.errors import UserError
from clinweave.training.base_models import NOTES

if TYPE_CHECKING:
    import torch
    from gguf import GGUFWriter

KINDS = ("f32", "f16", "q8_0")
_NORMAL, _CONTROL, _USER = 1, 3, 4  # token types
_PRE = {"qwen2": "qwen2", "llama": "smollm"}  # how text is cut before merging, where the base does not say


def write_gguf(folder: Path, path: Path, kind: str = "q8_0", name: str = "clinweave") -> Path:
    """Write the weights of a folder to `path`. Raises `UserError` for an architecture that is not known here."""
    import gguf

    if kind not in KINDS:
        raise UserError(f"unknown kind of GGUF {kind!r}: choose from {', '.join(KINDS)}")
    config = _json(folder / "config.json")
    architecture = config["model_type"]
    if architecture not in _PRE:
        raise UserError(f"{folder}: {architecture} is not written as GGUF here; llama and qwen2 are")
    notes = _json(folder / NOTES) if (folder / NOTES).is_file() else {}
    out = gguf.GGUFWriter(path, architecture)
    _settings(out, config, name, notes)
    _tokenizer(out, folder, config, notes)
    for label, values in _tensors(folder, config):
        _add(out, label, values, kind)
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()
    return path


def _settings(out: "GGUFWriter", config: Mapping[str, Any], name: str, notes: Mapping[str, Any]) -> None:
    heads = config["num_attention_heads"]
    size = config.get("head_dim") or config["hidden_size"] // heads
    rope = config.get("rope_parameters") or {}
    out.add_name(name)
    if notes.get("general.license"):
        out.add_license(notes["general.license"])
    out.add_context_length(config["max_position_embeddings"])
    out.add_embedding_length(config["hidden_size"])
    out.add_block_count(config["num_hidden_layers"])
    out.add_feed_forward_length(config["intermediate_size"])
    out.add_head_count(heads)
    out.add_head_count_kv(config.get("num_key_value_heads") or heads)
    out.add_layer_norm_rms_eps(config["rms_norm_eps"])
    out.add_rope_freq_base(float(config.get("rope_theta") or rope.get("rope_theta") or 10000.0))
    out.add_rope_dimension_count(size)
    out.add_vocab_size(config["vocab_size"])


def _tokenizer(out: "GGUFWriter", folder: Path, config: Mapping[str, Any], notes: Mapping[str, Any]) -> None:
    tokenizer = _json(folder / "tokenizer.json")
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    tokens = [f"[PAD{index}]" for index in range(config["vocab_size"])]
    kinds = [_NORMAL] * len(tokens)
    for label, index in vocabulary.items():
        tokens[index] = label
    for added in tokenizer.get("added_tokens", ()):
        tokens[added["id"]] = added["content"]
        kinds[added["id"]] = _CONTROL if added["special"] else _USER
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in tokenizer["model"]["merges"]]
    own = _json(folder / "tokenizer_config.json")
    out.add_tokenizer_model("gpt2")
    out.add_tokenizer_pre(str(notes.get("tokenizer.ggml.pre") or _PRE[config["model_type"]]))
    out.add_token_list(tokens)
    out.add_token_types(kinds)
    out.add_token_merges(merges)
    for key, add in (("bos_token", out.add_bos_token_id), ("eos_token", out.add_eos_token_id),
                     ("unk_token", out.add_unk_token_id), ("pad_token", out.add_pad_token_id)):  # fmt: skip
        entry: Any = own.get(key)
        word = entry["content"] if isinstance(entry, dict) else entry
        if word in tokens:
            add(tokens.index(word))
    out.add_add_bos_token(False)
    template = folder / "chat_template.jinja"
    text = template.read_text("utf-8") if template.is_file() else own.get("chat_template")
    if not text:
        raise UserError(f"{folder} holds no chat template: the exported model could not chat")
    out.add_chat_template(text)


def _tensors(folder: Path, config: Mapping[str, Any]) -> "Iterator[tuple[str, torch.Tensor]]":
    """Yield GGUF name and float32 values; tied embeddings are stored once, as llama.cpp expects."""
    import gguf
    from safetensors import safe_open

    layers, heads = config["num_hidden_layers"], config["num_attention_heads"]
    keys = config.get("num_key_value_heads") or heads
    architecture = next(
        arch for arch, label in gguf.MODEL_ARCH_NAMES.items() if label == config["model_type"]
    )
    names = gguf.get_tensor_name_map(architecture, layers)
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="pt") as tensors:
            for label in tensors.keys():  # noqa: SIM118 - not a mapping
                if label == "lm_head.weight" and config.get("tie_word_embeddings"):
                    continue
                mapped = names.get_name(label, try_suffixes=(".weight", ".bias"))
                if mapped is None:
                    raise UserError(f"{path}: GGUF has no place for the tensor {label}")
                values = tensors.get_tensor(label).float().numpy()
                if config["model_type"] == "llama" and ("attn_q." in mapped or "attn_k." in mapped):
                    values = _neighbours(values, heads if "attn_q." in mapped else keys)
                yield mapped, values


def _neighbours(weight: "torch.Tensor", heads: int) -> "torch.Tensor":
    """Return rows reordered from halves to (even, odd) neighbours, as llama.cpp's rotary embedding wants them."""
    size = weight.shape[0] // heads
    return weight.reshape(heads, 2, size // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def _add(out: "GGUFWriter", label: str, values: "torch.Tensor", kind: str) -> None:
    import gguf
    import numpy as np

    values = np.ascontiguousarray(values)
    if kind == "f32" or values.ndim == 1 or (kind == "q8_0" and values.shape[-1] % 32):
        out.add_tensor(label, values)
    elif kind == "f16":
        out.add_tensor(label, values.astype(np.float16))
    else:
        form = gguf.GGMLQuantizationType.Q8_0
        out.add_tensor(label, gguf.quants.quantize(values, form), raw_dtype=form)


def _json(path: Path) -> dict[str, Any]:
    data: dict[str, object] = json.loads(path.read_text("utf-8"))
    return data
