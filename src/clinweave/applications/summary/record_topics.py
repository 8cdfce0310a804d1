"""Answers by topic: values, drugs, problems, allergies, vaccines, procedures, visits, relatives, the person."""

import re
from collections.abc import Sequence

from clinweave.applications.summary.note_cues import cue as note_cue
from clinweave.applications.summary.note_sentences import Sentence
from clinweave.applications.summary.other_people import RELATIVE
from clinweave.applications.summary.question import RecordQuestion
from clinweave.applications.summary.record import Entry, Record
from clinweave.applications.summary.record_lookup import (
    MAX_ENTRIES,
    Reply,
    cited,
    courses,
    further,
    groups_of,
    has_word,
    in_time,
    listed,
    matching,
    names,
    nothing,
    of_specimen,
    quoted,
    quotes_of,
    searched,
    span_of,
)
from clinweave.applications.summary.record_values import value_sentences

_GIVEN = re.compile(r"\b(?:administered|given|started)\b", re.IGNORECASE)
_LAST = re.compile(r"\b(?:last|latest|most recent|recently)\b", re.IGNORECASE)
_HOSPITAL = frozenset({"hospital", "admitted", "admission", "admissions", "seen", "visit"})
_VACCINES = {"flu": "influenza", "covid": "covid-19"}


def values(record: Record, asked: RecordQuestion) -> Reply:
    """Answer with measured values: the last ones, or the picked ones, and a trend where both values are stated."""
    pool = record.of("lab", "observation")
    if measurement := asked.measurement:
        chosen = [item for item in pool if measurement.means(item.name) and of_specimen(item, asked.specimen)]
        what = f"{asked.specimen} {measurement.name}".strip()
    else:
        chosen = matching(pool, asked.words, asked.concepts) if asked.words else pool
        chosen = [item for item in chosen if not asked.specimen or of_specimen(item, asked.specimen)]
        what = f"value named {f'{asked.specimen} {asked.named}'.strip()}" if asked.words else "measured value"
    dated = in_time(chosen, asked.date)
    if not dated:
        named = (measurement.name,) if measurement else asked.words
        others = in_time(matching(record.of("problem", "procedure"), named), asked.date)
        return (
            courses("No value is recorded, but:", others)
            if others
            else nothing(record, what, pool, asked, chosen)
        )
    if not asked.words and not measurement:
        latest = list({item.code: item for item in dated}.values())
        return listed("The record holds these values, the last of each:", latest[-MAX_ENTRIES:], len(latest))
    return Reply(*value_sentences(dated, asked.pick), kind="value")


def drugs(record: Record, asked: RecordQuestion) -> Reply:
    """Answer with orders and administrations of drugs; whether a drug is taken now is not known from an order."""
    pool = [item for item in record.of("drug") if not item.vaccine]
    looked = ""
    if asked.drug_class:
        name, substances = asked.drug_class
        precise = matching(pool, asked.words) if len(asked.words) > 1 else []
        chosen = precise or [item for item in pool if any(has_word(item.name, word) for word in substances)]
        what, looked = f"drug of the class {name}", f" Looked for: {', '.join(substances)}."
    else:
        chosen = matching(pool, asked.words, asked.concepts) if asked.words else pool
        what = f"order of {asked.named}" if asked.words else "drug"
    dated = in_time(chosen, asked.date)
    if not dated:
        denied = in_time(matching(record.of("drug", status="absent"), asked.words), asked.date)
        if denied:
            return listed(f"Recorded as not given, and no other {what}:", denied[-1:], len(denied))
        reply = nothing(record, what, pool, asked, chosen)
        return Reply(reply.text + looked, reply.citations, reply.abstained)
    groups = groups_of(dated)
    rows = "; ".join(_order(record, items) for items in groups[:MAX_ENTRIES])
    ends = [item for items in groups[:MAX_ENTRIES] for item in (items[0], items[-1])]
    more = further(len(groups) - MAX_ENTRIES)
    given = all(_GIVEN.search(item.value) for item in ends)
    caution = "" if given else " An order does not say that it was taken."
    return Reply(f"The record holds: {rows}.{more}{caution}", cited(ends))


def _order(record: Record, items: Sequence[Entry]) -> str:
    last = items[-1]
    stated = f" ({last.value})" if last.value else ""
    over = ""
    if last.ended or (last.until and last.until < record.last_day):
        over = ", stated as ended"
    elif not last.until and "status active" not in last.value:
        over = ", not stated whether it goes on"
    return f"{last.name}: {span_of(items)}{stated}{over}"


def allergies(record: Record, asked: RecordQuestion) -> Reply:
    """Answer with recorded allergies, denials and what notes say of them; no entry is no denial."""
    pool = [item for item in record.entries if item.allergy]
    chosen = matching(pool, asked.words, asked.concepts) if asked.words else pool
    by_status = {status: [item for item in chosen if item.status == status] for status in _ALLERGY}
    rows = [f"{lead} {names(by_status[status])}." for status, lead in _ALLERGY.items() if by_status[status]]
    quotes = quotes_of(record, _of_allergy)
    notes = [f"Notes say of allergies: {quoted(quotes)}."] if quotes else []
    if rows:
        both = by_status["present"] and by_status["absent"]
        parts = [*rows, *(["The entries contradict each other."] if both else []), *notes]
        entries = cited(item for items in by_status.values() for item in items)
        return Reply(" ".join(parts), (*entries, *quotes))
    what = f"allergy entry on {asked.named}" if asked.words else "allergy entry"
    others = [item for item in pool if item.status != "historical"]
    more = [f"Recorded of allergies: {names(others)}."] if others else []
    text = f"The record holds no {what}. {searched(record.entries)} That nothing is recorded is no denial."
    return Reply(" ".join([text, *more, *notes]), (*cited(others), *quotes), abstained=not quotes)


