"""Measures of judgement that a prior for one answer cannot hide: area under the curve and calibrated accuracy.

Both need a score for every option, so replies that are parsed have neither. Items fall into two kinds. Where all items
of a task have the same few options (yes, no, maybe), a class is an option's text and the area under the curve is
that of each class against the rest, averaged over classes (Hanley and McNeil 1982, doi:10.1148/radiology.143.1.7063747;
macro average). Where options differ, it is the probability that the right option of an item scores above a wrong one.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from clinweave.core import statistics
from clinweave.evaluation.comparison.samples import Sample
from clinweave.models import option_key

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

Measure = Literal["accuracy", "auc", "calibrated-accuracy"]
MEASURES: tuple[Measure, ...] = ("accuracy", "auc", "calibrated-accuracy")
FOLDS = 5
SHARED_OPTIONS = 5  # options that all items have in common are classes up to this many
_PENALTY = 1.0  # L2, on standardised features
_RESAMPLES = 2_000  # of areas with classes, for intervals and for the permutation test


@dataclass(frozen=True)
class Value:
    """A measure with its 95 % interval over clusters."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class _Table:
    """The scored options of one condition: one row per option.

    `probability` is the softmax of an item's log-likelihoods, or the mean probability over orders of letters.
    """

    items: tuple[str, ...]
    clusters: tuple[str, ...]
    item: "npt.NDArray[np.int64]"  # (options of all items,) index into items
    label: "npt.NDArray[np.int64]"  # class of the option; -1 where options differ from item to item
    right: "npt.NDArray[np.bool_]"
    probability: "Floats"
    log_score: "Floats"
    length: "Floats"

    @property
    def has_classes(self) -> bool:
        """Return whether all items share their options."""
        return bool((self.label >= 0).all())


def classes_of(rows: Sequence[Sample]) -> tuple[str, ...]:
    """Return the options that all items share, as classes; empty where they differ or are many."""
    first = {option_key(option) for option in rows[0].options} if rows else set()
    if not 2 <= len(first) <= SHARED_OPTIONS:
        return ()
    same = all({option_key(option) for option in row.options} == first for row in rows)
    return tuple(sorted(first)) if same else ()


def has_scores(rows: Sequence[Sample]) -> bool:
    """Return whether every item that was run has a score for each option."""
    run = _run(rows)
    return bool(run) and all(len(row.scores) == len(row.options) for row in run)


def auc(rows: Sequence[Sample]) -> Value | None:
    """Return the area under the curve of one condition, or None without scores or with one class only."""
    if not has_scores(rows):
        return None
    table = _table(_run(rows), classes_of(rows))
    if not table.has_classes:
        values = _within(table)
        pairs = statistics.pair(
            values, dict.fromkeys(values, 0.0), dict(zip(table.items, table.clusters, strict=True))
        )
        low, high = statistics.bootstrap(pairs)
        return Value(pairs.mean, max(low, 0.0), min(high, 1.0))
    curve = _Curve(table)
    value = curve.at(None)
    if value is None:
        return None
    drawn = [area for weights in _draws(table) if (area := curve.at(weights)) is not None]
    return Value(value, *_quantiles(drawn))


def auc_difference(rows: Sequence[Sample], baseline: Sequence[Sample]) -> statistics.Difference | None:
    """Return the paired difference of areas on the items of both, or None where either has none.

    With classes, the interval is the percentile bootstrap over clusters and p a permutation test that swaps the two
    conditions of whole clusters; `gained` and `lost` count items whose right option rose or fell in probability.
    Where options differ, the areas are means over items, and `statistics.difference` applies.
    """
    if not (has_scores(rows) and has_scores(baseline)):
        return None
    sides = [{row.id: row for row in _run(side)} for side in (rows, baseline)]
    names = sorted(sides[0].keys() & sides[1].keys())
    if not names:
        return None
    shared = classes_of([side[name] for side in sides for name in names])
    left, right = (_table([side[name] for name in names], shared) for side in sides)
    unpaired = len(sides[0].keys() ^ sides[1].keys())
    if not left.has_classes:
        clusters = dict(zip(left.items, left.clusters, strict=True))
        return statistics.difference(_within(left), _within(right), clusters)._replace(unpaired=unpaired)
    return _class_difference(left, right, unpaired)


