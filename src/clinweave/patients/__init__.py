"""Patient records (FHIR, OMOP, MIMIC-IV, MEDS) as events linked to concepts; pseudonymised notes; access policy."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.patients.access_policy import EXPORT as EXPORT
    from clinweave.patients.access_policy import gate as gate
    from clinweave.patients.batches import Person as Person
    from clinweave.patients.coding import plain_name as plain_name
    from clinweave.patients.coding import share as share
    from clinweave.patients.deid.gold import gold_notes as gold_notes
    from clinweave.patients.deid.i2b2 import read_i2b2 as read_i2b2
    from clinweave.patients.deid.measure import Measured as Measured
    from clinweave.patients.deid.measure import measure as measure
    from clinweave.patients.deid.pseudonymise import Pseudonymised as Pseudonymised
    from clinweave.patients.deid.pseudonymise import Pseudonymiser as Pseudonymiser
    from clinweave.patients.deid.pseudonymise import key_at as key_at
    from clinweave.patients.duckdb_session import connect as connect
    from clinweave.patients.duckdb_session import quoted as quoted
    from clinweave.patients.loading import SourceKind as SourceKind
    from clinweave.patients.loading import load as load
    from clinweave.patients.note_files import check_note as check_note
    from clinweave.patients.note_files import check_one_patient as check_one_patient
    from clinweave.patients.note_files import decoded as decoded
    from clinweave.patients.note_files import read_note as read_note
    from clinweave.patients.notes_index import add_notes as add_notes
    from clinweave.patients.purging import Place as Place
    from clinweave.patients.purging import purge as purge
    from clinweave.patients.record_sql import SqlRows as SqlRows
    from clinweave.patients.record_sql import SqlSandbox as SqlSandbox
    from clinweave.patients.record_sql import SqlTable as SqlTable
    from clinweave.patients.record_sql import open_records as open_records
    from clinweave.patients.registry import one_store as one_store
    from clinweave.patients.registry import register as register
    from clinweave.patients.registry import register_proposals as register_proposals
    from clinweave.patients.registry import stores as stores
    from clinweave.patients.store import PatientStore as PatientStore
    from clinweave.patients.summaries import summary as summary
    from clinweave.patients.summaries import timeline as timeline
    from clinweave.patients.summaries import value_of as value_of

__getattr__, __dir__ = attach(
    __name__,
    {
        "EXPORT": "access_policy",
        "Measured": "deid.measure",
        "PatientStore": "store",
        "Person": "batches",
        "Place": "purging",
        "Pseudonymised": "deid.pseudonymise",
        "Pseudonymiser": "deid.pseudonymise",
        "SourceKind": "loading",
        "SqlRows": "record_sql",
        "SqlSandbox": "record_sql",
        "SqlTable": "record_sql",
        "add_notes": "notes_index",
        "check_note": "note_files",
        "check_one_patient": "note_files",
        "connect": "duckdb_session",
        "decoded": "note_files",
        "gate": "access_policy",
        "gold_notes": "deid.gold",
        "key_at": "deid.pseudonymise",
        "load": "loading",
        "measure": "deid.measure",
        "one_store": "registry",
        "open_records": "record_sql",
        "plain_name": "coding",
        "purge": "purging",
        "quoted": "duckdb_session",
        "read_i2b2": "deid.i2b2",
        "read_note": "note_files",
        "register": "registry",
        "register_proposals": "registry",
        "share": "coding",
        "stores": "registry",
        "summary": "summaries",
        "timeline": "summaries",
        "value_of": "summaries",
    },
)
