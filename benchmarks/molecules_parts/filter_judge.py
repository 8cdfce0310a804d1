"""Searches with and without the rules of makeable molecules, judged by alerts and references that no rule uses.

The ring systems of MoleculeNet are an independent judge. Of Novartis' filters for hit triage one alert was read, that
of one search (perindopril_mpo, seed 0): esters of hydroxyazines, which a rule refuses since. The collections of `READ`
were read once while the rules were tuned, for two of the tasks; the SA score is limited by a rule of its own (5.3).
"""

import csv
import gzip
import json
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
from rdkit import Chem, RDConfig, rdBase
from rdkit.Chem import FilterCatalog
from rich.console import Console
from rich.progress import track

from clinweave.applications.molecules import open_model, read_smiles
from clinweave.applications.molecules.optimization import (
    REFERENCES,
    Search,
    open_scorer,
    optimise,
    top_auc,
)
from clinweave.applications.molecules.optimization.objectives import synthetic_accessibility
from clinweave.applications.molecules.optimization.penalty import UNUSUAL
from clinweave.applications.molecules.structure_filters import metabolic_groups, open_filter, ring_systems_of
from clinweave.applications.molecules.structure_filters.checks import catalogue
from clinweave.applications.molecules.structure_filters.liability import COMMON, MAX_ATOMS
from clinweave.core.artifacts import digest
from molecules_parts.cells import table
from molecules_parts.filter_rules import approved_drugs, moses_folder, moses_sample

# published collections of RDKit that neither refuse nor are shown; CHEMBL_Dundee is Brenk's, NIH's matches are BMS's
READ = {
    "CHEMBL_Glaxo": "Glaxo", "CHEMBL_Inpharmatica": "Inpharmatica", "CHEMBL_LINT": "LINT (Pfizer)",
    "CHEMBL_MLSMR": "MLSMR (NIH)", "CHEMBL_SureChEMBL": "SureChEMBL", "ZINC": "ZINC",
}  # fmt: skip
NOVARTIS = "Novartis (NIBR) †"
NOVARTIS_FILE = "NIBRSubstructureFilters/SubstructureFilter_HitTriaging_wPubChemExamples.csv"
EXCLUDED = "2"  # severity that excludes a substance; 1 flags it, 0 says what it is
HARD = 4.5  # SA score
TOP = 100
DRAWN = 2000
DRUGS = 1000  # approved drugs in the table of flags


def pool_of(molecules, seed):
    rows = np.random.default_rng([seed, 7]).choice(len(molecules), 100, replace=False)
    return tuple(molecules[row] for row in rows)


def key(chosen, task, method, seed, limits):
    groups = digest([[group.name, Chem.MolToSmarts(group.pattern)] for group in metabolic_groups()])[:8]
    liabilities = f"{chosen.weight:g} {tuple(COMMON)} {MAX_ATOMS} {groups} {UNUSUAL:g}"
    rules = f"{open_filter().identity} {liabilities}" if limits else ""
    return {"task": task, "method": method, "seed": seed, "budget": chosen.budget, "rules": rules}


def seeds_of(chosen):
    return range(chosen.first_seed, chosen.first_seed + chosen.seeds)


def work_of(chosen):
    return [
        (task, method, seed, limits)
        for seed in seeds_of(chosen)
        for task in chosen.tasks.split(",")
        for method in chosen.methods.split(",")
        for limits in (True, False)
    ]


def run(chosen, cells):
    import torch

    torch.set_num_threads(1)
    molecules = read_smiles(moses_folder(chosen) / "test.csv.gz")
    model = open_model()
    for task, method, seed, limits in track(work_of(chosen), "searches", console=Console(stderr=True)):
        cells.get(
            key(chosen, task, method, seed, limits),
            lambda t=task, m=method, s=seed, on=limits: search(model, molecules, t, m, s, on, chosen),
        )


