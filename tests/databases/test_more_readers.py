"""What each of the further readers keeps, turns round, and refuses."""

import csv
import gzip
import json
from pathlib import Path

import pytest

from clinweave.core.errors import UserError
from clinweave.databases import DATABASES, OwnGraph, RowLog
from clinweave.records import Concept, Grade, Tier
from tests.databases import samples
from tests.databases.conftest import SAMPLES


def of(found, predicate):
    return [item for item in found.relations if item.predicate == f"biolink:{predicate}"]


def test_obographs_give_the_same_as_obo(reading):
    assert reading("hpo", files={"hp.obo": samples.hp_json()}).records == reading("hpo").records
    assert reading("hpo", files={"hp.obo": samples.hp_json()}).source.release == "2031-01-01"


def test_mondo_in_obo_takes_only_marked_equivalences(reading):
    result = reading("mondo", files={"mondo.json": samples.MONDO_OBO})
    assert result.source.release == "2031-03-03"
    concept = result.concepts["MONDO:0000002"]
    assert concept.xrefs == ("OMIM:100001", "MONDO:0000008", "MONDO:0000009")
    assert set(concept.related) == {"OMIM:100002", "ICD10CM:M25.9"}
    assert concept.synonyms == ("wobbly knee",)
    assert concept.definition == "A wobble."
    assert set(result.concepts) == {"MONDO:0000001", "MONDO:0000002"}  # what it imports is not its own
    assert result.log.counts == {"mondo.json: an id twice": 1, "mondo.json: is_a of an unknown term": 1}
    assert ("MONDO:0000002", "predisposes_to_condition", "MONDO:0000001") in result.triples


def test_mondo_with_a_mapping_set_lets_it_decide(reading):
    table = (
        "subject_id\tpredicate_id\tobject_id\tmapping_justification\n"
        "MONDO:0000002\tskos:exactMatch\tOMIM:100002\tsemapv:ManualMappingCuration\n"
    )
    result = reading("mondo", files={"mondo.sssom.tsv": table})
    assert "OMIM:100002" in result.concepts["MONDO:0000002"].xrefs
    assert "OMIM:100001" in result.concepts["MONDO:0000002"].related


def test_hgnc_complete_set(reading):
    table = (
        "hgnc_id\tsymbol\tname\tlocus_group\tstatus\talias_symbol\tprev_symbol\tentrez_id\tensembl_gene_id\tuniprot_ids\n"
        'HGNC:1\tKNEE1\tknee factor 1\tgene\tApproved\t"KNF|KN1"\tKNEE2|OLDK\t10\tENSG1\tP00001\n'
        "HGNC:2\tKNEE2\tknee factor 2\tgene\tApproved\t\t\t11\t\tP00002|P00003\n"
    )
    result = reading("hgnc", files={"hgnc_entries.tsv": table})
    assert result.concepts["HGNC:1"].synonyms == ("knee factor 1", "KNF", "KN1", "OLDK")
    assert set(result.concepts["HGNC:1"].xrefs) == {"NCBIGene:10", "ENSEMBL:ENSG1", "UNIPROT:P00001"}
    assert set(result.concepts["HGNC:2"].related) == {"UNIPROT:P00002", "UNIPROT:P00003"}


def test_orphanet(reading):
    result = reading("orphanet")
    concept = result.concepts["ORPHA:7"]
    assert (concept.name, concept.xrefs) == ("Knee wobble", ("MONDO:0000002",))
    assert set(concept.related) == {"OMIM:100009", "ICD10:M25.9"}
    assert concept.definition == "A wobble of genu."
    often = {item.object: item.frequency for item in of(result, "has_phenotype")}
    assert often == {"HP:0000100": "HP:0040282", "HP:0000118": "HP:0040285"}
    assert ("ORPHA:7", "has_attribute", "HP:0011463") in result.triples
    assert ("ORPHA:7", "has_mode_of_inheritance", "HP:0000006") in result.triples
    assert result.log.total == 4  # obsolete, no code, an unknown frequency, an unknown disorder
    assert result.source.release == "2031-02-03"


