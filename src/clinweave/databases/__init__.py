"""Clinical databases, one module each: read release files and yield records. `DATABASES` lists all of them."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.databases.articles import LiteratureDocument, literature_documents
    from clinweave.databases.base import READERS_VERSION, Database, Record, RowLog
    from clinweave.databases.disease_names import disease_name_files, read_disease_names
    from clinweave.databases.drug_names import DrugStructure, drug_structures
    from clinweave.databases.files import recorded_fact
    from clinweave.databases.hpo_translations import Translation, read_translations, translation_files
    from clinweave.databases.icd10cm_tabular import TabularCode, read_tabular, reportable
    from clinweave.databases.inline_markup import script_text, tidy_scripts
    from clinweave.databases.literature import passages
    from clinweave.databases.orphanet_prevalence import (
        PER_MILLION,
        PREVALENCE_FILE,
        prevalence_release,
        read_prevalence,
    )
    from clinweave.databases.own_graph import SOURCE_FILE, OwnGraph
    from clinweave.databases.prefixes import curie
    from clinweave.databases.pubmed import Citation, citations
    from clinweave.databases.registry import DATABASES, DEFAULT, OPEN
    from clinweave.databases.stats import count_records

__all__ = [
    "DATABASES",
    "DEFAULT",
    "OPEN",
    "PER_MILLION",
    "PREVALENCE_FILE",
    "READERS_VERSION",
    "SOURCE_FILE",
    "Citation",
    "Database",
    "DrugStructure",
    "LiteratureDocument",
    "OwnGraph",
    "Record",
    "RowLog",
    "TabularCode",
    "Translation",
    "citations",
    "count_records",
    "curie",
    "disease_name_files",
    "drug_structures",
    "literature_documents",
    "passages",
    "prevalence_release",
    "read_disease_names",
    "read_prevalence",
    "read_tabular",
    "read_translations",
    "recorded_fact",
    "reportable",
    "script_text",
    "tidy_scripts",
    "translation_files",
]

__getattr__, __dir__ = attach(
    __name__,
    {
        "DATABASES": "registry",
        "DEFAULT": "registry",
        "OPEN": "registry",
        "READERS_VERSION": "base",
        "Database": "base",
        "DrugStructure": "drug_names",
        "LiteratureDocument": "articles",
        "OwnGraph": "own_graph",
        "PER_MILLION": "orphanet_prevalence",
        "PREVALENCE_FILE": "orphanet_prevalence",
        "prevalence_release": "orphanet_prevalence",
        "read_prevalence": "orphanet_prevalence",
        "Record": "base",
        "RowLog": "base",
        "TabularCode": "icd10cm_tabular",
        "SOURCE_FILE": "own_graph",
        "Translation": "hpo_translations",
        "Citation": "pubmed",
        "citations": "pubmed",
        "passages": "literature",
        "recorded_fact": "files",
        "count_records": "stats",
        "curie": "prefixes",
        "disease_name_files": "disease_names",
        "drug_structures": "drug_names",
        "literature_documents": "articles",
        "read_tabular": "icd10cm_tabular",
        "reportable": "icd10cm_tabular",
        "read_disease_names": "disease_names",
        "read_translations": "hpo_translations",
        "script_text": "inline_markup",
        "tidy_scripts": "inline_markup",
        "translation_files": "hpo_translations",
    },
)
