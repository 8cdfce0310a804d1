"""Tables answered by a model, and a model judged by a table whose answers are known."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clinweave.applications.molecules.prediction import metrics
from clinweave.applications.molecules.prediction.endpoints import Endpoint, Predicted
from clinweave.applications.molecules.prediction.model import Nearness, PropertyModel
from clinweave.applications.molecules.prediction.page import (
    EvaluationPage,
    PredictionRow,
    write_evaluation,
    write_predictions,
)
from clinweave.applications.molecules.prediction.structures import Refused, Structure
from clinweave.applications.molecules.prediction.tables import Table, check_out, write_table
from clinweave.core.errors import UserError

Floats = NDArray[np.float64]


def predict(model: PropertyModel, table: Table, out: Path, report: Path | None = None) -> dict[str, Any]:
    """Write the table with the predictions beside each row, or the reason why there is none; return the counts.

    `report` is an HTML page with drawings.

    Columns added for each endpoint: NAME_probability with NAME_low and NAME_high (Venn-Abers), or NAME_predicted with
    the 90 % interval; then `similarity` to the `nearest` training structure, `domain` (inside or outside), `notes` on
    what was done to the structure, and `reason`.
    """
    check_out(table, out)
    said, near = _said(model, table)
    place = {row: number for number, row in enumerate(table.good)}
    rows = range(len(table.rows))
    more: dict[str, list[str]] = {}
    for one in model.endpoints:
        first = "probability" if one.kind == "classification" else "predicted"
        for name, values in zip((first, "low", "high"), said[one.name], strict=True):
            more[f"{one.name}_{name}"] = [f"{values[place[row]]:.4g}" if row in place else "" for row in rows]
    more["similarity"] = [f"{near.similarity[place[row]]:.3f}" if row in place else "" for row in rows]
    more["nearest"] = [near.nearest[place[row]] if row in place else "" for row in rows]
    more["domain"] = [
        ("inside" if near.inside[place[row]] else "outside") if row in place else "" for row in rows
    ]
    more["notes"] = ["; ".join(one.notes) if isinstance(one, Structure) else "" for one in table.structures]
    more["reason"] = [one.reason if isinstance(one, Refused) else "" for one in table.structures]
    write_table(out, table, more)
    if report:
        refused = [
            (row + 1, one.reason) for row, one in enumerate(table.structures) if isinstance(one, Refused)
        ]
        told = {one.name: EvaluationPage(one.kind, *said[one.name]) for one in model.endpoints}
        write_predictions(report, table.path.name, _shown(model, table, near), told, refused)
    return {
        "rows": len(table.rows),
        "answered": len(place),
        "refused": len(table.rows) - len(place),
        "outside": int((~near.inside).sum()),
        "out": str(out),
    }


def evaluate(
    model: PropertyModel, table: Table, bounds: str = "leave-out", report: Path | None = None
) -> dict[str, Any]:
    """Return how right a model is on a table with known answers: counts, metrics with 95 % intervals, by domain.

    Rows whose structure the model was trained on are left out, and counted. `bounds` is that of `read_answers`;
    `report` is an HTML page with plots and the largest misses.
    """
    known = set(model.smiles)
    structures = [one for one in table.structures if isinstance(one, Structure)]
    fresh = np.array([one.smiles not in known for one in structures], bool)
    read = {one.name: table.answers(one.name, bounds) for one in model.endpoints if one.name in table.header}
    answers = {name: one.values[table.good] for name, one in read.items()}
    if not answers:
        names = ", ".join(one.name for one in model.endpoints)
        raise UserError(f"{table.path}: holds none of the columns {names} that the model predicts")
    said, near = _said(model, table)
    found: dict[str, Any] = {
        "rows": len(table.rows),
        "refused": len(table.rows) - len(structures),
        "trained_on": int((~fresh).sum()),
        "notes": [f"{name}: {note}" for name, one in read.items() for note in one.notes],
        "endpoints": {},
    }
    for one in model.endpoints:
        if one.name in answers:
            rows = np.flatnonzero(np.isfinite(answers[one.name]) & fresh)
            found["endpoints"][one.name] = _judged(one, answers[one.name], said[one.name], near, rows)
    if report:
        new = {name: np.where(fresh, values, np.nan) for name, values in answers.items()}
        judged = {
            one.name: EvaluationPage(one.kind, *said[one.name], new[one.name], found["endpoints"][one.name])
            for one in model.endpoints
            if one.name in new
        }
        counts = "{rows} rows, {refused} refused, {trained_on} in the training set and left out".format(
            **found
        )
        write_evaluation(
            report, table.path.name, _shown(model, table, near), judged, [counts, *found["notes"]]
        )
    return found


def _shown(model: PropertyModel, table: Table, near: Nearness) -> list[PredictionRow]:
    """Return what a page needs of the rows that were answered; the first other column is their name."""
    taken = {one.name for one in model.endpoints}
    names = [
        place for place, name in enumerate(table.header) if place != table.smiles_column and name not in taken
    ]
    found = []
    for number, row in enumerate(table.good):
        structure = table.structures[row]
        assert isinstance(structure, Structure)
        name = table.rows[row][names[0]] if names else ""
        notes, alike = "; ".join(structure.notes), float(near.similarity[number])
        found.append(
            PredictionRow(
                row + 1,
                name,
                structure.molecule,
                notes,
                alike,
                near.nearest[number],
                bool(near.inside[number]),
            )
        )
    return found


def _said(model: PropertyModel, table: Table) -> tuple[dict[str, Predicted], Nearness]:
    structures = [one for one in table.structures if isinstance(one, Structure)]
    if structures:
        return model.predict(structures, "describing the molecules")
    empty = np.zeros(0)
    nothing = {one.name: Predicted(empty, empty, empty) for one in model.endpoints}
    return nothing, Nearness(empty, [], np.zeros(0, bool))


def _judged(
    one: Endpoint, answers: Floats, said: Predicted, near: Nearness, rows: NDArray[np.int64]
) -> dict[str, Any]:
    """Return the metrics of one endpoint on these rows, and inside and outside of the domain."""
    if len(rows) < 2:
        return {"n": len(rows), "problem": "fewer than two new rows with an answer"}
    truth, value = answers[rows], said.value[rows]
    inside = near.inside[rows]
    found: dict[str, Any] = {"n": len(rows), "kind": one.kind}
    if one.kind == "classification":
        if not set(np.unique(truth)) <= {0.0, 1.0}:
            return {"n": len(rows), "problem": "the model says yes or no, the answers are other than 0 and 1"}
        measures = [metrics.auroc, metrics.average_precision, metrics.brier]
        found["calibration_error"] = metrics.calibration_error(truth, value)
        found["calibration_error_if_exactly_right"] = metrics.calibration_floor(value)
        found["positives"] = float(truth.mean())
    else:
        measures = [metrics.spearman, metrics.rmse, metrics.mae]
        found["rmse_of_the_mean"] = float(truth.std())
        covered = (truth >= said.low[rows]) & (truth <= said.high[rows])
        found["coverage_of_90"] = float(covered.mean())
        found["mean_width"] = float(np.mean(said.high[rows] - said.low[rows]))
    for metric in measures:
        low, high = metrics.interval(metric, truth, value)
        found[metric.__name__] = {"value": metric(truth, value), "low": low, "high": high}
    for name, where in (("inside", inside), ("outside", ~inside)):
        if where.any():
            found[name] = {
                "n": int(where.sum()),
                measures[-1].__name__: measures[-1](truth[where], value[where]),
            }
    return found