@pytest.mark.parametrize("name", ["en_product1.xml", "en_product4.xml", "en_product9_ages.xml"])
def test_an_orphanet_product_in_the_place_of_another_is_refused(name, reading):
    other = {
        "en_product1.xml": samples.ORPHA4,
        "en_product4.xml": samples.ORPHA9,
        "en_product9_ages.xml": samples.ORPHA1,
    }
    with pytest.raises(UserError, match=name.replace(".", r"\.")):
        reading("orphanet", files={name: other[name]})


@pytest.mark.parametrize("form", [samples.MESH_XML, samples.MESH_ASCII, samples.MESH_TABLE])
def test_mesh_in_its_three_forms(form, reading):
    result = reading("mesh", files={"mesh_id_label_mappings.tsv": form})
    concept = result.concepts["MESH:D000001"]
    assert (concept.name, concept.synonyms) == ("Knee Diseases", ("Gonopathy",))
    assert concept.category == "biolink:Disease"
    assert result.triples == {("MESH:D000002", "broad_match", "MESH:D000001")}
    assert [item.text for item in result.passages] == (
        ["What ails knees."] if form is not samples.MESH_TABLE else []
    )


def test_supplementary_records_are_what_their_headings_are(reading):
    result = reading("mesh_supplement", files={"mesh_id_label_mappings.tsv": samples.MESH_TABLE})
    kinds = {curie: (item.name, item.category, item.synonyms) for curie, item in result.concepts.items()}
    assert kinds == {
        "MESH:C000001": ("kneesteadine oxide", "biolink:Disease", ("KSO",)),
        "MESH:C000002": ("Wobbly knee syndrome", "biolink:Disease", ()),
    }
    assert result.triples == {
        ("MESH:C000001", "broad_match", "MESH:D000001"),
        ("MESH:C000002", "broad_match", "MESH:D000002"),
    }
    alone = reading("mesh_supplement")
    assert {item.category for item in alone.concepts.values()} == {"biolink:ChemicalEntity"}


def test_a_doctype_that_declares_something_is_refused(reading):
    declared = '<!DOCTYPE DescriptorRecordSet [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    bomb = f"{declared}<DescriptorRecordSet>&b;</DescriptorRecordSet>"
    with pytest.raises(UserError, match="declares a DOCTYPE or an entity"):
        reading("mesh", files={"mesh_id_label_mappings.tsv": bomb})


def test_icd_maps(reading):
    result = reading("icd_maps")
    assert result.concepts["ICD9CM:719.9"].name == "Joint disorder of Ménière"
    actual = {(item.subject, item.object, item.evidence) for item in result.relations}
    assert actual == {
        ("ICD9CM:719.9", "ICD10CM:M25.9", "approximate"),
        ("ICD9CM:E800.0", "ICD10CM:V81.1XXA", "approximate, combination"),
        ("ICD10CM:M25.9", "ICD9CM:719.9", "exact"),
    }
    assert result.log.counts == {"icd9toicd10cmgem.csv: a code that maps to none": 1}


def test_drugbank_vocabulary(reading):
    result = reading("drugbank_vocabulary")
    assert set(result.concepts["DRUGBANK:DB00001"].xrefs) == {
        "UNII:ABC123",
        "CAS:138068-37-8",
        "DRUGBANK:DB99001",
    }
    assert result.log.total == 1


def test_full_drugbank_is_gated_and_tells_an_interaction_once(reading):
    result = reading("drugbank")
    assert result.source.tier is Tier.GATED
    assert result.source.release == "9.9"
    actual = of(result, "interacts_with")
    assert len({(item.subject, item.object, item.evidence) for item in actual}) == 1
    assert ("DRUGBANK:DB00001", "directly_physically_interacts_with", "UNIPROT:P00001") in result.triples
    assert result.concepts["DRUGBANK:DB00001"].xrefs == ("UNII:ABC123", "CHEBI:3", "DRUGBANK:DB99001")
    assert {item.section: item.text for item in result.passages} == {"indication": "For wobbling knees."}


