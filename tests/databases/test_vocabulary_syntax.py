"""Syntax of OBO, SSSOM and MeSH that releases use: escapes, comments, qualifiers, quoted cells, narrower concepts."""

import csv
import io
import random

import pytest

from clinweave.databases.drug_names import _Combinations
from clinweave.databases.obo import plain, split_value
from tests.databases import samples

OBO = r"""! a comment before everything
format-version: 1.2
data-version: hp/releases/2031-01-01
! a comment in the header

[Term]
! a comment in a stanza
id: HP:0000118 ! root
name: Phenotypic abnormality

[Term]
id: HP:0009001
name: Knee sign {comment="a ! in \"quotes\" and a } brace"} ! comment
  ! an indented comment
alt_id: HP:0009101 {source="x"}
def: "Sign \"A\" of P\{UAS\} lines! See L2\\E6." [HPO:x, "a ! b"] {source="y"}
is_a:	HP:0000118
synonym: "3',3\"-knee \
{sign}" EXACT [] {http\://x="1"}
xref: UMLS:C9000001 "Knee ! sign" {source="z"}
xref: SNOMEDCT_US:123 ! trailing comment
is_a: HP:0000118 {source="x", xref="y"} ! Phenotypic abnormality

[Term]
id: HP:0009002
name: obsolete Old knee sign
is_obsolete: true {source="x"}
replaced_by: HP:0009001 {source="x"} ! Knee sign

[Term]
id: HP:0009003
name: obsolete Older knee sign
is_obsolete: true
replaced_by: HP_0009001
"""


def test_obo_comments_qualifiers_and_escapes(reading):
    result = reading("hpo", files={"hp.obo": OBO})
    concept = result.concepts["HP:0009001"]
    assert concept.name == "Knee sign"
    assert concept.definition == 'Sign "A" of P{UAS} lines! See L2\\E6.'
    assert concept.synonyms == ("3',3\"-knee {sign}",)
    assert set(concept.xrefs) == {"UMLS:C9000001", "SNOMEDCT:123", "HP:0009101", "HP:0009002"}
    assert ("HP:0009001", "subclass_of", "HP:0000118") in result.triples
    assert result.log.counts == {"hp.obo: replaced_by that is no identifier": 1}


def test_the_same_syntax_in_other_ontologies(reading):
    text = OBO.replace("HP:000", "MONDO:000").replace("HP_000", "MONDO_000").replace("hp/", "")
    result = reading("mondo", files={"mondo.json": text})
    concept = result.concepts["MONDO:0009001"]
    assert concept.name == "Knee sign"
    assert {"MONDO:0009101", "MONDO:0009002"} <= set(concept.xrefs)
    assert result.log.counts == {"mondo.json: replaced_by that is no identifier": 1}


def test_values_come_back_from_any_dress():
    chance = random.Random(3)
    alphabet = 'ab {}!"\\=,'
    for _ in range(2000):
        name = "".join(chance.choice(alphabet) for _ in range(chance.randrange(1, 12))).strip() or "x"
        name = " ".join(name.split())
        escaped = "".join(f"\\{item}" if item in '{}!"\\' else item for item in name)
        qualifiers = chance.choice(["", ' {source="a ! b"}', ' {a="1", b="}"}', ' {x="\\""}'])
        comment = chance.choice(["", " ! a name", ' ! {not="these"}'])
        value, kept = split_value(escaped + qualifiers + comment)
        assert plain(value) == name
        assert kept == qualifiers.strip()[1:-1]


HEADER = ("subject_id", "predicate_id", "predicate_modifier", "object_id", "mapping_justification", "comment")
CURATED = "semapv:ManualMappingCuration"


def table(rows, quoting, delimiter="\t", head="#license: CC0\n"):
    out = io.StringIO()
    out.write(head)
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows)
    return out.getvalue()


@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
@pytest.mark.parametrize("delimiter", ["\t", ","])
def test_quoted_cells_of_a_mapping_set(reading, quoting, delimiter):
    chance = random.Random(5)
    awkward = ["", "plain", "a\ttab", "two\nlines", 'said "same"', "a, comma", '"', "\n\n", "# no comment"]
    rows = [
        (f"MONDO:{number}", "skos:exactMatch", chance.choice(["", "Not"]), f"DOID:{number}", CURATED, text)
        for number, text in enumerate(awkward * 4, 1)
    ]
    result = reading("sssom", files={"mappings.sssom.tsv": table(rows, quoting, delimiter)})
    assert [(item.subject, item.object, item.negated) for item in result.relations] == [
        (row[0], row[3], row[2] == "Not") for row in rows
    ]
    assert result.log.counts == {}


def test_an_unpaired_quotation_mark_costs_one_row(reading):
    rows = [
        (f"MONDO:{number}", "skos:exactMatch", "", f"DOID:{number}", CURATED, "x") for number in (1, 2, 3)
    ]
    text = table(rows, csv.QUOTE_MINIMAL).replace("MONDO:2", '"MONDO:2')
    result = reading("sssom", files={"mappings.sssom.tsv": text})
    assert [item.subject for item in result.relations] == ["MONDO:1", "MONDO:3"]
    assert result.log.counts == {"mappings.sssom.tsv: a quotation mark without its partner": 1}


