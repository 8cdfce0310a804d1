"""Summaries of notes and of one patient's record, and answers from one record; every sentence cites its source."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.applications.summary.exports import as_text as as_text
    from clinweave.applications.summary.exports import check_ending as check_ending
    from clinweave.applications.summary.exports import write_summary as write_summary
    from clinweave.applications.summary.meanings import Meanings as Meanings
    from clinweave.applications.summary.model_sentences import sentences_of_model as sentences_of_model
    from clinweave.applications.summary.model_sentences import with_model as with_model
    from clinweave.applications.summary.note_summary import summarize_notes as summarize_notes
    from clinweave.applications.summary.record import Record as Record
    from clinweave.applications.summary.record import open_record as open_record
    from clinweave.applications.summary.record_answers import answer_from_record as answer_from_record
    from clinweave.applications.summary.record_notes import with_notes as with_notes
    from clinweave.applications.summary.record_summary import summarize_record as summarize_record
    from clinweave.applications.summary.results import Citation as Citation
    from clinweave.applications.summary.results import LeftOut as LeftOut
    from clinweave.applications.summary.results import Line as Line
    from clinweave.applications.summary.results import RecordAnswer as RecordAnswer
    from clinweave.applications.summary.results import Summary as Summary

__getattr__, __dir__ = attach(
    __name__,
    {
        "Citation": "results",
        "LeftOut": "results",
        "Line": "results",
        "Meanings": "meanings",
        "Record": "record",
        "RecordAnswer": "results",
        "Summary": "results",
        "answer_from_record": "record_answers",
        "as_text": "exports",
        "check_ending": "exports",
        "open_record": "record",
        "sentences_of_model": "model_sentences",
        "summarize_notes": "note_summary",
        "summarize_record": "record_summary",
        "with_model": "model_sentences",
        "with_notes": "record_notes",
        "write_summary": "exports",
    },
)
