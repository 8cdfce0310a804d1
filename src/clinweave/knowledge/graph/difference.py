"""Compare two builds of a graph: concepts and relations added, removed and changed, by kind, with examples."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from clinweave.core.artifacts import open_manifest

Key = tuple[str, str, str, str]  # subject, predicate, object, source
_SEPARATOR = "\x1f"
_ASPECTS = ("frequency", "negated", "grade", "onset", "sex", "evidence", "publications")


@dataclass
class Changes:
    """Counts by kind, and the first examples of each."""

    most: int
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # (change, kind)
    examples: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, change: str, kind: str, example: Mapping[str, Any]) -> None:
        """Count one change."""
        self.counts[change, kind] += 1
        if len(self.examples[change, kind]) < self.most:
            self.examples[change, kind].append(dict(example))

    def rows(self) -> list[dict[str, Any]]:
        """Return {"change", "kind", "count", "examples"}, by change and falling count."""
        ordered = sorted(self.counts.items(), key=lambda item: (item[0][0], -item[1], item[0][1]))
        return [
            {"change": change, "kind": kind, "count": count, "examples": self.examples[change, kind]}
            for (change, kind), count in ordered
        ]


def compare_graphs(old: Path, new: Path, *, examples: int = 5) -> dict[str, Any]:
    """Return the changes from the graph in `old` to the one in `new`: "sources", "concepts" and "relations".

    Concepts (kind: category) are added, removed, replaced by another one that claims the old identifier, obsolete (the
    new release advises another one), renamed, or in another category;
    relations (kind: source and predicate) are added, removed or changed (kind: also what changed). A relation whose
    end was replaced is compared under the new identifier. Raises `UserError` where a folder holds
    no graph.
    """
    manifests = [open_manifest(path, "graph", "run `clinweave graph build`") for path in (old, new)]
    releases = [
        {name: source["release"] for name, source in manifest["sources"].items()} for manifest in manifests
    ]
    before, after = (_concepts(path) for path in (old, new))
    now = {alias: curie for alias, curie in _aliases(new).items() if alias not in after}
    advised = {old: row["id"] for row in after.values() for old in row["related"] if old not in after}
    names = {
        **{curie: row["name"] for curie, row in before.items()},
        **{c: r["name"] for c, r in after.items()},
    }
    return {
        "old": str(old),
        "new": str(new),
        "sources": [
            {"source": name, "old": releases[0].get(name, ""), "new": releases[1].get(name, "")}
            for name in sorted({*releases[0], *releases[1]})
        ],
        "concepts": _changed_concepts(before, after, now, advised, examples).rows(),
        "relations": _changed_relations(
            *_differing(_relations(old, now), _relations(new, {})), names, examples
        ).rows(),
    }


def _changed_concepts(
    before: Mapping[str, Mapping[str, Any]],
    after: Mapping[str, Mapping[str, Any]],
    now: Mapping[str, str],
    advised: Mapping[str, str],
    examples: int,
) -> Changes:
    changes = Changes(examples)
    for curie in sorted(before.keys() | after.keys()):
        old, new = before.get(curie), after.get(curie)
        if old is None and new is not None:
            changes.add("added", new["category"], {"id": curie, "name": new["name"]})
        elif new is None and old is not None:
            example = {"id": curie, "name": old["name"]}
            if curie in now:
                changes.add("replaced", old["category"], {**example, "now": now[curie]})
            elif curie in advised:
                changes.add("obsolete", old["category"], {**example, "consider": advised[curie]})
            else:
                changes.add("removed", old["category"], example)
        elif old is not None and new is not None:
            if old["name"] != new["name"]:
                changes.add("renamed", new["category"], {"id": curie, "old": old["name"], "new": new["name"]})
            if old["category"] != new["category"]:
                kind = f"{old['category']} -> {new['category']}"
                changes.add("category", kind, {"id": curie, "name": new["name"]})
    return changes


def _changed_relations(
    before: Mapping[Key, tuple[tuple[str, ...], ...]],
    after: Mapping[Key, tuple[tuple[str, ...], ...]],
    names: Mapping[str, str],
    examples: int,
) -> Changes:
    changes = Changes(examples)
    for key in sorted(before.keys() | after.keys()):
        subject, predicate, target, source = key
        kind = f"{source} {predicate.removeprefix('biolink:')}"
        example = {
            "subject": subject, "predicate": predicate, "object": target,
            "names": f"{names.get(subject, subject)} / {names.get(target, target)}",
        }  # fmt: skip
        if key not in before:
            changes.add("added", kind, example)
        elif key not in after:
            changes.add("removed", kind, example)
        elif before[key] != after[key]:
            old, new = _aspects(before[key]), _aspects(after[key])
            for aspect in _ASPECTS:
                if old[aspect] != new[aspect]:
                    values = {"old": old[aspect], "new": new[aspect]}
                    changes.add("changed", f"{kind}: {aspect}", {**example, **values})
    return changes


def _aspects(rows: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """Return the distinct values of each aspect in the rows of one relation."""
    columns = list(zip(*rows, strict=True))
    return {
        name: "; ".join(sorted(set(column) - {""})) for name, column in zip(_ASPECTS, columns, strict=True)
    }


def _concepts(folder: Path) -> dict[str, dict[str, Any]]:
    rows = pq.read_table(
        folder / "concepts.parquet", columns=["id", "name", "category", "related"]
    ).to_pylist()
    return {row["id"]: row for row in rows}


def _aliases(folder: Path) -> dict[str, str]:
    """Return other identifier -> the one concept that claims it: replaced and alternative ids, cross-references."""
    with pa.memory_map(str(folder / "aliases.arrow")) as file:
        table = pa.ipc.open_file(file).read_all()
        pairs = list(zip(*(table.column(name).to_pylist() for name in ("alias", "id")), strict=True))
    claims = Counter(alias for alias, _ in pairs)
    return {alias: curie for alias, curie in pairs if claims[alias] == 1}


def _relations(folder: Path, now: Mapping[str, str]) -> pa.Table:
    """Return the relations as text: "key", "row" (the key with all aspects), and each column; ends renamed by `now`."""
    names = ["subject", "predicate", "object", "source", *_ASPECTS]
    table = pq.read_table(folder / "relations.parquet", columns=names)
    columns = {name: _plain(table.column(name).combine_chunks()) for name in names}
    for name in ("subject", "object"):
        columns[name] = _renamed(columns[name], now)
    key = pc.binary_join_element_wise(*(columns[name] for name in names[:4]), _SEPARATOR)
    row = pc.binary_join_element_wise(key, *(columns[name] for name in _ASPECTS), _SEPARATOR)
    return pa.table({"key": key, "row": row, **columns})


def _plain(column: pa.Array) -> pa.Array:
    """Return a column as text, "" for nothing; lists in order, with "|" between."""
    if pa.types.is_list(column.type):
        return pa.array(["|".join(sorted(items or ())) for items in column.to_pylist()], pa.string())
    if pa.types.is_boolean(column.type):
        return pc.if_else(column.fill_null(False), "True", "False")
    return column.cast(pa.string()).fill_null("")


def _renamed(column: pa.Array, now: Mapping[str, str]) -> pa.Array:
    """Return identifiers with those that were replaced under the new one."""
    index = pc.index_in(column, value_set=pa.array(list(now), pa.string()))
    return pc.coalesce(pa.array(list(now.values()), pa.string()).take(index), column)


def _differing(
    old: pa.Table, new: pa.Table
) -> tuple[dict[Key, tuple[tuple[str, ...], ...]], dict[Key, tuple[tuple[str, ...], ...]]]:
    """Return (subject, predicate, object, source) -> the aspects of its rows, of both sides, where they differ."""
    keys = pa.concat_arrays(
        [
            table.filter(
                pc.invert(pc.is_in(table.column("row"), value_set=other.column("row").combine_chunks()))
            )
            .column("key")
            .combine_chunks()
            for table, other in ((old, new), (new, old))
        ]
    )
    grouped = []
    for table in (old, new):
        rows = table.filter(pc.is_in(table.column("key"), value_set=keys))
        names = ["subject", "predicate", "object", "source", *_ASPECTS]
        values_of: dict[Key, list[tuple[str, ...]]] = {}
        columns = [rows.column(name).to_pylist() for name in names]
        for subject, predicate, target, source, *values in zip(*columns, strict=True):
            values_of.setdefault((subject, predicate, target, source), []).append(tuple(values))
        grouped.append({key: tuple(sorted(values)) for key, values in values_of.items()})
    return grouped[0], grouped[1]
