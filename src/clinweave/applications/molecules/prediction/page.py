"""HTML reports of predictions and of evaluations against measured values."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clinweave.applications.molecules.files import Cell
from clinweave.applications.molecules.grid import MoleculeGrid
from clinweave.applications.molecules.prediction.plots import bars, calibration, observed
from clinweave.applications.molecules.report import drawing
from clinweave.core.artifacts import write_text
from clinweave.core.html import page

if TYPE_CHECKING:
    from rdkit.Chem import Mol

Floats = NDArray[np.float64]
DRAWN = 24
MISSES = 12
_REFUSED = 50
PERCENTILE = "_drugbank_approved_percentile"  # end of ADMET-AI's columns of percentiles
_STYLE = (
    "header, main { max-width: 76rem; } .gallery { display: flex; flex-wrap: wrap; gap: .8rem; }"
    "figure { margin: 0; border: 1px solid var(--rule); border-radius: 6px; padding: .5rem; flex: 1 1 21rem;"
    " max-width: 25rem; background: #fff; color: #33414f; } figcaption { font-size: .75rem; overflow-wrap: anywhere; }"
    ".pair { display: flex; align-items: end; } .pair small { display: block; text-align: center; font-size: .7rem;"
    " color: #5a6876; } .score { font-weight: 600; font-size: .9rem; } .outside { color: #a33; }"
    "svg { max-width: 100%; height: auto; }"
)
_CAUTION = "Nothing here says that a molecule is safe or active."


class PredictionRow(NamedTuple):
    """A predicted row: its position in the table, its structure, and its prediction."""

    row: int  # 1 is the first below the header
    name: str  # other cells of the row
    molecule: "Mol"
    notes: str
    similarity: float
    nearest: str  # SMILES of the nearest training structure
    outside: Mapping[str, str]  # endpoint -> why the row is outside its domain, "" inside


class EvaluationPage(NamedTuple):
    """Predictions of one endpoint, in the order of the rows; `truth` is given if the values are known."""

    kind: str
    value: Floats
    low: Floats
    high: Floats
    truth: Floats | None = None
    measured: Mapping[str, Any] = {}


def write_predictions(  # noqa: PLR0917
    path: Path,
    title: str,
    rows: Sequence[PredictionRow],
    endpoints: Mapping[str, EvaluationPage],
    refused: Sequence[tuple[int, str]],
    notes: Sequence[str] = (),
) -> Path:
    """Write a page with the spread of each endpoint, the molecules it is highest for, and the refused rows. `notes` are
    said first."""
    outside = sum(any(item.outside.values()) for item in rows)
    parts = [
        f"<p>{len(rows) + len(refused):,} rows: {len(rows):,} answered ({outside:,} of them outside the domain, where "
        f"intervals cover less than they state), {len(refused):,} refused.</p>",
        *(f"<p>{escape(note)}</p>" for note in notes),
    ]
    for name, item in endpoints.items():
        parts.append(f"<h2>{escape(name)}</h2>")
        if len(rows):
            order = np.argsort(-item.value, kind="stable")[:DRAWN]
            label = "probability" if item.kind == "classification" else "predicted value"
            figures = "".join(_figure(rows[index], name, item, index) for index in order.tolist())
            parts += [
                f'<div class="plots">{bars(item.value, label)}</div>',
                f"<h3>The {len(order)} highest</h3>" + f'<div class="gallery">{figures}</div>',
            ]
    if rows:
        parts += ["<h2>All molecules</h2>", _grid(rows, endpoints)]
    if refused:
        parts.append(_refused(refused))
    return _write(path, title, parts, "predicted properties")


def _refused(refused: Sequence[tuple[int, str]]) -> str:
    lines = "".join(f"<tr><td>{row}</td><td>{escape(why)}</td></tr>" for row, why in refused[:_REFUSED])
    more = f"<p>and {len(refused) - _REFUSED:,} more, in the table</p>" if len(refused) > _REFUSED else ""
    return f"<h2>Refused</h2><table><tr><th>row</th><th>reason</th></tr>{lines}</table>{more}"


def _grid(rows: Sequence[PredictionRow], endpoints: Mapping[str, EvaluationPage]) -> str:
    from rdkit import Chem

    cards: list[dict[str, Cell]] = []
    for number, shown in enumerate(rows):
        card: dict[str, Cell] = {"row": shown.row, "name": shown.name}
        for name, endpoint in endpoints.items():
            card |= {
                name: float(endpoint.value[number]),
                f"{name} low": float(endpoint.low[number]),
                f"{name} high": float(endpoint.high[number]),
            }
            domain = f"{name} domain" if len(endpoints) > 1 else "domain"
            card[domain] = shown.outside[name] or "inside"
        cards.append({**card, "similarity": shown.similarity, "notes": shown.notes})
    return MoleculeGrid([Chem.MolToSmiles(shown.molecule) for shown in rows], cards).html()


def write_admet(
    path: Path,
    title: str,
    rows: Sequence[tuple[int, str, Mapping[str, float]]],
    refused: Sequence[tuple[int, str]],
) -> Path:
    """Write a page of ADMET endpoints: their spread, and all molecules to sort by any of them.

    `rows`: position in the table, SMILES, value by endpoint; names that end in `PERCENTILE` are percentiles among
    approved drugs.
    """
    names = [name for name in (rows[0][2] if rows else {}) if not name.endswith(PERCENTILE)]
    parts = [
        f"<p>{len(rows) + len(refused):,} rows: {len(rows):,} answered, {len(refused):,} refused. Values are "
        "probabilities or in the endpoint's own unit (see ADMET-AI); percentiles are among 2,845 approved drugs.</p>"
    ]
    if rows:
        lines = "".join(_spread(name, [values for _, _, values in rows]) for name in names)
        head = "".join(
            f"<th>{name}</th>" for name in ("endpoint", "lowest", "median", "highest", "median percentile")
        )
        cards: list[dict[str, Cell]] = [
            {"row": row, **{name: values[name] for name in names if name in values}}
            for row, _, values in rows
        ]
        grid = MoleculeGrid([smiles for _, smiles, _ in rows], cards).html()
        parts += [f"<h2>Endpoints</h2><table><tr>{head}</tr>{lines}</table>", "<h2>All molecules</h2>", grid]
    if refused:
        parts.append(_refused(refused))
    return _write(path, title, parts, "ADMET by ADMET-AI")


def _spread(name: str, rows: Sequence[Mapping[str, float]]) -> str:
    values = [row[name] for row in rows if name in row]
    ranks = [row[name + PERCENTILE] for row in rows if name + PERCENTILE in row]
    shown = (
        [f"{end:.3g}" for end in (min(values), float(np.median(values)), max(values))] if values else [""] * 3
    )
    cells = "".join(f"<td>{text}</td>" for text in (*shown, f"{np.median(ranks):.0f}" if ranks else ""))
    return f"<tr><th>{escape(name)}</th>{cells}</tr>"


def write_evaluation(
    path: Path,
    title: str,
    rows: Sequence[PredictionRow],
    endpoints: Mapping[str, EvaluationPage],
    facts: Sequence[str],
) -> Path:
    """Write a page with measures, observed against predicted, and the largest misses of each endpoint."""
    parts = ["".join(f"<p>{escape(fact)}</p>" for fact in facts)]
    for name, item in endpoints.items():
        parts.append(f"<h2>{escape(name)}</h2>{_measures(item.measured)}")
        if item.truth is None or "problem" in item.measured:
            continue
        labelled = np.flatnonzero(np.isfinite(item.truth))
        inside = np.array([not rows[index].outside[name] for index in labelled.tolist()], bool)
        if item.kind == "classification":
            plot = calibration(item.truth[labelled], item.value[labelled])
        else:
            plot = observed(
                item.truth[labelled], item.value[labelled], item.low[labelled], item.high[labelled], inside
            )
        worst = labelled[np.argsort(-np.abs(item.truth[labelled] - item.value[labelled]), kind="stable")][
            :MISSES
        ]
        figures = "".join(_figure(rows[index], name, item, index) for index in worst.tolist())
        parts += [
            f'<div class="plots">{plot}</div>',
            f'<h3>The {len(worst)} largest misses</h3><div class="gallery">{figures}</div>',
        ]
    return _write(path, title, parts, "judgement of a property model")


def _write(path: Path, title: str, parts: Sequence[str], kind: str) -> Path:
    body = f"<section>{chr(10).join(parts)}</section>"
    return write_text(path, page(title, body, kind=kind, caution=_CAUTION, more=_STYLE))


def _measures(measured: Mapping[str, object]) -> str:
    lines = "".join(
        f"<tr><th>{escape(name.replace('_', ' '))}</th><td>{escape(text(value))}</td></tr>"
        for name, value in measured.items()
    )
    return f"<table>{lines}</table>"


def text(value: object) -> str:
    """Return a measure, or a measure with its interval, in few digits."""
    if isinstance(value, dict) and "value" in value:
        return f"{value['value']:.3f} ({value['low']:.3f} to {value['high']:.3f})"
    if isinstance(value, dict):
        return ", ".join(f"{name} {text(item)}" for name, item in value.items())
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _figure(shown: PredictionRow, name: str, endpoint: EvaluationPage, index: int) -> str:
    """Draw a molecule and its nearest training molecule, with the prediction."""
    from rdkit import Chem

    bounds = f"({endpoint.low[index]:.3g} to {endpoint.high[index]:.3g})"
    lines = [f'<span class="score">{escape(name)} {endpoint.value[index]:.3g} {bounds}</span>']
    if endpoint.truth is not None:
        lines.append(f"measured {endpoint.truth[index]:.4g}")
    why = escape(shown.outside[name])
    where = f'<span class="outside">outside the domain: {why}</span>' if why else "inside the domain"
    lines.append(f"row {shown.row}, {where}")
    lines += [escape(extra) for extra in (shown.name, shown.notes) if extra]
    nearest = Chem.MolFromSmiles(shown.nearest) if shown.nearest else None
    nearest_html = (
        f"<div>{drawing(nearest, 120, 100)}<small>nearest trained on: {shown.similarity:.2f}</small></div>"
        if nearest is not None
        else ""
    )
    pair = f'<div class="pair"><div>{drawing(shown.molecule, 200, 150)}</div>{nearest_html}</div>'
    return f"<figure>{pair}<figcaption>{'<br>'.join(lines)}</figcaption></figure>"
