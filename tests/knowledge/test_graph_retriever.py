"""What the graph retrieves for a query, over a small graph: order, absence, kinds, codes, roles, differentials."""

import pytest

from clinweave.knowledge import GraphRetriever, Linker, parse_query
from clinweave.knowledge.graph.profiles import is_absent, lower_share, profiles
from clinweave.records import Concept, Relation
from tests.knowledge.graph_fixture import DISEASE, DRUG, FINDING, GENE_OF, HAS, IS_A, ROLE, build

CODE = "biolink:DiseaseOrPhenotypicFeature"
HAS_ROLE = "biolink:has_chemical_role"


def has(disease, finding, frequency="", **more):
    return Relation(disease, HAS, finding, "hpoa", frequency=frequency, **more)


RECORDS = {
    "mondo": [
        Concept("MONDO:0000001", DISEASE, "disease", "mondo"),
        Concept("MONDO:0000010", DISEASE, "Marble syndrome", "mondo", ("Lou Pebble's disease",)),
        Concept("MONDO:0000011", DISEASE, "Gravel disease", "mondo"),
        Concept("MONDO:0000012", DISEASE, "Gravel disease type 2", "mondo"),
        Concept("MONDO:0000013", DISEASE, "Sandstone dysplasia", "mondo"),
        Concept("MONDO:0000014", DISEASE, "Slate disease", "mondo"),
        *(Relation(f"MONDO:00000{n}", IS_A, "MONDO:0000001", "mondo") for n in (10, 11, 14)),
        Relation("MONDO:0000012", IS_A, "MONDO:0000011", "mondo"),
        Relation("MONDO:0000013", IS_A, "MONDO:0000011", "mondo"),
        Concept("ICD10CM:Q10", CODE, "Marble syndrome", "mondo"),
        Concept("ICD10CM:Q10.9", CODE, "Marble syndrome, unspecified", "mondo"),
        Concept("ICD10CM:Q10.1", CODE, "Marble syndrome with kidney stones", "mondo"),
        *(Relation(f"ICD10CM:Q10.{n}", IS_A, "ICD10CM:Q10", "mondo") for n in (1, 9)),
    ],
    "hpo": [
        Concept("HP:0000118", FINDING, "Phenotypic abnormality", "hpo"),
        Concept("HP:0000002", FINDING, "Stony fingers", "hpo"),
        Concept("HP:0000003", FINDING, "Short stature", "hpo"),
        Concept("HP:0000004", FINDING, "Severe stony fingers", "hpo"),
        Concept("HP:0000005", FINDING, "Brittle nails", "hpo"),
        *(Relation(f"HP:000000{n}", IS_A, "HP:0000118", "hpo") for n in (2, 3, 5)),
        Relation("HP:0000004", IS_A, "HP:0000002", "hpo"),
    ],
    "hpoa": [
        has("MONDO:0000010", "HP:0000002", "3/3"),
        has("MONDO:0000010", "HP:0000003", "80/100"),
        has("MONDO:0000010", "HP:0000005", "0/44"),
        has("MONDO:0000014", "HP:0000004", "HP:0040281"),
        has("MONDO:0000014", "HP:0000003", "HP:0040285"),
        has("MONDO:0000012", "HP:0000002", "HP:0040282"),
        has("MONDO:0000013", "HP:0000003", "HP:0040282"),
        Relation("HGNC:1", GENE_OF, "MONDO:0000010", "hpoa"),
        Relation("HGNC:1", GENE_OF, "MONDO:0000010", "hgnc"),
        Relation("HGNC:2", GENE_OF, "MONDO:0000010", "hpoa"),
    ],
    "hgnc": [
        Concept("HGNC:1", "biolink:Gene", "MRB1", "hgnc"),
        Concept("HGNC:2", "biolink:Gene", "ABC2", "hgnc"),
    ],
    "chebi": [
        Concept("CHEBI:23888", ROLE, "drug", "chebi"),
        Concept("CHEBI:78298", ROLE, "environmental contaminant", "chebi"),
        Concept("CHEBI:50", ROLE, "stone solvent", "chebi"),
        Relation("CHEBI:50", IS_A, "CHEBI:23888", "chebi"),
        Concept("CHEBI:60", DRUG, "stonix", "chebi"),
        Relation("CHEBI:60", HAS_ROLE, "CHEBI:78298", "chebi"),
        Relation("CHEBI:60", HAS_ROLE, "CHEBI:50", "chebi"),
    ],
}


