"""`clinweave index`: build and search the text index; add your own folders."""

import json
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clinweave.cli.answers import Collections, IndexFolder
from clinweave.cli.console import spinner
from clinweave.cli.index_vectors import complete, vectors
from clinweave.core.artifacts import Artifact, home, read_manifest
from clinweave.records import to_json

if TYPE_CHECKING:
    from clinweave.knowledge import Graph, Hit, Linker

app = typer.Typer(add_completion=False, no_args_is_help=True)
app.command()(vectors)
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Skip = Annotated[
    bool, typer.Option("--skip-unreadable", help="Exit with 0 even if some files could not be read.")
]

Keep = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME", help="Index this document whatever its version (* for any text); may be repeated."
    ),
]
LeaveOut = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Do not index this document (* for any text); may be repeated."),
]

_MAX_SHOWN = 50  # documents listed on the terminal
_MAX_COPIES = 10


class Access(StrEnum):
    """Who may see a collection."""

    PUBLIC = "public"
    GATED = "gated"
    PRIVATE = "private"


@app.command()
def build(as_json: AsJson = False) -> None:
    """Index the graph's passages and all collections; unchanged parts are not rebuilt."""
    _report(_built(), as_json)


@app.command()
def add(  # noqa: PLR0917 - each parameter is one option
    path: Annotated[
        Path,
        typer.Argument(help="A file, folder, .tar.gz or .zip of documents (see docs/text_index.md)."),
    ],
    name: Annotated[str, typer.Option(help="Name of the collection (default: from the path).")] = "",
    tier: Annotated[Access, typer.Option(help="Who may see it.")] = Access.PUBLIC,
    licence: Annotated[str, typer.Option(help="Licence of its passages.")] = "",
    all_versions: Annotated[
        bool, typer.Option("--all-versions", help="Also index older versions and withdrawn documents.")
    ] = False,
    keep: Keep = None,
    leave_out: LeaveOut = None,
    skip_unreadable: Skip = False,
    as_json: AsJson = False,
) -> None:
    """Add your own documents to the index as a collection.

    Files that cannot be read are listed with the reason, and the exit code is 1 (what could be read is indexed).
    """
    from clinweave.knowledge import add_collection
    from clinweave.records import Tier

    with spinner() as set_status:
        done = add_collection(
            path,
            home(),
            name=name,
            tier=Tier(tier.value),
            licence=licence,
            all_versions=all_versions,
            keep=keep or (),
            leave_out=leave_out or (),
            progress=lambda count: set_status(f"reading: {count:,} passages"),
        )
    _report_collection(done, as_json=as_json, skip_unreadable=skip_unreadable)


@app.command()
def replace(  # noqa: PLR0917 - each parameter is one option
    name: Annotated[str, typer.Argument(help="The collection's name.")],
    path: Annotated[Path, typer.Argument(help="The new file, folder, .tar.gz or .zip.")],
    tier: Annotated[Access | None, typer.Option(help="Who may see it.", show_default="as before")] = None,
    licence: Annotated[str, typer.Option(help="Licence of its passages.", show_default="as before")] = "",
    keep: Keep = None,
    leave_out: LeaveOut = None,
    skip_unreadable: Skip = False,
    as_json: AsJson = False,
) -> None:
    """Replace a collection's files in one step; if no new file can be read, nothing changes."""
    from clinweave.knowledge import replace_collection
    from clinweave.records import Tier

    with spinner() as set_status:
        done = replace_collection(
            name,
            path,
            home(),
            tier=Tier(tier.value) if tier else None,
            licence=licence,
            keep=keep or (),
            leave_out=leave_out or (),
            progress=lambda count: set_status(f"reading: {count:,} passages"),
        )
    _report_collection(done, as_json=as_json, skip_unreadable=skip_unreadable)


