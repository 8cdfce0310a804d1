"""Values of FHIR observations. A bound, ratio or range is kept as it stands: "<5" is not 5."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from clinweave.patients.fhir_json import objects

NOT_READ = "the value is of a type that is not read: stored without value"
NO_NUMBER = "the value is not a number: stored as text"
NO_VALUE = "no value, for the stated reason: stored without value"
_DASH = "-"


class Value(NamedTuple):
    """A value as columns of an event, and what could not be read of it."""

    numeric_value: float | None = None
    text_value: str | None = None
    unit: str = ""
    remark: str = ""


def value_of(field: Mapping[str, object]) -> Value:
    """Return the value of an Observation or of one of its components."""
    for key, read in _READERS.items():
        if key in field:
            value = read(field[key])
            return value if value is not None else Value(remark=NOT_READ)
    if unread := [key for key in field if key.startswith("value") and field[key] is not None]:
        return Value(text_value=None, remark=NOT_READ if unread else "")
    reason = label_of(field.get("dataAbsentReason"))
    if reason:
        return Value(text_value=f"no value: {reason}", remark=NO_VALUE)
    words = [label_of(item) for item in objects(field, "interpretation")]
    words += [str(item["text"]) for item in objects(field, "note") if isinstance(item.get("text"), str)]
    return Value(text_value="; ".join(word for word in words if word) or None)


def label_of(concept: object) -> str:
    """Return the words of a CodeableConcept, or its code where it has none."""
    if isinstance(concept, str):
        return concept
    if not isinstance(concept, dict):
        return ""
    codings = objects(concept, "coding")
    words = [str(item["display"]) for item in codings if item.get("display")]
    words += [str(concept.get("text") or concept.get("display") or "")]
    words += [str(item["code"]) for item in (*codings, concept) if item.get("code")]
    return next((word for word in words if word), "")


def quantity(field: object) -> Value | None:
    """Return a Quantity; with a comparator it is a text, as is a number in quotation marks or a huge one."""
    if not isinstance(field, dict):
        return None
    unit = str(field.get("unit") or field.get("code") or "")
    number, sign = field.get("value"), str(field.get("comparator") or "")
    if number is None:
        reason = label_of(field.get("extension"))
        return Value(unit=unit, text_value=reason or None, remark=NOT_READ)
    if isinstance(number, bool) or not isinstance(number, int | float):
        return Value(
            text_value=f"{sign}{number}" if isinstance(number, str) else None, unit=unit, remark=NO_NUMBER
        )
    if sign:
        return Value(text_value=f"{'~' if sign == 'ad' else sign}{plain(number)}", unit=unit)
    return _number(number, unit)


def plain(number: float) -> str:
    """Return a number as its source wrote it, as far as JSON tells."""
    return repr(number)


def _number(number: float, unit: str = "") -> Value:
    try:
        value = float(number)
    except OverflowError:
        return Value(text_value=str(number)[:400], unit=unit, remark=NO_NUMBER)
    if not math.isfinite(value):
        return Value(text_value=str(number), unit=unit, remark=NO_NUMBER)
    return Value(numeric_value=value, unit=unit)


def _range(field: object) -> Value | None:
    if not isinstance(field, dict):
        return None
    low, high = (_words_of(field.get(key)) for key in ("low", "high"))
    unit = next((str(item.get("unit") or item.get("code") or "") for key in ("low", "high")
                 if isinstance(item := field.get(key), dict)), "")  # fmt: skip
    if low and high:
        return Value(text_value=f"{low}{_DASH}{high}", unit=unit)
    text = f">={low}" if low else f"<={high}" if high else ""
    return Value(text_value=text, unit=unit) if text else None


def _ratio(field: object) -> Value | None:
    if not isinstance(field, dict):
        return None
    parts = [field.get(key) for key in ("numerator", "denominator")]
    words = [_words_of(part, with_unit=True) for part in parts]
    return Value(text_value=":".join(words)) if all(words) else None


def _words_of(field: Any, with_unit: bool = False) -> str:
    value = quantity(field)
    if value is None or (value.numeric_value is None and value.text_value is None):
        return ""
    text = value.text_value or plain(field["value"])
    return f"{text} {value.unit}".strip() if with_unit and value.unit not in {"", "1"} else text


def _integer(field: object) -> Value | None:
    return _number(field) if isinstance(field, int | float) and not isinstance(field, bool) else _text(field)


def _text(field: object) -> Value | None:
    if isinstance(field, bool):
        return Value(text_value=str(field))
    if isinstance(field, str | int | float):
        return Value(text_value=str(field)) if str(field).strip() else None
    return None


def _concept(field: object) -> Value | None:
    words = label_of(field)
    return Value(text_value=words) if words else None


def _period(field: object) -> Value | None:
    if not isinstance(field, dict):
        return None
    start, end = (str(field.get(key) or "") for key in ("start", "end"))
    return Value(text_value=f"{start} to {end}".strip()) if start or end else None


_READERS = {
    "valueQuantity": quantity,
    "valueCodeableConcept": _concept,
    "valueString": _text,
    "valueInteger": _integer,
    "valueDecimal": _integer,
    "valueBoolean": _text,
    "valueRange": _range,
    "valueRatio": _ratio,
    "valueDateTime": _text,
    "valueDate": _text,
    "valueTime": _text,
    "valuePeriod": _period,
}
