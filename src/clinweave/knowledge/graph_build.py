"""The graph from the databases: records read, joined by identifier, checked, and written as one artifact."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinweave import schemas
from clinweave.artifacts import Artifact, sha256, stage, write_json
from clinweave.errors import UserError
from clinweave.knowledge import graph_tables as tables
from clinweave.knowledge.graph_search import search_table
from clinweave.knowledge.identity import Merge, Node, aliases, join, prefix_of
from clinweave.records import Concept, Grade, Passage, Relation, Source, to_json

if TYPE_CHECKING:
    from clinweave.databases import Record, RowLog

VERSION = 2  # raise it when the same inputs give another graph
Progress = Callable[[str], None]
_CHUNK = 20_000
_KINDS = {Concept: schemas.CONCEPTS, Relation: schemas.RELATIONS, Passage: schemas.PASSAGES}
_MERGES = pa.schema(
    [("id", pa.string()), ("canonical", pa.string()), ("because", pa.string()), ("source", pa.string())]
)


@dataclass
class Joined:
    """What is written: plain tables and lists, everything sorted."""

    concepts: pa.Table
    relations: pa.Table
    passages: pa.Table
    aliases: list[tuple[str, str]]
    merges: list[Merge]


@dataclass
class Gathered:
    """What was read: one plain table per kind of record, the releases, and the refused rows by source."""

    tables: dict[type, pa.Table]
    sources: dict[str, Source]
    logs: "dict[str, RowLog]" = field(default_factory=dict)


def build_graph(
    databases: Mapping[str, Mapping[str, Path]], out: Path, *, progress: Progress | None = None
) -> Artifact:
    """Build the graph of these databases (database id -> its files by catalogue name) in the folder `out`.

    A folder that already holds the graph of exactly these files is reused. Raises `UserError` for an unknown database
    or a missing file.
    """
    from clinweave.databases import DATABASES, RowLog

    inputs = {}
    for name, files in databases.items():
        if name not in DATABASES:
            raise UserError(f"no database is called {name!r}; there are {', '.join(sorted(DATABASES))}")
        for file in DATABASES[name].files:
            if file not in files or not files[file].is_file():
                raise UserError(f"database {name} needs the file {file}; `clinweave fetch` brings it")
            inputs[f"{name}/{file}"] = sha256(files[file])

    def build(folder: Path) -> dict[str, Any]:
        tell = progress or (lambda _: None)
        sources, logs, records = {}, {}, {}
        for name, files in databases.items():
            database = DATABASES[name]
            source = database.source(files)
            sources[source.id] = source
            logs[source.id] = RowLog()
            records[source.id] = _told(database.read(files, logs[source.id]), f"reading {source.name}", tell)
        return assemble(records, sources, folder, logs=logs, progress=tell)

    return stage(out, "graph", inputs, {"databases": list(databases)}, build, version=VERSION)


def assemble(
    records: "Mapping[str, Iterable[Record]]",
    sources: Mapping[str, Source],
    folder: Path,
    *,
    logs: "Mapping[str, RowLog] | None" = None,
    joining: bool = True,
    merges: Iterable[Merge] = (),
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write the graph of these records (source id -> records) into `folder` and return what the manifest says.

    With `joining` off the identifiers stay as they are (a graph that was joined before), and `merges` is what to list.
    """
    tell = progress or (lambda _: None)
    gathered = Gathered(gather(records), dict(sources), dict(logs or {}))
    tell("joining identifiers")
    raw = gathered.tables[Concept]
    canonical: dict[str, str] = {}
    if joining:
        canonical, made = join(_nodes(raw))
    else:
        made = list(merges)
    order = {name: number for number, name in enumerate(gathered.sources)}
    concepts = tables.merged_concepts(raw, canonical, order)
    resolve, alias_pairs = _resolver(concepts, canonical)
    known = set(concepts.column("id").to_pylist())
    links = _loose_links(raw, canonical, known, _told_matches(gathered, resolve)) if joining else []
    tell("relating concepts")
    relations, dropped = _relations(gathered, links, resolve, concepts)
    passages = _passages(gathered, raw, canonical, resolve)
    tell("writing the graph")
    joined = Joined(concepts, relations, passages, alias_pairs, made)
    _write(folder, joined)
    write_json(folder / "sources.json", {name: to_json(item) for name, item in gathered.sources.items()})
    return _outcome(gathered, joined, dropped)


