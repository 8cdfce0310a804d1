"""Figures that the report card takes from other runs: training of the weights, security of written answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinweave.core.artifacts import read_manifest
from clinweave.core.errors import UserError
from clinweave.core.filesystem import reason

MARK = "@"  # "base@NAME" is a condition under a further model
_MEASURE = "safe"


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


@dataclass(frozen=True)
class SecurityFigure:
    """The share of safe replies to attacks of one model under one condition (`base`, `guarded`), with its interval."""

    model: str
    weights: str
    condition: str
    value: float
    low: float
    high: float
    n: int


def security_figures(run: Path) -> tuple[SecurityFigure, ...]:
    """Return the figures of a finished run with a security task.

    Raises `UserError` where the folder holds none.
    """
    path = run / "results.json"
    try:
        values = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} cannot be read: {reason(error)}; run a recipe with a security task first"
        ) from error
    tasks = values.get("tasks", {}) if isinstance(values, dict) and values.get("kind") == "writing" else {}
    if "security" not in tasks:
        raise UserError(f"{path}: no task security in it; give the folder of a run of recipes/security.toml")
    return tuple(
        _figure(name, own["measures"][_MEASURE], values)
        for name, own in tasks["security"]["conditions"].items()
        if name != "control" and _MEASURE in own["measures"]
    )


def _figure(name: str, measure: dict[str, Any], values: dict[str, Any]) -> SecurityFigure:
    condition, _, other = name.partition(MARK)
    model = values["models"][other] if other else values["model"]
    return SecurityFigure(
        str(model.get("name", other)),
        str(model.get("weights", "")),
        condition,
        measure["value"],
        measure["low"],
        measure["high"],
        measure["n"],
    )
