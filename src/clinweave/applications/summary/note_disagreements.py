"""Statements of notes that contradict each other: both are shown with their places, none is preferred."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from clinweave.applications.summary.note_cues import cue
from clinweave.applications.summary.note_facts import DRUGS, PROBLEMS, Fact
from clinweave.applications.summary.results import Citation, Line

SECTION = "Contradictions"
MAX_DISAGREEMENTS = 30
_GENERAL = cue("general")  # one place may have it and another not
Placed = tuple[Fact, Citation]
_AMOUNT = re.compile(r"^[^.;,]{0,20}?(\d+(?:[.,]\d+)?) ?(mg|mcg|g|units?|ml)\b", re.IGNORECASE)


def note_disagreements(facts: Sequence[Placed]) -> tuple[Line, ...]:
    """Return the contradictions among sentences of notes of one patient."""
    lines = [*_present_and_absent(facts), *_allergies(facts), *_doses(facts)]
    return tuple(dict.fromkeys(lines))[:MAX_DISAGREEMENTS]


def _present_and_absent(facts: Sequence[Placed]) -> Iterator[Line]:
    """Yield a finding that one sentence states as present now and another denies."""
    present: dict[str, Placed] = {}
    absent: dict[str, Placed] = {}
    for fact, place in facts:
        if fact.sentence.text.rstrip().endswith("?") or cue("no_effect").search(fact.sentence.text):
            continue
        for mention in fact.mentions:
            if mention.category not in PROBLEMS or mention.experiencer or _GENERAL.fullmatch(mention.name):
                continue
            if mention.status in {"present", "absent"}:
                (absent if mention.negated else present).setdefault(mention.id, (fact, place))
    for curie in present.keys() & absent.keys():
        yield _line(present[curie], absent[curie])


def _allergies(facts: Sequence[Placed]) -> Iterator[Line]:
    """Yield "no known allergies" against a stated allergy."""
    denied: Placed | None = None
    stated: Placed | None = None
    for item in facts:
        fact = item[0]
        if fact.section != "Allergies" and not cue("no_allergy").search(fact.sentence.text):
            continue
        if cue("no_allergy").search(fact.sentence.text):
            denied = denied or item
        elif fact.status != "absent" and any(drug.category in DRUGS for drug in fact.mentions):
            stated = stated or item
    if denied and stated:
        yield _line(stated, denied)


def _doses(facts: Sequence[Placed]) -> Iterator[Line]:
    """Yield two doses of one drug in sentences that speak of no change; each dose where it is first stated."""
    doses: dict[str, dict[str, Placed]] = {}
    for fact, place in facts:
        if fact.section == "Plan" or cue("change").search(fact.sentence.text):
            continue  # a plan may be a new dose
        for mention in fact.mentions:
            after = fact.sentence.text.partition(mention.text)[2]
            if mention.category in DRUGS and (match := _AMOUNT.match(after)):
                amount = f"{match[1].replace(',', '.')} {match[2].lower()}"
                doses.setdefault(mention.id, {}).setdefault(amount, (fact, place))
    for amounts in doses.values():
        for first, second in pairwise(amounts.values()):
            yield _line(first, second)


def _line(first: Placed, second: Placed) -> Line:
    text = f"\u201c{first[0].sentence.text}\u201d, but \u201c{second[0].sentence.text}\u201d"
    return Line(SECTION, text, (first[1], second[1]), "mixed")
