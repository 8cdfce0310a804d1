"""`clinweave index`: build and search the text index; add your own folders."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clinweave.artifacts import Artifact, home, read_manifest
from clinweave.cli.spinning import spinning
from clinweave.records import to_json

if TYPE_CHECKING:
    from clinweave.knowledge import Graph, Hit, Linker

app = typer.Typer(add_completion=False, no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]


class Access(StrEnum):
    """Who may see a collection."""

    PUBLIC = "public"
    GATED = "gated"
    PRIVATE = "private"


@app.command()
def build(as_json: AsJson = False) -> None:
    """Index the graph's passages and every collection; what has not changed is kept."""
    _report(_built(), as_json)


@app.command()
def add(  # noqa: PLR0917 - each parameter is one option
    path: Annotated[
        Path,
        typer.Argument(help="A file, folder, .tar.gz or .zip of PDF, DOCX, HTML, .md, .txt, .xml, .jsonl."),
    ],
    name: Annotated[str, typer.Option(help="What to call the collection; by default after the path.")] = "",
    tier: Annotated[Access, typer.Option(help="Who may see it.")] = Access.PUBLIC,
    licence: Annotated[str, typer.Option(help="The licence that its passages carry.")] = "",
    skip_unreadable: Annotated[
        bool, typer.Option("--skip-unreadable", help="Exit with 0 although some files could not be read.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read your own documents, keep them as a collection, and add them to the index.

    Files that cannot be read are listed with the reason, and the exit code is 1 (what could be read is indexed).
    """
    from clinweave.knowledge import add_collection
    from clinweave.records import Tier

    with spinning() as said:
        done = add_collection(
            path,
            home(),
            name=name,
            tier=Tier(tier.value),
            licence=licence,
            progress=lambda count: said(f"reading: {count:,} passages"),
        )
    index = _built()
    facts = done.manifest
    unreadable: dict[str, str] = facts["unreadable"]
    if as_json:
        typer.echo(json.dumps({"collection": facts, "fresh": done.fresh, "index": index.manifest}, indent=1))
        if unreadable and not skip_unreadable:
            raise typer.Exit(1)
        return
    typer.echo(
        f"{facts['name']}: {facts['documents']:,} documents, {facts['passages']:,} passages"
        f"{'' if done.fresh else ' (unchanged)'}"
    )
    for reason, count in facts["dropped"].items():
        typer.echo(f"  {count:,} x {reason}", err=True)
    if unreadable:
        typer.echo(f"not read ({len(unreadable)} files):", err=True)
        for file, reason in unreadable.items():
            typer.echo(f"  {file}: {reason}", err=True)
        if not skip_unreadable:
            raise typer.Exit(1)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the collections."""
    from clinweave.knowledge import collections

    found = collections(home())
    if as_json:
        typer.echo(json.dumps(found, indent=1))
        return
    for name, facts in found.items():
        typer.echo(
            f"{name}\t{facts['documents']:,} documents\t{facts['passages']:,} passages\t"
            f"{facts['tier']}\t{facts['path']}"
        )
    if not found:
        typer.echo("no collections; `clinweave index add PATH` makes one", err=True)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="The collection's name.")], as_json: AsJson = False
) -> None:
    """Delete a collection's copy and its passages in the index; your own files stay."""
    from clinweave.knowledge import collections, remove_collection

    remove_collection(name, home())
    index = None
    if collections(home()) or read_manifest(home() / "graph") is not None:
        index = _built()
    else:
        from clinweave.artifacts import remove_built

        remove_built(home() / "index", "text-index")
    if as_json:
        typer.echo(json.dumps({"removed": name, "index": index.manifest if index else None}, indent=1))
    else:
        typer.echo(f"removed {name}")


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="Words or a question.")],
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many passages.")] = 10,
    concept: Annotated[
        list[str] | None, typer.Option(help="Also passages on this concept (a CURIE) or a narrower one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find passages by words and by the concepts of the question."""
    from clinweave.knowledge import TextIndex

    index = TextIndex.open(home() / "index")
    graph, linker = _knowledge()
    if graph is not None:
        for curie in concept or ():
            graph.concept(curie)  # an unknown one is an error that names near ones
    hits = index.search(text, k=k, concepts=tuple(concept or ()), linker=linker, graph=graph)
    if as_json:
        found = [{"score": hit.score, "reason": hit.reason, **to_json(hit.passage)} for hit in hits]
        typer.echo(json.dumps({"query": text[:1000], "hits": found}, ensure_ascii=False, indent=1))
        return
    _show(hits)


@app.command()
def info(as_json: AsJson = False) -> None:
    """Show where the index lies and what is in it."""
    from clinweave.knowledge import TextIndex

    facts = TextIndex.open(home() / "index").info()
    if as_json:
        typer.echo(json.dumps(facts, indent=1))
        return
    typer.echo(f"{facts['path']}: {facts['passages']:,} passages")
    for name, part in facts["parts"].items():
        typer.echo(f"  {name}: {part['passages']:,}")


def _knowledge() -> "tuple[Graph | None, Linker | None]":
    from clinweave.knowledge import Graph, Linker, with_translations

    if read_manifest(home() / "graph") is None:
        return None, None
    graph = Graph.open(home() / "graph")
    return graph, with_translations(Linker.open(graph), home())


def _built() -> Artifact:
    from clinweave.knowledge import build_home_index

    with spinning() as said:
        said("reading names")
        graph, linker = _knowledge()
        return build_home_index(
            graph, linker, home(), progress=lambda name, count: said(f"indexing {name}: {count:,} passages")
        )


def _report(index: Artifact, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"path": str(index.path), "fresh": index.fresh, **index.manifest}, indent=1))
        return
    total = sum(part["passages"] for part in index.manifest["parts"].values())
    typer.echo(f"{index.path}: {total:,} passages{'' if index.fresh else ' (unchanged)'}")


def _show(hits: "list[Hit]") -> None:
    from rich.markup import escape

    from clinweave.cli.console import Console

    screen = Console()
    if not hits:
        screen.print("nothing was found")
    for hit in hits:
        text = " ".join(hit.passage.text.split())
        shown = f"{text[:300]}..." if len(text) > 300 else text
        place = f"{hit.passage.document} {hit.passage.start}-{hit.passage.end}"
        screen.print(
            f"[bold]{escape(hit.passage.title)}[/bold]  {hit.score:.2f}  {escape(place)}  {hit.passage.source}"
        )
        screen.print(f"{escape(shown)}\n[dim]{escape(hit.reason)}[/dim]\n")
