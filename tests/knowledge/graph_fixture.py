"""A tiny made-up set of databases in the shape that the readers give, shared by the tests of the graph."""

from pathlib import Path

from clinweave.core.artifacts import stage
from clinweave.databases import Record
from clinweave.knowledge import Graph
from clinweave.knowledge.graph.build import assemble
from clinweave.records import Concept, Grade, Passage, Relation, Source

DISEASE, FINDING, DRUG, ROLE = (
    f"biolink:{name}" for name in ("Disease", "PhenotypicFeature", "Drug", "ChemicalRole")
)
IS_A, HAS, GENE_OF = (
    f"biolink:{name}" for name in ("subclass_of", "has_phenotype", "gene_associated_with_condition")
)

SOURCES = {
    name: Source(
        name, f"The {name}", f"infores:{name}", f"{name}-1", f"licence of {name}", f"https://{name}.test"
    )
    for name in ("mondo", "hpo", "hpoa", "chebi", "drugs", "hgnc")
}

RECORDS: dict[str, list[Record]] = {
    "mondo": [
        Concept("MONDO:0000001", DISEASE, "disease", "mondo"),
        Concept("MONDO:0000010", DISEASE, "Marble syndrome", "mondo", ("MBS", "marble bone syndrome"),
                xrefs=("OMIM:100", "UMLS:C1"), related=("ORPHA:7", "ORPHA:8", "ICD10CM:Q1")),
        Concept("MONDO:0000020", DISEASE, "Pebble disease", "mondo", xrefs=("OMIM:200",)),
        Concept("MONDO:0000030", DISEASE, "Gravel disease", "mondo", xrefs=("OMIM:200",)),
        Concept("ICD10CM:Q1", DISEASE, "Marble syndrome", "mondo"),
        Relation("MONDO:0000010", IS_A, "MONDO:0000001", "mondo"),
        Relation("MONDO:0000020", IS_A, "MONDO:0000010", "mondo"),
        Relation("MONDO:0000030", IS_A, "MONDO:0000001", "mondo"),
        Relation("MONDO:0000010", "biolink:close_match", "ICD10CM:Q1", "mondo"),
    ],
    "hpo": [
        Concept("HP:0000118", FINDING, "Phenotypic abnormality", "hpo"),
        Concept("HP:0000002", FINDING, "Long fingers", "hpo", ("Spider fingers",), "Fingers that are long.",
                xrefs=("HP:0009999",)),
        Concept("HP:0000003", FINDING, "Short stature", "hpo"),
        Relation("HP:0000002", IS_A, "HP:0000118", "hpo"),
        Relation("HP:0000003", IS_A, "HP:0000118", "hpo"),
        Passage("hpo:2", "Fingers that are long.", "Long fingers", "HP:0000002", 0, 22, "hpo", "definition",
                ("HP:0009999",)),
    ],
    "hpoa": [
        Concept("OMIM:100", DISEASE, "MARBLE SYNDROME; MBS", "hpoa"),
        Concept("OMIM:200", DISEASE, "Stone disease", "hpoa"),
        Concept("ORPHA:7", DISEASE, "Marble Syndrome", "hpoa"),
        Concept("ORPHA:8", DISEASE, "Marble syndrome type 2", "hpoa"),
        Relation("OMIM:100", HAS, "HP:0009999", "hpoa", ("PMID:2",), "7/12", evidence="PCS"),
        Relation("OMIM:100", HAS, "HP:0000002", "hpoa", ("PMID:1",), "7/12", evidence="PCS"),
        Relation("ORPHA:7", HAS, "HP:0000002", "hpoa", frequency="HP:0040281", evidence="TAS"),
        Relation("OMIM:100", HAS, "HP:0000003", "hpoa", negated=True),
        Relation("OMIM:200", HAS, "HP:0000002", "hpoa", frequency="HP:0040285"),
        Relation("OMIM:200", HAS, "HP:0000003", "hpoa"),
        Relation("OMIM:200", HAS, "HP:0007777", "hpoa"),
        Relation("OMIM:999", HAS, "HP:0000003", "hpoa"),
        Relation("NCBIGene:5", GENE_OF, "OMIM:100", "hpoa", grade=Grade.TEXT_MINED),
    ],
    "chebi": [
        Concept("CHEBI:1", "biolink:SmallMolecule", "stonix", "chebi"),
        Concept("CHEBI:2", ROLE, "stone solvent", "chebi"),
        Relation("CHEBI:1", "biolink:has_chemical_role", "CHEBI:2", "chebi"),
    ],
    "drugs": [Concept("DRUGBANK:DB1", DRUG, "Stonix forte", "drugs", ("Dissolva",), xrefs=("CHEBI:1",))],
    "hgnc": [Concept("HGNC:5", "biolink:Gene", "MRB1", "hgnc", ("marble 1",), xrefs=("NCBIGene:5",))],
}  # fmt: skip


def build(folder: Path, records: dict[str, list[Record]] | None = None) -> Graph:
    """Build the graph of the records in `folder` and open it."""
    stage(folder, "graph", {}, {}, lambda work: assemble(records or RECORDS, SOURCES, work))
    return Graph.open(folder)
