"""The tables of the benchmark of properties, from the cells that are there."""

import itertools
import json
from pathlib import Path

import numpy as np
from rdkit import Chem

import clinweave.applications.molecules
from clinweave.applications.molecules.generator_domain import domain_from
from clinweave.applications.molecules.prediction import boosting, metrics
from clinweave.applications.molecules.prediction.domain import EDGES
from clinweave.applications.molecules.prediction.features import latent_sha256
from clinweave.core.statistics import difference
from molecules_parts.cells import Cells, table
from molecules_parts.moleculenet import Set
from molecules_parts.notation import notation
from molecules_parts.pairing import score_difference
from molecules_parts.trust import WAYS

FEATURES = ("morgan", "morgan as written", "descriptors", "maplight", "latent", "maplight+latent")
EPOCHS = [50]  # of Chemprop
SEEDS = range(5)
# Scaffold splits of 8:1:1, means of three runs, as collected by Zhou et al. 2023 (Uni-Mol)
PUBLISHED = {
    "D-MPNN (published)": {"ESOL": "1.050", "BBBP": ".710", "ClinTox": ".906", "Tox21": ".759"},
    "AttentiveFP (published)": {"ESOL": ".877", "BBBP": ".643", "ClinTox": ".847", "Tox21": ".761"},
    "GEM (published)": {"ESOL": ".798", "BBBP": ".724", "ClinTox": ".901", "Tox21": ".781"},
    "Uni-Mol (published)": {"ESOL": ".788", "BBBP": ".729", "ClinTox": ".919", "Tox21": ".796"},
}
LATENT: list[str] = []  # sha256 of the weights behind the latent
RULES = {
    "balanced": "five seeded scaffold splits",
    "by_size": "MoleculeNet's one split by scaffold size, five seeds of the model",
}


def report(cells: Cells, sets: list[Set], checkpoint: Path | None = None, epochs: int = 50) -> str:
    """Return the Markdown of everything that was measured; what was not measured is not shown."""
    EPOCHS[:] = [epochs]
    LATENT.clear()
    LATENT.append(latent_sha256(checkpoint)[:12])
    parts = (
        [_checkpoint(checkpoint)]
        if LATENT[0]
        else ["No molecule model is there: the latent was not measured."]
    )
    for rule, told in RULES.items():
        if text := _accuracy(cells, sets, rule):
            parts += [f"**Accuracy, {told}** (mean and deviation; AUROC higher is better, RMSE lower)", text]
    if text := _pairs(cells, sets):
        parts += [
            "**Paired with maplight** (on the seeds that both have; differences with 95 % intervals over scaffolds; "
            "better and worse where the interval is without 0)",
            text,
        ]
    if text := _latent(cells, sets, checkpoint):
        parts += [
            "**maplight+latent less maplight, by whether the latent's weights know such molecules**",
            text,
        ]
    if text := notation(sets):
        parts += [
            "**What the writing alone gives away** (share of the file's strings, and the AUROC of that mark "
            "for its best task; every method above but `as written` gets neutral parents in one notation)",
            text,
        ]
    if text := _cost(cells, sets):
        parts += [
            "**Cost** (one thread, without the columns: 60 to 175 molecules a second with descriptors)",
            text,
        ]
    parts += [
        text for text in (_probabilities(cells, sets), _coverage(cells, sets), _domain(cells, sets)) if text
    ]
    return "\n\n".join(parts)


def _config(folder: Path | None) -> dict:
    """Return the settings of the model behind the latent."""
    folder = folder or Path(clinweave.applications.molecules.__file__).with_name("weights")
    return json.loads((folder / "config.json").read_text("utf-8"))


def _checkpoint(folder: Path | None) -> str:
    """Return one line on the model behind the latent."""
    told = _config(folder).get("training", {})
    seen, weights = told.get("molecules", 0), told.get("parameters", 0)
    size = f"{weights / 1e6:.1f} M parameters, {seen:,} molecules seen in training"
    return f"The latent is that of weights {LATENT[0]}: {size}."


def _found(cells: Cells, known: Set, rule: str) -> dict[str, dict[int, dict[str, np.ndarray]]]:
    """Return seed -> cell of each arm that was measured."""
    arms: dict[str, dict[int, dict[str, np.ndarray]]] = {}
    for seed in SEEDS:
        key = {"what": "accuracy", "set": known.name, "rule": rule, "seed": seed}
        keys: dict[str, dict] = {name: {**key, "features": name} for name in FEATURES}
        for name in (name for name in FEATURES if "latent" in name):
            keys[name]["checkpoint"] = LATENT[0]
        for epochs in EPOCHS:
            keys[f"Chemprop 2.3.1, {epochs} epochs"] = {**key, "what": "chemprop", "epochs": epochs}
        keys["maplight, 5 folds (the product)"] = {**key, "what": "trust", "folds": "scaffold"}
        for arm, item in keys.items():
            if result := cells.get(item, None):
                arms.setdefault(arm, {})[seed] = result
    return arms


