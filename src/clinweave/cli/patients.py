"""`clinweave patients`: read records of patients into a private store, and look at one patient."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from clinweave.cli.console import Console
from clinweave.core.artifacts import home
from clinweave.patients import SourceKind

if TYPE_CHECKING:
    from clinweave.knowledge import Graph, Linker
    from clinweave.patients import PatientStore

app = typer.Typer(add_completion=False, no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Where = Annotated[
    Path | None,
    typer.Option("--in", metavar="DIR", help="Folder of the store (default: the one with the patient)."),
]
Patient = Annotated[str, typer.Argument(metavar="ID", help="The patient's number, or the id in the source.")]


@app.command()
def load(  # noqa: PLR0917
    source: Annotated[
        str, typer.Argument(metavar="PATH", help="File, folder, .tar.gz, or postgresql://host/db#schema.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the new store.", show_default="home/patients/NAME"),
    ] = None,
    kind: Annotated[SourceKind, typer.Option(help="Format of the source.")] = SourceKind.AUTO,
    memory: Annotated[str, typer.Option(help="Memory limit of DuckDB; beyond it, it uses the disk.")] = "1GB",
    links: Annotated[bool, typer.Option(help="Map codes to concepts of the graph.")] = True,
    as_json: AsJson = False,
) -> None:
    """Load records (FHIR, OMOP, MIMIC-IV, MEDS) into a private event store and map their codes to concepts."""
    from clinweave.patients import load as load_patients
    from clinweave.patients import register

    folder = out or home() / "patients" / _name_of(source)
    graph, linker = _graph_and_linker() if links else (None, None)
    with _working() as tell:
        done = load_patients(
            source, folder, kind=kind, graph=graph, linker=linker, memory=memory, progress=tell
        )
    register(done.path, home())
    if as_json:
        _json({"path": str(done.path), "fresh": done.fresh, **_index_facts(done.manifest)})
        return
    screen = Console()
    counts = done.manifest["counts"]
    screen.print(
        f"{escape(str(done.path))}: {counts['patients']:,} patients, {counts['events']:,} events, "
        f"{counts['codes']:,} codes{'' if done.fresh else ' (unchanged)'}; private to you"
    )
    if graph is not None:
        screen.print(_coverage(done.manifest["coverage"]))
    elif links:
        screen.print(
            "no graph is built, so nothing is joined to concepts: `clinweave graph build`, then load again"
        )
    for reason, count in done.manifest["dropped"].items():
        typer.echo(f"  {count:,} x {reason}", err=True)
    for file, row, reason in done.manifest["dropped_examples"][:5]:
        typer.echo(f"    {file}, row {row}: {reason}", err=True)


@app.command("list")
def list_(
    where: Where = None,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of patients to show.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the stores; with --in, the patients of one."""
    from clinweave.patients import PatientStore, stores

    if where is None:
        rows = [{"path": str(path), **PatientStore.open(path).manifest["counts"]} for path in stores(home())]
    else:
        rows = [
            {"subject_id": row["subject_id"], "id": row["source_id"]}
            for row in PatientStore.open(where).people.slice(0, limit).to_pylist()
        ]
    if as_json:
        _json(rows)
        return
    for row in rows:
        typer.echo(
            "  ".join(
                f"{key} {value:,}" if key in {"patients", "events", "codes"} else f"{value}"
                for key, value in row.items()
            )
        )
    if not rows:
        typer.echo("there is no store of patients; `clinweave patients load PATH` makes one")


