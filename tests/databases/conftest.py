"""Tiny hand-made release files, one set per database, and how to read them."""

import bz2
import json
import pickle
from pathlib import Path

import pytest

from clinweave.databases import DATABASES, RowLog
from clinweave.records import Concept, Passage, Relation
from tests.databases.made import HP_OBO
from tests.databases.samples import MORE

HPOA_HEADER = (
    "database_id\tdisease_name\tqualifier\thpo_id\treference\tevidence\t"
    "onset\tfrequency\tsex\tmodifier\taspect\tbiocuration"
)
MONDO = [
    {"id": "0000001", "name": "disease", "namespace": "mondo"},
    {
        "id": "0000002",
        "name": "knee wobble",
        "namespace": "mondo",
        "synonyms": ["knee wobble", "wobbly knee"],
        "relations": {"is_a": ["0000001"], "seeAlso": ["x"]},
        "alt_ids": ["0000009"],
        "xrefs": [
            {"namespace": "OMIM", "id": "100001"},
            {"namespace": "Orphanet", "id": "7"},
            {"namespace": "UMLS", "id": "C0000001"},
            {"namespace": "ICD10CM", "id": "M25.9"},
            {"namespace": "HP", "id": "0000100"},
        ],
    },
    {
        "id": "0000003",
        "name": "knee shake",
        "namespace": "mondo",
        "relations": {"is_a": ["0000001"]},
        "xrefs": [
            {"namespace": "UMLS", "id": "C0000001"},
            {"namespace": "OMIM", "id": "100002"},
            {"namespace": "OMIM", "id": "100003"},
        ],
    },
]
CHEBI = [
    {"id": "CHEBI:50906", "name": "role", "namespace": "chebi"},
    {"id": "CHEBI:1", "name": "knee steadier", "namespace": "chebi", "relations": {"is_a": ["CHEBI:50906"]}},
    {"id": "CHEBI:2", "name": "kneesteadine class", "namespace": "chebi", "alt_ids": ["CHEBI:22"]},
    {
        "id": "CHEBI:3",
        "name": "kneesteadine",
        "namespace": "chebi",
        "relations": {
            "is_a": ["CHEBI:2"],
            "has_role": ["CHEBI:1", "CHEBI:404"],
            "is_tautomer_of": ["CHEBI:2"],
        },
    },
]
ICD = """<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.tabular><version>2031</version>
<chapter><name>13</name><desc>Knees (M00-M99)</desc>
 <section id="M20-M25"><desc>Joints (M20-M25)</desc>
  <diag><name>M25</name><desc>Other joint</desc><excludes1><note>not this (M30)</note></excludes1>
   <diag><name>M25.9</name><desc>Wobble of knee</desc>
    <inclusionTerm><note>Shaky   knee NOS</note></inclusionTerm>
    <sevenChrDef><extension char="A">first visit</extension><extension char="Q">unlisted</extension></sevenChrDef>
   </diag></diag></section>
 <section id="M30"><desc>Alone</desc><diag><name>M30</name><desc>Alone in its block</desc></diag></section>
</chapter>
<chapter><name>20</name><desc>Causes (V00-Y99)</desc>
 <section id="V00-V01"><desc>Falls (V00-V01)</desc></section></chapter>
</ICD10CM.tabular>
"""


def _record(id_: str, **fields: str) -> str:
    return (
        f'<record id="{id_}">'
        + "".join(f'<field name="{k}">{v}</field>' for k, v in fields.items())
        + "</record>"
    )


def _disease(id_: str, mim: str, name: str) -> str:
    return _record(
        id_,
        name=id_,
        disease_name=name,
        acronym="KW",
        mim_reference=f"MIM:{mim}",
        xrefs=f"MIM:{mim},MedGen:C0000009,MeSH:D000009",
        description=f"{name} is a wobble.",
    )


