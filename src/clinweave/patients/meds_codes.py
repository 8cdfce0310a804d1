"""Interpret codes of MEDS data: kind, unit, name and status of an event.

The public conversions state these in the code alone, as "LAB//RESULT//50912//mg/dL", "MEDICATION//Heparin//Not Given":
https://github.com/Medical-Event-Data-Standard/MIMIC_IV_MEDS (src/MIMIC_IV_MEDS/configs/event_configs.yaml).
"""

import re
from typing import NamedTuple

from clinweave.patients.batches import ABSENT, PRESENT, UNCERTAIN, status_of
from clinweave.patients.mimic_tables import GIVEN, NOT_GIVEN
from clinweave.patients.vocabularies import KIND_OF, curie_of

_KINDS = {
    "problem": ("DIAGNOSIS", "CONDITION", "PROBLEM", "ALLERGY"),
    "drug": ("MEDICATION", "DRUG", "INFUSION_START", "INFUSION_END", "PRESCRIPTION", "IMMUNIZATION"),
    "lab": ("LAB", "LAB_RESULT", "MICROBIOLOGY"),
    "procedure": ("PROCEDURE", "HCPCS"),
    "visit": (
        "HOSPITAL_ADMISSION", "HOSPITAL_DISCHARGE", "ICU_ADMISSION", "ICU_DISCHARGE", "TRANSFER_TO", "ED_REGISTRATION",
        "ED_OUT", "ADMISSION", "DISCHARGE", "VISIT", "ENCOUNTER", "DRG",
    ),
    "observation": (
        "SUBJECT_WEIGHT_AT_INFUSION", "SUBJECT_FLUID_OUTPUT", "VITAL", "VITALS", "OBSERVATION", "TEMPERATURE",
        "HEART_RATE", "RESPIRATORY_RATE", "OXYGEN_SATURATION", "BLOOD_PRESSURE", "SBP", "DBP", "PAIN", "ACUITY",
    ),
    "person": ("GENDER", "SEX", "RACE", "ETHNICITY", "MEDS_BIRTH", "MEDS_DEATH", "BIRTH", "DEATH"),
    "note": ("NOTE",),
}  # fmt: skip
_KIND = {word: kind for kind, words in _KINDS.items() for word in words}
# results of outpatients, whose code is their bare name
_OUTPATIENT = re.compile(r"(?!.*//)(?:blood pressure|weight|height|bmi|egfr)\b[^:]*", re.I)
_NO_UNIT = frozenset({"", "UNK", "None", "null"})
_GIVEN, _NOT_GIVEN = re.compile(GIVEN, re.I), re.compile(NOT_GIVEN, re.I)


class Meaning(NamedTuple):
    """What a code says of its events."""

    kind: str = ""
    name: str = ""
    unit: str = ""
    status: str = PRESENT


def meaning_of(code: str) -> Meaning:
    """Return what a code of MEDS data says of its events."""
    status = status_of(code)
    parts = code.split("//")
    if status != PRESENT:
        parts = parts[1:]
    plain = "//".join(parts)
    curie = plain if plain.startswith("MEDS_") else curie_of(plain)
    first = re.split(r"[/:]", parts[0].upper())[0]
    kind = _KIND.get(first) or KIND_OF.get(curie.partition(":")[0], "")
    if not kind and _OUTPATIENT.fullmatch(plain):
        return Meaning("observation", plain, "", status)
    if first == "MEDICATION" and len(parts) > 1:
        return _medication(parts, status)
    if first in {"HCPCS", "DRG"} and len(parts) > 1:
        return Meaning(kind, parts[-1] if parts[-1] != "UNK" else "", "", status)
    unit = ""
    if first == "LAB" and len(parts) > 2 and parts[1] != "SPECIMEN_COLLECTED":
        unit = "//".join(parts[3:] if parts[1] == "RESULT" else parts[2:])
    elif first == "SUBJECT_FLUID_OUTPUT" and len(parts) > 2:
        unit = "//".join(parts[2:])
    elif first == "SUBJECT_WEIGHT_AT_INFUSION" and len(parts) > 1:
        unit = parts[1]
    return Meaning(kind, "", "" if unit in _NO_UNIT else unit, status)


def _medication(parts: list[str], status: str) -> Meaning:
    if parts[1] in {"START", "STOP"} and len(parts) > 2:
        # the end of an order is no drug given
        return Meaning(
            "drug", _word(parts[2]), "", ABSENT if parts[1] == "STOP" and status == PRESENT else status
        )
    event = parts[2].strip() if len(parts) > 2 else ""
    if status == PRESENT and len(parts) > 2:
        status = ABSENT if _NOT_GIVEN.search(event) else PRESENT if _GIVEN.search(event) else UNCERTAIN
    return Meaning("drug", _word(parts[1]), "", status)


def _word(text: str) -> str:
    return "" if text in _NO_UNIT else text
