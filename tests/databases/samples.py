# ruff: noqa: E501 - rows as their publishers write them
"""Hand-made release files, in the exact layout of their publishers, of the databases beyond the default ones."""

import io
import json
import zipfile

from tests.databases.made import HP_OBO
from tests.databases.samples_gated import (  # also read by the tests
    BOOK,
    DRUGBANK,
    JATS,
    LOINC,
    PROPOSALS,
    PUBMED,
    RXNORM,
    UMLS,
)

ORPHA1 = """<?xml version="1.0" encoding="UTF-8"?>
<JDBOR date="2031-02-03 07:53:50" version="1.3" copyright="Orphanet (c)">
 <DisorderList count="3">
  <Disorder id="1"><OrphaCode>7</OrphaCode><Name lang="en">NON RARE IN EUROPE: Knee wobble</Name>
   <SynonymList count="1"><Synonym lang="en">Wobbly knee</Synonym></SynonymList>
   <ExternalReferenceList count="4">
    <ExternalReference id="1"><Source>MONDO</Source><Reference>0000002</Reference><DisorderMappingRelation id="1">
      <Name lang="en">E (Exact mapping: the two concepts are equivalent)</Name></DisorderMappingRelation></ExternalReference>
    <ExternalReference id="2"><Source>OMIM</Source><Reference>100009</Reference><DisorderMappingRelation id="1">
      <Name lang="en">BTNT (broader)</Name></DisorderMappingRelation></ExternalReference>
    <ExternalReference id="3"><Source>ICD-10</Source><Reference>M25.9</Reference><DisorderMappingRelation id="1">
      <Name lang="en">E (Exact mapping)</Name></DisorderMappingRelation></ExternalReference>
   </ExternalReferenceList>
   <SummaryInformationList count="1"><SummaryInformation id="1" lang="en"><TextSectionList count="1">
     <TextSection id="1" lang="en"><TextSectionType id="1"><Name lang="en">Definition</Name></TextSectionType>
     <Contents>A wobble of &lt;i&gt;genu&lt;/i&gt;.</Contents></TextSection></TextSectionList></SummaryInformation></SummaryInformationList>
  </Disorder>
  <Disorder id="2"><OrphaCode>8</OrphaCode><Name lang="en">OBSOLETE: Old knee</Name><ExternalReferenceList count="0"/></Disorder>
  <Disorder id="3"><OrphaCode>x</OrphaCode><Name lang="en">No code</Name><ExternalReferenceList count="0"/></Disorder>
 </DisorderList></JDBOR>"""