_VARIANT = (
    '<record id="{0}"><field name="gene" search="[(\'name\', \'=\', \'{1}\')]"/><field name="protein">{2}</field>'
    '<field name="significance">{3}</field></record>'
)
_LINK = '<record id="{0}"><field name="variant" ref="{1}"/><field name="phenotype" ref="{2}"/></record>'


def _tryton(*records: str) -> bytes:
    return f"<?xml version='1.0' encoding='utf-8'?><tryton><data>{''.join(records)}</data></tryton>".encode()


DRUGS = {
    "drug_canonical_to_data": {
        "kneesteadine": {"name": "Kneesteadine", "drugbank_id": "DB00001", "mesh_id": "D000001", "mass": 1.5},
        "steadol": {"name": "Steadol", "drugbank_id": "DB00002", "mesh_id": "D000002"},
        "knee bark": {"name": "Knee bark", "mesh_id": "D000003"},
        "mixture": {"name": "Mixture"},
    },
    "drug_variant_to_canonical": {
        "kneesteadine": ["kneesteadine"],
        "kneesteadine sodium": ["kneesteadine"],
        "sodium, kneesteadine": ["kneesteadine"],
        "draft:kneesteadine": ["kneesteadine"],
        "kniestil": ["kneesteadine"],
    },
    "drug_variant_to_variant_data": {"kneesteadine": {"is_brand": False}, "kniestil": {"is_brand": True}},
}

