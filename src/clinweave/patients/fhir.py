"""FHIR R4 bundles and bulk exports, streamed: JSON or NDJSON of any name. https://hl7.org/fhir/uv/bulkdata/

A source is read twice: first its patients and medications, wherever they stand, then everything that refers to them.
"""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from clinweave.core.errors import UserError
from clinweave.databases import RowLog
from clinweave.patients import files
from clinweave.patients.batches import Person, QuietLog, Refused, Rows
from clinweave.patients.fhir_family import add_family
from clinweave.patients.fhir_json import Entry, documents, entries, objects
from clinweave.patients.fhir_people import People
from clinweave.patients.fhir_references import Index, reference_of, type_name
from clinweave.patients.fhir_resources import NEUTRAL_TYPES, READ_TYPES, add, add_person, codings

_SHAPE = "a field has another shape than FHIR R4's"
_BROKEN = (AttributeError, TypeError, KeyError, ValueError, IndexError, OverflowError, RecursionError)
_REFERENCED = ("Medication", "Binary")  # what others refer to
_FIRST = re.compile(r'"resourceType"\s*:\s*"(?:Patient|Medication|Bundle)"')


def read(path: Path, log: RowLog, people: list[Person]) -> Iterator[pa.RecordBatch]:
    """Yield the events of a file, folder or .tar.gz of FHIR JSON; `people` gets the patients.

    Raises `UserError` if there is no patient in it.
    """
    reader = Reader(log)
    for member in files.members(path, _visible, QuietLog()):
        reader.first_pass(member)
    people += reader.close()
    for member in files.members(path, _visible, log):
        for row, document in documents(member, log):
            reader.document(member.name, row, document)
            yield from reader.rows.full()
    yield from reader.rows.rest()
    if not people:
        why = "; ".join(f"{reason} ({count})" for reason, count in list(log.counts.items())[:5])
        raise UserError(f"there is no FHIR Patient in {path}: {why or 'no JSON or NDJSON file of FHIR'}")


class Reader:
    """Reads the documents of a source: `first_pass` over every file, `close`, then `document` for each document."""

    def __init__(self, log: RowLog) -> None:
        self.log, self.rows = log, Rows()
        self._people = People()
        self._shared = _Referenced()

    def first_pass(self, member: files.Member) -> None:
        """Note the patients of a file, and the medications that stand outside the bundles of patients."""
        quiet = QuietLog()
        for row, document in documents(member, quiet, _FIRST):
            items = list(entries(document, row, quiet, member.name))
            alone = not any(_type(item.resource) == "Patient" for item in items)
            for item in items:
                if _type(item.resource) == "Patient":
                    self._guarded(member.name, item, partial(self._patient, member.name))
                elif alone and _type(item.resource) in _REFERENCED:
                    self._shared.add(item, member.name)
                else:
                    self._guarded(member.name, item, partial(self._contained, member.name))

    def close(self) -> list[Person]:
        """Give the patients their numbers, add what their resources say of them, and return them."""
        self._people.close()
        for person, resource, (file, row) in zip(
            self._people.persons, self._people.resources, self._people.places, strict=True
        ):
            add_person(self.rows, resource, person.subject_id, partial(self.log.drop, file, row))
        return self._people.persons

    def document(self, file: str, row: int, document: object) -> None:
        """Read the events of a document."""
        items = list(entries(document, row, self.log, file))
        local = _Referenced()
        if len(items) > 1:
            for item in items:
                if _type(item.resource) in _REFERENCED:
                    local.add(item, file)
        for item in items:
            self._guarded(file, item, partial(self._event, file, local))

    def _guarded(self, file: str, item: Entry, read_one: Any) -> None:
        kind = type_name(_type(item.resource))
        try:
            read_one(item)
        except Refused as reason:
            self.log.drop(file, item.row, f"{kind}: {reason}" if kind else str(reason))
        except _BROKEN:
            self.log.drop(file, item.row, f"{kind}: {_SHAPE}")

    def _patient(self, file: str, item: Entry) -> None:
        self._people.add(item.resource, file, item.row, reference_of(item.full_url), item.request)

    def _contained(self, file: str, item: Entry) -> None:
        inside = objects(item.resource, "contained")
        about = item.resource.get("subject") or item.resource.get("patient") if inside else None
        reference = str(about.get("reference") or "") if isinstance(about, dict) else ""
        for resource in inside:
            if _type(resource) == "Patient" and reference == f"#{resource.get('id')}":
                self._people.contained(resource, file, item.row)

    def _event(self, file: str, local: "_Referenced", item: Entry) -> None:
        kind = _type(item.resource)
        if not kind:
            raise Refused("not a FHIR resource")
        if kind == "Patient" or kind in NEUTRAL_TYPES:
            return
        if kind not in READ_TYPES:
            raise Refused("this type of resource is not read")
        own = reference_of(item.full_url).base
        subject = self._people.subject_of(item.resource, file, own)

        def find(resource_type: str, reference: str) -> Mapping[str, Any] | None:
            inside = local.find(resource_type, reference, file, own)
            return inside or self._shared.find(resource_type, reference, file, own)

        def remark(text: str) -> None:
            self.log.drop(file, item.row, f"{kind}: {text}")

        before = len(self.rows)
        try:
            if kind == "FamilyMemberHistory":
                add_family(self.rows, item.resource, subject, codings)
            else:
                add(self.rows, item.resource, subject, find, remark)
        except _BROKEN:
            self.rows.cut(before)
            raise


class _Referenced:
    """Medications and binaries that other resources refer to."""

    def __init__(self) -> None:
        self._index, self._resources = Index(), list[Mapping[str, Any]]()

    def add(self, item: Entry, file: str) -> None:
        ident = item.resource.get("id")
        full = reference_of(item.full_url)
        self._index.add(
            len(self._resources), _type(item.resource), ident if isinstance(ident, str) else "", full, file
        )
        self._resources.append(item.resource)

    def find(self, kind: str, reference: str, file: str, own: str) -> Mapping[str, Any] | None:
        number = self._index.find(kind, reference_of(reference), file, own)
        return None if number is None else self._resources[number]


def _visible(name: str) -> bool:
    return not name.startswith(".")


def _type(resource: object) -> str:
    field = resource.get("resourceType") if isinstance(resource, dict) else None
    return field if isinstance(field, str) else ""
