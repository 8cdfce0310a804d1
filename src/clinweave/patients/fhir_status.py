"""Status of a FHIR resource: present, absent, uncertain, or no statement about the patient.

https://hl7.org/fhir/R4/valueset-condition-ver-status.html and the status of each resource.
"""

import re
from collections.abc import Mapping

from clinweave.patients.batches import ABSENT, HISTORICAL, PRESENT, UNCERTAIN, Refused
from clinweave.patients.fhir_json import objects
from clinweave.patients.status_words import status_of_allergy, status_of_words

KEPT = {
    ABSENT: "refuted or known to be absent: stored as absent",
    UNCERTAIN: "not confirmed: stored as uncertain",
    HISTORICAL: "superseded by a later document: stored as historical",
}
_REFUSED = {
    "entered-in-error": "entered in error: not a fact of the patient",
    "not-done": "not done",
    "cancelled": "cancelled",
    "canceled": "cancelled",
    "revoked": "cancelled",
    "declined": "not done",
    "not-taken": "not done",
    "abandoned": "not done",
    "noshow": "not done",
    "draft": "a draft, not an order",
    "intended": "intended, not done",
    "planned": "planned, not done",
    "preparation": "in preparation, not done",
}
_PLANS = {"proposal", "plan", "option"}
_VERIFIED = {
    "refuted": ABSENT,
    "differential": UNCERTAIN,
    "provisional": UNCERTAIN,
    "unconfirmed": UNCERTAIN,
    "presumed": UNCERTAIN,
    "unknown": UNCERTAIN,
}
_PERSON = re.compile(r"(?:^|/)(?:Patient|RelatedPerson|Group)/")
# the International Patient Summary's codes where nothing is known of allergies, drugs, problems
_NO_INFORMATION = re.compile(r"no-[a-z]+-info")
# SNOMED CT: no known allergy (of any kind, drug, food, environmental, latex, animal), no current problems, no drugs
_NONE_CODES = frozenset({
    "716186003", "409137002", "429625007", "428607008", "1003774007", "428197003", "160244002", "160245001",
    "787481004", "716184000", "716220001",
})  # fmt: skip


def _of_another(resource: Mapping[str, object]) -> bool:
    """Say whether an observation on this patient's record is about another person, such as a fetus or a donor."""
    subject = resource.get("subject")
    own = subject.get("reference") if isinstance(subject, Mapping) else None
    stated = [
        str(item.get("reference")) for item in objects(resource, "focus") if item.get("reference") != own
    ]
    return any(_PERSON.search(reference) for reference in stated)


def status_of(resource: Mapping[str, object]) -> str:
    """Return present, absent, uncertain or historical. Raises `Refused` where nothing of the patient is stated."""
    if resource.get("doNotPerform") is True or str(resource.get("doNotPerform")).lower() == "true":
        raise Refused("an order not to do it")
    for key in ("status", "docStatus"):
        if (status_word := _word(resource.get(key))) in _REFUSED:
            raise Refused(_REFUSED[status_word])
    if (
        resource.get("wasNotGiven") is True
        or resource.get("notDone") is True
        or resource.get("notGiven") is True
    ):
        raise Refused("not done")
    if _word(resource.get("intent")) in _PLANS:
        raise Refused("a proposal or plan, not an order")
    if _of_another(resource):
        raise Refused("about somebody else than the patient (focus)")
    if objects(resource, "modifierExtension"):
        raise Refused("a modifier extension, which may change the meaning, is not understood")
    if _word(resource.get("status")) == "superseded":
        return HISTORICAL
    words = _words(resource.get("verificationStatus"))
    if "entered-in-error" in words or "entered in error" in words:
        raise Refused(_REFUSED["entered-in-error"])
    statuses = {_VERIFIED[word] for word in words if word in _VERIFIED}
    return ABSENT if ABSENT in statuses else UNCERTAIN if statuses else PRESENT


def status_of_name(concept: object, name: str, status: str, allergy: bool) -> str:
    """Return the status that a code's name gives a problem: "No known allergy" is absent, "Suspected ..." uncertain.

    Raises `Refused` where the code says that nothing is known, or where an absence is refuted itself.
    """
    codes = {str(item.get("code") or "") for item in objects(concept, "coding")}
    words = {name, str(concept.get("text") or "") if isinstance(concept, dict) else ""} - {""}
    statuses = {status_of_words(word, status) for word in words}
    if allergy:
        statuses |= {status_of_allergy(word) for word in words}
    if any(_NO_INFORMATION.fullmatch(code) for code in codes) or "" in statuses:
        raise Refused("no information")
    none = bool(codes & _NONE_CODES) or any(code.startswith("no-known-") for code in codes)
    if status == ABSENT:
        if none or any(status_of_words(word) == ABSENT for word in words):
            raise Refused("an absence that is refuted")
        return ABSENT
    if none or ABSENT in statuses:
        return ABSENT
    return UNCERTAIN if UNCERTAIN in statuses else status


def _word(value: object) -> str:
    return value.strip().lower() if isinstance(value, str) else ""


def _words(concept: object) -> set[str]:
    """Return the codes and words of a CodeableConcept, or of a plain code as older versions of FHIR have it."""
    if isinstance(concept, str):
        return {_word(concept)}
    if not isinstance(concept, dict):
        return set()
    return {_word(item.get(key)) for item in objects(concept, "coding") for key in ("code", "display")} | {
        _word(concept.get("text"))
    }