def _class_difference(left: "_Table", right: "_Table", unpaired: int) -> statistics.Difference | None:
    curves = _Curve(left), _Curve(right)
    areas = [curve.at(None) for curve in curves]
    if areas[0] is None or areas[1] is None:
        return None
    drawn = [
        after - before
        for weights in _draws(left)
        if (after := curves[0].at(weights)) is not None and (before := curves[1].at(weights)) is not None
    ]
    low, high = _quantiles(drawn)
    change = _right_probability(left) - _right_probability(right)
    return statistics.Difference(
        n=len(left.items),
        clusters=len(set(_cluster_codes(left))),
        difference=areas[0] - areas[1],
        low=low,
        high=high,
        p=_swap_test(left, right, areas[0] - areas[1]),
        gained=int((change > 0).sum()),
        lost=int((change < 0).sum()),
        unpaired=unpaired,
    )


def calibrated_scores(
    rows: Sequence[Sample], priors: Mapping[str, Sequence[float]] | None = None
) -> dict[str, float] | None:
    """Return item -> 1 where the calibrated choice is right, else 0; None without scores.

    A conditional logit over an item's options is fitted on the other folds (five, whole clusters) and applied to the
    fold that was left out. Its features are the option's log score, its class where items share their options (that
    is, a prior for "yes" is learned and removed), and otherwise its length and, where `priors` has it, its log score
    without the question (item -> one per option), as in PMI scoring (Holtzman et al. 2021, arXiv:2104.08315).
    """
    if not has_scores(rows):
        return None
    table = _table(_run(rows), classes_of(rows))
    features = _features(table, priors or {})
    folds = _folds(table)
    scores: dict[str, float] = {}
    for fold in range(FOLDS):
        held = folds == fold
        if not held.any():
            continue
        weights = _fit(features[~held], table.right[~held], table.item[~held])
        scores |= _choices(table, held, features[held] @ weights)
    return {name: scores[name] for name in table.items}


def right_probabilities(rows: Sequence[Sample]) -> list[float]:
    """Return the probability of each item's right option among its options, in the order of the rows."""
    return [float(value) for value in _right_probability(_table(rows, ()))]


def _run(rows: Sequence[Sample]) -> list[Sample]:
    return [row for row in rows if row.unscored not in {"tokens", "error"}]


def _table(rows: Sequence[Sample], classes: Sequence[str]) -> _Table:
    import numpy as np

    item, label, right, probability, log_score, length = [], [], [], [], [], []
    for index, row in enumerate(rows):
        scores = np.asarray(row.scores, np.float64)
        logs = np.log(np.maximum(scores, 1e-9)) if row.method == "letter" else scores
        weights = np.exp(logs - logs.max())
        keys = [option_key(option) for option in row.options]
        item += [index] * len(keys)
        label += [classes.index(key) if classes else -1 for key in keys]
        right += [key == keys[row.answer] for key in keys]
        probability += list(np.round(weights / weights.sum(), 9))  # equal but for rounding is a tie
        log_score += list(logs)
        length += [np.log1p(len(key)) for key in keys]
    return _Table(
        tuple(row.id for row in rows),
        tuple(row.cluster for row in rows),
        np.array(item, np.int64),
        np.array(label, np.int64),
        np.array(right, np.bool_),
        np.array(probability, np.float64),
        np.array(log_score, np.float64),
        np.array(length, np.float64),
    )


class _Curve:
    """The macro-averaged area under the curve of a table, also with items weighted (as resampling does)."""

    def __init__(self, table: _Table) -> None:
        import numpy as np

        self.items = len(table.items)
        self.parts = [
            (
                table.item[chosen],
                np.unique(table.probability[chosen], return_inverse=True)[1],
                table.right[chosen],
            )
            for index in np.unique(table.label)
            for chosen in (table.label == index,)
        ]

    def at(self, weights: "Floats | None") -> float | None:
        """Return the area with these weights of items (all 1 if None); None where no class has both outcomes."""
        import numpy as np

        item_weights = np.ones(self.items) if weights is None else weights
        areas = [_area(rank, right, item_weights[item]) for item, rank, right in self.parts]
        defined = [area for area in areas if area is not None]
        return float(np.mean(defined)) if defined else None


def _area(rank: "npt.NDArray[np.int64]", right: "npt.NDArray[np.bool_]", weights: "Floats") -> float | None:
    """Return the weighted Mann-Whitney estimate of the area (ties count half); None where one outcome has no weight."""
    import numpy as np

    positive = np.bincount(rank, weights=weights * right)
    negative = np.bincount(rank, weights=weights * ~right)
    total = positive.sum() * negative.sum()
    if not total:
        return None
    return float((positive * (np.cumsum(negative) - negative / 2)).sum() / total)


def _within(table: _Table) -> dict[str, float]:
    """Return, for each item, the share of its wrong options that score below the right one (ties count half)."""
    import numpy as np

    values: dict[str, float] = {}
    for index, name in enumerate(table.items):
        own = table.item == index
        score, right = table.log_score[own], table.right[own]
        best, wrong = score[right].max(), score[~right]
        values[name] = float(np.mean((best > wrong) + 0.5 * (best == wrong))) if len(wrong) else 0.5
    return values


