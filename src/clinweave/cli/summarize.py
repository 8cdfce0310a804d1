"""`clinweave summarize`: a problem-oriented summary of clinical notes, every sentence with its place."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clinweave.cli.console import spinner
from clinweave.core.artifacts import home, read_manifest
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from clinweave.applications.summary import Summary
    from clinweave.knowledge import Graph, Linker

app = typer.Typer(add_completion=False)


@app.command()
def summarize(
    notes: Annotated[
        list[Path], typer.Argument(metavar="NOTE...", help="Text files: notes or dialogues of one patient.")
    ],
    model: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Model on this machine whose sentences, each checked, come first (see `ask --model`).",
        ),
    ] = "none",
    most: Annotated[int, typer.Option(min=1, help="Maximum number of sentences in a section.")] = 12,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a .txt, .md, .json or .html file instead.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Summarise clinical notes or dialogues of one patient by problem; every sentence cites its place in the note.

    Sentences are the note's own. Denials, doubts, past and family history keep their status, contradictions are shown
    and not resolved, and what is left out is listed.
    """
    from clinweave.applications.summary import as_text, check_ending, write_summary

    if out is not None:
        check_ending(out)
    with spinner(quiet=as_json) as progress:
        progress("reading the notes")
        summary = _summary(_read(notes), model, most)
    if out is not None:
        write_summary(summary, out)
    if as_json:
        typer.echo(json.dumps(summary.to_json(), ensure_ascii=False, indent=1))
    elif out is None:
        typer.echo(as_text(summary))
    else:
        typer.echo(f"{out}: {len(summary.lines)} sentences, {len(summary.contradictions)} contradictions")


def _read(paths: list[Path]) -> dict[str, str]:
    """Return the texts by file name, by whole path where two files have one name."""
    from clinweave.patients import read_note

    names = [path.name for path in paths]
    if len(set(paths)) < len(paths):
        raise UserError("a note is given twice; give each file once")
    return {path.name if names.count(path.name) == 1 else str(path): read_note(path) for path in paths}


def _summary(notes: dict[str, str], address: str, most: int) -> "Summary":
    from clinweave.applications.summary import summarize_notes, with_model

    graph, linker = _graph_and_linker()
    link = linker.link if linker is not None else None
    summary = summarize_notes(notes, link, most)
    if address == "none":
        return summary
    from clinweave.knowledge import CitationChecker
    from clinweave.models import open_model

    return with_model(summary, open_model(address, home=home()), CitationChecker(graph, linker), link)


def _graph_and_linker() -> "tuple[Graph | None, Linker | None]":
    if read_manifest(home() / "graph") is None:
        return None, None
    from clinweave.knowledge import Graph, Linker

    graph = Graph.open(home() / "graph")
    return graph, Linker.open(graph)