@app.command()
def prefer(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Collections; if none is given, show the setting."),
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="Prefer no collection.")] = False,
    as_json: AsJson = False,
) -> None:
    """Rank passages of these collections above others of the same kind (scores x 1.5)."""
    from clinweave.core.errors import UserError
    from clinweave.knowledge import collections, prefer_collections, preferred_collections

    if names and none:
        raise UserError("give names of collections or --none, not both")
    if names or none:
        preferred = prefer_collections(names or (), home(), collections(home()))
    else:
        preferred = preferred_collections(home())
    if as_json:
        typer.echo(json.dumps({"preferred": preferred}))
    else:
        typer.echo(f"preferred: {', '.join(preferred) or 'none'}")


def _report_collection(done: Artifact, *, as_json: bool, skip_unreadable: bool) -> None:
    """Index a collection that was read, print what was read and left out, and exit with 1 for unread files."""
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
    counts = Counter(unreadable.values())  # listed below, each with its name
    for reason, count in facts["dropped"].items():
        if (rows := count - counts[reason]) > 0:
            examples = facts.get("examples", {}).get(reason, [])  # collections of earlier releases have none
            more = "; ..." if rows > len(examples) else ""
            where = f" ({'; '.join(examples)}{more})" if examples else ""
            typer.echo(f"  {rows:,} x {reason}{where}", err=True)
    _show_left_out(index.manifest, facts["name"])
    if unreadable:
        typer.echo(f"not read ({len(unreadable)} files):", err=True)
        for file, reason in unreadable.items():
            typer.echo(f"  {file}: {reason}", err=True)
        if not skip_unreadable:
            raise typer.Exit(1)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the collections, and the documents of each that are not indexed."""
    from clinweave.knowledge import collections, preferred_collections

    entries = collections(home())
    preferred = preferred_collections(home())
    index = read_manifest(home() / "index") or {}
    if as_json:
        for name, facts in entries.items():
            facts["preferred"] = name in preferred
            facts["left_out"], facts["possibly_older"] = _left_out(index, name)
        typer.echo(json.dumps(entries, indent=1))
        return
    for name, facts in entries.items():
        first = "\tpreferred" if name in preferred else ""
        typer.echo(
            f"{name}\t{facts['documents']:,} documents\t{facts['passages']:,} passages\t"
            f"{facts['tier']}\t{facts['path']}{first}"
        )
        _show_left_out(index, name)
    if not entries:
        typer.echo("no collections; `clinweave index add PATH` makes one", err=True)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="The collection's name.")], as_json: AsJson = False
) -> None:
    """Delete a collection from the index; your own files are not touched."""
    from clinweave.knowledge import collections, remove_collection

    remove_collection(name, home())
    index = None
    if collections(home()) or read_manifest(home() / "graph") is not None:
        index = _built()
    else:
        from clinweave.core.artifacts import remove_built

        remove_built(home() / "index", "text-index")
    if as_json:
        typer.echo(json.dumps({"removed": name, "index": index.manifest if index else None}, indent=1))
    else:
        typer.echo(f"removed {name}")


@app.command()
def search(  # noqa: PLR0917 - each parameter is one option
    text: Annotated[str, typer.Argument(help="Words or a question.")],
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="Number of passages.")] = 10,
    concept: Annotated[
        list[str] | None, typer.Option(help="Also passages on this concept (a CURIE) or a narrower one.")
    ] = None,
    collection: Collections = None,
    folder: IndexFolder = None,
    hybrid: Annotated[
        bool, typer.Option("--hybrid", help="Also by meaning (needs `clinweave index vectors`).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find passages by words and by the concepts of the question."""
    from clinweave.knowledge import (
        HybridIndex,
        SentenceEncoder,
        TextIndex,
        index_folder,
        preferred_collections,
    )

    index: TextIndex | HybridIndex
    searched = home() / "index" if folder is None else index_folder(folder)
    index = TextIndex.open(searched, collections=collection, preferred=preferred_collections(home()))
    if hybrid:
        index = HybridIndex(index, SentenceEncoder.open(home()), home())
    graph, linker = _knowledge()
    if graph is not None:
        for curie in concept or ():
            graph.concept(curie)  # an unknown one is an error that names near ones
    hits = index.search(text, k=k, concepts=tuple(concept or ()), linker=linker, graph=graph)
    if as_json:
        results = [{"score": hit.score, "reason": hit.reason, **to_json(hit.passage)} for hit in hits]
        typer.echo(json.dumps({"query": text[:1000], "hits": results}, ensure_ascii=False, indent=1))
        return
    _show(hits)


