"""`clinweave graph`: build, look into, export and import the knowledge graph."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from clinweave.cli.console import Console
from clinweave.cli.graph_build import build
from clinweave.cli.graph_diff import diff
from clinweave.cli.graph_output import counts_table, print_built, print_json, print_warnings, working
from clinweave.cli.graph_propose import propose
from clinweave.core.artifacts import home
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from clinweave.knowledge import Graph

app = typer.Typer(add_completion=False, no_args_is_help=True)
app.command()(build)
app.command()(propose)
app.command()(diff)

Where = Annotated[
    Path | None, typer.Option("--graph", metavar="DIR", help="The graph's folder.", show_default="home/graph")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Thing = Annotated[
    str, typer.Argument(help="An identifier (MONDO:0007947, OMIM:154700) or an unambiguous name.")
]


@app.command()
def info(where: Where = None, as_json: AsJson = False) -> None:
    """Show the graph's counts, sources, merges, and dropped rows with reasons (--json: with examples)."""
    facts = _open(where).info()
    if as_json:
        print_json(facts)
        return
    screen = Console()
    screen.print(counts_table("Graph", facts["counts"], "rows"))
    table = Table("source", "release", "licence", "concepts", "relations", title="Sources")
    for name, source in facts["sources"].items():
        totals = [f"{facts[kind]['source'].get(name, 0):,}" for kind in ("concepts", "relations")]
        table.add_row(name, escape(source["release"]), escape(source["licence"]), *totals)
    screen.print(table)
    for title, counts in (
        ("Concepts", facts["concepts"]["category"]),
        ("Relations", facts["relations"]["predicate"]),
        ("Identifiers merged", facts["merged"]),
        ("Rows dropped, and why", facts["dropped"]),
    ):
        screen.print(counts_table(title, counts, "rows"))
    print_warnings(screen, facts["warnings"])


