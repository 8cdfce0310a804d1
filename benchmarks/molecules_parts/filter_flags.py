"""What the flags of searches are: the alerts that occur most, by task and method, those of the aimed-at drug marked."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
from rdkit import Chem

from clinweave.applications.molecules.optimization import REFERENCES, top_auc
from clinweave.applications.molecules.structure_filters import ring_systems_of
from clinweave.applications.molecules.structure_filters.checks import catalogue
from molecules_parts.cells import table
from molecules_parts.filter_judge import READ, judged, key, novartis, reference_rings, seeds_of

SHOWN = 6  # alerts of each search


def named_flags(smiles, paths):
    """Return the names of the alerts and rare ring systems of a molecule, with their collection."""
    molecule = Chem.MolFromSmiles(smiles)
    found = {
        f"{shown.partition(' ')[0]}: {entry.GetDescription()}"
        for name, shown in READ.items()
        for entry in catalogue(name).GetMatches(molecule)
    }
    found |= {f"NIBR: {entry.GetDescription()}" for entry in novartis().GetMatches(molecule)}
    rings = reference_rings(paths)
    return found | {
        f"ring system: `{item}`" for item in ring_systems_of(molecule) if paths and item not in rings
    }


def weights(chosen, cells):
    """Return the table by which the weight of liabilities was chosen: top-10 AUC and flags of the best 100 by task."""
    paths, tasks, rows = tuple(chosen.judge_rings), chosen.tasks.split(","), []
    for method in chosen.methods.split(","):
        for limits, weight in ((False, 0.0), *((True, weight) for weight in (0.0, 0.5, 1.0, 2.0, 4.0))):
            at = SimpleNamespace(**{**vars(chosen), "weight": weight})
            found = {
                (task, seed): cells.get(key(at, task, method, seed, limits), None)
                for task in tasks
                for seed in seeds_of(chosen)
            }
            if any(cell is None for cell in found.values()):
                continue
            area = np.array([top_auc(cell["scores"], chosen.budget) for cell in found.values()])
            flags = np.array([judged(cells, cell["best"], paths).sum(1).mean() for cell in found.values()])
            area, flags = (values.reshape(len(tasks), -1).mean(1) for values in (area, flags))
            cells_ = [f"{one:.3f}; {two:.2f}" for one, two in zip(area, flags, strict=True)]
            name = f"with, weight {weight:g}" if limits else "without"
            rows.append([method, name, *cells_, f"{area.sum():.3f}", f"{flags.mean():.2f}"])
    note = f"{chosen.budget:,} calls, seed {', '.join(map(str, seeds_of(chosen)))}; in each cell top-10 AUC; flags."
    return f"{note}\n\n" + table(["method", "rules", *tasks, "sum of AUC", "flags a molecule"], rows)


def report(chosen, cells):
    paths, rows = tuple(chosen.judge_rings), []
    for task in chosen.tasks.split(","):
        aimed = named_flags(REFERENCES[task], paths) if task in REFERENCES else set()
        for method in chosen.methods.split(","):
            for limits in (True, False):
                found = [
                    cells.get(key(chosen, task, method, seed, limits), None) for seed in seeds_of(chosen)
                ]
                parts = [cell["best"].tolist() for cell in found if cell is not None]
                if parts:
                    name = "with" if limits else "without"
                    rows.append([task, method, name, *_cells(cells, parts, aimed, paths)])
    note = (
        "Share of the best 100 of each search that have an alert; **bold**: the drug that the task aims at has it too. "
        "The last column has the share of all alert matches that the drug explains."
    )
    head = ["task", "method", "rules", "n", "flags a molecule", "most often", "of the drug itself"]
    return f"{note}\n\n" + table(head, rows)


def _cells(cells, parts, aimed, paths):
    best = [text for part in parts for text in part]
    counts = Counter(name for text in best for name in named_flags(text, paths))
    most = ", ".join(
        f"{f'**{name}**' if name in aimed else name} {count / len(best):.0%}"
        for name, count in counts.most_common(SHOWN)
    )
    theirs = sum(count for name, count in counts.items() if name in aimed) / max(sum(counts.values()), 1)
    mean = np.mean([judged(cells, part, paths).sum(1).mean() for part in parts])
    return [str(len(best)), f"{mean:.2f}", most, f"{theirs:.0%}"]
