"""Signals that a patient's disease is not listed: how well they tell a case with its disease from one without it.

    python benchmarks/diagnosis_unlisted.py CASES.tar.gz RELEASE

Development cases (at most 4 of a disease, the first 400), ranked by the HPO release in the folder RELEASE, own paper
left out, each once with its disease and once with it taken out. The present share of "none of these" stands beside
logistic models (five folds by disease) that add: the best score against that of simulated patients with as many
findings whose disease is taken out, the share of information that the first disease does not explain, and the distance
to the best disease that is no sibling of the first. Intervals (95 %) are those of 1,000 draws of diseases (seed 0).
"""

import argparse
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from clinweave.applications.diagnosis import (
    Model,
    Ranker,
    Release,
    open_model,
    read_cases,
    read_findings,
    release_in,
)
from clinweave.applications.diagnosis.shares import shares
from clinweave.core.artifacts import home
from clinweave.evaluation.diagnosis.ranking import known_cases
from clinweave.evaluation.diagnosis.truth import read_truth

_MOST, _CASES, _FOLDS, _DRAWS, _SIMULATED = 4, 400, 5, 1000, 25
_SIZES = (2, 4, 7, 12, 20)  # findings of simulated patients
_REMOVED = -1e9
_EXPLAINED = 0.3  # natural units; a finding that says less is not explained
_FIRST = 30  # ranks among which another group is looked for


class Rows(NamedTuple):
    """Signals (rows by columns), whether the disease was taken out, and the disease of each row."""

    signals: Any
    removed: Any
    disease: Any


def main() -> None:
    """Print the area under the curve of each set of signals."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("release", type=Path)
    options = parser.parse_args()
    files = release_in(options.release)
    model = open_model(Release(files.ontology, files.annotations), home() / "diagnosis")
    rows = _signals(model, options.cases)
    print(f"{len(rows.removed) // 2} cases, {len(set(rows.disease))} diseases")
    present = rows.signals[:, 0]
    arms = {
        "the present share": present,
        "and the best score against simulated patients": _crossed(rows, [0, 1]),
        "and the unexplained share": _crossed(rows, [0, 2]),
        "and the distance to another group": _crossed(rows, [0, 3]),
        "all of these": _crossed(rows, [0, 1, 2, 3]),
    }
    names = np.unique(rows.disease)
    draw = np.random.default_rng(0)
    drawn = [
        np.concatenate([np.flatnonzero(rows.disease == name) for name in draw.choice(names, len(names))])
        for _ in range(_DRAWS)
    ]
    for name, values in arms.items():
        gains = [
            _area(values[index], rows.removed[index]) - _area(present[index], rows.removed[index])
            for index in drawn
        ]
        low, high = np.percentile(gains, [2.5, 97.5])
        area = _area(values, rows.removed)
        print(
            f"| {name} | {area:.3f} | {area - _area(present, rows.removed):+.3f} ({low:+.3f} to {high:+.3f}) |"
        )


def _signals(model: Model, path: Path) -> Rows:
    pairs = list(zip(read_cases(path), read_truth(path), strict=True))
    known = known_cases(model, [truth for _, truth in pairs])
    by_disease: dict[str, list[Any]] = {}
    for case, truth in pairs:
        if truth.development and truth.id in known and truth.disease in model.ids:
            by_disease.setdefault(truth.disease, []).append((case, truth))
    draw = random.Random(0)
    chosen = [
        item for _, items in sorted(by_disease.items()) for item in draw.sample(items, min(_MOST, len(items)))
    ][:_CASES]
    ranker, places = Ranker(model), {id_: place for place, id_ in enumerate(model.ids)}
    expected = _background(ranker)
    signals, removed, disease = [], [], []
    for case, truth in chosen:
        findings = read_findings(model.ontology, case)
        paper = (truth.publication,) if truth.publication else ()
        if not findings.observed:
            continue
        scores = ranker.scores(findings.observed, findings.excluded, paper, case.sex)
        place = places[truth.disease]
        if scores[place] <= _REMOVED / 10:
            continue  # all that is known of the disease came from the case's own paper
        for without in (False, True):
            changed = scores.copy()
            if without:
                changed[place] = _REMOVED
            signals.append(_row(ranker, changed, findings.observed, expected))
            removed.append(without)
            disease.append(truth.disease)
    return Rows(np.array(signals), np.array(removed, np.int64), np.array(disease))


def _row(ranker: Ranker, scores: Any, observed: Sequence[int], expected: Any) -> list[float]:
    """Return the present share, the standardised best score, the unexplained share and the distance."""
    model, count = ranker.model, len(observed)
    best = int(scores.argmax())
    listed = scores[scores > _REMOVED]
    says = np.array([ranker.row(term)[best] for term in observed])
    information = np.maximum(model.information[list(observed)], 1e-6)
    mean, spread = (float(np.interp(count, _SIZES, column)) for column in expected)
    siblings = set(model.related[best].siblings)
    first = np.argsort(-scores)[1:_FIRST].tolist()
    other = next((place for place in first if model.ids[place] not in siblings), first[0])
    return [
        shares(listed, count).unlisted,
        (float(scores[best]) / count - mean) / spread,
        float(information[says <= _EXPLAINED].sum() / information.sum()),
        float(scores[best] - scores[other]),
    ]


def _background(ranker: Ranker) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation of the best score by finding of simulated patients, by their size."""
    model, draw = ranker.model, np.random.default_rng(0)
    rows, chance = model.annotations, model.weight / model.weight.sum()
    annotated = [id_ for id_ in model.ids if id_ in rows.index_of]
    means, spreads = [], []
    for size in _SIZES:
        values = []
        for _ in range(_SIMULATED):
            id_ = annotated[int(draw.integers(len(annotated)))]
            terms = rows.term[rows.rows_of(rows.index_of[id_])]
            picked = draw.choice(terms, min(len(terms), size), replace=False).tolist() if len(terms) else []
            picked += draw.choice(len(chance), size - len(picked), p=chance).tolist()
            findings = sorted(set(picked))
            scores = ranker.scores(findings)
            scores[model.ids.index(id_)] = _REMOVED
            values.append(float(scores.max()) / len(findings))
        means.append(float(np.mean(values)))
        spreads.append(float(np.std(values)))
    return means, spreads


def _crossed(rows: Rows, columns: Sequence[int]) -> Any:
    """Return the log odds of a logistic model of some signals, fitted on the other folds of diseases."""
    values = rows.signals[:, columns]
    values = np.c_[np.ones(len(values)), (values - values.mean(0)) / values.std(0)]
    names = np.random.default_rng(0).permutation(np.unique(rows.disease))
    fold_of = {name: number % _FOLDS for number, name in enumerate(names.tolist())}
    fold = np.array([fold_of[name] for name in rows.disease.tolist()])
    result = np.zeros(len(values))
    for part in range(_FOLDS):
        train, weights = fold != part, np.zeros(values.shape[1])
        for _ in range(30):  # Newton's method with a small penalty
            chance = 1 / (1 + np.exp(-values[train] @ weights))
            curvature = (values[train] * (chance * (1 - chance))[:, None]).T @ values[train]
            gradient = values[train].T @ (rows.removed[train] - chance) - weights
            weights += np.linalg.solve(curvature + np.eye(len(weights)), gradient)
        result[~train] = values[~train] @ weights
    return result


def _area(values: Any, labels: Any) -> float:
    """Return the area under the curve of values for labels 0 and 1; ties count half."""
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[where]
    ones = int(labels.sum())
    zeros = len(labels) - ones
    return float((ranks[labels == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros))


if __name__ == "__main__":
    main()
