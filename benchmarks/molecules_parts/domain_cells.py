"""Whether intervals and label sets hold inside the domain, on new scaffolds, and which foreign molecules are inside."""

import numpy as np
from rdkit import Chem

from clinweave.applications.molecules import read_smiles
from clinweave.applications.molecules.prediction import boosting, domain
from clinweave.applications.molecules.prediction.calibration import Widths
from clinweave.applications.molecules.prediction.endpoints import (
    COVERAGE,
    FOLDS,
    check_domain,
    fit_folds,
    label_limits,
)
from clinweave.applications.molecules.prediction.splits import folds as scaffold_folds
from clinweave.applications.molecules.prediction.structures import fingerprint
from molecules_parts.cells import table
from molecules_parts.moleculenet import Set

INDOLE = "c1ccc2[nH]ccc2c1"
FOREIGN = 200  # of each kind


def foreign_molecules(folder) -> dict[str, list]:
    """Return 200 indoles and 200 others of MOSES' test set, none of which a set of MoleculeNet was chosen for."""
    every = [Chem.MolFromSmiles(text) for text in read_smiles(folder / "test.csv.gz")[:40_000]]
    core = Chem.MolFromSmarts(INDOLE)
    indoles = [item for item in every if item.HasSubstructMatch(core)]
    rest = [item for item in every if not item.HasSubstructMatch(core)]
    return {"indoles": indoles[:FOREIGN], "others": rest[:FOREIGN]}


def measure(known: Set, columns: np.ndarray, seed: int, foreign: dict[str, list]) -> dict[str, np.ndarray]:
    """Return, for the first task, what is covered and inside of the test part of a scaffold split, and what of the
    foreign molecules is inside, by the product's rule and by its former one (5th percentile of similarity)."""
    split = known.split("balanced", seed)
    rows = np.concatenate([split.train, split.valid])
    rows = rows[np.isfinite(known.answers[rows, 0])]
    test = split.test[np.isfinite(known.answers[split.test, 0])]
    every, answers = known.prints(), known.answers[rows, 0]
    prints = [every[row] for row in rows]
    parts = scaffold_folds([known.groups[row] for row in rows], FOLDS, seed)
    boosters, unseen = fit_folds(known.kind, columns[rows], answers, prints, parts, seed=seed)
    near = domain.nearest([every[row] for row in test], prints)[0]
    scores = np.mean([boosting.score(item, columns[test]) for item in boosters], axis=0)
    check, former = check_domain(known.kind, unseen), float(np.quantile(unseen.similarity, 0.05))
    least = check.least
    ranges = domain.Ranges.fit([Chem.MolFromSmiles(known.smiles[row]) for row in rows])
    beyond = ranges.outside([Chem.MolFromSmiles(known.smiles[row]) for row in test])
    result = {
        "covered": _covered(known.kind, unseen, scores, known.answers[test, 0], near),
        "inside": (near >= least) & (np.array(beyond) == ""),
        "inside, former": near >= former,
        "least": np.array([least, former]),
        "rarer": _of_rarer_label(known.kind, answers, known.answers[test, 0]),
    }
    for name, molecules in foreign.items():
        best = domain.nearest([fingerprint(item) for item in molecules], prints)[0]
        result[name] = (best >= least) & (np.array(ranges.outside(molecules)) == "")
        result[f"{name}, former"] = best >= former
    return result


def _covered(kind, unseen, scores, truth, near) -> np.ndarray:
    if kind == "classification":
        zero, one = label_limits(unseen)
        probability = boosting.probability(scores)
        return np.where(truth > 0.5, 1 - probability <= one, probability <= zero)
    widths = Widths.fit(np.abs(unseen.truth - unseen.scores), unseen.similarity, COVERAGE)
    return np.abs(scores - truth) <= widths.of(near)


def _of_rarer_label(kind, answers, truth) -> np.ndarray:
    """Return which test molecules have the label that is rarer in training; none in regression."""
    if kind != "classification":
        return np.zeros(len(truth), bool)
    return (truth > 0.5) == (answers.mean() < 0.5)


def report(cells_by_set: dict[str, list[dict[str, np.ndarray]]]) -> str:
    """Return the table: coverage inside and outside with a 95 % interval over rows, and foreign molecules inside."""
    rows = []
    for name, cells in cells_by_set.items():
        for title, suffix in (("by coverage", ""), ("former (5th percentile)", ", former")):
            covered = np.concatenate([cell["covered"] for cell in cells])
            inside = np.concatenate([cell[f"inside{suffix}"] for cell in cells])
            least = np.mean([cell["least"][1 if suffix else 0] for cell in cells])
            rarer = np.concatenate([cell["rarer"] for cell in cells])
            foreign = [
                f"{np.mean([cell[f'{kind}{suffix}'].mean() for cell in cells]):.1%}"
                for kind in ("indoles", "others")
            ]
            rows.append([
                name, title, f"{least:.2f}", f"{inside.mean():.0%} of {len(inside):,}", share(covered[inside]),
                share(covered[inside & rarer]) if rarer.any() else "", share(covered[~inside]), *foreign,
            ])  # fmt: skip
    head = [
        "set", "domain", "similarity from", "inside", "covered, inside", "of these the rarer label", "covered, outside",
        "MOSES indoles inside", "other MOSES inside",
    ]  # fmt: skip
    seeds = len(next(iter(cells_by_set.values())))
    return (
        f"Scaffold splits of {seeds} seeds, first task of each set, stated coverage {COVERAGE:.0%} (95 % intervals "
        f"over rows); {FOREIGN} indoles and {FOREIGN} other molecules of MOSES.\n\n" + table(head, rows)
    )


def share(covered: np.ndarray) -> str:
    """Return the share with its 95 % interval (Wilson) and number."""
    count = len(covered)
    if not count:
        return "none"
    value, z = float(covered.mean()), 1.96
    middle, half = (
        value + z * z / (2 * count),
        z * np.sqrt(value * (1 - value) / count + z * z / (4 * count**2)),
    )
    low, high = ((middle + sign * half) / (1 + z * z / count) for sign in (-1, 1))
    return f"{value:.3f} ({low:.3f} to {high:.3f}), n={count:,}"
