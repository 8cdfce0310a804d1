"""Gradient-boosted trees (LightGBM; Ke et al. 2017) on one column of answers. The settings are fixed, never tuned."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from lightgbm import Booster

Floats = NDArray[np.float64]
TREES = 150
# Chosen beforehand for wide, sparse tables of some hundred to some ten thousand rows: few columns a tree, small steps.
SETTINGS: dict[str, Any] = {
    "learning_rate": 0.08,
    "num_leaves": 31,
    "min_data_in_leaf": 5,
    "feature_fraction": 0.2,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "max_bin": 63,
    "num_threads": 1,
    "deterministic": True,
    "force_col_wise": True,
    "verbosity": -1,
}


def fit(
    columns: NDArray[np.float32], answers: Floats, kind: str, seed: int = 0, trees: int = TREES
) -> "Booster":
    """Return a booster for `kind` "classification" (answers 0 or 1) or "regression"."""
    import lightgbm

    settings = {**SETTINGS, "objective": "binary" if kind == "classification" else "l2", "seed": seed}
    if len(answers) < 40:
        settings["min_data_in_leaf"] = 2
    data = lightgbm.Dataset(columns, answers, free_raw_data=True)
    return lightgbm.train(settings, data, num_boost_round=trees)


def score(booster: "Booster", columns: NDArray[np.float32]) -> Floats:
    """Return the raw score of each row: log-odds of a classification, the value of a regression."""
    return np.asarray(booster.predict(columns, raw_score=True, num_threads=1), np.float64)


def probability(raw: Floats) -> Floats:
    """Return the probability of log-odds."""
    return np.asarray(1 / (1 + np.exp(-np.clip(raw, -500, 500))))
