"""Whether probabilities and intervals hold what they say on scaffolds that the model did not see."""

import numpy as np

from clinweave.applications.molecules.prediction import boosting, calibration, domain
from clinweave.applications.molecules.prediction.calibration import VennAbers, Widths
from clinweave.applications.molecules.prediction.endpoints import COVERAGE, FOLDS, fit_folds
from clinweave.applications.molecules.prediction.splits import folds as scaffold_folds
from molecules_parts.moleculenet import Set

WAYS = ("raw", "platt", "isotonic", "venn-abers")


def measure(known: Set, columns: np.ndarray, rule: str, seed: int, folds: str) -> dict[str, np.ndarray]:
    """Return what fold models say of the test part: four probabilities, or values with two kinds of half-widths.

    `folds` is scaffold (as the product does) or random; the latter shows what the choice is worth.
    """
    split = known.split(rule, seed)
    rows = np.concatenate([split.train, split.valid])
    prints = known.prints()
    result: dict[str, list[np.ndarray]] = {}
    for task in range(len(known.tasks)):
        stated = rows[np.isfinite(known.answers[rows, task])]
        test = split.test
        near = domain.nearest([prints[row] for row in test], [prints[row] for row in stated])[0]
        groups = [known.groups[row] if folds == "scaffold" else str(row) for row in stated]
        boosters, unseen = fit_folds(
            known.kind, columns[stated], known.answers[stated, task], [prints[row] for row in stated],
            scaffold_folds(groups, FOLDS, seed), seed=seed,
        )  # fmt: skip
        scores = [boosting.score(item, columns[test]) for item in boosters]
        item = (
            _probabilities(unseen, scores)
            if known.kind == "classification"
            else _values(unseen, scores, near)
        )
        for name, values in {**item, "similarity": near}.items():
            result.setdefault(name, []).append(values)
    return {name: np.stack(values, -1) for name, values in result.items()}


def _probabilities(unseen, scores: list[np.ndarray]) -> dict[str, np.ndarray]:
    from sklearn.isotonic import IsotonicRegression

    raw = np.mean(scores, axis=0)
    slope, shift = calibration.platt(unseen.scores, unseen.truth)
    flat = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(unseen.scores, unseen.truth)
    venn = [
        VennAbers.fit(unseen.scores[unseen.folds == fold], unseen.truth[unseen.folds == fold]).between(item)
        for fold, item in enumerate(scores)
    ]
    merged, width = calibration.merged([low for low, _ in venn], [high for _, high in venn])
    return {
        "raw": boosting.probability(raw),
        "platt": boosting.probability(slope * raw + shift),
        "isotonic": flat.predict(raw),
        "venn-abers": merged,
        "width": width,
    }


def _values(unseen, scores: list[np.ndarray], near: np.ndarray) -> dict[str, np.ndarray]:
    errors = np.abs(unseen.truth - unseen.scores)
    return {
        "value": np.mean(scores, axis=0),
        "plain": np.full(len(near), calibration.quantile(errors, COVERAGE)),
        "by similarity": Widths.fit(errors, unseen.similarity, COVERAGE).of(near),
    }
