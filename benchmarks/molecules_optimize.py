"""Optimisation of molecules: methods compared at the same oracle budget, and with no search at all.

    python benchmarks/molecules_optimize.py run    [--tasks ...] [--methods ...] [--seeds 5] [--budget 10000]
    python benchmarks/molecules_optimize.py report [the same] [--write docs/molecules_optimize.md]
    python benchmarks/molecules_optimize.py peer   --guacamol DIR   # the unpacked source of guacamol 0.5.5
    python benchmarks/molecules_optimize.py keep   [--write docs/molecules_optimize.md]

Every cell (task, method, seed, budget, weights) is cached under CLINWEAVE_HOME; run again to resume. The
first 100 molecules are the same for all methods: MOSES' test molecules, drawn by the seed. Settings were chosen on
thiothixene_rediscovery, aripiprazole_similarity and median1 with other seeds, which are in no table.
"""

import argparse
import json
import os
import sys
import types
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402
from molecules_parts import guided, optimize_report  # noqa: E402
from molecules_parts.cells import Cells, write_section  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.progress import track  # noqa: E402

from clinweave.applications.molecules import open_model, read_smiles  # noqa: E402
from clinweave.applications.molecules.generator import PACKAGED  # noqa: E402
from clinweave.applications.molecules.optimization import (  # noqa: E402
    METHODS,
    TASKS,
    WITHOUT_WEIGHTS,
    Search,
    open_scorer,
    optimise,
)
from clinweave.core.artifacts import home, sha256  # noqa: E402

MOSES = Path(__file__).parents[2] / "shared" / "data" / "molecules" / "moses"
DEVELOPED_ON = {"thiothixene_rediscovery", "aripiprazole_similarity", "median1"}
KEEPING = {  # a start and what is kept of it
    "celecoxib": (
        "Cc1ccc(cc1)-c1cc(nn1-c1ccc(cc1)S(N)(=O)=O)C(F)(F)F",
        "NS(=O)(=O)c1ccc(cc1)-n1nccc1",
        "qed",
    ),
    "zaleplon": ("O=C(C)N(CC)c1cccc(c1)-c1ccnc2c(C#N)cnn12", "c1ccc(cc1)-c1ccnc2ccnn12", "qed"),
}


def main() -> int:
    guided.register()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["run", "report", "peer", "keep"])
    parser.add_argument("--tasks", default=",".join(name for name in TASKS if name not in DEVELOPED_ON))
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--budget", type=int, default=10_000)
    parser.add_argument(
        "--moses", type=Path, default=MOSES, help="a folder with MOSES' test.csv.gz and train.csv.gz"
    )
    parser.add_argument("--model", type=Path, default=PACKAGED)
    parser.add_argument("--guacamol", type=Path, help="the unpacked source of guacamol 0.5.5")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--section", default="optimize", help="for report: of the page")
    chosen = parser.parse_args()
    if chosen.what == "peer":
        return peer(chosen)
    import torch

    torch.set_num_threads(1)
    cells = Cells(home() / "molecules" / "benchmarks" / "optimize")
    if chosen.what == "run":
        run(chosen, cells)
        return 0
    if chosen.what == "keep":
        text, section = keeping(chosen, cells), "results: keep"
    else:
        text, section = optimize_report.report(chosen, cells, key), f"results: {chosen.section}"
    print(text)
    if chosen.write:
        write_section(chosen.write, section, text)
    return 0


def key(chosen, task, method, seed):
    """Return what names a cell; the weights matter to the methods that have some, the pool to all."""
    weights = "" if method in WITHOUT_WEIGHTS else sha256(chosen.model / "model.safetensors")[:12]
    return {"task": task, "method": method, "seed": seed, "budget": chosen.budget, "weights": weights}


def run(chosen, cells):
    molecules = read_smiles(chosen.moses / "test.csv.gz")
    model = open_model(chosen.model)
    work = [
        (seed, task, method)
        for task in chosen.tasks.split(",")
        for seed in range(chosen.seeds)
        for method in chosen.methods.split(",")
    ]
    for seed, task, method in track(work, "searches", console=Console(stderr=True)):
        cells.get(
            key(chosen, task, method, seed),
            lambda s=seed, t=task, m=method: search(model, molecules, t, m, s, chosen.budget),
        )


def pool_of(molecules, seed):
    rows = np.random.default_rng([seed, 7]).choice(len(molecules), 100, replace=False)
    return tuple(molecules[row] for row in rows)


