"""Relations in plain sentences: grouped by what they say, a few first and the rest below."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from clinweave.core.predicates import (
    CONTRAINDICATED,
    GENE,
    HAS_PHENOTYPE,
    INHERITANCE,
    ROLE,
    SUBCLASS,
    TREATS,
)
from clinweave.knowledge import Intent, Kind, Query, Topic, how_often, parse_frequency, phrase
from clinweave.records import Evidence, Grade, Relation, Statement

FIRST = 10  # facts of a group in its first sentence
REST = 24  # facts of a group in the sentence below
SMALL = 5  # patients below which a count is no frequency
_SEXES = {"MALE": "males", "FEMALE": "females"}
EXCLUDED = "HP:0040285"
_MODE = re.compile(r"\b(?:autosomal|dominant|recessive|[xy]-linked|mitochondrial|digenic|somatic)\b")
_EITHER = re.compile(
    r"\b(?:dominant|recessive|[xy]-linked|autosomal|mitochondrial|sporadic)\b[^?]*\bor\b[^?]*"
    r"\b(?:dominant|recessive|[xy]-linked|autosomal|mitochondrial|sporadic)\b",
    re.IGNORECASE,
)
_ONE_PATIENT = re.compile(
    r"\b(?:with|in|and|who (?:also )?ha(?:s|ve)|suffering from|complicated by|plus)\b", re.IGNORECASE
)
_PURPOSE = re.compile(
    r"\b(?:for|in|during|before|after)\b(?P<words>[^?.;]*)"
    r"|\b(?P<kind>breakthrough|rescue|loading|maintenance|test|prophyla\w+|preventive|booster|stress) doses?\b",
    re.IGNORECASE,
)
_ANYWHERE = frozenset({"inpatient", "inpatients", "outpatient", "outpatients", "ward", "hospital", "clinic"})
_STEM = 5  # characters by which forms of a word are recognised
_MANAGEMENT = frozenset({Intent.TREATMENT, Intent.DOSE, Intent.SAFETY, Intent.INDICATIONS})
_ATTRIBUTE = "biolink:has_attribute"

_OF_DISEASES = frozenset({HAS_PHENOTYPE, INHERITANCE, _ATTRIBUTE})

_FORWARD = {
    HAS_PHENOTYPE: "{} has these recorded features: {}",
    INHERITANCE: "{} is inherited as: {}",
    GENE: "{} is a gene associated with: {}",
    ROLE: "{} has the roles: {}",
    SUBCLASS: "{} is a kind of: {}",
    TREATS: "{} treats: {}",
    CONTRAINDICATED: "{} is contraindicated in: {}",
    _ATTRIBUTE: "{} has the recorded onset: {}",
}
_REVERSE = {
    HAS_PHENOTYPE: "Diseases with {}: {}",
    GENE: "Genes associated with {}: {}",
    ROLE: "Drugs with the role {}: {}",
    SUBCLASS: "Kinds of {}: {}",
    TREATS: "Drugs recorded as treating {}: {}",
    CONTRAINDICATED: "Drugs contraindicated in {}: {}",
}


def name_in(evidence: Evidence, curie: str) -> str:
    """Return the name of a concept in an item of evidence."""
    return dict(evidence.names).get(curie, curie)


def frequency_words(recorded: str) -> str:
    """Return a recorded frequency in words; a count of fewer than five patients is told as a count alone."""
    stated = parse_frequency(recorded)
    if stated is not None and stated.word and stated.count is None:
        share = f"{stated.low:g}-{stated.high:g} %" if stated.low != stated.high else f"{stated.low:g} %"
        return f"{stated.word}, {share}"
    words = how_often(recorded)
    if words.startswith("in ") and " of " in words and "%" not in words:
        total = words.split(" of ")[1].split(" ")[0]
        if total.isdigit() and int(total) < SMALL:
            return "reported " + words
    return words


def grouped(evidence: Evidence, organ: str = "") -> list[Statement]:
    """Return a group of relations as one sentence with its first facts, and one with the rest.

    `organ` names the abnormality under which the features were looked up.
    """
    rows = evidence.relations
    if not rows:
        return []
    centre, forward = _centre(evidence)
    denied = all(_denied(row) for row in rows)
    uncurated = all(row.grade != Grade.CURATED for row in rows)
    frame = (_FORWARD if forward else _REVERSE).get(rows[0].predicate)
    if frame is None:
        words = phrase(rows[0].predicate)
        frame = "{} " + (words.verb if forward else words.inverse) + ": {}"
    if denied:
        frame = (
            "Recorded as absent in {}: {}"
            if rows[0].predicate == HAS_PHENOTYPE
            else "Recorded as not so: " + frame
        )
    if uncurated:
        frame = frame.replace(": {}", " (text-mined, not curated): {}")
    if organ and rows[0].predicate == HAS_PHENOTYPE:
        frame = frame.replace("recorded features", f"recorded features under {organ}")
    name = name_in(evidence, centre)
    if rows[0].predicate == GENE and not forward and not denied and not uncurated:
        return _genes(evidence, name)
    facts = [fact for fact in _facts(evidence, centre, forward) if fact[0].casefold() != name.casefold()]
    if not facts:
        return []
    statements = [_statement(frame.format(name, _listed(facts[:FIRST])) + ".", evidence)]
    if len(facts) > FIRST:
        more = f"Also recorded for {name}: {_listed(facts[FIRST : FIRST + REST])}."
        left = len(facts) - FIRST - REST
        statements.append(_statement(more + (f" And {left} more." if left > 0 else ""), evidence, rest=True))
    return statements


def _genes(evidence: Evidence, name: str) -> list[Statement]:
    """Return the genes of a disease: first those that several sources name for it or for a kind of it.

    The records do not say whether a gene causes a disease or modifies it: those of one source alone are set apart.
    """
    strong = {row.subject for row in evidence.relations if _sources_of(evidence, row.subject) > 1}
    first = [row for row in evidence.relations if row.subject in strong]
    rest = [row for row in evidence.relations if row.subject not in strong]
    if not first or not rest:
        first, rest = list(evidence.relations), []
    text = _listed(_facts(replace(evidence, relations=tuple(first)), evidence.about, forward=False)[:FIRST])
    statements = [_statement(f"Genes associated with {name}: {text}.", evidence)]
    more = _facts(replace(evidence, relations=tuple(first)), evidence.about, forward=False)[FIRST:]
    more += _facts(replace(evidence, relations=tuple(rest)), evidence.about, forward=False)
    if more:
        kind = "Named by one source alone, as a cause or a modifier" if rest else "Also recorded"
        left = len(more) - REST
        text = f"{kind}: {_listed(more[:REST])}." + (f" And {left} more." if left > 0 else "")
        statements.append(_statement(text, evidence, rest=True))
    return statements


def _sources_of(evidence: Evidence, gene: str) -> int:
    return len({row.source for row in evidence.relations if row.subject == gene})


def inherited(evidence: Evidence, question: str) -> list[Statement]:
    """Return the recorded modes of inheritance, with "Yes" where all of them are what the question names.

    Another recorded mode is no proof of "no": the answer then says that no source records what is asked.
    """
    statements = grouped(evidence)
    asked = set(_MODE.findall(question.lower()))
    recorded = [set(_MODE.findall(name_in(evidence, row.object).lower())) for row in evidence.relations]
    if not asked or not statements or _EITHER.search(question):
        return statements
    if all(asked <= modes for modes in recorded):
        lead = "Yes: "
    elif not any(asked <= modes or modes <= asked for modes in recorded):
        lead = "No source here records that: "
    else:
        return statements
    return [replace(statements[0], text=lead + statements[0].text), *statements[1:]]


def _facts(evidence: Evidence, centre: str, forward: bool) -> list[tuple[str, str]]:
    """Return (name, note) of the other end of each relation, once each; the note holds frequency, sex and support."""
    merged: dict[str, list[Relation]] = {}
    for row in evidence.relations:
        merged.setdefault(row.object if forward else row.subject, []).append(row)
    several = len(merged) > 1 and max(len({row.source for row in rows}) for rows in merged.values()) > 1
    facts = []
    for other, rows in merged.items():
        notes = [note for note in _row_notes(evidence, rows[0], centre, forward) if note]
        sources = len({row.source for row in rows})
        if several and rows[0].predicate == GENE:
            notes.append(f"{sources} sources" if sources > 1 else "1 source")
        facts.append((name_in(evidence, other), ", ".join(notes)))
    return facts


def _listed(facts: Sequence[tuple[str, str]]) -> str:
    """Return the facts as a list in which neighbours with the same note share it."""
    runs: list[tuple[list[str], str]] = []
    for name, note in facts:
        if runs and runs[-1][1] == note:
            runs[-1][0].append(name)
        else:
            runs.append(([name], note))
    comma = "; " if any("," in name for name, _ in facts) else ", "
    return "; ".join(comma.join(names) + (f" ({note})" if note else "") for names, note in runs)


def _statement(text: str, evidence: Evidence, *, rest: bool = False) -> Statement:
    date = evidence.relations[0].release if evidence.relations else ""
    return Statement(
        text, "relation", (evidence.id,), date=date, score=evidence.score - (2.5 if rest else 0.0)
    )


def _centre(evidence: Evidence) -> tuple[str, bool]:
    """Return the concept that an item is about, and whether it is the subject of its relations."""
    subjects = {row.subject for row in evidence.relations}
    targets = {row.object for row in evidence.relations}
    about = evidence.about or next(iter(subjects if len(subjects) == 1 else targets))
    of_kinds = about not in targets and evidence.relations[0].predicate in _OF_DISEASES
    return about, about in subjects or of_kinds


def _fact(evidence: Evidence, row: Relation, centre: str, forward: bool) -> str:
    text = name_in(evidence, row.object if forward else row.subject)
    noted = ", ".join(note for note in _row_notes(evidence, row, centre, forward) if note)
    return f"{text} ({noted})" if noted else text


def _row_notes(evidence: Evidence, row: Relation, centre: str, forward: bool) -> list[str]:
    own = row.subject if forward else row.object
    notes = [frequency_words(row.frequency)] if row.frequency and row.frequency != EXCLUDED else []
    if row.sex:
        notes.append({"MALE": "males", "FEMALE": "females"}.get(row.sex.upper(), row.sex))
    if own != centre:
        notes.append(f"in {name_in(evidence, own)}")
    return notes


def _denied(row: Relation) -> bool:
    stated = parse_frequency(row.frequency)
    return row.negated or (stated is not None and stated.high == 0)


def related(evidence: Evidence, asked: str, *, yes_no: bool = True, sex: str = "") -> list[Statement]:
    """Return yes or no with the records for a question of whether two things go together.

    Every recorded frequency is told with the sex that it counts, those of `sex` (MALE, FEMALE) first.
    """
    rows = evidence.relations
    if not rows:
        return []
    row = rows[0]
    subject, target = name_in(evidence, row.subject), name_in(evidence, row.object)
    words = phrase(row.predicate)
    if row.predicate == HAS_PHENOTYPE and how_often(row.frequency).startswith("in 0 of"):
        return [
            _statement(
                f"{target} was looked for in {subject} and found {how_often(row.frequency)}.", evidence
            )
        ]
    if row.predicate == HAS_PHENOTYPE and _denied(row):
        how = "excluded" if row.frequency == EXCLUDED else "stated as not present"
        text = f"{'No: ' if yes_no else ''}{target} is recorded as absent in {subject} ({how})."
        return [_statement(text, evidence)]
    if row.predicate != HAS_PHENOTYPE:
        verb = words.negated if row.negated else words.verb
        lead = f"{'No' if row.negated else 'Yes'}: " if yes_no else ""
        return [_statement(f"{lead}{subject} {verb} {target}.", evidence)]
    same = [item for item in rows if (item.subject, item.object) == (row.subject, row.object)]
    if sex and any(item.sex.upper() == sex for item in same):  # the other sex's count is none for this one
        same = [item for item in same if item.sex.upper() in {"", sex}]
    same.sort(key=lambda item: bool(sex) and item.sex.upper() != sex)
    frequency = "; ".join(dict.fromkeys(_often(item) for item in same if item.frequency))
    lead = f"{'Yes: ' if yes_no else ''}{target} is a recorded feature of {subject}"
    if frequency:
        lead += f", {frequency}"
    if sex and not any(item.sex.upper() == sex for item in same):
        lead += f" (no record counts {_SEXES[sex]} alone)"
    statements = [_statement(lead + ".", evidence)]
    rest = [item for item in rows if (item.subject, item.object) != (row.subject, row.object)]
    others = [_fact(evidence, other, row.subject, True) for other in rest[:FIRST]]
    if others:
        statements.append(_statement(f"Also recorded{asked}: {'; '.join(others)}.", evidence, rest=False))
    return statements


def _often(row: Relation) -> str:
    words = frequency_words(row.frequency)
    plural = _SEXES.get(row.sex.upper(), row.sex.lower())
    if not plural:
        return words
    return words.replace(" patients", f" {plural}") if " patients" in words else f"{words} ({plural})"


def nearby(evidence: Evidence) -> str:
    """Return what is recorded near a missing record, for the note of an abstention."""
    names = [name_in(evidence, row.object) for row in evidence.relations[:3]]
    subject = name_in(evidence, evidence.relations[0].subject)
    return f"nearest records of {subject}: {', '.join(names)} [{evidence.id}]"


def ranking(items: Sequence[Evidence], findings: int) -> list[Statement]:
    """Return the ranked diseases, each with the findings that it is recorded with."""
    statements = []
    if findings > 1 and all(len(item.relations) < findings for item in items):
        text = f"No disease here is recorded with all {findings} findings; the nearest:"
        statements.append(Statement(text, "ranking", (items[0].id,), score=items[0].score))
    for index, item in enumerate(items, 1):
        disease = name_in(item, item.relations[0].subject)
        facts = "; ".join(_fact(item, row, row.subject, True) for row in item.relations)
        count = f"{len(item.relations)} of {findings} findings: " if findings > 1 else ""
        statements.append(
            Statement(
                f"{index}. {disease}: {count}{facts}.",
                "ranking",
                (item.id,),
                date=item.relations[0].release,
                score=item.score,
            )
        )
    return statements


def not_together(query: Query, statements: Sequence[Statement]) -> str:
    """Return a warning where a patient has two diseases and every statement is about one of them, else "".

    "Treatment of gout with heart failure": what is right for gout alone may harm in heart failure.
    """
    if query.language != "en" or query.intent not in _MANAGEMENT:
        return ""
    diseases = [
        topic for topic in query.of_kind(Kind.DISEASE, Kind.FINDING) if topic.id and not topic.negated
    ]
    diseases.sort(key=lambda topic: topic.start)
    if len(diseases) != 2 or not _ONE_PATIENT.search(query.text[diseases[0].end : diseases[1].start]):
        return ""
    if any(all(_speaks_of(item, topic) for topic in diseases) for item in statements):
        return ""
    first, second = (topic.text for topic in diseases)
    return f"Nothing quoted here speaks of {first} together with {second}: what follows is about one of them at most."


def purpose_not_named(query: Query, statements: Sequence[Statement]) -> str:
    """Return a warning where a dose is asked for a purpose that no statement names, else "".

    "Dose of enoxaparin for bridging": the dose for prophylaxis is quoted, and is another one.
    """
    if query.language != "en" or query.intent != Intent.DOSE:
        return ""
    purpose = " ".join(match["words"] or match["kind"] for match in _PURPOSE.finditer(query.text)).casefold()
    text = " ".join(f"{item.heading} {item.text}" for item in statements).casefold()
    words = [
        word
        for word in query.words
        if word.casefold() in purpose and word not in _ANYWHERE and word[:_STEM].casefold() not in text
    ]
    diseases = [
        topic.text
        for topic in query.of_kind(Kind.DISEASE, Kind.FINDING)
        if topic.text.casefold() in purpose and not any(_speaks_of(item, topic) for item in statements)
    ]
    if not (missing := [*diseases, *words]):
        return ""
    named = ", ".join(f"“{word}”" for word in missing)
    return f"Nothing quoted here speaks of {named}: the dose may be meant for something else."


def _speaks_of(statement: Statement, topic: Topic) -> bool:
    text = f"{statement.heading} {statement.text}".casefold()
    names = {topic.text, topic.name, *topic.names}
    return any(re.search(rf"\b{re.escape(name.casefold())}", text) for name in names if len(name) > 2)


@dataclass(frozen=True, slots=True)
class AnswerPart:
    """What can be shown before an answer is complete.

    `kind` is "statements" (the text of the sources), "model" (the name of a model that begins to write), "written" (a
    piece of its reply, unchecked: for a count, never to be shown) or "sentence" (a supported sentence as it is shown).
    """

    kind: str
    text: str


OnPart = Callable[[AnswerPart], None]


def joined(text: str, part: AnswerPart, sentences: int) -> str:
    """Return the text of an answer with one more part; `sentences` is how many sentences of a model it has already."""
    if part.kind == "sentence" and text:
        return f"{text}{' ' if sentences else chr(10) * 2}{part.text}"
    return text + part.text if part.kind in {"statements", "sentence"} else text