def test_umls_languages_suppression_direction_and_types(reading):
    result = reading("umls")
    concept = result.concepts["UMLS:C0000001"]
    assert concept.name == "Knee Wobble"
    assert set(concept.synonyms) == {"Wobbling knee", "Wobble (disorder)", "Wobble"}
    assert set(concept.xrefs) == {"MESH:D000002", "HP:0000100"}  # two codes of SNOMED CT are no identity
    assert set(concept.related) == {"SNOMEDCT:11", "SNOMEDCT:12"}
    assert concept.category == "biolink:PhenotypicFeature"
    assert result.concepts["UMLS:C0000002"].definition == "What ails knees."
    assert result.triples == {
        ("UMLS:C0000001", "subclass_of", "UMLS:C0000002"),
        ("UMLS:C0000003", "treats", "UMLS:C0000002"),
    }


def test_umls_with_other_filters(tmp_path):
    from clinweave.databases.umls import reader

    files = {}
    for name, data in samples.UMLS.items():
        files[name] = tmp_path / name
        files[name].write_bytes(data)
    spanish = list(reader(languages=["SPA"]).read(files, RowLog()))
    assert [item.name for item in spanish if isinstance(item, Concept)] == ["Rodilla inestable"]
    only = list(reader(vocabularies=["HPO"]).read(files, RowLog()))
    assert [item.name for item in only] == ["Wobbling knee"]


def test_a_row_of_another_width_is_counted_and_a_first_one_refused(reading):
    good = samples.UMLS["MRCONSO.RRF"]
    assert reading("umls", files={"MRCONSO.RRF": good + b"C1|ENG|\n"}).log.counts == {
        "MRCONSO.RRF: not 18 cells": 1
    }
    with pytest.raises(UserError, match="MRCONSO"):
        reading("umls", files={"MRCONSO.RRF": samples.UMLS["MRREL.RRF"]})


def test_rxnorm(reading):
    result = reading("rxnorm")
    assert result.concepts["RXCUI:1"].xrefs == ("DRUGBANK:DB00001",)
    assert result.concepts["RXCUI:2"].synonyms == ("Kneesteadine 5 mg tab",)
    assert result.triples == {("RXCUI:2", "has_part", "RXCUI:1")}


def test_ansm_classes_and_their_members(reading):
    result = reading("ansm")
    actual = {(item.subject, item.object): (item.evidence, item.grade) for item in result.relations}
    assert actual[("ANSM.CLASS:steadants", "ANSM:knesteadine")] == ("discouraged", Grade.CURATED)
    assert actual[("ANSM:knesteadine", "ANSM:stabilol")] == ("discouraged", Grade.CLASS_INFERRED)
    severities = {item.evidence: item.grade for item in result.relations if item.object == "ANSM:steadol"}
    assert severities == {"discouraged": Grade.CLASS_INFERRED, "contraindicated": Grade.CURATED}
    assert result.log.total == 1


def test_ansm_with_drug_names_says_how_it_matched(reading):
    name = "drug_ner_dictionary.pkl.bz2"
    index = json.dumps(
        [{"substance": "kneestéadine", "drug_classes": []}, {"substance": "x", "drug_classes": []}]
    )
    pairs = json.dumps(
        [{"main_drug": "X", "plus_drug": "KNEESTÉADINE", "severity_levels": [{"level": "CONTRE-INDICATION"}]}]
    )
    thesaurus, listed = DATABASES["ansm"].files
    result = reading("ansm", files={name: SAMPLES["drug_names"][name], thesaurus: pairs, listed: index})
    (relation,) = result.relations
    assert (relation.subject, relation.object) == ("ANSM:x", "DRUGBANK:DB00001")
    assert relation.original_object == "ANSM:kneesteadine"
    assert relation.grade is Grade.CLASS_INFERRED


