"""Hetionet v1.0 (https://het.io) with PharmacotherapyDB's indications: a second source for test questions.

It is not part of the default graph. Edges that Hetionet took from co-mention in MEDLINE (disease presents symptom,
disease resembles disease, disease localises to anatomy) are co-occurrence, and say `biolink:correlated_with`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import needed, table
from clinweave.databases.prefixes import curie
from clinweave.records import Concept, Grade, Relation, Source

_NODES, _EDGES, _INDICATIONS = "nodes.tsv", "edges.sif", "indications.tsv"
_KINDS = {  # kind of node -> (prefix, or "" where the id has its own; category)
    "Anatomy": ("", "biolink:GrossAnatomicalStructure"),
    "Biological Process": ("", "biolink:BiologicalProcess"),
    "Cellular Component": ("", "biolink:CellularComponent"),
    "Compound": ("DRUGBANK", "biolink:Drug"),
    "Disease": ("", "biolink:Disease"),
    "Gene": ("NCBIGene", "biolink:Gene"),
    "Molecular Function": ("", "biolink:MolecularActivity"),
    "Pathway": ("HETIONET.PATHWAY", "biolink:Pathway"),
    "Pharmacologic Class": ("NDFRT", "biolink:ChemicalRole"),
    "Side Effect": ("UMLS", "biolink:PhenotypicFeature"),
    "Symptom": ("MESH", "biolink:PhenotypicFeature"),
}


class _Edge(NamedTuple):
    predicate: str
    turned: bool = False  # the target is the subject
    grade: Grade = Grade.CURATED


_SEEN = Grade.COOCCURRENCE
_METAEDGES = {
    "CtD": _Edge("treats"),
    "CpD": _Edge("ameliorates_condition"),
    "CcSE": _Edge("has_side_effect", grade=Grade.TEXT_MINED),  # SIDER mined the labels
    "CbG": _Edge("directly_physically_interacts_with"),
    "CrC": _Edge("chemically_similar_to", grade=Grade.CLASS_INFERRED),
    "PCiC": _Edge("has_chemical_role", turned=True),
    "DaG": _Edge("gene_associated_with_condition", turned=True),
    "DpS": _Edge("correlated_with", grade=_SEEN),
    "DrD": _Edge("correlated_with", grade=_SEEN),
    "DlA": _Edge("correlated_with", grade=_SEEN),
    "GpBP": _Edge("participates_in"),
    "GpCC": _Edge("located_in"),
    "GpMF": _Edge("capable_of"),
    "GpPW": _Edge("participates_in"),
    "GiG": _Edge("physically_interacts_with"),
}


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _NODES, "hetionet")
    next(table(path, "Hetionet's table of nodes", ("id", "name", "kind"), RowLog(keep=0)), None)
    return Source(
        id="hetionet",
        name="Hetionet",
        infores="infores:hetionet",
        release="1.0",
        licence="CC0 1.0, and the terms of each source",
        homepage="https://het.io",
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    nodes = needed(files, _NODES, "hetionet")
    targets: dict[str, str] = {}
    for row, (id_, name, kind) in table(nodes, "Hetionet's table of nodes", ("id", "name", "kind"), log):
        if kind not in _KINDS or not (target := _curie(id_)) or not name:
            log.drop(nodes.name, row, "no name, no id or an unknown kind")
        else:
            targets[id_] = target
            yield Concept(target, _KINDS[kind][1], name, "hetionet")
    seen: set[tuple[str, str, str]] = set()
    if _INDICATIONS in files:
        for relation in _indications(files[_INDICATIONS], log):
            seen.add((relation.subject, relation.predicate, relation.object))
            yield relation
    for relation in _edges(needed(files, _EDGES, "hetionet"), targets, log):
        if (relation.subject, relation.predicate, relation.object) not in seen:
            yield relation


def _edges(path: Path, targets: Mapping[str, str], log: RowLog) -> Iterator[Relation]:
    for row, (source, metaedge, target) in table(
        path, "Hetionet's table of edges", ("source", "metaedge", "target"), log
    ):
        edge = _METAEDGES.get(metaedge)
        if edge is None:
            log.drop(path.name, row, f"{metaedge[:8]} is not read")
        elif source not in targets or target not in targets:
            log.drop(path.name, row, "an end that the nodes lack")
        else:
            subject, object_ = targets[source], targets[target]
            if edge.turned:
                subject, object_ = object_, subject
            yield _relation(subject, edge.predicate, object_, edge.grade)


def _indications(path: Path, log: RowLog) -> Iterator[Relation]:
    """Yield PharmacotherapyDB's verdicts: DM modifies the disease, SYM eases symptoms, NOT is no indication."""
    columns = ("doid_id", "drugbank_id", "category")
    for row, (disease, drug, category) in table(path, "PharmacotherapyDB's indications", columns, log):
        subject, object_ = curie("DRUGBANK", drug), curie("DOID", disease)
        if category not in ("DM", "SYM", "NOT") or not subject or not object_:
            log.drop(path.name, row, "no ids or an unknown category")
        else:
            predicate = "ameliorates_condition" if category == "SYM" else "treats"
            yield _relation(subject, predicate, object_, Grade.CURATED, negated=category == "NOT")


def _relation(subject: str, predicate: str, object_: str, grade: Grade, *, negated: bool = False) -> Relation:
    trusted = grade is Grade.CURATED
    return Relation(
        subject,
        f"biolink:{predicate}",
        object_,
        "hetionet",
        negated=negated,
        grade=grade,
        knowledge_level="knowledge_assertion" if trusted else "statistical_association",
        agent_type="manual_agent" if trusted else "data_analysis_pipeline",
    )


def _curie(id_: str) -> str:
    """Return the CURIE of Hetionet's "Gene::1234"."""
    kind, _, local = id_.partition("::")
    prefix = _KINDS.get(kind, ("",))[0]
    if not prefix:
        prefix, _, local = local.partition(":")
    return curie(prefix, local)


HETIONET = Database(
    "hetionet",
    "",
    (_NODES, _EDGES),
    _source,
    _read,
    optional=(_INDICATIONS,),
    also={
        "hetionet-v1.0-nodes.tsv": _NODES,
        "hetionet-v1.0-edges.sif": _EDGES,
        "edges-5k.sif": _EDGES,
        "indications.tsv": _INDICATIONS,
    },
)
