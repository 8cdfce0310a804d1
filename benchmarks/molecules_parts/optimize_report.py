"""Tables of benchmarks/molecules_optimize.py."""

import json

import numpy as np

from clinweave.applications.molecules import parse
from clinweave.applications.molecules.optimization import METHODS, best_so_far, top_auc
from clinweave.applications.molecules.optimization.objectives import synthetic_accessibility
from clinweave.applications.molecules.optimization.results import alerts, in_moses, likeness
from clinweave.core.artifacts import home
from clinweave.core.statistics import holm
from molecules_parts.cells import table


def report(chosen, cells, key):
    """Return the tables of those tasks of which a method has all its seeds; what is missing is named."""
    methods, seeds = chosen.methods.split(","), range(chosen.seeds)
    result, missing = {}, []
    for task in chosen.tasks.split(","):
        for method in methods:
            rows = [cells.get(key(chosen, task, method, seed), None) for seed in seeds]
            if all(row is not None for row in rows):
                result[task, method] = rows
            else:
                missing.append(
                    f"{task} by {method} ({sum(row is not None for row in rows)} of {len(rows)} seeds)"
                )
    tasks = [task for task in chosen.tasks.split(",") if all((task, method) in result for method in methods)]
    if not tasks:
        raise SystemExit(f"nothing is complete yet: {'; '.join(missing)}")
    area = {
        (task, method): np.array([top_auc(row["scores"], chosen.budget) for row in result[task, method]])
        for task in tasks
        for method in methods
    }
    label = "" if chosen.budget >= 10_000 else " **This is not the published size of 10,000 calls.**"
    parts = [
        f"{chosen.budget:,} oracle calls, {chosen.seeds} seeds, {len(tasks)} tasks.{label}",
        _areas(area, tasks, methods),
        _paired(area, tasks, methods),
        _best(result, tasks, methods, chosen),
    ]
    if missing:
        parts.append(f"Not complete, and left out: {'; '.join(missing)}.")
    return "\n\n".join(parts)


def _areas(area, tasks, methods):
    rows = []
    for method in sorted(methods, key=lambda one: -np.mean([area[task, one].mean() for task in tasks])):
        each = [f"{area[task, method].mean():.3f} ± {area[task, method].std(ddof=1):.3f}" for task in tasks]
        total = np.sum([area[task, method] for task in tasks], axis=0)
        rows.append([method, *each, f"{total.mean():.3f}"])
    return "**Top-10 AUC** (mean and deviation over seeds; higher is better)\n\n" + table(
        ["method", *tasks, "sum"], rows
    )


def _paired(area, tasks, methods):
    """Differences of each method to the best, paired by task and seed; the bootstrap resamples seeds within tasks."""
    means = {one: np.mean([area[task, one].mean() for task in tasks]) for one in methods}
    best = max(means, key=lambda one: means[one])
    random, rows, values = np.random.default_rng(0), [], []
    for method in [one for one in sorted(methods, key=lambda one: -means[one]) if one != best]:
        gaps = np.array([area[task, method] - area[task, best] for task in tasks])  # (tasks, seeds)
        seeds = gaps.shape[1]
        drawn = random.integers(0, seeds, (10_000, len(tasks), seeds))
        resampled = np.take_along_axis(gaps[None], drawn, 2).mean((1, 2))
        low, high = np.quantile(resampled, [0.025, 0.975])
        signs = random.integers(0, 2, (20_000, *gaps.shape)) * 2 - 1
        extreme = np.abs((signs * gaps).mean((1, 2))) >= abs(gaps.mean()) - 1e-12
        values.append((extreme.sum() + 1) / (len(extreme) + 1))
        rows.append(
            [
                method,
                f"{gaps.mean():+.3f} ({low:+.3f} to {high:+.3f})",
                f"{int((gaps > 0).sum())} of {gaps.size}",
            ]
        )
    for row, p in zip(rows, holm(values), strict=True):
        row.append(f"{p:.4f}")
    head = f"**Less {best}**, paired by task and seed (95 % interval over seeds; sign-flip p after Holm)"
    return head + "\n\n" + table(["method", "difference of top-10 AUC", "better in", "p"], rows)