def _arms(cells: Cells, known: Set, rule: str) -> dict[str, dict[int, np.ndarray]]:
    """Return seed -> scores (test rows, tasks) of each arm: values, or log-odds."""
    return {
        arm: {seed: _scores(known, arm, cell) for seed, cell in by_seed.items()}
        for arm, by_seed in _found(cells, known, rule).items()
    }


def _scores(known: Set, arm: str, cell: dict[str, np.ndarray]) -> np.ndarray:
    said = cell.get("said", cell.get("value", cell.get("raw")))
    assert said is not None
    if known.kind == "classification" and (
        "raw" in cell or arm.startswith("Chemprop")
    ):  # these are probabilities
        return np.log(np.clip(said, 1e-9, 1) / np.clip(1 - said, 1e-9, 1))
    return said


def _cost(cells: Cells, sets: list[Set]) -> str:
    """Return CPU seconds of the cheapest seed; the others may hold the making of the columns."""
    costs = {known.name: _found(cells, known, "balanced") for known in sets}
    arms = dict.fromkeys(arm for item in costs.values() for arm in item)
    rows = []
    for arm in arms:
        each = [costs[known.name].get(arm, {}).values() for known in sets]
        rows.append(
            [arm, *(f"{min(cell['cpu_seconds'] for cell in item):.1f}" if item else "" for item in each)]
        )
    return table(["CPU seconds of one split", *(known.name for known in sets)], rows) if rows else ""


def _scored(known: Set, rule: str, seed: int, said: np.ndarray) -> float:
    """Return the mean over tasks of AUROC, or the RMSE; tasks with one class in the test part are left out."""
    test = known.split(rule, seed).test
    result = []
    for task in range(len(known.tasks)):
        truth = known.answers[test, task]
        stated = np.isfinite(truth)
        metric = metrics.rmse if known.kind == "regression" else metrics.auroc
        result.append(metric(truth[stated], said[stated, task]))
    return float(np.nanmean(result))


def _accuracy(cells: Cells, sets: list[Set], rule: str) -> str:
    by_set = {known.name: _arms(cells, known, rule) for known in sets}
    arms = dict.fromkeys(arm for item in by_set.values() for arm in item)
    rows = []
    for arm in arms:
        row = [arm]
        for known in sets:
            scored = [
                _scored(known, rule, seed, said) for seed, said in by_set[known.name].get(arm, {}).items()
            ]
            few = f" (n={len(scored)})" if 0 < len(scored) < len(SEEDS) else ""
            spread = f" ± {np.std(scored):.3f}" if len(scored) > 1 else ""
            row.append(f"{np.mean(scored):.3f}{spread}{few}" if scored else "")
        rows.append(row)
    if rows and rule == "by_size":
        rows += [[arm, *(told.get(known.name, "") for known in sets)] for arm, told in PUBLISHED.items()]
    heads = [f"{item.name} {'RMSE' if item.kind == 'regression' else 'AUROC'}" for item in sets]
    return table(["features", *heads], rows) if rows else ""


def _losses(known: Set, rule: str, by_seed: dict[int, np.ndarray]) -> dict[str, float]:
    """Return squared errors by item: of the value, or of the probability (Brier)."""
    result = {}
    for seed, said in by_seed.items():
        test = known.split(rule, seed).test
        value = said if known.kind == "regression" else boosting.probability(said)
        for index, row in enumerate(test):
            for task in np.flatnonzero(np.isfinite(known.answers[row])):
                result[f"{seed} {row} {task}"] = float((known.answers[row, task] - value[index, task]) ** 2)
    return result


def _pairs(cells: Cells, sets: list[Set]) -> str:
    rows = []
    for known in sets:
        arms = _arms(cells, known, "balanced")
        base = arms.pop("maplight", None)
        for arm, by_seed in arms.items() if base else ():
            mine, theirs = (_losses(known, "balanced", entry) for entry in (by_seed, base))
            shared = mine.keys() & theirs.keys()
            clusters = {item: known.groups[int(item.split()[1])] or item for item in shared}
            result = difference(
                {i: mine[i] for i in shared}, {i: theirs[i] for i in shared}, clusters, resamples=1000
            )
            both = score_difference(known, "balanced", by_seed, base)
            up = known.kind == "classification"
            rows.append(
                [known.name, arm, str(both.seeds), f"{both.mine:.3f}", f"{both.theirs:.3f}",
                 _difference(both.mine - both.theirs, both.low, both.high, 3, up=up),
                 _difference(result.difference, result.low, result.high, 4)]
            )  # fmt: skip
    heads = ["set", "features", "seeds", "RMSE or AUROC", "maplight there", "difference",
             "difference of squared error"]  # fmt: skip
    return table(heads, rows) if rows else ""


