"""`clinweave index vectors`: vectors of passages, for search by meaning."""

import json
from typing import Annotated

import typer

from clinweave.cli.console import spinner
from clinweave.core.artifacts import home
from clinweave.core.errors import UserError


def vectors(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[COLLECTION]...",
            help="Collections; if none is given, all (the databases' definitions are the collection `graph`).",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Compute the vectors of collections, for `index search --hybrid` and `--knowledge hybrid`.

    Needs `clinweave fetch all-minilm-l6-v2` and the extra `dense`. Takes about 50 ms of one core for a passage; known
    vectors are kept, and an interrupted run resumes. Collections with vectors are then kept up to date.
    """
    from clinweave.knowledge import TextIndex

    requested = names or list(TextIndex.open(home() / "index").manifest["parts"])
    done = compute(requested)
    if as_json:
        typer.echo(json.dumps(done, indent=1))
        return
    for name, facts in done.items():
        typer.echo(f"{name}: {facts['passages']:,} vectors in {facts['path']}")


def compute(names: list[str]) -> dict[str, dict[str, object]]:
    """Compute the missing vectors of these collections; return what each has."""
    from clinweave.knowledge import SentenceEncoder, TextIndex, update_vectors

    encoder = SentenceEncoder.open(home())
    index = TextIndex.open(home() / "index")
    with spinner() as set_status:
        done = update_vectors(
            index,
            home(),
            names,
            encoder=encoder,
            progress=lambda name, count, total: set_status(
                f"encoding {name}: {count:,} of {total:,} passages"
            ),
        )
    return {
        name: {"path": str(item.path), "fresh": item.fresh, "passages": item.manifest["passages"]}
        for name, item in done.items()
    }


def complete() -> None:
    """Compute what the vectors of collections lack after a change; say how where the encoder is not installed."""
    from clinweave.knowledge import collections_with_vectors

    names = collections_with_vectors(home())
    if not names:
        return
    try:
        compute(names)
    except UserError as error:
        typer.echo(f"vectors of new passages were not computed: {error}", err=True)