def search(model, molecules, task, method, seed, limits, chosen):  # noqa: PLR0917
    makeable = open_filter() if limits else None
    plan = Search(
        open_scorer(task), chosen.budget, method=method, seed=seed, pool=pool_of(molecules, seed), makeable=makeable,
        liability_weight=chosen.weight if limits else 0.0,
    )  # fmt: skip
    outcome = optimise(plan, model)
    return {
        "scores": np.array(outcome.oracle.scores),
        "best": np.array([call.smiles for call in outcome.oracle.ranked()[:TOP]]),
        "fates": np.array(json.dumps(dict(outcome.oracle.fates))),
        "refused": np.array(json.dumps(dict(outcome.makeable.counts) if outcome.makeable else {})),
    }


def report(chosen, cells):
    found = {item: cells.get(key(chosen, *item[:2], item[2], item[3]), None) for item in work_of(chosen)}
    missing = [item for item, row in found.items() if row is None]
    methods, tasks = chosen.methods.split(","), chosen.tasks.split(",")
    seeds = [seed for seed in seeds_of(chosen) if not any(item[2] == seed for item in missing)]
    if not seeds:
        raise SystemExit(f"no seed is complete; missing: {len(missing)} searches of {len(found)}")
    numbers = ", ".join(map(str, seeds))
    number = f"{len(seeds)} seeds ({numbers})" if len(seeds) > 1 else f"one seed ({numbers})"
    parts = [
        f"{chosen.budget:,} oracle calls, {number}, {len(tasks)} tasks; the first 100 molecules are of "
        "MOSES' test set.",
        areas(found, tasks, methods, seeds, chosen.budget),
        flags({item: row for item, row in found.items() if item[2] in seeds}, tasks, methods, chosen, cells),
        refusals(found, tasks, methods, seeds),
    ]
    if missing:
        parts.append(f"Not run: {len(missing)} of {len(found)} searches.")
    return "\n\n".join(parts)


def areas(found, tasks, methods, seeds, budget):
    rows = []
    for method in methods:
        area = {
            on: np.array(
                [
                    [top_auc(found[task, method, seed, on]["scores"], budget) for seed in seeds]
                    for task in tasks
                ]
            )
            for on in (True, False)
        }
        change = area[True].mean(0) / area[False].mean(0) - 1  # one value a seed
        random = np.random.default_rng(0)
        drawn = change[random.integers(0, len(change), (10_000, len(change)))].mean(1)
        low, high = np.quantile(drawn, [0.025, 0.975])
        interval = f"{low:+.1%} to {high:+.1%}" if len(seeds) > 1 else "one seed: no interval"
        each = [f"{area[False][row].mean():.3f} → {area[True][row].mean():.3f}" for row in range(len(tasks))]
        rows.append([method, *each, f"{change.mean():+.1%} ({interval})"])
    head = (
        "**Top-10 AUC without → with the rules** (mean over seeds; change of the mean of the tasks, 95 % interval over "
        "seeds)"
    )
    return f"{head}\n\n" + table(["method", *tasks, "change"], rows)


@cache
def reference_rings(paths):
    """Return the ring systems of tables with a column smiles (MoleculeNet's: none is part of the rules)."""
    keys = set()
    for path in paths:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8", newline="") as stream, rdBase.BlockLogs():
            for row in csv.DictReader(stream):
                molecule = Chem.MolFromSmiles(row["smiles"])
                if molecule is not None:
                    keys.update(ring_systems_of(molecule))
    return keys


@cache
def novartis():
    """Return Novartis' filters for hit triage (Schuffenhauer et al. 2020, doi:10.1021/acs.jmedchem.0c01332): what they
    exclude, as packaged with RDKit."""
    result = FilterCatalog.FilterCatalog()
    with Path(RDConfig.RDContribDir, NOVARTIS_FILE).open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["SEVERITY_SCORE"] == EXCLUDED:
                name, least = row["PATTERN_NAME"], max(1, int(float(row["MIN_COUNT"] or 1)))
                matcher = FilterCatalog.SmartsMatcher(name, row["SMARTS"], least)
                result.AddEntry(FilterCatalog.FilterCatalogEntry(name, matcher))
    return result


