"""The graph as KGX TSV files (nodes.tsv, edges.tsv), out and in; the way out and back loses nothing.

Besides KGX's own columns the files have ours (source, related, frequency, grade, release, license, tier), and beside
them lie passages.tsv, merges.tsv and clinweave.json with the releases. Foreign files need only KGX's required columns.
"""

import gzip
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clinweave.core.access_policy import EXPORT, check_egress, tier_of
from clinweave.core.artifacts import appearing, write_json
from clinweave.core.errors import UserError
from clinweave.core.filesystem import kind_of, regular_file
from clinweave.knowledge.graph import frequency
from clinweave.knowledge.graph.graph import Graph
from clinweave.knowledge.graph.kgx_read import ABOUT, import_kgx
from clinweave.knowledge.graph.kgx_text import escaped, joined, lines
from clinweave.records import to_json

__all__ = ["export_kgx", "import_kgx"]
_BATCH = 50_000


def export_kgx(
    graph: Graph, folder: Path, *, compress: bool = False, allow_export: bool = False
) -> dict[str, int]:
    """Write the graph into `folder` as KGX TSV (`.tsv.gz` with `compress`) and return rows per file.

    Every file is replaced at once when it is complete; the same graph gives the same bytes. Raises `UserError` for a
    graph with gated or private sources, unless `allow_export` says that the gated ones may leave.
    """
    check_egress(
        tier_of(graph.manifest), EXPORT, EXPORT if allow_export else "", content="sources of this graph"
    )
    if kind_of(folder) not in {"", "a folder"}:
        raise UserError(f"{folder} is not a folder")
    ending = "tsv.gz" if compress else "tsv"
    _check_replaceable(folder)
    folder.mkdir(parents=True, exist_ok=True)
    infores = {name: source.infores for name, source in graph.sources().items()}
    counts = {}
    for name, shape in _SHAPES.items():
        table = {"nodes": "concepts", "edges": "relations"}.get(name, name)
        counts[name] = _write(graph.path / f"{table}.parquet", folder / f"{name}.{ending}", shape, infores)
        (folder / f"{name}.{'tsv' if compress else 'tsv.gz'}").unlink(missing_ok=True)
    sources = {name: to_json(source) for name, source in graph.sources().items()}
    write_json(folder / ABOUT, {"format": 1, "sources": sources})
    return counts


def _check_replaceable(folder: Path) -> None:
    """Raise `UserError` where files would be replaced that no export wrote: an export also writes its sources."""
    names = [f"{name}.{ending}" for name in _SHAPES for ending in ("tsv", "tsv.gz")]
    if taken := [name for name in names if os.path.lexists(folder / name)]:
        try:
            ours = json.loads(regular_file(folder / ABOUT).read_text("utf-8"))["format"] == 1
        except (OSError, UserError, ValueError, RecursionError, LookupError, TypeError):
            ours = False
        if not ours:
            raise UserError(f"{folder} holds {', '.join(taken)}, which no export wrote; name another folder")


def _write(table: Path, out: Path, shape: Any, infores: dict[str, str]) -> int:
    """Write one Parquet table as TSV, batch by batch; the file appears only when it is whole."""
    rows = 0
    zipped = out.name.endswith(".gz")
    with appearing(out) as work, pq.ParquetFile(table) as file, _opened(work, zipped) as sink:
        header = list(shape(_decoded(pa.RecordBatch.from_pylist([], file.schema_arrow)), infores, 0))
        sink.write(("\t".join(header) + "\n").encode())
        for batch in file.iter_batches(_BATCH):
            columns = shape(_decoded(batch), infores, rows)
            sink.writelines(f"{line}\n".encode() for line in lines(list(columns.values())))
            rows += len(batch)
    return rows


@contextmanager
def _opened(path: Path, zipped: bool) -> Iterator[IO[bytes]]:
    """Open for writing; a gzip stream bears neither name nor time: its bytes depend on its content alone."""
    with path.open("wb") as plain:
        if zipped:
            with gzip.GzipFile(filename="", fileobj=plain, mode="wb", mtime=0) as stream:
                yield cast(IO[bytes], stream)
        else:
            yield plain


def _decoded(batch: pa.RecordBatch) -> dict[str, object]:
    return {
        name: column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    }


def _cell(column: "pa.Array") -> "pa.Array":
    """Return any column as text cells."""
    if pa.types.is_list(column.type):
        return joined(column)
    return escaped(column.cast(pa.string()))


def _plain(table: Mapping[str, object], infores: dict[str, str], first: int) -> dict[str, Any]:  # noqa: ARG001
    return {name: _cell(column) for name, column in table.items()}


def _nodes(table: Mapping[str, object], infores: dict[str, str], first: int) -> dict[str, Any]:  # noqa: ARG001
    return {
        "id": _cell(table["id"]),
        "category": _cell(table["category"]),
        "name": _cell(table["name"]),
        "description": _cell(table["definition"]),
        "provided_by": _mapped(table["source"], infores),
        "xref": _cell(table["xrefs"]),
        "synonym": _cell(table["synonyms"]),
        "source": _cell(table["source"]),
        "related": _cell(table["related"]),
        "tier": _cell(table["tier"]),
    }


def _edges(table: dict[str, Any], infores: dict[str, str], first: int) -> dict[str, object]:
    counted = {text: _frequency_cells(text) for text in pc.unique(table["frequency"]).to_pylist()}
    size = len(table["subject"])
    return {
        "id": pa.array([f"e{row:08d}" for row in range(first, first + size)], pa.string()),
        **{name: _cell(table[name]) for name in ("subject", "predicate", "object")},
        "primary_knowledge_source": _mapped(table["source"], infores),
        **{name: _cell(table[name]) for name in ("knowledge_level", "agent_type", "publications", "negated")},
        **{
            name: _mapped(table["frequency"], {text: cells[index] for text, cells in counted.items()})
            for index, name in enumerate(("frequency_qualifier", "has_count", "has_total", "has_percentage"))
        },
        "onset_qualifier": _cell(table["onset"]),
        "sex_qualifier": _cell(table["sex"]),
        "has_evidence": _cell(table["evidence"]),
        **{
            name: _cell(table[name])
            for name in ("original_subject", "original_object", "source", "frequency")
        },
        **{name: _cell(table[name]) for name in ("grade", "release")},
        "license": _cell(table["licence"]),
        "tier": _cell(table["tier"]),
    }


def _frequency_cells(text: str) -> tuple[str, str, str, str]:
    """Return Biolink's frequency_qualifier, has_count, has_total and has_percentage for a recorded frequency."""
    value = frequency.parse(text)
    if value is None:
        return "", "", "", ""
    if value.word:
        return text.strip(), "", "", ""
    if value.total is not None:
        return "", str(value.count), str(value.total), f"{value.low:g}"
    return "", "", "", f"{value.low:g}" if value.low == value.high else ""


def _mapped(column: "pa.Array", table: dict[str, str]) -> "pa.Array":
    """Return the column with each value replaced by what `table` gives for it."""
    coded = column.dictionary_encode()
    return escaped(
        pa.array([table[item] for item in coded.dictionary.to_pylist()], pa.string()).take(coded.indices)
    )


_SHAPES = {"nodes": _nodes, "edges": _edges, "passages": _plain, "merges": _plain}
