"""PrimeKG (https://github.com/mims-harvard/PrimeKG), from kg.csv: diseases, drugs, findings, genes, pathways.

The file tells every edge from both ends; one is kept. Numbers become identifiers of the vocabularies they come from
(HPO 1250 -> HP:0001250). A group of Mondo diseases that PrimeKG joined by their names stays a concept of its own with
looser links to its members.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from clinweave.databases.base import Database, Record, RowLog
from clinweave.databases.files import csv_table, needed
from clinweave.databases.prefixes import curie
from clinweave.records import Concept, Grade, Relation, Source

_FILE, _KIND = "kg.csv", "PrimeKG's kg.csv"
_COLUMNS = (
    "relation", "x_index", "x_id", "x_type", "x_name", "x_source", "y_index", "y_id", "y_type", "y_name", "y_source",
)  # fmt: skip
_PREFIX = {
    "NCBI": ("NCBIGene", 0), "DrugBank": ("DRUGBANK", 0), "HPO": ("HP", 7), "MONDO": ("MONDO", 7), "GO": ("GO", 7),
    "UBERON": ("UBERON", 7), "REACTOME": ("REACTOME", 0), "CTD": ("MESH", 0),
}  # fmt: skip
_CATEGORY = {
    "gene/protein": "Gene", "drug": "Drug", "effect/phenotype": "PhenotypicFeature", "disease": "Disease",
    "biological_process": "BiologicalProcess", "molecular_function": "MolecularActivity",
    "cellular_component": "CellularComponent", "exposure": "ChemicalEntity", "pathway": "Pathway",
    "anatomy": "GrossAnatomicalStructure",
}  # fmt: skip
_RELATIONS: dict[str, tuple[str, str, bool]] = {  # relation -> (type of the subject, predicate, denied)
    "indication": ("drug", "treats", False),
    "contraindication": ("drug", "contraindicated_in", False),
    "off-label use": ("drug", "treats", False),
    "disease_phenotype_positive": ("disease", "has_phenotype", False),
    "disease_phenotype_negative": ("disease", "has_phenotype", True),
    "disease_protein": ("gene/protein", "gene_associated_with_condition", False),
    "phenotype_protein": ("gene/protein", "related_to", False),
    "drug_protein": ("drug", "interacts_with", False),
    "drug_drug": ("", "interacts_with", False),
    "drug_effect": ("drug", "has_side_effect", False),
    "disease_disease": ("", "related_to", False),
    "protein_protein": ("", "physically_interacts_with", False),
    "bioprocess_protein": ("gene/protein", "participates_in", False),
    "molfunc_protein": ("gene/protein", "capable_of", False),
    "cellcomp_protein": ("gene/protein", "located_in", False),
    "pathway_protein": ("gene/protein", "participates_in", False),
    "exposure_disease": ("exposure", "related_to", False),
}


def _source(files: Mapping[str, Path]) -> Source:
    path = needed(files, _FILE, "primekg")
    next(csv_table(path, _KIND, _COLUMNS, RowLog(keep=0)), None)
    return Source(
        id="primekg",
        name="PrimeKG",
        infores="infores:primekg",
        release="not stated",
        licence="MIT (the graph); the terms of each source",
        homepage="https://github.com/mims-harvard/PrimeKG",
    )


def _read(files: Mapping[str, Path], log: RowLog) -> Iterator[Record]:
    path = needed(files, _FILE, "primekg")
    seen: set[str] = set()
    for row, cells in csv_table(path, _KIND, _COLUMNS, log):
        relation, ends = cells[0], (cells[1:6], cells[6:11])
        if relation not in _RELATIONS:
            log.drop(path.name, row, "a relation that is not read")
            continue
        subject, predicate, denied = _RELATIONS[relation]
        kinds = [end[2] for end in ends]
        if subject and kinds[0] != subject:
            continue  # the same edge from its other end
        if not subject and ends[0][0] > ends[1][0]:
            continue
        ids = [_id(end[1], end[4]) for end in ends]
        if not all(ids) or any(kind not in _CATEGORY for kind in kinds) or not ends[0][3] or not ends[1][3]:
            log.drop(path.name, row, "an end without an id, a name or a known type")
            continue
        for id_, end in zip(ids, ends, strict=True):
            if id_ not in seen:
                seen.add(id_)
                members = _members(end[1]) if end[4] == "MONDO_grouped" else ()
                yield Concept(id_, f"biolink:{_CATEGORY[end[2]]}", end[3], "primekg", related=members)
        off_label = relation == "off-label use"
        yield Relation(
            ids[0], f"biolink:{predicate}", ids[1], "primekg", negated=denied, evidence=relation,
            grade=Grade.CLASS_INFERRED if off_label else Grade.CURATED,
            knowledge_level="not_provided" if off_label else "knowledge_assertion",
        )  # fmt: skip


def _id(local: str, source: str) -> str:
    if source == "MONDO_grouped":
        return curie("PRIMEKG.GROUP", local)
    prefix, width = _PREFIX.get(source, ("", 0))
    return curie(prefix, local.zfill(width) if local.isdecimal() else local) if prefix else ""


def _members(local: str) -> tuple[str, ...]:
    return tuple(f"MONDO:{item.zfill(7)}" for item in local.split("_") if item.isdecimal())


PRIMEKG = Database("primekg", "", (_FILE,), _source, _read)
