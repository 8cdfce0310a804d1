"""Coding: from a clinical note to suggested ICD-10-CM codes, each with its sentence and the rules applied."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.applications.coding.codebook import Codebook as Codebook
    from clinweave.applications.coding.coder import SETTINGS as SETTINGS
    from clinweave.applications.coding.coder import code_note as code_note
    from clinweave.applications.coding.exports import check_ending as check_ending
    from clinweave.applications.coding.exports import write_coding as write_coding
    from clinweave.applications.coding.notes import check_note as check_note
    from clinweave.applications.coding.notes import decoded as decoded
    from clinweave.applications.coding.notes import read_note as read_note
    from clinweave.applications.coding.results import NOTICE as NOTICE
    from clinweave.applications.coding.results import Coding as Coding
    from clinweave.applications.coding.results import Suggestion as Suggestion

__getattr__, __dir__ = attach(
    __name__,
    {
        "NOTICE": "results",
        "SETTINGS": "coder",
        "Codebook": "codebook",
        "Coding": "results",
        "Suggestion": "results",
        "check_ending": "exports",
        "check_note": "notes",
        "code_note": "coder",
        "decoded": "notes",
        "read_note": "notes",
        "write_coding": "exports",
    },
)
