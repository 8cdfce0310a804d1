"""Export: merged safetensors, a GGUF file, a model card; and the proof that what was written answers the same."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clinweave.artifacts import Artifact, read_manifest, stage
from clinweave.errors import UserError
from clinweave.leaving import EXPORT, permit, tier_of
from clinweave.models import Message, open_model
from clinweave.training.gguf_writer import write_gguf
from clinweave.training.job import folder_key

VERSION = 1
GGUF = "model.gguf"
TOKENS = 24  # of a reply, compared between the two forms
PROBES: tuple[str, ...] = (
    "What is a gene?",
    "Name a symptom of influenza.",
    "Which organ pumps the blood?",
    "How is cystic fibrosis inherited?",
)
_COPIED = ("*.safetensors", "*.json", "*.jinja", "*.model", "*.svg", "*.jsonl")


def export(
    model: Path,
    out: Path,
    *,
    kind: str = "q8_0",
    title: str = "clinweave model",
    results: Mapping[str, Any] | None = None,
    probes: Sequence[str] = PROBES,
    allow_export: bool = False,
) -> Artifact:
    """Write a stage's weights as safetensors and GGUF with a card, load both again, and record how alike they answer.

    Raises `UserError` where `model` is no finished stage's folder of a language model, or its weights learned from
    gated or private material (`allow_export` says that the gated may leave).
    """
    manifest = read_manifest(model)
    if not (model / "config.json").is_file() or not manifest or manifest.get("kind") == "reward":
        raise UserError(f"{model} is not the folder of a trained language model")
    tier = tier_of(manifest)
    permit(tier, EXPORT, EXPORT if allow_export else "", what="material in these weights")

    def build(folder: Path) -> Mapping[str, Any]:
        for pattern in _COPIED:
            for path in model.glob(pattern):
                if path.name != "manifest.json":
                    shutil.copy(path, folder / path.name)
        write_gguf(model, folder / GGUF, kind, title)
        found = parity(folder, folder / GGUF, probes)
        (folder / "README.md").write_text(card(title, manifest, kind, found, results), "utf-8")
        return {"parity": found, "gguf": kind, "bytes": (folder / GGUF).stat().st_size, "tier": tier.value}

    return stage(
        out, "export", {"model": folder_key(model)}, {"kind": kind, "title": title}, build, version=VERSION
    )


def parity(folder: Path, file: Path, probes: Sequence[str] = PROBES) -> dict[str, Any]:
    """Return how many probes both forms answer with the same greedy text, and how far the likelihoods differ.

    `largest_difference` is in nats per token of the safetensors form's own reply.
    """
    one, other = open_model(str(folder), threads=1), open_model(str(file), threads=1)
    same, gap = 0, 0.0
    try:
        for probe in probes:
            asked = [Message(role="user", content=probe)]
            reply = one.generate(asked, max_tokens=TOKENS).text
            same += reply.strip() == other.generate(asked, max_tokens=TOKENS).text.strip()
            if reply.strip():
                left, right = (model.score(asked, [reply])[0].per_token for model in (one, other))
                gap = max(gap, abs(left - right))
    finally:
        one.close()
        other.close()
    return {"probes": len(probes), "same": same, "largest_difference": round(gap, 5)}


def card(
    title: str,
    manifest: Mapping[str, Any],
    kind: str,
    found: Mapping[str, Any],
    results: Mapping[str, Any] | None,
) -> str:
    """Return the model card (README.md with YAML front matter)."""
    settings = json.dumps(manifest["parameters"], sort_keys=True)
    lines = [
        "---",
        "language: [en]",
        "license: other",
        "license_name: as-the-base-and-the-data",
        "library_name: transformers",
        "pipeline_tag: text-generation",
        f"base_model: {manifest.get('base', 'unknown')}",
        "tags: [medical, citations]",
        "---",
        f"# {title}",
        "",
        "For research, not for clinical decisions. It may be wrong, and it must not dose, diagnose or triage.",
        "",
        f"- Base: {manifest.get('base', 'unknown')}; its licence stays in force (SmolLM2: Apache-2.0).",
        f"- Last stage: {manifest['kind']}, {manifest.get('steps')} steps, {manifest.get('items')} items, "
        f"{manifest.get('too_long', 0)} left out as too long. Settings: `{settings}`.",
        f"- Data: key `{manifest['inputs'].get('data')}`; its card lists sources, licences and decontamination.",
        f"- Forms: safetensors (float32, merged) and GGUF ({kind}), the chat template in both. Loaded again, "
        f"{found['same']} of {found['probes']} probes had the same greedy reply; the likelihoods differ by at most "
        f"{found['largest_difference']} nats a token.",
        "",
        "## Results",
        "",
        *_results(results),
        "",
        "## Limits",
        "",
        "Trained on records of rare diseases, mostly in one form of sentence. Small models repeat and invent; use it",
        "with evidence and with the citation check (`clinweave chat`), and read the evidence.",
    ]
    return "\n".join(lines) + "\n"


def _results(results: Mapping[str, Any] | None) -> list[str]:
    if not results:
        return ["Not evaluated."]
    return [f"- {name}: {value}" for name, value in results.items()]
