"""The notes of a record in its summary, and where the record and its notes contradict each other."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from clinweave.applications.summary.note_facts import Fact, Link, facts_of
from clinweave.applications.summary.note_sentences import read_sentences
from clinweave.applications.summary.note_summary import summarize_notes
from clinweave.applications.summary.record import Entry, Record
from clinweave.applications.summary.results import Citation, LeftOut, Line, Summary
from clinweave.core.errors import UserError

NOTES = 3  # the latest ones
MAX_SENTENCES = 6  # sentences of a section
_SECTION = "Notes"


def with_notes(summary: Summary, record: Record, link: Link) -> Summary:
    """Return the summary of a record with sentences of its latest notes, and contradictions between both.

    A note that cannot be summarised (empty, of several patients) is listed as left out, with the reason.
    """
    notes = record.of("note")
    left_out = list(summary.left_out)
    lines, contradictions, texts = list(summary.lines), list(summary.contradictions), list(summary.notes)
    if len(notes) > NOTES:
        left_out.append(LeftOut(f"{len(notes) - NOTES} earlier notes", f"the latest {NOTES} are summarised"))
    for note in notes[-NOTES:]:
        name = note.citation.label
        try:
            part = summarize_notes({name: note.text}, link, MAX_SENTENCES)
        except UserError as error:
            left_out.append(LeftOut(note.name, str(error), (note.citation,)))
            continue
        lines += [replace(line, section=f"{_SECTION}: {line.section}") for line in part.lines]
        left_out += part.left_out
        contradictions += [*part.contradictions, *_against_record(name, note, record, link)]
        texts.append((name, note.text))
    return replace(
        summary,
        lines=tuple(lines),
        contradictions=tuple(contradictions),
        left_out=tuple(left_out),
        notes=tuple(texts),
    )


def _against_record(name: str, note: Entry, record: Record, link: Link) -> Iterator[Line]:
    """Yield what a note denies and the record states as a problem that goes on, and the reverse."""
    facts = facts_of(read_sentences(note.text), link)
    denied, stated = _by_concept(facts, negated=True), _by_concept(facts, negated=False)
    latest: dict[str, Entry] = {}
    for entry in record.of("problem", status=""):
        if entry.concept and not entry.of_family and not entry.of_past:
            latest[entry.concept] = entry
    for concept, entry in latest.items():
        fact = denied.get(concept) if entry.status == "present" and not entry.ended else None
        if entry.status == "absent":
            fact = stated.get(concept)
        if fact is not None:
            recorded = "absent" if entry.status == "absent" else "a problem"
            when, words = entry.date or "undated", fact.sentence.text
            text = f"{entry.name}: recorded as {recorded} ({when}), but \u201c{words}\u201d"
            place = Citation(name, start=fact.sentence.start, end=fact.sentence.end, text=fact.sentence.text)
            yield Line("Contradictions", text, (entry.citation, place), "mixed")


def _by_concept(facts: Sequence[Fact], *, negated: bool) -> dict[str, Fact]:
    """Return the first sentence that denies, or states, each concept of the patient."""
    found: dict[str, Fact] = {}
    for fact in facts:
        for mention in fact.findings:
            wanted = mention.negated if negated else mention.of_patient
            if wanted and not mention.experiencer:
                found.setdefault(mention.id, fact)
    return found
