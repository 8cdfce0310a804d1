"""Base models: a folder of transformers weights, or a GGUF file converted to one (cached)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.core import artifacts
from clinweave.core.artifacts import sha256, stage
from clinweave.core.errors import ClinweaveError, UserError
from clinweave.training.no_network import go_offline

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NOTES = "gguf_notes.json"  # what a GGUF file says that transformers weights have no place for
VERSION = 1
_KEPT = ("tokenizer.ggml.pre", "general.name", "general.license", "general.architecture")


def base_weights(address: str, home: Path | None = None) -> Path:
    """Return a folder of transformers weights for an address; a GGUF file is converted once and kept below `home`.

    Raises `UserError` where the address is neither, or the train extra is missing.
    """
    path = _file(address, home)
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise UserError(f"{path} holds no config.json, so no transformers weights")
        return path
    key = sha256(path)
    folder = (home or artifacts.home()) / "bases" / f"{path.stem}-{key[:12]}"
    return stage(folder, "base", {path.name: key}, {}, lambda out: _convert(path, out), version=VERSION).path


def _file(address: str, home: Path | None) -> Path:
    if address == "smollm2":
        from clinweave.resources import located

        files = located("smollm2-135m-instruct", home or artifacts.home())
        return next(path for name, path in files.items() if name.endswith(".gguf"))
    path = Path(address).expanduser()
    if not path.exists():
        raise UserError(f"there are no weights at {path}: give smollm2, a .gguf file or a folder of weights")
    return path


def need_extra() -> None:
    """Raise `UserError` where the train extra is not installed."""
    go_offline()
    try:
        import peft
        import torch
        import trl  # noqa: F401
    except ImportError as error:
        raise UserError(f"training needs the extra: pip install 'clinweave[train]' ({error})") from error
    del peft, torch


def _convert(path: Path, out: Path) -> Mapping[str, object]:
    need_extra()
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder, name = str(path.parent), path.name
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    # Without this, saving raises: the loaded model still says that it is quantised.
    model.hf_quantizer, model.is_quantized = None, False
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    notes = _notes(path)
    tied = bool(model.config.tie_word_embeddings)
    if not notes["has_output"] and not tied:
        # the file has one matrix for both ends; untied, training would let them drift and export double the size
        model.config.tie_word_embeddings = True
        model.tie_weights()
    if not tokenizer.chat_template:
        raise ClinweaveError(f"{path} holds no chat template: choose an instruction-tuned model")
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
    (out / NOTES).write_text(json.dumps(notes, indent=1, sort_keys=True) + "\n", "utf-8")
    return {"parameters": int(model.num_parameters()), "tied": bool(model.config.tie_word_embeddings)}


def _notes(path: Path) -> dict[str, object]:
    from gguf import GGUFReader

    reader = GGUFReader(path)
    details: dict[str, object] = {
        key: str(field.contents()) for key in _KEPT if (field := reader.get_field(key)) is not None
    }
    details["has_output"] = any(tensor.name == "output.weight" for tensor in reader.tensors)
    return details
