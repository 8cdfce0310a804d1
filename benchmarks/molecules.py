"""What the model of molecules scores: MOSES measures beside published rows, properties asked and found, a library.

`python benchmarks/molecules.py moses|novelty|sampling|delivered|floor|conditions|library|draw|tokens|strings|speed|
evaluate --reference DIR [--n 30000] [--json FILE]`. `draw --device cuda --out FILE` keeps strings as drawn; `moses` and
`delivered` measure them elsewhere with `--drawn FILE`. The numbers in docs/molecules.md come from here, those of
training from its history, and what `small` delivers from recipes/pangu_drug.toml.
"""

import argparse
import gzip
import json
import time
from itertools import islice
from pathlib import Path

import numpy as np
from molecules_parts import measuring, novelty, sampling, strings


def drawn_strings(model, count, source, seed):
    """Return strings as drawn, valid or not."""
    result = []
    for part in model.write(source=source, seed=seed):
        result += part
        if len(result) >= count:
            break
    return result[:count]


def moses(options, model):
    """All measures of `n` raw strings, in each mode."""
    from clinweave.applications.molecules.metrics import measure, open_against

    against = open_against(options.reference, options.chemnet)
    rows = {}
    for source in options.source.split(","):
        rows[source] = measure(drawn_strings(model, options.n, source, options.seed), against)
        print(source, json.dumps(rows[source]), flush=True)
    return rows


def draw(options, model):
    """Keep `n` strings as they are drawn, valid or not, one a line."""
    result = drawn_strings(model, options.n, options.source, options.seed)
    with gzip.open(options.out, "wt") as stream:
        stream.writelines(f"{item}\n" for item in result)
    return {"drawn": len(result), "file": str(options.out)}


class Written:
    """Strings that `draw` kept, in the place of a model."""

    def __init__(self, path):
        self.path = path

    def write(self, **_):
        """Yield them in parts, once."""
        with gzip.open(self.path, "rt") as stream:
            while part := list(islice(stream, 512)):
                yield [line.rstrip("\n") for line in part]


def floor(options, _model):
    """The same measures of `n` real training molecules: the metric code's check, and FCD's floor."""
    from clinweave.applications.molecules import read_smiles
    from clinweave.applications.molecules.metrics import PUBLISHED, measure, open_against

    smiles = read_smiles(options.reference / "train.csv.gz")
    rows = np.random.default_rng(options.seed).choice(len(smiles), options.n, replace=False)
    result = measure([smiles[i] for i in rows], open_against(options.reference, options.chemnet))
    for name, value in PUBLISHED["training set"].items():
        if name in result:
            print(f"{name:12} measured {result[name]:.4f}  published at full size {value:.4f}", flush=True)
    return result


def conditions(options, model):
    """Mean absolute error and correlation of each property asked for alone."""
    from clinweave.applications.molecules.condition_checks import condition_accuracy

    rows = condition_accuracy(model, options.each, options.seed)
    for row in rows:
        print(
            "{property:10} MAE {mean_absolute_error:.3f} (unasked {error_unasked:.3f}) r {correlation:.3f}".format(
                **row
            )
        )
    return rows


def library(options, model):
    """`n` distinct molecules: novelty, throughput, and what a million would take."""
    from clinweave.applications.molecules import GenerationRequest, generate, read_smiles
    from clinweave.applications.molecules.metrics import HashSet

    known = HashSet(read_smiles(options.reference / "train.csv.gz"))
    drawn = generate(options.n, None, GenerationRequest(distinct=True), model=model, seed=options.seed)
    novel = sum(item not in known for item in drawn.smiles) / len(drawn.smiles)
    table = {
        **drawn.table(),
        "novelty": novel,
        "cpu_hours_for_a_million": drawn.seconds / len(drawn.smiles) * 1e6 / 3600,
    }
    print(json.dumps(table))
    return table


