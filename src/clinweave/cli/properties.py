"""`clinweave molecules properties`: learn, predict and judge properties of your own tables of molecules."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from clinweave.cli.console import Console
from clinweave.core.extras import needs_extra

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Train property models on your own table, predict, and estimate the uncertainty.",
)

Molecules = Annotated[
    Path, typer.Argument(metavar="TABLE", help="Molecules: .csv, .tsv, .smi, .sdf (.gz), .xlsx or .parquet.")
]
SmilesColumn = Annotated[
    str, typer.Option(metavar="NAME", help="Name of the SMILES column (default: smiles).")
]
Model = Annotated[Path, typer.Option(metavar="DIR", help="The model's folder.")]
Censored = Annotated[
    str,
    typer.Option(metavar="HOW", help="Censored values such as >10: leave-out, or as-value (use the number)."),
]
Report = Annotated[
    Path | None, typer.Option(metavar="FILE.html", help="HTML report with drawings and plots.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


@app.command()
def train(  # noqa: PLR0917 - each parameter is one option
    table: Molecules,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Output folder for the model.")],
    target: Annotated[
        list[str],
        typer.Option(metavar="NAME", help="Column to predict: 0 and 1, or numbers; may be repeated."),
    ],
    features: Annotated[
        str, typer.Option(help="maplight, or of morgan, avalon, erg, descriptors, joined by +.")
    ] = "maplight",
    smiles_column: SmilesColumn = "",
    censored: Censored = "leave-out",
    seed: Annotated[int, typer.Option(help="Random seed of trees and folds.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Train boosted trees on fingerprints and descriptors, calibrated out of fold by scaffold."""
    from clinweave.applications.molecules.prediction import read_table
    from clinweave.applications.molecules.prediction import train as learn

    with needs_extra("molecules"):
        training_table = read_table(table, smiles_column)
        artifact = learn(training_table, target, out, features, bounds=censored, seed=seed)
    names = ("rows", "refused", "repeated_structures", "notes", "endpoints")
    facts = {name: artifact.manifest[name] for name in names}
    if as_json:
        typer.echo(json.dumps({"model": str(out), "fresh": artifact.fresh, **facts}))
        return
    _show("Measured on held-out scaffolds", facts["endpoints"], facts["notes"])
    typer.echo(
        f"{facts['rows']} rows, {facts['refused']} refused, {facts['repeated_structures']} repeated structures; "
        f"{out} ({'new' if artifact.fresh else 'as it was'})",
        err=True,
    )


@app.command()
def predict(  # noqa: PLR0917 - each parameter is one option
    table: Molecules,
    model: Model,
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Output: the input with predictions (.csv, .sdf, .xlsx ...).",
        ),
    ],
    report: Report = None,
    smiles_column: SmilesColumn = "",
    as_json: AsJson = False,
) -> None:
    """Predict properties; every row gets a value with its interval, or the reason why there is none."""
    from clinweave.applications.molecules.prediction import PropertyModel, read_table
    from clinweave.applications.molecules.prediction import predict as answer

    with needs_extra("molecules"):
        summary = answer(PropertyModel.open(model), read_table(table, smiles_column), out, report)
    if as_json:
        typer.echo(json.dumps(summary))
        return
    typer.echo(
        "{rows} rows: {answered} answered, {refused} refused; {outside} outside the domain".format(**summary)
    )
    for note in summary["notes"]:
        typer.echo(note, err=True)
    for written in (out, report):
        if written:
            typer.echo(str(written))


@app.command()
def evaluate(  # noqa: PLR0917 - each parameter is one option
    table: Molecules,
    model: Model,
    report: Report = None,
    smiles_column: SmilesColumn = "",
    censored: Censored = "leave-out",
    as_json: AsJson = False,
) -> None:
    """Evaluate a model on a labelled table that it was not trained on."""
    from clinweave.applications.molecules.prediction import PropertyModel, read_table
    from clinweave.applications.molecules.prediction import evaluate as judge

    with needs_extra("molecules"):
        result = judge(PropertyModel.open(model), read_table(table, smiles_column), censored, report)
    if as_json:
        typer.echo(json.dumps(result))
        return
    _show("On rows that the model did not see", result["endpoints"], result["notes"])
    typer.echo(
        "{rows} rows, {refused} refused, {trained_on} in the training set and left out".format(**result),
        err=True,
    )
    if report:
        typer.echo(str(report))


@app.command()
def admet(  # noqa: PLR0917 - each parameter is one option
    table: Molecules,
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Output: the input with the endpoints (.csv, .sdf, .xlsx ...).",
        ),
    ],
    python: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The Python of an environment that has admet-ai.")
    ] = None,
    report: Report = None,
    smiles_column: SmilesColumn = "",
    as_json: AsJson = False,
) -> None:
    """Predict 41 ADMET endpoints with ADMET-AI's own weights, offline (extra `admet`); every row gets a result."""
    from clinweave.applications.molecules.prediction import predict_admet, read_table

    with needs_extra("molecules"):
        summary = predict_admet(read_table(table, smiles_column), out, python, report)
    if as_json:
        typer.echo(json.dumps(summary))
        return
    typer.echo("{rows} rows: {answered} answered, {refused} refused; {columns} columns".format(**summary))
    for written in (out, report):
        if written:
            typer.echo(str(written))


def _show(title: str, endpoints: Mapping[str, Mapping[str, object]], notes: list[str]) -> None:
    from clinweave.applications.molecules.prediction import text

    summary = Table("endpoint", "measure", "value", title=title)
    for name, scores in endpoints.items():
        for measure, value in scores.items():
            summary.add_row(escape(name), measure.replace("_", " "), escape(text(value)))
            name = ""  # noqa: PLW2901 - named once
    Console().print(summary)
    for note in notes:
        typer.echo(note, err=True)
