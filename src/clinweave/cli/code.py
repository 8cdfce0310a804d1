"""`clinweave code`: ICD-10-CM codes for a clinical note, with their sentences and the rules applied."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clinweave.cli.console import spinner
from clinweave.core.artifacts import home
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from clinweave.applications.coding import Coding

app = typer.Typer(add_completion=False)


@app.command()
def code(
    note: Annotated[Path, typer.Argument(metavar="NOTE", help="A text file with the note of one patient.")],
    setting: Annotated[
        str,
        typer.Option(
            metavar="SETTING",
            help="inpatient or outpatient: chooses the rule for uncertain diagnoses (guidelines II.H and IV.H).",
        ),
    ] = "",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write a .csv, .json or .html file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Suggest billable ICD-10-CM codes for a clinical note, the most specific that the text supports.

    Each code comes with the sentences it rests on and the rules applied; what was considered and not coded is listed
    with the reason.
    For coders' support, not for billing.
    """
    from clinweave.applications.coding import (
        SETTINGS,
        Codebook,
        check_ending,
        check_note,
        code_note,
        read_note,
        write_coding,
    )

    if setting not in SETTINGS:
        problem = f"--setting {setting}: unknown" if setting else "--setting is missing"
        raise UserError(f"{problem}; give --setting inpatient or --setting outpatient")
    if out is not None:
        check_ending(out)
    text = read_note(note)
    try:
        check_note(text)
    except UserError as error:
        raise UserError(f"{note}: {error}") from error
    with spinner() as progress:
        progress("reading the tabular list (compiled on first use)")
        book = Codebook.fetched(home())
        progress("coding")
        coding = code_note(text, setting, book)
    if out is not None:
        write_coding(coding, out)
    if as_json:
        typer.echo(json.dumps(coding.to_json(), ensure_ascii=False))
        return
    _show(coding)


def _show(coding: "Coding") -> None:
    from rich.markup import escape
    from rich.table import Table

    from clinweave.cli.console import Console

    screen = Console()
    if coding.codes:
        table = Table("code", "title", "text", "rules", title=f"ICD-10-CM {coding.release}, {coding.setting}")
        for item in coding.codes:
            texts = dict.fromkeys(quote.sentence for quote in item.evidence)
            notes = [*item.rules, *([item.certainty] if item.certainty != "stated" else [])]
            notes += [f"{name} not stated" for name in item.missing]
            table.add_row(item.code, escape(item.title), escape("\n".join(texts)), escape("\n".join(notes)))
        screen.print(table)
    else:
        screen.print("No code is suggested.")
    if coding.considered:
        others = Table("considered", "code", "not coded because", "rule")
        for other in coding.considered:
            others.add_row(escape(" ".join(other.text.split())), other.code, escape(other.reason), other.rule)
        screen.print(others)
    for warning in coding.warnings:
        screen.print(f"Warning: {escape(warning)}")
    screen.print(coding.notice)
