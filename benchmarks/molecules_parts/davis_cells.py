"""Affinity on Davis: the arms, the splits, and their tables."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from clinweave.applications.molecules.affinity import measures
from clinweave.applications.molecules.affinity.davis import FLOOR, Affinities, read_davis
from clinweave.applications.molecules.affinity.pairs import Side, baseline, fit_predict, kernel_ridge
from clinweave.applications.molecules.affinity.similarities import (
    drug_similarity,
    protein_columns,
    protein_similarity,
)
from clinweave.applications.molecules.prediction.features import described
from clinweave.applications.molecules.prediction.metrics import average_precision
from clinweave.applications.molecules.prediction.structures import read_structure
from clinweave.core.artifacts import home
from clinweave.core.statistics import difference
from molecules_parts.cells import Cells, table

SPLITS = {
    "cold drug": Side.DRUG,
    "cold target": Side.TARGET,
    "cold target, mutants on both sides (leaks)": Side.TARGET,
    "cold both": Side.BOTH,
    "published folds": Side.WARM,
}
ARMS = {
    "baseline": "mean of the {}",
    "ridge": "kernel ridge (KronRLS)",
    "trees": "neighbours + maplight subset, trees",
}
MEANS = {
    Side.DRUG: "target",
    Side.TARGET: "drug",
    Side.BOTH: "training part",
    Side.WARM: "drug and the target",
}
PUBLISHED = [  # MSE, CI, r_m^2 on the same published folds, as printed by the papers named in docs/properties.md
    ["KronRLS (published)", ".379", ".871"],
    ["SimBoost (published)", ".282", ".872"],
    ["DeepDTA (published)", ".261", ".878"],
    ["GraphDTA, GIN (published)", ".229", ".893"],
]
WEIGHTS = (0.1, 1.0, 10.0, 100.0)


def jobs(folder: Path, parts: int) -> list[tuple[dict, Callable[[], dict[str, np.ndarray]]]]:
    """Return each cell's key and how it is made."""
    known = read_davis(folder)
    sides = _described(known)
    result = []
    for name, side in SPLITS.items():
        for part in range(parts):
            key = {"what": "davis", "split": name, "part": part}
            result.append((key, lambda n=name, s=side, p=part: _measure(known, sides, n, s, p)))
    return result


def _described(known: Affinities) -> tuple:
    smiles = [read_structure(item).smiles for item in known.smiles]
    features = home() / "molecules" / "features"
    drugs = described(smiles, features, "erg+descriptors")
    drugs = drugs[:, np.nanstd(drugs, 0) > 0]
    similar = drug_similarity(known.smiles), protein_similarity(known.sequences)
    return similar, (drugs, protein_columns(known.sequences))


def held_out(known: Affinities, name: str, part: int) -> np.ndarray:
    """Return which pairs (D, T) are the test part, and which are known in training (the rest may be neither)."""
    shape = known.values.shape
    if name == "published folds":
        test = np.zeros(shape, bool)
        test[tuple(known.test.T)] = True
        return test, ~test
    random = np.random.default_rng(7)
    drug_part = random.permutation(shape[0]) % 5
    groups = known.targets if "mutants" in name else known.same_sequence
    code = np.unique(np.array(groups, object), return_inverse=True)[1]
    target_part = (random.permutation(code.max() + 1) % 5)[code]
    rows, columns = (drug_part == part)[:, None], (target_part == part)[None, :]
    if name == "cold drug":
        return rows & np.ones(shape, bool), ~rows & np.ones(shape, bool)
    if name == "cold both":
        return rows & columns, ~rows & ~columns
    return columns & np.ones(shape, bool), ~columns & np.ones(shape, bool)


def _measure(known: Affinities, sides: tuple, name: str, side: Side, part: int) -> dict[str, np.ndarray]:
    test, train = held_out(known, name, part)
    values = np.where(train, known.values, np.nan)
    similar, columns = sides
    groups = known.targets if "mutants" in name else known.same_sequence
    said = {
        "baseline": baseline(values, side),
        "trees": fit_predict(values, similar, columns, groups, side, seed=part),
    }
    if side != Side.WARM:
        said["ridge"] = kernel_ridge(values, similar, _weight(values, similar, side))
    return {arm: item[test] for arm, item in said.items()}


