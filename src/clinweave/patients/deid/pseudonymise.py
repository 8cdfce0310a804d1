"""Pseudonymise a note: merge the spans of all rules, keep clinical terms, shift dates, and replace the rest by tags.

Rules find what they were written for: the outcome is called pseudonymised, never anonymised, and stays private.
"""

import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from clinweave.core.artifacts import sweep, write_new
from clinweave.core.errors import UserError
from clinweave.core.filesystem import kind_of
from clinweave.patients.batches import Person
from clinweave.patients.deid import dates, names
from clinweave.patients.deid.addresses import places_after_names, places_after_places, places_in
from clinweave.patients.deid.ages import high_ages
from clinweave.patients.deid.clinical_values import clinical_values
from clinweave.patients.deid.contacts import contacts
from clinweave.patients.deid.identifiers import identifiers
from clinweave.patients.deid.protect import LinksText, guarded, unprotected
from clinweave.patients.deid.spans import Kind, Mask, Span, joined, settled
from clinweave.records import Tier

_TAGS = {Kind.NAME: "[NAME]", Kind.DATE: "[DATE]", Kind.ID: "[ID]", Kind.CONTACT: "[CONTACT]", Kind.PLACE: "[PLACE]",
         Kind.AGE: "90+"}  # fmt: skip
KEY_BYTES = 32


@dataclass(frozen=True)
class Pseudonymised:
    """A note that went through the rules. `spans` are offsets of the original. It remains of the private tier."""

    text: str
    spans: tuple[Span, ...]
    tier: Tier = Tier.PRIVATE
    state: str = "pseudonymised"

    def counts(self) -> dict[str, int]:
        """Return how many stretches of each kind were replaced."""
        return {kind.value: sum(span.kind is kind for span in self.spans) for kind in Kind}

    @staticmethod
    def shown(span: Span) -> str:
        """Return what stands in the place of a stretch."""
        return span.new or _TAGS[span.kind]


class Pseudonymiser:
    """Pseudonymises notes with one secret key; a linker protects clinical terms beyond the built-in list."""

    def __init__(self, key: bytes, linker: LinksText | None = None) -> None:
        if len(key) < 16:
            raise UserError("the key is too short: it needs at least 16 bytes")
        self._key, self._linker = key, linker

    def note(self, text: str, patient: str = "", person: Person | None = None) -> Pseudonymised:
        """Return a note pseudonymised. `patient` is what the dates' shift depends on; `person` adds the record's own
        names, numbers and places."""
        spans = self.find(text, patient, person)
        parts, position = [], 0
        for span in spans:
            parts += [text[position : span.start], Pseudonymised.shown(span)]
            position = span.end
        return Pseudonymised("".join([*parts, text[position:]]), tuple(spans))

    def find(self, text: str, patient: str = "", person: Person | None = None) -> list[Span]:
        """Return the stretches that are replaced, in order, without overlaps."""
        weeks = dates.weeks_of(self._key, patient)
        spans: list[Span] = []
        if person is not None:
            spans += literal(text, [*person.identifiers, person.source_id], Kind.ID, "own number")
            spans += literal(text, person.places, Kind.PLACE, "own place")
        values = list(clinical_values(text))
        measured = Mask(len(text), values)
        for rules in (contacts, identifiers, high_ages):
            spans += [span for span in rules(text) if not measured.overlaps(span.start, span.end)]
        places = list(places_in(text))
        spans += [*places, *places_after_places(text, places)]
        people = list(names.names_in(text, person.names if person is not None else ()))
        spans += [*people, *places_after_names(text, people)]
        moved = list(dates.dates_in(text, weeks, values))
        spans = _without_dates(unprotected(spans, guarded(text, self._linker)), moved)
        return joined(settled([*spans, *moved]), text)


def literal(text: str, values: Iterable[str], kind: Kind, rule: str) -> Iterator[Span]:
    """Yield where a value of the patient's own record stands in the text, whatever its case."""
    for value in values:
        if len(value.strip()) >= 4:
            for match in re.finditer(rf"(?<!\w){re.escape(value.strip())}(?!\w)", text, re.IGNORECASE):
                yield Span(*match.span(), kind, rule)


def key_at(path: Path, *, create: bool = True) -> bytes:
    """Return the secret key kept in a file that only its owner can read; it is created if missing."""
    sweep(path)
    regular = kind_of(path)
    if regular not in {"", "file"}:
        raise UserError(f"the key {path} is {regular}, not a file")
    if regular and path.stat().st_size:
        if path.stat().st_mode & 0o077:
            raise UserError(f"others can read the key {path}: chmod 600 it, or make a new one")
        return path.read_bytes()
    if not create:
        raise UserError(f"there is no key {path}")
    if regular:  # empty: what a full disk left, so no note was made with it
        path.unlink(missing_ok=True)
    write_new(path, secrets.token_bytes(KEY_BYTES))
    return path.read_bytes()  # where two runs make a key at once, the first one's


def _without_dates(spans: Sequence[Span], moved: Iterable[Span]) -> list[Span]:
    """Return the spans that are not part of a date: 2011-03-04 is no telephone number, May 3 no name."""
    days = [(span.start, span.end) for span in moved]
    return [
        span
        for span in spans
        if not any(start <= span.start and span.end <= end for start, end in days)
        or (span.kind is Kind.ID and span.rule == "own number")
    ]
