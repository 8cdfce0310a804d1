"""Names of diseases in other languages: files in the format of each source, made by hand."""

import gzip

import pytest

from clinweave.core.errors import UserError
from clinweave.databases import RowLog, disease_name_files, read_disease_names

ORPHADATA = """<?xml version="1.0" encoding="UTF-8"?>
<JDBOR date="2026-06-23 07:53:50" version="1.3.42 / 4.1.8" copyright="Orphanet (c) 2026">
  <DisorderList count="4">
    <Disorder id="109">
      <OrphaCode>558</OrphaCode>
      <Name lang="fr">Syndrome de Marfan</Name>
      <DisorderFlagList count="1"><DisorderFlag id="475"><Value>1</Value><Label/></DisorderFlag></DisorderFlagList>
      <SynonymList count="2">
        <Synonym lang="fr">Maladie de Marfan</Synonym><Synonym lang="fr">MFS</Synonym>
      </SynonymList>
      <ExternalReferenceList count="0"/>
    </Disorder>
    <Disorder id="1"><OrphaCode>1</OrphaCode><Name lang="fr">OBSOLÈTE : Maladie ancienne</Name>
      <DisorderFlagList count="1"><DisorderFlag id="1"><Value>16</Value></DisorderFlag></DisorderFlagList>
    </Disorder>
    <Disorder id="2"><OrphaCode>2</OrphaCode><Name lang="fr">NON RARE EN EUROPE : Asthme</Name>
      <DisorderFlagList count="1"><DisorderFlag id="1"><Value>32</Value></DisorderFlag></DisorderFlagList>
    </Disorder>
    <Disorder id="3"><OrphaCode></OrphaCode><Name lang="fr">Sans code</Name></Disorder>
  </DisorderList>
</JDBOR>
"""
DOID = """source_id\tpredicate\tsource_text\ttranslation_text\ttranslator\tsource_lang\ttranslation_lang\tstatus
DOID:14323\trdfs:label\tMarfan syndrome\tsíndrome de Marfan\tX\ten\tes\tfinal
DOID:14323\tIAO:0000115\ta definition\tuna definición\tX\ten\tes\tfinal
DOID:1\trdfs:label\tdraft disease\tenfermedad en borrador\tX\ten\tes\ttentative
DOID:2\toboInOwl:hasExactSynonym\tMFS1\tMFS1\tX\ten\tes\tfinal
\trdfs:label\tno id\tsin id\tX\ten\tes\tfinal
"""
_ROW = "http://x/mondo.owl\thttp://x\ten\tja\t{}\trdfs:label\t{}\t{}\thttp://y\tEXACT\t{}\tPROFESSIONAL_TRANSLATOR\n"
MONDO = _ROW.format("MONDO:0007947", "Marfan syndrome", "マルファン症候群", "OFFICIAL") + _ROW.format(
    "MONDO:0000001", "disease", "疾患", "NOT_TRANSLATED"
)
PO = """#
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\n"

msgctxt "model:gnuhealth.pathology,name:J459"
msgid "Asthma, unspecified"
msgstr "Asthma bronchiale, nicht näher bezeichnet"

msgctxt "model:gnuhealth.pathology,name:E84"
msgid "Cystic fibrosis"
msgstr ""
"Zystische "
"Fibrose"

msgctxt "model:gnuhealth.pathology,name:S72"
msgid "Fracture of femur"
msgstr "Fraktur des Femurs"

msgctxt "model:gnuhealth.pathology,name:A35"
msgid "Tetanus"
msgstr "Tetanus"
"""


def names(path, log=None):
    return [(item.id, item.name, item.english) for item in read_disease_names(path, log or RowLog())]


def test_orphadata_in_another_language(tmp_path):
    path, log = tmp_path / "fr_product1.xml", RowLog()
    path.write_text(ORPHADATA, "utf-8")
    assert names(path, log) == [
        ("ORPHA:558", "Syndrome de Marfan", ""),
        ("ORPHA:558", "Maladie de Marfan", ""),
        ("ORPHA:558", "MFS", ""),
        ("ORPHA:2", "Asthme", ""),
    ]
    assert log.total == 1
    packed = tmp_path / "gz" / "fr_product1.xml.gz"
    packed.parent.mkdir()
    packed.write_bytes(gzip.compress(ORPHADATA.encode()))
    assert names(packed) == names(path)
    assert disease_name_files(packed.parent) == {"fr": [packed]}


def test_the_disease_ontology_gives_its_approved_translations(tmp_path):
    path, log = tmp_path / "doid-es.tsv", RowLog()
    path.write_text(DOID, "utf-8")
    assert names(path, log) == [("DOID:14323", "síndrome de Marfan", "Marfan syndrome")]
    assert log.total == 1


@pytest.mark.parametrize("header", [False, True])
def test_mondo_is_read_with_and_without_a_header(tmp_path, header):
    columns = (
        "source\tsource_version\tsource_language\ttranslation_language\tsubject_id\tpredicate_id\tsource_value\t"
        "translation_value\ttranslator\ttranslation_precision\ttranslation_status\ttranslator_expertise\n"
    )
    path = tmp_path / "mondo-jp.babelon.tsv"
    path.write_text((columns if header else "") + MONDO, "utf-8")
    assert names(path) == [("MONDO:0007947", "マルファン症候群", "Marfan syndrome")]
    assert set(disease_name_files(tmp_path)) == {"ja"}


def test_gnu_health_gives_names_of_diseases_without_unspecified_and_injuries(tmp_path):
    path = tmp_path / "de.po"
    path.write_text(PO, "utf-8")
    assert names(path) == [
        ("ICD10:J45.9", "Asthma bronchiale", "Asthma"),
        ("ICD10:E84", "Zystische Fibrose", "Cystic fibrosis"),
    ]


def test_other_files_are_refused(tmp_path):
    for name, content, message in (
        ("names.csv", "x", "not a file of disease names"),
        ("de.po", "nothing", "no name of a disease"),
        ("doid-es.tsv", "a\tb\n1\t2\n", "no header with"),
        ("mondo-jp.babelon.tsv", "a\tb\n", "no header with"),
    ):
        path = tmp_path / name
        path.write_text(content, "utf-8")
        with pytest.raises(UserError, match=message):
            names(path)
    (tmp_path / "doid-fr.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="UTF-8"):
        names(tmp_path / "doid-fr.tsv")
