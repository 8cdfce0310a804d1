"""`clinweave graph propose`: relations proposed from text, checked, stored separately from the graph."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from clinweave.cli.console import Console
from clinweave.core.artifacts import Artifact, home
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clinweave.records import Passage


class Method(StrEnum):
    """How relations are read; auto: with a model by score or write, without one by sections."""

    AUTO = "auto"
    SCORE = "score"
    WRITE = "write"
    SECTIONS = "sections"


class Access(StrEnum):
    """Who may see the texts."""

    PUBLIC = "public"
    GATED = "gated"
    PRIVATE = "private"


def propose(  # noqa: PLR0917 - each parameter is one option
    path: Annotated[
        Path | None, typer.Argument(help="A file, folder or archive of texts; or give --collection.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to put them.", show_default="home/proposals")
    ] = None,
    collection: Annotated[str, typer.Option(metavar="NAME", help="Read a collection of the index.")] = "",
    predicates: Annotated[
        str, typer.Option(metavar="NAME,NAME", help="Relations to propose.")
    ] = "causes,treats,has_phenotype",
    model: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="A model, as in `clinweave ask`, or none: pages about one disease are read by titles and sections.",
        ),
    ] = "none",
    method: Annotated[
        Method,
        typer.Option(
            help="score: score each candidate yes or no; write: let the model write; sections: use titles and "
            "sections, without a model."
        ),
    ] = Method.AUTO,
    threshold: Annotated[
        float, typer.Option(help="Accept if log p(yes) - log p(no) is at least this, in nats.")
    ] = 0.0,
    limit: Annotated[int, typer.Option(min=0, help="Maximum number of passages to read; 0 for all.")] = 0,
    tier: Annotated[Access, typer.Option(help="Who may see the texts of PATH.")] = Access.PUBLIC,
    where: Annotated[
        Path | None,
        typer.Option("--graph", metavar="DIR", help="The graph's folder.", show_default="home/graph"),
    ] = None,
    allow_remote: Annotated[
        str, typer.Option(metavar="HOST", help="Host that may receive gated or pseudonymised text.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Extract relations between concepts from texts, without or with a model; they are checked and stored separately.

    A graph takes them in only when told: `clinweave graph build --add proposals=DIR`. Run again to go on after a stop.
    """
    from itertools import islice

    from clinweave.knowledge import Graph, Linker, proposal_rules, propose
    from clinweave.models import open_model

    if model == "none" and method in {Method.SCORE, Method.WRITE}:
        raise UserError(f"--method {method.value} asks a model: give --model ADDRESS, or --method sections")
    uses_model = model != "none" and method is not Method.SECTIONS
    rules = proposal_rules(predicates.split(","))
    graph = Graph.open(where or home() / "graph")
    passages = islice(_passages(path, collection, tier.value), limit or None)
    out = out or home() / "proposals"
    if _is_private(collection, tier):
        from clinweave.patients import register_proposals

        register_proposals(out, home())  # a purge must find them, also where the run is stopped
    opened = open_model(model, home=home()) if uses_model else None
    try:
        with Console(stderr=True).status("reading") as status:
            artifact = propose(
                passages,
                Linker.open(graph),
                opened,
                rules,
                out,
                way=method.value,
                threshold=threshold,
                allow_remote=allow_remote,
                progress=lambda done, total: status.update(f"passage {done:,} of {total:,}"),
            )
    finally:
        if opened is not None:
            opened.close()
    if as_json:
        typer.echo(
            json.dumps({"path": str(artifact.path), **artifact.manifest}, ensure_ascii=False, indent=1)
        )
    else:
        _print(artifact)


def _passages(path: Path | None, collection: str, tier: str) -> "Iterator[Passage]":
    from clinweave.knowledge import collection_passages, read_folder
    from clinweave.records import Tier

    if (path is None) == (not collection):
        raise UserError("give either a PATH with texts or --collection NAME")
    if path is None:
        return collection_passages(collection, home())
    return read_folder(path, tier=Tier(tier))


def _is_private(collection: str, tier: Access) -> bool:
    from clinweave.knowledge import collections

    access = collections(home()).get(collection, {}).get("tier") if collection else tier.value
    return access in {Access.PRIVATE.value, "pseudonymised"}


def _print(artifact: Artifact) -> None:
    screen = Console()
    facts: dict[str, Any] = artifact.manifest
    counts = facts["counts"]
    state = f"{'made' if artifact.fresh else 'up to date'}, {facts['tier']}"
    summary = (
        f"{counts['proposed']:,} proposed of {counts['asked']:,} asked in {counts['passages']:,} passages"
    )
    screen.print(f"{artifact.path}: {summary} ({state})")
    table = Table("not proposed, because", "")
    for reason, count in facts["refused"].items():
        table.add_row(reason, f"{count:,}")
    screen.print(table)
    table = Table(
        "relation", "quote", "score", title="The first ones (not verified, no support for an answer)"
    )
    with (artifact.path / "proposals.jsonl").open(encoding="utf-8") as file:
        for line, _ in zip(file, range(8), strict=False):
            row = json.loads(line)
            triple = f"{row['subject_text']} {row['predicate'].removeprefix('biolink:')} {row['object_text']}"
            table.add_row(escape(triple), escape(row["quote"][:200]), f"{row['score']:.2f}")
    screen.print(table)
