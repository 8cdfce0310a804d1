"""`clinweave molecules train`: train the graph-to-sequence model."""

import json
from pathlib import Path
from typing import Annotated

import typer

from clinweave.cli.generation import AsJson, Threads, _bar, _use
from clinweave.core.artifacts import home
from clinweave.core.extras import needs_extra


def train(  # noqa: PLR0917 - each parameter is one option
    data: Annotated[
        Path,
        typer.Option(metavar="FILE", help="Molecules to train on: .smi, .sdf, .csv, .xlsx ..."),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Output folder for the model.")],
    size: Annotated[
        str, typer.Option(help="small (2 M parameters), base (59 M, for a GPU) or tiny.")
    ] = "small",
    molecules: Annotated[
        int, typer.Option(help="Number of training molecules, over all epochs.")
    ] = 3_000_000,
    seconds: Annotated[
        float,
        typer.Option(help="Stop after this many seconds of CPU time (wall time with a GPU); 0: no limit."),
    ] = 0.0,
    start: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Start from the weights of this model.")
    ] = None,
    tokens: Annotated[str, typer.Option(help="smiles or selfies.")] = "smiles",
    graphs: Annotated[
        int,
        typer.Option(help="Number of molecules to compute graphs and properties for (1 ms each); 0: all."),
    ] = 0,
    qed_share: Annotated[
        float, typer.Option(help="Share of these molecules to compute QED for (the slowest part).")
    ] = 1.0,
    features: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of computed features.")] = None,
    workers: Annotated[int, typer.Option(help="Number of processes that compute features.")] = 1,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting, such as batch=128.")
    ] = None,
    threads: Threads = 0,
    as_json: AsJson = False,
) -> None:
    """Train a graph-to-sequence model. Features are computed once; an interrupted run resumes.

    A GPU is used if there is one. Several processes: `torchrun --nproc-per-node N -m clinweave molecules train ...`.
    """
    with needs_extra("molecules"):
        from clinweave.applications.molecules import PretrainingConfig, train_model

        _use(threads)
        where = features or home() / "molecules" / f"{data.name.partition('.')[0]}-{tokens}"
        lesson = PretrainingConfig(
            data, size, molecules, tokens, graphs, qed_share, tuple(changes or ()), start, workers
        )
        with _bar() as update:
            left_out: list[str] = []

            def tell(message: str) -> None:
                left_out.append(message)
                typer.echo(message, err=True)

            history = train_model(lesson, where, out, update, seconds or float("inf"), tell=tell)
    last = history[-1]
    typer.echo(
        json.dumps({"model": str(out), **last, "left_out": " ".join(left_out)})
        if as_json
        else f"{last['molecules']:,.0f} molecules seen: {out}"
    )
