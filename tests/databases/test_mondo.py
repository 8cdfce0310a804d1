import json

from hypothesis import given
from hypothesis import strategies as st

from clinweave.databases import curie
from clinweave.databases.prefixes import OneToOne, normal
from tests.databases.conftest import MONDO


def test_terms_synonyms_and_parents(reading):
    result = reading("mondo")
    wobble = result.concepts["MONDO:0000002"]
    assert wobble.synonyms == ("wobbly knee",)
    assert ("MONDO:0000002", "subclass_of", "MONDO:0000001") in result.triples
    assert "MONDO:0000009" in wobble.xrefs  # a former id


def test_only_one_to_one_cross_references_mean_identity(reading):
    concepts = reading("mondo").concepts
    wobble, shake = concepts["MONDO:0000002"], concepts["MONDO:0000003"]
    assert {"OMIM:100001", "ORPHA:7"} <= set(wobble.xrefs)
    assert "UMLS:C0000001" in wobble.related  # two diseases claim it
    assert "UMLS:C0000001" in shake.related
    assert {"OMIM:100002", "OMIM:100003"} <= set(shake.related)  # one disease claims two
    assert shake.xrefs == ()


def test_codes_and_phenotypes_are_never_the_same_thing(reading):
    result = reading("mondo")
    assert {"ICD10CM:M25.9", "HP:0000100"} <= set(result.concepts["MONDO:0000002"].related)
    assert ("MONDO:0000002", "close_match", "ICD10CM:M25.9") in result.triples


def test_one_spelling_whichever_way_a_file_has_it():
    actual = (
        "go:0005",
        "UBERON:1",
        "uberon:1",
        "Orphanet:7",
        "SNOMED_CT:3",
        "snomedct_us:3",
        "loinc:4-1",
        "chebi:CHEBI:9",
    )
    assert [*map(normal, actual)] == [
        "GO:0005", "UBERON:1", "UBERON:1", "ORPHA:7", "SNOMEDCT:3", "SNOMEDCT:3", "LOINC:4-1", "CHEBI:9",
    ]  # fmt: skip


def test_malformed_terms_are_counted(reading):
    extra = [7, {"id": "0000004"}, {"id": "0000001", "name": "again"}, {"id": "a b", "name": "x"}]
    extra.append({"id": "0000005", "name": "x", "relations": {"is_a": ["9"]}})
    result = reading("mondo", files={"mondo.json": json.dumps(MONDO + extra)})
    assert result.log.total == len(extra)
    assert len(result.concepts) == len(MONDO) + 1


def test_prefixes_have_one_spelling():
    assert normal("Orphanet:558") == curie("ORDO", "558") == "ORPHA:558"
    assert curie("SNOMEDCT_US_2023_03_01", "11") == curie("SCTID", "11") == "SNOMEDCT:11"
    assert normal("MIM:1") == "OMIM:1"
    assert normal("MSH:D1") == "MESH:D1"
    assert curie("DOID", "DOID:4") == "DOID:4"
    assert normal("no colon") == curie("OMIM", "1 2") == curie("OMIM", "") == ""


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_curie_is_stable_and_whole(prefix, local):
    result = curie(prefix, local)
    assert result == "" or ":" in result
    assert not set(result) & set(' |\t\n",;')
    if result:
        assert normal(result) == result


@given(
    st.dictionaries(st.integers(0, 6), st.lists(st.sampled_from(["A:1", "A:2", "B:1", "C:1"]), max_size=4))
)
def test_identity_is_one_to_one_and_nothing_is_lost(claims):
    rule = OneToOne((str(key), xrefs) for key, xrefs in claims.items())
    owners: dict[str, int] = {}
    for key, xrefs in claims.items():
        same, looser = rule.split(xrefs, frozenset({"A", "B"}))
        assert set(same) | set(looser) == set(xrefs)
        assert not set(same) & set(looser)
        assert all(xref[0] in "AB" for xref in same)
        assert len({xref[0] for xref in same}) == len(same)
        for xref in same:
            assert owners.setdefault(xref, key) == key
            assert sum(xref in other for other in claims.values()) == 1
