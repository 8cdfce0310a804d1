"""Accuracy of conditional generation: error and correlation of properties over a grid of requested values."""

from typing import Any

import numpy as np

from clinweave.applications.molecules.generation import generate
from clinweave.applications.molecules.generator import Generator
from clinweave.applications.molecules.molecule import parse
from clinweave.applications.molecules.properties import PROPERTIES, property_table

# what is asked for, within what the training molecules have
GRID: dict[str, tuple[float, ...]] = {
    "weight": (270.0, 290.0, 310.0, 330.0, 345.0),
    "logp": (0.5, 1.5, 2.5, 3.5, 4.5),
    "tpsa": (35.0, 50.0, 65.0, 80.0, 95.0),
    "qed": (0.6, 0.7, 0.8, 0.88, 0.93),
    "rings": (1.0, 2.0, 3.0, 4.0),
    "donors": (0.0, 1.0, 2.0, 3.0),
    "acceptors": (2.0, 3.0, 4.0, 5.0, 6.0),
}


def condition_accuracy(
    model: Generator, each: int = 100, seed: int = 0, *, found_too: bool = False
) -> list[dict[str, Any]]:
    """Return for each property, asked for alone: mean absolute error and correlation of asked and found, `each`
    molecules for each value, and the error of unconditional molecules for comparison; `found_too`: every value."""
    column = {name: number for number, name in enumerate(PROPERTIES)}
    free = property_table([parse(text) for text in generate(each * 2, model=model, seed=seed).smiles])
    rows = []
    for name, values in GRID.items():
        asked, measured = [], []
        for number, value in enumerate(values):
            drawn = generate(each, {name: value}, model=model, seed=seed + number)
            table = property_table([parse(text) for text in drawn.smiles], qed=name == "qed")
            asked += [value] * len(table)
            measured += table[:, column[name]].tolist()
        target, actual = np.array(asked), np.array(measured)
        idle = np.abs(free[:, column[name]][None] - np.array(values)[:, None]).mean()
        rows.append({
            "property": name,
            "asked": list(values),
            "molecules": len(actual),
            "mean_absolute_error": float(np.abs(target - actual).mean()),
            "correlation": float(np.corrcoef(target, actual)[0, 1]) if actual.std() else 0.0,
            "error_unasked": float(idle),
            **({"wanted": asked, "found": measured} if found_too else {}),
        })  # fmt: skip
    return rows
