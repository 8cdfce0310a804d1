"""The report of a study of molecules: what was drawn, what it scores, and drawings of molecules beside the plots."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from clinweave.core.reports.blocks import Block, Cell, Figure, Gallery, Report, Section, Table
from clinweave.core.reports.plots import Points, Series, histogram, line_plot, scatter_plot
from clinweave.evaluation.molecules.results import (
    Generated,
    GeneratorModel,
    MoleculesResults,
    PropertyOnRequest,
    PropertyResult,
    SearchResult,
)
from clinweave.evaluation.molecules.settings import SCREEN

_REFUSED = {
    "known": "in the sets to be new to",
    "with_alerts": "stopped by the filters",
    "not_makeable": "not makeable",
    "without_scaffold": "without the scaffold",
    "outside": "charged, isotopic or in parts",
    "repeats_left_out": "drawn before",
}
_DRAWINGS = 24


def headline(results: MoleculesResults) -> list[str]:
    """Return what was found, in sentences; nothing that was not measured."""
    counts = results.generated.counts
    sentences = [
        f"{counts['delivered']:,} molecules were delivered of {counts['raw']:,} strings drawn "
        f"({counts['raw_validity']:.1%} valid); what was refused is counted below."
    ]
    if results.measured:
        raw, delivered = results.measured["as drawn"], results.measured["delivered"]
        sentences += [
            f"FCD/test of {delivered['drawn']:,} delivered: {delivered['FCD/Test']:.3f} (as many real molecules about "
            f"{delivered['FCD floor']:.3f}), of the valid as drawn {raw['FCD/Test']:.3f} ({raw['FCD floor']:.3f}).",
            f"As drawn, novelty is {raw['Novelty']:.3f} and filters {raw['Filters']:.3f}.",
        ]
    if results.properties_on_request:
        best = sorted(results.properties_on_request, key=lambda row: -row.correlation)
        correlations = ", ".join(f"{row.property} {row.correlation:.2f}" for row in best)
        sentences.append(f"Correlation of requested and obtained properties: {correlations}.")
    if results.property:
        predicted = results.property.predicted_counts
        sentences.append(
            f"{results.property.target}: {predicted['outside']:,} of {predicted['answered']:,} delivered molecules lie "
            "outside the model's domain."
        )
    sentences += _of_searches(results.searches)
    return [*sentences, *(f"Left out: {name}, {why}." for name, why in results.left_out.items())]


def _of_searches(searches: Sequence[SearchResult]) -> list[str]:
    if not searches:
        return []
    scored = ", ".join(
        f"{item.method} {'none' if item.top10 is None else format(item.top10, '.3f')}" for item in searches
    )
    first = searches[0]
    sentences = [f"{first.scorer}, mean of the ten best after {first.calls:,} calls: {scored}."]
    if not any(item.method == SCREEN for item in searches):
        sentences.append("No search is compared with random screening (screen).")
    return sentences


def molecules_report(results: MoleculesResults, smiles: Sequence[str]) -> Report:
    """Return the report; `smiles` are the delivered molecules."""
    parts = {
        "Model": _model(results.model),
        "Molecules": _molecules(results.generated, smiles),
        "Measures": _measures(results.measured),
        "Properties on request": _on_request(results.properties_on_request),
        "A property predicted": _property(results.property),
        "Optimisation": _searches(results.searches),
    }
    sections = [Section(title, blocks) for title, blocks in parts.items() if blocks]
    caution = "Nothing here says that a molecule is safe, active, or can be made."
    return Report(results.recipe.heading, "molecules", headline(results), caution, sections)


def _drawing(smiles: str) -> str:
    from clinweave.applications.molecules import drawing, parse

    return drawing(parse(smiles))


def _model(model: GeneratorModel) -> list[Block]:
    from clinweave.applications.molecules import learning_curve

    shape, trained = model.shape, model.training
    weights = "those that come with clinweave" if model.packaged else "of this run or a given folder"
    rows = [
        ("weights", weights),
        ("encoder", f"{shape['encoder']}, {shape['layers']} layers of {shape['width']}"),
        ("decoder", f"{shape['decoder']}, {shape['decoder_layers']} of {shape['decoder_width']}"),
        ("parameters", f"{trained.get('parameters', 0):,}"),
        ("trained on", model.data),
        ("molecules seen", f"{trained.get('molecules', 0):,}"),
    ]
    blocks: list[Block] = [Table((), rows)]
    if len(model.history) > 1:
        blocks.append(learning_curve(model.history))
    return blocks


def _molecules(generated: Generated, smiles: Sequence[str]) -> list[Block]:
    from clinweave.applications.molecules import parse, property_histograms

    counts, drugs = generated.counts, generated.drugs
    rows = [("strings drawn", f"{counts['raw']:,}"), ("valid", f"{counts['valid']:,}")]
    rows += [(f"left out: {why}", f"{counts[name]:,}") for name, why in _REFUSED.items()]
    rows.append(("delivered", f"{counts['delivered']:,}, {counts['unique']:.1%} distinct"))
    if counts["trained_on"] is not None:
        rows.append(("of these in the training set", f"{counts['trained_on']:,}"))
    rows.append(("delivered per CPU second", f"{counts['delivered_per_cpu_second']:,.0f}"))
    looked_up = "not looked up: clinweave fetch drug-names" if drugs is None else str(len(drugs))
    rows.append(("known drugs among them", looked_up))
    drawings = [
        Figure(_drawing(item), item, (drugs[item],) if drugs and item in drugs else ()) for item in smiles[:_DRAWINGS]
    ]  # fmt: skip
    return [
        Table((), rows),
        *_refused_by({"drawn": generated.refused_by}),
        property_histograms([parse(item) for item in smiles[:1000]]),
        Gallery(drawings, f"The first {len(drawings)}, not selected", paper=True),
    ]


def _refused_by(counts: Mapping[str, Mapping[str, int]]) -> list[Block]:
    """Return a table of the structures that each rule refused, most first; a column for each search."""
    rules: Counter[str] = Counter()
    for column in counts.values():
        rules.update(column)
    if not rules:
        return []
    rows = [
        (rule, *(f"{column.get(rule, 0):,}" for column in counts.values())) for rule, _ in rules.most_common()
    ]
    note = "Each structure is counted once, by the first rule that it violates."
    return [Table(("refused as not makeable, by rule", *counts), rows, note=note)]


def _measures(measured: Mapping[str, Mapping[str, float | int | None]]) -> list[Block]:
    from clinweave.applications.molecules import measures_table

    if not measured:
        return []
    note = (
        "What was refused cannot lower a share: validity, novelty and filters of what is delivered are whole because "
        "of refusal. The first column is the model's own."
    )
    return [measures_table(measured, note)]


def _on_request(rows: Sequence[PropertyOnRequest]) -> list[Block]:
    if not rows:
        return []
    table = Table(
        ("property", "molecules", "mean absolute error", "of molecules nothing was asked of", "correlation"),
        [
            (row.property, str(row.molecules), f"{row.mean_absolute_error:.3f}", f"{row.error_unasked:.3f}",
             f"{row.correlation:.2f}")
            for row in rows
        ],
        note="Each property was asked for alone.",
    )  # fmt: skip
    plots = [
        Figure(
            scatter_plot(
                [Points(row.property, row.requested, row.obtained)],
                row.property,
                "requested",
                "obtained",
                diagonal=True,
                small=True,
            ),
            row.property,
        )
        for row in rows
    ]
    return [table, Gallery(plots)]


def _property(result: PropertyResult | None) -> list[Block]:
    if result is None:
        return []
    target = result.target
    measures = [
        (name.replace("_", " "), f"{value:.3f}" if isinstance(value, float) else str(value))
        for name, value in result.measures.items()
        if isinstance(value, int | float | str)
    ]
    blocks: list[Block] = [Table((), measures, "The model, on held-out scaffolds")]
    names = result.predictions[0] if result.predictions else {}
    column = next((item for item in (f"{target}_predicted", f"{target}_probability") if item in names), "")
    rows = [row for row in result.predictions if row.get(column)]
    if not rows:
        return blocks
    inside = (
        sorted((row for row in rows if row["domain"] == "inside"), key=lambda row: -float(row[column]))
        or rows
    )
    ends = [(row, "highest") for row in inside[:6]] + [(row, "lowest") for row in inside[::-1][:6]]
    drawings = [
        Figure(
            _drawing(row["smiles"]),
            f"{end}: {float(row[column]):.2f} ({row[f'{target}_low']} to {row[f'{target}_high']})",
            (f"nearest trained on: {row['similarity']}", row["smiles"]),
        )
        for row, end in ends
    ]
    title = "Predictions for the generated molecules"
    return [
        *blocks,
        Figure(histogram([float(row[column]) for row in rows], title, target), title),
        Gallery(drawings, "Best and worst, inside the model's domain", paper=True),
    ]


def _searches(searches: Sequence[SearchResult]) -> list[Block]:
    if not searches:
        return []
    table = Table(
        ("method", "calls", "best", "mean of the ten best", "top-10 AUC", "alerts in ten best", "CPU s", "stopped"),
        [
            (
                item.method, f"{item.calls:,}", _number(item.best), _number(item.top10), _number(item.top10_auc),
                str(sum(bool(row["alerts"]) for row in item.rows[:10])), f"{item.cpu_seconds:.0f}", item.stopped,
            )
            for item in searches
        ],
        note="All begin with the same molecules and may ask as often; screen is no search. One seed: no interval.",
    )  # fmt: skip
    lines = [Series(item.method, range(1, len(item.curve) + 1), item.curve) for item in searches]
    best = max(searches, key=lambda item: item.top10 if item.top10 is not None else float("-inf"))
    title = "Mean of the ten best so far"
    plot = line_plot(lines, title, "oracle calls", searches[0].scorer)
    blocks: list[Block] = [table]
    if plot:
        blocks.append(Figure(plot, title))
    refused = {item.method: item.summary.get("refused_by_rule") or {} for item in searches}
    blocks += _refused_by(refused)
    drawings = [_figure(row) for row in best.rows[:12]]
    return [*blocks, Gallery(drawings, f"The best of {best.method}", paper=True)]


def _figure(row: Mapping[str, Any]) -> Figure:
    facts = [f"SA {row['SA score']:.1f}", f"call {row['call']:,}"]
    if row["similarity to start"] is not None:
        facts.insert(0, f"similarity to start {row['similarity to start']:.2f}")
    details = (", ".join(facts), *filter(None, (row["drug"],)), row["smiles"])
    return Figure(_drawing(row["smiles"]), f"{row['rank']}. {row['score']:.3f}", details, row["alerts"])


def _number(value: float | None) -> Cell | str:
    return "" if value is None else f"{value:.3f}"
