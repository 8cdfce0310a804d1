"""Link codes of records to concepts of the graph: by code if the source gives one, else by name.

Done once for each distinct code, not for each event. Every link says how it was found:
  code         the graph knows this code as one concept
  code-chosen  the graph knows it as several; the disease is taken before the finding
  related      exactly one concept names the code as a looser cross-reference
  name         the whole name is a concept's name
  part         the longest concept named inside the name (the substance of "Glucose [Mass/volume] in Blood")
  none         nothing of these

A name of a code is no sentence. The linker's learned model tells terms from look-alikes by the words around them and
refuses many names that stand alone ("Insulin", "Sodium Chloride 0.9%"), so whole names, and all names of drugs, are
linked without it.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from clinweave.patients import duckdb_session
from clinweave.patients.batches import PRESENT, status_of
from clinweave.patients.vocabularies import curie_of

if TYPE_CHECKING:
    from clinweave.records import Mention

HOW = ("code", "code-chosen", "related", "name", "part", "none")
LINKED_KINDS = ("problem", "drug", "lab")  # what is joined to concepts; visits and persons are not
_CHEMICALS = ("biolink:ChemicalEntity", "biolink:Drug", "biolink:Protein", "biolink:SmallMolecule")
# the vocabularies that names are looked for in, one set after the other, and the categories that count there
_NAMED_IN: dict[str, tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]] = {
    "problem": ((("MONDO", "HP", "ORPHA", "OMIM", "ICD10CM"), ()),),
    "drug": ((("CHEBI", "DRUGBANK", "CHEMBL", "UNII", "RXCUI"), ()), (("MESH",), _CHEMICALS)),
    "lab": ((("CHEBI", "HP", "DRUGBANK"), ()),),
}
_FIRST = {"problem": ("MONDO", "HP"), "drug": ("CHEBI", "DRUGBANK"), "lab": ("HP", "CHEBI")}
_SPELLINGS = {"RXCUI": ("RXCUI", "RXNORM"), "SNOMEDCT": ("SNOMEDCT", "SCTID")}
_SEMANTIC_TAG = re.compile(
    r"\s*\((?:disorder|finding|situation|procedure|observable entity|substance|event|morphologic abnormality|"
    r"regime/therapy|qualifier value|product|context-dependent category)\)\s*$"
)
# a part of these names is not what the record says of the patient
_NOT_SO = re.compile(
    r"^(?:suspected|history of|family history|past history|at risk|risk of|no |absence of|exposure to|screening)",
    re.I,
)
_GENERIC = frozenset({
    "protein", "solution", "preservative", "antigen", "toxoid", "extract", "gas", "water", "ion", "molecule", "drug",
})  # fmt: skip
_WORD = re.compile(r"[^\W_]+")


class CodeGraph(Protocol):
    """What linking needs of a graph."""

    @property
    def path(self) -> Path:
        """Return the graph's folder."""

    def candidates(self, curie: str, /) -> list[str]:
        """Return the concepts that an identifier may mean."""


class TextLinker(Protocol):
    """What linking needs of a linker."""

    @property
    def vocabulary(self) -> Any:
        """Return the linker's vocabulary."""

    def link_many(
        self,
        texts: Sequence[str],
        prefixes: Collection[str] | None = None,
        categories: Collection[str] | None = None,
    ) -> "list[list[Mention]]":
        """Return the mentions of each text."""


