"""Run a stage: check memory, load, train (from the last checkpoint, if there is one), save the weights.

Checkpoints are kept in a hidden folder next to the result, named by the stage's key, until it is complete; a killed
run goes on from the last of them with the same order of items and the same random numbers.
"""

import json
import math
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.core.access_policy import close_folder, strictest, tier_of
from clinweave.core.artifacts import Artifact, digest, read_manifest, sha256, stage
from clinweave.core.errors import UserError
from clinweave.datasets import Example, Kind
from clinweave.records import Tier
from clinweave.training import processes
from clinweave.training.base_models import base_weights, need_extra
from clinweave.training.cards import lineage
from clinweave.training.cost import Spending, peak_gb
from clinweave.training.curves import CURVE, curve_svg, listener, write_curve
from clinweave.training.durations import per_token
from clinweave.training.hardware import chosen_precision, matmul_flops
from clinweave.training.items import load_examples
from clinweave.training.memory import Need, require, shape_of
from clinweave.training.saving import four_bits, save
from clinweave.training.settings import Inputs, Settings
from clinweave.training.tokens import Tokens, prepare_tokenizer

if TYPE_CHECKING:
    from peft import LoraConfig
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from datasets import Dataset

VERSION = 1  # raise it when the same settings give other weights


@dataclass
class Job:
    """What a stage's trainer is made from."""

    kind: str
    settings: Settings
    inputs: Inputs
    base: Path
    work: Path  # checkpoints
    tokenizer: "PreTrainedTokenizerBase"
    precision: str
    reason: str  # why this precision
    need: Need
    notes: dict[str, Any]  # what the stage adds to the manifest

    def examples(self, kind: Kind, split: str = "train") -> list[Example]:
        """Return the items of a kind and split; of a single file all of the kind (and every split)."""
        return load_examples(self.inputs.data, kind, split)

    def model(self, folder: Path | None = None, *, reward: bool = False) -> "PreTrainedModel":
        """Return weights, for language or (`reward`) with one output."""
        import torch
        from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

        # weights that learn stay in float32: small steps would be lost in bfloat16's rounding
        low = self.precision == "bfloat16" and self.settings.lora_rank > 0
        kind = torch.bfloat16 if low else torch.float32
        loader: Any = AutoModelForSequenceClassification if reward else AutoModelForCausalLM
        more: dict[str, Any] = {"num_labels": 1} if reward else {}
        if self.settings.quantise and folder is None:
            more["quantization_config"] = four_bits(kind)
        torch.manual_seed(self.settings.seed)  # a new head is drawn
        model = loader.from_pretrained(folder or self.base, local_files_only=True, dtype=kind, **more)
        if "quantization_config" in more:
            from peft import prepare_model_for_kbit_training

            model = prepare_model_for_kbit_training(model, self.settings.checkpointing)
        model.config.pad_token_id = self.tokenizer.pad_token_id
        if not reward:
            model.generation_config.pad_token_id = self.tokenizer.pad_token_id
            model.generation_config.eos_token_id = self.tokenizer.eos_token_id
        if self.settings.layers and not self.settings.lora_rank:
            freeze_below(model, self.settings.layers)
        return model

    def lora(self, *, reward: bool = False) -> "LoraConfig":
        """Return the adapter's settings, or None where all weights are trained."""
        from peft import LoraConfig

        if not self.settings.lora_rank:
            return None
        return LoraConfig(
            r=self.settings.lora_rank,
            lora_alpha=self.settings.lora_alpha,
            target_modules="all-linear",
            task_type="SEQ_CLS" if reward else "CAUSAL_LM",
            modules_to_save=["score"] if reward else None,
        )

    def arguments(self, **more: object) -> dict[str, object]:
        """Return the trainer arguments that all stages share."""
        import torch

        chosen = self.settings
        return {
            "output_dir": str(self.work),
            "max_steps": chosen.steps,
            "per_device_train_batch_size": chosen.batch,
            "gradient_accumulation_steps": chosen.accumulate,
            "learning_rate": chosen.learning_rate,
            "warmup_steps": max(1, int(chosen.warmup * chosen.steps)),
            "gradient_checkpointing": chosen.checkpointing,
            "bf16": self.precision == "bfloat16",
            "use_cpu": not torch.cuda.is_available(),
            "logging_steps": chosen.log_every,
            "save_steps": chosen.save_every,
            "save_total_limit": 2,
            "seed": chosen.seed,
            "report_to": [],
            "disable_tqdm": True,
            "dataloader_pin_memory": False,
            **more,
        }


