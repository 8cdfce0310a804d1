"""One patient's record as entries with names, dates and values as stated; nothing of another patient is read."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clinweave.applications.summary.results import Citation
from clinweave.patients import PatientStore, plain_name, value_of
from clinweave.records import Event

FAMILY = "FAMILY_HISTORY//"
_FAMILY_NAME = re.compile(r"\b(?:family history|fh)\b", re.IGNORECASE)
_ENDED = re.compile(
    r"\b(?:resolved|inactive|remission|status (?:stopped|completed|cancelled|ended|revoked))\b", re.IGNORECASE
)
_UNTIL = re.compile(r"\buntil (\d{4}-\d{2}-\d{2})")
_PREFIX = re.compile(r"^(?:ABSENT|UNCERTAIN|HISTORICAL)//")
_PAST = re.compile(r"\b(?:history of|past history|h/o)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the record."""

    id: str
    time: datetime | None
    kind: str
    code: str  # without the prefix of its status
    name: str
    value: str  # with unit, as stated
    number: float | None
    unit: str
    status: str
    concept: str = ""
    text: str = ""  # of a note

    @property
    def date(self) -> str:
        """Return the day, "" where the entry has no time."""
        return self.time.date().isoformat() if self.time else ""

    @property
    def citation(self) -> Citation:
        """Return the citation of the entry."""
        return Citation(self.id, self.date, text=self.value)

    @property
    def ended(self) -> bool:
        """Say whether the entry states that it is over: resolved, stopped, completed."""
        return bool(_ENDED.search(self.value))

    @property
    def until(self) -> str:
        """Return the last day that the entry states, or ""."""
        match = _UNTIL.search(self.value)
        return match[1] if match else ""

    @property
    def of_family(self) -> bool:
        """Say whether it is about a relative."""
        return self.code.startswith(FAMILY) or bool(_FAMILY_NAME.search(self.name))

    @property
    def of_past(self) -> bool:
        """Say whether its name says that it is past."""
        return bool(_PAST.search(self.name)) and not self.of_family

    @property
    def allergy(self) -> bool:
        """Say whether it states an allergy or intolerance, or that there is none."""
        return (
            self.id.startswith("AllergyIntolerance")
            or self.code.startswith("ALLERGY//")
            or bool(
                self.kind in {"problem", "observation"}
                and re.search(r"\ballerg(?:y|ies|ic)\b|\bintolerance to\b", self.name, re.IGNORECASE)
            )
        )

    @property
    def vaccine(self) -> bool:
        """Say whether it is an immunisation."""
        return (
            self.id.startswith("Immunization")
            or self.code.startswith("CVX:")
            or "vaccine" in self.name.lower()
        )


@dataclass(frozen=True, slots=True)
class Record:
    """The entries of one patient, by time, timeless first. `names` are the patient's own, for comparison alone."""

    id: str
    subject: int
    names: tuple[str, ...]
    entries: tuple[Entry, ...]
    facts: dict[str, Entry] = field(default_factory=dict)  # "sex", "born", "died"

    def of(self, *kinds: str, status: str = "present") -> list[Entry]:
        """Return the entries of some kinds with a status; "" for any."""
        return [item for item in self.entries if item.kind in kinds and (not status or item.status == status)]

    def span(self, entries: Iterable[Entry] | None = None) -> str:
        """Return the first and last day of entries, "2011-06-28 to 2021-02-08"."""
        days = sorted(item.date for item in (self.entries if entries is None else entries) if item.date)
        return f"{days[0]} to {days[-1]}" if days else "no dates"

    @property
    def last_day(self) -> str:
        """Return the last day with an entry."""
        return max((item.date for item in self.entries), default="")


def open_record(store: PatientStore, patient: str) -> Record:
    """Return the record of one patient. Raises `UserError` where the store does not hold the patient."""
    subject = store.subject(patient)
    codes = {row["code"]: row for row in store.codes.to_pylist()}
    person = store.person(subject)
    entries: list[Entry] = []
    facts: dict[str, Entry] = {}
    for event in store.records(subject):
        entry = _entry(event, codes.get(event.code, {}))
        key = _fact(event.code)
        if key:
            facts.setdefault(key, entry)
        else:
            entries.append(entry)
    return Record(person.source_id, subject, tuple(person.names), tuple(entries), facts)


def _fact(code: str) -> str:
    if code.startswith("GENDER//"):
        return "sex"
    return {"MEDS_BIRTH": "born", "MEDS_DEATH": "died"}.get(code, "")


def _entry(event: Event, row: dict[str, Any]) -> Entry:
    note = event.kind == "note"
    value = event.code.partition("//")[2] if event.code.startswith("GENDER//") else value_of(event)
    if event.code in {"MEDS_BIRTH", "MEDS_DEATH"} and not value and event.time:
        value = event.time.date().isoformat()
    code = _PREFIX.sub("", event.code)
    return Entry(
        event.entry,
        event.time,
        event.kind,
        code,
        plain_name(row.get("description") or "") or code.removeprefix("LOCAL:").replace("_", " "),
        " ".join(value.split()),
        None if event.numeric_value is None else float(event.numeric_value),
        event.unit,
        event.status,
        row.get("concept") or "",
        (event.text_value or "") if note else "",
    )
