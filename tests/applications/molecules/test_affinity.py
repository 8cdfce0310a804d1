"""Affinity: the published files, what is new in a split stays unseen, and the measures."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rdkit", reason="needs the molecules extra")
pytest.importorskip("lightgbm", reason="needs the molecules extra")

from clinweave.applications.molecules.affinity import Side, fit_predict, measures, read_davis
from clinweave.applications.molecules.affinity.davis import FLOOR
from clinweave.applications.molecules.affinity.pairs import baseline, kernel_ridge, neighbour_columns
from clinweave.applications.molecules.affinity.similarities import (
    drug_similarity,
    protein_columns,
    protein_similarity,
)
from clinweave.core.errors import UserError

pytestmark = pytest.mark.molecules


def test_davis_is_read_without_unpickling(shared_data: Path) -> None:
    known = read_davis(shared_data / "molecules" / "dta" / "davis")
    assert known.values.shape == (68, 442)
    assert (len(known.train), len(known.test)) == (25_046, 5_010)
    assert not {tuple(item) for item in known.train} & {tuple(item) for item in known.test}
    assert known.values.min() == pytest.approx(FLOOR)
    assert 0.68 < (known.values <= FLOOR).mean() < 0.72
    assert len(set(known.same_sequence)) == 379  # mutants carry the wild type's sequence
    imatinib = next(
        row
        for row, item in enumerate(known.smiles)
        if "CC1=C(C=C(C=C1)NC(=O)C2=CC=C(C=C2)CN3CCN(CC3)C)" in item
    )
    assert known.values[imatinib, known.targets.index("ABL1")] > 7


def test_other_pickles_and_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"ligands_can\.txt"):
        read_davis(tmp_path)
    (tmp_path / "folds").mkdir()
    for name in ("ligands_can.txt", "proteins.txt"):
        (tmp_path / name).write_text(json.dumps({"a": "C", "b": "CC"}))
    (tmp_path / "Y").write_bytes(pickle.dumps({"a": print}, 2))
    with pytest.raises(UserError, match="not one array"):
        read_davis(tmp_path)


def _world(seed: int = 0) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return values of 20 drugs on 30 targets that follow from positions on two lines, and what is seen of those."""
    random = np.random.default_rng(seed)
    drugs, targets = random.uniform(-1, 1, (20, 1)), random.uniform(-1, 1, (30, 1))
    values = 6 + targets.T + 2 * drugs * targets.T + random.normal(0, 0.05, (20, 30))
    similar = tuple(np.exp(-4 * (item - item.T) ** 2) for item in (drugs, targets))
    return values, similar, (drugs, targets)  # type: ignore[return-value]


@pytest.mark.parametrize("side", [Side.DRUG, Side.TARGET, Side.BOTH, Side.WARM])
def test_what_is_new_is_not_looked_at(side: Side) -> None:
    values, similar, _ = _world()
    groups = [str(number // 2) for number in range(30)]
    changed = values.copy()
    if side in {Side.DRUG, Side.BOTH}:
        changed[3] += 100
    if side in {Side.TARGET, Side.BOTH}:
        changed[:, 4:6] += 100  # one sequence
    if side == Side.WARM:
        changed[3, 4] += 100
    before, after = (neighbour_columns(item, *similar, groups, side)[3, 4] for item in (values, changed))
    if side == Side.WARM:
        before, after = (
            before[::2],
            after[::2],
        )  # smoothed columns see the pair's neighbours, which see the pair
        before, after = before[:1], after[:1]
    assert np.allclose(before, after, equal_nan=True)


@pytest.mark.parametrize(
    ("side", "rows", "columns"), [(Side.DRUG, 4, 0), (Side.TARGET, 0, 6), (Side.BOTH, 4, 6)]
)
def test_new_drugs_and_targets_are_predicted_better_than_by_means(
    side: Side, rows: int, columns: int
) -> None:
    values, similar, described = _world()
    test = np.zeros(values.shape, bool)
    test[:rows], test[:, :columns] = True, True
    known = np.where(test, np.nan, values)
    if side == Side.BOTH:
        test = np.zeros_like(test)
        test[:rows, :columns] = True
    groups = [str(number) for number in range(30)]
    output = fit_predict(known, similar, described, groups, side)
    means = measures.mse(values[test], baseline(known, side)[test])
    assert measures.mse(values[test], output[test]) < 0.8 * means
    assert measures.mse(values[test], kernel_ridge(known, similar, 0.1)[test]) < 0.8 * means


def test_kernel_ridge_is_ridge_with_the_product_kernel() -> None:
    values, similar, _ = _world(1)
    known = values.copy()
    known[:5] = np.nan
    output = kernel_ridge(known, similar, 2.0)
    centred = (known[5:] - known[5:].mean(0)).ravel()
    kernel = np.kron(similar[0][5:, 5:], similar[1])
    dual = np.linalg.solve(kernel + 2.0 * np.eye(len(kernel)), centred)
    whole = (np.kron(similar[0][:, 5:], similar[1]) @ dual).reshape(values.shape) + known[5:].mean(0)
    assert np.allclose(output, whole, atol=1e-6)


def test_measures_follow_their_definitions() -> None:
    random = np.random.default_rng(3)
    truth, output = np.round(random.normal(6, 1, 60), 1), np.round(random.normal(6, 1, 60), 1)
    pairs = [(i, j) for i in range(60) for j in range(60) if truth[i] > truth[j]]
    right = sum((output[i] > output[j]) + 0.5 * (output[i] == output[j]) for i, j in pairs)
    assert measures.concordance(truth, output) == pytest.approx(right / len(pairs))
    assert measures.concordance(truth, truth) == 1
    assert measures.concordance(truth, np.zeros(60)) == 0.5
    assert measures.rm2(truth, truth) == pytest.approx(1)
    assert measures.rm2(truth, np.zeros(60)) == 0
    assert measures.mse(truth, truth + 2) == pytest.approx(4)


def test_proteins_and_drugs_are_compared() -> None:
    like = protein_similarity(["MKKFFDSRRE", "MKKFFDSRRE", "WWWWWYYYYY", "MKXFFDSRRE"])
    assert like[0, 1] == pytest.approx(1)
    assert like[0, 2] == 0
    assert 0 < like[0, 3] < 1
    assert protein_columns(["MKKFFDSRRE", "WWWWWYYYYY", "MKAFFDSRRE"], 2).shape == (3, 23)
    assert drug_similarity(["CCO", "OCC", "nothing"]).tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]