def link_codes(codes: pa.Table, graph: CodeGraph | None, linker: TextLinker | None) -> pa.Table:
    """Return the codes with `concept`, `concept_name` and `linked_by`; see the head of this file."""
    rows = codes.select(["code", "description", "parent_codes", "kind"]).to_pylist()
    matches: dict[int, tuple[str, str]] = {}
    if graph is not None:
        _by_code(rows, graph, matches)
        _by_looser(rows, graph, matches)
    if linker is not None:
        _by_name(rows, graph, linker, matches)
    ids = sorted({concept for concept, _ in matches.values()})
    named = _names(ids, graph) if graph is not None and ids else {}
    columns = {
        "concept": [matches.get(index, ("", ""))[0] for index in range(len(rows))],
        "concept_name": [named.get(matches.get(index, ("", ""))[0], "") for index in range(len(rows))],
        "linked_by": [
            matches.get(index, ("", "none"))[1] if _linked(row) else "" for index, row in enumerate(rows)
        ],
    }
    for name, values in columns.items():
        codes = codes.append_column(name, pa.array(values, pa.string()))
    return codes


def coverage(codes: pa.Table) -> dict[str, dict[str, dict[str, int]]]:
    """Return kind -> how -> {codes, events} for the kinds that are linked."""
    result: dict[str, dict[str, dict[str, int]]] = {}
    grouped = (
        codes.group_by(["kind", "linked_by"]).aggregate([("events", "sum"), ("code", "count")]).to_pylist()
    )
    for row in grouped:
        if row["kind"] in LINKED_KINDS:
            counted = {"codes": row["code_count"], "events": row["events_sum"]}
            result.setdefault(row["kind"], {})[row["linked_by"]] = counted
    return {
        kind: {how: result[kind].get(how, {"codes": 0, "events": 0}) for how in HOW}
        for kind in LINKED_KINDS
        if kind in result
    }


def share(counts: Mapping[str, Mapping[str, int]], unit: str = "events") -> float:
    """Return the share of a kind's events (or codes) that are joined to a concept."""
    total = sum(count[unit] for count in counts.values())
    return 1 - counts["none"][unit] / total if total else 0.0


def spellings(code: str, others: Iterable[str] = ()) -> list[str]:
    """Return the identifiers by which a graph may know a code."""
    result: list[str] = []
    for item in (code, *others):
        curie = curie_of(item) or item
        prefix, _, local = curie.partition(":")
        result += [f"{name}:{local}" for name in _SPELLINGS.get(prefix, (prefix,)) if local]
    return list(dict.fromkeys(result))


def plain_name(name: str) -> str:
    """Return a name without SNOMED CT's tag of its kind: "Sepsis (disorder)" -> "Sepsis"."""
    return _SEMANTIC_TAG.sub("", name)


def _unmatched(rows: list[dict[str, Any]], matches: Mapping[int, Any]) -> list[tuple[int, dict[str, Any]]]:
    return [(index, row) for index, row in enumerate(rows) if _linked(row) and index not in matches]


def _linked(row: Mapping[str, Any]) -> bool:
    """Say whether a code is joined to a concept: what is absent or uncertain must not count as the patient's."""
    return row["kind"] in LINKED_KINDS and status_of(row["code"]) == PRESENT


def _by_code(rows: list[dict[str, Any]], graph: CodeGraph, matches: dict[int, tuple[str, str]]) -> None:
    for index, row in _unmatched(rows, matches):
        if row["code"].startswith("ALLERGY//"):
            continue  # the substance is not the problem
        for curie in spellings(row["code"], row["parent_codes"] or ()):
            candidates = graph.candidates(curie)
            if candidates:
                how = "code" if len(candidates) == 1 else "code-chosen"
                matches[index] = (_chosen(candidates, row["kind"]), how)
                break


def _chosen(candidates: Sequence[str], kind: str) -> str:
    order = {prefix: rank for rank, prefix in enumerate(_FIRST[kind])}
    return min(candidates, key=lambda item: (order.get(item.partition(":")[0], len(order)), item))


