"""What mappings and the user state of identity: which identifiers are one, and which must stay apart.

A relation `biolink:exact_match` (from a mapping set, from another graph) is a statement of identity like a
cross-reference: the rules of `identity` decide. One that is negated, and every row of the user's own list, keeps two
identifiers apart.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from clinweave.core.errors import UserError
from clinweave.knowledge.graph import tables
from clinweave.knowledge.graph.gather import Gathered
from clinweave.knowledge.graph.identity import Node, is_curie
from clinweave.records import Concept, Grade, Relation, Source

EXACT = "biolink:exact_match"
_REQUIRED_COLUMNS = {("id", "canonical"), ("subject_id", "object_id")}


@dataclass
class Stated:
    """Statements of identity that no concept record makes."""

    nodes: list[Node]
    apart: set[tuple[str, str]]

    @property
    def ends(self) -> set[str]:
        """Return every identifier that a statement names."""
        return {end for node in self.nodes for end in (node.id, *node.xrefs)}


def stated_identity(gathered: Gathered) -> Stated:
    """Return what curated exact matches say, as nodes with an xref each, and the denied ones as pairs."""
    rows = gathered.tables[Relation]
    rows = rows.filter(pc.equal(rows.column("predicate"), EXACT))
    concepts = gathered.tables[Concept]
    ends = pa.concat_arrays([rows.column(name).combine_chunks() for name in ("subject", "object")])
    endpoints = concepts.filter(pc.is_in(concepts.column("id"), value_set=ends))
    about: dict[str, tuple[str, str]] = {}
    for curie, category, name in zip(
        *(endpoints.column(c).to_pylist() for c in ("id", "category", "name")), strict=True
    ):
        about.setdefault(curie, (category, name))
    identity = Stated([], set())
    columns = (rows.column(name).to_pylist() for name in ("subject", "object", "source", "negated", "grade"))
    for subject, target, source, negated, grade in zip(*columns, strict=True):
        if negated:
            identity.apart.add((subject, target))
        elif grade == Grade.CURATED and subject in about and target in about:
            category, name = about[subject]
            identity.nodes.append(Node(subject, category, source, (target,), (), name))
    return identity


def read_apart(path: Path) -> set[tuple[str, str]]:
    """Return the pairs of a list of merges to undo: a TSV with the columns id and canonical, as `graph merges` prints.

    A mapping set in SSSOM (subject_id, object_id) is taken too. Raises `UserError` with the row at fault.
    """
    try:
        lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
        header, *rows = list(csv.reader(lines, delimiter="\t")) or [[]]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as a list of merges to undo: {error}") from error
    names = next((pair for pair in sorted(_REQUIRED_COLUMNS) if set(pair) <= set(header)), None)
    if names is None:
        raise UserError(f"{path}: its first line must name the columns id and canonical (tab-separated)")
    columns = [header.index(name) for name in names]
    pairs = set()
    for row, cells in enumerate(rows, 2):
        if not any(cell.strip() for cell in cells):
            continue
        pair = [cells[column].strip() if column < len(cells) else "" for column in columns]
        if not all(map(is_curie, pair)):
            raise UserError(
                f"{path}, row {row}: {' and '.join(names)} must be identifiers such as MONDO:0007947"
            )
        pairs.add((pair[0], pair[1]))
    return pairs


def tiered(concepts: pa.Table, sources: Mapping[str, Source]) -> pa.Table:
    """Return the concept records, each at least as closed as its source."""
    own = concepts.column("tier").combine_chunks()
    named = concepts.column("source").combine_chunks().dictionary_encode()
    tiers = pa.array(
        [str(sources[name].tier) if name in sources else "public" for name in named.dictionary.to_pylist()],
        pa.string(),
    ).take(named.indices)
    order = pa.array(tables.TIERS)
    ranks = pc.max_element_wise(pc.index_in(own, value_set=order), pc.index_in(tiers, value_set=order))
    column = concepts.column_names.index("tier")
    return concepts.set_column(column, "tier", order.take(ranks))