def _weight(values: np.ndarray, similar: tuple, side: Side) -> float:
    """Return the ridge's weight that is best on a fifth of the training drugs (targets), held out within."""
    random = np.random.default_rng(11)
    rows, columns = np.flatnonzero(np.isfinite(values).any(1)), np.flatnonzero(np.isfinite(values).any(0))
    inner = values.copy()
    if side in {Side.DRUG, Side.BOTH}:
        inner[random.permutation(rows)[: len(rows) // 5]] = np.nan
    if side in {Side.TARGET, Side.BOTH}:
        inner[:, random.permutation(columns)[: len(columns) // 5]] = np.nan
    aside = np.isfinite(values) & ~np.isfinite(inner)
    errors = [measures.mse(values[aside], kernel_ridge(inner, similar, item)[aside]) for item in WEIGHTS]
    return WEIGHTS[int(np.argmin(errors))]


def report(cells: Cells, folder: Path) -> str:
    """Return the tables of what was measured."""
    known = read_davis(folder)
    texts = []
    for name, side in SPLITS.items():
        parts = [(part, cells.get({"what": "davis", "split": name, "part": part}, None)) for part in range(5)]
        if done := [(part, cell) for part, cell in parts if cell]:
            texts += [f"**Davis, {name}** (n={len(done)} {_unit(name)})", _table(known, name, side, done)]
    if not texts:
        return ""
    floor = float((known.values <= FLOOR).mean())
    sizes = f"{len(known.drugs)} drugs, {len(known.targets)} targets, {len(set(known.sequences))} sequences"
    return f"{sizes}; {floor:.1%} of the pairs sit at the floor of pKd 5.\n\n" + "\n\n".join(texts)


def _unit(name: str) -> str:
    return "seeds of the model" if name == "published folds" else "disjoint test parts"


def _table(known: Affinities, name: str, side: Side, done: list) -> str:
    rows = []
    for arm, told in ARMS.items():
        if arm not in done[0][1]:
            continue
        result = [_judged(known, name, part, cell[arm]) for part, cell in done]
        means = [f"{np.mean(item):.3f} ± {np.std(item):.3f}" for item in zip(*result, strict=True)]
        paired = "" if arm == "baseline" else _paired(known, name, side, done, arm)
        rows.append([told.format(MEANS[side]), *means, paired])
    if name == "published folds":
        rows += [[*item, "", "", "", "", ""] for item in PUBLISHED]
    heads = [
        "",
        "MSE",
        "CI",
        "r_m^2",
        "MSE, pKd > 5",
        "CI, pKd > 5",
        "AUPRC, pKd >= 7",
        "MSE less the mean's (95 %)",
    ]
    return table(heads, rows)


def _judged(known: Affinities, name: str, part: int, said: np.ndarray) -> list[float]:
    truth = known.values[held_out(known, name, part)[0]]
    above = truth > FLOOR
    return [
        measures.mse(truth, said),
        measures.concordance(truth, said),
        measures.rm2(truth, said),
        measures.mse(truth[above], said[above]),
        measures.concordance(truth[above], said[above]),
        average_precision((truth >= 7).astype(float), said),
    ]


def _paired(known: Affinities, name: str, side: Side, done: list, arm: str) -> str:
    mine, theirs, cluster = {}, {}, {}
    for part, cell in done[:1] if name == "published folds" else done:
        test = held_out(known, name, part)[0]
        truth = known.values[test]
        for (drug, target), value, entry, other in zip(
            np.argwhere(test), truth, cell[arm], cell["baseline"], strict=True
        ):
            item = f"{part} {drug} {target}"
            mine[item], theirs[item] = float((value - entry) ** 2), float((value - other) ** 2)
            cluster[item] = known.sequences[target] if side == Side.TARGET else str(drug)
    result = difference(mine, theirs, cluster, resamples=2000)
    return f"{result.difference:+.3f} ({result.low:+.3f} to {result.high:+.3f})"
