"""Patients of a FHIR source: one person per server and id; two people are never merged.

A Patient that comes twice is the same person where its address says it, or, where no server is stated, where an
identifier of a named system agrees, or the name and date of birth, or all of the resource. Otherwise two resources of
one id are two people.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clinweave.patients.batches import Person, Refused, number_of
from clinweave.patients.fhir_json import objects, texts
from clinweave.patients.fhir_references import Index, Reference, identifiers_in, identifiers_of, reference_of


@dataclass(frozen=True)
class _Facts:
    born: str
    sex: str
    source: str  # the system that the resource came from
    organization: str  # who keeps the record
    names: frozenset[str]
    identifiers: frozenset[tuple[str, str]]  # of a named system
    whole: str  # a hash of all of the resource

    def same(self, other: "_Facts", one_file: bool) -> bool:
        """Say whether two resources of one id, of one file or of two, are of one person."""
        pairs = ((self.born, other.born), (self.sex, other.sex), (self.source, other.source),
                 (self.organization, other.organization))  # fmt: skip
        if any(first and two and first != two for first, two in pairs):
            return False
        telling = one_file or self.born or self.names or self.identifiers
        if (self.whole == other.whole and telling) or self.identifiers & other.identifiers:
            return True
        if self.identifiers and other.identifiers:
            return False  # each is known by numbers of its own
        return bool(self.born and self.born == other.born and self.names and self.names == other.names)


class People:
    """The patients of a source; `close` gives them their numbers once all are known."""

    def __init__(self) -> None:
        self.index = Index()
        self.persons: list[Person] = []
        self.resources: list[Mapping[str, object]] = []  # what gives birth, death and sex
        self.places: list[tuple[str, int]] = []  # file and row
        self._facts: list[_Facts] = []
        self._labels: list[tuple[str, str]] = []  # (id, the longer name where the id is not unique)
        self._by_id: dict[str, list[int]] = {}

    def add(
        self, resource: Mapping[str, Any], file: str, row: int, full: Reference, request: str = ""
    ) -> None:
        """Note a Patient resource. Raises `Refused` where it was there before."""
        ident = resource.get("id")
        ident = ident if isinstance(ident, str) else ""
        put = reference_of(request)
        if not ident and put.type == "Patient" and put.id:
            ident = put.id
        facts, identifiers = _facts(resource), [*identifiers_of(resource), *identifiers_in(put.query)]
        label = ident or full.id or next((f"{system}|{two}".strip("|") for system, two in identifiers), "")
        label = label or f"{file}#{row}"
        existing = self._existing(label, facts, file, full)
        if existing is None:
            number = len(self.persons)
            self.persons.append(person(resource, label))
            self.resources.append(_life_events(resource))
            self.places.append((file, row))
            self._facts.append(facts)
            self._labels.append((label, full.url or f"{file}#{label}"))
            self._by_id.setdefault(label, []).append(number)
        else:
            number = existing
            _join(self.persons[number], person(resource, label))
        self.index.add(number, "Patient", ident, full, file)
        self.index.add_identifiers(number, "Patient", identifiers)
        if existing is not None:
            raise Refused("the same Patient again")

    def contained(self, resource: Mapping[str, object], file: str, row: int) -> None:
        """Note a Patient that stands inside another resource, known by its identifiers or by what it says."""
        if self._contained(resource) is not None:
            return
        if not (identifiers_of(resource) or resource.get("name")):
            raise Refused("a contained Patient without identifier or name")
        plain = {key: value for key, value in resource.items() if key != "id"}
        if not identifiers_of(plain):
            plain["id"] = _digest(plain)
        self.add(plain, file, row, Reference())

    def close(self) -> None:
        """Give each person a number: of the id where no other person has it, else of the longer name."""
        used: set[str] = set()
        for number, (label, longer) in enumerate(self._labels):
            alone = len(self._by_id[label]) == 1
            name = label if alone else longer
            while name in used:
                name += "'"
            used.add(name)
            self.persons[number].source_id = name
            self.persons[number].subject_id = number_of(name)

    def subject_of(self, resource: Mapping[str, object], file: str, own: str) -> int:
        """Return the number of the patient that a resource is about. Raises `Refused` where it is nobody known."""
        field = resource.get("subject") or resource.get("patient") or resource.get("individual")
        if not isinstance(field, dict):
            raise Refused("no reference to a Patient")
        text = field.get("reference")
        if isinstance(text, str) and text.startswith("#"):
            inside = [item for item in objects(resource, "contained") if item.get("id") == text[1:]]
            match = self._contained(inside[0]) if inside else None
        elif isinstance(text, str) and text.strip():
            match = self.index.find("Patient", reference_of(text), file, own)
        elif identifiers := identifiers_of({"identifier": field.get("identifier")}):
            match = self.index.identified("Patient", identifiers)
        else:
            raise Refused("no reference to a Patient")
        if match is None:
            raise Refused("broken reference: no such Patient")
        return self.persons[match].subject_id

    def _existing(self, label: str, facts: _Facts, file: str, full: Reference) -> int | None:
        if full.base:
            return next(iter(self.index.by_url(full.url)), None)
        if full.urn and (existing := self.index.by_url(full.urn, file)):
            return next(iter(existing))
        alike = [
            item
            for item in self._by_id.get(label, ())
            if self._facts[item].same(facts, self.places[item][0] == file)
        ]
        return next((item for item in alike if not self.index.base(item)), None)

    def _contained(self, resource: Mapping[str, object]) -> int | None:
        identifiers = identifiers_of(resource)
        if identifiers:
            return self.index.identified("Patient", identifiers)
        plain = {key: value for key, value in resource.items() if key != "id"}
        return next(iter(self._by_id.get(_digest(plain), ())), None)


def person(resource: Mapping[str, object], source_id: str) -> Person:
    """Return who a Patient resource says the patient is; the number is given later."""
    result = Person(0, source_id)
    for name in objects(resource, "name"):
        parts = [*texts(name, "given"), *texts(name, "family")] or texts(name, "text")
        result.names += [part for part in parts if part]
    result.identifiers += [value for _, value in identifiers_of(resource)]
    result.identifiers += [str(item["value"]) for item in objects(resource, "telecom") if item.get("value")]
    for address in objects(resource, "address"):
        result.places += [
            part for key in ("line", "city", "postalCode") for part in texts(address, key) if part
        ]
    for extension in objects(resource, "extension"):
        if str(extension.get("url", "")).endswith("mothersMaidenName"):
            result.names += str(extension.get("valueString", "")).split()
        result.places += texts(extension.get("valueAddress"), "city")
    return result


def _facts(resource: Mapping[str, object]) -> _Facts:
    meta = resource.get("meta")
    source = str(meta.get("source") or "").partition("#")[0] if isinstance(meta, dict) else ""
    names = {
        part.casefold()
        for name in objects(resource, "name")
        for key in ("family", "given", "text")
        for part in texts(name, key)
    }
    identifiers = frozenset((system, value) for system, value in identifiers_of(resource) if system)
    keeper = resource.get("managingOrganization")
    organization = keeper.get("reference") or keeper.get("display") if isinstance(keeper, dict) else ""
    plain = {key: value for key, value in resource.items() if key != "meta"}
    return _Facts(
        born=str(resource.get("birthDate") or ""),
        sex=str(resource.get("gender") or ""),
        source=source,
        organization=str(organization or ""),
        names=frozenset(names),
        identifiers=identifiers,
        whole=_digest(plain),
    )


def _life_events(resource: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("id", "birthDate", "deceasedDateTime", "deceasedBoolean", "gender")
    return {key: resource[key] for key in keys if key in resource}


def _join(existing: Person, again: Person) -> None:
    """Add the names of a repeated resource: they are looked for in notes, too."""
    for name in ("names", "identifiers", "places"):
        field = getattr(existing, name)
        field += [item for item in getattr(again, name) if item not in field]


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()
