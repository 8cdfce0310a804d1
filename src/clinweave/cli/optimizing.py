"""`clinweave molecules optimize`: search for molecules that a scorer likes better, within a budget of its calls."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from clinweave.artifacts import home
from clinweave.cli.console import Console
from clinweave.cli.extras import needs_molecules
from clinweave.cli.generation import AsJson, Model, Seed, Threads, _bar, _use

if TYPE_CHECKING:
    from clinweave.molecules.optimization import Outcome


class How(StrEnum):
    """The methods; `clinweave.molecules.optimization.METHODS` says what each is."""

    FINETUNE = "finetune"
    GRAPH_GA = "graph-ga"
    GUIDED = "guided"
    LATENT = "latent"
    REINVENT = "reinvent"
    SCREEN = "screen"
    SURROGATE = "surrogate"


def optimize(  # noqa: PLR0917 - each parameter is one option
    scorer: Annotated[
        str,
        typer.Option(
            metavar="NAME|DIR|FILE.py",
            help="A named objective (qed, osimertinib_mpo ...), a property model, or a file with score(smiles).",
        ),
    ],
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="Ranked molecules: .csv or .tsv with all, .smi with scores.")
    ],
    start: Annotated[str, typer.Option(metavar="SMILES", help="The molecule to begin with.")] = "",
    keep: Annotated[
        str, typer.Option(metavar="SMARTS", help="What every molecule must have; the start must have it.")
    ] = "",
    budget: Annotated[int, typer.Option(help="Distinct molecules that may be scored.")] = 10_000,
    method: Annotated[How, typer.Option(help="How to search.")] = How.SURROGATE,
    pool: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="First molecules (.smi, .csv); else 100 drawn from the model."),
    ] = None,
    target: Annotated[
        str, typer.Option(metavar="NAME", help="Which endpoint of a property model, where it has several.")
    ] = "",
    minimize: Annotated[bool, typer.Option("--minimize", help="Low scores are good.")] = False,
    top: Annotated[int, typer.Option(min=1, help="Molecules in the answer.")] = 100,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="A page with drawings, curve and fronts.")
    ] = None,
    model: Model = None,
    seed: Seed = 0,
    threads: Threads = 1,
    as_json: AsJson = False,
) -> None:
    """Search for molecules with a better score: a chemist's own scorer, start and scaffold, within a budget of calls.

    Each distinct molecule costs one call and is written to FILE.journal at once: a killed search goes on where it was.
    """
    with needs_molecules():
        from clinweave.molecules.optimization import (
            WITHOUT_WEIGHTS,
            Search,
            open_scorer,
            optimise,
            read_pool,
            rows_of,
            summary,
            write_rows,
        )

        if method.value not in WITHOUT_WEIGHTS or pool is None:  # else torch is not needed
            _use(threads)
        opened = open_scorer(scorer, target, minimise=minimize)
        search = Search(
            opened, budget, start, keep, method.value, seed, read_pool(pool) if pool else (),
            out.with_name(f"{out.name}.journal"), model,
        )  # fmt: skip
        with _bar() as told:
            outcome = optimise(
                search,
                told=lambda done, total, _best: told("oracle calls", done, total),
            )
        rows = rows_of(outcome, top, home())
        write_rows(out, rows)
        said = summary(outcome, rows)
        if report:  # drawn with the page of generated sets, which loads torch
            from clinweave.molecules.optimization import write_page

            write_page(report, outcome, rows, said)
    if as_json:
        typer.echo(json.dumps({"file": str(out), **said, "molecules": rows}))
        return
    _show(outcome, rows, said)
    typer.echo(str(out))


def _show(outcome: "Outcome", rows: list[dict[str, Any]], said: dict[str, Any]) -> None:
    table = Table(
        "", "score", "like start", "SA", "alerts", "drug", "call", "structure", title=escape(said["scorer"])
    )
    for row in rows[:10]:
        alike = "" if row["similarity to start"] is None else f"{row['similarity to start']:.2f}"
        table.add_row(
            str(row["rank"]), f"{row['score']:.3f}", alike, f"{row['SA score']:.1f}",
            str(len(row["alerts"].split("; ")) if row["alerts"] else 0), escape(row["drug"] or ""),
            f"{row['call']:,}", escape(row["smiles"]),
        )  # fmt: skip
    Console().print(table)
    typer.echo(
        f"{said['calls']:,} of {said['budget']:,} calls ({said['calls_from_journal']:,} from the journal), "
        f"{said['failed']:,} failed"
        + (f"; top-10 AUC {said['top10_auc']:.3f}" if said["top10_auc"] is not None else "")
        + (f"; start {said['start_score']:.3f}" if said["start_score"] is not None else "")
    )
    for text, count in said["problems"].items():
        typer.echo(f"{count:,} times: {text}", err=True)
    if outcome.stopped:
        typer.echo(f"stopped: {outcome.stopped}", err=True)
