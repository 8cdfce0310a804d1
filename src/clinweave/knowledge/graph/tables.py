"""From joined records to the graph's files: Parquet tables as the record, Arrow and numpy files for quick opening.

Every table has an explicit order and no timestamp, so the same inputs give the same bytes.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clinweave import schemas
from clinweave.core.predicates import SUBCLASS
from clinweave.knowledge.graph.arrays import offsets
from clinweave.records import Tier

NAMES = pa.schema([("name", pa.string()), ("id", pa.string()), ("kind", pa.string())])
_LISTS = ("synonyms", "xrefs", "related")
EXCLUDED = "HP:0040285"
TIERS = [str(tier) for tier in Tier]  # from open to closed


def plain(table: pa.Table) -> pa.Table:
    """Return the table with dictionary columns as plain strings, each column in one piece."""
    columns = []
    for column in table.columns:
        chunk = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        columns.append(chunk.dictionary_decode() if pa.types.is_dictionary(chunk.type) else chunk)
    return pa.table(columns, names=table.column_names)


def shaped(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a plain table with the columns, order and label encoding of `schema`."""
    columns = []
    for item in schema:
        column = table.column(item.name)
        chunk = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        columns.append(
            chunk.dictionary_encode() if pa.types.is_dictionary(item.type) else chunk.cast(item.type)
        )
    return pa.table(columns, schema=schema)


def write_table(folder: Path, name: str, table: pa.Table, *, arrow: bool = False) -> None:
    """Write `name`.parquet, and `name`.arrow (one memory-mappable batch) where wanted."""
    pq.write_table(table, folder / f"{name}.parquet", compression="zstd", row_group_size=1 << 16)
    if arrow:
        write_arrow(folder, name, table)


