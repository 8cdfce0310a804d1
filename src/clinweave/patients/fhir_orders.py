"""What a FHIR order of a drug states beyond drug and date: its status and dosage, copied and never computed."""

from collections.abc import Mapping
from typing import Any

from clinweave.patients.fhir_json import objects
from clinweave.patients.fhir_values import label_of, plain

ORDERS = frozenset(
    {"MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration"}
)
_UNITS = {"s": "s", "min": "min", "h": "h", "d": "day", "wk": "week", "mo": "month", "a": "year"}


def order_text(resource: Mapping[str, Any]) -> str:
    """Return the status and dosage of an order in words, "" where it states neither."""
    dosages = objects(resource, "dosageInstruction") + objects(resource, "dosage")
    status = resource.get("status")
    if isinstance(resource.get("dosage"), dict):  # of an administration
        dosages.append(resource["dosage"])
    parts = [_dosage(item) for item in dosages]
    if isinstance(status, str) and status.strip() not in {"", "unknown"}:
        parts.append(f"status {status.strip()}")
    return "; ".join(part for part in parts if part)


def _dosage(dosage: Mapping[str, Any]) -> str:
    """Return one dosage: its own words, else amount, rate and frequency as far as they are stated."""
    text = dosage.get("text") or dosage.get("patientInstruction")
    if isinstance(text, str) and text.strip():
        return " ".join(text.split())
    rows = [*objects(dosage, "doseAndRate"), dosage]
    amounts = [
        words for row in rows for key in ("doseQuantity", "dose") if (words := _quantity(row.get(key)))
    ]
    parts = [f"dose {amount}" for amount in dict.fromkeys(amounts)]
    timing = dosage.get("timing")
    parts += [_timing(timing)] if isinstance(timing, dict) else []
    parts += [label_of(dosage.get("route"))]
    if dosage.get("asNeededBoolean") is True:
        parts.append("as needed")
    return ", ".join(part for part in parts if part)


def _quantity(field: Any) -> str:
    if not isinstance(field, dict) or not (number := _number(field.get("value"))):
        return ""
    sign, unit = str(field.get("comparator") or ""), str(field.get("unit") or field.get("code") or "")
    return f"{sign}{number} {unit}".strip()


def _timing(timing: Mapping[str, Any]) -> str:
    if words := label_of(timing.get("code")):
        return words
    repeat = timing.get("repeat")
    if not isinstance(repeat, dict):
        return ""
    frequency, period = _number(repeat.get("frequency")), _number(repeat.get("period"))
    unit = str(repeat.get("periodUnit") or repeat.get("periodUnits") or "")
    return f"{frequency} x per {period} {_UNITS.get(unit, unit)}".strip() if frequency and period else ""


def _number(value: Any) -> str:
    """Return a number as the source wrote it, "" for anything else."""
    return plain(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
