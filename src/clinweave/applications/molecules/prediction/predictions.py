"""Predict the properties of a table's molecules, and evaluate a model on a table with measured values."""

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
    """Write the table with predictions, or a reason for each row without one; return the counts.

    `report` is an HTML page with drawings. Columns of each endpoint: NAME_probability with NAME_low and NAME_high,
    NAME_set (labels possible at 90 %, conformal), or NAME_predicted with the 90 % interval; then `similarity` to the
    `nearest` training structure, `domain` (inside: held-out scaffolds as similar were covered as stated) and
    `outside_because` (NAME_ before them where there are several endpoints), `notes` on the structure, and `reason`.
    """
    check_out(table, out)
    predictions, near = _predictions(model, table)
    index = {row: number for number, row in enumerate(table.good)}
    rows = range(len(table.rows))
    more: dict[str, list[str]] = {}
    for endpoint in model.endpoints:
        first = "probability" if endpoint.kind == "classification" else "predicted"
        for name, values in zip((first, "low", "high"), predictions[endpoint.name][:3], strict=True):
            more[f"{endpoint.name}_{name}"] = [
                f"{values[index[row]]:.4g}" if row in index else "" for row in rows
            ]
        if predictions[endpoint.name].labels:
            more[f"{endpoint.name}_set"] = [
                predictions[endpoint.name].labels[index[row]] if row in index else "" for row in rows
            ]
    more["similarity"] = [f"{near.similarity[index[row]]:.3f}" if row in index else "" for row in rows]
    more["nearest"] = [near.nearest[index[row]] if row in index else "" for row in rows]
    for endpoint in model.endpoints:
        prefix = f"{endpoint.name}_" if len(model.endpoints) > 1 else ""
        why = near.why[endpoint.name]
        more[f"{prefix}domain"] = [
            ("outside" if why[index[row]] else "inside") if row in index else "" for row in rows
        ]
        more[f"{prefix}outside_because"] = [why[index[row]] if row in index else "" for row in rows]
    more["notes"] = [
        "; ".join(endpoint.notes) if isinstance(endpoint, Structure) else "" for endpoint in table.structures
    ]
    more["reason"] = [
        endpoint.reason if isinstance(endpoint, Refused) else "" for endpoint in table.structures
    ]
    write_table(out, table, more)
    if report:
        refused = [
            (row + 1, endpoint.reason)
            for row, endpoint in enumerate(table.structures)
            if isinstance(endpoint, Refused)
        ]
        pages = {
            endpoint.name: EvaluationPage(endpoint.kind, *predictions[endpoint.name][:3])
            for endpoint in model.endpoints
        }
        shown = _shown(model, table, near)
        write_predictions(report, table.path.name, shown, pages, refused, model.domain_notes)
    return {
        "rows": len(table.rows),
        "answered": len(index),
        "refused": len(table.rows) - len(index),
        "outside": sum(any(texts) for texts in zip(*near.why.values(), strict=True)),
        "notes": model.domain_notes,
        "out": str(out),
    }


def evaluate(
    model: PropertyModel, table: Table, bounds: str = "leave-out", report: Path | None = None
) -> dict[str, Any]:
    """Return how right a model is on a table with known answers: counts, metrics with 95 % intervals, by domain.

    Rows whose structure the model was trained on are left out, and counted. `bounds` is that of `read_answers`;
    `report` is an HTML page with plots and the largest misses.
    """
    training_smiles = set(model.smiles)
    structures = [item for item in table.structures if isinstance(item, Structure)]
    fresh = np.array([item.smiles not in training_smiles for item in structures], bool)
    read = {
        item.name: table.answers(item.name, bounds) for item in model.endpoints if item.name in table.header
    }
    answers = {name: item.values[table.good] for name, item in read.items()}
    if not answers:
        names = ", ".join(item.name for item in model.endpoints)
        raise UserError(f"{table.path}: holds none of the columns {names} that the model predicts")
    predictions, near = _predictions(model, table)
    result: dict[str, Any] = {
        "rows": len(table.rows),
        "refused": len(table.rows) - len(structures),
        "trained_on": int((~fresh).sum()),
        "notes": [f"{name}: {note}" for name, item in read.items() for note in item.notes],
        "endpoints": {},
    }
    for item in model.endpoints:
        if item.name in answers:
            rows = np.flatnonzero(np.isfinite(answers[item.name]) & fresh)
            result["endpoints"][item.name] = _judged(
                item, answers[item.name], predictions[item.name], near, rows
            )
    if report:
        new = {name: np.where(fresh, values, np.nan) for name, values in answers.items()}
        judged = {
            item.name: EvaluationPage(
                item.kind, *predictions[item.name][:3], new[item.name], result["endpoints"][item.name]
            )
            for item in model.endpoints
            if item.name in new
        }
        counts = "{rows} rows, {refused} refused, {trained_on} in the training set and left out".format(
            **result
        )
        write_evaluation(
            report, table.path.name, _shown(model, table, near), judged, [counts, *result["notes"]]
        )
    return result


