"""A predicted property (endpoint): models of the folds, calibration, and out-of-fold errors."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinweave.applications.molecules.prediction import boosting, calibration, domain
from clinweave.applications.molecules.prediction.calibration import VennAbers, Widths
from clinweave.applications.molecules.prediction.splits import folds as split_in_folds
from clinweave.core.errors import UserError
from clinweave.core.statistics import wilson

if TYPE_CHECKING:
    from lightgbm import Booster
    from rdkit.DataStructs import ExplicitBitVect

Floats = NDArray[np.float64]
FOLDS = 5
COVERAGE = 0.9
TOLERANCE = 0.05  # coverage inside that is surely lower than stated by more than this empties the domain
MIN_ROWS = 20  # answered rows


class Predicted(NamedTuple):
    """Predictions of rows: a probability or a value, between `low` and `high`; of a class also the possible labels."""

    value: Floats
    low: Floats
    high: Floats
    labels: Sequence[str] = ()


class Unseen(NamedTuple):
    """Out-of-fold predictions."""

    scores: Floats
    truth: Floats
    folds: NDArray[np.int64]
    similarity: Floats


@dataclass(frozen=True)
class Endpoint:
    """A property that can be predicted. `kind` is "classification" (0 or 1) or "regression"."""

    name: str
    kind: str
    boosters: "tuple[Booster, ...]"
    rows: int  # answered rows that it was fitted on
    venn: tuple[VennAbers, ...] = ()
    widths: Widths | None = None
    by_similarity: list[dict[str, float]] = field(default_factory=list)  # measured out of fold
    measured: dict[str, Any] = field(default_factory=dict)  # out of fold
    inside_from: float = (
        0.0  # similarity from which held-out scaffolds were covered as stated; infinity: nowhere
    )
    limits: tuple[float, float] | None = None  # most that 1 - p may be for a label 0, 1 to be in the set

    def domain_note(self) -> str:
        """Say where "inside" does not hold as stated, or ""."""
        measured = self.measured.get("covered_inside")
        if measured is None:
            if np.isfinite(self.inside_from):
                return ""
            return (
                f"{self.name}: no molecule is inside the domain: at no similarity to the training structures are "
                f"held-out scaffolds covered as often as stated ({COVERAGE:.0%})"
            )
        if measured["high"] >= COVERAGE:
            return ""
        then = "" if np.isfinite(self.inside_from) else ", so no molecule is called inside"
        return (
            f'{self.name}: "inside" does not hold: of {self.measured["rows_inside"]:,} held-out molecules with new '
            f"scaffolds inside, {measured['value']:.1%} ({measured['low']:.1%} to {measured['high']:.1%}) are covered, "
            f"{COVERAGE:.0%} are stated{then}"
        )

    def predict(self, columns: NDArray[np.float32], similarity: Floats) -> Predicted:
        """Return predictions of rows described by `columns`, given their similarity to the training structures."""
        scores = [boosting.score(booster, columns) for booster in self.boosters]
        if self.kind == "classification":
            pairs = [venn.between(score) for venn, score in zip(self.venn, scores, strict=True)]
            lows, highs = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
            value, _ = calibration.merged(lows, highs)
            low, high = np.mean(lows, axis=0), np.mean(highs, axis=0)
            raw = boosting.probability(np.mean(scores, axis=0))
            return Predicted(value, np.minimum(low, value), np.maximum(high, value), self._sets(raw))
        assert self.widths is not None
        value, half = np.mean(scores, axis=0), self.widths.of(similarity)
        return Predicted(value, value - half, value + half)

    def _sets(self, probability: Floats) -> list[str]:
        """Return the labels that are possible at the stated coverage: "0", "1", "0 or 1", or "none"."""
        if self.limits is None:
            return []
        names = {(True, True): "0 or 1", (True, False): "0", (False, True): "1", (False, False): "none"}
        zero, one = probability <= self.limits[0], 1 - probability <= self.limits[1]
        return [names[bool(first), bool(two)] for first, two in zip(zero, one, strict=True)]


def fit_endpoint(
    name: str,
    kind: str,
    columns: NDArray[np.float32],
    answers: Floats,
    *,
    prints: "Sequence[ExplicitBitVect]",
    groups: Sequence[str],
    seed: int = 0,
) -> Endpoint:
    """Fit an endpoint on all rows with an answer; a scaffold (`groups`) is never on two sides of a fold."""
    labelled = [int(row) for row in np.flatnonzero(np.isfinite(answers))]
    columns, answers = columns[labelled], answers[labelled]
    _enough(name, kind, answers)
    folds = split_in_folds([groups[row] for row in labelled], FOLDS, seed)
    boosters, unseen = fit_folds(kind, columns, answers, [prints[row] for row in labelled], folds, seed=seed)
    check = check_domain(kind, unseen)
    if kind == "classification":
        venn = tuple(
            VennAbers.fit(unseen.scores[folds == fold], answers[folds == fold])
            for fold in range(len(boosters))
        )
        errors = np.abs(answers - boosting.probability(unseen.scores))
        return Endpoint(
            name, kind, boosters, len(answers), venn, None, domain.by_class(unseen.similarity, errors),
            {**_measured(kind, unseen), **check.measures()}, check.least, label_limits(unseen),
        )  # fmt: skip
    errors = np.abs(answers - unseen.scores)
    widths = Widths.fit(errors, unseen.similarity, COVERAGE)
    return Endpoint(
        name, kind, boosters, len(answers), (), widths, domain.by_class(unseen.similarity, errors),
        {**_measured(kind, unseen), **check.measures()}, check.least,
    )  # fmt: skip


class DomainCheck(NamedTuple):
    """Whether "inside" holds: of rows on held-out scaffolds that are inside a domain fitted on the other scaffolds, how
    many (n) and how many of them are covered."""

    similarity: float  # from which on a row is inside, before the check
    rows: int
    covered: int

    @property
    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval (Wilson) of the coverage inside."""
        low, high = wilson(self.covered, self.rows)
        return float(low), float(high)

    @property
    def least(self) -> float:
        """Return the similarity from which on a row is inside: infinity where coverage inside is far too low."""
        empty = not self.rows or self.interval[1] < COVERAGE - TOLERANCE
        return float("inf") if empty else self.similarity

    def measures(self) -> dict[str, Any]:
        """Return the coverage inside with its interval, and the number of rows."""
        if not self.rows:
            return {"rows_inside": 0}
        low, high = self.interval
        value = self.covered / self.rows
        return {"covered_inside": {"value": value, "low": low, "high": high}, "rows_inside": self.rows}