def _by_looser(rows: list[dict[str, Any]], graph: CodeGraph, matches: dict[int, tuple[str, str]]) -> None:
    """Link codes that exactly one concept names as a looser cross-reference; the graph's own table says so."""
    table = graph.path / "concepts.parquet"
    indices: dict[str, list[int]] = {}
    for index, row in _unmatched(rows, matches):
        if row["code"].startswith("ALLERGY//"):
            continue
        for curie in spellings(row["code"], row["parent_codes"] or ()):
            indices.setdefault(curie, []).append(index)
    if not indices or not table.is_file():
        return
    import duckdb

    curie_table = pa.table({"curie": pa.array(list(indices), pa.string())})
    with duckdb.connect() as connection:
        connection.register("wanted", curie_table)
        result = connection.execute(
            "select curie, min(id) from wanted join (select id, unnest(related) as other from "  # noqa: S608
            f"read_parquet({duckdb_session.quoted(table)})) on other = curie"
            " group by curie having count(distinct id) = 1"
        ).fetchall()
    for curie, concept in sorted(result):
        for index in indices[curie]:
            matches.setdefault(index, (str(concept), "related"))


def _names(ids: list[str], graph: CodeGraph) -> dict[str, str]:
    """Return concept -> name, in one pass over the graph's table."""
    import duckdb

    with duckdb.connect() as connection:
        connection.register("wanted", pa.table({"curie": pa.array(ids, pa.string())}))
        table = duckdb_session.quoted(graph.path / "concepts.parquet")
        query = f"select id, name from read_parquet({table}) semi join wanted on id = curie"  # noqa: S608
        return {str(curie): str(name) for curie, name in connection.execute(query).fetchall()}


def _by_name(
    rows: list[dict[str, Any]],
    graph: CodeGraph | None,
    linker: TextLinker,
    matches: dict[int, tuple[str, str]],
) -> None:
    have, unjudged = set(linker.vocabulary.prefixes), _unjudged(linker)
    for kind, steps in _NAMED_IN.items():
        for asked, categories in steps:
            prefixes = [prefix for prefix in asked if prefix in have]
            waiting = [(index, row) for index, row in _unmatched(rows, matches) if row["kind"] == kind]
            if not waiting or not prefixes:
                continue
            names = [plain_name(row["description"] or "") for _, row in waiting]
            freely = unjudged.link_many(names, prefixes, categories or None)
            judged = freely if kind == "drug" else linker.link_many(names, prefixes, categories or None)
            for (index, row), name, free, sure in zip(waiting, names, freely, judged, strict=True):
                best = _longest(free)
                if best is None or _words(best.text) != _words(name):
                    best = _longest(sure)
                if best is not None and (how := _how(best, name, row["code"])):
                    candidates = graph.candidates(best.id) if graph else ()
                    matches[index] = (_chosen(candidates, kind) if candidates else best.id, how)


def _unjudged(linker: TextLinker) -> TextLinker:
    """Return the linker without the model that judges mentions by the words around them."""
    from clinweave.knowledge import Linker

    return Linker(linker.vocabulary, judged=False) if isinstance(linker, Linker) else linker


def _longest(mentions: "Iterable[Mention]") -> "Mention | None":
    telling = [item for item in mentions if item.text.casefold() not in _GENERIC]
    return max(telling, key=lambda item: (item.end - item.start, -item.start), default=None)


def _how(mention: "Mention", name: str, code: str) -> str:
    """Return how a mention in a code's name links the code, or "" where it does not."""
    if _words(mention.text) == _words(name):
        return "name"
    # a vaccine is not the substance or disease named in it
    vaccine = code.startswith("CVX:") or "vaccine" in name.lower()
    return "" if _NOT_SO.match(name) or vaccine else "part"


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def recount(codes: pa.Table, counts: pa.Table) -> pa.Table:
    """Return the codes with the events of `counts` (code, events); a code without events is left out."""
    by_code = dict(zip(counts.column("code").to_pylist(), counts.column("events").to_pylist(), strict=True))
    names = codes.column("code").to_pylist()
    events = pa.array([int(by_code.get(name, 0)) for name in names], pa.int64())
    codes = codes.set_column(codes.schema.get_field_index("events"), "events", events)
    return codes.filter(pc.greater(codes.column("events"), 0))
