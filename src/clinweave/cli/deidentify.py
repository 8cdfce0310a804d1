"""`clinweave deidentify`: notes pseudonymised by rules, and the rules measured."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clinweave.core.artifacts import home, write_text
from clinweave.core.errors import UserError
from clinweave.core.filesystem import regular_file

if TYPE_CHECKING:
    from clinweave.patients import Measured, Person, Pseudonymiser

app = typer.Typer(add_completion=False)
MAX_NOTE = 8 << 20


@app.command()
def command(  # noqa: PLR0917 - each parameter is one option
    note: Annotated[str, typer.Argument(metavar="FILE", help="A text file, or - for standard input.")] = "-",
    patient: Annotated[
        str,
        typer.Option(
            metavar="ID", help="Patient of the note; all dates of a patient are shifted by the same amount."
        ),
    ] = "",
    store: Annotated[
        Path | None, typer.Option("--in", metavar="DIR", help="Store with the patient's name.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The secret key.", show_default="home/deid.key")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Output file (default: standard output).")
    ] = None,
    i2b2: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Measure on your own copy of the i2b2 2014 files.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Replace names, dates, numbers, contacts, places, ages over 89: pseudonymised, not anonymised."""
    from clinweave.cli.patients import _graph_and_linker
    from clinweave.patients import Pseudonymiser, key_at

    rules = Pseudonymiser(key_at(key or home() / "deid.key"), _graph_and_linker()[1])
    if i2b2 is not None:
        _measured(rules, i2b2, as_json)
        return
    subject, person = _person(store, patient)
    redacted = rules.note(_read(note), subject, person)
    summary: dict[str, object] = {
        "state": redacted.state,
        "tier": redacted.tier.value,
        "replaced": redacted.counts(),
    }
    if out is not None:
        write_text(out, redacted.text, private=True)
        summary["path"] = str(out)
    if as_json:
        typer.echo(
            json.dumps(summary if out else {**summary, "text": redacted.text}, indent=1, ensure_ascii=False)
        )
        return
    if out is None:
        typer.echo(redacted.text, nl=not redacted.text.endswith("\n"))
    counts = ", ".join(f"{count} {kind}" for kind, count in redacted.counts().items() if count)
    typer.echo(
        f"pseudonymised, not anonymised: replaced {counts or 'nothing'}; read it before it goes anywhere",
        err=True,
    )


def _read(note: str) -> str:
    if note == "-":
        data = sys.stdin.buffer.read(MAX_NOTE + 1)
    else:
        try:
            with regular_file(Path(note)).open("rb") as file:
                data = file.read(MAX_NOTE + 1)
        except OSError as error:
            raise UserError(f"{note} cannot be read: {error.strerror}") from error
    if len(data) > MAX_NOTE:
        raise UserError(f"{note} is larger than {MAX_NOTE:,} bytes: give one note at a time")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        typer.echo("not UTF-8: read as Windows-1252", err=True)
        return data.decode("cp1252", "replace")


def _person(store: Path | None, patient: str) -> "tuple[str, Person | None]":
    if store is None:
        return patient, None
    from clinweave.patients import PatientStore

    if not patient:
        raise UserError("--in needs --patient: whose note it is")
    opened = PatientStore.open(store)
    subject = opened.subject(patient)
    return str(subject), opened.person(subject)


def _measured(rules: "Pseudonymiser", folder: Path, as_json: bool) -> None:
    from clinweave.databases import RowLog
    from clinweave.patients import measure, read_i2b2

    log = RowLog()
    result: Measured = measure(rules, read_i2b2(folder, log), ignore=frozenset({"PROFESSION", "AGE<90"}))
    facts = {
        "notes": result.notes,
        "leakage": round(result.leakage, 4),
        "precision": round(result.precision, 4),
        "marks": result.marks,
        "leaked": result.leaked,
        "files_refused": log.total,
        "not_counted": ["PROFESSION", "AGE<90"],
    }
    if as_json:
        typer.echo(json.dumps(facts, indent=1))
        return
    for name, value in facts.items():
        typer.echo(f"{name}: {value}")
