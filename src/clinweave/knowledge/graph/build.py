"""The graph from the databases: records read, joined by identifier, checked, and written as one artifact."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from clinweave import schemas
from clinweave.core.access_policy import close_folder
from clinweave.core.artifacts import Artifact, sha256, stage, write_json
from clinweave.core.errors import UserError
from clinweave.knowledge.graph import tables
from clinweave.knowledge.graph.gather import Gathered, gather
from clinweave.knowledge.graph.identity import Merge, Node, aliases, merge_identifiers, prefix_of
from clinweave.knowledge.graph.inputs import as_recorded, mixed_releases, reader_versions
from clinweave.knowledge.graph.loss import check_loss
from clinweave.knowledge.graph.name_finder import NameFinder
from clinweave.knowledge.graph.relations import exact_matches, joined_relations, loose_links
from clinweave.knowledge.graph.search import search_table
from clinweave.knowledge.graph.stated import read_apart, stated_identity, tiered
from clinweave.records import Concept, Grade, Passage, Source, Tier, to_json

if TYPE_CHECKING:
    from clinweave.databases import OwnGraph, Record, RowLog

OWN_VERSION = 1  # of the reader of own tables
VERSION = 4  # raise it when the same inputs give another graph
Progress = Callable[[str], None]
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


def build_graph(
    databases: Mapping[str, Mapping[str, Path]],
    out: Path,
    *,
    progress: Progress | None = None,
    apart: Path | None = None,
    allow_loss: bool = True,
    chosen: bool = True,
    replace: bool = True,
    own_grade: Grade = Grade.CURATED,
    own_facts: Mapping[str, Mapping[str, str]] | None = None,
) -> Artifact:
    """Build the graph of these databases (database id -> its files by catalogue name) in the folder `out`.

    A name of no database is a source of the user's own. Its files are tables (see `OwnGraph`), described by `own_facts`
    (name -> release, licence, tier); relations without a knowledge level get `own_grade`. `apart` is a list of merges
    to undo (see `read_apart`). A folder with the graph of exactly these files is reused. Raises `UserError` for an
    unknown database or a missing file, and, unless `allow_loss`, if the new graph lacks kinds of records of that in
    `out` (`chosen`: the user named the databases). Raises `OutdatedError` for another graph in `out` without `replace`.
    """
    from clinweave.databases import DATABASES, RowLog

    inputs = _checked_inputs(databases)
    facts = {name: dict(stated) for name, stated in (own_facts or {}).items()}
    own = _own_graphs(databases, own_grade, facts)
    barred = read_apart(apart) if apart else set()
    if apart:
        inputs["apart"] = sha256(apart)

    def build(folder: Path) -> dict[str, Any]:
        tell = progress or (lambda _: None)
        sources: dict[str, Source] = {}
        logs: dict[str, RowLog] = {}
        records: dict[str, Iterable[Record]] = {}
        for name, files in databases.items():
            if name in own:
                table = own[name]
                sources[name], logs[name], records[name] = table.source, table.log, table.concepts()
                continue
            database = DATABASES[name]
            source = as_recorded(database.source(files), files)
            sources[source.id] = source
            logs[source.id] = RowLog()
            records[source.id] = _reading(
                database.read(files, logs[source.id]), f"reading {source.name}", tell
            )
        outcome = assemble(records, sources, folder, logs=logs, progress=tell, apart=barred, own=own.values())
        if not allow_loss:
            check_loss(out, folder, chosen=chosen)
        close_folder(folder, Tier(outcome["tier"]))
        return outcome

    parameters: dict[str, object] = {"databases": list(databases), "readers": reader_versions(databases)}
    if own:
        parameters["own"] = [OWN_VERSION, str(own_grade), *own]
    if facts:
        parameters["own_facts"] = facts
    return stage(out, "graph", inputs, parameters, build, version=VERSION, replace=replace)


def _own_graphs(
    databases: Mapping[str, Mapping[str, Path]], grade: Grade, facts: Mapping[str, Mapping[str, str]]
) -> "dict[str, OwnGraph]":
    """Return the user's own sources with their facts. Raises `UserError` for facts of any other source."""
    from clinweave.databases import DATABASES, OwnGraph

    own = {
        name: OwnGraph(name, files, grade, facts.get(name, {}))
        for name, files in databases.items()
        if name not in DATABASES
    }
    if others := sorted(set(facts) - set(own)):
        raise UserError(
            f"{', '.join(others)} is no source of your own: release, licence and tier are its files'"
        )
    return own


def _checked_inputs(databases: Mapping[str, Mapping[str, Path]]) -> dict[str, str]:
    """Return the hash of each file. Raises `UserError` for an unknown database or a missing file."""
    from clinweave.databases import DATABASES

    inputs: dict[str, str] = {}
    for name, files in databases.items():
        if name not in DATABASES and not files:
            raise UserError(f"no database is called {name!r}; there are {', '.join(sorted(DATABASES))}")
        for file in (
            () if name not in DATABASES or (DATABASES[name].many and files) else DATABASES[name].files
        ):
            if file not in files or not files[file].is_file():
                raise UserError(f"database {name} needs the file {file}; run `clinweave fetch`")
        inputs.update({f"{name}/{file}": sha256(path) for file, path in files.items()})
    return inputs


