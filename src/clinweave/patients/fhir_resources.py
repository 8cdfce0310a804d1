"""FHIR R4 resources as events: one function from a resource to rows. https://hl7.org/fhir/R4/resourcelist.html

Fields of R5 and STU3 that say the same are read, too. `remark` is called with what is odd about a resource that is
kept; `Refused` is raised for what is no event.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from clinweave.patients.batches import PRESENT, Refused, Rows
from clinweave.patients.fhir_dates import When, date_of, time_of
from clinweave.patients.fhir_json import objects
from clinweave.patients.fhir_orders import ORDERS, order_text
from clinweave.patients.fhir_references import reference_of
from clinweave.patients.fhir_status import KEPT, status_of, status_of_name
from clinweave.patients.fhir_values import label_of, value_of
from clinweave.patients.note_text import best_text
from clinweave.patients.vocabularies import FHIR_SYSTEMS, coded

_PERFORMED = ("performedDateTime", "performedPeriod", "occurrenceDateTime", "occurrencePeriod")
_EFFECTIVE = ("effectiveDateTime", "effectivePeriod", "effectiveInstant")
_MEDICATION = ("medicationCodeableConcept", "medication", "medicationReference")
# resource -> (kind, fields of the code, fields of the time; the first that holds something is taken)
_SIMPLE: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "Condition": ("problem", ("code",),
                  ("onsetDateTime", "onsetPeriod", "recordedDate", "assertedDate", "abatementDateTime",
                   "abatementPeriod")),
    "AllergyIntolerance": ("problem", ("code", "substance"),
                           ("onsetDateTime", "onsetPeriod", "recordedDate", "assertedDate", "lastOccurrence")),
    "MedicationRequest": ("drug", _MEDICATION, ("authoredOn",)),
    "MedicationStatement": ("drug", _MEDICATION, (*_EFFECTIVE, "dateAsserted")),
    "MedicationAdministration": ("drug", _MEDICATION, (*_EFFECTIVE, "occurenceDateTime", "occurencePeriod")),
    "MedicationDispense": ("drug", _MEDICATION, ("whenHandedOver", "whenPrepared")),
    "Immunization": ("drug", ("vaccineCode",), ("occurrenceDateTime", "date", "recorded")),
    "Procedure": ("procedure", ("code",), _PERFORMED),
    "Encounter": ("visit", ("type",), ("period", "actualPeriod")),
    "Observation": ("observation", ("code",), (*_EFFECTIVE, "issued")),
    "DiagnosticReport": ("note", ("code",), (*_EFFECTIVE, "issued")),
    "DocumentReference": ("note", ("type",), ("date", "created", "indexed")),
}  # fmt: skip
READ_TYPES = frozenset({"Patient", "FamilyMemberHistory", *_SIMPLE})
# nothing of these is about one patient's health
NEUTRAL_TYPES = frozenset({
    "Binary", "Bundle", "CapabilityStatement", "CodeSystem", "Device", "Endpoint", "Group", "HealthcareService",
    "Library", "Location", "Medication", "OperationOutcome", "Organization", "Parameters", "Practitioner",
    "PractitionerRole", "Provenance", "StructureDefinition", "Substance", "ValueSet",
})  # fmt: skip
# lists of problems, allergies, drugs and operations often bear no date, and an allergy must not be lost for it
_UNDATED_KEPT = frozenset({
    "Condition", "AllergyIntolerance", "MedicationRequest", "MedicationStatement", "Immunization", "Procedure",
})  # fmt: skip
_UNDATED = "no usable time: stored without time"
_SUBSTANCES = ("RXCUI:", "NDC:", "UNII:", "ATC:", "CVX:")
Remark = Callable[[str], None]
Find = Callable[[str, str], Mapping[str, Any] | None]  # (type, reference) -> the resource


class _Event(NamedTuple):
    """What the events of one resource have in common."""

    subject: int
    when: When | None
    code: str
    kind: str
    facts: dict[str, Any]


def add_person(rows: Rows, resource: Mapping[str, object], subject: int, remark: Remark) -> None:
    """Add birth, death and sex of a Patient. An invalid date is reported to `remark`, never guessed."""
    for code, key, read in (
        ("MEDS_BIRTH", "birthDate", date_of),
        ("MEDS_DEATH", "deceasedDateTime", time_of),
    ):
        value_text = resource.get(key)
        if value_text in (None, ""):
            continue
        when = read(value_text) if isinstance(value_text, str) else None
        if when is None:
            remark(f"Patient: {key} is not a FHIR date: ignored")
            continue
        if when.remark:
            remark(f"Patient: {key}: {when.remark}")
        rows.add(subject, when.time, code, "person", text_value=when.partial or None, entry=_entry(resource))
    if resource.get("deceasedBoolean") is True and not resource.get("deceasedDateTime"):
        remark("Patient: deceased, but without a date: no event of the death")
    if isinstance(resource.get("gender"), str) and resource["gender"]:
        rows.add(subject, None, f"GENDER//{resource['gender']}", "person", entry=_entry(resource))


def add(rows: Rows, resource: Mapping[str, Any], subject: int, find: Find, remark: Remark) -> None:
    """Add what a resource says of a patient. Raises `Refused` where it says nothing that can be used."""
    name = str(resource["resourceType"])
    kind, keys, times = _SIMPLE[name]
    status = status_of(resource)
    concept = _concept(resource, keys, find)
    code, label, others = codings(concept)
    if not code and kind in {"note", "visit"}:
        label = label or next((label_of(item) for item in objects(resource, "class")), "")
        code = f"{kind.upper()}//{label or 'unnamed'}"
    if not code:
        raise Refused("no code and no text for it")
    if kind == "problem":
        status = status_of_name(concept, label, status, name == "AllergyIntolerance")
    when = _time(resource, times, remark)
    if when is None and name not in _UNDATED_KEPT:
        raise Refused("no usable time")
    if when is None:
        remark(_UNDATED)
    if status != PRESENT:
        remark(KEPT[status])
    if name == "AllergyIntolerance" and code.startswith(_SUBSTANCES):
        code = f"ALLERGY//{code}"  # the code of a substance alone would say that it was given
    facts = {"name": label, "other_codes": others, "status": status, "entry": _entry(resource)}
    event = _Event(subject, when, code, kind, facts)
    if kind == "note":
        _add_note(rows, resource, event, find, remark)
    elif name == "Observation":
        _add_observation(rows, resource, event, remark)
    else:
        stated = [order_text(resource) if name in ORDERS else "", _stated_time(resource, when)]
        _row(rows, event, text_value="; ".join(part for part in stated if part) or None)


def _entry(resource: Mapping[str, Any]) -> str:
    """Return the resource's own reference ("Observation/abc"), its type alone where it has no id."""
    ident, name = resource.get("id"), str(resource.get("resourceType") or "Patient")
    return f"{name}/{ident}" if isinstance(ident, str) and ident else name


