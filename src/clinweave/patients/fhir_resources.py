"""FHIR R4 resources as events: one function from a resource to rows. https://hl7.org/fhir/R4/resourcelist.html"""

import base64
import binascii
import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from clinweave.patients.batches import Person, Rows, instant, number_of
from clinweave.patients.vocabularies import FHIR_SYSTEMS, coded

MAX_NOTE = 8 << 20  # characters
# resource -> (kind, field of the code, fields of the time in order)
_SIMPLE: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "Condition": ("problem", "code", ("onsetDateTime", "onsetPeriod", "recordedDate", "abatementDateTime")),
    "AllergyIntolerance": ("problem", "code", ("onsetDateTime", "recordedDate")),
    "MedicationRequest": ("drug", "medicationCodeableConcept", ("authoredOn",)),
    "MedicationStatement": ("drug", "medicationCodeableConcept", ("effectiveDateTime", "effectivePeriod")),
    "MedicationAdministration": ("drug", "medicationCodeableConcept", ("effectiveDateTime", "effectivePeriod")),
    "MedicationDispense": ("drug", "medicationCodeableConcept", ("whenHandedOver", "whenPrepared")),
    "Immunization": ("drug", "vaccineCode", ("occurrenceDateTime",)),
    "Procedure": ("procedure", "code", ("performedDateTime", "performedPeriod")),
    "Encounter": ("visit", "type", ("period",)),
    "Observation": ("observation", "code", ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued")),
    "DiagnosticReport": ("note", "code", ("effectiveDateTime", "effectivePeriod", "issued")),
    "DocumentReference": ("note", "type", ("date",)),
}  # fmt: skip
READ_TYPES = frozenset({"Patient", *_SIMPLE})
_DENIED = frozenset({"refuted", "entered-in-error"})
_TAG = re.compile(r"<[^>]+>")


class Refused(Exception):  # noqa: N818 - not an error of the program
    """A resource that cannot be an event, and why. The reason never holds a value of the record."""


def patient_of(resource: Mapping[str, Any]) -> str:
    """Return the id of the patient that a resource is about, without "Patient/" or "urn:uuid:"; "" where none."""
    held = resource.get("subject") or resource.get("patient")
    reference = held.get("reference") if isinstance(held, dict) else None
    return bare(reference) if isinstance(reference, str) else ""


def bare(reference: str) -> str:
    """Return the id in a reference ("Patient/1", "urn:uuid:...", "https://host/Patient/1/_history/2")."""
    if reference.startswith("urn:"):
        return reference.rpartition(":")[2]
    return reference.partition("/_history/")[0].rpartition("/")[2]


def person(resource: Mapping[str, Any]) -> Person:
    """Return who a Patient resource says the patient is. Raises `Refused` without an id."""
    source_id = resource.get("id")
    if not isinstance(source_id, str) or not source_id:
        raise Refused("a Patient without an id")
    made = Person(number_of(source_id), source_id)
    for name in _list(resource, "name"):
        made.names += [str(part) for part in (*_texts(name, "given"), *_texts(name, "family")) if part]
    for held in _list(resource, "identifier"):
        made.identifiers += [str(held["value"])] if held.get("value") else []
    made.identifiers += [str(item["value"]) for item in _list(resource, "telecom") if item.get("value")]
    for place in _list(resource, "address"):
        made.places += [part for key in ("line", "city", "postalCode") for part in _texts(place, key) if part]
    for extension in _list(resource, "extension"):
        if str(extension.get("url", "")).endswith("mothersMaidenName"):
            made.names += str(extension.get("valueString", "")).split()
        made.places += _texts(extension.get("valueAddress") or {}, "city")
    return made


def add_person(rows: Rows, resource: Mapping[str, Any], subject: int) -> None:
    """Add birth, death and sex of a Patient."""
    for code, key in (("MEDS_BIRTH", "birthDate"), ("MEDS_DEATH", "deceasedDateTime")):
        when = instant(str(resource.get(key) or ""))
        if when is not None:
            rows.add(subject, when, code, "person")
    if resource.get("gender"):
        rows.add(subject, None, f"GENDER//{resource['gender']}", "person")


def add(rows: Rows, resource: Mapping[str, Any], subject: int, medications: Mapping[str, Any]) -> None:
    """Add what a resource says of a patient. Raises `Refused` where it says nothing that can be used."""
    name = str(resource["resourceType"])
    kind, key, times = _SIMPLE[name]
    _check_status(resource)
    when = _time(resource, times)
    concept = resource.get(key)
    if concept is None and "medicationReference" in resource:
        concept = _medication(resource, medications)
    concept = concept[0] if isinstance(concept, list) and concept else concept
    code, label, others = codings(concept)
    if not code and kind in {"note", "visit"}:
        code = f"{kind.upper()}//{label or 'unnamed'}"
    if not code:
        raise Refused("no code and no text for it")
    facts = {"name": label, "other_codes": others}
    if kind == "note":
        _add_notes(rows, resource, subject, when, code, facts)
    elif name == "Observation":
        _add_observation(rows, resource, subject, when, (code, facts))
    else:
        rows.add(subject, when, code, kind, **facts)


