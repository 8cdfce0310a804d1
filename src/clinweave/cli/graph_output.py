"""Output that the commands of `clinweave graph` share."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from clinweave.cli.console import Console
from clinweave.core.artifacts import Artifact

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
_MAX_REFUSED = 10  # rows of the user's own files that are named on the terminal


@contextmanager
def working() -> Iterator[Callable[[str], None]]:
    """Yield a function that shows on standard error what is being done."""
    with Console(stderr=True).status("starting") as status:
        yield lambda message: status.update(escape(message))


def print_built(done: Artifact, as_json: bool, own: Sequence[str] = ()) -> None:
    """Print what a build made: counts, warnings and how many rows were left out; those of `own` sources one by one."""
    refused = [item for item in done.manifest["examples"] if own and _file_of(item, done, own)]
    if as_json:
        facts = {"path": str(done.path), "fresh": done.fresh, **done.manifest["counts"]}
        print_json({**facts, "refused": refused} if own else facts)
        return
    screen = Console()
    screen.print(
        counts_table(
            f"{done.path} ({'built' if done.fresh else 'up to date'})", done.manifest["counts"], "rows"
        )
    )
    print_warnings(screen, done.manifest.get("warnings", ()))
    for file, row, reason in refused[:_MAX_REFUSED]:
        screen.print(f"{escape(str(file))}, row {row}: {escape(str(reason))}")
    if len(refused) > _MAX_REFUSED:
        screen.print(f"and {len(refused) - _MAX_REFUSED:,} more of your rows (--json has them)")
    if lost := sum(done.manifest["dropped"].values()):
        screen.print(f"{lost:,} rows dropped; see `clinweave graph info`")


def _file_of(item: Sequence[object], done: Artifact, own: Sequence[str]) -> bool:
    """Say whether a refused row stands in a file that the user added."""
    names = {key.rpartition("/")[2] for key in done.manifest["inputs"] if key.partition("/")[0] in own}
    return item[0] in names


def print_warnings(screen: Console, warnings: Iterable[str]) -> None:
    """Print warnings."""
    for warning in warnings:
        screen.print(f"[yellow]warning:[/] {escape(warning)}")


def counts_table(title: str, counts: Mapping[str, int], unit: str) -> Table:
    """Return a table of counts."""
    table = Table("", unit, title=escape(title))
    for name, count in counts.items():
        table.add_row(escape(name), f"{count:,}")
    return table


def print_json(value: object) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(value, indent=1, ensure_ascii=False))
