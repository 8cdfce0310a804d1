"""Raw molecules at other temperatures, and what is delivered when known ones and alerts are refused.

Refusal makes novelty and filters 1.0 whatever the model is: what it costs is told by FCD and by how many strings were
drawn for each molecule. Temperature changes what the model writes, and refuses nothing.
"""

import json
import time
from copy import copy
from dataclasses import dataclass, field

import numpy as np

from clinweave.applications.molecules import packaged, parse
from clinweave.applications.molecules.metrics import frechet, open_against
from clinweave.applications.molecules.metrics.moses import floor_of
from clinweave.applications.molecules.molecule import standardise
from clinweave.core.artifacts import home, sha256
from molecules_parts.cells import Cells

# temperature, and the share of likely tokens that it stirs
SETTINGS = ((1.0, 1.0), (1.05, 1.0), (1.1, 1.0), (1.15, 1.0), (1.15, 0.99), (1.2, 0.97))


@dataclass
class Sample:
    """Valid molecules in the order drawn, each with whether it is in the training set and passes the filters."""

    smiles: list[str] = field(default_factory=list)
    known: list[bool] = field(default_factory=list)
    passed: list[bool] = field(default_factory=list)
    raw: int = 0
    good: int = 0  # not known, and past the filters


def sample(model, against, options, enough, *, filtered=10**9):
    """Draw until `enough(sample)`. MOSES' training molecules pass its filters, so that these are not asked again;
    after `filtered` molecules the filters are not asked at all."""
    result = Sample()
    for strings in model.write(temperature=options.temperature, top_p=options.top_p, seed=options.seed):
        for text in strings:
            if enough(result):
                return result
            result.raw += 1
            smiles = standardise(text).smiles if text else None
            if smiles is None:
                continue
            known = smiles in against.training
            asked = not known and len(result.smiles) < filtered
            result.smiles.append(smiles)
            result.known.append(known)
            result.passed.append(not asked or against.filters.passes(parse(smiles)))
            result.good += result.passed[-1] and not known
    raise AssertionError("the model stopped writing")


def measured(smiles, acts, against):
    """Return what a set scores: FCD/test with its floor, repeats, novelty."""
    reference, distinct, acts = against.references["Test"], set(smiles), acts.astype(np.float64)
    return {
        "molecules": len(smiles),
        "FCD/Test": frechet(acts.mean(0), np.cov(acts.T), reference.mean, reference.covariance),
        "FCD floor": floor_of(len(smiles)),
        "unique@10k": len(set(smiles[:10_000])) / min(len(smiles), 10_000),
        "Novelty": sum(item not in against.training for item in distinct) / len(distinct),
    }