def gather(records: "Mapping[str, Iterable[Record]]") -> dict[type, pa.Table]:
    """Return one plain table per kind of record, in the order read; memory holds no more than a chunk of objects."""
    parts: dict[type, list[pa.Table]] = {kind: [] for kind in _KINDS}
    for stream in records.values():
        walker = iter(stream)
        while chunk := list(islice(walker, _CHUNK)):
            for kind, schema in _KINDS.items():
                rows = [record for record in chunk if type(record) is kind]
                if rows:
                    parts[kind].append(schemas.table(rows, schema))
    return {
        kind: tables.plain(
            pa.concat_tables(parts[kind]).unify_dictionaries() if parts[kind] else schema.empty_table()
        )
        for kind, schema in _KINDS.items()
    }


def _told(stream: "Iterator[Record]", message: str, tell: Progress) -> "Iterator[Record]":
    """Pass the records on, saying what is being read when the first one is asked for."""
    tell(message)
    yield from stream


def _nodes(concepts: pa.Table) -> Iterator[Node]:
    names = ("id", "category", "source", "xrefs", "related", "name")
    columns = [concepts.column(name).to_pylist() for name in names]
    return (Node(a, b, c, tuple(d), tuple(e), f) for a, b, c, d, e, f in zip(*columns, strict=True))


