"""`clinweave estimate corpus`: hours, machines and disk of jobs over a corpus, from a sample that is run here."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from clinweave.batch import Extrapolated, Measured

JOBS = ("link", "index")
_SAMPLE = 2000  # records


def estimate_corpus(
    records: int, sample: Path | None, jobs: list[str], processors: int, hours: float, *, as_json: bool
) -> None:
    """Print what the jobs take over so many records; `processors` of one machine, `hours` until it is done."""
    from clinweave.batch import extrapolate, make_job, measure, sample_lines
    from clinweave.cli.console import spinner

    if records < 1:
        raise UserError("estimate corpus needs --records: how many the corpus has")
    lines = sample_lines(sample, _SAMPLE)
    measured = []
    with spinner(quiet=as_json) as show:
        for name in jobs or JOBS:
            show(f"{name}: {len(lines)} records")
            measured.append(measure(name, make_job(name, {}), lines))
    expected = [extrapolate(item, records, processors, hours) for item in measured]
    if as_json:
        document = {"records": records, "processors": processors, "hours": hours,
                    "measured": [asdict(item) for item in measured],
                    "extrapolated": [asdict(item) for item in expected]}  # fmt: skip
        typer.echo(json.dumps(document, indent=1))
        return
    _print(records, sample, (processors, hours), measured, expected)


def _print(
    records: int, sample: Path | None, machine: tuple[int, float],
    measured: "list[Measured]", expected: "list[Extrapolated]",
) -> None:  # fmt: skip
    from rich.table import Table

    from clinweave.cli.console import Console

    processors, hours = machine
    table = Table(
        "job", "measured: records/s", "kB in, out", "extrapolated: processor hours", "machines", "GB"
    )
    for one, many in zip(measured, expected, strict=True):
        kilobytes = f"{one.input_bytes / one.records / 1000:.1f}, {one.output_bytes / one.records / 1000:.1f}"
        table.add_row(
            one.job, f"{one.records / one.seconds:,.0f}", kilobytes, f"{many.processor_hours:,.1f}",
            str(many.machines), f"{many.disk_gb:,.1f}",
        )  # fmt: skip
    screen = Console()
    screen.print(table)
    screen.print(
        f"Measured: {measured[0].records:,} records of {sample or 'the knowledge base'} on one processor of this "
        f"machine, without opening the job. Extrapolated: {records:,} records that take as long as these, machines of "
        f"{processors} processors that are done in {hours:g} hours, without waiting for a disk or a network. Not "
        "included: the input itself, and joining shards, which links files (docs/scale.md).",
        markup=False,
    )  # fmt: skip
