from tests.databases.conftest import SAMPLES


def test_descriptions_are_definitions_and_passages_of_the_omim_entry(reading):
    result = reading("uniprot_diseases")
    wobble = result.concepts["OMIM:100001"]
    assert wobble.definition == "Knee wobble is a wobble."
    assert wobble.xrefs == ("UNIPROT.DISEASE:DI-00001",)
    assert {"MEDGEN:C0000009", "MESH:D000009"} <= set(wobble.related)
    passage = next(item for item in result.passages if item.concepts == ("OMIM:100001",))
    assert passage.text == wobble.definition


def test_an_omim_id_shared_by_two_diseases_is_neither(reading):
    concepts = reading("uniprot_diseases").concepts
    assert "OMIM:100002" not in concepts
    assert "OMIM:100002" in concepts["UNIPROT.DISEASE:DI-00002"].related
    assert "OMIM:100002" in concepts["UNIPROT.DISEASE:DI-00003"].related


def test_only_pathogenic_variants_tie_a_gene_to_a_disease(reading):
    result = reading("uniprot_diseases")
    assert result.triples == {("UNIPROT:P00001", "gene_associated_with_condition", "OMIM:100001")}
    assert len(result.relations) == 1  # two variants, one pair
    assert "UNIPROT:P00002" not in result.concepts


def test_a_variant_of_an_unknown_disease_is_counted(reading):
    links = SAMPLES["uniprot_diseases"]["variant_phenotypes.xml"].replace(b"DI-00001", b"DI-09999", 1)
    result = reading("uniprot_diseases", files={"variant_phenotypes.xml": links})
    assert result.log.counts == {"variant_phenotypes.xml: a disease that the table of diseases lacks": 1}
