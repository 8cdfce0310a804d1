"""Evaluate the rules: identifiers left in the text (leakage) and clinical terms removed (term loss)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from clinweave.patients.batches import Person
from clinweave.patients.deid.pseudonymise import Pseudonymiser
from clinweave.patients.deid.spans import Span


@dataclass
class Measured:
    """Counts over a set of notes. A mark leaks where any letter or digit of it stays."""

    notes: int = 0
    marks: dict[str, int] = field(default_factory=dict)  # kind -> how many must go
    leaked: dict[str, int] = field(default_factory=dict)  # kind -> of which any letter or digit stayed
    terms: int = 0
    lost: int = 0  # clinical terms of which any letter went
    replaced: int = 0  # letters and digits that were replaced
    needless: int = 0  # of which stand in no mark
    examples: list[tuple[str, str, str]] = field(
        default_factory=list
    )  # (leaked | lost, kind, text) of invented notes

    @property
    def leakage(self) -> float:
        """Return the share of marks that leaked."""
        return sum(self.leaked.values()) / max(1, sum(self.marks.values()))

    @property
    def term_loss(self) -> float:
        """Return the share of clinical terms that were touched."""
        return self.lost / max(1, self.terms)

    @property
    def precision(self) -> float:
        """Return the share of replaced letters and digits that had to go."""
        return 1 - self.needless / max(1, self.replaced)


Marked = tuple[str, str, Person | None, Sequence[tuple[int, int, str]], Sequence[tuple[int, int]]]


def measure(
    rules: Pseudonymiser, notes: Iterable[Marked], *, examples: int = 0, ignore: frozenset[str] = frozenset()
) -> Measured:
    """Return how the rules do on notes of (text, patient, person, marks (start, end, kind), terms (start, end)).

    `examples` texts are kept for showing: only ever ask for them of invented notes. Kinds in `ignore`
    count neither way.
    """
    measured = Measured()
    for text, patient, person, marks, terms in notes:
        spans = rules.find(text, patient, person)
        gone = _covered(spans, len(text))
        measured.notes += 1
        expected = bytearray(len(text))
        for start, end, kind in marks:
            expected[start:end] = b"\x01" * (end - start)
            if kind in ignore:
                continue
            measured.marks[kind] = measured.marks.get(kind, 0) + 1
            if any(text[index].isalnum() and not gone[index] for index in range(start, end)):
                measured.leaked[kind] = measured.leaked.get(kind, 0) + 1
                _keep(measured, examples, ("leaked", kind, text[max(0, start - 25) : end + 25]))
        for start, end in terms:
            measured.terms += 1
            if any(gone[start:end]):
                measured.lost += 1
                _keep(measured, examples, ("lost", "term", text[max(0, start - 25) : end + 25]))
        for index, character in enumerate(text):
            if gone[index] and character.isalnum():
                measured.replaced += 1
                measured.needless += not expected[index]
    return measured


def _covered(spans: Sequence[Span], size: int) -> bytearray:
    covered = bytearray(size)
    for span in spans:
        covered[span.start : span.end] = b"\x01" * (span.end - span.start)
    return covered


def _keep(measured: Measured, most: int, example: tuple[str, str, str]) -> None:
    if len(measured.examples) < most:
        measured.examples.append(example)