def test_sider_is_text_mined_and_leaves_out_placebo(reading):
    result = reading("sider")
    actual = {(item.predicate, item.object, item.frequency) for item in result.relations}
    assert actual == {
        ("biolink:has_side_effect", "UMLS:C0000001", "21%"),
        ("biolink:treats", "UMLS:C0000002", ""),
    }
    assert {item.grade for item in result.relations} == {Grade.TEXT_MINED}
    assert result.concepts["PUBCHEM.COMPOUND:85"].name == "carnitine"


def test_primekg_keeps_one_direction(reading):
    result = reading("primekg")
    assert result.triples == {
        ("DRUGBANK:DB00001", "treats", "MONDO:0000002"),
        ("PRIMEKG.GROUP:2_3", "has_phenotype", "HP:0000100"),
    }
    assert [item.negated for item in result.relations] == [False, True]
    assert result.concepts["PRIMEKG.GROUP:2_3"].related == ("MONDO:0000002", "MONDO:0000003")
    assert result.log.total == 2


def test_kgx_grades_carefully(reading):
    result = reading("kgx")
    assert [(item.grade, item.negated, item.evidence) for item in result.relations] == [
        (Grade.CURATED, False, "infores:x"),
        (Grade.TEXT_MINED, True, "infores:y"),
        (
            Grade.CURATED,
            False,
            "",
        ),  # nothing stated: the owner's assertion; its end may be another database's
    ]
    assert result.concepts["MONDO:0000002"].xrefs == ("OMIM:100001",)
    assert result.concepts["MONDO:0000002"].related == ("UMLS:C1",)
    assert result.log.total == 1


def test_sssom_denials_and_machine_mappings(reading):
    result = reading("sssom")
    actual = [
        (item.predicate.removeprefix("biolink:"), item.object, item.negated, item.grade)
        for item in result.relations
    ]
    assert actual == [
        ("exact_match", "MESH:D000002", False, Grade.CURATED),
        ("exact_match", "MESH:D000001", True, Grade.CURATED),
        ("broad_match", "MESH:D000001", False, Grade.CURATED),
        ("exact_match", "UMLS:C0000001", False, Grade.CLASS_INFERRED),
    ]
    assert result.log.total == 2
    assert (result.source.release, result.source.licence) == ("2031-01-01", "CC0-1.0")


def test_synthetic_lists_stay_synthetic_and_keep_their_names(reading):
    result = reading("faker_healthcare")
    assert {item.grade for item in result.relations} == {Grade.SYNTHETIC}
    actual = {(item.subject, item.object, item.original_object) for item in of(result, "has_phenotype")}
    assert actual == {
        ("FAKER.DISEASE:knee-wobble", "HP:0000100", "FAKER.SYMPTOM:shaky-knees"),
        ("FAKER.DISEASE:knee-wobble", "FAKER.SYMPTOM:zigzag", ""),
    }
    assert result.concepts["FAKER.DISEASE:knee-wobble"].related == ("ICD10CM:M25.9",)
    assert result.log.total == 1


def test_synthea_tells_only_what_a_module_states(reading):
    result = reading("synthea")
    assert result.triples == {
        ("SNOMEDCT:77", "has_phenotype", "HP:0000100"),
        ("RXCUI:5", "treats", "SNOMEDCT:77"),
        ("SNOMEDCT:88", "diagnoses", "SNOMEDCT:77"),
        ("LOINC:1-8", "diagnoses", "SNOMEDCT:77"),
    }
    assert {item.grade for item in result.relations} == {Grade.SYNTHETIC}
    assert result.log.counts == {
        "synthea.zip: not a module": 1,
        "synthea.zip: a reason that names no condition": 1,
    }


def test_synthea_guesses_nothing_in_a_module_of_two_conditions(reading):
    second = {
        "type": "ConditionOnset",
        "codes": [{"system": "SNOMED-CT", "code": 78, "display": "leg wobble"}],
    }
    states = {**samples.MODULE["states"], "Second": second}
    result = reading("synthea", files={"synthea.zip": samples.zipped(knee={"states": states})})
    assert {item.predicate for item in result.relations} == {"biolink:treats", "biolink:diagnoses"}
    assert "LOINC:1-8" in result.concepts  # records refer to it by its code; nothing else is stated
    assert "LOINC:1-8" not in {item.subject for item in result.relations}