_ASSOCIATION = (
    "<HPODisorderAssociation><HPO><HPOId>{}</HPOId></HPO><HPOFrequency><Name>{}</Name></HPOFrequency>"
    "<DiagnosticCriteria/></HPODisorderAssociation>"
)
ORPHA4 = f"""<?xml version="1.0"?><JDBOR date="2031-01-01"><HPODisorderSetStatusList><HPODisorderSetStatus id="1">
<Disorder id="1"><OrphaCode>7</OrphaCode><HPODisorderAssociationList>
{_ASSOCIATION.format("HP:0000100", "Frequent (79-30%)")}{_ASSOCIATION.format("HP:0000118", "Excluded (0%)")}
{_ASSOCIATION.format("HP:0000118", "Now and then")}</HPODisorderAssociationList></Disorder></HPODisorderSetStatus>
<HPODisorderSetStatus id="2"><Disorder id="9"><OrphaCode>99</OrphaCode></Disorder></HPODisorderSetStatus>
</HPODisorderSetStatusList></JDBOR>"""
ORPHA9 = """<?xml version="1.0"?><JDBOR date="2031-01-01"><DisorderList><Disorder id="1"><OrphaCode>7</OrphaCode>
<AverageAgeOfOnsetList count="2"><AverageAgeOfOnset><Name>Childhood</Name></AverageAgeOfOnset>
<AverageAgeOfOnset><Name>All ages</Name></AverageAgeOfOnset></AverageAgeOfOnsetList>
<TypeOfInheritanceList><TypeOfInheritance><Name>Autosomal dominant</Name></TypeOfInheritance></TypeOfInheritanceList>
</Disorder></DisorderList></JDBOR>"""
MESH_XML = """<?xml version="1.0"?>
<!DOCTYPE DescriptorRecordSet SYSTEM "https://www.nlm.nih.gov/databases/dtd/nlmdescriptorrecordset_20310101.dtd">
<DescriptorRecordSet LanguageCode="eng">
<DescriptorRecord DescriptorClass="1"><DescriptorUI>D000001</DescriptorUI>
 <DescriptorName><String>Knee Diseases</String></DescriptorName>
 <TreeNumberList><TreeNumber>C05.1</TreeNumber></TreeNumberList>
 <ConceptList><Concept PreferredConceptYN="Y"><ScopeNote>What ails knees.
 </ScopeNote><TermList><Term><String>Knee Diseases</String></Term><Term><String>Gonopathy</String></Term></TermList></Concept>
 </ConceptList></DescriptorRecord>
<DescriptorRecord DescriptorClass="1"><DescriptorUI>D000002</DescriptorUI>
 <DescriptorName><String>Knee Wobble</String></DescriptorName>
 <TreeNumberList><TreeNumber>C05.1.200</TreeNumber></TreeNumberList></DescriptorRecord>
</DescriptorRecordSet>"""
MESH_ASCII = """*NEWRECORD
RECTYPE = D
MH = Knee Diseases
ENTRY = Gonopathy|T047|NON|EQV|UNK (31)|310101|abcdef
MN = C05.1
MS = What ails knees.
UI = D000001

*NEWRECORD
RECTYPE = D
MH = Knee Wobble
MN = C05.1.200
UI = D000002
"""
MESH_TABLE = (
    "D000001\tKnee Diseases\tGonopathy|Diseases, Knee\tC05.1\t\nD000002\tKnee Wobble\t\tC05.1.200\t\n"
)
MODULE = {
    "name": "Knee",
    "states": {
        "Onset": {
            "type": "ConditionOnset",
            "assign_to_attribute": "knee",
            "codes": [{"system": "SNOMED-CT", "code": 77, "display": "knee wobble (disorder)"}],
        },
        "Symptom_1": {"type": "Symptom", "symptom": "Wobbling"},
        "Drug": {
            "type": "MedicationOrder",
            "reason": "knee",
            "codes": [{"system": "RxNorm", "code": 5, "display": "Kneesteadine 5 MG Oral Tablet"}],
        },
        "Test": {
            "type": "Procedure",
            "reason": "Onset",
            "codes": [{"system": "SNOMED-CT", "code": "88", "display": "Knee screening (procedure)"}],
        },
        "Lab": {
            "type": "Observation",
            "codes": [{"system": "LOINC", "code": "1-8", "display": "Wobble rate"}],
        },
        "Lost": {
            "type": "MedicationOrder",
            "reason": "nothing",
            "codes": [{"system": "RxNorm", "code": 6, "display": "x"}],
        },
    },
}


def zipped(**members: object) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, value in members.items():
            info = zipfile.ZipInfo(f"synthea/modules/{name}.json", (2031, 1, 1, 0, 0, 0))
            archive.writestr(info, value if isinstance(value, str) else json.dumps(value))
    return stream.getvalue()


