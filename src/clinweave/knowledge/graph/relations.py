"""The relations of a graph: ends joined, stamped with their release, equal ones made one, no circles."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinweave import schemas
from clinweave.core.errors import UserError
from clinweave.core.predicates import SUBCLASS
from clinweave.knowledge.graph import tables
from clinweave.knowledge.graph.gather import Gathered
from clinweave.knowledge.graph.identity import prefix_of
from clinweave.records import Grade, Relation, Source

_SHOWN = 3  # dangling relations that are listed for each reason


def loose_links(
    raw: pa.Table, canonical: Mapping[str, str], concept_ids: set[str], exact_pairs: set[tuple[str, str, str]]
) -> list[Relation]:
    """Return a relation for each stated link between two concepts that stayed apart.

    An xref (one-to-many, or between kinds) is a close_match, a looser link is a related_to. `told` holds the
    (subject, object, source) that a reader told as a close_match itself.
    """
    result: dict[tuple[str, str, str], Relation] = {}
    columns = [raw.column(name).to_pylist() for name in ("id", "source", "xrefs", "related")]
    for curie, source, xrefs, related in zip(*columns, strict=True):
        subject = canonical.get(curie, curie)
        links = [(xref, "biolink:close_match") for xref in xrefs] + [
            (xref, "biolink:related_to") for xref in related
        ]
        for xref, predicate in links:
            target = canonical.get(xref, xref)
            key = (subject, target, source)
            if target in concept_ids and target != subject and key not in exact_pairs and key not in result:
                result[key] = _loose_link(subject, target, predicate, source, (curie, xref))
    return list(result.values())


def exact_matches(gathered: Gathered, resolve: Mapping[str, str]) -> set[tuple[str, str, str]]:
    """Return the (subject, object, source) of every close_match that a reader told, ends joined."""
    rows = gathered.tables[Relation]
    rows = rows.filter(pc.equal(rows.column("predicate"), "biolink:close_match"))
    columns = [rows.column(name).to_pylist() for name in ("subject", "object", "source")]
    return {(resolve.get(a, a), resolve.get(b, b), source) for a, b, source in zip(*columns, strict=True)}


def _loose_link(subject: str, target: str, predicate: str, source: str, stated: tuple[str, str]) -> Relation:
    return Relation(
        subject,
        predicate,
        target,
        source,
        grade=Grade.CLASS_INFERRED,
        knowledge_level="logical_entailment",
        agent_type="automated_agent",
        original_subject=stated[0] if stated[0] != subject else "",
        original_object=stated[1] if stated[1] != target else "",
    )


def joined_relations(
    gathered: Gathered, links: list[Relation], resolve: Mapping[str, str], concepts: pa.Table
) -> tuple[pa.Table, dict[str, int], list[list[str]]]:
    """Return the joined, distinct, sorted relations, how many rows were dropped and why, and the first dangling ones.

    The last are [source, subject, predicate, object], by which a row is found in its file. A relation whose subject or
    object no database describes is dropped and counted: a concept without a name would be of no use to a reader, and a
    made-up one would be a lie.
    """
    dropped: Counter[str] = Counter()
    dangling: list[list[str]] = []
    rows = gathered.tables[Relation]
    if links:
        rows = pa.concat_tables([rows, tables.plain(schemas.table(links, schemas.RELATIONS))])
    ends = {name: _resolved(rows.column(name), resolve) for name in ("subject", "object")}
    keep = pc.and_(pc.is_valid(ends["subject"]), pc.is_valid(ends["object"]))
    for name, values in ends.items():
        lost = rows.filter(pc.is_null(values)).select(["source", "subject", "predicate", "object"])
        for row in lost.to_pylist():
            reason = f"{row['source']}: {name} {prefix_of(row[name])} is no known concept"
            dropped[reason] += 1
            if dropped[reason] <= _SHOWN:
                dangling.append(list(row.values()))
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
    acyclic = _without_cycles(joined, concepts, dropped)
    return acyclic, {key: n for key, n in sorted(dropped.items()) if n}, dangling


def _resolved(column: "pa.ChunkedArray", resolve: Mapping[str, str]) -> "pa.Array":
    """Return the column with every identifier replaced by its concept's id, null if there is none."""
    coded = column.combine_chunks().dictionary_encode()
    names = pa.array([resolve.get(curie) for curie in coded.dictionary.to_pylist()], pa.string())
    return names.take(coded.indices)


def _stamped(rows: pa.Table, sources: Mapping[str, Source]) -> dict[str, object]:
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
    is_a = pc.and_(pc.equal(relations.column("predicate"), SUBCLASS), pc.invert(relations.column("negated")))
    rows = pc.indices_nonzero(is_a).to_numpy()
    child, parent = (tables.node_numbers(relations.column(name), ids)[rows] for name in ("subject", "object"))
    home = concepts.column("source").combine_chunks().take(pa.array(child))
    stated = relations.column("source").combine_chunks().take(pa.array(rows))
    foreign = pc.not_equal(home, stated).to_numpy(zero_copy_only=False)
    bad = rows[tables.broken_cycles(child, parent, len(ids), foreign)]
    for row in relations.take(pa.array(bad, pa.int64())).select(["subject", "object", "source"]).to_pylist():
        dropped[f"{row['source']}: {row['subject']} is_a {row['object']} would close a circle"] += 1
    good = np.ones(len(relations), dtype=bool)
    good[bad] = False
    return relations.filter(pa.array(good))
