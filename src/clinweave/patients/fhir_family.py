"""FHIR FamilyMemberHistory: what relatives have or had, never a fact of the patient."""

from collections.abc import Callable, Mapping
from typing import Any

from clinweave.patients.batches import Refused, Rows
from clinweave.patients.fhir_dates import time_of
from clinweave.patients.fhir_json import objects
from clinweave.patients.fhir_status import status_of
from clinweave.patients.fhir_values import label_of

PREFIX = "FAMILY_HISTORY//"


def add_family(
    rows: Rows, resource: Mapping[str, Any], subject: int, codings: Callable[[Any], tuple[str, str, str]]
) -> None:
    """Add one observation for each condition of a relative. Raises `Refused` where no condition is stated."""
    status = status_of(resource)
    relative = label_of(resource.get("relationship")) or "relative"
    date = resource.get("date")
    when = time_of(date) if isinstance(date, str) else None
    added = False
    for item in objects(resource, "condition"):
        code, label, _ = codings(item.get("code"))
        if code:
            outcome = label_of(item.get("outcome"))
            rows.add(
                subject,
                when.time if when else None,
                f"{PREFIX}{code}",
                "observation",
                name=f"Family history: {label or code}",
                text_value=f"{relative}; {outcome}" if outcome else relative,
                status=status,
                entry=f"FamilyMemberHistory/{resource.get('id') or ''}".rstrip("/"),
            )
            added = True
    if not added:
        raise Refused("no condition of the relative is stated")
