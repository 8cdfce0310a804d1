"""Two arms on the same splits: the difference of AUROC or RMSE, with an interval over scaffolds."""

import warnings
from typing import NamedTuple

import numpy as np

from molecules_parts.moleculenet import Set

Scores = dict[int, np.ndarray]  # seed -> (test rows, tasks)


class Paired(NamedTuple):
    """Mean score of an arm and of the base on the seeds that both have, and the difference with its 95 % interval."""

    seeds: int
    mine: float
    theirs: float
    low: float
    high: float


def score_difference(
    known: Set,
    rule: str,
    mine: Scores,
    theirs: Scores,
    *,
    only: np.ndarray | None = None,
    draws: int = 500,
    seed: int = 0,
) -> Paired:
    """Compare two arms; a scaffold is drawn with all its molecules in all splits, a molecule without one alone.

    `only` (rows,) says which molecules are looked at.
    """
    only = np.ones(len(known.smiles), bool) if only is None else only
    shared = sorted(mine.keys() & theirs.keys())
    units = [known.groups[row] or f"\0{row}" for row in range(len(known.smiles))]
    codes = np.unique(np.array(units, object), return_inverse=True)[1]
    tested = np.unique(np.concatenate([codes[known.split(rule, item).test] for item in shared]))
    place = np.searchsorted(tested, codes)
    random = np.random.default_rng(seed)
    drawn = random.multinomial(len(tested), np.full(len(tested), 1 / len(tested)), size=draws)
    weights = np.concatenate([np.ones((1, len(tested)), np.int64), drawn])  # the first is the set as it is
    result = []
    for item in shared:
        test = known.split(rule, item).test
        at = only[test]
        each = weights[:, place[test][at]].astype(np.float32)
        result.append(
            [_scored(known, known.answers[test[at]], said[item][at], each) for said in (mine, theirs)]
        )
    ours, others = np.mean(result, axis=0)
    low, high = np.nanquantile((ours - others)[1:], (0.025, 0.975))
    return Paired(len(shared), float(ours[0]), float(others[0]), float(low), float(high))


def _scored(known: Set, answers: np.ndarray, said: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the mean over tasks of the metric for each row of weights (draws, test rows)."""
    metric = rmse if known.kind == "regression" else auroc
    tasks = []
    for task in range(len(known.tasks)):
        stated = np.isfinite(answers[:, task])
        tasks.append(metric(answers[stated, task], said[stated, task], weights[:, stated]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a draw may hold one class alone in every task
        return np.nanmean(tasks, axis=0)


def rmse(truth: np.ndarray, said: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the RMSE under each row of weights (draws, rows)."""
    with np.errstate(invalid="ignore"):
        return np.sqrt(weights @ (truth - said) ** 2 / weights.sum(1))


def auroc(truth: np.ndarray, said: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the area under the ROC curve under each row of weights (draws, rows); NaN without one of the classes."""
    order = np.argsort(said, kind="stable")
    first = np.flatnonzero(np.diff(said[order], prepend=np.nan) != 0)  # of each run of equal scores
    ups = np.add.reduceat(weights[:, order] * truth[order], first, axis=1)
    downs = np.add.reduceat(weights[:, order] * (1 - truth[order]), first, axis=1)
    below = np.cumsum(downs, 1) - downs / 2
    with np.errstate(invalid="ignore"):
        return (ups * below).sum(1) / (ups.sum(1) * downs.sum(1))