def test_modifiers_iris_prefixes_and_propagated_slots(reading):
    head = (
        "# curie_map:\n#   O: http://www.orpha.net/ORDO/Orphanet_\n# mapping_set_version: '7'\n"
        "# mapping_provider: https://identifiers.org/orcid/1\n# mapping_tool: a matcher\n"
    )
    rows = [
        ("MONDO:1", "http://www.w3.org/2004/02/skos/core#exactMatch", "semapv:Not", "O:5", CURATED, ""),
        ("http://purl.obolibrary.org/obo/MONDO_2", "skos:exactMatch", "", "DOID:2", "", ""),
        ("MONDO:3", "skos:exactMatch", "Perhaps", "DOID:3", CURATED, ""),
        ("MONDO:4", "skos:exactMatch", "", "sssom:NoTermFound", CURATED, ""),
    ]
    result = reading("sssom", files={"mappings.sssom.tsv": table(rows, csv.QUOTE_MINIMAL, head=head)})
    assert [(item.subject, item.object, item.negated, str(item.grade)) for item in result.relations] == [
        ("MONDO:1", "ORPHA:5", True, "curated"),
        ("MONDO:2", "DOID:2", False, "class-inferred"),  # the tool of the header made it
    ]
    assert result.source.release == "7"
    assert set(result.log.counts) == {
        "mappings.sssom.tsv: a predicate modifier that is not read",
        "mappings.sssom.tsv: a statement that no term was found",
    }


def descriptor(relation):
    link = (
        f'<ConceptRelationList><ConceptRelation RelationName="{relation}"><Concept1UI>M1</Concept1UI>'
        "<Concept2UI>M2</Concept2UI></ConceptRelation></ConceptRelationList>"
    )
    return (
        "<DescriptorRecordSet><DescriptorRecord><DescriptorUI>D000009</DescriptorUI><DescriptorName><String>"
        "Big Knee</String></DescriptorName><TreeNumberList><TreeNumber>C05.9</TreeNumber></TreeNumberList><ConceptList>"
        '<Concept PreferredConceptYN="N"><ConceptUI>M2</ConceptUI><ConceptName><String>Knee Hypertrophy</String>'
        f"</ConceptName>{link}<TermList><Term><String>Knee Hypertrophy</String></Term><Term><String>Knee growth"
        '</String></Term></TermList></Concept><Concept PreferredConceptYN="Y"><ConceptUI>M1</ConceptUI><ConceptName>'
        "<String>Big Knee</String></ConceptName><ScopeNote>A large knee.</ScopeNote><TermList><Term><String>Big Knee"
        '</String></Term><Term><String>Enlarged knee</String></Term><Term IsPermutedTermYN="Y"><String>Knee big'
        "</String></Term></TermList></Concept></ConceptList></DescriptorRecord></DescriptorRecordSet>"
    )


@pytest.mark.parametrize(
    ("relation", "predicate"), [("NRW", "broad_match"), ("BRD", "narrow_match"), ("REL", "related_match")]
)
def test_a_narrower_concept_of_mesh_is_no_synonym(reading, relation, predicate):
    result = reading("mesh", files={"mesh_id_label_mappings.tsv": descriptor(relation)})
    assert result.concepts["MESH:D000009"].synonyms == ("Enlarged knee",)
    assert result.concepts["MESH:D000009"].definition == "A large knee."
    assert result.concepts["MESH:M2"].name == "Knee Hypertrophy"
    assert result.concepts["MESH:M2"].synonyms == ("Knee growth",)
    assert result.triples == {("MESH:M2", predicate, "MESH:D000009")}


def test_a_narrower_entry_of_the_ascii_form_is_counted(reading):
    text = samples.MESH_ASCII.replace(
        "ENTRY = Gonopathy", "ENTRY = Knee Growth|T047|NON|NRW|UNK (31)|310101|abcdef\nENTRY = Gonopathy"
    )
    result = reading("mesh", files={"mesh_id_label_mappings.tsv": text})
    assert result.concepts["MESH:D000001"].synonyms == ("Gonopathy",)
    assert result.log.total == 1


def test_the_name_of_a_combination_is_no_name_of_its_parts(reading):
    mixtures = (
        "<mixtures><mixture><name>Kneecombo</name><ingredients>Kneesteadine + Steadol</ingredients></mixture>"
        "<mixture><name>Kneeplain</name><ingredients>Kneesteadine</ingredients></mixture></mixtures>"
        "<products><product><name>Kneecombo</name></product><product><name>Kneeplain</name></product></products>"
    )
    text = samples.DRUGBANK.replace("<atc-codes>", mixtures + "<atc-codes>", 1)
    result = reading("drugbank", files={"full database.xml": text})
    assert result.concepts["DRUGBANK:DB00001"].synonyms == ("Steadine", "Kneeplain")


def test_combinations_in_the_dictionary_of_names():
    data = {
        "kneexin": {"drugbank_id": "DB1"},
        "steadol": {"drugbank_id": "DB2"},
        "kneexin, steadol, and steadol": {"drugbank_id": "DB2"},
        "steadol/kneexin": {},
    }
    known = _Combinations(
        data, {"kneexin": ["kneexin/steadol", "sodium, kneexin", "Kneexin and Steadol", "KNX"]}
    )
    assert known.names("kneexin") == ["sodium, kneexin", "KNX"]
    assert [key for key in data if known.borrows(key)] == ["kneexin, steadol, and steadol"]
