"""`clinweave molecules analogues`: molecules near a lead, within windows of properties."""

import json
from dataclasses import asdict
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from clinweave.cli.console import Console
from clinweave.cli.generation import AsJson, Model, Seed, Threads, _bar, _use
from clinweave.cli.structure_filters import (
    Allow,
    Filters,
    RefuseSmarts,
    chosen_filter,
    tell_controlled,
    tell_refusals,
)
from clinweave.core.artifacts import home
from clinweave.core.extras import needs_extra

if TYPE_CHECKING:
    from clinweave.applications.molecules import Generator
    from clinweave.applications.molecules.analogues import AnalogueRequest, AnalogueResult
    from clinweave.applications.molecules.structure_filters import StructureFilter


class Way(StrEnum):
    """How analogues are proposed."""

    TRANSFORMATIONS = "transformations"
    LATENT = "latent"
    UNION = "union"


def analogues(  # noqa: PLR0917 - each parameter is one option
    lead: Annotated[str, typer.Option(metavar="SMILES", help="The lead.")],
    out: Annotated[
        Path,
        typer.Option(metavar="FILE", help="Output file: .csv, .tsv, .smi, .sdf (.gz), .xlsx or .parquet."),
    ],
    n: Annotated[int, typer.Option("--n", help="Number of analogues.")] = 200,
    required_substructure: Annotated[
        str, typer.Option(metavar="SMARTS", help="Substructure of the lead that every analogue has.")
    ] = "",
    change: Annotated[
        str,
        typer.Option(
            metavar="SITE",
            help="Only these atoms may change: SMARTS of a part of the lead, or atom numbers from 1 (3,4,5).",
        ),
    ] = "",
    similarity: Annotated[
        str, typer.Option(metavar="LOW-HIGH", help="Tanimoto similarity to the lead, such as 0.5-0.9.")
    ] = "",
    window: Annotated[
        str,
        typer.Option(
            metavar="NAME=LOW-HIGH,...",
            help="Property windows, such as logp=2-3,qed=0.6- (weight, logp, tpsa, qed, rings, donors, acceptors).",
        ),
    ] = "",
    way: Annotated[
        Way, typer.Option(help="Learned transformations, the latent neighbourhood of the lead, or both.")
    ] = Way.UNION,
    reference: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Learn the transformations from these molecules (default: a packaged table)."
        ),
    ] = None,
    allow: Allow = None,
    filters: Filters = True,
    refuse_smarts: RefuseSmarts = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="HTML report with drawings of all analogues.")
    ] = None,
    model: Model = None,
    seed: Seed = 0,
    threads: Threads = 1,
    as_json: AsJson = False,
) -> None:
    """Write analogues of a lead: what was changed, similarity, properties and flags; counts of each way.

    Where fewer are found than asked for, these are written, and the reason is printed.
    """
    with needs_extra("molecules"):
        from clinweave.applications.molecules.analogues import (
            analogue_request,
            find_analogues,
            open_transformations,
            write_analogues,
            write_page,
        )
        from clinweave.applications.molecules.files import check_output

        check_output(out)
        request = analogue_request(
            lead, keep=required_substructure, change=change, similarity=similarity, window=window, count=n
        )
        makeable = _filter_for(request, chosen_filter(allow, filters, refuse_smarts))
        with _bar() as update:
            learned = open_transformations(
                home(),
                reference,
                lambda done, total: update("transformations", done, total),
                partial(typer.echo, err=True),
            )
            opened = None if way is Way.TRANSFORMATIONS else _open(model, threads)
            result = find_analogues(
                request,
                learned,
                opened,
                way=way.value,
                seed=seed,
                progress=update,
                refuse=makeable.refuse if makeable else None,
            )
        rows = write_analogues(out, result, home())
        if report:
            write_page(report, result, rows)
    if as_json:
        typer.echo(json.dumps({"file": str(out), **_summary(result), "analogues": rows}))
        return
    _show(result)
    tell_refusals(makeable.describe() if makeable else None)
    tell_controlled({str(row["smiles"]): str(row["controlled"]) for row in rows})
    typer.echo(str(out))


def _open(model: Path | None, threads: int) -> "Generator":
    from clinweave.applications.molecules import open_model

    _use(threads)
    return open_model(model)


def _filter_for(request: "AnalogueRequest", makeable: "StructureFilter | None") -> "StructureFilter | None":
    """Say what of the lead was left out; return a filter that refuses no analogue for what the lead itself has."""
    if request.note:
        typer.echo(f"--lead: {request.note}", err=True)
    return makeable.excuse(makeable.violations(request.molecule)) if makeable is not None else None


def _summary(result: "AnalogueResult") -> dict[str, object]:
    ways = [asdict(summary) for summary in result.ways]
    numbers = {"asked": result.asked, "found": len(result.analogues)}
    return {"lead": result.lead, **numbers, "ways": ways, "shortfall": result.shortfall}


def _show(result: "AnalogueResult") -> None:
    table = Table(
        "way", "proposed", "valid", "accepted", "success rate", "diversity", title=escape(result.lead)
    )
    for item in result.ways:
        spread = "" if item.diversity is None else f"{item.diversity:.2f}"
        table.add_row(
            item.way,
            f"{item.proposed:,}",
            f"{item.valid:,}",
            f"{item.accepted:,}",
            f"{item.success:.1%}",
            spread,
        )
    Console().print(table)
    for item in result.ways:
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in item.left_out.items())
        if item.note or (reasons and item.way != "union"):
            typer.echo(f"{item.way}, left out: {item.note or reasons}", err=bool(item.note))
    typer.echo(f"{len(result.analogues):,} analogue{'' if len(result.analogues) == 1 else 's'}")
    if result.shortfall:
        typer.echo(f"fewer than asked for: {result.shortfall}", err=True)