@app.command()
def info(folder: IndexFolder = None, as_json: AsJson = False) -> None:
    """Show the index's path and contents."""
    from clinweave.knowledge import TextIndex, index_folder

    facts = TextIndex.open(home() / "index" if folder is None else index_folder(folder)).info()
    if as_json:
        typer.echo(json.dumps(facts, indent=1))
        return
    typer.echo(f"{facts['path']}: {facts['passages']:,} passages")
    for name, part in facts["parts"].items():
        typer.echo(f"  {name}: {part['passages']:,}")
    _show_left_out(facts)


def _left_out(facts: Mapping[str, Any], name: str = "") -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Return the documents, of one collection or of all, that are left out, and those that may be older versions."""
    out, doubtful = (
        [item for item in facts.get(key, []) if not name or item["collection"] == name]
        for key in ("left_out", "possibly_older")
    )
    return out, doubtful


def _show_left_out(facts: Mapping[str, object], name: str = "") -> None:
    """Print the documents that are not indexed and those that may be older versions, each with the reason."""
    out, doubtful = _left_out(facts, name)
    copies = [item for item in out if item["kind"] == "duplicate"]
    for title, items, most in (
        ("left out ({} documents; `index add --keep NAME` indexes one, --all-versions all)",
         [item for item in out if item["kind"] != "duplicate"], _MAX_SHOWN),
        ("indexed, but look at these ({} documents; `index add --leave-out NAME` leaves one out)",
         doubtful, _MAX_SHOWN),
        ("indexed once ({} documents are copies of another)", copies, _MAX_COPIES),
    ):  # fmt: skip
        if items:
            typer.echo(f"{title.format(f'{len(items):,}')}:", err=True)
        for item in items[:most]:
            typer.echo(f"  {item['collection']}/{item['document']}: {item['reason']}", err=True)
        if len(items) > most:
            typer.echo(f"  and {len(items) - most:,} more (`index list --json` has all)", err=True)


def _knowledge() -> "tuple[Graph | None, Linker | None]":
    from clinweave.knowledge import Graph, Linker, with_translations

    if read_manifest(home() / "graph") is None:
        return None, None
    graph = Graph.open(home() / "graph")
    return graph, with_translations(Linker.open(graph), home())


def _built() -> Artifact:
    from clinweave.knowledge import build_home_index

    with spinner() as set_status:
        set_status("reading names")
        graph, linker = _knowledge()
        built = build_home_index(
            graph,
            linker,
            home(),
            progress=lambda name, count: set_status(f"indexing {name}: {count:,} passages"),
        )
    complete()
    return built


def _report(index: Artifact, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"path": str(index.path), "fresh": index.fresh, **index.manifest}, indent=1))
        return
    total = sum(part["passages"] for part in index.manifest["parts"].values())
    typer.echo(f"{index.path}: {total:,} passages{'' if index.fresh else ' (unchanged)'}")
    _show_left_out(index.manifest)


def _show(hits: "list[Hit]") -> None:
    from rich.markup import escape

    from clinweave.cli.console import Console

    screen = Console()
    if not hits:
        screen.print("nothing was found")
    for hit in hits:
        text = " ".join(hit.passage.text.split())
        excerpt = f"{text[:300]}..." if len(text) > 300 else text
        location = f"{hit.passage.document} {hit.passage.start}-{hit.passage.end}"
        screen.print(
            f"[bold]{escape(hit.passage.title)}[/bold]  {hit.score:.2f}  {escape(location)}  {hit.passage.source}"
        )
        screen.print(f"{escape(excerpt)}\n[dim]{escape(hit.reason)}[/dim]\n")
