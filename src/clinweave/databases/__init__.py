"""Clinical databases: one file each, release files in, records out. `DATABASES` names them all."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.databases.articles import LiteratureDocument, literature_documents
    from clinweave.databases.base import READERS_VERSION, Database, Record, RowLog
    from clinweave.databases.counting import count_records
    from clinweave.databases.drug_names import DrugStructure, drug_structures
    from clinweave.databases.files import beside
    from clinweave.databases.icd10cm_tabular import TabularCode, read_tabular, reportable
    from clinweave.databases.inline_markup import script_text, tidy_scripts
    from clinweave.databases.own_graph import OwnGraph
    from clinweave.databases.prefixes import curie
    from clinweave.databases.registry import DATABASES, DEFAULT, OPEN

__all__ = [
    "DATABASES",
    "DEFAULT",
    "OPEN",
    "READERS_VERSION",
    "Database",
    "DrugStructure",
    "LiteratureDocument",
    "OwnGraph",
    "Record",
    "RowLog",
    "TabularCode",
    "beside",
    "count_records",
    "curie",
    "drug_structures",
    "literature_documents",
    "read_tabular",
    "reportable",
    "script_text",
    "tidy_scripts",
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
        "Record": "base",
        "RowLog": "base",
        "TabularCode": "icd10cm_tabular",
        "beside": "files",
        "count_records": "counting",
        "curie": "prefixes",
        "drug_structures": "drug_names",
        "literature_documents": "articles",
        "read_tabular": "icd10cm_tabular",
        "reportable": "icd10cm_tabular",
        "script_text": "inline_markup",
        "tidy_scripts": "inline_markup",
    },
)