def hp_json() -> bytes:
    """Return the terms of HP_OBO as obographs."""
    iri = "http://purl.obolibrary.org/obo/HP_"
    owl = "http://www.geneontology.org/formats/oboInOwl#"
    nodes = [
        {"id": f"{iri}0000001", "lbl": "All", "type": "CLASS"},
        {"id": f"{iri}0000118", "lbl": "Phenotypic abnormality", "type": "CLASS"},
        {"id": f"{iri}0000005", "lbl": "Mode of inheritance", "type": "CLASS"},
        {"id": f"{iri}0000006", "lbl": "Dominant", "type": "CLASS"},
        {
            "id": f"{iri}0000100",
            "lbl": "Wobbling",
            "type": "CLASS",
            "meta": {
                "definition": {"val": 'A "wobble" of the knees.', "xrefs": ["ref:1"]},
                "synonyms": [
                    {"pred": "hasExactSynonym", "val": "Shaky knees", "xrefs": []},
                    {"pred": "hasBroadSynonym", "val": "Movement", "xrefs": []},
                ],
                "xrefs": [{"val": "UMLS:C0000001"}, {"val": "SNOMEDCT_US:11"}, {"val": "SNOMEDCT_US:12"}],
                "basicPropertyValues": [{"pred": f"{owl}hasAlternativeId", "val": "HP:0000101"}],
            },
        },
        {
            "id": f"{iri}0000200",
            "lbl": "obsolete Trembling",
            "type": "CLASS",
            "meta": {
                "deprecated": True,
                "basicPropertyValues": [
                    {"pred": "http://purl.obolibrary.org/obo/IAO_0100001", "val": f"{iri}0000101"}
                ],
            },
        },
        {
            "id": f"{iri}0000300",
            "lbl": "obsolete Something",
            "type": "CLASS",
            "meta": {
                "deprecated": True,
                "basicPropertyValues": [{"pred": f"{owl}consider", "val": "HP:0000100"}],
            },
        },
        {"id": "http://purl.obolibrary.org/obo/hp#part_of", "lbl": "part of", "type": "PROPERTY"},
    ]
    pairs = (("0000118", "0000001"), ("0000005", "0000001"), ("0000006", "0000005"), ("0000100", "0000118"))
    edges = [{"sub": iri + a, "pred": "is_a", "obj": iri + b} for a, b in pairs]
    version = "http://purl.obolibrary.org/obo/hp/releases/2031-01-01/hp.json"
    graph = {"id": "hp", "meta": {"version": version}, "nodes": nodes, "edges": edges}
    return json.dumps({"graphs": [graph]}).encode()


