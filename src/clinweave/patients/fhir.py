"""FHIR R4 bundles (JSON) and bulk exports (NDJSON), streamed. https://hl7.org/fhir/uv/bulkdata/"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from clinweave.databases import RowLog
from clinweave.errors import UserError
from clinweave.patients import files
from clinweave.patients.batches import Person, Rows
from clinweave.patients.fhir_resources import READ_TYPES, Refused, add, add_person, bare, patient_of, person

MAX_BUNDLE = 256 << 20  # bytes; a bundle is one JSON document and is read at once
_BUNDLES, _LINES = (".json", ".json.gz"), (".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz")


def read(path: Path, log: RowLog, people: list[Person]) -> Iterator[pa.RecordBatch]:
    """Yield the events of a file, folder or .tar.gz of bundles and NDJSON files; `people` gets the patients.

    Raises `UserError` where there is no patient in it.
    """
    reader = _Reader(log, people)
    yield from reader.bundles(path)
    yield from reader.bulk(path)
    yield from reader.rows.rest()
    if not people:
        why = "; ".join(f"{reason} ({count})" for reason, count in list(log.counts.items())[:5])
        raise UserError(f"there is no FHIR Patient in {path}: {why or 'no .json or .ndjson file'}")


class _Reader:
    def __init__(self, log: RowLog, people: list[Person]) -> None:
        self.log, self.people, self.rows = log, people, Rows()
        self._known: dict[str, int] = {}
        self._medications: dict[str, Any] = {}

    def bundles(self, path: Path) -> Iterator[pa.RecordBatch]:
        """Yield the events of the bundles, one bundle in memory at a time."""
        for member in files.members(path, lambda name: name.lower().endswith(_BUNDLES), self.log):
            text = files.whole(member, MAX_BUNDLE, self.log)
            if text is not None:
                self._bundle(member.name, text)
                yield from self.rows.full()

    def bulk(self, path: Path) -> Iterator[pa.RecordBatch]:
        """Yield the events of NDJSON files: patients and medications first, as the others refer to them."""

        def named(*kinds: str) -> Any:
            return lambda name: name.lower().endswith(_LINES) and name.lower().startswith(kinds)

        def other(name: str) -> bool:
            return name.lower().endswith(_LINES) and not name.lower().startswith(
                ("patient", "medication.", "log.")
            )

        for wanted in (named("patient"), named("medication."), other):
            for member in files.members(path, wanted, self.log):
                for row, line in files.lines(member, self.log):
                    self._line(member.name, row, line)
                    yield from self.rows.full()

    def _bundle(self, file: str, text: str) -> None:
        try:
            held = json.loads(text)
        except (ValueError, RecursionError):
            self.log.drop(file, 0, "not JSON")
            return
        if not isinstance(held, dict) or held.get("resourceType") != "Bundle":
            if isinstance(held, dict) and held.get("resourceType") == "Patient":
                self._resource(file, 0, held, {})
            else:
                self.log.drop(file, 0, "not a FHIR Bundle")
            return
        stated = held.get("entry")
        entries: list[Any] = stated if isinstance(stated, list) else []
        resources = [
            (row, item.get("resource")) for row, item in enumerate(entries, 1) if isinstance(item, dict)
        ]
        if not resources:
            self.log.drop(file, 0, "a Bundle without entries")
        # an entry is referred to by its fullUrl, which need not end with its id
        ids = {bare(str(item.get("fullUrl"))): str((item.get("resource") or {}).get("id", ""))
               for item in entries if isinstance(item, dict) and item.get("fullUrl")}  # fmt: skip
        first = {"Patient": 0, "Medication": 0}
        for row, resource in sorted(resources, key=lambda item: first.get(_type(item[1]), 1)):
            self._resource(file, row, resource, ids)
        self._medications.clear()

    def _line(self, file: str, row: int, line: str) -> None:
        try:
            held = json.loads(line)
        except (ValueError, RecursionError):
            self.log.drop(file, row, "not JSON")
            return
        self._resource(file, row, held, {})

    def _resource(self, file: str, row: int, resource: Any, ids: Mapping[str, str]) -> None:
        kind = _type(resource)
        if not kind:
            self.log.drop(file, row, "not a FHIR resource")
        elif kind == "Medication":
            self._medications[str(resource.get("id"))] = resource.get("code")
            for url, local in ids.items():
                if local == resource.get("id"):
                    self._medications[url] = resource.get("code")
        elif kind in READ_TYPES:
            try:
                self._event(kind, resource, ids)
            except Refused as reason:
                self.log.drop(file, row, f"{kind}: {reason}")
            except (AttributeError, TypeError, KeyError, ValueError, IndexError):
                self.log.drop(file, row, f"{kind}: a field has another shape than FHIR R4's")

    def _event(self, kind: str, resource: Mapping[str, Any], ids: Mapping[str, str]) -> None:
        if kind == "Patient":
            found = person(resource)
            if found.source_id in self._known:
                raise Refused("the same Patient again")
            self._known[found.source_id] = found.subject_id
            self.people.append(found)
            add_person(self.rows, resource, found.subject_id)
            return
        reference = patient_of(resource)
        subject = self._known.get(ids.get(reference, reference), self._known.get(reference))
        if subject is None:
            raise Refused("broken reference: no such Patient" if reference else "no reference to a Patient")
        add(self.rows, resource, subject, self._medications)


def _type(resource: Any) -> str:
    held = resource.get("resourceType") if isinstance(resource, dict) else None
    return held if isinstance(held, str) else ""
