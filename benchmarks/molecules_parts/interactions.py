"""Drug-drug interactions of the graph, split by drug: one of the two new, or both.

The universe is every pair of drugs that have a structure and at least one recorded interaction with another such drug.
A pair without a record is not known to be harmless; it is ranked below the recorded ones, no more is claimed. Most
records are told of classes of drugs and expanded to their members, so that class-mates share partners: the second way
to split keeps drugs of similar structure (Tanimoto 0.6, joined in chains) on one side.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from clinweave.applications.molecules import KnownDrugs
from clinweave.applications.molecules.drugs.known import tanimoto
from clinweave.applications.molecules.prediction import boosting
from clinweave.applications.molecules.prediction.features import described
from clinweave.applications.molecules.prediction.metrics import auroc, average_precision
from clinweave.core.artifacts import home
from clinweave.core.statistics import difference
from clinweave.knowledge import Graph
from molecules_parts.cells import Cells, table

SPLITS = ("by drug", "by cluster of similar structures")
NEW = ("one new", "both new")
ARMS = {
    "degree": "degree of the known drug",
    "similar": "interactions of similar drugs",
    "trees": "both + descriptors, trees",
}
POWERS = (1, 4, 12)
ROWS = 20_000  # pairs that the trees learn from


def jobs(folder: Path, parts: int) -> list[tuple[dict, Callable[[], dict[str, np.ndarray]]]]:
    """Return each cell's key and how it is made."""
    truth, similar, columns = _universe(folder)
    result = []
    for split in SPLITS:
        part_of = _parts(similar, split)
        for part in range(parts):
            for new in NEW:
                key = {"what": "interactions", "split": split, "new": new, "part": part}
                result.append(
                    (
                        key,
                        lambda n=new, o=part_of == part, p=part: _measure(
                            truth, similar, columns, o, new=n, seed=p
                        ),
                    )
                )
    return result


