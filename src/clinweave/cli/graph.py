"""`clinweave graph`: build, look into, export and import the knowledge graph."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from clinweave.artifacts import Artifact, home

if TYPE_CHECKING:
    from clinweave.knowledge import Graph

app = typer.Typer(add_completion=False, no_args_is_help=True)

Where = Annotated[
    Path | None, typer.Option("--graph", metavar="DIR", help="The graph's folder.", show_default="home/graph")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Thing = Annotated[
    str, typer.Argument(help="An identifier (MONDO:0007947, OMIM:154700) or an unambiguous name.")
]


@app.command()
def build(
    databases: Annotated[
        list[str] | None, typer.Argument(help="Database ids; the default set if none is given.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to put it.", show_default="home/graph")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build the graph from the fetched databases; one that is up to date is kept."""
    from clinweave.databases import DEFAULT
    from clinweave.knowledge import build_graph
    from clinweave.resources import located_for

    with _working() as tell:
        done = build_graph(located_for(databases or DEFAULT, home()), out or home() / "graph", progress=tell)
    _report(done, as_json)


@app.command()
def info(where: Where = None, as_json: AsJson = False) -> None:
    """Show what the graph holds: counts, sources with release and licence, merges, dropped rows and why."""
    facts = _open(where).info()
    if as_json:
        _json(facts)
        return
    screen = Console()
    screen.print(_counts("Graph", facts["counts"], "rows"))
    table = Table("source", "release", "licence", "concepts", "relations", title="Sources")
    for name, source in facts["sources"].items():
        held = [f"{facts[kind]['source'].get(name, 0):,}" for kind in ("concepts", "relations")]
        table.add_row(name, escape(source["release"]), escape(source["licence"]), *held)
    screen.print(table)
    for title, counts in (
        ("Concepts", facts["concepts"]["category"]),
        ("Relations", facts["relations"]["predicate"]),
        ("Identifiers merged", facts["merged"]),
        ("Rows dropped, and why", facts["dropped"]),
    ):
        screen.print(_counts(title, counts, "rows"))


@app.command()
def show(
    thing: Thing,
    where: Where = None,
    limit: Annotated[int, typer.Option(min=1, help="Relations to show.")] = 40,
    as_json: AsJson = False,
) -> None:
    """Show a concept and its relations in both directions, each with its source."""
    from clinweave.knowledge import verbalise
    from clinweave.records import to_json

    graph = _open(where)
    concept = graph.concept(graph.find(thing))
    relations = graph.about(concept.id)
    sentences = [verbalise(graph, relation) for relation in relations[:limit]]
    if as_json:
        rows = [
            {"sentence": sentence, **to_json(relation)}
            for sentence, relation in zip(sentences, relations, strict=False)
        ]
        _json({"concept": to_json(concept), "count": len(relations), "relations": rows})
        return
    screen = Console()
    screen.print(f"[bold]{escape(concept.name)}[/bold]  {concept.id}  {concept.category}  ({concept.source})")
    for title in ("definition", "synonyms", "xrefs", "related"):
        value = getattr(concept, title)
        if value:
            screen.print(
                f"[dim]{title}[/dim] {escape(value if isinstance(value, str) else ', '.join(value))}"
            )
    table = Table("relation", "source", "evidence", title=f"{len(sentences)} of {len(relations)} relations")
    for sentence, relation in zip(sentences, relations, strict=False):
        origin = relation.original_subject or relation.original_object
        also = f"as {origin}" if origin and origin not in relation.publications else ""
        stated = " ".join((relation.evidence, *relation.publications[:3], also)).strip()
        table.add_row(escape(sentence), f"{relation.source} ({relation.grade})", escape(stated))
    screen.print(table)


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="A name, part of one, or an identifier.")],
    where: Where = None,
    limit: Annotated[int, typer.Option(min=1, help="Most concepts to show.")] = 10,
    prefix: Annotated[
        list[str] | None, typer.Option(help="Only such identifiers, for instance MONDO.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find concepts by name: exact names first, then beginnings, then all words."""
    from clinweave.records import to_json

    found = _open(where).search(text, limit, prefix)
    if as_json:
        _json([{"score": round(score, 4), **to_json(concept)} for concept, score in found])
        return
    table = Table("id", "name", "category", "score")
    for concept, score in found:
        table.add_row(concept.id, escape(concept.name), concept.category, f"{score:.2f}")
    Console().print(table if found else "nothing found")


@app.command()
def path(  # noqa: PLR0917 - each parameter is one option
    start: Thing,
    end: Thing,
    where: Where = None,
    max_length: Annotated[int, typer.Option(min=1, max=8, help="Most relations in a path.")] = 4,
    limit: Annotated[int, typer.Option(min=1, help="Most paths to show.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Show the shortest paths between two concepts; roots and hubs are not walked through."""
    from clinweave.knowledge import verbalise
    from clinweave.records import to_json

    graph = _open(where)
    found = graph.paths(start, end, max_length=max_length, limit=limit)
    if as_json:
        _json([[{"sentence": verbalise(graph, step), **to_json(step)} for step in steps] for steps in found])
        return
    screen = Console()
    for number, steps in enumerate(found, 1):
        screen.print(f"[bold]{number}[/bold]")
        for step in steps:
            screen.print(f"   {escape(verbalise(graph, step))} [dim]{step.source}[/dim]")
    if not found:
        screen.print(f"no path of at most {max_length} relations is recorded")


@app.command()
def export(
    kgx: Annotated[Path, typer.Option("--kgx", metavar="DIR", help="Folder for nodes.tsv and edges.tsv.")],
    where: Where = None,
    compress: Annotated[bool, typer.Option("--gz", help="Write .tsv.gz.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write the graph as KGX TSV files."""
    from clinweave.knowledge import export_kgx

    graph = _open(where)
    with _working() as tell:
        tell(f"writing {kgx}")
        rows = export_kgx(graph, kgx, compress=compress)
    if as_json:
        _json({"path": str(kgx), "rows": rows})
    else:
        Console().print(_counts(str(kgx), rows, "rows"))


@app.command("import")
def import_(
    kgx: Annotated[Path, typer.Option("--kgx", metavar="DIR", help="Folder with nodes.tsv and edges.tsv.")],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to put it.", show_default="home/graph")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build a graph from KGX TSV files (.tsv or .tsv.gz)."""
    from clinweave.knowledge import import_kgx

    with _working() as tell:
        done = import_kgx(kgx, out or home() / "graph", progress=tell)
    _report(done, as_json)


def _open(where: Path | None) -> "Graph":
    from clinweave.knowledge import Graph

    return Graph.open(where or home() / "graph")


@contextmanager
def _working() -> Iterator[Callable[[str], None]]:
    """Show on stderr what is being done."""
    with Console(stderr=True).status("starting") as status:
        yield lambda message: status.update(escape(message))


def _report(done: Artifact, as_json: bool) -> None:
    if as_json:
        _json({"path": str(done.path), "fresh": done.fresh, **done.manifest["counts"]})
        return
    screen = Console()
    screen.print(
        _counts(f"{done.path} ({'built' if done.fresh else 'up to date'})", done.manifest["counts"], "rows")
    )
    lost = sum(done.manifest["dropped"].values())
    if lost:
        screen.print(f"{lost:,} rows left out; `clinweave graph info` says why")


def _counts(title: str, counts: Mapping[str, int], unit: str) -> Table:
    table = Table("", unit, title=escape(title))
    for name, count in counts.items():
        table.add_row(escape(name), f"{count:,}")
    return table


def _json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False))