MONDO_OBO = """format-version: 1.2
data-version: releases/2031-03-03

[Term]
id: MONDO:0000001
name: disease

[Term]
id: MONDO:0000002
name: knee wobble
def: "A wobble." [x:1]
synonym: "wobbly knee" EXACT []
synonym: "joint trouble" BROAD []
alt_id: MONDO:0000009
xref: OMIM:100001 {source="MONDO:equivalentTo"}
xref: OMIM:100002 {source="MONDO:relatedTo"}
xref: ICD10CM:M25.9 {source="MONDO:equivalentTo"}
is_a: MONDO:0000001 ! disease
is_a: MONDO:0004040 ! nowhere
relationship: predisposes_towards MONDO:0000001 ! disease

[Term]
id: MONDO:0000002
name: knee wobble again

[Term]
id: MONDO:0000008
name: obsolete knee
is_obsolete: true
replaced_by: MONDO:0000002

[Term]
id: HP:0000100
name: an imported term
"""
SSSOM = """#mapping_set_id: https://example.org/knees
#mapping_set_version: "2031-01-01"
#license: CC0-1.0
#curie_map:
#  doid: http://purl.obolibrary.org/obo/DOID_
subject_id\tsubject_label\tpredicate_modifier\tpredicate_id\tobject_id\tobject_label\tmapping_justification
DOID:1\tknee wobble\t\tskos:exactMatch\tmesh:D000002\tKnee Wobble\tsemapv:ManualMappingCuration
DOID:1\tknee wobble\tNot\tskos:exactMatch\tmesh:D000001\tKnee Diseases\tsemapv:ManualMappingCuration
DOID:1\tknee wobble\t\tskos:broadMatch\tmesh:D000001\tKnee Diseases\tsemapv:ManualMappingCuration
DOID:1\tknee wobble\t\tskos:exactMatch\tumls:C0000001\tWobble\tsemapv:LexicalMatching
DOID:1\tknee wobble\t\tex:odd\tumls:C0000001\tWobble\tsemapv:LexicalMatching
no curie\tx\t\tskos:exactMatch\tumls:C0000001\tWobble\tsemapv:LexicalMatching
"""
ANSM_PAIRS = [
    {
        "main_drug": "KNÉSTÉADINE",
        "plus_drug": "STÉADANTS",
        "severity_levels": [{"level": "Association DECONSEILLEE"}],
    },
    {
        "main_drug": "KNÉSTÉADINE",
        "plus_drug": "STEADOL",
        "severity_levels": [{"level": "CONTRE-INDICATION"}, {"level": "A prendre en compte"}],
    },
    {"main_drug": "KNÉSTÉADINE", "plus_drug": "STEADOL", "severity_levels": [{"level": "?"}]},
]
ANSM_INDEX = [
    {"substance": "knéstéadine", "drug_classes": []},
    {"substance": "steadol", "drug_classes": ["stéadants"]},
    {"substance": "stabilol", "drug_classes": ["stéadants"]},
]
_KG = "relation,display_relation,x_index,x_id,x_type,x_name,x_source,y_index,y_id,y_type,y_name,y_source\n"
PRIMEKG = _KG + (
    "indication,indication,0,DB00001,drug,Kneesteadine,DrugBank,1,2,disease,knee wobble,MONDO\n"
    "indication,indication,1,2,disease,knee wobble,MONDO,0,DB00001,drug,Kneesteadine,DrugBank\n"
    'disease_phenotype_negative,phenotype absent,2,2_3,disease,"knees, all",MONDO_grouped,3,100,effect/phenotype,Wobbling,HPO\n'
    "anatomy_anatomy,parent-child,4,1,anatomy,knee,UBERON,5,2,anatomy,leg,UBERON\n"
    "drug_drug,synergistic,0,DB00001,drug,Kneesteadine,DrugBank,9,DB00002,drug,,DrugBank\n"
)
KGX_NODES = (
    "id\tcategory\tname\tsynonym\txref\tsame_as\nMONDO:0000002\tbiolink:Disease\tknee wobble\twobbly|shaky\t"
    "UMLS:C1|OMIM:100001\tOMIM:100001\nHP:0000100\tbiolink:PhenotypicFeature\tWobbling\t\t\t\nbad id\tx\ty\t\t\t\n"
)
KGX_EDGES = (
    "subject\tpredicate\tobject\tknowledge_level\tagent_type\tprimary_knowledge_source\tnegated\n"
    "MONDO:0000002\tbiolink:has_phenotype\tHP:0000100\tknowledge_assertion\tmanual_agent\tinfores:x\t\n"
    "MONDO:0000002\tbiolink:has_phenotype\tHP:0000100\t\ttext_mining_agent\tinfores:y\ttrue\n"
    "MONDO:0000002\tbiolink:has_phenotype\tHP:0000999\t\t\t\t\n"
)
DOID = [
    {"id": "DOID:4", "name": "disease", "namespace": "doid"},
    {
        "id": "DOID:1",
        "name": "knee wobble",
        "namespace": "doid",
        "relations": {"is_a": ["DOID:4", "DOID:404"]},
        "synonyms": ["wobbly knee"],
        "xrefs": [{"namespace": "MESH", "id": "D000002"}, {"namespace": "ICD10CM", "id": "M25.9"}],
    },
]
FAKER = """
DISEASE_CORRELATIONS: dict = {
    "Knee Wobble": {"icd10": "M25.9", "symptoms": ["Shaky Knees", "Zigzag"], "medications": ["Kneesteadine", "Rest"]},
    "Odd": 3,
}
"""
SIDER = {
    "meddra_all_se.tsv": (
        b"CID100000085\tCID000010917\tC0000009\tLLT\tC0000009\tWobbling\n"
        b"CID100000085\tCID000010917\tC0000009\tPT\tC0000001\tWobbling\n"
        b"CID100000085\tCID000010918\tC0000009\tPT\tC0000001\tWobbling\nCIDx\t\t\tPT\t\t\n"
    ),
    "drug_names.tsv": b"CID100000085\tcarnitine\n",
    "meddra_freq.tsv": (
        b"CID100000085\tCID000010917\tC0000009\t\t21%\t0.21\t0.21\tPT\tC0000001\tWobbling\n"
        b"CID100000085\tCID000010917\tC0000009\tplacebo\t3%\t0.03\t0.03\tPT\tC0000001\tWobbling\n"
    ),
    "meddra_all_indications.tsv": b"CID100000085\tC0000002\tNLP_indication\tKnee\tPT\tC0000002\tKnee Wobble\n",
}
GEM = (
    b'"icd9cm","icd10cm","flags","approximate","no_map","combination","scenario","choice_list"\n'
    b'"7199","M259","10000",1,0,0,0,0\n"71990","NoDx","11000",1,1,0,0,0\n"E8000","V811XXA","10112",1,0,1,1,2\n'
)
GEM_BACK = b"M259   7199  00000\n"  # as CMS publishes it
VOCABULARY = (
    "DrugBank ID,Accession Numbers,Common name,CAS,UNII,Synonyms,Standard InChI Key\n"
    'DB00001,BIOD00024 | DB99001,Kneesteadine,138068-37-8,ABC123,"Steadine | Kneesteadin",X\n'
    "DB00002,,Steadol,,,,\nDBx,,Nameless,,,,\n"
)

