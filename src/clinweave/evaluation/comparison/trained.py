"""What a stage of training says of the weights in its folder, for the report card of a model trained here."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinweave.core.artifacts import read_manifest


@dataclass(frozen=True)
class Trained:
    """The last stage of a model's training, and what all its stages stand on."""

    kind: str  # "sft", "dpo", ...
    steps: int
    items: int
    seconds: float
    loss: tuple[float, float] | None  # at the first and the last step
    base: str
    base_licence: str
    data: tuple[str, ...]  # names and releases of the sources
    decontaminated: bool


def trained(address: str) -> Trained | None:
    """Return what the manifest at an address says; None where clinweave did not train these weights."""
    folder = Path(address).expanduser()
    manifest = read_manifest(folder) if folder.is_dir() else None
    if not manifest or "lineage" not in manifest:
        return None
    lineage: Mapping[str, Any] = manifest["lineage"]
    data: Mapping[str, Any] = lineage.get("data") or {}
    loss = manifest.get("loss") or {}
    return Trained(
        kind=str(manifest.get("kind", "")),
        steps=int(manifest.get("steps", 0)),
        items=int(manifest.get("items", 0)),
        seconds=float(manifest.get("seconds", 0.0)),
        loss=(float(loss["first"]), float(loss["last"])) if loss else None,
        base=str(lineage.get("base", "")),
        base_licence=str(lineage.get("base_licence", "")),
        data=tuple(_named(source) for source in data.get("sources", ())),
        decontaminated=bool(data.get("decontaminated")),
    )


def _named(source: Mapping[str, Any]) -> str:
    return " ".join(str(source[key]) for key in ("name", "release") if source.get(key))
