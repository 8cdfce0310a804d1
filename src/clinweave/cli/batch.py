"""`clinweave batch`: one job over many items, on this machine or a cluster; a stopped run goes on."""

import json
from pathlib import Path
from typing import Annotated

import typer

from clinweave.cli.console import spinner
from clinweave.core.errors import UserError

app = typer.Typer(add_completion=False)


@app.command()
def command(  # noqa: PLR0917 - each parameter is one option
    job: Annotated[
        str,
        typer.Argument(
            metavar="JOB",
            help="link, deidentify, index, embed, generate, score, featurise, diagnose, or one of a package.",
        ),
    ],
    source: Annotated[
        Path, typer.Argument(metavar="INPUT", help="A .jsonl, .parquet or PubMed file, or a folder of them.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the result, one file for each part.")],
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of the job; may be repeated."),
    ] = None,
    runner: Annotated[
        str, typer.Option(help="Where: local, ray (of this machine) or ray://HOST[:PORT].")
    ] = "local",
    workers: Annotated[
        int, typer.Option(min=0, help="Worker processes of this machine; 0: one for each processor.")
    ] = 0,
    memory: Annotated[
        str, typer.Option(metavar="SIZE", help="Most memory of one worker, as 4G; none if not given.")
    ] = "",
    part_size: Annotated[str, typer.Option(metavar="SIZE", help="Bytes of input in a part.")] = "8M",
    requests: Annotated[
        bool,
        typer.Option(
            "--requests",
            help="Of generate and score: only write OpenAI's batch files into DIR; nothing is sent.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Run a job over many items. Parts that are finished are kept: run it again to go on after a stop.

    Each row needs an "id" and what the job reads ("text"). Each gives one row of the result, in order; a bad row has
    its "error" and nothing else.
    """
    from clinweave.batch import make_job, memory_bytes, open_runner, part_bytes, run_batch
    from clinweave.cli.train import setting

    settings = dict(setting(change) for change in changes or [])
    chosen = make_job(job, {key: _listed(key, value) for key, value in settings.items()})
    if requests:
        _write_requests(job, chosen, source, out, as_json)
        return
    with spinner(quiet=as_json) as show:
        result = run_batch(
            chosen, source, out, name=job, runner=open_runner(runner, workers), memory=memory_bytes(memory),
            part_bytes=part_bytes(part_size),
            progress=lambda done, parts, rows: show(f"{job}: {done} of {parts} parts, {rows} rows"),
        )  # fmt: skip
    if as_json:
        typer.echo(json.dumps(result.to_json(), indent=1))
        return
    bad = "; ".join(f"{count} {kind}" for kind, count in sorted(result.errors.items()))
    typer.echo(
        f"{result.rows} rows in {len(result.parts)} parts ({result.resumed} were there), "
        f"{result.errors.total()} bad rows{f' ({bad})' if bad else ''}: {result.out}",
        err=True,
    )


def _write_requests(name: str, job: object, source: Path, out: Path, as_json: bool) -> None:
    write = getattr(job, "requests", None)
    if write is None:
        raise UserError(f"--requests is for generate and score; {name} asks no model")
    files, count, bad = write(source, out)
    if as_json:
        typer.echo(json.dumps({"files": [str(file) for file in files], "requests": count, "bad_rows": bad}))
    else:
        typer.echo(f"{count} requests in {len(files)} files, {bad} bad rows: {out}", err=True)


def _listed(key: str, value: object) -> object:
    return [value] if key == "prefix" and isinstance(value, str) else value