def judge(smiles, paths):
    """Return (B, judges) flags: alert collections, Novartis' exclusions, rare ring systems, hard to make."""
    rings = reference_rings(paths)
    rows = []
    for text in smiles:
        molecule = Chem.MolFromSmiles(text)
        flags = [*(catalogue(name).HasMatch(molecule) for name in READ), novartis().HasMatch(molecule)]
        if paths:
            flags.append(any(item not in rings for item in ring_systems_of(molecule)))
        rows.append([*flags, synthetic_accessibility(molecule) > HARD])
    return np.array(rows, float)


def judged(cells, smiles, paths):
    """Return the flags of molecules (`judge`), kept for the next report."""
    smiles = [str(text) for text in smiles]
    key = {"judged": digest([smiles, [path.name for path in paths]]), "n": len(smiles)}
    return cells.get(key, lambda: {"flags": judge(smiles, paths)})["flags"]


def flags(found, tasks, methods, chosen, cells):
    paths, seeds = tuple(chosen.judge_rings), sorted({item[2] for item in found})
    names = [
        *READ.values(),
        NOVARTIS,
        *(["ring system unseen in MoleculeNet *"] if paths else []),
        f"SA score above {HARD}",
    ]
    sample = moses_sample(chosen, DRAWN, seed=12)
    drugs = list(approved_drugs(chosen))
    some = [drugs[n] for n in np.random.default_rng(0).choice(len(drugs), min(DRUGS, len(drugs)), False)]
    rows = [
        line("MOSES, test set", [[judged(cells, sample, paths)]]),
        line("approved drugs", [[judged(cells, some, paths)]]),
        *(
            line(f"{task.partition('_')[0]}, the drug itself", [[judge([REFERENCES[task]], paths)]])
            for task in tasks
            if task in REFERENCES
        ),
    ]
    for method in methods:
        for on in (True, False):
            per_seed = [
                [judged(cells, found[task, method, seed, on]["best"], paths) for task in tasks]
                for seed in seeds
            ]
            rows.append(line(f"{method}, {'with' if on else 'without'} the rules", per_seed))
    head = (
        f"**The best {TOP} of each search, judged by what no rule uses** (share flagged by each collection; flags a "
        "molecule: the sum, with the deviation over seeds; * not read while the rules were written; † one alert of it "
        "was read)"
    )
    return f"{head}\n\n" + table(["molecules", "n", *names, "flags a molecule", "without a flag"], rows)


def line(title, per_seed):
    every = np.concatenate([part for parts in per_seed for part in parts])
    sums = [np.concatenate(parts).sum(1).mean() for parts in per_seed]
    shares = [f"{share:.1%}" for share in every.mean(0)]
    deviation = f" ± {np.std(sums, ddof=1):.2f}" if len(sums) > 1 else ""
    return [
        title, f"{len(every):,}", *shares, f"{every.sum(1).mean():.2f}{deviation}", f"{(every.sum(1) == 0).mean():.1%}"
    ]  # fmt: skip


def refusals(found, tasks, methods, seeds):
    rows = []
    for method in methods:
        counts = Counter()
        runs = [found[task, method, seed, True] for task in tasks for seed in seeds]
        for row in runs:
            counts.update(json.loads(str(row["refused"])))
        most = ", ".join(f"{rule} {count / len(runs):.0f}" for rule, count in counts.most_common(8))
        rows.append([method, f"{sum(counts.values()) / len(runs):.0f}", most])
    head = "**Structures refused in one search, by the first rule that each violates** (mean)"
    return f"{head}\n\n" + table(["method", "refused", "most often"], rows)
