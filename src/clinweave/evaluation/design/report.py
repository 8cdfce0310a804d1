"""The page of a recipe of molecules: what was drawn, what it scores, and drawings of molecules beside the plots."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from clinweave.core.artifacts import write_text
from clinweave.core.html import page
from clinweave.evaluation.design.plots import asked_svg, bars_svg, lines_svg
from clinweave.evaluation.design.recipe import SCREEN

_MORE = (
    "nav a { margin-right: 1rem; } .plot-card { background: #fff; color: #33414f; } .gallery svg { display: block; }"
    ".score { font-weight: 600; } .alert { color: #a33; } .gallery + h3 { margin-top: 1.6rem; }"
)
_DROPPED = {
    "known": "in the sets to be new to",
    "with_alerts": "stopped by the filters",
    "without_scaffold": "without the scaffold",
    "outside": "charged, isotopic or in parts",
    "repeats_left_out": "drawn before",
}


def sentences(results: Mapping[str, Any]) -> list[str]:
    """Return what was found, in words; nothing that was not measured."""
    drawn = results["generated"]
    said = [
        f"{drawn['delivered']:,} molecules were delivered of {drawn['raw']:,} strings drawn "
        f"({drawn['raw_validity']:.1%} valid); what was refused is counted below."
    ]
    if results["measured"]:
        raw, kept = results["measured"]["as drawn"], results["measured"]["delivered"]
        said.append(
            f"FCD/test of {kept['drawn']:,} delivered: {kept['FCD/Test']:.3f} (as many real molecules about "
            f"{kept['FCD floor']:.3f}), of the valid as drawn {raw['FCD/Test']:.3f} ({raw['FCD floor']:.3f})."
        )
        said.append(f"As drawn, novelty is {raw['Novelty']:.3f} and filters {raw['Filters']:.3f}.")
    if results["conditions"]:
        best = sorted(results["conditions"], key=lambda row: -row["correlation"])
        shown = ", ".join(f"{row['property']} {row['correlation']:.2f}" for row in best)
        said.append(f"Correlation of what was asked for and what came: {shown}.")
    if results["property"]:
        counts = results["property"]["counts"]
        said.append(
            f"{results['property']['target']}: {counts['outside']:,} of {counts['answered']:,} delivered molecules lie "
            "outside the model's domain."
        )
    if results["searches"]:
        scored = ", ".join(
            f"{one['method']} {one['top10']:.3f}" if one["top10"] is not None else f"{one['method']} none"
            for one in results["searches"]
        )
        one = results["searches"][0]
        said.append(f"{one['scorer']}, mean of the ten best after {one['calls']:,} calls: {scored}.")
        if not any(one["method"] == SCREEN for one in results["searches"]):
            said.append("No search is compared with random screening (screen).")
    said += [f"Left out: {name}, {why}." for name, why in results["left_out"].items()]
    return said


def write_design_report(results: Mapping[str, Any], smiles: Sequence[str], path: Path) -> Path:
    """Write one HTML page; `smiles` are the delivered molecules."""
    from clinweave.applications.molecules.report import STYLE

    parts = {
        "Model": _model(results["model"]),
        "Molecules": _molecules(results["generated"], smiles),
        "Measures": _measures(results["measured"]),
        "Properties on request": _asked(results["conditions"]),
        "A property predicted": _property(results["property"]),
        "Optimisation": _searches(results["searches"]),
    }
    parts = {name: text for name, text in parts.items() if text}
    nav = "".join(f'<a href="#part{n}">{escape(name)}</a>' for n, name in enumerate(parts))
    body = f"<nav>{nav}</nav>" + "\n".join(
        f'<section><h2 id="part{n}">{escape(name)}</h2>\n{text}</section>'
        for n, (name, text) in enumerate(parts.items())
    )
    told = "Nothing here says that a molecule is safe, active, or can be made."
    text = page(
        results["title"], body, kind="molecules", lead=sentences(results), caution=told, more=STYLE + _MORE
    )
    return write_text(path, text)


def _rows(rows: Iterable[tuple[str, Any]]) -> str:
    lines = "".join(f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>" for name, value in rows)
    return f"<table>{lines}</table>"


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    top = "".join(f"<th>{escape(one)}</th>" for one in head)
    lines = "".join("<tr>" + "".join(f"<td>{escape(str(one))}</td>" for one in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table></div>'


def _model(model: Mapping[str, Any]) -> str:
    from clinweave.applications.molecules.report import curve

    shape, trained = model["shape"], model.get("training", {})
    rows = [
        (
            "weights",
            "those that come with clinweave" if model["packaged"] else "of this run or a given folder",
        ),
        ("encoder", f"{shape['encoder']}, {shape['layers']} layers of {shape['width']}"),
        ("decoder", f"{shape['decoder']}, {shape['decoder_layers']} of {shape['decoder_width']}"),
        ("parameters", f"{trained.get('parameters', 0):,}"),
        ("trained on", model.get("data", "not said")),
        ("molecules seen", f"{trained.get('molecules', 0):,}"),
    ]
    learned = curve(model["history"]) if len(model["history"]) > 1 else ""
    return _rows(rows) + (f'<h3>Learning</h3><div class="learning scroll">{learned}</div>' if learned else "")


def _molecules(counts: Mapping[str, Any], smiles: Sequence[str], drawings: int = 24) -> str:
    from clinweave.applications.molecules import parse
    from clinweave.applications.molecules.report import drawing, histograms

    rows: list[tuple[str, Any]] = [("strings drawn", f"{counts['raw']:,}"), ("valid", f"{counts['valid']:,}")]
    rows += [(f"left out: {why}", f"{counts[name]:,}") for name, why in _DROPPED.items()]
    rows.append(("delivered", f"{counts['delivered']:,}, {counts['unique']:.1%} distinct"))
    if counts["trained_on"] is not None:
        rows.append(("of these in the training set", f"{counts['trained_on']:,}"))
    rows.append(("delivered per CPU second", f"{counts['delivered_per_cpu_second']:,.0f}"))
    drugs = counts["drugs"]
    rows.append(
        (
            "known drugs among them",
            "not looked up: clinweave fetch drug-names" if drugs is None else len(drugs),
        )
    )
    found = [parse(one) for one in smiles[:1000]]
    figures = "".join(
        f"<figure>{drawing(molecule)}<figcaption>{escape(one)}"
        + (f"<br><b>{escape(drugs[one])}</b>" if drugs and one in drugs else "")
        + "</figcaption></figure>"
        for one, molecule in zip(smiles[:drawings], found, strict=False)
    )
    return (
        f"{_rows(rows)}<h3>Their properties</h3>{histograms(found)}"
        f'<h3>The first {min(drawings, len(smiles))}, not chosen ones</h3><div class="gallery">{figures}</div>'
    )


def _measures(measured: Mapping[str, Any]) -> str:
    from clinweave.applications.molecules.report import measures_table

    if not measured:
        return ""
    note = (
        "What was refused cannot lower a share: validity, novelty and filters of what is delivered are whole because "
        "of refusal. The first column is the model's own."
    )
    return f'{measures_table(measured)}<p class="note">{note}</p>'


def _asked(rows: Sequence[Mapping[str, Any]]) -> str:
    if not rows:
        return ""
    table = _table(
        ["property", "molecules", "mean absolute error", "of molecules nothing was asked of", "correlation"],
        [
            (row["property"], row["molecules"], f"{row['mean_absolute_error']:.3f}", f"{row['error_unasked']:.3f}",
             f"{row['correlation']:.2f}")
            for row in rows
        ],
    )  # fmt: skip
    plots = "".join(
        f"<figure>{asked_svg(row)}<figcaption>{escape(row['property'])}, found over asked</figcaption></figure>"
        for row in rows
    )
    return f'{table}<p class="note">Each property was asked for alone.</p><div class="gallery">{plots}</div>'


def _property(found: Mapping[str, Any]) -> str:
    from clinweave.applications.molecules import parse
    from clinweave.applications.molecules.report import drawing

    if not found:
        return ""
    target = found["target"]
    told = found["trained"]["endpoints"][target]
    measured = _rows(
        (name.replace("_", " "), f"{value:.3f}" if isinstance(value, float) else value)
        for name, value in told.items()
        if isinstance(value, int | float | str)
    )
    column = next((name for name in (f"{target}_predicted", f"{target}_probability")
                   if found["predicted"] and name in found["predicted"][0]), "")  # fmt: skip
    rows = [row for row in found["predicted"] if row.get(column)]
    if not rows:
        return measured
    inside = (
        sorted((row for row in rows if row["domain"] == "inside"), key=lambda row: -float(row[column]))
        or rows
    )
    ends = [(one, "highest") for one in inside[:6]] + [(one, "lowest") for one in inside[::-1][:6]]
    figures = "".join(
        f'<figure>{drawing(parse(row["smiles"]))}<figcaption><span class="score">{escape(end)}: '
        f"{float(row[column]):.2f} ({escape(row[f'{target}_low'])} to {escape(row[f'{target}_high'])})</span><br>"
        f"nearest trained on: {escape(row['similarity'])}<br>{escape(row['smiles'])}</figcaption></figure>"
        for row, end in ends
    )
    return (
        f"<h3>The model, on held-out scaffolds</h3>{measured}<h3>Predictions for the generated molecules</h3>"
        f'<div class="plot-card scroll">{bars_svg([float(row[column]) for row in rows])}</div>'
        f"<h3>Best and worst, inside the model's domain</h3>"
        f'<div class="gallery">{figures}</div>'
    )


def _searches(found: Sequence[Mapping[str, Any]]) -> str:
    if not found:
        return ""
    table = _table(
        ["method", "calls", "best", "mean of the ten best", "top-10 AUC", "alerts in ten best", "CPU s", "stopped"],
        [
            (
                one["method"], f"{one['calls']:,}", _number(one["best"]), _number(one["top10"]),
                _number(one["top10_auc"]), sum(bool(row["alerts"]) for row in one["rows"][:10]),
                f"{one['cpu_seconds']:.0f}", one["stopped"],
            )
            for one in found
        ],
    )  # fmt: skip
    lines = {one["method"]: one["curve"] for one in found}
    best = max(found, key=lambda one: one["top10"] if one["top10"] is not None else float("-inf"))
    figures = "".join(_figure(row) for row in best["rows"][:12])
    note = (
        "All begin with the same molecules and may ask as often; screen is no search. One seed: no interval."
    )
    return (
        f'{table}<p class="note">{note}</p><h3>Mean of the ten best so far</h3>'
        f'<div class="plot-card scroll">{lines_svg(lines, "oracle calls", found[0]["scorer"])}</div>'
        f'<h3>The best of {escape(best["method"])}</h3><div class="gallery">{figures}</div>'
    )


def _figure(row: Mapping[str, Any]) -> str:
    from clinweave.applications.molecules import parse
    from clinweave.applications.molecules.report import drawing

    told = [f"SA {row['SA score']:.1f}", f"call {row['call']:,}"]
    if row["similarity to start"] is not None:
        told.insert(0, f"like the start {row['similarity to start']:.2f}")
    alert = f'<br><span class="alert">{escape(row["alerts"])}</span>' if row["alerts"] else ""
    drug = f"<br><b>{escape(row['drug'])}</b>" if row["drug"] else ""
    return (
        f'<figure>{drawing(parse(row["smiles"]))}<figcaption><span class="score">{row["rank"]}. {row["score"]:.3f}'
        f"</span><br>{', '.join(told)}{alert}{drug}<br>{escape(row['smiles'])}</figcaption></figure>"
    )


def _number(value: Any) -> str:
    return "" if value is None else f"{value:.3f}"