def check_domain(kind: str, unseen: Unseen) -> DomainCheck:
    """Return the domain of all rows, and how often rows inside are covered where their own fold did not choose it."""
    covered = covered_out_of_fold(kind, unseen)
    inside = np.zeros(len(covered), bool)
    for fold in np.unique(unseen.folds):
        own = unseen.folds == fold
        least = domain.covered_from(unseen.similarity[~own], covered[~own], COVERAGE)
        inside[own] = unseen.similarity[own] >= least
    similarity = domain.covered_from(unseen.similarity, covered, COVERAGE)
    return DomainCheck(similarity, int(inside.sum()), int(covered[inside].sum()))


def covered_out_of_fold(kind: str, unseen: Unseen) -> NDArray[np.bool_]:
    """Say which rows are covered by intervals (or label sets) of the other folds."""
    if kind == "classification":
        residuals, labels = np.abs(unseen.truth - boosting.probability(unseen.scores)), unseen.truth > 0.5
        return calibration.held_out_coverage(residuals, unseen.folds, COVERAGE, labels.astype(np.int64))
    return calibration.held_out_coverage(np.abs(unseen.truth - unseen.scores), unseen.folds, COVERAGE)


def label_limits(unseen: Unseen) -> tuple[float, float]:
    """Return the quantile of 1 - p of the true label, of rows with the label 0 and with the label 1."""
    residuals = np.abs(unseen.truth - boosting.probability(unseen.scores))
    zero, one = (calibration.quantile(residuals[unseen.truth == label], COVERAGE) for label in (0, 1))
    return zero, one


def fit_folds(
    kind: str,
    columns: NDArray[np.float32],
    answers: Floats,
    prints: "Sequence[ExplicitBitVect]",
    folds: NDArray[np.int64],
    *,
    seed: int,
) -> "tuple[tuple[Booster, ...], Unseen]":
    """Return one booster per fold, fitted on the other folds, and the out-of-fold predictions."""
    boosters, scores = [], np.zeros(len(answers))
    for fold in range(int(folds.max()) + 1):
        inside = folds != fold
        booster = boosting.fit(columns[inside], answers[inside], kind, seed=1000 * seed + fold)
        scores[~inside] = boosting.score(booster, columns[~inside])
        boosters.append(booster)
    return tuple(boosters), Unseen(scores, answers, folds, domain.out_of_fold(prints, folds))


def _enough(name: str, kind: str, answers: Floats) -> None:
    if len(answers) < MIN_ROWS:
        raise UserError(
            f"{name}: {len(answers)} rows with an answer and a structure; at least {MIN_ROWS} are needed"
        )
    if kind == "classification" and min(answers.sum(), len(answers) - answers.sum()) < FOLDS:
        raise UserError(f"{name}: at least {FOLDS} rows of either class are needed")
    if kind == "regression" and np.ptp(answers) == 0:
        raise UserError(f"{name}: all answers are {answers[0]:g}; there is nothing to learn")


def _measured(kind: str, unseen: Unseen) -> dict[str, float]:
    from clinweave.applications.molecules.prediction import metrics

    if kind == "regression":
        return {
            "rmse": metrics.rmse(unseen.truth, unseen.scores),
            "mae": metrics.mae(unseen.truth, unseen.scores),
            "rmse_of_the_mean": float(unseen.truth.std()),  # what saying the mean of all would reach
            "spearman": metrics.spearman(unseen.truth, unseen.scores),
        }
    return {
        "auroc": metrics.auroc(unseen.truth, unseen.scores),
        "average_precision": metrics.average_precision(unseen.truth, unseen.scores),
        "positives": float(unseen.truth.mean()),
    }
