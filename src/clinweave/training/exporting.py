"""Export to safetensors, GGUF and a model card, and verify that both forms give the same answers."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clinweave.core.access_policy import EXPORT, check_egress, tier_of
from clinweave.core.artifacts import Artifact, read_manifest, stage
from clinweave.core.errors import ClinweaveError, UserError
from clinweave.models import Message, open_model
from clinweave.training.cards import card
from clinweave.training.gguf_writer import write_gguf
from clinweave.training.runner import folder_key

VERSION = 2
GGUF = "model.gguf"
TOKENS = 24  # of a reply, compared between the two forms
PROBES: tuple[str, ...] = (
    "What is a gene?",
    "Name a symptom of influenza.",
    "Which organ pumps the blood?",
    "How is cystic fibrosis inherited?",
)
SCORED = (
    "Marfan syndrome has the feature Arachnodactyly [1].",
    "I do not know: the evidence does not say it.",
)
ALLOWED: Mapping[str, float] = {"f32": 1e-3, "f16": 0.05, "q8_0": 0.25}  # nats a token between the forms
_COPIED = ("*.safetensors", "*.json", "*.jinja", "*.model", "*.svg", "*.jsonl")


def export(
    model: Path,
    out: Path,
    *,
    kind: str = "q8_0",
    title: str = "clinweave model",
    results: Mapping[str, object] | None = None,
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
    check_egress(tier, EXPORT, EXPORT if allow_export else "", content="material in these weights")

    # weights trained before lineages were kept stand on what is not known
    summary = {"lineage": {"base": manifest.get("base", "unknown"), "base_licence": "unknown", "stages": [],
                         "data": {"sources": [], "tier": "unknown", "decontaminated": None}}, **manifest}  # fmt: skip

    def build(folder: Path) -> Mapping[str, Any]:
        for pattern in _COPIED:
            for path in model.glob(pattern):
                if path.name != "manifest.json":
                    shutil.copy(path, folder / path.name)
        write_gguf(model, folder / GGUF, kind, title)
        agreement = parity(folder, folder / GGUF, probes)
        check_parity(agreement, kind)
        (folder / "README.md").write_text(card(title, summary, kind, agreement, results), "utf-8")
        return {"parity": agreement, "gguf": kind, "bytes": (folder / GGUF).stat().st_size, "tier": tier.value,
                "lineage": summary["lineage"]}  # fmt: skip

    return stage(
        out, "export", {"model": folder_key(model)}, {"kind": kind, "title": title}, build, version=VERSION
    )


def parity(folder: Path, file: Path, probes: Sequence[str] = PROBES) -> dict[str, object]:
    """Return how many probes both forms answer with the same greedy text, and how far their likelihoods differ.

    `largest_difference` is the largest over the safetensors form's own replies and `SCORED`, texts that neither form
    would write, in nats per token: equal replies alone would not show a tensor that is slightly wrong.
    """
    original = open_model(str(folder), threads=1, precision="float32")
    other = open_model(str(file), threads=1, scorer="core")
    same, gap = 0, 0.0
    try:
        for probe in probes:
            asked = [Message(role="user", content=probe)]
            reply = original.generate(asked, max_tokens=TOKENS).text
            same += reply.strip() == other.generate(asked, max_tokens=TOKENS).text.strip()
            texts = [text for text in (reply, *SCORED) if text.strip()]
            pairs = zip(original.score(asked, texts), other.score(asked, texts), strict=True)
            gap = max(gap, *(abs(left.per_token - right.per_token) for left, right in pairs))
    finally:
        original.close()
        other.close()
    return {"probes": len(probes), "same": same, "largest_difference": round(gap, 5)}


def check_parity(agreement: Mapping[str, Any], kind: str) -> None:
    """Raise `ClinweaveError` where a form does not answer as the other: nothing may be exported that differs.

    Likelihoods judge: within 0.001 nats a token at f32, 0.05 at f16, 0.25 at q8_0. Greedy replies may part at a tie
    of two tokens, as the engine keeps its context in 16 bits; with none equal at f32 the form is wrong.
    """
    if agreement["largest_difference"] > ALLOWED[kind] or (
        kind == "f32" and agreement["probes"] and not agreement["same"]
    ):
        raise ClinweaveError(
            f"the GGUF file ({kind}) differs from the weights: {agreement['same']} of {agreement['probes']} "
            f"replies are equal, likelihoods differ by up to {agreement['largest_difference']} nats a token "
            f"(allowed {ALLOWED[kind]}). Nothing was exported"
        )
