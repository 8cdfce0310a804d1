"""A problem-oriented summary of notes of one patient: their sentences by section and problem, each with its place."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from clinweave.applications.summary.dialogue import ASKING, Exchange, exchanges, topic_of
from clinweave.applications.summary.note_disagreements import Placed, note_disagreements
from clinweave.applications.summary.note_facts import Fact, Link, facts_of
from clinweave.applications.summary.note_sentences import read_sentences
from clinweave.applications.summary.results import Citation, LeftOut, Line, Summary
from clinweave.core.errors import UserError
from clinweave.knowledge import unread_language
from clinweave.patients import check_note, check_one_patient

MAX_SENTENCES = 12  # sentences of a section
REPEATS = 5  # places that are cited of a sentence that is repeated
LISTED = 100  # sentences that are listed as left out; of more the number is said
Ranked = tuple[int, Line]  # what is shown first where not all is, and the line
_ORDER = (
    "Reason for visit", "Problems", "Uncertain", "Denied or absent", "Past history", "Family history",
    "Social history", "Allergies", "Medications", "Procedures", "Results and examination", "Plan",
)  # fmt: skip
_OF_PROBLEMS = frozenset({"Problems", "Plan", "Medications", "Results and examination"})
_NOTHING = "no finding, drug, result or plan was recognised: read the notes themselves"
_NO_LINKER = (
    "no graph is built, so no findings are recognised: sentences are grouped by headings and words alone"
    " (`clinweave graph build`)"
)


def summarize_notes(notes: Mapping[str, str], link: Link | None, most: int = MAX_SENTENCES) -> Summary:
    """Return the summary of the notes of one patient (name -> text), with at most `most` sentences of a section.

    `link` names concepts with their status (a linker's `link`); None where no graph is built. Every sentence is quoted
    with its place, or is a template around quoted words. Raises `UserError` for an empty note, for what is no note, and
    for notes of several patients, with the name of the note.
    """
    warnings = _checked(notes)
    if link is None:
        warnings.append(_NO_LINKER)
    ranked: list[Ranked] = []
    placed: list[Placed] = []
    for name, text in notes.items():
        note = read_sentences(text)
        facts = facts_of(note, link or (lambda _: []))
        if note.dialogue:
            answered = exchanges(facts)
            ranked += [(0 if item.status != "mixed" else 2, _exchanged(name, item)) for item in answered]
            facts = _unasked(facts, answered)
        placed += [(fact, _place(name, fact)) for fact in facts]
    ranked += [(_priority(fact), _line(fact, place)) for fact, place in placed if fact.section]
    lines, left_out = _limited(_distinct(ranked), most)
    if not lines:
        warnings.append(_NOTHING)
    if silent := sum(not fact.section for fact, _ in placed):
        reason = "no finding, drug, result or plan was recognised in them"
        left_out.append(LeftOut(f"{silent} sentence{'s' if silent > 1 else ''}", reason))
    title = f"Summary of {', '.join(notes)}" if len(notes) <= 3 else f"Summary of {len(notes)} notes"
    contradictions = note_disagreements(placed)
    return Summary(
        title, tuple(lines), contradictions, tuple(left_out), tuple(warnings), tuple(notes.items())
    )


def _priority(fact: Fact) -> int:
    """Return what is shown first where not all is: the note's assessment, then what names something, then the rest."""
    if fact.sentence.section in {"Problems", "Reason for visit"}:
        return 0
    return 1 if fact.mentions else 2


def _checked(notes: Mapping[str, str]) -> list[str]:
    if not notes:
        raise UserError("no note is given; give one or more text files")
    warnings = []
    for name, text in notes.items():
        try:
            warnings += [f"{name}: {warning}" for warning in (*check_note(text), *_language(text))]
        except UserError as error:
            raise UserError(f"{name}: {error}") from error
    check_one_patient(notes)
    return warnings


def _language(text: str) -> list[str]:
    other = unread_language(text, ())
    return [f"{other.partition(':')[0]}; only English notes are summarised"] if other else []


def _place(name: str, fact: Fact) -> Citation:
    sentence = fact.sentence
    return Citation(name, start=sentence.start, end=sentence.end, text=sentence.text)


def _exchanged(name: str, item: Exchange) -> Line:
    """Return a question and its answer as one line; both places are cited."""
    section = {"absent": "Denied or absent", "present": "Problems"}.get(item.status, topic_of(item.question))
    cited = tuple(_place(name, fact) for fact in (item.question, *item.answers))
    return Line(section, item.text, cited, item.status)


def _unasked(facts: Sequence[Fact], answered: Sequence[Exchange]) -> list[Fact]:
    """Return the sentences that state something: no questions, and no answers that stand with their question."""
    used = {id(fact) for item in answered for fact in (item.question, *item.answers)}
    return [
        fact
        for fact in facts
        if id(fact) not in used
        and not fact.sentence.text.rstrip().endswith("?")
        and (fact.mentions or fact.section != "Plan" or fact.sentence.speaker in ASKING)
    ]


def _line(fact: Fact, place: Citation) -> Line:
    problem = fact.problem if fact.section in _OF_PROBLEMS else ""
    return Line(fact.section, fact.sentence.text, (place,), fact.status, problem, quoted=True)


def _distinct(ranked: Sequence[Ranked]) -> list[Ranked]:
    """Return each sentence once: notes repeat what earlier ones said; the first places are cited."""
    first: dict[tuple[str, str], Ranked] = {}
    for rank, line in ranked:
        key = (line.section, " ".join(line.text.lower().split()))
        if key in first:
            old_rank, old = first[key]
            cited = old.citations
            if len(cited) < REPEATS:
                cited = tuple(dict.fromkeys((*cited, *line.citations)))
            first[key] = (
                min(rank, old_rank),
                replace(old, citations=cited, problem=old.problem or line.problem),
            )
        else:
            first[key] = rank, line
    return list(first.values())


def _limited(ranked: Sequence[Ranked], most: int) -> tuple[list[Line], list[LeftOut]]:
    """Return the lines that are shown, by section, and the others; sentences on one problem stand together."""
    result: list[Line] = []
    beyond: list[LeftOut] = []
    for section in [*_ORDER, *sorted({line.section for _, line in ranked} - set(_ORDER))]:
        rows = [item for item in ranked if item[1].section == section]
        best = sorted(range(len(rows)), key=lambda number: (rows[number][0], number))[:most]
        chosen = set(best)
        result += _by_problem([rows[number][1] for number in sorted(best)])
        reason = f"{section}: beyond the number of sentences shown"
        beyond += [
            LeftOut(line.text, reason, line.citations)
            for number, (_, line) in enumerate(rows)
            if number not in chosen
        ]
    if len(beyond) > LISTED:
        more = LeftOut(f"{len(beyond) - LISTED} further sentences", "beyond the number of sentences shown")
        beyond = [*beyond[:LISTED], more]
    return result, beyond


def _by_problem(rows: Sequence[Line]) -> list[Line]:
    """Return the lines of each problem together, the problem with the most lines first, what has none last."""
    counts: dict[str, int] = {}
    for line in rows:
        counts[line.problem] = counts.get(line.problem, 0) + 1
    first = {line.problem: number for number, line in reversed(list(enumerate(rows)))}
    return sorted(rows, key=lambda line: (not line.problem, -counts[line.problem], first[line.problem]))