def codings(concept: object) -> tuple[str, str, str]:
    """Return (code, name, further codes parted by spaces) of a CodeableConcept; codes of known systems come first."""
    if not isinstance(concept, dict):
        return "", "", ""
    items = [item for item in objects(concept, "coding") if item.get("code")]
    standard = [coded(FHIR_SYSTEMS[str(item["system"])], str(item["code"])) for item in items
             if item.get("system") in FHIR_SYSTEMS]  # fmt: skip
    local = [coded("LOCAL", str(item["code"])) for item in items if item.get("system") not in FHIR_SYSTEMS]
    label = next((str(item["display"]) for item in items if item.get("display")), "") or str(
        concept.get("text") or ""
    )
    codes = [code for code in dict.fromkeys([*standard, *local]) if code]
    if not codes and label:
        codes = [coded("LOCAL", label[:120])]
    return (codes[0] if codes else ""), label, " ".join(codes[1:])


def _row(rows: Rows, event: _Event, **rest: object) -> None:
    time = event.when.time if event.when else None
    rows.add(event.subject, time, event.code, event.kind, **{**event.facts, **rest})


def _concept(resource: Mapping[str, object], keys: tuple[str, ...], find: Find) -> object:
    for key in keys:
        field: object = resource.get(key)
        field = field[0] if isinstance(field, list) and field else field
        if not isinstance(field, dict):
            continue
        if key == "medication" and isinstance(field.get("concept"), dict):  # R5's CodeableReference
            field = field["concept"]
        elif key == "medication" and isinstance(field.get("reference"), dict):
            return _medication(field["reference"], resource, find)
        elif key == "medicationReference":
            return _medication(field, resource, find)
        return field
    return None


def _medication(field: Mapping[str, object], resource: Mapping[str, object], find: Find) -> object:
    text = str(field.get("reference") or "")
    if text.startswith("#"):
        inside = [item for item in objects(resource, "contained") if item.get("id") == text[1:]]
        match: Mapping[str, object] | None = inside[0] if inside else None
    else:
        match = find("Medication", text) if text else None
    concept = match.get("code") if match else None
    if isinstance(concept, dict) and concept:
        return concept
    if not field.get("display"):
        raise Refused("broken reference: no such Medication")
    return {"text": str(field["display"])}