Make = Callable[[Job], Any]
After = Callable[[Job, Any], Mapping[str, Any]]


def run_job(  # noqa: PLR0917
    kind: str, settings: Settings, inputs: Inputs, out: Path, make: Make, after: After | None = None
) -> Artifact:
    """Run a stage into `out` (transformers weights, curve, manifest), or return what is there already.

    `make` returns the trainer, `after` measures what was trained and returns more for the manifest.
    """
    need_extra()
    base = base_weights(inputs.base, inputs.home)
    input_keys, plain = read_by(base, inputs), telling(settings)
    work = out.parent / f".{out.name}.checkpoints-{digest([kind, input_keys, continued_by(kind, plain)])}"
    processes.check(settings)
    precision, reason = chosen_precision(settings)
    need = require(shape_of(base), settings, kind, precision)
    tier = inherited(inputs)

    def build(folder: Path) -> Mapping[str, Any]:
        import torch
        from transformers import AutoTokenizer, set_seed
        from transformers.trainer_callback import PrinterCallback

        if settings.threads:
            torch.set_num_threads(settings.threads)
        set_seed(settings.seed)
        tokenizer = prepare_tokenizer(AutoTokenizer.from_pretrained(base, local_files_only=True))
        job = Job(kind, settings, inputs, base, work, tokenizer, precision, reason, need, {})
        checkpoint = last_checkpoint(work)
        spending = Spending(work, checkpoint)
        with redirect_stdout(sys.stderr):  # trainers print
            trainer = make(job)
        trainer.remove_callback(PrinterCallback)  # it prints to standard output
        trainer.add_callback(listener(inputs.progress, settings.steps))
        if processes.first():
            trainer.add_callback(spending.callback())
        resume = {} if kind == "ppo" else {"resume_from_checkpoint": checkpoint}  # ppo: resumable.py
        with redirect_stdout(sys.stderr):
            trainer.train(**resume)
        seconds, peak = spending.seconds, peak_gb()
        measure = after if processes.first() or settings.sharded else None  # shards answer all together
        more = dict(measure(job, trainer)) if measure else {}
        save(job, trainer, folder)
        if not processes.first():
            return {}
        rows = write_curve(trainer.state.log_history, folder / CURVE)
        draw(rows, folder)
        speed = None if checkpoint else throughput(job, rows, seconds)  # unknown for a resumed run
        close_folder(folder, tier)
        return {
            **_details(job, rows, seconds, peak),
            "throughput": speed,
            **job.notes,
            **more,
            "tier": tier.value,
        }

    if not processes.first():
        return processes.run_apart(kind, VERSION, input_keys, plain, out, build)
    artifact = stage(out, kind, input_keys, plain, build, version=VERSION)
    shutil.rmtree(work, ignore_errors=True)
    return artifact


def read_by(base: Path, inputs: Inputs) -> dict[str, str]:
    """Return what identifies everything that a stage reads."""
    keys = {"base": folder_key(base), "data": data_key(inputs.data)}
    for name in ("reward", "graph", "replay"):
        path: Path | None = getattr(inputs, name)
        if path is not None:
            keys[name] = folder_key(path)
    return keys


def telling(settings: Settings) -> dict[str, object]:
    """Return the settings that change a number; those that came later only where they are not as by default."""
    plain = asdict(settings)
    for name in ("memory_gb", "threads", "save_every"):
        plain.pop(name)
    for name in {"quantise", "processes", "sharded", "safety"} & set(plain):
        if plain[name] == type(settings).__dataclass_fields__[name].default:
            plain.pop(name)
    return plain


def continued_by(kind: str, plain: Mapping[str, object]) -> dict[str, object]:
    """Return the settings that a run must share with a killed one to go on from its checkpoint.

    As many items at a step, spread over other numbers of processes, give the same steps; of stages that write replies,
    each process writes its own.
    """
    if kind in {"ppo", "grpo"}:
        return dict(plain)
    spread = {"batch", "accumulate", "processes"}
    together = math.prod(int(str(plain.get(name, 1))) for name in sorted(spread))
    return {**{name: value for name, value in plain.items() if name not in spread}, "items a step": together}


