"""`clinweave leaderboard`: accumulate runs, rank what is comparable, compare runs item by item."""

import json
from pathlib import Path
from typing import Annotated

import typer

from clinweave.cli.console import Console
from clinweave.core.typed import to_values

app = typer.Typer(add_completion=False, no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The leaderboard's folder.")]


@app.command()
def add(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Output folder of `run` or `compare`.")],
    to: Annotated[Path, typer.Option(metavar="FOLDER", help="The leaderboard's folder; made if missing.")],
    name: Annotated[str, typer.Option(help="Name of the run.", show_default="the folder's")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Replace a run of that name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add a finished run of a comparison or of written answers."""
    from clinweave.evaluation.leaderboard import add_run

    entry = add_run(run, to, name, replace=replace)
    if as_json:
        typer.echo(json.dumps({"run": entry.run, "rows": len(entry.rows), "folder": str(to)}))
        return
    typer.echo(f"{entry.run}: {len(entry.rows)} rows on the leaderboard in {to}")


@app.command()
def show(
    folder: Folder,
    task: Annotated[str, typer.Option(help="Only this task.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show the boards: rows on one board answered the same items by the same method of choosing."""
    from clinweave.evaluation.leaderboard import read_boards

    boards = read_boards(folder, task)
    if as_json:
        rows = [to_values(board) for board in boards]
        for board in rows:
            board["rows"] = [
                {k: v for k, v in row.items() if k not in {"scores", "clusters"}} for row in board["rows"]
            ]
        typer.echo(json.dumps(rows, indent=1, ensure_ascii=False))
        return
    from rich.table import Table

    for board in boards:
        as_text = _percent if board.measure == "accuracy" else _number
        table = Table("run", "condition", "model", f"{board.measure} (95 % CI)", "calibrated", "AUC",
                      title=f"{board.task}, {board.n} items, {board.method}")  # fmt: skip
        for row in board.rows:
            low, high = row.interval
            table.add_row(
                row.run, row.condition, row.model, f"{as_text(row.accuracy)} ({as_text(low)} to {as_text(high)})",
                _percent(row.calibrated_accuracy), "–" if row.auc is None else f"{row.auc.value:.2f}",
            )  # fmt: skip
        Console().print(table)


@app.command()
def compare(
    folder: Folder,
    runs: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Names of at least two runs.")],
    as_json: AsJson = False,
) -> None:
    """Compare runs item by item, condition by condition: paired differences with intervals."""
    from clinweave.core.errors import UserError
    from clinweave.evaluation.leaderboard import compare_runs

    if len(set(runs)) < 2:
        raise UserError("name at least two runs to compare")
    rows = compare_runs(folder, runs)
    if as_json:
        typer.echo(json.dumps([to_values(row) for row in rows], indent=1, ensure_ascii=False))
        return
    from rich.table import Table

    table = Table("task", "first", "second", "n", "measure", "difference", "95 % CI", "Holm-adjusted p")
    for row in rows:
        points = row.measure == "accuracy"
        values = [
            f"{100 * number:+.1f}" if points else f"{number:+.3g}"
            for number in (row.difference, row.low, row.high)
        ]
        table.add_row(
            row.task, row.first, row.second, str(row.n), f"{row.measure}, points" if points else row.measure,
            values[0], f"{values[1]} to {values[2]}", f"{row.p:.3g}",
        )  # fmt: skip
    Console().print(table)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
