"""SMILES against SELFIES: the same network, molecules and CPU seconds of training as strings alone; then drawn."""

import json
import time

import numpy as np

from clinweave.applications.molecules import (
    Schedule,
    Trainer,
    build_cache,
    open_model,
    read_smiles,
    shape_named,
)
from clinweave.applications.molecules.batches import stream
from clinweave.core.artifacts import home
from molecules_parts.sampling import curve

LEARNED = 250_000  # molecules in the features, drawn by the seed; a run that sees more sees some twice
TIMED = 10  # steps by which the speed is measured, before the run


def compare(options, _model):
    """Train each kind for `seconds` CPU seconds, and measure `n` valid molecules of each."""
    smiles = read_smiles(options.reference / "train.csv.gz")
    rows = np.random.default_rng(options.seed).choice(len(smiles), LEARNED, replace=False)
    folder = home() / "molecules" / "benchmarks" / "strings"
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "learned.smi"
    source.write_text("".join(f"{smiles[row]}\n" for row in rows), "utf-8")
    result = {}
    for kind in ("smiles", "selfies"):
        features, out = folder / f"{kind}-features", folder / f"{kind}-{options.seconds}"
        started = time.process_time()
        # one shard with graphs: what held-out nats are measured on
        build_cache(read_smiles(source), source, features, kind=kind, graphs=1, qed_share=0.0)
        prepared = time.process_time() - started
        plan = Schedule(molecules=_planned(features, options.seconds), strings=1.0, batch=128, warmup=8000)
        history = Trainer(shape_named("small"), plan, features, out).run(seconds=options.seconds)
        result[kind] = {
            "cpu_seconds_of_features": prepared, "molecules_seen": history[-1]["molecules"],
            "cpu_seconds": history[-1]["seconds"], "held_free": history[-1]["held_free"],
        }  # fmt: skip
        options.settings = ((1.0, 1.0),)
        result[kind] |= curve(options, open_model(out))[0]
        print(kind, json.dumps(result[kind]), flush=True)
    return result


def _planned(features, seconds):
    """Return how many molecules are seen in so many seconds, so that both schedules end where the time does."""
    plan = Schedule(batch=128, strings=1.0, save_every=10**9)
    trainer = Trainer(shape_named("small"), plan, features, features / "nothing")
    batches = stream(features, plan, trainer.positions)
    trainer._step(trainer.network, next(batches))
    started = time.process_time()
    for _ in range(TIMED):
        trainer._step(trainer.network, next(batches))
    return int(seconds / ((time.process_time() - started) / TIMED) * plan.batch)
