from tests.databases.conftest import ICD


def test_hierarchy_and_inclusion_terms(reading):
    result = reading("icd10cm")
    assert result.concepts["ICD10CM:M25.9"].synonyms == ("Shaky knee NOS",)
    assert result.concepts["ICD10CM:M20-M25"].name == "Joints"
    for pair in [("M25.9", "M25"), ("M25", "M20-M25"), ("M20-M25", "chapter13")]:
        assert (f"ICD10CM:{pair[0]}", "subclass_of", f"ICD10CM:{pair[1]}") in result.triples
    assert {item.predicate for item in result.relations} == {
        "biolink:subclass_of"
    }  # excludes notes are no relation


def test_a_block_of_one_category_is_not_repeated(reading):
    result = reading("icd10cm")
    assert result.concepts["ICD10CM:M30"].name == "Alone in its block"
    assert ("ICD10CM:M30", "subclass_of", "ICD10CM:chapter13") in result.triples


def test_seventh_characters_are_made_where_the_list_has_them(reading):
    result = reading("icd10cm")
    assert result.concepts["ICD10CM:M25.9XXA"].name == "Wobble of knee, first visit"
    assert ("ICD10CM:M25.9XXA", "subclass_of", "ICD10CM:M25.9") in result.triples
    assert "ICD10CM:M25.9XXQ" not in result.concepts
    assert "ICD10CM:M25.9XXA" not in reading("icd10cm", files={"icd10cm-codes.txt": None}).concepts


def test_causes_of_injury_are_no_diseases(reading):
    concepts = reading("icd10cm").concepts
    assert concepts["ICD10CM:chapter20"].category == "biolink:ClinicalEntity"
    assert concepts["ICD10CM:M25"].category == "biolink:DiseaseOrPhenotypicFeature"


def test_a_bad_code_is_counted(reading):
    result = reading(
        "icd10cm", files={"icd10cm-tabular.xml": ICD.replace("<name>M25.9</name>", "<name>M 25</name>")}
    )
    assert result.log.total == 1
    assert "ICD10CM:M25" in result.concepts
