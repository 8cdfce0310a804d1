"""Predict the affinity of pairs with boosted trees, from neighbours of the drug and of the target and their features.

The features of a pair's own drug or target depend on what is new in the split, and is computed in the same way
for the pairs that are learned from: in a cold-drug split every pair is described as if its drug had never been
measured, in a cold-target split as if nothing with its target's sequence had been.
"""

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from clinweave.applications.molecules.prediction import boosting

Floats = NDArray[np.float64]
POWERS = (1, 4, 12)  # of a similarity: from a mean over all to nearly the nearest alone


class Side(StrEnum):
    """What is new in the test part."""

    WARM = "warm"  # neither: the pair alone
    DRUG = "cold drug"
    TARGET = "cold target"
    BOTH = "cold both"


def baseline(values: Floats, side: Side) -> Floats:
    """Return the mean of the known values in each pair's row and column (D, T); unknown `values` are NaN.

    Cold drug: the target's mean. Cold target: the drug's mean. Warm: both effects. Both new: the overall mean.
    """
    whole = float(np.nanmean(values))
    columns = _means(values, 0, whole)[None, :]
    rows = _means(values, 1, whole)[:, None]
    empty = np.zeros_like(values)
    if side == Side.DRUG:
        return np.asarray(columns + empty)
    if side == Side.TARGET:
        return np.asarray(rows + empty)
    return np.asarray(rows + columns - whole if side == Side.WARM else whole + empty)


def neighbour_columns(
    values: Floats, drugs: Floats, targets: Floats, groups: Sequence[str], side: Side
) -> Floats:
    """Return columns (D, T, n) from the known values of similar drugs and targets, the pair's own left out.

    `drugs` (D, D) and `targets` (T, T) are similarities, `groups` says which targets are one (the same sequence).
    """
    mask = np.isfinite(values)
    filled = np.where(mask, values, 0.0)
    codes: NDArray[np.int64] = np.unique(np.array(groups, dtype=object), return_inverse=True)[1]
    if side not in {Side.TARGET, Side.BOTH}:
        codes = np.arange(len(targets))
    same_drug, same_target = np.eye(len(drugs), dtype=bool), codes[:, None] == codes[None, :]
    others_d, others_t = np.where(same_drug, 0, drugs), np.where(same_target, 0, targets)
    columns = []
    for power in POWERS:
        near_d, near_t = others_d**power, others_t**power
        if side in {Side.DRUG, Side.WARM}:
            columns.append(_mean(near_d @ filled, near_d @ mask))
            columns.append(_mean(near_d @ filled @ targets**power, near_d @ mask @ targets**power))
        if side in {Side.TARGET, Side.WARM}:
            columns.append(_mean(filled @ near_t, mask @ near_t))
            columns.append(_mean(drugs**power @ filled @ near_t, drugs**power @ mask @ near_t))
        if side == Side.BOTH:
            columns.append(_mean(near_d @ filled @ near_t, near_d @ mask @ near_t))
    measured_d, measured_t = np.asarray(mask.any(1)), np.asarray(mask.any(0))
    shape = values.shape
    columns.append(np.broadcast_to(np.where(measured_d[None, :], others_d, 0).max(1)[:, None], shape))
    columns.append(np.broadcast_to(np.where(measured_t[None, :], others_t, 0).max(1)[None, :], shape))
    return np.stack(columns, axis=2)


def fit_predict(
    values: Floats,
    similar: tuple[Floats, Floats],
    described: tuple[Floats, Floats],
    groups: Sequence[str],
    side: Side,
    *,
    seed: int = 0,
    trees: int = boosting.TREES,
) -> Floats:
    """Return predictions for all pairs (D, T), learned from the known `values` (NaN: not known, or held out).

    `similar` are the similarities of drugs (D, D) and of targets (T, T), `described` their columns (D, n) and (T, m).
    """
    near = neighbour_columns(values, similar[0], similar[1], groups, side)
    count_d, count_t = values.shape
    drugs = np.repeat(described[0], count_t, axis=0)
    targets = np.tile(described[1], (count_d, 1))
    columns = np.concatenate([near.reshape(count_d * count_t, -1), drugs, targets], axis=1).astype(np.float32)
    flat = values.ravel()
    mask = np.isfinite(flat)
    booster = boosting.fit(columns[mask], flat[mask], "regression", seed=seed, trees=trees)
    return boosting.score(booster, columns).reshape(values.shape)


def kernel_ridge(values: Floats, similar: tuple[Floats, Floats], weight: float) -> Floats:
    """Return ridge regression with the product of both similarities as kernel (D, T): KronRLS, Pahikkala et al. 2015.

    The known values must fill whole rows and columns. They are centred by the targets' means where drugs are new, by
    the drugs' where targets are, and by the overall mean where both are.
    """
    rows, columns = np.flatnonzero(np.isfinite(values).any(1)), np.flatnonzero(np.isfinite(values).any(0))
    block = values[np.ix_(rows, columns)]
    if not np.isfinite(block).all():
        raise ValueError("kernel_ridge needs whole rows and columns")
    whole_rows, whole_columns = len(rows) == len(values), len(columns) == values.shape[1]
    middle = block.mean(0 if whole_columns else 1 if whole_rows else None, keepdims=True)
    size_d, base_d = np.linalg.eigh(similar[0][np.ix_(rows, rows)])
    size_t, base_t = np.linalg.eigh(similar[1][np.ix_(columns, columns)])
    turned = base_d.T @ (block - middle) @ base_t
    dual = base_d @ (turned / (np.outer(size_d.clip(0), size_t.clip(0)) + weight)) @ base_t.T
    whole = similar[0][:, rows] @ dual @ similar[1][columns, :]
    mean = np.zeros(values.shape) + (middle if whole_rows or whole_columns else block.mean())
    return np.asarray(whole + mean)


def _means(values: Floats, axis: int, otherwise: float) -> Floats:
    mask = np.isfinite(values)
    total, count = np.where(mask, values, 0).sum(axis), mask.sum(axis)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), otherwise))


def _mean(total: Floats, weight: Floats) -> Floats:
    return np.asarray(np.where(weight > 1e-12, total / np.maximum(weight, 1e-12), np.nan))