def test_pubmed(reading):
    result = reading("pubmed", files={"pubmed.xml": gzip.compress(samples.PUBMED.encode())})
    assert [(item.section, item.text) for item in result.passages] == [
        ("background", "Knees wobble < once."),
        ("results", "All wobbled."),
    ]
    first, second = result.passages
    assert first.title == "On wobbling knees."
    assert first.concepts == ("MESH:D000001",)
    document = "\n\n".join(item.text for item in result.passages)
    assert document[second.start : second.end] == second.text
    assert result.log.counts == {"pubmed.xml: a PMID twice": 1, "pubmed.xml: a citation that is withdrawn": 1}


def test_jats_and_bookshelf(reading):
    article = reading("jats").passages
    assert [(item.section, item.text) for item in article] == [
        ("abstract", "In short: they wobble."),
        ("Methods", "We looked at knees."),
        ("Details", "Closely."),
    ]
    assert {(item.document, item.title) for item in article} == {("PMC:PMC77", "Knees étc")}
    chapter = reading("bookshelf").passages
    assert [(item.section, item.text) for item in chapter] == [
        ("Etiology", "Walking."),
        ("Etiology", "- Running."),
    ]


def test_a_long_paragraph_is_cut_at_sentences():
    from clinweave.databases import passages
    from clinweave.databases.literature import MAX_LENGTH

    text = "Knees wobble a little. " * 400
    result = list(passages("PMID:1", "t", [("s", text.strip()), ("s", "end")], "pubmed"))
    document = text.strip() + "\n\nend"
    assert all(document[item.start : item.end] == item.text for item in result)
    assert max(len(item.text) for item in result) <= MAX_LENGTH
    assert all(item.text.endswith(".") for item in result[:-1])
    assert len({item.id for item in result}) == len(result)


def test_a_line_without_end_is_read_no_further(tmp_path):
    path = tmp_path / "MRCONSO.RRF"
    with gzip.open(path, "wb", compresslevel=1) as out:
        for _ in range(64):
            out.write(b"x" * (1 << 20))
    with pytest.raises(UserError, match="row 1 is longer than"):
        DATABASES["umls"].source({"MRCONSO.RRF": path})


SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "orphanet"


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the real files of Orphadata in ../shared/data")
def test_real_orphadata():
    from clinweave.databases import count_records

    files = {name: SHARED / f"{name}.gz" for name in SAMPLES["orphanet"]}
    result = count_records(DATABASES["orphanet"], files)
    assert result["concepts"] == 10_587
    assert result["kinds"]["biolink:has_phenotype"] == 115_780
    assert sum(result["dropped"].values()) == 1_080


@pytest.mark.parametrize("header", ["\r\x00", "a\rb\tc", "x" * 200_000])
def test_a_header_that_is_no_row_of_a_table_is_the_users_error(header, tmp_path):
    csv.field_size_limit(131_072)  # readers of larger fields raise it for the whole process
    path = tmp_path / "a.sssom.tsv"
    path.write_text(f"{header}\n")
    with pytest.raises(UserError):
        list(DATABASES["sssom"].read({path.name: path}, RowLog()))
    table = tmp_path / "a.csv"
    table.write_text(f"subject,predicate,object,{header}\n")
    with pytest.raises(UserError, match=r"a\.csv"):
        OwnGraph("mine", {"a.csv": table})


def test_a_deeply_nested_source_toml_is_the_users_error(tmp_path):
    (tmp_path / "a.csv").write_text("subject,predicate,object\n")
    (tmp_path / "source.toml").write_text("name = " + "[" * 30_000)
    with pytest.raises(UserError, match=r"source\.toml"):
        OwnGraph("mine", {path.name: path for path in tmp_path.iterdir()})