def search(model, molecules, task, method, seed, budget, start="", keep=""):  # noqa: PLR0917
    scorer = open_scorer(task)
    first = pool_of(molecules, seed)
    plan = Search(
        scorer, budget, start, keep, method, seed, first, liability_weight=0.0
    )  # by the score alone
    outcome = optimise(plan, model)
    best = outcome.oracle.ranked()[:10]
    return {
        "scores": np.array(outcome.oracle.scores),
        "best": np.array([call.smiles for call in best]),
        "fates": np.array(json.dumps(dict(outcome.oracle.fates))),
        "stopped": np.array(outcome.stopped),
    }


def keeping(chosen, cells):
    molecules = read_smiles(chosen.moses / "test.csv.gz")
    model = open_model(chosen.model)
    result = {}
    work = [
        (name, method, seed)
        for name in KEEPING
        for method in chosen.methods.split(",")
        for seed in range(chosen.seeds)
    ]
    for name, method, seed in track(work, "searches", console=Console(stderr=True)):
        start, keep, task = KEEPING[name]
        result[name, method, seed] = cells.get(
            {**key(chosen, f"keep {name} {task}", method, seed), "start": start, "keep": keep},
            lambda s=seed, m=method, a=start, k=keep, t=task: search(
                model, molecules, t, m, s, chosen.budget, a, k
            ),
        )
    grown = "; ".join(f"{name} {grown_from(model, name)}" for name in KEEPING)
    return f"{optimize_report.kept(result, KEEPING, chosen)}\n\nOf 512 strings grown from it, have the part: {grown}."


def grown_from(model, name):
    """Return how many of 512 strings that the decoder grows from the kept part of a drug have it."""
    from clinweave.applications.molecules.optimization import OptimizationTask, Oracle
    from clinweave.applications.molecules.optimization.policy import Policy
    from clinweave.applications.molecules.optimization.problem import parse_start

    start, keep = parse_start(*KEEPING[name][:2])
    policy = Policy(OptimizationTask(start, keep, (), model), 0.0)
    answers = Oracle(open_scorer("qed"), 512, keep=keep)(policy.sample(512).strings)
    return sum(item.fate == "scored" for item in answers)


def peer(chosen):
    """Print the largest difference of each named task's score to the guacamol package's, over real molecules."""
    from rdkit import Chem, rdBase

    if not chosen.guacamol:
        raise SystemExit("--guacamol: name the unpacked source (pip download --no-deps guacamol==0.5.5)")
    sys.path.insert(0, str(chosen.guacamol))
    sys.modules["fcd"] = types.ModuleType("fcd")  # not needed for scores, and not installed
    sys.modules["fcd"].get_fcd = None
    import scipy

    scipy.histogram = np.histogram  # guacamol imports a name that scipy has dropped
    from guacamol.benchmark_suites import goal_directed_suite_v2

    from clinweave.applications.molecules.optimization import tasks

    smiles = [Chem.CanonSmiles(item) for item in pool_of(read_smiles(chosen.moses / "test.csv.gz"), 0)]
    targets = [
        value
        for name, value in vars(tasks).items()
        if name.startswith("_") and name.isupper() and isinstance(value, str)
    ]
    targets.append("CCCCC(=O)N(Cc1ccc(cc1)-c1ccccc1-c1nnn[nH]1)C(C(C)C)C(=O)O")  # valsartan
    smiles += [Chem.CanonSmiles(item) for item in targets if Chem.MolFromSmiles(item) is not None]
    worst = 0.0
    with rdBase.BlockLogs():
        for benchmark in goal_directed_suite_v2():
            name = benchmark.name.lower().replace(" ", "_").replace("median_molecules_", "median")
            name = {"c11h24": "isomers_c11h24", "c9h10n2o2pf2cl": "isomers_c9h10n2o2pf2cl"}.get(name, name)
            theirs = np.array([benchmark.objective.score(item) for item in smiles])
            ours = np.array([item.value for item in open_scorer(name)(smiles)])
            gap = float(np.abs(theirs - ours).max())
            worst = max(worst, gap)
            print(
                f"{name:26} {len(smiles)} molecules, {ours.min():.3f} to {ours.max():.3f}, largest gap {gap:.1e}"
            )
    print(f"largest difference of all: {worst:.1e}")
    return int(worst > 1e-6)


if __name__ == "__main__":
    raise SystemExit(main())