def freeze_below(model: "PreTrainedModel", layers: int) -> None:
    """Train the last `layers` layers alone: nothing is computed backwards below them, which saves time."""
    trained = {
        id(parameter) for layer in model.base_model.layers[-layers:] for parameter in layer.parameters()
    }
    head = getattr(model, "score", None)  # of a reward model
    if head is not None:
        trained |= {id(parameter) for parameter in head.parameters()}
    for parameter in model.parameters():
        parameter.requires_grad_(id(parameter) in trained)


def inherited(inputs: Inputs) -> Tier:
    """Return the strictest tier of everything that a stage reads: weights learn what their data hold."""
    read = [inputs.data, inputs.reward, inputs.graph, inputs.replay, Path(inputs.base)]
    folders = [path if path.is_dir() else path.parent for path in read if path is not None]
    return strictest(tier_of(read_manifest(folder)) for folder in folders)


def draw(rows: Sequence[Mapping[str, float]], folder: Path) -> None:
    """Write the curves of the logged values as SVG."""
    for key in ("loss", "reward", "accuracy", "objective/rlhf_reward", "kl", "entropy"):
        drawn = curve_svg(rows, key)
        if drawn:
            (folder / f"curve-{key.replace('/', '-')}.svg").write_text(drawn, "utf-8")


def last_checkpoint(work: Path) -> str | None:
    """Return the last whole checkpoint; one that a kill left half-written lacks its state, or that state's end."""
    complete = [folder for folder in work.glob("checkpoint-*") if _is_whole(folder)]
    best = max(complete, key=lambda folder: int(folder.name.rpartition("-")[2]), default=None)
    return str(best) if best else None


def _is_whole(checkpoint: Path) -> bool:
    """Tell whether a checkpoint's state, which is written last, can be read."""
    try:
        return "global_step" in json.loads((checkpoint / "trainer_state.json").read_text("utf-8"))
    except (OSError, ValueError, TypeError):
        return False


def as_dataset(items: Iterable[Tokens]) -> "Dataset":
    """Return tokenised items as the trainer's dataset."""
    from datasets import Dataset

    return Dataset.from_list([{"input_ids": row.ids, "labels": row.labels} for row in items])


def folder_key(path: Path) -> str:
    """Return what identifies a folder: its manifest's key, else its files' names and hashes of the small ones."""
    manifest = read_manifest(path)
    if manifest and "key" in manifest:
        return str(manifest["key"])
    if path.is_file():
        return sha256(path)
    return digest(sorted((file.name, sha256(file)) for file in path.iterdir() if file.is_file()))


def data_key(path: Path) -> str:
    """Return what identifies the data. Raises `UserError` if there is none."""
    if not path.exists():
        raise UserError(f"there is no training data at {path}: build it with `clinweave data build`")
    return folder_key(path)


def throughput(job: Job, rows: Sequence[Mapping[str, float]], seconds: float) -> dict[str, object] | None:
    """Return tokens and operations a second of this run, and as a share of what products of matrices reach here."""
    seen = max((row["num_tokens"] for row in rows if "num_tokens" in row), default=0.0)
    if not seen or not seconds:
        return None
    length = (
        job.notes["tokens"] / max(1, job.notes.get("blocks", job.notes["items"]))
        if "tokens" in job.notes
        else 0
    )
    per_item = per_token(
        shape_of(job.base), job.settings, length or job.settings.max_length, reference=job.kind == "dpo"
    )
    sustained, peak = per_item * seen / seconds, matmul_flops(job.precision)
    return {
        "tokens_per_second": round(seen / seconds, 1),
        "gflops": round(sustained / 1e9, 1),
        "matmul_gflops": round(peak / 1e9, 1),
        "share": round(sustained / job.settings.processes / peak, 3),
    }


def _details(job: Job, rows: Sequence[Mapping[str, float]], seconds: float, peak: float) -> dict[str, object]:
    losses = [row["loss"] for row in rows if "loss" in row]
    return {
        "precision": {"name": job.precision, "reason": job.reason},
        "memory": {"estimated_gb": round(job.need.total / 1e9, 2), "peak_gb": peak},
        "loss": {"first": losses[0], "last": losses[-1]} if losses else None,
        "steps": job.settings.steps,
        "seconds": round(seconds, 1),
        "base": job.inputs.base if job.inputs.base == "smollm2" else Path(job.inputs.base).name,
        "lineage": lineage(job.base, job.inputs),
    }