def _shown(model: PropertyModel, table: Table, near: Nearness) -> list[PredictionRow]:
    """Return what a page needs of the rows that were answered; the first other column is their name."""
    taken = {endpoint.name for endpoint in model.endpoints}
    names = [
        column
        for column, name in enumerate(table.header)
        if column != table.smiles_column and name not in taken
    ]
    result = []
    for number, row in enumerate(table.good):
        structure = table.structures[row]
        assert isinstance(structure, Structure)
        name = table.rows[row][names[0]] if names else ""
        notes, alike = "; ".join(structure.notes), float(near.similarity[number])
        result.append(
            PredictionRow(
                row + 1,
                name,
                structure.molecule,
                notes,
                alike,
                near.nearest[number],
                {name: text[number] for name, text in near.why.items()},
            )
        )
    return result


def _predictions(model: PropertyModel, table: Table) -> tuple[dict[str, Predicted], Nearness]:
    structures = [item for item in table.structures if isinstance(item, Structure)]
    if structures:
        return model.predict(structures, "describing the molecules")
    empty = np.zeros(0)
    nothing = {item.name: Predicted(empty, empty, empty) for item in model.endpoints}
    return nothing, Nearness(
        empty, [], {name: np.zeros(0, bool) for name in nothing}, {name: [] for name in nothing}
    )


def _judged(
    endpoint: Endpoint, answers: Floats, predicted: Predicted, near: Nearness, rows: NDArray[np.int64]
) -> dict[str, Any]:
    """Return the metrics of one endpoint on these rows, and inside and outside of the domain."""
    if len(rows) < 2:
        return {"n": len(rows), "problem": "fewer than two new rows with an answer"}
    truth, value = answers[rows], predicted.value[rows]
    inside = near.inside[endpoint.name][rows]
    result: dict[str, object] = {"n": len(rows), "kind": endpoint.kind}
    if endpoint.kind == "classification":
        if not set(np.unique(truth)) <= {0.0, 1.0}:
            return {"n": len(rows), "problem": "the model says yes or no, the answers are other than 0 and 1"}
        measures = [metrics.auroc, metrics.average_precision, metrics.brier]
        result["calibration_error"] = metrics.calibration_error(truth, value)
        result["calibration_error_if_exactly_right"] = metrics.calibration_floor(value)
        result["positives"] = float(truth.mean())
    else:
        measures = [metrics.spearman, metrics.rmse, metrics.mae]
        result["rmse_of_the_mean"] = float(truth.std())
        result["mean_width"] = float(np.mean(predicted.high[rows] - predicted.low[rows]))
    result["coverage_of_90"] = float(_covered(endpoint, truth, predicted, rows).mean())
    for metric in measures:
        low, high = metrics.interval(metric, truth, value)
        result[metric.__name__] = {"value": metric(truth, value), "low": low, "high": high}
    kept = _covered(endpoint, truth, predicted, rows)
    for name, where in (("inside", inside), ("outside", ~inside)):
        if where.any():
            result[name] = {
                "n": int(where.sum()),
                measures[-1].__name__: measures[-1](truth[where], value[where]),
                "coverage_of_90": float(kept[where].mean()),
            }
    return result


def _covered(
    endpoint: Endpoint, truth: Floats, predicted: Predicted, rows: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Say whether each answer lies in its interval, or its label in its set."""
    if endpoint.kind == "classification":
        sets = [predicted.labels[row] for row in rows]
        return np.array([f"{answer:.0f}" in text for answer, text in zip(truth, sets, strict=True)], bool)
    return np.asarray((truth >= predicted.low[rows]) & (truth <= predicted.high[rows]))