def codings(concept: Any) -> tuple[str, str, str]:
    """Return (code, name, further codes parted by spaces) of a CodeableConcept; codes of known systems come first."""
    if not isinstance(concept, dict):
        return "", "", ""
    held = [item for item in _list(concept, "coding") if item.get("code")]
    known = [coded(FHIR_SYSTEMS[str(item["system"])], str(item["code"])) for item in held
             if item.get("system") in FHIR_SYSTEMS]  # fmt: skip
    local = [coded("LOCAL", str(item["code"])) for item in held if item.get("system") not in FHIR_SYSTEMS]
    label = next((str(item["display"]) for item in held if item.get("display")), "") or str(
        concept.get("text") or ""
    )
    codes = list(dict.fromkeys([*known, *local]))
    if not codes and label:
        codes = [coded("LOCAL", label[:120])]
    return (codes[0] if codes else ""), label, " ".join(codes[1:])


def _check_status(resource: Mapping[str, Any]) -> None:
    stated = {str(resource.get("status", ""))}
    stated |= {str(item.get("code")) for item in _list(resource.get("verificationStatus") or {}, "coding")}
    if stated & _DENIED:
        raise Refused("refuted or entered in error: not a fact of the patient")
    if str(resource.get("status", "")) in {"not-done", "cancelled", "not-taken"}:
        raise Refused("not done")


def _time(resource: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    for key in keys:
        held = resource.get(key)
        held = (held.get("start") or held.get("end")) if isinstance(held, dict) else held
        when = instant(held) if isinstance(held, str) else None
        if when is not None:
            return when
    raise Refused("no usable time")


def _medication(resource: Mapping[str, Any], medications: Mapping[str, Any]) -> Any:
    held = resource["medicationReference"]
    reference = str(held.get("reference", "")) if isinstance(held, dict) else ""
    if reference.startswith("#"):
        inside = {str(item.get("id")): item.get("code") for item in _list(resource, "contained")}
        found = inside.get(reference[1:])
    else:
        found = medications.get(bare(reference))
    if found is None and not (isinstance(held, dict) and held.get("display")):
        raise Refused("broken reference: no such Medication")
    return found or {"text": held["display"]}


def _add_observation(
    rows: Rows, resource: Mapping[str, Any], subject: int, when: Any, coded_as: tuple[str, dict[str, str]]
) -> None:
    kinds = {str(code.get("code")) for item in _list(resource, "category") for code in _list(item, "coding")}
    kind = "lab" if "laboratory" in kinds else "observation"
    parts = [(coded_as, resource)] if any(key.startswith("value") for key in resource) else []
    for part in _list(resource, "component"):
        code, label, others = codings(part.get("code"))
        if code:
            parts.append(((code, {"name": label, "other_codes": others}), part))
    for (code, facts), held in parts or [(coded_as, resource)]:
        rows.add(subject, when, code, kind, **facts, **_value(held))


def _value(held: Mapping[str, Any]) -> dict[str, Any]:
    quantity = held.get("valueQuantity")
    if isinstance(quantity, dict):
        number = quantity.get("value")
        usable = isinstance(number, int | float) and not isinstance(number, bool)
        unit = str(quantity.get("unit") or quantity.get("code") or "")
        return {"numeric_value": float(number) if usable else None, "unit": unit}  # type: ignore[arg-type]
    concept = held.get("valueCodeableConcept")
    if isinstance(concept, dict):
        return {"text_value": codings(concept)[1]}
    for key in ("valueString", "valueInteger", "valueBoolean", "valueDateTime"):
        if key in held:
            number = float(held[key]) if key == "valueInteger" and isinstance(held[key], int) else None
            return {"numeric_value": number, "text_value": None if number is not None else str(held[key])}
    return {}


def _add_notes(  # noqa: PLR0917
    rows: Rows, resource: Mapping[str, Any], subject: int, when: Any, code: str, facts: dict[str, str]
) -> None:
    held = [item.get("attachment") for item in _list(resource, "content")] + _list(resource, "presentedForm")
    if not held and resource["resourceType"] == "DiagnosticReport":
        rows.add(
            subject, when, code, "procedure", **facts
        )  # a report of results, which are events of their own
        return
    for attachment in held:
        rows.add(subject, when, code, "note", text_value=_text(attachment), **facts)


def _text(attachment: Any) -> str:
    if not isinstance(attachment, dict) or not isinstance(attachment.get("data"), str):
        raise Refused("the note lies elsewhere (an address, no data)")
    kind = str(attachment.get("contentType", "text/plain")).partition(";")[0].strip().lower()
    if not kind.startswith("text/") and kind != "application/xhtml+xml":
        raise Refused(f"a note that is no text ({kind[:40]})")
    try:
        data = base64.b64decode(attachment["data"], validate=False)
    except (binascii.Error, ValueError) as error:
        raise Refused("a note whose base64 is damaged") from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    text = unescape(_TAG.sub(" ", text)) if "html" in kind else text
    if len(text) > MAX_NOTE:
        raise Refused(f"a note longer than {MAX_NOTE:,} characters")
    return text


def _list(held: Any, key: str) -> list[dict[str, Any]]:
    """Return the objects in a list field, whatever else stands there."""
    value = held.get(key) if isinstance(held, dict) else None
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _texts(held: Mapping[str, Any], key: str) -> list[str]:
    value = held.get(key)
    values = value if isinstance(value, list) else [value]
    return [item for item in values if isinstance(item, str)]