def tokens(options, _model):
    """Tokens a molecule and CPU time, by kind and vocabulary, on molecules that the merges were not learned from."""
    from clinweave.applications.molecules import read_smiles
    from clinweave.applications.molecules.tokens import learn_tokens

    smiles = read_smiles(options.reference / "train.csv.gz")
    order = np.random.default_rng(options.seed).permutation(len(smiles))
    held = [smiles[i] for i in order[:5000]]
    rows = []
    for kind, learned, size in (
        ("smiles", 60_000, 500),
        ("smiles", 60_000, 1000),
        ("smiles", 60_000, 2000),
        ("selfies", 20_000, 500),
        ("selfies", 20_000, 1000),
    ):
        result = learn_tokens([smiles[i] for i in order[5000 : 5000 + learned]], kind, size)
        times = [time.process_time()]
        ids = result.encode(held)
        times.append(time.process_time())
        result.decode(ids)
        times.append(time.process_time())
        write, read = np.diff(times) / len(held) * 1e6
        rows.append({
            "kind": kind, "vocabulary": size, "tokens": sum(map(len, ids)) / len(held),
            "write_us": write, "read_us": read,
        })  # fmt: skip
        print(rows[-1], flush=True)
    return rows


def speed(options, _model):
    """Training steps: molecules a CPU second, on features that `clinweave molecules train` has prepared."""
    from clinweave.applications.molecules import Schedule, Trainer, shape_named

    plan = Schedule(batch=256, save_every=10**9)
    trainer = Trainer(shape_named("small"), plan, options.features, Path("runs") / "molecules-speed")
    from clinweave.applications.molecules.batches import stream

    batches = stream(options.features, plan, trainer.positions)
    for _ in range(3):
        trainer._step(trainer.network, next(batches))
    started = time.process_time()
    for _ in range(20):
        trainer._step(trainer.network, next(batches))
    result = {"molecules_a_cpu_second": 20 * plan.batch / (time.process_time() - started)}
    print(result)
    return result


def _setting(text):
    """Return (temperature, top-p) of "1.1" or "1.1,0.98"."""
    first, _, second = text.partition(",")
    return float(first), float(second or 1.0)


def main():
    """Run one part."""
    without = {"floor": floor, "tokens": tokens, "speed": speed, "strings": strings.compare}
    without["evaluate"] = measuring.evaluate
    drawing = {
        "draw": draw,
        "sampling": sampling.curve,
        "delivered": sampling.delivered,
        "novelty": novelty.report,
    }
    parts = {"moses": moses, "conditions": conditions, "library": library, **drawing, **without}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=parts)
    parser.add_argument("--reference", type=Path, default=Path("../shared/data/molecules/moses"))
    parser.add_argument("--chemnet", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--device", default="cpu", help="where the network runs")
    parser.add_argument("--drawn", type=Path, help="for moses and delivered: strings that `draw` kept")
    parser.add_argument("--out", type=Path, help="for draw: FILE.txt.gz")
    parser.add_argument("--features", type=Path, help="for speed")
    parser.add_argument("--n", type=int, default=30_000)
    parser.add_argument("--each", type=int, default=100)
    parser.add_argument("--source", default="free,latent")
    parser.add_argument(
        "--settings", type=_setting, nargs="+", help="for sampling: T or T,top-p of each point"
    )
    parser.add_argument(
        "--filtered", type=int, default=2000, help="for sampling, novelty: molecules that are filtered"
    )
    parser.add_argument("--temperature", type=float, default=1.0, help="for delivered")
    parser.add_argument("--top-p", type=float, default=1.0, help="for delivered")
    parser.add_argument(
        "--parts", type=int, default=3, help="for delivered: seeds that the draws are made with"
    )
    parser.add_argument("--only", type=int, help="for delivered, novelty: do this part alone")
    parser.add_argument("--seconds", type=int, default=280, help="for strings: CPU seconds of each training")
    parser.add_argument("--plot", type=Path, help="for sampling, novelty: an SVG (novelty: or PNG)")
    parser.add_argument("--write", type=Path, help="for novelty: the page whose table is replaced")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    import torch

    from clinweave.applications.molecules import open_model

    torch.set_num_threads(options.threads)
    started = time.process_time()
    model = Written(options.drawn) if options.drawn else None
    if model is None and options.part not in without:
        model = open_model(options.model, options.device)
    result = parts[options.part](options, model)
    print(f"{time.process_time() - started:.0f} CPU s")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
