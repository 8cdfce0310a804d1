"""The parts of the benchmark of properties that decide what its tables say."""

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rdkit", reason="needs the molecules extra")
sklearn = pytest.importorskip("sklearn.metrics", reason="needs the molecules extra")

pytestmark = pytest.mark.molecules


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(Path(__file__).parents[3] / "benchmarks"), *sys.path])


def _set(kind: str, answers: list[float], smiles: list[str], written: list[str] | None = None):
    from molecules_parts.moleculenet import Set

    groups = [str(row // 2) for row in range(len(smiles))]
    column = np.array(answers, float)[:, None]
    return Set("made", kind, ["y"], smiles, written or smiles, column, groups, [])


def test_areas_under_weights_are_those_of_sklearn() -> None:
    from molecules_parts.pairing import auroc

    random = np.random.default_rng(0)
    for _ in range(5):
        truth = (random.uniform(size=60) < 0.3).astype(float)
        output = np.round(random.normal(size=60) + truth, 1)  # with ties
        weights = random.integers(0, 3, (4, 60)).astype(np.float32)
        other = [sklearn.roc_auc_score(truth, output, sample_weight=item) for item in weights]
        assert auroc(truth, output, weights) == pytest.approx(other, abs=1e-5)


def test_arms_are_compared_on_the_seeds_that_both_have() -> None:
    from molecules_parts.pairing import score_difference

    random = np.random.default_rng(1)
    known = _set("regression", random.normal(size=80).tolist(), ["C"] * 80)
    right = {seed: known.answers[known.split("balanced", seed).test] for seed in range(3)}
    wrong = {seed: values + 1 for seed, values in right.items() if seed}
    result = score_difference(known, "balanced", right, wrong)
    assert (result.seeds, result.mine, result.theirs) == (2, 0, 1)
    assert result.low == pytest.approx(-1)
    assert result.high == pytest.approx(-1)


def test_marks_of_the_writing_are_told_from_chemistry() -> None:
    from molecules_parts.notation import notation

    smiles = ["c1ccccc1", "CCN", "c1cc[nH]c1", "CC(=O)O"]
    told = notation(
        [_set("classification", [1, 0, 0, 0], smiles, ["C1=CC=CC=C1", "CC[NH3+]", "c1cc[nH]c1", "CC(=O)O"])]
    )
    assert "| made | 25%, 0.67 | 25%, 1.00 |" in told
