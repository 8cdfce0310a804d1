"""Save trained weights in plain form, whether trained as adapters, in 4 bits, or sharded over devices."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from clinweave.core.errors import UserError
from clinweave.training import processes
from clinweave.training.base_models import NOTES

if TYPE_CHECKING:
    import torch
    from transformers import BitsAndBytesConfig, PreTrainedModel, Trainer

    from clinweave.training.runner import Job


def save(job: "Job", trainer: "Trainer", folder: Path) -> None:
    """Write merged weights, the adapter, tokenizer, and what a GGUF export needs.

    Every process takes part, as shards are gathered from all; the first alone writes.
    """
    settings = job.settings
    job.notes["distributed"] = str(trainer.accelerator.distributed_type.value)
    state = trainer.accelerator.get_state_dict(trainer.model) if settings.sharded else None
    if not processes.first():
        return
    model = trainer.accelerator.unwrap_model(trainer.model)
    model = getattr(model, "policy", model)
    if hasattr(model, "merge_and_unload"):
        model.save_pretrained(folder / "adapter", state_dict=state)
        (folder / "adapter" / "README.md").unlink(missing_ok=True)
        apart = settings.sharded or settings.quantise
        model = _merged_anew(job, folder / "adapter") if apart else model.merge_and_unload()
        state = None
    model.config.use_cache = True
    model.save_pretrained(folder, state_dict=state)
    job.tokenizer.save_pretrained(folder)
    if (job.base / NOTES).is_file():
        shutil.copy(job.base / NOTES, folder / NOTES)


def _merged_anew(job: "Job", adapter: Path) -> "PreTrainedModel":
    """Return the base as it was before 4 bits or shards, with the adapter merged into it."""
    from peft import PeftModel

    base = job.model(job.base, reward=job.kind == "reward")
    return PeftModel.from_pretrained(base, adapter).merge_and_unload()


def four_bits(compute: "torch.dtype") -> "BitsAndBytesConfig":
    """Return how to load weights in 4 bits (NF4 with double quantisation, https://arxiv.org/abs/2305.14314)."""
    try:
        import bitsandbytes  # noqa: F401
        from transformers import BitsAndBytesConfig
    except ImportError as error:
        raise UserError(
            f"weights in 4 bits need the extra: pip install 'clinweave[gpu]' ({error})"
        ) from error
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=compute,
    )
