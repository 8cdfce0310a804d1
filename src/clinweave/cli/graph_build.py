"""`clinweave graph build`: the graph from fetched databases and the user's own files."""

from pathlib import Path
from typing import Annotated

import typer

from clinweave.cli.graph_output import AsJson, print_built, working
from clinweave.core.artifacts import home
from clinweave.core.errors import UserError
from clinweave.records import Grade


def build(  # noqa: PLR0917 - each parameter is one option
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DATABASE]...", help="Database ids, 'default' or 'all'; default if none is given."
        ),
    ] = None,
    databases: Annotated[
        str | None, typer.Option(metavar="ID,ID", help="The same as one list: all, default, or ids.")
    ] = None,
    add: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID=PATH",
            help="Read a database from a file or folder that you have, or, under a name of your own, tables of "
            "triples and concepts (.csv, .tsv, KGX); may be repeated.",
        ),
    ] = None,
    unmerge: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="TSV file of merges to undo, with the columns id and canonical.",
            show_default="home/unmerge.tsv",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Output folder.", show_default="home/graph")
    ] = None,
    grade: Annotated[
        str,
        typer.Option(
            metavar="GRADE",
            help="Grade of relations of your own that state no knowledge level: curated (may support answers), "
            "text-mined, co-occurrence, class-inferred, synthetic, computed.",
        ),
    ] = "curated",
    release: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=TEXT", help="Release of a source of your own, as answers show it."),
    ] = None,
    licence: Annotated[
        list[str] | None, typer.Option(metavar="NAME=TEXT", help="Licence of a source of your own.")
    ] = None,
    tier: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=TIER",
            help="Who may see a source of your own: public (default), gated, pseudonymised, private.",
        ),
    ] = None,
    allow_loss: Annotated[
        bool,
        typer.Option(
            "--allow-loss", help="Replace an existing graph even if the new one lacks some kinds of records."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Build the graph from the downloaded databases; an up-to-date graph is not rebuilt."""
    from clinweave.knowledge import build_graph, graph_inputs

    asked = [*(names or ()), *filter(None, (databases or "").split(","))]
    added = [_pair(item) for item in add or ()]
    files = graph_inputs(asked, added, home())
    usual = home() / "unmerge.tsv"
    unmerge = unmerge or (usual if usual.is_file() else None)
    with working() as tell:
        done = build_graph(
            files,
            out or home() / "graph",
            progress=tell,
            apart=unmerge,
            allow_loss=allow_loss,
            chosen=bool(asked),
            own_grade=_grade(grade),
            own_facts=_facts(release=release, licence=licence, tier=tier),
        )
    print_built(done, as_json, own=[name for name, _ in added])


def _grade(text: str) -> Grade:
    try:
        return Grade(text)
    except ValueError:
        raise UserError(f"--grade {text!r}: choose one of {', '.join(Grade)}") from None


def _facts(**options: list[str] | None) -> dict[str, dict[str, str]]:
    """Return source -> what the options state of it. Raises `UserError` for one without a name."""
    facts: dict[str, dict[str, str]] = {}
    for option, texts in options.items():
        for text in texts or ():
            name, equals, value = text.partition("=")
            if not equals or not value.strip():
                raise UserError(f"--{option} {text!r}: give NAME=TEXT, where NAME is that of an --add")
            facts.setdefault(name, {})[option] = value.strip()
    return facts


def _pair(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    if not equals or not path:
        raise UserError(f"--add {text!r}: give ID=PATH, for instance orphanet=~/orphadata")
    return name, Path(path).expanduser()