def _latent(cells: Cells, sets: list[Set], checkpoint: Path | None) -> str:
    """Return what the latent adds where nothing of a molecule is strange to the weights, and where something is."""
    seen = domain_from(_config(checkpoint).get("domain"))
    rows = []
    for known in sets:
        arms = _arms(cells, known, "balanced")
        if not {"maplight", "maplight+latent"} <= arms.keys():
            continue
        inside = np.array([not seen.outside(Chem.MolFromSmiles(item)) for item in known.smiles])
        pair = arms["maplight+latent"], arms["maplight"]
        both = [score_difference(known, "balanced", *pair, only=only) for only in (inside, ~inside)]
        up = known.kind == "classification"
        said = [_difference(item.mine - item.theirs, item.low, item.high, 3, up=up) for item in both]
        rows.append([f"{known.name}, {'AUROC' if up else 'RMSE'}", f"{inside.mean():.0%}", *said])
    return table(["set", "known", "difference, known", "difference, others"], rows) if rows else ""


def _difference(value: float, low: float, high: float, digits: int, *, up: bool = False) -> str:
    """Return a difference with its interval, and whether it is one; `up` where more is better."""
    said = f"{value:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"
    if low <= 0 <= high:
        return said
    return f"{said} {'better' if (low > 0) == up else 'worse'}"


def _trust(cells: Cells, known: Set, folds: str) -> list[tuple[int, dict[str, np.ndarray]]]:
    key = {"what": "trust", "set": known.name, "rule": "balanced"}
    result = [(seed, cells.get({**key, "seed": seed, "folds": folds}, None)) for seed in SEEDS]
    return [(seed, item) for seed, item in result if item]


def _stacked(
    known: Set, cells: list[tuple[int, dict[str, np.ndarray]]], name: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return truth and one array of all seeds and tasks, in one row each."""
    truth = np.concatenate([known.answers[known.split("balanced", seed).test].ravel() for seed, _ in cells])
    values = np.concatenate([item[name].ravel() for _, item in cells])
    stated = np.isfinite(truth)
    return truth[stated], values[stated]


def _probabilities(cells: Cells, sets: list[Set]) -> str:
    rows = []
    for known in (item for item in sets if item.kind == "classification"):
        for folds in ("scaffold", "random"):
            if not (result := _trust(cells, known, folds)):
                continue
            for way in WAYS:
                truth, said = _stacked(known, result, way)
                low, high = metrics.interval(metrics.brier, truth, said, 200)
                said_brier = f"{metrics.brier(truth, said):.4f} ({low:.4f} to {high:.4f})"
                rows.append(
                    [known.name, folds, way, str(len(truth)), said_brier,
                     f"{metrics.calibration_error(truth, said):.3f}", f"{metrics.calibration_floor(said):.3f}"]
                )  # fmt: skip
    if not rows:
        return ""
    heads = ["set", "folds", "probability", "answers", "Brier (95 %)", "ECE", "ECE if exactly right"]
    return (
        "**Probabilities on unseen scaffolds** (the product's is venn-abers, folds by scaffold)\n\n"
        + table(heads, rows)
    )


def _coverage(cells: Cells, sets: list[Set]) -> str:
    rows = []
    for known in (item for item in sets if item.kind == "regression"):
        for folds in ("scaffold", "random"):
            if not (result := _trust(cells, known, folds)):
                continue
            truth, value = _stacked(known, result, "value")
            near = _stacked(known, result, "similarity")[1]
            for way in ("plain", "by similarity"):
                half = _stacked(known, result, way)[1]
                inside = np.abs(truth - value) <= half
                far = near < np.median(near)
                rows.append(
                    [known.name, folds, way, str(len(truth)), f"{inside.mean():.3f}", f"{inside[far].mean():.3f}",
                     f"{2 * half.mean():.2f}"]
                )  # fmt: skip
    if not rows:
        return ""
    heads = ["set", "folds", "interval", "answers", "coverage of 90 %", "of the farther half", "mean width"]
    return (
        "**Intervals on unseen scaffolds** (the product's is by similarity, folds by scaffold)\n\n"
        + table(heads, rows)
    )


def _domain(cells: Cells, sets: list[Set]) -> str:
    ends = (0.0, *EDGES, 1.0)
    rows = []
    for known in sets:
        if not (result := _trust(cells, known, "scaffold")):
            continue
        truth, said = _stacked(known, result, "value" if known.kind == "regression" else "venn-abers")
        near = _stacked(known, result, "similarity")[1]
        place = np.searchsorted(EDGES, near, "right")
        row = [f"{known.name}, {'mean absolute error' if known.kind == 'regression' else 'Brier'}"]
        for i in range(len(ends) - 1):
            inside = place == i
            metric = metrics.mae if known.kind == "regression" else metrics.brier
            few = int(inside.sum())
            row.append(f"{metric(truth[inside], said[inside]):.3f} (n={few})" if few >= 10 else f"(n={few})")
        rows.append(row)
    if not rows:
        return ""
    heads = [
        "similarity to the nearest molecule trained on",
        *(f"{a:g} to {b:g}" for a, b in itertools.pairwise(ends)),
    ]
    return "**Error by applicability domain**\n\n" + table(heads, rows)
