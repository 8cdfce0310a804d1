"""An HTML page about a generated set: what it scores, how its properties lie, and drawings of its molecules."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from clinweave.applications.molecules.metrics.moses import PUBLISHED
from clinweave.applications.molecules.properties import PROPERTIES, property_table
from clinweave.applications.molecules.reading import parse
from clinweave.core.artifacts import write_text
from clinweave.core.html import page

STYLE = (
    "header, main { max-width: 76rem; } .measures { font-size: .8rem; }"
    ".measures td, .measures th { text-align: right; }"
    ".measures td:first-child { text-align: left; } .own { font-weight: 600; background: var(--bar); }"
    ".gallery { display: flex; flex-wrap: wrap; gap: .8rem; }"
    "figcaption { font-size: .72rem; overflow-wrap: anywhere; }"
    "figure { margin: 0; border: 1px solid var(--rule); border-radius: 6px; padding: .4rem; width: 13rem;"
    " background: #fff; color: #444; } svg { max-width: 100%; } .learning { background: #fff; }"
)
COLUMNS = ("valid", "unique@1k", "unique@10k", "Novelty", "Filters", "FCD/Test", "FCD/TestSF", "SNN/Test",
            "SNN/TestSF", "Frag/Test", "Scaf/Test", "Scaf/TestSF", "IntDiv", "IntDiv2")  # fmt: skip


def write_report(  # noqa: PLR0917
    path: Path,
    title: str,
    smiles: Sequence[str],
    measured: Mapping[str, Any] | None = None,
    history: Sequence[Mapping[str, float]] = (),
    drawings: int = 24,
) -> Path:
    """Write the page. The drawings are the first molecules, not chosen ones."""
    found = [(one, parse(one)) for one in smiles[:2000]]
    shown = [(one, molecule) for one, molecule in found if not isinstance(molecule, str)]
    parts = []
    if measured:
        parts.append("<h2>MOSES measures</h2>" + measures_table({"this set": measured}))
    if history:
        parts.append(f'<h2>Learning</h2><div class="learning scroll">{curve(history)}</div>')
    if shown:
        parts.append("<h2>Properties</h2>" + histograms([molecule for _, molecule in shown]))
        parts.append(f"<h2>The first {min(drawings, len(shown))} molecules</h2>")
        figures = "".join(_figure(one, molecule) for one, molecule in shown[:drawings])
        parts[-1] += f'<div class="gallery">{figures}</div>'
    body = "\n".join(f"<section>{part}</section>" for part in parts)
    told = "Nothing here says that a molecule is safe or active."
    return write_text(path, page(title, body, kind="molecules", caution=told, more=STYLE))


def measures_table(sets: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a table of MOSES' measures, a column for each set by its name, beside the published ones; the floor of
    FCD stands below it."""
    published = {f"{name} (published, 30,000)": row for name, row in PUBLISHED.items()}
    own = {f"{name} ({row['drawn']:,})": row for name, row in sets.items()}
    head = "".join(f"<th>{escape(name)}</th>" for name in (*own, *published))

    def line(title: str, name: str) -> str:
        found = [(row.get(name), ' class="own"') for row in own.values()]
        found += [(row.get(name), "") for row in published.values()]
        cells = "".join(
            f"<td{mark}>{'' if value is None else format(value, '.3f')}</td>" for value, mark in found
        )
        return f"<tr><td>{title}</td>{cells}</tr>"

    lines = [line(escape(name), name) for name in COLUMNS]
    lines.insert(COLUMNS.index("FCD/Test") + 1, line("... of as many real molecules", "FCD floor"))
    note = '<p class="note">FCD is biased upwards in small samples: compare it with the floor, never across sizes.</p>'
    table = f'<table class="measures"><tr><th></th>{head}</tr>{"".join(lines)}</table>'
    return f'<div class="scroll">{table}</div>{note}'


def curve(history: Sequence[Mapping[str, float]]) -> str:
    """Return held-out nats over molecules seen, as SVG."""
    names = {
        "held_free": "string alone",
        "held_whole": "with the graph",
        "held_scaffold": "with the scaffold",
    }
    colours = ("#2364aa", "#d1495b", "#3a7d44")
    x = np.array([row["molecules"] for row in history], float)
    every = np.array([[row[name] for name in names] for row in history], float)
    low, high, last = float(every.min()), float(every.max()), float(x.max()) or 1.0
    lines = []
    for number, (name, colour) in enumerate(zip(names, colours, strict=True)):
        points = " ".join(
            f"{60 + 560 * a / last:.1f},{20 + 180 * (high - b) / ((high - low) or 1):.1f}"
            for a, b in zip(x, every[:, number], strict=True)
        )
        lines.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{points}"/>')
        label = f"{names[name]}: {every[-1, number]:.2f}"
        lines.append(f'<text x="640" y="{40 + 22 * number}" fill="{colour}" font-size="13">{label}</text>')
    axis = (
        f'<text x="8" y="25" font-size="12">{high:.1f}</text><text x="8" y="204" font-size="12">{low:.1f}</text>'
        f'<text x="60" y="222" font-size="12">0</text><text x="530" y="222" font-size="12">{last:,.0f} molecules</text>'
        '<text x="60" y="14" font-size="12" fill="#5a6876">held-out nats for a molecule</text>'
        '<path d="M60 20V200H620" fill="none" stroke="#9aa7b4"/>'
    )
    return f'<svg viewBox="0 0 840 230" width="840" role="img">{axis}{"".join(lines)}</svg>'


def histograms(molecules: Sequence[Any]) -> str:
    """Return a small SVG for each property of RDKit molecules."""
    table = property_table(molecules[:1000])
    return (
        '<div class="gallery">'
        + "".join(_bars(name, table[:, n]) for n, name in enumerate(PROPERTIES))
        + "</div>"
    )


def _bars(name: str, values: Any) -> str:
    counts, edges = np.histogram(values, bins=20)
    tallest = max(int(counts.max()), 1)
    heights = [70 * int(count) / tallest for count in counts]
    bars = "".join(
        f'<rect x="{10 + 9 * n}" y="{80 - one:.1f}" width="8" height="{one:.1f}" fill="#2364aa"/>'
        for n, one in enumerate(heights)
    )
    text = (
        f'<text x="10" y="94" font-size="10">{edges[0]:.2f}</text>'
        f'<text x="190" y="94" font-size="10" text-anchor="end">{edges[-1]:.2f}</text>'
    )
    label = f"{name}: {PROPERTIES[name]}; mean {float(np.mean(values)):.2f}"
    return f'<figure><svg viewBox="0 0 200 100">{bars}{text}</svg><figcaption>{escape(label)}</figcaption></figure>'


def _figure(smiles: str, molecule: Any) -> str:
    return f"<figure>{drawing(molecule)}<figcaption>{escape(smiles)}</figcaption></figure>"


def drawing(molecule: Any, width: int = 190, height: int = 150) -> str:
    """Return a structure as SVG."""
    from rdkit.Chem.Draw import rdMolDraw2D

    canvas: Any = rdMolDraw2D.MolDraw2DSVG(width, height)
    canvas.drawOptions().clearBackground = False
    rdMolDraw2D.PrepareAndDrawMolecule(canvas, molecule)
    canvas.FinishDrawing()
    return str(canvas.GetDrawingText()).partition("?>")[2]
