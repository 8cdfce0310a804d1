"""Novelty against distance to MOSES: temperature, nucleus, a latent of less noise, noise on the weights, dropout while
drawing, and a share of known ones refused.

Each way of drawing is kept when it is done (`--only` does one); a share of known molecules is refused afterwards, from
the same draws. Of the known the share that is refused is drawn by chance: a share of 1 refuses all.
"""

import copy
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from clinweave.applications.molecules import packaged, parse, standardise
from clinweave.applications.molecules.batches import WHOLE
from clinweave.applications.molecules.metrics import frechet, open_against
from clinweave.applications.molecules.metrics.moses import floor_of
from clinweave.applications.molecules.prior import draw
from clinweave.core.artifacts import home, sha256
from clinweave.core.reports.plots import Points, exporting, scatter_plot
from molecules_parts.cells import Cells, table, write_section

GOAL = {"FCD": 0.10, "novelty": 0.90, "filters": 0.99}
AT_ONCE = 512


@dataclass(frozen=True)
class Way:
    """One way of drawing, and the shares of known molecules that are refused in turn."""

    name: str
    temperature: float = 1.0
    top_p: float = 1.0
    latent: float = 0.0  # scale of the noise of the fitted mixture of latents; 0: drawn without a latent
    shares: tuple[float, ...] = (0.0,)
    noise: float = (
        0.0  # on the decoder's weights, in standard deviations of each matrix; new for every 512 strings
    )
    dropout: float = 0.0  # of the decoder's states before the logits, while drawing
    kind: str = "temperature and top-p"  # the line of the plot


WAYS = (
    Way("temperature 1", shares=(0.0, 0.25, 0.5, 0.75, 1.0)),
    Way("temperature 1.15, top-p 0.99", 1.15, 0.99),
    Way("temperature 1.2", 1.2),
    Way("temperature 1.3, top-p 0.97", 1.3, 0.97),
    Way("latent, noise 1", latent=1.0),
    Way("latent, noise 0.7", latent=0.7),
    *(
        Way(f"weights with noise of {size:g}", noise=size, kind="noise on the weights")
        for size in (0.05, 0.1, 0.15)
    ),
    *(Way(f"dropout of {share:g}", dropout=share, kind="dropout") for share in (0.1, 0.2)),
)
FLOORLESS = ("latent",)  # names of ways that the plot leaves out: their distance would flatten all others


def strings(model, way: Way, seed: int) -> Iterator[str]:
    """Yield strings as drawn, for ever."""
    if way.noise or way.dropout:
        yield from _disturbed(model, way, seed)
    if not way.latent:
        for part in model.write(temperature=way.temperature, top_p=way.top_p, seed=seed):
            yield from part
    random = torch.Generator(model.device).manual_seed(seed)
    target = model._target(None).expand(AT_ONCE, -1)
    mixture = dict(model.checkpoint.prior)
    mixture["factors"] = mixture["factors"] * way.latent
    while True:
        latents = draw(mixture, AT_ONCE, random)
        yield from model.spell(latents, target, WHOLE, way.temperature, random, way.top_p)


def _disturbed(model, way: Way, seed: int) -> Iterator[str]:
    """Yield strings of a copy of the model whose decoder is disturbed anew for every list of strings."""
    checkpoint = model.checkpoint
    random = torch.Generator().manual_seed(seed)
    number = seed
    while True:
        network = copy.deepcopy(checkpoint.network)
        if way.noise:
            with torch.no_grad():
                for weights in network.decoder.parameters():
                    if weights.dim() > 1:
                        drawn = torch.randn(weights.shape, generator=random)
                        weights.add_(drawn, alpha=way.noise * float(weights.std()))
        if way.dropout:
            drop = torch.nn.Dropout(way.dropout)  # in training mode, whatever the decoder is in
            network.decoder.out.register_forward_pre_hook(lambda _, states, drop=drop: (drop(states[0]),))
            torch.manual_seed(number)
        other = replace(model, checkpoint=replace(checkpoint, network=network))
        yield from next(other.write(temperature=way.temperature, top_p=way.top_p, seed=number))
        number += 1


def measure(model, way: Way, against, *, count: int, filtered: int, seed: int) -> dict[str, np.ndarray]:
    """Return valid molecules in the order drawn, until `count` are left where most are refused."""
    smiles, known, passed, raw = [], [], [], 0
    needed = max(way.shares) == 1
    for text in strings(model, way, seed):
        raw += 1
        answer = standardise(text).smiles if text else None
        if answer is None:
            continue
        smiles.append(answer)
        known.append(answer in against.training)
        if len(passed) < filtered:
            passed.append(against.filters.passes(parse(answer)))
        if (len(smiles) - sum(known) if needed else len(smiles)) == count:
            break
    acts = against.chemnet.activations(smiles)
    return {
        "smiles": np.array(smiles), "known": np.array(known), "passed": np.array(passed), "raw": np.array(raw),
        "acts": acts,
    }  # fmt: skip


