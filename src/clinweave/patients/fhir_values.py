"""Values of FHIR observations. A bound, ratio or range is kept as it stands: "<5" is not 5."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from clinweave.patients.fhir_json import objects

NOT_READ = "the value is of a type that is not read: kept without value"
NO_NUMBER = "the value is no number: kept as text"
NO_VALUE = "no value, for the stated reason: kept without value"
_DASH = "-"


class Value(NamedTuple):
    """A value as columns of an event, and what could not be read of it."""

    numeric_value: float | None = None
    text_value: str | None = None
    unit: str = ""
    remark: str = ""


def value_of(held: Mapping[str, Any]) -> Value:
    """Return the value of an Observation or of one of its components."""
    for key, read in _READERS.items():
        if key in held:
            value = read(held[key])
            return value if value is not None else Value(remark=NOT_READ)
    if unread := [key for key in held if key.startswith("value") and held[key] is not None]:
        return Value(text_value=None, remark=NOT_READ if unread else "")
    reason = label_of(held.get("dataAbsentReason"))
    if reason:
        return Value(text_value=f"no value: {reason}", remark=NO_VALUE)
    words = [label_of(item) for item in objects(held, "interpretation")]
    words += [str(item["text"]) for item in objects(held, "note") if isinstance(item.get("text"), str)]
    return Value(text_value="; ".join(word for word in words if word) or None)


def label_of(concept: Any) -> str:
    """Return the words of a CodeableConcept, or its code where it has none."""
    if isinstance(concept, str):
        return concept
    if not isinstance(concept, dict):
        return ""
    codings = objects(concept, "coding")
    words = [str(item["display"]) for item in codings if item.get("display")]
    words += [str(concept.get("text") or concept.get("display") or "")]
    words += [str(item["code"]) for item in codings if item.get("code")]
    return next((word for word in words if word), "")


def quantity(held: Any) -> Value | None:
    """Return a Quantity; with a comparator it is a text, as is a number in quotation marks or a huge one."""
    if not isinstance(held, dict):
        return None
    unit = str(held.get("unit") or held.get("code") or "")
    number, sign = held.get("value"), str(held.get("comparator") or "")
    if number is None:
        reason = label_of(held.get("extension"))
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


def _range(held: Any) -> Value | None:
    if not isinstance(held, dict):
        return None
    low, high = (_words_of(held.get(key)) for key in ("low", "high"))
    unit = next((str(item.get("unit") or item.get("code") or "") for key in ("low", "high")
                 if isinstance(item := held.get(key), dict)), "")  # fmt: skip
    if low and high:
        return Value(text_value=f"{low}{_DASH}{high}", unit=unit)
    text = f">={low}" if low else f"<={high}" if high else ""
    return Value(text_value=text, unit=unit) if text else None


def _ratio(held: Any) -> Value | None:
    if not isinstance(held, dict):
        return None
    parts = [held.get(key) for key in ("numerator", "denominator")]
    words = [_words_of(part, with_unit=True) for part in parts]
    return Value(text_value=":".join(words)) if all(words) else None


def _words_of(held: Any, with_unit: bool = False) -> str:
    value = quantity(held)
    if value is None or (value.numeric_value is None and value.text_value is None):
        return ""
    text = value.text_value or plain(held["value"])
    return f"{text} {value.unit}".strip() if with_unit and value.unit not in {"", "1"} else text


def _integer(held: Any) -> Value | None:
    return _number(held) if isinstance(held, int | float) and not isinstance(held, bool) else _text(held)


def _text(held: Any) -> Value | None:
    if isinstance(held, bool):
        return Value(text_value=str(held))
    if isinstance(held, str | int | float):
        return Value(text_value=str(held)) if str(held).strip() else None
    return None


def _concept(held: Any) -> Value | None:
    words = label_of(held)
    return Value(text_value=words) if words else None


def _period(held: Any) -> Value | None:
    if not isinstance(held, dict):
        return None
    start, end = (str(held.get(key) or "") for key in ("start", "end"))
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