def assemble(
    records: "Mapping[str, Iterable[Record]]",
    sources: Mapping[str, Source],
    folder: Path,
    *,
    logs: "Mapping[str, RowLog] | None" = None,
    joining: bool = True,
    merges: Iterable[Merge] = (),
    apart: Collection[tuple[str, str]] = (),
    progress: Progress | None = None,
    own: "Iterable[OwnGraph]" = (),
) -> dict[str, Any]:
    """Write the graph of these records (source id -> records) into `folder` and return the manifest's facts.

    With `joining` off the identifiers stay as they are (a graph that was joined before), and `merges` is what to list.
    The identifiers of a pair in `apart` never become one. The relations of `own` tables are added, found by name.
    """
    tell = progress or (lambda _: None)
    gathered = Gathered(gather(records), dict(sources), dict(logs or {}))
    tell("joining identifiers")
    raw = gathered.tables[Concept] = tiered(gathered.tables[Concept], gathered.sources)
    canonical: dict[str, str] = {}
    if joining:
        identity = stated_identity(gathered)
        canonical, merge_rows = merge_identifiers(
            [*_nodes(raw, identity.ends), *identity.nodes], {*apart, *identity.apart}
        )
    else:
        merge_rows = list(merges)
    order = {name: number for number, name in enumerate(gathered.sources)}
    concepts = tables.merged_concepts(raw, canonical, order)
    resolve, alias_pairs = _resolver(concepts, canonical)
    concept_ids = set(concepts.column("id").to_pylist())
    exact_pairs = exact_matches(gathered, resolve) if joining else set()
    links = loose_links(raw, canonical, concept_ids, exact_pairs) if joining else []
    tell("relating concepts")
    if own:
        pairs = [*((item.subject, item.object) for item in links), *((a, b) for a, b, _ in exact_pairs)]
        find = NameFinder(concepts, resolve, pairs)
        links = [*links, *(relation for graph in own for relation in graph.relations(find))]
    relations, dropped, dangling = joined_relations(gathered, links, resolve, concepts)
    passages = _passages(gathered, raw, canonical, resolve)
    tell("writing the graph")
    joined = Joined(concepts, relations, passages, alias_pairs, merge_rows)
    _write(folder, joined)
    write_json(folder / "sources.json", {name: to_json(item) for name, item in gathered.sources.items()})
    return {**_outcome(gathered, joined, dropped), "dangling": dangling}


def _reading(stream: "Iterator[Record]", message: str, tell: Progress) -> "Iterator[Record]":
    """Pass the records on; report progress when the first one is requested."""
    tell(message)
    yield from stream


def _nodes(concepts: pa.Table, also: Collection[str] = ()) -> Iterator[Node]:
    """Return the concepts that link to others or are linked to (or are in `also`); the others cannot be joined."""
    lists = [concepts.column(name).combine_chunks() for name in ("xrefs", "related")]
    linked = pc.is_in(concepts.column("id"), value_set=pa.concat_arrays([item.flatten() for item in lists]))
    for item in lists:
        linked = pc.or_(linked, pc.greater(pc.list_value_length(item), 0))
    if also:
        linked = pc.or_(
            linked, pc.is_in(concepts.column("id"), value_set=pa.array(sorted(also), pa.string()))
        )
    names = ("id", "category", "source", "xrefs", "related", "name")
    columns = [concepts.column(name).filter(linked).to_pylist() for name in names]
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


def _passages(
    gathered: Gathered, raw: pa.Table, canonical: Mapping[str, str], resolve: Mapping[str, str]
) -> pa.Table:
    """Return the readers' passages and one for each definition that no reader gave as a passage, sorted by id."""
    rows = gathered.tables[Passage].to_pylist()
    seen = {(row["text"], resolve.get(curie, curie)) for row in rows for curie in row["concepts"]}
    defined = raw.filter(pc.not_equal(raw.column("definition"), ""))
    for row in defined.select(["id", "name", "definition", "source"]).to_pylist():
        curie = canonical.get(row["id"], row["id"])
        if (row["definition"], curie) not in seen:
            seen.add((row["definition"], curie))
            rows.append(_definition(row, curie))
    for row in rows:
        source = gathered.sources[row["source"]]
        row["concepts"] = list(dict.fromkeys(resolve.get(curie, curie) for curie in row["concepts"]))
        row.update(release=source.release, licence=source.licence, tier=str(source.tier))
    rows.sort(key=lambda row: (row["id"], row["source"], row["start"]))
    return pa.Table.from_pylist(rows, gathered.tables[Passage].schema)


def _definition(row: Mapping[str, str], curie: str) -> dict[str, object]:
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
    alias_table = pa.table([pa.array(column, pa.string()) for column in columns], names=["alias", "id"])
    tables.write_arrow(folder, "aliases", alias_table)
    tables.write_walk(folder, joined.concepts, joined.relations)


def _outcome(gathered: Gathered, joined: Joined, dropped: Mapping[str, int]) -> dict[str, object]:
    """Return the facts of the manifest; log how many rows each file lost."""
    for log in gathered.logs.values():
        log.report()
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
        "tier": max(
            (str(item.tier) for item in gathered.sources.values()), key=tables.TIERS.index, default="public"
        ),
        "warnings": mixed_releases(gathered.sources),
        "licences": sorted({item.licence for item in gathered.sources.values()}),
    }


def _counted(table: pa.Table, name: str) -> dict[str, int]:
    """Return value -> rows, most first."""
    counts = pc.value_counts(table.column(name).combine_chunks()).to_pylist()
    return {
        row["values"]: row["counts"]
        for row in sorted(counts, key=lambda row: (-row["counts"], row["values"]))
    }