def rows_of(cell: dict[str, np.ndarray], way: Way, against, count: int) -> list[dict]:
    """Return what the first `count` molecules score for each share of known ones refused."""
    chance = np.random.default_rng(0).random(len(cell["smiles"]))
    rows = []
    for share in way.shares:
        left = ~(cell["known"] & (chance < share))
        kept = list(islice(np.flatnonzero(left), count))
        acts = cell["acts"][kept].astype(np.float64)
        reference = against.references["Test"]
        distinct, first = np.unique(cell["smiles"][kept], return_index=True)
        filtered = cell["passed"][left[: len(cell["passed"])]]
        rows.append({
            "name": way.name + (f", {share:.0%} of the known refused" if share else ""),
            "kind": "share of the known refused" if len(way.shares) > 1 else way.kind,
            "valid": len(cell["smiles"]) / int(cell["raw"]),
            "strings": int(cell["raw"]) * (kept[-1] + 1) / len(cell["smiles"]) / len(kept),
            "FCD": frechet(acts.mean(0), np.cov(acts.T), reference.mean, reference.covariance),
            "novelty": float((~cell["known"][kept][first]).mean()),
            "filters": float(filtered.mean()),
            "filtered": len(filtered),
            "unique": len(distinct) / len(kept),
            "n": len(kept),
        })  # fmt: skip
    return rows


def report(options, model):
    """Draw what is missing and return the rows; with `--write` put the table into a page."""
    against = open_against(options.reference, options.chemnet)
    cells = Cells(home() / "molecules" / "benchmarks" / "novelty")
    weights = sha256((options.model or packaged()) / "model.safetensors")[:12]
    rows = []
    for number, way in enumerate(WAYS):
        key = {
            "way": way.name, "n": options.n, "filtered": options.filtered, "seed": options.seed, "weights": weights,
            "shares": list(way.shares),
        }  # fmt: skip
        wanted = options.only in {None, number}
        cell = cells.get(
            key,
            (
                lambda one=way: measure(
                    model, one, against, count=options.n, filtered=options.filtered, seed=options.seed
                )
            )
            if wanted
            else None,
        )
        if cell is not None:
            rows += rows_of(cell, way, against, options.n)
    text = text_of(rows, options.n)
    print(text)
    if options.write:
        write_section(options.write, "results: novelty", text)
    if options.plot:
        with TemporaryDirectory() as folder:
            with exporting(Path(folder)):
                plot(rows)
            shutil.copyfile(next(Path(folder).glob(f"*{options.plot.suffix}")), options.plot)
    return rows


def plot(rows: list[dict]) -> str:
    """Return an SVG: distance above the floor over novelty, a line for each kind of drawing, from plain drawing on."""
    plain, groups = rows[0], []
    tones = ("down", "up", "accent", "none")
    shown = [row for row in rows if not row["name"].startswith(FLOORLESS)]
    for tone, kind in zip(tones, dict.fromkeys(row["kind"] for row in shown), strict=False):
        own = sorted(
            [row for row in shown if row["kind"] == kind and row is not plain], key=lambda row: row["novelty"]
        )
        line = [plain, *own]
        novelty, above = [row["novelty"] for row in line], [row["FCD"] - floor_of(row["n"]) for row in line]
        groups.append(Points(kind, novelty, above, tone=tone, size=4, joined=True))
    title = "Novelty and distance of what the packaged weights draw"
    return scatter_plot(groups, title, "novelty", "FCD/test above that of as many real molecules")


def text_of(rows: list[dict], count: int) -> str:
    """Return the table in Markdown."""
    shown = []
    for row in rows:
        above = row["FCD"] - floor_of(row["n"])
        shown.append([
            row["name"], f"{row['valid']:.3f}", f"{row['strings']:.2f}", f"{row['FCD']:.3f}", f"{above:+.3f}",
            _share(row["novelty"], row["n"]), _share(row["filters"], row["filtered"]), f"{row['unique']:.4f}",
        ])  # fmt: skip
    head = [
        "drawn", "valid", "strings a molecule", "FCD/test", "above the floor", "novelty (95 %)", "filters (95 %)",
        "unique",
    ]  # fmt: skip
    title = (
        f"{count:,} valid molecules of the packaged weights each, one seed; FCD/test of as many real molecules: about "
        f"{floor_of(count):.3f}."
    )
    return f"{title}\n\n" + table(head, shown)


def _share(value: float, count: int) -> str:
    half = 1.96 * float(np.sqrt(value * (1 - value) / count))
    return f"{value:.3f} ± {half:.3f}"