@app.command()
def merges(
    where: Where = None,
    thing: Annotated[
        str | None,
        typer.Option("--id", metavar="ID", help="Only those of one concept, by any identifier of it."),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Maximum number of rows to show; 0 for all.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List merged identifiers, each with the mapping that merged it.

    Wrong rows, saved as TSV with the columns id and canonical, are undone by `graph build --unmerge FILE`.
    """
    graph = _open(where)
    id_ = graph.find(thing) if thing else None
    rows = [row for row in graph.merges().to_pylist() if id_ is None or id_ in (row["id"], row["canonical"])]
    printed = rows[:limit] if limit else rows
    if as_json:
        print_json({"count": len(rows), "merges": printed})
        return
    table = Table("id", "canonical", "because", "source", title=f"{len(printed)} of {len(rows)} merges")
    for row in printed:
        table.add_row(*(escape(row[name]) for name in ("id", "canonical", "because", "source")))
    Console().print(table)


@app.command()
def conflicts(
    where: Where = None,
    kind: Annotated[str | None, typer.Option(help="Only one kind of disagreement.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Maximum number of each kind to show; 0 for all.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Report where the sources of the graph disagree; no statement is changed or removed."""
    from clinweave.knowledge import conflict_counts, find_conflicts

    graph = _open(where)
    with working() as tell:
        tell("comparing sources")
        rows = find_conflicts(graph)
    counts = conflict_counts(rows)
    if kind and kind not in counts:
        raise UserError(f"no kind {kind!r}; there are {', '.join(counts)}")
    printed = [
        item
        for name in counts
        for item in [other for other in rows if other.kind == name][: limit or None]
        if kind in (None, name)
    ]
    if as_json:
        print_json({"counts": counts, "conflicts": [asdict(item) for item in printed]})
        return
    screen = Console()
    screen.print(counts_table("Disagreements", counts, "pairs"))
    table = Table("kind", "subject", "object", "statements")
    for item in printed:
        ends = (f"{graph.concept(end).name} ({end})" for end in (item.subject, item.object))
        table.add_row(item.kind, *map(escape, ends), escape("; ".join(item.statements)))
    screen.print(table)


@app.command()
def similar(  # noqa: PLR0917 - each parameter is one option
    a: Thing,
    b: Thing,
    root: Annotated[str, typer.Option(help="Root class of the ontology.")] = "HP:0000118",
    annotations: Annotated[
        str | None,
        typer.Option(
            metavar="PREDICATE",
            help="Compute information content from these relations (default: from the hierarchy).",
        ),
    ] = None,
    where: Where = None,
    as_json: AsJson = False,
) -> None:
    """Show the semantic similarity of two classes: common ancestors, Resnik and Lin similarity."""
    from clinweave.knowledge import Semantics

    graph = _open(where)
    first, other = (graph.find(thing) for thing in (a, b))
    semantics = Semantics.of(graph, root, annotations=annotations)
    facts = {
        "a": first,
        "b": other,
        "most_informative": semantics.most_informative([first], [other])[0],
        "resnik": round(float(semantics.resnik([first], [other])[0]), 4),
        "lin": round(float(semantics.lin([first], [other])[0]), 4),
        "common": semantics.common(first, other),
    }
    if as_json:
        print_json(facts)
        return
    best = graph.concept(str(facts["most_informative"]))
    Console().print(
        f"most informative common ancestor: {escape(best.name)} ({best.id})\n"
        f"Resnik {facts['resnik']}, Lin {facts['lin']}, {len(semantics.common(first, other))} common ancestors"
    )


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
        print_json({"concept": to_json(concept), "count": len(relations), "relations": rows})
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
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of concepts to show.")] = 10,
    prefix: Annotated[
        list[str] | None, typer.Option(help="Only identifiers with this prefix, such as MONDO.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find concepts by name: exact names first, then beginnings, then all words."""
    from clinweave.records import to_json

    results = _open(where).search(text, limit, prefix)
    if as_json:
        print_json([{"score": round(score, 4), **to_json(concept)} for concept, score in results])
        return
    table = Table("id", "name", "category", "score")
    for concept, score in results:
        table.add_row(concept.id, escape(concept.name), concept.category, f"{score:.2f}")
    Console().print(table if results else "nothing found")


@app.command()
def path(  # noqa: PLR0917 - each parameter is one option
    start: Thing,
    end: Thing,
    where: Where = None,
    max_length: Annotated[int, typer.Option(min=1, max=8, help="Maximum number of relations in a path.")] = 4,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of paths to show.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Show the shortest paths between two concepts; paths avoid roots and hubs."""
    from clinweave.knowledge import verbalise
    from clinweave.records import to_json

    graph = _open(where)
    paths = graph.paths(start, end, max_length=max_length, limit=limit)
    if as_json:
        print_json(
            [[{"sentence": verbalise(graph, step), **to_json(step)} for step in steps] for steps in paths]
        )
        return
    screen = Console()
    for number, steps in enumerate(paths, 1):
        screen.print(f"[bold]{number}[/bold]")
        for step in steps:
            screen.print(f"   {escape(verbalise(graph, step))} [dim]{step.source}[/dim]")
    if not paths:
        screen.print(f"no path of at most {max_length} relations is recorded")


@app.command()
def neighbors(
    thing: Thing,
    where: Where = None,
    hops: Annotated[int, typer.Option(min=1, max=4, help="Maximum number of relations to follow.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Count the concepts within a few relations, by category (--json lists the identifiers)."""
    graph = _open(where)
    ids = graph.near(graph.find(thing), hops)
    if as_json:
        print_json(ids)
        return
    kinds = Counter(concept.category for concept in graph.concepts(ids))
    Console().print(
        counts_table(f"{len(ids):,} concepts, {hops} relations away or less", dict(kinds.most_common()), "")
    )


@app.command()
def export(
    kgx: Annotated[Path, typer.Option("--kgx", metavar="DIR", help="Folder for nodes.tsv and edges.tsv.")],
    where: Where = None,
    compress: Annotated[bool, typer.Option("--gz", help="Write .tsv.gz.")] = False,
    allow_export: Annotated[
        bool,
        typer.Option("--allow-export", help="Include records of gated sources; your licence must allow it."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write the graph as KGX TSV files."""
    from clinweave.knowledge import export_kgx

    graph = _open(where)
    with working() as tell:
        tell(f"writing {kgx}")
        rows = export_kgx(graph, kgx, compress=compress, allow_export=allow_export)
    if as_json:
        print_json({"path": str(kgx), "rows": rows})
    else:
        Console().print(counts_table(str(kgx), rows, "rows"))


@app.command("import")
def import_(
    kgx: Annotated[Path, typer.Option("--kgx", metavar="DIR", help="Folder with nodes.tsv and edges.tsv.")],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Output folder.", show_default="home/graph")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Build a graph from KGX TSV files (.tsv or .tsv.gz)."""
    from clinweave.knowledge import import_kgx

    with working() as tell:
        done = import_kgx(kgx, out or home() / "graph", progress=tell)
    print_built(done, as_json)


def _open(where: Path | None) -> "Graph":
    from clinweave.knowledge import Graph

    return Graph.open(where or home() / "graph")
