"""Views of one patient's data: a summary by concept and a timeline; and the list of patients."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from clinweave.patients.batches import ABSENT, HISTORICAL, PRESENT, UNCERTAIN
from clinweave.patients.coding import plain_name
from clinweave.patients.store import PatientStore
from clinweave.records import Event

if TYPE_CHECKING:
    from clinweave.knowledge import Linker

_SHOWN = ("problem", "drug", "lab", "observation", "procedure")
_SIGNS = frozenset("<>=~≤≥-+.")


def summary(store: PatientStore, patient: str, linker: "Linker | None" = None) -> dict[str, Any]:
    """Return a patient's problems, drugs, labs and so on, each once, with its concept, first and last time, and value.

    What is stated as absent (ruled out, not given) or uncertain is in lists of its own, "absent" and "uncertain".
    With a linker, the concepts that the notes name (and do not deny) are counted, too.
    """
    subject = store.subject(patient)
    codes = {row["code"]: row for row in store.codes.to_pylist()}
    person = store.person(subject)
    result: dict[str, object] = {
        "subject_id": subject,
        "id": person.source_id,
        "tier": store.tier.value,
        "names": person.names,
    }
    events = store.records(subject)
    for item in events:
        if item.code.startswith(("MEDS_BIRTH", "MEDS_DEATH", "GENDER//")):
            key = {"MEDS_BIRTH": "born", "MEDS_DEATH": "died"}.get(item.code, "sex")
            # a birth that is stated by year or month alone stays so
            result[key] = item.code.partition("//")[2] if key == "sex" else item.text_value or _day(item)
    for kind in _SHOWN:
        present = [item for item in events if item.kind == kind and item.status == PRESENT]
        result[f"{kind}s"] = _grouped(present, codes)
    for status in (ABSENT, UNCERTAIN):
        marked = [item for item in events if item.kind in _SHOWN and item.status == status]
        result[status] = _grouped(marked, codes)
    notes = [
        item.text_value
        for item in events
        if item.kind == "note" and item.text_value and item.status == PRESENT
    ]
    result["visits"] = sum(item.kind == "visit" and item.status == PRESENT for item in events)
    result["notes"] = len(notes)
    result["superseded_notes"] = sum(item.kind == "note" and item.status == HISTORICAL for item in events)
    result["joined"] = _joined(result)
    if linker is not None and notes:
        result["named_in_notes"] = _named(notes, linker)
    return result


def timeline(store: PatientStore, patient: str, linker: "Linker | None" = None) -> Iterator[dict[str, Any]]:
    """Yield a patient's events by time: day, kind, name, value, concept. Notes are given by their length, not text."""
    subject = store.subject(patient)
    codes = {row["code"]: row for row in store.codes.to_pylist()}
    for item in store.records(subject):
        row = codes.get(item.code, {})
        line = {
            "time": item.time.isoformat() if item.time else None,
            "kind": item.kind,
            "status": item.status,
            "code": item.code,
            "name": plain_name(row.get("description") or "") or item.code,
            "value": value_of(item),
            "concept": row.get("concept") or None,
            "linked_by": row.get("linked_by") or None,
        }
        if item.kind == "note" and item.text_value:
            description = f"{len(item.text_value):,} characters"
            if linker is not None:
                names = dict.fromkeys(
                    mention.name for mention in linker.link(item.text_value) if mention.of_patient
                )
                description += f"; names {', '.join(list(names)[:8])}"
            line["value"] = description
        yield line


def value_of(item: Event) -> str:
    """Return an event's value as text: the number with its unit, or the words; a bound ("<5") is never a number."""
    text = (item.text_value or "") if item.kind != "note" else ""
    if item.numeric_value is None:
        return f"{text} {item.unit}".strip() if text[:1].isdigit() or text[:1] in _SIGNS else text
    exact = text if _is_number(text) else shortest(item.numeric_value)
    return f"{exact} {item.unit}".strip()


def shortest(number: float) -> str:
    """Return the shortest digits that give the same number in the 32 bits of MEDS."""
    value = np.float32(number)
    if value == 0 or 1e-4 <= abs(value) < 1e15:
        return np.format_float_positional(value, trim="-")
    return np.format_float_scientific(value, trim="-")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _grouped(events: list[Event], codes: dict[str, Any]) -> list[dict[str, Any]]:
    groups: dict[str, list[Event]] = {}
    for item in events:
        groups.setdefault(item.code, []).append(item)
    entries = []
    for code, items in groups.items():
        row = codes.get(code, {})
        last = items[-1]
        entries.append(
            {
                "code": code,
                "kind": last.kind,
                "name": plain_name(row.get("description") or "") or code,
                "concept": row.get("concept") or None,
                "concept_name": row.get("concept_name") or None,
                "linked_by": row.get("linked_by") or None,
                "times": len(items),
                "first": _day(items[0]),
                "last": _day(last),
                "value": value_of(last),
            }
        )
    return sorted(entries, key=lambda item: (item["first"] or "", item["code"]))


def _joined(groups: dict[str, Any]) -> dict[str, list[int]]:
    """Return kind -> [codes joined to a concept, codes]."""
    return {
        kind: [sum(bool(item["concept"]) for item in groups[f"{kind}s"]), len(groups[f"{kind}s"])]
        for kind in ("problem", "drug", "lab")
    }


def _named(notes: list[str], linker: "Linker") -> list[dict[str, Any]]:
    counts: dict[tuple[str, str], int] = {}
    for mentions in linker.link_many(notes):
        for key in {(item.id, item.name) for item in mentions if item.of_patient}:
            counts[key] = counts.get(key, 0) + 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [{"concept": curie, "name": name, "notes": count} for (curie, name), count in ranked]


def _day(item: Event) -> str | None:
    return item.time.date().isoformat() if item.time else None
