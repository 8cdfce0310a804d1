"""Model card of an exported model: base, stages, data with licences and tier, results, limits."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from clinweave.core.artifacts import read_manifest
from clinweave.training.base_models import NOTES
from clinweave.training.settings import Inputs
from clinweave.training.stages import STAGES

_STRICT = ("private", "pseudonymised", "gated", "unknown", "public")  # the strictest first


def lineage(base: Path, inputs: Inputs) -> dict[str, Any]:
    """Return what a stage's weights stand on: the first base and its licence, earlier stages, all data so far.

    The tier is the strictest of all sources; data whose manifest names none (a single file) make it "unknown".
    """
    before = read_manifest(base) or {}
    previous = before.get("lineage") or {"base": _named(inputs.base), "base_licence": _licence(base), "stages": [],
                                      "data": {}}  # fmt: skip
    stages = list(previous["stages"])
    if before.get("kind") in STAGES:
        stages.append({key: before.get(key) for key in ("kind", "steps", "items")})
    own = of_data(read_manifest(inputs.data))
    data = dict(previous["data"])
    rows = {json.dumps(item, sort_keys=True): item for item in (*data.get("sources", ()), *own["sources"])}
    tiers = [item for item in (data.get("tier"), own["tier"]) if item]
    return {
        "base": previous["base"],
        "base_licence": previous["base_licence"],
        "stages": stages,
        "data": {
            "sources": [rows[key] for key in sorted(rows)],
            "tier": next((tier for tier in _STRICT if tier in tiers), "unknown"),
            "decontaminated": own["decontaminated"],
        },
    }


def _named(address: str) -> str:
    return "SmolLM2-135M-Instruct" if address == "smollm2" else Path(address).name


def _licence(base: Path) -> str:
    try:
        notes = json.loads((base / NOTES).read_text("utf-8"))
    except (OSError, ValueError):
        return "not stated in its files"
    return str(notes.get("general.license", "not stated in its files"))


def of_data(manifest: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what of a built set's manifest travels with the weights: sources, the strictest tier, decontamination."""
    sources = (manifest or {}).get("sources") or {}
    rows = [
        {key: str(item[key]) for key in ("name", "release", "licence", "tier") if key in item}
        for item in sources.values()
    ]
    tiers = {item.get("tier", "unknown") for item in rows} or {"unknown"}
    clean = (manifest or {}).get("decontamination") or {}
    return {
        "sources": rows,
        "tier": next(tier for tier in _STRICT if tier in tiers),
        "decontaminated": {key: clean.get(key) for key in ("benchmarks", "removed")} if clean else None,
    }


def card(
    title: str,
    manifest: Mapping[str, Any],
    kind: str,
    agreement: Mapping[str, Any],
    results: Mapping[str, Any] | None = None,
) -> str:
    """Return the model card (README.md with YAML front matter)."""
    history = manifest["lineage"]
    stated = {history["data"]["tier"], str(manifest.get("tier", "public"))}
    tier = next(entry for entry in _STRICT if entry in stated)
    last = {key: manifest.get(key) for key in ("kind", "steps", "items")}
    lines = [
        "---",
        "language: [en]",
        "license: other",
        "license_name: as-the-base-and-the-data",
        "library_name: transformers",
        "pipeline_tag: text-generation",
        f"base_model: {history['base']}",
        "tags: [medical, citations]",
        f"access_tier: {tier}",
        "---",
        f"# {title}",
        "",
        "For research, not for clinical decisions. It may be wrong, and it must not dose, diagnose or triage.",
        "",
        "## Made from",
        "",
        f"- Base: {history['base']}, licence {history['base_licence']}; it stays in force.",
        *(
            f"- Stage {entry['kind']}: {entry['steps']} steps, {entry['items']} items."
            for entry in (*history["stages"], last)
        ),
        f"- Settings of the last: `{json.dumps(manifest['parameters'], sort_keys=True)}`; "
        f"{manifest.get('too_long', 0)} items left out as too long.",
        f"- Data: key `{manifest['inputs'].get('data')}`, access tier {tier}. {_closed(tier)}",
        "",
        *_sources(history),
        "## Forms",
        "",
        f"Safetensors (merged, float32) and GGUF ({kind}), the chat template in both. Loaded again, "
        f"{agreement['same']} of {agreement['probes']} probes had the same greedy reply; likelihoods differ by at most "
        f"{agreement['largest_difference']} nats a token, over all replies and other texts that were scored.",
        "",
        "## Results",
        "",
        *([f"- {name}: {value}" for name, value in results.items()] if results else ["Not evaluated."]),
        "",
        "## Limits",
        "",
        "Trained on records of rare diseases, mostly in one form of sentence. Small models repeat and invent; use it",
        "with evidence and with the citation check (`clinweave chat`), and read the evidence. Its refusals were learnt",
        "from examples and can be circumvented; `clinweave chat` and `clinweave serve` apply rules first.",
    ]
    return "\n".join(lines) + "\n"


def _closed(tier: str) -> str:
    if tier == "public":
        return "Every source is open."
    if tier == "unknown":
        return "The data's manifest names no tier: do not pass the weights on before you know."
    return f"Weights made from {tier} records fall under their terms: do not pass them on."


def _sources(history: Mapping[str, Any]) -> list[str]:
    data = history["data"]
    if not data["sources"]:
        return ["The data's manifest names no sources.", ""]
    rows = [
        f"| {source.get('name')} | {source.get('release')} | {source.get('licence')} | {source.get('tier', '')} |"
        for source in data["sources"]
    ]
    clean = data["decontaminated"]
    note = "The data were compared with no benchmark."
    if clean and clean["benchmarks"]:
        note = f"Compared with {', '.join(clean['benchmarks'])}: {clean['removed']} items removed."
    return ["| source | release | licence | tier |", "|---|---|---|---|", *rows, "", note, ""]