def _universe(folder: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return interactions (n, n) as 0 and 1 with a NaN diagonal, similarities (n, n), and columns (n, 24)."""
    drugs = KnownDrugs.open(home())
    place = {item: row for row, item in enumerate(drugs.ids)}
    result = Graph.open(folder).relations(predicate="biolink:interacts_with")
    pairs = {
        (place[item.subject], place[item.object])
        for item in result
        if item.subject in place and item.object in place
    }
    if not pairs:
        raise SystemExit(f"{folder} holds no interactions of drugs with structures; build it with `ansm`")
    rows = sorted({row for pair in pairs for row in pair})
    at = {row: number for number, row in enumerate(rows)}
    truth = np.zeros((len(rows), len(rows)))
    for item, other in pairs:
        truth[at[item], at[other]] = truth[at[other], at[item]] = 1
    np.fill_diagonal(truth, np.nan)
    bits = drugs.bits[rows]
    similar = np.stack([tanimoto(item, bits) for item in bits])
    raw = described(
        [drugs.smiles[row] for row in rows], home() / "molecules" / "features", "erg+descriptors", "drugs"
    )
    raw = np.nan_to_num(np.clip(raw, -1e6, 1e6))
    spread = raw.std(0)
    scaled = np.clip((raw - raw.mean(0)) / np.where(spread > 0, spread, 1), -5, 5)
    left, size, _ = np.linalg.svd(scaled, full_matrices=False)
    return truth, similar, left[:, :24] * size[:24]


def _parts(similar: np.ndarray, split: str) -> np.ndarray:
    """Return the part of each drug, 0 to 4."""
    random = np.random.default_rng(5)
    if split == "by drug":
        return random.permutation(len(similar)) % 5
    from scipy.sparse.csgraph import connected_components

    _, group = connected_components(similar >= 0.6)
    part, sizes = np.zeros(len(similar), int), np.zeros(5, int)
    for item in sorted(random.permutation(group.max() + 1), key=lambda g: -(group == g).sum()):
        part[group == item] = sizes.argmin()
        sizes[sizes.argmin()] += (group == item).sum()
    return part


def near_one(known: np.ndarray, similar: np.ndarray) -> np.ndarray:
    """Return (n, n, 5): for a new drug (row) and a known one (column), what similar drugs do with the known one."""
    stated, filled = np.isfinite(known), np.nan_to_num(known)
    others = similar * (1 - np.eye(len(similar)))
    columns = []
    for power in (0, *POWERS):
        weight = others**power * (1 - np.eye(len(similar)))
        columns.append((weight @ filled) / np.maximum(weight @ stated, 1e-12))
    nearest = np.where(stated.any(1)[None, :], others, 0).max(1)
    return np.stack([*columns, np.broadcast_to(nearest[:, None], known.shape)], 2)


def near_both(known: np.ndarray, similar: np.ndarray) -> np.ndarray:
    """Return (n, n, 5): for two new drugs, what drugs similar to the one do with drugs similar to the other."""
    stated, filled = np.isfinite(known).astype(float), np.nan_to_num(known)
    others = similar * (1 - np.eye(len(similar)))
    columns = []
    for power in POWERS:
        weight = others**power
        both = [_without_own(weight, part) for part in (filled, stated)]
        columns.append(both[0] / np.maximum(both[1], 1e-12))
    nearest = np.where(stated.any(1)[None, :], others, 0).max(1)
    low, high = np.minimum.outer(nearest, nearest), np.maximum.outer(nearest, nearest)
    return np.stack([*columns, low, high], 2)


def _without_own(weight: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return weight @ part @ weight without the terms that use either drug's own row."""
    own = (part * weight).sum(1)
    return weight @ part @ weight - weight * (own[:, None] + own[None, :]) + weight**2 * part


def _measure(
    truth: np.ndarray, similar: np.ndarray, columns: np.ndarray, out: np.ndarray, *, new: str, seed: int
) -> dict[str, np.ndarray]:
    known = truth.copy()
    known[out], known[:, out] = np.nan, np.nan
    item = new == "one new"
    near = near_one(known, similar) if item else near_both(known, similar)
    test = np.outer(out, ~out) if item else np.triu(np.outer(out, out), 1)
    train = np.argwhere(np.isfinite(known) if item else np.triu(np.isfinite(known), 1))
    train = np.random.default_rng(seed).permutation(train)[:ROWS]
    booster = boosting.fit(
        _columns(near, columns, train, item), known[tuple(train.T)], "classification", seed=seed
    )
    where = np.argwhere(test)
    result = {
        "drug": where,
        "truth": truth[test],
        "similar": near[test][:, 3 if item else 2],
        "trees": boosting.score(booster, _columns(near, columns, where, item)),
    }
    return {**result, "degree": near[test][:, 0]} if item else result


def _columns(near: np.ndarray, columns: np.ndarray, pairs: np.ndarray, one: bool) -> np.ndarray:
    left, right = columns[pairs[:, 0]], columns[pairs[:, 1]]
    described_ = [left, right] if one else [left + right, np.abs(left - right)]
    return np.concatenate([near[tuple(pairs.T)], *described_], axis=1).astype(np.float32)


def report(cells: Cells) -> str:
    """Return the tables of what was measured."""
    texts = []
    for split in SPLITS:
        for new in NEW:
            key = {"what": "interactions", "split": split, "new": new}
            if done := [item for part in range(5) if (item := cells.get({**key, "part": part}, None))]:
                share = np.mean(np.concatenate([item["truth"] for item in done]))
                title = f"**Drug-drug interactions, {split}, {new}** ({len(done)} disjoint parts, {share:.1%} recorded)"
                texts += [title, _table(done)]
    return "\n\n".join(texts)


def _table(done: list[dict[str, np.ndarray]]) -> str:
    rows = []
    for arm, told in ARMS.items():
        if arm not in done[0]:
            continue
        result = [
            (auroc(item["truth"], item[arm]), average_precision(item["truth"], item[arm])) for item in done
        ]
        means = [f"{np.mean(item):.3f} ± {np.std(item):.3f}" for item in zip(*result, strict=True)]
        own = _by_drug(done, arm)
        paired = ""
        if arm != "similar":
            gap = difference(own, _by_drug(done, "similar"), {}, resamples=2000)
            paired = f"{gap.difference:+.3f} ({gap.low:+.3f} to {gap.high:+.3f})"
        rows.append([told, *means, f"{np.mean(list(own.values())):.3f}", paired])
    heads = [
        "",
        "AUROC",
        "average precision",
        "mean AUROC of a new drug",
        "less that of similar drugs (95 %)",
    ]
    return table(heads, rows)


def _by_drug(done: list[dict[str, np.ndarray]], arm: str) -> dict[str, float]:
    """Return the AUROC over the partners of each new drug that has both kinds."""
    result = {}
    for part, item in enumerate(done):
        first = item["drug"][:, 0]
        for drug in np.unique(first):
            rows = first == drug
            value = auroc(item["truth"][rows], item[arm][rows])
            if np.isfinite(value):
                result[f"{part} {drug}"] = value
    return result