def write_arrow(folder: Path, name: str, table: pa.Table) -> None:
    """Write one uncompressed batch that a reader maps instead of reading."""
    with (
        pa.OSFile(str(folder / f"{name}.arrow"), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as writer,
    ):
        chunk = table.combine_chunks()
        writer.write_table(chunk, max_chunksize=max(1, len(chunk)))


def merged_concepts(records: pa.Table, canonical: Mapping[str, str], order: Mapping[str, int]) -> pa.Table:
    """Return one row per canonical id, sorted by id, from all concept records (a plain table).

    `order` ranks sources; the record that bears the canonical id speaks first: its name, category and definition win,
    and what others call the concept becomes a synonym, their identifiers xrefs.
    """
    ids = records.column("id").to_pylist()
    target = [canonical.get(curie, curie) for curie in ids]
    codes = pc.dictionary_encode(pa.array(target)).indices.to_numpy()
    alone = (np.bincount(codes)[codes] == 1) & ~_blemished(records)
    groups: dict[str, list[int]] = {}
    for row in np.flatnonzero(~alone).tolist():
        groups.setdefault(target[row], []).append(row)
    sources = records.column("source").to_pylist()
    for curie, rows in groups.items():
        rows.sort(key=lambda row: (ids[row] != curie, order.get(sources[row], 0), ids[row], row))
    rows_of = records.take(
        pa.array([row for rows in groups.values() for row in rows], pa.int64())
    ).to_pylist()
    fused, offset = [], 0
    for curie, rows in groups.items():
        fused.append(_fuse(curie, rows_of[offset : offset + len(rows)]))
        offset += len(rows)
    both = pa.concat_tables([records.filter(pa.array(alone)), pa.Table.from_pylist(fused, records.schema)])
    return both.sort_by("id").combine_chunks()


def _blemished(records: pa.Table) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Mark rows with an empty name or with empty items in a list."""
    bad = pc.equal(records.column("name"), "").to_numpy().copy()
    for name in _LISTS:
        column = records.column(name).combine_chunks()
        empty = pc.equal(column.flatten(), "")
        if pc.any(empty).as_py():
            bad[pc.list_parent_indices(column).filter(empty).to_numpy()] = True
    return np.asarray(bad, dtype=bool)


def _fuse(curie: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """Return one concept of several records about it, the best first."""
    first = rows[0]
    name = next((row["name"] for row in rows if row["name"]), curie)
    synonyms = [text for row in rows for text in (row["name"], *row["synonyms"]) if text and text != name]
    xrefs = [xref for row in rows for xref in (row["id"], *row["xrefs"]) if xref and xref != curie]
    related = [
        xref for row in rows for xref in row["related"] if xref and xref != curie and xref not in set(xrefs)
    ]
    drug = any(row["category"] == "biolink:Drug" for row in rows)
    return {
        "id": curie,
        "category": "biolink:Drug" if drug else first["category"],
        "name": name,
        "source": first["source"],
        "synonyms": list(dict.fromkeys(synonyms)),
        "definition": next((row["definition"] for row in rows if row["definition"]), ""),
        "xrefs": list(dict.fromkeys(xrefs)),
        "related": list(dict.fromkeys(related)),
        "tier": max((row["tier"] for row in rows), key=TIERS.index),
    }


def distinct_relations(relations: pa.Table) -> pa.Table:
    """Return the rows sorted by all columns, equal ones made one with the publications of all (a plain table)."""
    codes = [_ordered(relations.column(name)) for name in schemas.RELATIONS.names if name != "publications"]
    order = np.lexsort(codes[::-1])
    new = np.ones(len(order), dtype=bool)
    new[1:] = np.logical_or.reduce([code[order][1:] != code[order][:-1] for code in codes])
    starts = np.flatnonzero(new)
    ends = np.append(starts[1:], len(order))[: len(starts)]
    listed = relations.column("publications").take(pa.array(order)).to_pylist()
    publications = [
        listed[first]
        if last == first + 1 and len(listed[first]) < 2 and listed[first] != [""]
        else _together(listed[first:last])
        for first, last in zip(starts.tolist(), ends.tolist(), strict=True)
    ]
    rows = plain(relations.take(pa.array(order[starts])))
    column = rows.column_names.index("publications")
    return rows.set_column(column, "publications", pa.array(publications, pa.list_(pa.string())))


def _together(lists: Sequence[Sequence[str]]) -> list[str]:
    return sorted({item for items in lists for item in items if item})


def _ordered(column: pa.ChunkedArray) -> np.ndarray:
    """Return a number for each value; numbers are in the order of the values."""
    chunk = column.combine_chunks()
    if pa.types.is_boolean(chunk.type):
        return np.asarray(chunk.to_numpy(zero_copy_only=False))
    coded = chunk.dictionary_encode()
    ranks = np.empty(len(coded.dictionary), dtype=np.int32)
    ranks[pc.sort_indices(coded.dictionary).to_numpy()] = np.arange(len(ranks))
    return np.asarray(ranks[coded.indices.to_numpy()])


def names_of(concepts: pa.Table) -> pa.Table:
    """Return every name of every concept with its kind, sorted by (id, kind, name)."""
    synonyms = concepts.column("synonyms").combine_chunks()
    name = pa.concat_arrays([concepts.column("name").combine_chunks(), synonyms.flatten()])
    ids = concepts.column("id").combine_chunks()
    owner = pa.concat_arrays([ids, ids.take(pc.list_parent_indices(synonyms))])
    short = pc.and_(
        pc.less_equal(pc.utf8_length(name), 8),
        pc.match_substring_regex(name, r"^[A-Z0-9][A-Za-z0-9]?[A-Z0-9/\-]{0,5}[0-9A-Z]$"),
    )
    short = pc.and_(short, pc.match_substring_regex(name, "[A-Z]"))
    label = pa.array(np.arange(len(name)) < len(ids))
    kind = pc.if_else(label, 0, pc.if_else(short, 2, 1))
    once = (
        pa.table({"name": name, "id": owner, "kind": kind})
        .group_by(["id", "name"])
        .aggregate([("kind", "min")])
    )
    once = once.sort_by([("id", "ascending"), ("kind_min", "ascending"), ("name", "ascending")])
    kinds = pa.array(["label", "exact", "abbreviation"]).take(once.column("kind_min").combine_chunks())
    return pa.table([once.column("name"), once.column("id"), kinds], schema=NAMES)


def write_walk(folder: Path, concepts: pa.Table, relations: pa.Table) -> None:
    """Write the numpy arrays for walking; node numbers are rows of concepts, edge numbers rows of relations."""
    ids = concepts.column("id").combine_chunks()
    subject = node_numbers(relations.column("subject"), ids)
    target = node_numbers(relations.column("object"), ids)
    size = len(ids)
    predicates = relations.column("predicate").combine_chunks()
    negated = pc.or_(
        relations.column("negated"), pc.equal(relations.column("frequency"), EXCLUDED)
    ).to_numpy()
    is_a = pc.equal(predicates.cast(pa.string()), SUBCLASS).to_numpy(zero_copy_only=False) & ~negated
    by_object = np.lexsort((np.arange(len(target)), target)).astype(np.int32)
    arrays = {
        "subject": subject,
        "object": target,
        "negated": negated,
        "by_subject": offsets(subject, size),
        "by_object": offsets(target[by_object], size),
        "by_object_rows": by_object,
        **_links("up", subject[is_a], target[is_a], size),
        **_links("down", target[is_a], subject[is_a], size),
        **_links(
            "beside",
            np.concatenate([subject[~negated], target[~negated]]),
            np.concatenate([target[~negated], subject[~negated]]),
            size,
        ),
    }
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)


def _links(name: str, source: np.ndarray, target: np.ndarray, size: int) -> dict[str, object]:
    """Return offsets and targets of the distinct pairs, by source and then target."""
    pairs = np.unique(source.astype(np.int64) * size + target)
    return {name: offsets(pairs // size, size), f"{name}_targets": (pairs % size).astype(np.int32)}


def node_numbers(column: object, ids: object) -> "np.ndarray[Any, np.dtype[np.int32]]":
    """Return for each id its row in the sorted `ids`."""
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return np.asarray(pc.index_in(values, value_set=ids).to_numpy(zero_copy_only=False), dtype=np.int32)


def broken_cycles(
    child: np.ndarray, parent: np.ndarray, size: int, foreign: np.ndarray | None = None
) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Mark the is_a rows to leave out so that no class is its own ancestor.

    Only rows inside a strongly connected group are looked at. Those marked `foreign` (stated by another source than the
    child's own) are left out first; then, where a circle remains, the ones that a depth-first walk in ascending
    order meets pointing back at a class still open are left out.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    out = np.zeros(len(child), dtype=bool)
    _, group = connected_components(
        coo_matrix((np.ones(len(child), dtype=np.int8), (child, parent)), shape=(size, size)),
        connection="strong",
    )
    within = group[child] == group[parent]
    if foreign is not None and (within & foreign).any():
        out = np.asarray(within & foreign, dtype=bool)
        remaining = np.flatnonzero(~out)
        out[remaining] = broken_cycles(child[remaining], parent[remaining], size)
        return out
    inside = np.flatnonzero(within)
    rows: dict[int, list[int]] = {}
    for row in inside.tolist():
        rows.setdefault(int(child[row]), []).append(row)
    state: dict[int, int] = {}  # 1 while open, 2 when done
    for root in sorted(rows):
        stack = [(root, iter(rows[root]))] if root not in state else []
        state.setdefault(root, 1)
        while stack:
            node, pending = stack[-1]
            for row in pending:
                above = int(parent[row])
                if state.get(above) == 1:
                    out[row] = True
                elif above not in state:
                    state[above] = 1
                    stack.append((above, iter(rows.get(above, ()))))
                    break
            else:
                state[node] = 2
                stack.pop()
    return out
