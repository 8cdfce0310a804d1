"""ChEBI, drug names, genes and Hetionet."""

import bz2
import contextlib
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinweave.core.errors import UserError
from clinweave.databases import plain_pickle
from clinweave.records import Grade
from tests.databases.conftest import SAMPLES


def test_chebi_roles_classes_and_molecules(reading):
    result = reading("chebi")
    kinds = {id_: concept.category for id_, concept in result.concepts.items()}
    assert kinds == {
        "CHEBI:50906": "biolink:ChemicalRole",
        "CHEBI:1": "biolink:ChemicalRole",
        "CHEBI:2": "biolink:ChemicalEntity",
        "CHEBI:3": "biolink:SmallMolecule",
    }
    assert ("CHEBI:3", "has_chemical_role", "CHEBI:1") in result.triples
    assert ("CHEBI:3", "subclass_of", "CHEBI:2") in result.triples
    assert result.concepts["CHEBI:2"].xrefs == ("CHEBI:22",)
    assert result.log.counts == {"chebi.json: has_role of an unknown term": 1}


def test_a_drug_is_joined_by_identifier(reading):
    result = reading("drug_names")
    drug = result.concepts["DRUGBANK:DB00001"]
    assert set(drug.xrefs) == {"MESH:D000001", "CHEBI:3"}
    assert drug.related == ("CHEBI:6",)  # ChEBI says so too, but DrugBank itself says CHEBI:3
    assert drug.category == "biolink:Drug"
    two = result.concepts["DRUGBANK:DB00002"]
    assert set(two.related) == {"CHEBI:4", "CHEBI:5", "MESH:D000002"}  # two chemicals; a class of drugs
    assert two.xrefs == ()


def test_potassium_is_no_hydride(reading):
    drugs = bz2.compress(pickle.dumps(
        {"drug_variant_to_canonical": {"potassium": ["potassium"], "potasio": ["potassium"]},
         "drug_canonical_to_data": {"potassium": {"name": "Potassium", "drugbank_id": "DB14500"}}}, 4))  # fmt: skip
    links = b"DRUGBANK_ID\tNAMESPACE\tID\tSOURCE\nDB14500\tCHEBI\t32589\tdrugbank\n"
    result = reading(
        "drug_names", files={"drug_ner_dictionary.pkl.bz2": drugs, "drugbank_mappings.tsv": links}
    )
    assert result.concepts["DRUGBANK:DB14500"].xrefs == ()
    assert result.log.counts == {"drugbank_mappings.tsv: a link to another substance": 1}


def test_mesh_alone_identifies_only_what_it_names(reading):
    result = reading("drug_names")
    assert result.concepts["MESH:D000003"].name == "Knee bark"
    assert result.log.counts == {"drug_ner_dictionary.pkl.bz2: no identifier of its own": 1}
    without = reading("drug_names", files={"mesh_id_label_mappings.tsv": None})
    assert "MESH:D000003" not in without.concepts


def test_turned_round_names_and_drafts_are_left_out(reading):
    names = reading("drug_names").concepts["DRUGBANK:DB00001"].synonyms
    assert set(names) == {"kneesteadine sodium", "kniestil"}


class Attack:
    def __reduce__(self):
        return (exec, ("raise SystemExit('ran')",))


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_that_calls_something_is_refused_unread(protocol, reading):
    data = bz2.compress(pickle.dumps({"drug_canonical_to_data": Attack()}, protocol))
    with pytest.raises(UserError, match="not one of plain values"):
        reading("drug_names", files={"drug_ner_dictionary.pkl.bz2": data})


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(PLAIN, st.sampled_from([4, 5]))
def test_plain_values_come_back_as_pickled(value, protocol):
    assert plain_pickle.loads(pickle.dumps(value, protocol)) == value


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_random_bytes_are_plain_or_refused(data):
    with contextlib.suppress(plain_pickle.NotPlainError):
        plain_pickle.loads(data)


def test_a_huge_memo_number_costs_nothing():
    assert plain_pickle.loads(b"\x80\x04}r\xff\xff\xff\xff.") == {}


def test_genes_with_former_and_alias_symbols(reading):
    result = reading("hgnc")
    gene = result.concepts["HGNC:1"]
    assert (gene.name, gene.category) == ("KNEE1", "biolink:Gene")
    assert gene.synonyms == ("knee factor 1", "KNF", "KN1", "OLDK")  # KNEE2 now names another gene
    assert set(gene.xrefs) == {"NCBIGene:10", "UNIPROT:P00001", "ENSEMBL:ENSG1"}
    assert set(result.concepts["HGNC:2"].related) == {"UNIPROT:P00002", "UNIPROT:P00003"}
    assert result.log.counts == {"hgnc_entries.tsv: not an approved entry": 1}


def test_hetionet_indications_and_grades(reading):
    result = reading("hetionet")
    assert ("DRUGBANK:DB00001", "treats", "DOID:1") in result.triples
    assert (
        sum(item.predicate == "biolink:treats" for item in result.relations) == 2
    )  # the edge is not told twice
    negated = [item for item in result.relations if item.negated]
    assert [(item.subject, item.object) for item in negated] == [("DRUGBANK:DB00002", "DOID:1")]
    seen = next(item for item in result.relations if item.object == "MESH:D000010")
    assert (seen.predicate, seen.grade) == ("biolink:correlated_with", Grade.COOCCURRENCE)
    assert ("NCBIGene:10", "gene_associated_with_condition", "DOID:1") in result.triples
    assert result.log.total == 2


def test_hetionet_reads_without_the_indications(reading):
    result = reading("hetionet", files={"indications.tsv": None})
    assert ("DRUGBANK:DB00001", "treats", "DOID:1") in result.triples
    assert set(SAMPLES["hetionet"]) == {"nodes.tsv", "edges.sif", "indications.tsv"}
