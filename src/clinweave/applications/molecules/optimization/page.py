"""HTML report of a search: drawings of the best molecules, best score over calls, Pareto fronts."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np

from clinweave.applications.molecules.files import Cell
from clinweave.applications.molecules.grid import MoleculeGrid
from clinweave.applications.molecules.molecule import parse
from clinweave.applications.molecules.optimization.measures import best_so_far, front
from clinweave.applications.molecules.optimization.objectives import synthetic_accessibility
from clinweave.applications.molecules.optimization.oracle import Call
from clinweave.applications.molecules.optimization.results import Row, likeness
from clinweave.applications.molecules.optimization.search import Outcome
from clinweave.applications.molecules.report import drawing
from clinweave.core.artifacts import write_text
from clinweave.core.html import page
from clinweave.core.reports.plots import Points, Series, line_plot, scatter_plot

NO_AIMS = frozenset({"low", "high", "inside domain", "as given"})  # parts that say how sure a score is
PLOTTED = 2000  # molecules in a plot of a front: the best half, the rest at even steps
_STYLE = (
    "header, main { max-width: 76rem; } .gallery { display: flex; flex-wrap: wrap; gap: .8rem; }"
    "figure { margin: 0; border: 1px solid var(--rule); border-radius: 6px; padding: .5rem; width: 15.5rem;"
    " background: #fff; color: #33414f; } figcaption { font-size: .75rem; overflow-wrap: anywhere; }"
    "figure.start { background: #f2f7ee; } .score { font-weight: 600; font-size: .9rem; }"
    "svg { max-width: 100%; height: auto; } .gallery > svg { flex: 1 1 24rem; }"
)


def write_page(path: Path, outcome: Outcome, rows: Sequence[Row], summary: Row) -> Path:
    """Write the page. All molecules of the answer are drawn, in their order."""
    search = outcome.search
    title = f"{search.scorer.name}: {summary['calls']:,} molecules scored by {search.method}"
    parts = [
        _facts(summary),
        "<h2>Best so far</h2>",
        _curve(outcome.oracle.scores, summary.get("start_score")),
        _fronts(outcome),
        f"<h2>The best {len(rows):,} molecules</h2>",
        f'<div class="gallery">{_start(outcome, summary)}</div>',
        MoleculeGrid([row["smiles"] for row in rows], [_card(row) for row in rows]).html(),
        _refused(summary["refusals"]),
    ]
    body = f"<section>{chr(10).join(parts)}</section>"
    caution = "A score says what its scorer says, and nothing about effect or safety."
    return write_text(path, page(title, body, kind="optimisation of molecules", caution=caution, more=_STYLE))


def _facts(summary: Row) -> str:
    shown: dict[str, object] = {
        "best score": _number(summary["best"]),
        "mean of the best ten": _number(summary["top10"]),
        "area under it over the budget (top-10 AUC)": _number(summary["top10_auc"]),
        "calls": f"{summary['calls']:,} of {summary['budget']:,}; {summary['failed']:,} failed",
        "strings that cost no call": ", ".join(
            f"{count:,} {fate}"
            for fate, count in summary["fates"].items()
            if fate not in {"scored", "failed"}
        )
        or "none",
    }
    shown["structures refused as not makeable"] = (
        "not checked (--no-filters)"
        if summary["refusals"] is None
        else f"{sum((summary['refused_by_rule'] or {}).values()):,}, by rule at the end of the page"
        if summary["refusals"]
        else "none"
    )
    shown["penalty for liabilities"] = (
        f"{summary['liability_weight']:g} times the standard deviation of the scores for each alert, metabolic group, "
        "rare ring system, unusual atoms, or size above 36 heavy atoms; in the search alone"
        if summary["liability_weight"]
        else "none"
    )
    if summary["allowed_for_start"]:
        shown["allowed because the start has it"] = "; ".join(summary["allowed_for_start"])
    if summary["start"]:
        shown["start"] = f"{summary['start']}, {_number(summary['start_score'])}"
        shown["better than the start"] = (
            f"{summary.get('better_than_start', 0):,} ({summary.get('better_per_call', 0):.1%} of calls)"
        )
    if summary["keep"]:
        shown["contained in every molecule"] = summary["keep"]
    if summary["problems"]:
        shown["problems"] = "; ".join(f"{text} ({count:,})" for text, count in summary["problems"].items())
    if summary["stopped"]:
        shown["stopped"] = summary["stopped"]
    lines = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>" for name, value in shown.items()
    )
    return f'<table class="facts">{lines}</table>'


def _refused(refusals: Sequence[str] | None) -> str:
    """Return how many structures each rule refused, most first; "" where none was."""
    if not refusals:
        return ""
    items = "".join(f"<li>{escape(text)}</li>" for text in refusals)
    return f"<h2>Structures refused as not makeable</h2><ul>{items}</ul>"


def _number(value: object) -> str:
    return "none" if value is None else f"{value:.3f}"


def _curve(scores: Sequence[float], start: float | None) -> str:
    lines = {"best": best_so_far(scores, 1), "mean of the best ten": best_so_far(scores, 10)}
    calls = range(1, len(scores) + 1)
    series = [
        Series(name, calls, [float(value) if np.isfinite(value) else None for value in line])
        for name, line in lines.items()
    ]
    plot = line_plot(series, "Best so far", "oracle calls", "score", level=start)
    note = '<p class="note">Dashed: the score of the start.</p>' if start is not None else ""
    return plot + note if plot else '<p class="note">Nothing was scored.</p>'


def _fronts(outcome: Outcome) -> str:
    calls = outcome.oracle.ranked()
    if len(calls) < 3:
        return ""
    half = calls[: PLOTTED // 2]
    rest = calls[PLOTTED // 2 :]
    calls = half + rest[:: max(1, len(rest) // (PLOTTED // 2))]
    score = np.array([call.scored.value for call in calls])
    ease = -np.array([synthetic_accessibility(parse(call.smiles)) for call in calls])
    plots = [_front(ease, score, "SA score", "score", flipped=True)]
    if outcome.start:
        alike = np.array(likeness([call.smiles for call in calls], outcome.start))
        plots.insert(0, _front(alike, score, "similarity to the start", "score"))
    pair = opposed(calls)
    if pair:
        first, two = (np.array([call.scored.parts.get(name, np.nan) for call in calls]) for name in pair)
        plots.insert(0, _front(first, two, *pair))
    note = (
        '<p class="note">Each point is a scored molecule; on the line are those that no other beats in both. The two '
        "parts of a score that are shown are those that oppose each other most.</p>"
    )
    return f'<h2>Fronts</h2>{note}<div class="gallery">{"".join(plots)}</div>'


def opposed(calls: Sequence[Call]) -> tuple[str, str] | None:
    """Return the two parts of the score whose ranks over these calls are most negatively correlated, or None."""
    names = [name for name in calls[0].scored.parts if name not in NO_AIMS]
    table = np.array([[call.scored.parts.get(name, np.nan) for name in names] for call in calls])
    useful = [
        column
        for column in range(len(names))
        if np.isfinite(table[:, column]).all() and np.ptp(table[:, column])
    ]
    if len(useful) < 2:
        return None
    ranks = table[:, useful].argsort(0).argsort(0)
    correlation = np.array(np.corrcoef(ranks.T))
    np.fill_diagonal(correlation, 2.0)
    first, two = np.unravel_index(int(correlation.argmin()), correlation.shape)
    return names[useful[int(first)]], names[useful[int(two)]]


def _front(x: np.ndarray, y: np.ndarray, across: str, up: str, *, flipped: bool = False) -> str:
    finite = np.isfinite(x) & np.isfinite(y)
    x, y = x[finite], y[finite]
    if len(x) < 2:
        return ""
    best = front(np.stack([x, y], 1))
    sign = -1.0 if flipped else 1.0
    groups = [
        Points("scored", (sign * x).tolist(), y.tolist(), tone="none", size=2.5),
        Points("front", (sign * x[best]).tolist(), y[best].tolist(), tone="down", size=4, joined=True),
    ]
    return scatter_plot(groups, f"{up} over {across}", across, up)


def _start(outcome: Outcome, summary: Row) -> str:
    if not outcome.start:
        return ""
    caption = (
        f'<span class="score">start: {_number(summary["start_score"])}</span><br>{escape(outcome.start)}'
    )
    return f'<figure class="start">{drawing(parse(outcome.start), 230, 170)}<figcaption>{caption}</figcaption></figure>'


def _card(row: Row) -> dict[str, Cell]:
    """Return what a page shows of a molecule, in a reader's order."""
    return {
        name.removeprefix("part: "): value
        for name, value in row.items()
        if name != "smiles" and value is not None and value != ""
    }