def _time(resource: Mapping[str, object], keys: tuple[str, ...], remark: Remark) -> When | None:
    invalid = False
    for key in keys:
        field = resource.get(key)
        field = (field.get("start") or field.get("end")) if isinstance(field, dict) else field
        when = time_of(field) if isinstance(field, str) else None
        if when is not None:
            if invalid:
                remark("a time that is not a FHIR date: the next stated time is used")
            if when.remark:
                remark(when.remark)
            return when
        invalid = invalid or field not in (None, "")
    context = resource.get("context")
    period = context.get("period") if isinstance(context, dict) else None
    for field in (period, *(item.get("attachment") for item in objects(resource, "content"))):
        text = (field.get("start") or field.get("creation")) if isinstance(field, dict) else None
        if isinstance(text, str) and (when := time_of(text)) is not None:
            return when
    return None


def _stated_time(resource: Mapping[str, object], when: When | None) -> str | None:
    """Return in words what the record says of the time beyond the day of the event, or None."""
    parts = []
    for key in (
        "onsetString",
        "onsetAge",
        "onsetRange",
        "performedString",
        "performedAge",
        "occurrenceString",
    ):
        field = resource.get(key)
        if isinstance(field, dict):
            value = value_of({"valueRange" if key.endswith("Range") else "valueQuantity": field})
            number = value.text_value or (
                f"{value.numeric_value:g}" if value.numeric_value is not None else ""
            )
            field = f"at age {number} {value.unit}".strip() if number else None
        if isinstance(field, str) and field.strip():
            parts.append(field.strip())
    if when and when.partial and not parts:
        parts.append(f"dated {when.partial}")
    over = label_of(resource.get("clinicalStatus")).lower()
    if over in {"resolved", "inactive", "remission"}:
        end = resource.get("abatementDateTime")
        parts.append(f"{over} {end[:10]}" if isinstance(end, str) and time_of(end) else over)
    return "; ".join(parts) or None


def _add_observation(rows: Rows, resource: Mapping[str, object], event: _Event, remark: Remark) -> None:
    words = set()
    for item in objects(resource, "category"):
        coded_as = [code.get(key) for code in objects(item, "coding") for key in ("code", "display")]
        words |= {str(word).strip().lower() for word in (item.get("text"), *coded_as) if word}
    kind = "lab" if words & {"laboratory", "lab"} else "observation"
    parts: list[tuple[_Event, Mapping[str, object]]] = [(event, resource)]
    components = [(codings(part.get("code")), part) for part in objects(resource, "component")]
    if any(code for (code, _, _), _ in components) and not any(key.startswith("value") for key in resource):
        parts = []
    for (code, label, others), field in components:
        if code:
            parts.append(
                (
                    event._replace(code=code, facts={**event.facts, "name": label, "other_codes": others}),
                    field,
                )
            )
        else:
            remark("a component without a code: not read")
    for part, source in parts:
        value = value_of(source)
        if value.remark:
            remark(value.remark)
        _row(rows, part._replace(kind=kind), numeric_value=value.numeric_value, text_value=value.text_value,
             unit=value.unit)  # fmt: skip


def _add_note(rows: Rows, resource: Mapping[str, object], event: _Event, find: Find, remark: Remark) -> None:
    attachments = [item.get("attachment") for item in objects(resource, "content")] + objects(
        resource, "presentedForm"
    )
    report = resource["resourceType"] == "DiagnosticReport"
    conclusion = resource.get("conclusion")
    words = [conclusion] if isinstance(conclusion, str) else []
    words += [label_of(item) for item in objects(resource, "conclusionCode")]
    plain = event._replace(kind="procedure")  # a report of results, which are events of their own
    if not attachments and report:
        _row(rows, plain, text_value="; ".join(word for word in words if word) or None)
        return

    def binary(url: str) -> Mapping[str, object] | None:
        return find("Binary", url) if reference_of(url).type in {"", "Binary"} else None

    try:
        text = best_text(attachments, binary)
    except Refused as reason:
        if not report:
            raise
        remark(str(reason))
        _row(rows, plain, text_value="; ".join(word for word in words if word) or None)
        return
    for text_remark in text.remarks:
        remark(text_remark)
    _row(rows, event, text_value=text.text)