@app.command()
def show(
    patient: Patient,
    where: Where = None,
    notes: Annotated[
        bool, typer.Option("--notes", help="Count the concepts mentioned in the notes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show one patient's problems, drugs and labs, with the mapped concepts."""
    from clinweave.patients import summary

    patient_summary = summary(_store(where, patient), patient, _graph_and_linker()[1] if notes else None)
    if as_json:
        _json(patient_summary)
        return
    screen = Console()
    facts = ", ".join(
        f"{key} {patient_summary[key]}" for key in ("sex", "born", "died") if key in patient_summary
    )
    screen.print(
        f"[bold]{escape(patient_summary['id'])}[/bold] ({patient_summary['subject_id']}) {facts}; "
        f"{patient_summary['visits']} visits, {patient_summary['notes']} notes"
    )
    for kind in ("problem", "drug", "lab"):
        joined, codes = patient_summary["joined"][kind]
        if codes:
            screen.print(
                _grouped(f"{kind}s: {joined} of {codes} joined to a concept", patient_summary[f"{kind}s"])
            )
    for status, title in (("absent", "stated as absent: ruled out or not given"), ("uncertain", "uncertain")):
        if patient_summary[status]:
            screen.print(_grouped(title, patient_summary[status]))
    for row in patient_summary.get("named_in_notes", [])[:20]:
        screen.print(f"  in {row['notes']} notes: {escape(row['name'])} [dim]{row['concept']}[/dim]")


@app.command("summary")
def summary_(
    patient: Patient,
    where: Where = None,
    most: Annotated[int, typer.Option(min=1, help="Maximum number of lines in a section.")] = 25,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a .txt, .md, .json or .html file instead.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Summarise one patient's record by problem, every sentence with the entry it rests on.

    Names, dates, values and doses are copied from the entries, sentences of the latest notes are quoted.
    Contradictions are shown and not resolved; what is not shown is listed.
    """
    from clinweave.applications.summary import (
        as_text,
        check_ending,
        summarize_record,
        with_notes,
        write_summary,
    )
    from clinweave.cli.records import one_record

    if out is not None:
        check_ending(out)
    record = one_record(where, patient)
    summary = summarize_record(record, most)
    if record.of("note") and (linker := _graph_and_linker()[1]) is not None:
        summary = with_notes(summary, record, linker.link)
    if out is not None:
        write_summary(summary, out)
    if as_json:
        _json(summary.to_json())
    elif out is None:
        typer.echo(as_text(summary))
    else:
        typer.echo(f"{out}: {len(summary.lines)} lines, {len(summary.contradictions)} contradictions")


@app.command()
def timeline(
    patient: Patient,
    where: Where = None,
    only: Annotated[
        str, typer.Option(help="Only this kind: problem, drug, lab, procedure, observation, visit, note.")
    ] = "",
    limit: Annotated[int, typer.Option(min=0, help="Maximum number of events to show; 0 for all.")] = 200,
    as_json: AsJson = False,
) -> None:
    """Show one patient's events in order of time; for notes, their length and concepts."""
    from itertools import islice

    from clinweave.patients import timeline as timeline_of

    lines = timeline_of(_store(where, patient), patient, _graph_and_linker()[1])
    printed = [line for line in lines if not only or line["kind"] == only]
    picked = list(islice(printed, limit or None))
    if as_json:
        _json(picked)
        return
    screen, last = Console(), ""
    for line in picked:
        day = (line["time"] or "always")[:10]
        value = f" = {line['value']}" if line["value"] else ""
        value += "" if line["status"] == "present" else f" [{line['status']}]"
        concept = f"  [dim]{line['concept']} ({line['linked_by']})[/dim]" if line["concept"] else ""
        screen.print(
            f"{day if day != last else ' ' * 10}  {line['kind']:<11} {escape(line['name'])}{escape(value)}{concept}",
            soft_wrap=True,
        )
        last = day
    if len(printed) > len(picked):
        typer.echo(f"{len(printed) - len(picked):,} more; --limit 0 shows all", err=True)


@app.command()
def index(
    where: Where = None,
    name: Annotated[str, typer.Option(help="Name of the collection.")] = "patients",
    raw: Annotated[bool, typer.Option("--raw", help="Do not pseudonymise the notes.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add a store's notes to the text index, as a private collection."""
    from clinweave.knowledge import build_home_index
    from clinweave.patients import Pseudonymiser, add_notes, key_at

    graph, linker = _graph_and_linker()
    rules = None if raw else Pseudonymiser(key_at(home() / "deid.key"), linker)
    with _working() as tell:
        artifact = add_notes(_store(where, ""), home(), name, rules)
        build_home_index(
            graph, linker, home(), progress=lambda stage, count: tell(f"indexing {stage}", count)
        )
    if as_json:
        _json(artifact.manifest)
    else:
        facts = artifact.manifest
        typer.echo(
            f"{name}: {facts['documents']:,} notes, {facts['passages']:,} passages, "
            f"{'raw' if raw else 'pseudonymised'}, private"
        )


def _store(where: Path | None, patient: str) -> "PatientStore":
    from clinweave.patients import one_store

    return one_store(where, home(), patient)


def _graph_and_linker() -> "tuple[Graph | None, Linker | None]":
    """Return the usual graph and its linker, or nothing where none is built."""
    from clinweave.core.artifacts import read_manifest

    if read_manifest(home() / "graph") is None:
        return None, None
    from clinweave.knowledge import Graph, Linker

    graph = Graph.open(home() / "graph")
    return graph, Linker.open(graph)


def _index_facts(manifest: Mapping[str, object]) -> dict[str, object]:
    return {
        key: manifest[key]
        for key in ("source_kind", "tier", "counts", "coverage", "dropped", "dropped_examples")
    }


def _coverage(coverage: dict[str, dict[str, dict[str, int]]]) -> Table:
    from clinweave.patients import share

    table = Table(
        "",
        "codes",
        "events",
        "events joined",
        "by code",
        "by name",
        "by part of the name",
        title="joined to concepts",
    )
    for kind, counts in coverage.items():
        total = [sum(numbers[unit] for numbers in counts.values()) for unit in ("codes", "events")]
        by_code = sum(counts[how]["events"] for how in ("code", "code-chosen", "related"))
        table.add_row(f"{kind}s", f"{total[0]:,}", f"{total[1]:,}", f"{share(counts):.1%}", f"{by_code:,}",
                      f"{counts['name']['events']:,}", f"{counts['part']['events']:,}")  # fmt: skip
    return table


def _grouped(title: str, rows: list[dict[str, Any]]) -> Table:
    table = Table("first", "last", "times", "name", "value", "concept", title=title)
    for row in rows[:40]:
        concept = (
            f"{row['concept_name']} [dim]{row['concept']} ({row['linked_by']})[/dim]"
            if row["concept"]
            else ""
        )
        table.add_row(
            row["first"], row["last"], str(row["times"]), escape(row["name"]), escape(row["value"]), concept
        )
    return table


@contextmanager
def _working() -> Iterator[Callable[[str, int], None]]:
    with Console(stderr=True).status("starting") as status:
        yield lambda stage, count: status.update(f"{stage}: {count:,}")


def _name_of(source: str) -> str:
    name = source.partition("#")[0].rstrip("/").rpartition("/")[2].lower()
    for ending in (".gz", ".tar", ".tgz", ".duckdb", ".json", ".ndjson"):
        name = name.removesuffix(ending)
    return (
        "".join(part if part.isalnum() or part in "._-" else "-" for part in name).strip("-.") or "patients"
    )


def _json(value: object) -> None:
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False, default=str))