def _cluster_codes(table: _Table) -> "npt.NDArray[np.int64]":
    """Return the cluster of each item as a number from 0."""
    import numpy as np

    names = [cluster or name for cluster, name in zip(table.clusters, table.items, strict=True)]
    return np.unique(np.array(names, dtype=object), return_inverse=True)[1].astype(np.int64)


def _draws(table: _Table) -> "Iterator[Floats]":
    """Yield item weights of bootstrap samples, whole clusters drawn with replacement."""
    import numpy as np

    random = np.random.default_rng(statistics.SEED)
    codes = _cluster_codes(table)
    count = int(codes.max()) + 1
    for _ in range(_RESAMPLES):
        yield random.multinomial(count, np.full(count, 1 / count))[codes].astype(np.float64)


def _quantiles(values: Sequence[float]) -> tuple[float, float]:
    import numpy as np

    low, high = np.quantile(np.asarray(values), (0.025, 0.975))
    return float(low), float(high)


def _right_probability(table: _Table) -> "Floats":
    import numpy as np

    return np.bincount(table.item, weights=table.probability * table.right).astype(np.float64)


def _swap_test(left: _Table, right: _Table, observed: float) -> float:
    """Return the two-sided p value of "the two conditions of a cluster could be exchanged"."""
    import numpy as np

    random = np.random.default_rng(statistics.SEED)
    codes = _cluster_codes(left)
    extreme = 0
    for _ in range(_RESAMPLES):
        swap = (random.random(int(codes.max()) + 1) < 0.5)[codes][left.item]
        mixed = (
            replace(left, probability=np.where(swap, right.probability, left.probability)),
            replace(left, probability=np.where(swap, left.probability, right.probability)),
        )
        areas = [_Curve(scores).at(None) for scores in mixed]
        if areas[0] is not None and areas[1] is not None:
            extreme += abs(areas[0] - areas[1]) >= abs(observed) - 1e-12
    return (extreme + 1) / (_RESAMPLES + 1)


def _features(table: _Table, priors: Mapping[str, Sequence[float]]) -> "Floats":
    import numpy as np

    columns = [table.log_score]
    if table.has_classes:
        columns += [
            (table.label == index).astype(np.float64) for index in range(1, int(table.label.max()) + 1)
        ]
    else:
        columns.append(table.length)
        prior = [value for name in table.items for value in priors.get(name, ())]
        if len(prior) == len(table.item):
            columns.append(np.asarray(prior, np.float64))
    features = np.stack(columns, axis=1)
    spread = features.std(axis=0)
    return np.asarray((features - features.mean(axis=0)) / np.where(spread > 0, spread, 1.0), np.float64)


def _folds(table: _Table) -> "npt.NDArray[np.int64]":
    """Return the fold of each option's item: by cluster, the same on every machine."""
    import numpy as np

    names = [cluster or name for cluster, name in zip(table.clusters, table.items, strict=True)]
    fold = np.array([zlib.crc32(name.encode()) % FOLDS for name in names], np.int64)
    return np.asarray(fold[table.item], np.int64)


def _fit(features: "Floats", right: "npt.NDArray[np.bool_]", item: "npt.NDArray[np.int64]") -> "Floats":
    """Return the weights of a conditional logit, L2-penalised."""
    import numpy as np
    from scipy.optimize import minimize

    if not len(item):
        return np.asarray(np.eye(features.shape[1])[0], np.float64)
    codes = np.unique(item, return_inverse=True)[1]
    share = right / np.bincount(codes, weights=right)[codes]  # options with the right text are equally right

    def loss(weights: "Floats") -> tuple[float, "Floats"]:
        value = np.asarray(features @ weights, np.float64)
        most = np.full(int(codes.max()) + 1, -np.inf)
        np.maximum.at(most, codes, value)
        expected = np.exp(value - most[codes])
        normal = np.bincount(codes, weights=expected)
        expected /= normal[codes]
        total = float((np.log(normal) + most).sum() - (share * value).sum())
        gradient = features.T @ (expected - share) + _PENALTY * weights
        return total + _PENALTY / 2 * float(weights @ weights), gradient

    start = np.zeros(features.shape[1])
    start[0] = 1.0
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B").x, np.float64)


def _choices(table: _Table, held: "npt.NDArray[np.bool_]", value: "Floats") -> dict[str, float]:
    import numpy as np

    item, right = table.item[held], table.right[held]
    return {
        table.items[index]: float(right[item == index][int(np.argmax(value[item == index]))])
        for index in np.unique(item)
    }