MORE: dict[str, dict[str, bytes]] = {
    "orphanet": {
        "en_product1.xml": ORPHA1.encode(),
        "en_product4.xml": ORPHA4.encode(),
        "en_product9_ages.xml": ORPHA9.encode(),
    },
    "mesh": {"mesh_id_label_mappings.tsv": MESH_TABLE.encode()},
    "mesh_supplement": {
        "mesh_supp_id_label_mappings.tsv": (
            b"C000001\tkneesteadine oxide\tKSO|oxide, kneesteadine\tD000001\n"
            b"C000002\tWobbly knee syndrome\t\tD000002,D999999\n"
            b"C000001\ttwice\t\t\nX1\tno id\t\t\n"
        )
    },
    "doid": {"doid.json": json.dumps(DOID).encode()},
    "icd_maps": {
        "icd9toicd10cmgem.csv": GEM,
        "icd10cmtoicd9gem.csv": GEM_BACK,
        "CMS32_DESC_LONG_DX.txt": "7199 Joint disorder of M\xe9ni\xe8re\n".encode("latin-1"),
    },
    "ansm": {
        "thesaurus-referentiel-national-des-interactions-medicamenteuses-20102020.json": json.dumps(
            ANSM_PAIRS
        ).encode(),
        "index-des-substances-20102020.json": json.dumps(ANSM_INDEX).encode(),
    },
    "sssom": {"mappings.sssom.tsv": SSSOM.encode()},
    "faker_healthcare": {"disease_correlations.py": FAKER.encode(), "hp.obo": HP_OBO.encode()},
    "synthea": {"synthea.zip": zipped(knee=MODULE, broken="{"), "hp.obo": HP_OBO.encode()},
    "drugbank_vocabulary": {"drugbank vocabulary.csv": VOCABULARY.encode()},
    "drugbank": {"full database.xml": DRUGBANK.encode()},
    "umls": UMLS,
    "rxnorm": RXNORM,
    "loinc": LOINC,
    "proposals": PROPOSALS,
    "sider": SIDER,
    "primekg": {"kg.csv": PRIMEKG.encode()},
    "kgx": {"nodes.tsv": KGX_NODES.encode(), "edges.tsv": KGX_EDGES.encode()},
    "pubmed": {"pubmed.xml": PUBMED.encode()},
    "jats": {"article.xml": JATS.encode()},
    "bookshelf": {"chapter.nxml": BOOK.encode()},
}