def _of_allergy(sentence: Sentence) -> bool:
    return sentence.section == "Allergies" or note_cue("allergy").search(sentence.text) is not None


_ALLERGY = {"present": "Recorded:", "absent": "Recorded as absent:", "uncertain": "Uncertain:"}


def vaccines(record: Record, asked: RecordQuestion) -> Reply:
    """Answer with immunisations."""
    pool = [item for item in record.of("drug") if item.vaccine]
    words = tuple(_VACCINES.get(word, word) for word in asked.words)
    chosen = in_time(matching(pool, words) if words else pool, asked.date)
    if not chosen:
        return nothing(record, f"immunisation {' '.join(words)}".strip(), pool, asked)
    return courses("The record holds these immunisations:", chosen)


def problems(record: Record, asked: RecordQuestion) -> Reply:
    """Answer with problems of every status: present, past, absent, uncertain."""
    pool = [
        item for item in record.of("problem", status="") if not item.of_family and item.status != "historical"
    ]
    if asked.words:
        chosen = in_time(matching(pool, asked.words, asked.concepts), asked.date)
        return courses("The record holds:", chosen) if chosen else anything(record, asked)
    chosen = in_time([item for item in pool if item.status == "present" and not item.allergy], asked.date)
    return (
        courses("The record holds these problems:", chosen)
        if chosen
        else nothing(record, "problem", pool, asked)
    )


def events(record: Record, asked: RecordQuestion, *, kind: str) -> Reply:
    """Answer with procedures or visits ("procedure", "visit")."""
    pool = record.of(kind)
    words = tuple(item for item in asked.words if item not in _HOSPITAL)
    chosen = in_time(matching(pool, words) if words else pool, asked.date)
    if not chosen:
        return nothing(record, f"{kind} {' '.join(words)}".strip(), pool, asked)
    if asked.pick == "count":
        text = f"The record holds {len(chosen)} {kind} entries, {record.span(chosen)}."
        return Reply(text, cited([chosen[0], chosen[-1]]))
    if asked.pick == "first":
        return listed(f"First {kind} in the record:", chosen[:1])
    if _LAST.search(asked.text):
        return listed(f"Last {kind} in the record:", chosen[-1:])
    return courses(f"The record holds these {kind}s:", chosen)


def family(record: Record, asked: RecordQuestion) -> Reply:
    """Answer with what is recorded of relatives, never with the patient's own entries."""
    pool = [item for item in record.entries if item.of_family]
    match = RELATIVE.search(asked.text)
    relative = match["relative"].lower() if match else ""
    words = tuple(word for word in asked.words if not RELATIVE.fullmatch(word))
    pool = [item for item in pool if relative in f"{item.name} {item.value}".lower()]
    chosen = matching(pool, words) if words else pool
    if chosen:
        return listed("Recorded of relatives, not of the patient:", chosen[-MAX_ENTRIES:], len(chosen))
    if pool:  # under another name, perhaps
        lead = f"The record holds no entry on relatives named {' '.join(words)}. It has of relatives:"
        return listed(lead, pool[-MAX_ENTRIES:], len(pool))
    return nothing(record, f"family history of a {relative}" if relative else "family history", pool, asked)


def person(record: Record, asked: RecordQuestion) -> Reply:
    """Answer with the recorded birth, sex or death. An age is not computed."""
    key, lead, missing = {
        "birth": ("born", "Born", "date of birth"),
        "sex": ("sex", "Recorded sex:", "sex"),
        "death": ("died", "Died", "date of death"),
    }[asked.kind]
    fact = record.facts.get(key)
    if fact is None:
        last = f" Its last entry is of {record.last_day}." if key == "died" and record.last_day else ""
        return Reply(f"The record holds no {missing}.{last}", abstained=True)
    return Reply(f"{lead} {fact.value}.", (fact.citation,))


def anything(record: Record, asked: RecordQuestion) -> Reply:
    """Look for the words of a question in the names of all entries, then in the notes."""
    if not asked.words:
        text = "Not answered: the question names nothing that can be looked for in a record."
        return Reply(f"{text} {searched(record.entries)}", abstained=True)
    pool = [
        item
        for item in record.entries
        if item.kind != "note" and item.status != "historical" and not item.of_family
    ]
    chosen = in_time(matching(pool, asked.words, asked.concepts), asked.date)
    chosen = [item for item in chosen if not asked.specimen or of_specimen(item, asked.specimen)]
    if not chosen:
        return nothing(record, f"entry named {asked.named}", pool, asked)
    if all(item.kind in {"lab", "observation"} and item.status == "present" for item in chosen):
        return Reply(*value_sentences(chosen, asked.pick), kind="value")
    return courses("The record holds:", chosen)
