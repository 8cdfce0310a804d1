"""`clinweave estimate corpus`: hours, machines and disk of jobs over a corpus, from a sample that is run here."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from clinweave.batch import Extrapolated, Measured

JOBS = ("link", "index")
_SAMPLE = 2000  # records
_FEW = 100  # records that tell little of a corpus


def estimate_corpus(
    records: int, sample: Path | None, jobs: list[str], settings: Mapping[str, object],
    machine: tuple[int, float], *, as_json: bool,
) -> None:  # fmt: skip
    """Print what the jobs take over so many records; `machine`: its processors, and the hours until it is done."""
    from clinweave.batch import extrapolate, make_job, measure, sample_file
    from clinweave.cli.console import spinner

    where = str(sample or "the knowledge base's own passages")
    if records < 1:
        raise UserError("estimate corpus needs --records: how many the corpus has")
    names = jobs or list(JOBS)
    if settings and len(names) > 1:
        raise UserError("--set is of one job: give one --job")
    made = {name: make_job(name, settings) for name in names}
    with tempfile.TemporaryDirectory() as folder, spinner(quiet=as_json) as show:
        file = sample_file(sample, _SAMPLE, Path(folder))
        measured = []
        for name, job in made.items():
            show(f"{name}: running the sample")
            measured.append(measure(name, job, file, where))
    expected = [extrapolate(item, records, *machine) for item in measured]
    if as_json:
        document = {"records": records, "processors": machine[0], "hours": machine[1],
                    "measured": [asdict(item) for item in measured],
                    "extrapolated": [asdict(item) for item in expected]}  # fmt: skip
        typer.echo(json.dumps(document, indent=1))
        return
    _print(records, where, machine, measured, expected)


def _print(
    records: int, sample: str, machine: tuple[int, float],
    measured: "list[Measured]", expected: "list[Extrapolated]",
) -> None:  # fmt: skip
    from rich.table import Table

    from clinweave.cli.console import Console

    screen, (processors, hours) = Console(), machine
    here = Table(
        "job", "records", "bad", "records/s (least to most)", "kB in", "kB out", title="Measured here"
    )
    for item in measured:
        speeds = [item.records / seconds for seconds in (item.seconds, item.most_seconds, item.least_seconds)]
        here.add_row(
            item.job, f"{item.records:,}", f"{item.bad_records:,}",
            f"{speeds[0]:,.0f} ({speeds[1]:,.0f} to {speeds[2]:,.0f})",
            f"{item.input_bytes / item.records / 1000:.1f}", f"{item.output_bytes / item.records / 1000:.1f}",
        )  # fmt: skip
    there = Table(
        "job", "processor hours", "machines", "GB of result", title=f"Extrapolated to {records:,} records"
    )
    for many in expected:
        there.add_row(
            many.job, f"{many.processor_hours:,.1f} ({many.least_hours:,.1f} to {many.most_hours:,.1f})",
            str(many.machines), f"{many.disk_gb:,.1f}",
        )  # fmt: skip
    screen.print(here)
    screen.print(
        f"{sample}, run by one worker of `clinweave batch` on one processor of this machine, {measured[0].runs} times; "
        "seconds are the processor's, without opening the job.", markup=False,
    )  # fmt: skip
    screen.print(there)
    screen.print(
        f"If every record takes what these took. Machines of {processors} processors, done in {hours:g} hours. Not "
        "included: waiting for a disk, a network or a model's server, the input itself, and joining shards, which "
        "links files.", markup=False,
    )  # fmt: skip
    few = min(item.records - item.bad_records for item in measured)
    if few < _FEW:
        screen.print(
            f"Rough: only {few} good records were measured; give a --sample of {_FEW} or more.", markup=False
        )
