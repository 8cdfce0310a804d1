"""Records of patients (FHIR, OMOP, MIMIC-IV, MEDS) as events joined to concepts; notes pseudonymised; the gate."""

from typing import TYPE_CHECKING

from clinweave.lazy import attach

if TYPE_CHECKING:
    from clinweave.patients.coding import share as share
    from clinweave.patients.loading import SourceKind as SourceKind
    from clinweave.patients.loading import load as load
    from clinweave.patients.store import PatientStore as PatientStore

__getattr__, __dir__ = attach(
    __name__,
    {
        "PatientStore": "store",
        "SourceKind": "loading",
        "load": "loading",
        "share": "coding",
    },
)
