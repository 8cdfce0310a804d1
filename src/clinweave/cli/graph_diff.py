"""`clinweave graph diff`: what a new build of the graph changes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from clinweave.cli.console import Console
from clinweave.cli.graph_output import print_json, working


def diff(
    old: Annotated[Path, typer.Argument(help="The folder of the old graph.")],
    new: Annotated[Path, typer.Argument(help="The folder of the new graph.")],
    examples: Annotated[int, typer.Option(min=0, help="Examples of each kind of change.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show what a new graph changes: concepts and relations added, removed and changed, by kind, with examples."""
    from clinweave.knowledge import compare_graphs

    with working() as tell:
        tell("comparing")
        changes = compare_graphs(old, new, examples=examples)
    if as_json:
        print_json(changes)
        return
    screen = Console()
    releases = Table("source", "old", "new", title="Releases")
    for row in changes["sources"]:
        releases.add_row(*(escape(row[name] or "-") for name in ("source", "old", "new")))
    screen.print(releases)
    for title in ("concepts", "relations"):
        table = Table("change", "kind", "count", "examples", title=title.capitalize())
        for row in changes[title]:
            lines = "\n".join(map(_shown, row["examples"]))
            table.add_row(row["change"], escape(row["kind"]), f"{row['count']:,}", escape(lines))
        screen.print(table if changes[title] else f"{title}: no change")


def _shown(example: Mapping[str, object]) -> str:
    """Return one example in words."""
    ends = (
        f"{example['names']}" if "names" in example else f"{example['id']} {example.get('name', '')}".strip()
    )
    if "old" in example:
        return f"{ends}: {example['old'] or 'none'} -> {example['new'] or 'none'}"
    for word in ("now", "consider"):
        if word in example:
            return f"{ends} ({word} {example[word]})"
    return ends