class Parts:
    def __init__(self, graph):
        self.graph, self.linker = graph, Linker.open(graph)

    def has(self, part):
        return part == "graph"


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    return Parts(build(tmp_path_factory.mktemp("answers") / "graph", RECORDS))


def retrieve(parts, question, limit=12):
    query = parse_query(question, graph=parts.graph, linker=parts.linker)
    return GraphRetriever(parts).retrieve(query, limit=limit)


def test_features_by_the_lower_end_of_their_frequency_and_absent_ones_apart(parts):
    present, absent = retrieve(parts, "What are the features of Marble syndrome?")
    assert [row.object for row in present.relations] == [
        "HP:0000003",
        "HP:0000002",
    ]  # 80/100 tells more than 3/3
    assert [row.object for row in absent.relations] == ["HP:0000005"]
    assert present.about == "MONDO:0000010"
    assert dict(present.names)["HP:0000003"] == "Short stature"


def test_a_disease_without_records_answers_by_the_kinds_that_bear_its_name(parts):
    (item,) = retrieve(parts, "What are the features of Gravel disease?")
    assert {row.subject for row in item.relations} == {"MONDO:0000012"}


def test_genes_that_more_sources_state_come_first(parts):
    (item,) = retrieve(parts, "Which gene causes Lou Pebble's disease?")
    assert [row.subject for row in item.relations] == ["HGNC:1", "HGNC:1", "HGNC:2"]


def test_a_narrower_finding_answers_and_nobody_is_not_somebody(parts):
    (item,) = retrieve(parts, "Does Slate disease cause stony fingers?")
    assert (item.kind, item.relations[0].object) == ("relation", "HP:0000004")
    (item,) = retrieve(parts, "Are brittle nails a feature of Marble syndrome?")
    assert item.relations[0].frequency == "0/44"
    assert retrieve(parts, "Are brittle nails a feature of Slate disease?") == []


def test_diseases_with_both_findings_come_first_and_excluded_ones_do_not_count(parts):
    items = retrieve(parts, "Which diseases cause both stony fingers and short stature?")
    assert items[0].kind == "ranking"
    assert items[0].about == "MONDO:0000010"
    slate = next(item for item in items if item.about == "MONDO:0000014")
    assert [row.object for row in slate.relations] == ["HP:0000004"]
    assert profiles(parts.graph).rank(["HP:0000005"], 5) == []


def test_therapeutic_roles_alone_are_told(parts):
    (item,) = retrieve(parts, "What kind of drug is stonix?")
    assert [row.object for row in item.relations] == ["CHEBI:50"]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("What is the ICD-10-CM code for Marble syndrome?", "Q10: Marble syndrome"),
        ("What is the ICD-10 code for unspecified Marble syndrome?", "Q10.9: Marble syndrome, unspecified"),
        ("ICD code for Marble syndrome with kidney stones", "Q10.1: Marble syndrome with kidney stones"),
        ("What does Q10.1 stand for?", "Q10.1: Marble syndrome with kidney stones (under: Marble syndrome)"),
    ],
)
def test_codes(parts, question, first):
    assert retrieve(parts, question)[0].text == first


def test_lower_shares():
    assert lower_share("3/3") < lower_share("80/100") < lower_share("HP:0040281")
    assert is_absent("0/44")
    assert is_absent("HP:0040285")
    assert not is_absent("")