SAMPLES: dict[str, dict[str, bytes]] = {
    "hpo": {"hp.obo": HP_OBO.encode()},
    "hpoa": {
        "phenotype.hpoa": (
            f"#description: made by hand\n#version: 2031-01-02\n{HPOA_HEADER}\n"
            "OMIM:100001\tKnee wobble\t\tHP:0000100\tPMID:1;PMID:2\tPCS\tHP:0003577\t7/12\tfemale\tHP:0012825\tP\tx\n"
            "OMIM:100001\tKnee wobble\tNOT\tHP:0000118\tOMIM:100001\tTAS\t\t\t\t\tP\tx\n"
            "OMIM:100001\tKnee wobble\t\tHP:0000006\tOMIM:100001\tIEA\t\t\t\t\tI\tx\n"
            "ORPHA:7\tKnee shake\t\tHP:0003577\tORPHA:7\tTAS\t\t\t\t\tC\tx\n"
        ).encode(),
        "genes_to_phenotype.txt": (
            b"ncbi_gene_id\tgene_symbol\thpo_id\thpo_name\tfrequency\tdisease_id\n"
            b"10\tKNEE1\tHP:0000100\tWobbling\t-\tOMIM:100001\n10\tKNEE1\tHP:0000118\tx\t-\tOMIM:100001\n"
        ),
    },
    "mondo": {"mondo.json": json.dumps(MONDO).encode()},
    "icd10cm": {"icd10cm-tabular.xml": ICD.encode(), "icd10cm-codes.txt": b"M25\nM259\nM259XXA\n"},
    "uniprot_diseases": {
        "protein_diseases.xml": _tryton(
            _disease("DI-00001", "100001", "Knee wobble"),
            _disease("DI-00002", "100002", "Knee shake 1"),
            _disease("DI-00003", "100002", "Knee shake 2"),
        ),
        "gene_variants.xml": _tryton(
            _VARIANT.format("VAR_1", "KNEE1", "P00001", "lpp"),
            _VARIANT.format("VAR_2", "KNEE1", "P00001", "lpp"),
            _VARIANT.format("VAR_3", "KNEE2", "P00002", "lbb"),
        ),
        "variant_phenotypes.xml": _tryton(
            _LINK.format("1", "VAR_1", "DI-00001"),
            _LINK.format("2", "VAR_2", "DI-00001"),
            _LINK.format("3", "VAR_3", "DI-00001"),
        ),
    },
    "chebi": {"chebi.json": json.dumps(CHEBI).encode()},
    "drug_names": {
        "drug_ner_dictionary.pkl.bz2": bz2.compress(pickle.dumps(DRUGS, 4)),
        "drugbank_mappings.tsv": (
            b"DRUGBANK_ID\tNAMESPACE\tID\tSOURCE\nDB00001\tCHEBI\t3\tchebi\nDB00001\tNAME\tKnee\tdrugbank\n"
            b"DB00002\tCHEBI\t4\tchebi\nDB00002\tCHEBI\t5\tchebi\n"
            b"DB00001\tCHEBI\t6\tchebi\nDB00001\tCHEBI\t3\tdrugbank\n"
        ),
        "mesh_id_label_mappings.tsv": (
            b"D000001\tKneesteadine\tKneesteadin|Kneesteadinum\tD02\nD000002\tAnti-Wobble Agents\tx\tD27\n"
            b"D000003\tBark of Knee\tKnee Bark\tD20\n"
        ),
    },
    "hgnc": {
        "hgnc_entries.tsv": (
            b"HGNC ID\tApproved symbol\tApproved name\tStatus\tAlias symbols\tNCBI Gene ID(supplied by NCBI)\t"
            b"UniProt ID(supplied by UniProt)\tMouse\tRat\tPrevious symbols\tEnsembl gene ID\tLocus type\tEnzyme IDs\n"
            b"HGNC:1\tKNEE1\tknee factor 1\tApproved\tKNF, KN1\t10\tP00001\t\t\tKNEE2, OLDK\tENSG1\tgene\t\n"
            b"HGNC:2\tKNEE2\tknee factor 2\tApproved\t\t11\tP00002,P00003\t\t\t\t\tgene\t\n"
            b"HGNC:3\tGONE~withdrawn\tgone\tSymbol Withdrawn\t\t\t\t\t\t\t\t\t\n"
        )
    },
    "hetionet": {
        "nodes.tsv": (
            b"id\tname\tkind\nCompound::DB00001\tKneesteadine\tCompound\nDisease::DOID:1\tknee wobble\tDisease\n"
            b"Gene::10\tKNEE1\tGene\nSymptom::D000010\tShaking\tSymptom\n"
        ),
        "edges.sif": (
            b"source\tmetaedge\ttarget\nCompound::DB00001\tCtD\tDisease::DOID:1\nDisease::DOID:1\tDaG\tGene::10\n"
            b"Disease::DOID:1\tDpS\tSymptom::D000010\nGene::10\tXxX\tGene::10\nGene::10\tGiG\tGene::99\n"
        ),
        "indications.tsv": (
            b"doid_id\tdrugbank_id\tdisease\tdrug\tcategory\tn_curators\tn_resources\n"
            b"DOID:1\tDB00001\tknee wobble\tKneesteadine\tDM\t2\t1\nDOID:1\tDB00002\tknee wobble\tSteadol\tNOT\t2\t1\n"
        ),
    },
}

SAMPLES.update(MORE)


class Reading:
    """What one database's reader gave for a set of files."""

    def __init__(self, database: str, files: dict[str, Path]) -> None:
        self.log = RowLog(keep=100)
        self.source = DATABASES[database].source(files)
        self.records = list(DATABASES[database].read(files, self.log))
        self.concepts = {item.id: item for item in self.records if isinstance(item, Concept)}
        self.relations = [item for item in self.records if isinstance(item, Relation)]
        self.passages = [item for item in self.records if isinstance(item, Passage)]
        self.triples = {
            (item.subject, item.predicate.removeprefix("biolink:"), item.object) for item in self.relations
        }


def write(folder: Path, contents: dict[str, bytes]) -> dict[str, Path]:
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return {name: folder / name for name in contents}


@pytest.fixture
def reading(tmp_path):
    """Read a sample, with some of its files replaced by other bytes (None leaves one out)."""

    def read(database: str, **changes: bytes | str | None) -> Reading:
        contents = dict(SAMPLES[database])
        for name, data in changes.pop("files", {}).items():
            contents[name] = data.encode() if isinstance(data, str) else data
        return Reading(
            database, write(tmp_path, {name: data for name, data in contents.items() if data is not None})
        )

    return read