def _best(found, tasks, methods, chosen):
    """What the ten best molecules are like, and how many calls beat all that screening found."""
    every = {smiles for rows in found.values() for row in rows for smiles in row["best"].tolist()}
    seen = in_moses(sorted(every), home())
    if seen is None and (chosen.moses / "train.csv.gz").is_file():
        seen = in_moses_file(every, chosen.moses / "train.csv.gz")
    rows = []
    for method in [item for item in METHODS if item in methods]:
        runs = [(task, seed, row) for task in tasks for seed, row in enumerate(found[task, method])]
        best = [smiles for _, _, row in runs for smiles in row["best"].tolist()]
        molecules = [parse(item) for item in best]
        hits = [
            float(
                np.mean(
                    np.nan_to_num(row["scores"], nan=-1) > np.nanmax(found[task, "screen"][seed]["scores"])
                )
            )
            for task, seed, row in runs
            if (task, "screen") in found
        ]
        fates = {}
        for _, _, row in runs:
            for fate, count in json.loads(str(row["fates"])).items():
                fates[fate] = fates.get(fate, 0) + count
        rows.append(
            [
                method,
                f"{np.mean([best_so_far(row['scores'], 10)[-1] for _, _, row in runs]):.3f}",
                f"{np.mean(hits):.1%}" if hits else "",
                f"{np.mean([synthetic_accessibility(item) for item in molecules]):.2f}",
                f"{np.mean([bool(alerts(item)) for item in molecules]):.0%}",
                "" if seen is None else f"{np.mean([item not in seen for item in best]):.0%}",
                f"{fates.get('invalid', 0) / max(fates.get('scored', 1), 1):.2f}",
                f"{np.mean([row['cpu_seconds'] for _, _, row in runs]):.0f}",
            ]
        )
    head = "**The ten best of each search** (calls that hit: score above all that `screen` found with the same seed)"
    return (
        head
        + "\n\n"
        + table(
            [
                "method",
                "score",
                "calls that hit",
                "SA score",
                "with alerts",
                "not in MOSES",
                "invalid strings a call",
                "CPU s",
            ],
            rows,
        )
    )


def in_moses_file(smiles, path):
    """Return which molecules are in a file of SMILES."""
    from clinweave.applications.molecules import read_smiles

    return set(smiles) & set(read_smiles(path))


def kept(found, keeping, chosen):
    """Return the table of searches that keep a part of a drug."""
    rows = []
    for name, (start, keep, task) in keeping.items():
        pattern = _pattern(keep)
        for method in chosen.methods.split(","):
            runs = [found[name, method, seed] for seed in range(chosen.seeds)]
            best = [item for row in runs for item in row["best"].tolist()]
            have = sum(parse(item).HasSubstructMatch(pattern) for item in best)
            rows.append(
                [
                    f"{name}, {task}",
                    method,
                    f"{np.mean([row['scores'][0] for row in runs]):.3f}",
                    f"{np.mean([best_so_far(row['scores'], 10)[-1] for row in runs]):.3f}",
                    f"{np.mean([better(row) for row in runs]):.1%}",
                    f"{np.mean(likeness(best, start)):.2f}",
                    f"{np.mean([synthetic_accessibility(parse(item)) for item in best]):.2f}",
                    f"{have} of {len(best)}",
                    f"{np.mean([len(row['scores']) for row in runs]):.0f}",
                ]
            )
    head = f"{chosen.budget:,} calls, {chosen.seeds} seeds. The start is the drug, and what is kept a part of it."
    return (
        head
        + "\n\n"
        + table(
            [
                "start, score",
                "method",
                "start",
                "best ten",
                "calls above the start",
                "like the start",
                "SA score",
                "kept",
                "calls made",
            ],
            rows,
        )
    )


def better(row):
    """Return the share of a search's calls whose score is above that of the first, the start."""
    return float(np.mean(np.nan_to_num(row["scores"], nan=-1) > row["scores"][0]))


def _pattern(smarts):
    from rdkit import Chem

    return Chem.MolFromSmarts(smarts)