def _resolver(
    concepts: pa.Table, canonical: Mapping[str, str]
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return (any identifier that means one concept -> that concept's id) and the table of all aliases."""
    pairs = aliases(_nodes(concepts))
    claims = Counter(alias for alias, _ in pairs)
    resolve = {alias: curie for alias, curie in pairs if claims[alias] == 1}
    resolve.update({curie: curie for curie in concepts.column("id").to_pylist()})
    resolve.update(canonical)
    return resolve, pairs


def _loose_links(
    raw: pa.Table, canonical: Mapping[str, str], known: set[str], told: set[tuple[str, str, str]]
) -> list[Relation]:
    """Return a relation for each stated link between two concepts that stayed apart.

    An xref (one-to-many, or between kinds) is a close_match, a looser link is a related_to. `told` holds the
    (subject, object, source) that a reader told as a close_match itself.
    """
    found: dict[tuple[str, str, str], Relation] = {}
    columns = [raw.column(name).to_pylist() for name in ("id", "source", "xrefs", "related")]
    for curie, source, xrefs, related in zip(*columns, strict=True):
        here = canonical.get(curie, curie)
        links = [(xref, "biolink:close_match") for xref in xrefs] + [
            (xref, "biolink:related_to") for xref in related
        ]
        for xref, predicate in links:
            there = canonical.get(xref, xref)
            key = (here, there, source)
            if there in known and there != here and key not in told and key not in found:
                found[key] = _loose_link(here, there, predicate, source, (curie, xref))
    return list(found.values())


def _told_matches(gathered: Gathered, resolve: Mapping[str, str]) -> set[tuple[str, str, str]]:
    rows = gathered.tables[Relation]
    rows = rows.filter(pc.equal(rows.column("predicate"), "biolink:close_match"))
    columns = [rows.column(name).to_pylist() for name in ("subject", "object", "source")]
    return {(resolve.get(a, a), resolve.get(b, b), source) for a, b, source in zip(*columns, strict=True)}


def _loose_link(here: str, there: str, predicate: str, source: str, stated: tuple[str, str]) -> Relation:
    return Relation(
        here,
        predicate,
        there,
        source,
        grade=Grade.CLASS_INFERRED,
        knowledge_level="logical_entailment",
        agent_type="automated_agent",
        original_subject=stated[0] if stated[0] != here else "",
        original_object=stated[1] if stated[1] != there else "",
    )


def _relations(
    gathered: Gathered, links: list[Relation], resolve: Mapping[str, str], concepts: pa.Table
) -> tuple[pa.Table, dict[str, int]]:
    """Return the joined, distinct, sorted relations, and how many rows were dropped and why.

    A relation whose subject or object no database describes is dropped and counted: a concept without a name would
    be of no use to a reader, and a made-up one would be a lie.
    """
    dropped: Counter[str] = Counter()
    rows = gathered.tables[Relation]
    if links:
        rows = pa.concat_tables([rows, tables.plain(schemas.table(links, schemas.RELATIONS))])
    ends = {name: _resolved(rows.column(name), resolve) for name in ("subject", "object")}
    keep = pc.and_(pc.is_valid(ends["subject"]), pc.is_valid(ends["object"]))
    for name, values in ends.items():
        lost = rows.filter(pc.is_null(values)).select([name, "source"]).to_pylist()
        dropped.update(f"{row['source']}: {name} {prefix_of(row[name])} is no known concept" for row in lost)
    same = pc.fill_null(pc.equal(ends["subject"], ends["object"]), False)
    for source in rows.column("source").filter(same).to_pylist():
        dropped[f"{source}: subject and object are one concept after joining"] += 1
    keep = pc.and_(keep, pc.invert(same))
    columns = {name: rows.column(name) for name in rows.column_names}
    for name, values in ends.items():
        changed = pc.and_(
            pc.not_equal(values, rows.column(name)), pc.equal(rows.column(f"original_{name}"), "")
        )
        columns[f"original_{name}"] = pc.if_else(changed, rows.column(name), rows.column(f"original_{name}"))
        columns[name] = values
    columns.update(_stamped(rows, gathered.sources))
    joined = tables.distinct_relations(tables.plain(pa.table(columns).filter(keep)))
    dropped["rows equal but for publications, made one"] = (
        pc.sum(keep).as_py() - len(joined) if len(rows) else 0
    )
    return _without_cycles(joined, concepts, dropped), {key: n for key, n in sorted(dropped.items()) if n}


def _resolved(column: Any, resolve: Mapping[str, str]) -> Any:
    """Return the column with every identifier replaced by its concept's id, null where there is none."""
    coded = column.combine_chunks().dictionary_encode()
    names = pa.array([resolve.get(curie) for curie in coded.dictionary.to_pylist()], pa.string())
    return names.take(coded.indices)


def _stamped(rows: pa.Table, sources: Mapping[str, Source]) -> dict[str, Any]:
    """Return the columns release, licence and tier, from each row's source."""
    coded = rows.column("source").combine_chunks().dictionary_encode()
    named = coded.dictionary.to_pylist()
    unknown = sorted(set(named) - set(sources))
    if unknown:
        raise UserError(f"records name a source that was not declared: {', '.join(unknown)}")
    return {
        name: pa.array([str(getattr(sources[item], name)) for item in named], pa.string()).take(coded.indices)
        for name in ("release", "licence", "tier")
    }


def _without_cycles(relations: pa.Table, concepts: pa.Table, dropped: Counter[str]) -> pa.Table:
    """Leave out the is_a rows that make a class its own ancestor, and count them."""
    ids = concepts.column("id").combine_chunks()
    is_a = pc.and_(
        pc.equal(relations.column("predicate"), tables.SUBCLASS), pc.invert(relations.column("negated"))
    )
    rows = pc.indices_nonzero(is_a).to_numpy()
    child, parent = (tables.node_numbers(relations.column(name), ids)[rows] for name in ("subject", "object"))
    bad = rows[tables.broken_cycles(child, parent, len(ids))]
    for row in relations.take(pa.array(bad, pa.int64())).select(["subject", "object", "source"]).to_pylist():
        dropped[f"{row['source']}: {row['subject']} is_a {row['object']} would close a circle"] += 1
    good = np.ones(len(relations), dtype=bool)
    good[bad] = False
    return relations.filter(pa.array(good))


def _passages(
    gathered: Gathered, raw: pa.Table, canonical: Mapping[str, str], resolve: Mapping[str, str]
) -> pa.Table:
    """Return the readers' passages and one for each definition that no reader gave as a passage, sorted by id."""
    given = gathered.tables[Passage].to_pylist()
    told = {(row["text"], resolve.get(curie, curie)) for row in given for curie in row["concepts"]}
    defined = raw.filter(pc.not_equal(raw.column("definition"), ""))
    for row in defined.select(["id", "name", "definition", "source"]).to_pylist():
        curie = canonical.get(row["id"], row["id"])
        if (row["definition"], curie) not in told:
            told.add((row["definition"], curie))
            given.append(_definition(row, curie))
    for row in given:
        source = gathered.sources[row["source"]]
        row["concepts"] = list(dict.fromkeys(resolve.get(curie, curie) for curie in row["concepts"]))
        row.update(release=source.release, licence=source.licence, tier=str(source.tier))
    given.sort(key=lambda row: (row["id"], row["source"], row["start"]))
    return pa.Table.from_pylist(given, gathered.tables[Passage].schema)


def _definition(row: Mapping[str, str], curie: str) -> dict[str, Any]:
    text = row["definition"]
    return {
        "id": f"{row['id']}#definition",
        "text": text,
        "title": row["name"],
        "document": row["id"],
        "start": 0,
        "end": len(text),
        "source": row["source"],
        "section": "definition",
        "concepts": [curie],
    }


def _write(folder: Path, joined: Joined) -> None:
    """Write all files of the graph."""
    names = tables.names_of(joined.concepts)
    tables.write_table(folder, "concepts", tables.shaped(joined.concepts, schemas.CONCEPTS), arrow=True)
    tables.write_table(folder, "relations", tables.shaped(joined.relations, schemas.RELATIONS), arrow=True)
    tables.write_table(folder, "passages", tables.shaped(joined.passages, schemas.PASSAGES))
    tables.write_table(folder, "names", names)
    tables.write_arrow(folder, "search", search_table(names, joined.concepts.column("id").combine_chunks()))
    merged = pa.Table.from_pylist([asdict(merge) for merge in joined.merges], _MERGES)
    tables.write_table(folder, "merges", merged)
    columns = list(zip(*joined.aliases, strict=True)) or [(), ()]
    found = pa.table([pa.array(column, pa.string()) for column in columns], names=["alias", "id"])
    tables.write_arrow(folder, "aliases", found)
    tables.write_walk(folder, joined.concepts, joined.relations)


def _outcome(gathered: Gathered, joined: Joined, dropped: Mapping[str, int]) -> dict[str, Any]:
    """Return what the manifest records."""
    refused = {f"{name}: {key}": n for name, log in gathered.logs.items() for key, n in log.counts.items()}
    return {
        "counts": {
            "concepts": len(joined.concepts),
            "relations": len(joined.relations),
            "passages": len(joined.passages),
            "merges": len(joined.merges),
        },
        "concepts": {name: _counted(joined.concepts, name) for name in ("source", "category")},
        "relations": {name: _counted(joined.relations, name) for name in ("source", "predicate", "grade")},
        "passages": {"source": _counted(joined.passages, "source")},
        "merged": dict(
            sorted(Counter(f"{prefix_of(m.id)} -> {prefix_of(m.canonical)}" for m in joined.merges).items())
        ),
        "dropped": {**refused, **dropped},
        "examples": [list(item) for log in gathered.logs.values() for item in log.examples],
        "sources": {name: to_json(item) for name, item in gathered.sources.items()},
        "licences": sorted({item.licence for item in gathered.sources.values()}),
    }


def _counted(table: pa.Table, name: str) -> dict[str, int]:
    """Return value -> rows, most first."""
    found = pc.value_counts(table.column(name).combine_chunks()).to_pylist()
    return {
        row["values"]: row["counts"] for row in sorted(found, key=lambda row: (-row["counts"], row["values"]))
    }
