"""Kinds of records that a new build of a graph would lose, as where a release lacks a file that the old one had."""

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq

from clinweave.core.artifacts import is_ours, read_manifest
from clinweave.core.errors import UserError

SHARE, MIN_RECORDS = 0.5, 100  # a kind is lost where less than this share of at least so many records is left
_KINDS = {"relations": "predicate", "concepts": "category"}


def check_loss(old: Path, new: Path, *, chosen: bool) -> None:
    """Raise `UserError` where the graph in `new` lacks a kind of record that the one in `old` has from the same source.

    A kind is a predicate of relations or a category of concepts. A source that is gone altogether counts too, unless
    the user `chosen` which databases to build from. Nothing is compared where `old` holds no graph.
    """
    manifest = read_manifest(old)
    if not is_ours(manifest) or manifest is None or manifest["kind"] != "graph":
        return
    lost = []
    for table, column in _KINDS.items():
        before, after = _counts(old, table, column), _counts(new, table, column)
        sources = {source for source, _ in after}
        for (source, kind), count in sorted(before.items()):
            left = after.get((source, kind), 0)
            gone = source not in sources
            if (gone and not chosen) or (
                not gone and (left == 0 or (count >= MIN_RECORDS and left < SHARE * count))
            ):
                lost.append(f"{source} {kind.removeprefix('biolink:')} {table}: {count:,} -> {left:,}")
    if lost:
        more = f"; and {len(lost) - 5} more kinds" if len(lost) > 5 else ""
        raise UserError(
            f"the new graph would lose records of {old}: {'; '.join(lost[:5])}{more}. The old one is unchanged. "
            "Give the file that is missing, name the databases that you want, or accept the loss with --allow-loss"
        )


def _counts(folder: Path, table: str, column: str) -> dict[tuple[str, str], int]:
    """Return how many rows of a table each source has of each kind."""
    file = folder / f"{table}.parquet"
    if not file.is_file():
        return {}
    rows = pq.read_table(file, columns=["source", column])
    pairs = zip(rows.column("source").to_pylist(), rows.column(column).to_pylist(), strict=True)
    return dict(Counter((str(source), str(kind)) for source, kind in pairs))
