"""Security figures of a run of written answers, for the report card of the models that answered there."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clinweave.core.errors import UserError
from clinweave.core.filesystem import reason

MARK = "@"  # "base@NAME" is a condition under a further model
_MEASURE = "safe"


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