def curve(options, model):
    """FCD/test, novelty and filters of `n` valid molecules, nothing refused, at each temperature and top-p.

    The filters are asked of the first `filtered` molecules: they are the slowest measure."""
    against = open_against(options.reference, options.chemnet)
    rows = []
    for temperature, top_p in options.settings or SETTINGS:
        options.temperature, options.top_p = temperature, top_p
        result = sample(
            model, against, options, lambda one: len(one.smiles) == options.n, filtered=options.filtered
        )
        acts = against.chemnet.activations(result.smiles)
        rows.append(
            {
                "temperature": temperature,
                "top_p": top_p,
                "valid": len(result.smiles) / result.raw,
                **measured(result.smiles, acts, against),
                "Filters": float(np.mean(result.passed[: options.filtered])),
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    if options.plot:
        options.plot.write_text(plot(rows), "utf-8")
    return rows


def delivered(options, model):
    """`n` molecules with known ones and alerts refused, beside as many of the same draws with nothing refused.

    Drawn in `parts` with a seed each; a part that is done is kept under CLINWEAVE_HOME, and `only` does one part, so
    that several processes may share the work."""
    against = open_against(options.reference, options.chemnet)
    cells = Cells(home() / "molecules" / "benchmarks" / "delivered")
    expected = range(options.parts) if options.only is None else [options.only]
    result = [
        cells.get(_key(options, one), lambda one=one: _part(options, model, against, one)) for one in expected
    ]
    smiles = [str(one) for part in result for one in part["smiles"]]
    known, passed, acts = (
        np.concatenate([part[name] for part in result]) for name in ("known", "passed", "acts")
    )
    good = passed & ~known
    first = np.concatenate([np.arange(len(part["known"])) < options.n // options.parts for part in result])
    rows = {
        name: {
            **measured([one for one, kept in zip(smiles, where, strict=True) if kept], acts[where], against),
            "Filters": float(passed[where].mean()),
        }
        for name, where in (("as drawn", first), ("delivered", good))
    }
    rows["counts"] = {
        "strings": int(sum(part["raw"] for part in result)),
        "valid": len(smiles),
        "known, refused": int(known.sum()),
        "alerts, refused": int((~passed).sum()),
        "delivered": int(good.sum()),
        "cpu_seconds_of_drawing_and_refusing": float(sum(part["seconds"] for part in result)),
    }
    for name, row in rows.items():
        print(name, json.dumps(row), flush=True)
    return rows


def _key(options, part):
    weights = sha256(options.drawn or (options.model or packaged()) / "model.safetensors")[:12]
    told = {
        "n": options.n,
        "parts": options.parts,
        "temperature": options.temperature,
        "top_p": options.top_p,
    }
    return {"what": "delivered", "part": part, "seed": options.seed, "weights": weights, **told}


def _part(options, model, against, part):
    started, count = time.process_time(), options.n // options.parts
    options = copy(options)
    options.seed += part
    result = sample(model, against, options, lambda one: one.good == count)
    seconds = time.process_time() - started
    acts = against.chemnet.activations(result.smiles)
    return {
        "smiles": np.array(result.smiles), "known": np.array(result.known), "passed": np.array(result.passed),
        "raw": np.array(result.raw), "seconds": np.array(seconds), "acts": acts,
    }  # fmt: skip


def plot(rows, goal=(0.9, 0.099)):
    """Return an SVG of FCD less its floor over novelty, one dot a setting."""
    x = [row["Novelty"] for row in rows]
    y = [row["FCD/Test"] - row["FCD floor"] for row in rows]
    left, right = min([*x, goal[0]]) - 0.005, max([*x, goal[0]]) + 0.005
    top = max(y) * 1.1

    def place(a, b):
        return 70 + 500 * (a - left) / (right - left), 270 - 240 * b / top

    drawn = []
    for row, a, b in zip(rows, x, y, strict=True):
        across, down = place(a, b)
        name = f"T {row['temperature']:g}" + (f", p {row['top_p']:g}" if row["top_p"] < 1 else "")
        drawn.append(f'<circle cx="{across:.1f}" cy="{down:.1f}" r="4" fill="#2364aa"/>')
        drawn.append(f'<text x="{across + 7:.1f}" y="{down - 6:.1f}" font-size="12">{name}</text>')
    across = place(goal[0], 0)[0]
    drawn.append(f'<path d="M{across:.1f} 30V270" stroke="#3a7d44" stroke-dasharray="5 4"/>')
    drawn.append(f'<text x="{across + 4:.1f}" y="42" font-size="12" fill="#3a7d44">goal of novelty</text>')
    axis = (
        '<path d="M70 30V270H570" fill="none" stroke="#9aa7b4"/>'
        f'<text x="70" y="288" font-size="12">{left:.2f}</text>'
        f'<text x="570" y="288" font-size="12" text-anchor="end">{right:.2f}</text>'
        '<text x="320" y="294" font-size="12" text-anchor="middle">novelty</text>'
        f'<text x="64" y="36" font-size="12" text-anchor="end">{top:.2f}</text>'
        '<text x="64" y="274" font-size="12" text-anchor="end">0</text>'
        '<text x="70" y="20" font-size="12">FCD/test above the floor of the sample size</text>'
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 305" width="640">{axis}{"".join(drawn)}</svg>\n'
