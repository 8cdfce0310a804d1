"""Compose an answer from evidence alone: relations in sentences and quotations, each with its citation."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from clinweave.applications.consult import polarity, wording
from clinweave.applications.consult.aspects import (
    aspect_quotes,
    covers,
    first_covers,
    open_facets,
    passage_asks,
    speaks_of_all,
)
from clinweave.applications.consult.doses import states_amount
from clinweave.applications.consult.drug_classes import class_notes
from clinweave.applications.consult.limits import meets
from clinweave.applications.consult.matching import Facet, facets_of, match
from clinweave.applications.consult.prohibited import (
    FORBIDDEN,
    UNKNOWN,
    asks_of_ban,
    asks_what_to_give,
    is_banned,
)
from clinweave.applications.consult.quotation import Quote
from clinweave.applications.consult.quoting import MIN_OWN, VERDICTS, own_quotes
from clinweave.applications.consult.stored import CONTENT, definitions, stored_quotes
from clinweave.applications.consult.units import Unit, units_of
from clinweave.core.guardrails import states_dose
from clinweave.knowledge import Intent, Kind, Origin, Query, origin_of, speaks_to_model, subject_fit
from clinweave.records import Audience, Evidence, Statement

_NEGATED = re.compile(r"\b(?:not|never|no|without|absent)\b|n't\b", re.IGNORECASE)
_SEX_WORDS = {
    "MALE": re.compile(r"\b(?:men|man|boys?|males?)\b", re.IGNORECASE),
    "FEMALE": re.compile(r"\b(?:women|woman|girls?|females?)\b", re.IGNORECASE),
}
SUBJECT_FIT = 0.75  # of a text that defines its subject, where a database defines it too
SHOWN = 10  # statements of an answer
WITHHELD = (
    "A document here answers this, but with amounts of medicines, which are not shown to the public: ask a doctor or "
    "pharmacist."
)
NO_EVIDENCE = "I do not know: no evidence was retrieved for this question."
NO_LABELS = "No database of drug labels is available to this knowledge base."
REFERRAL = (
    "Doses are not given here to the public. Read the leaflet of the medicine, or ask a pharmacist or doctor. "
    f"{NO_LABELS}"
)
SEARCHED, NEARBY_PASSAGES, NEARBY = "Searched:", "Nearby passages:", "Nearby:"  # heads in an abstention
_GRAPH_FIRST = frozenset(
    {
        Intent.GENES, Intent.GENE_DISEASES, Intent.INHERITANCE, Intent.RELATED, Intent.HOW_OFTEN, Intent.DRUG_CLASS,
        Intent.CLASS_DRUGS, Intent.INDICATIONS, Intent.DIFFERENTIAL, Intent.SUBTYPES, Intent.ONSET,
    }
)  # fmt: skip
_NO_TEXT = frozenset({Intent.CODE, Intent.CODE_NAME, Intent.CLASS_DRUGS, Intent.GENE_DISEASES})
_TO_DO = re.compile(r"^\W*(?:should|shall|must|may|can|do|need) (?:i|we|one|you|they)\b", re.IGNORECASE)
_MANY = 5  # recorded features from which on the graph answers a clinician before general text does
_CURE = re.compile(r"\bcur(?:e|es|ed|able)\b", re.IGNORECASE)
LAST = ("Also recorded for ", "Named by one source")  # what follows everything else
_NAMED = {Intent.DOSE: "a dose", Intent.SAFETY: "whether it may be used", Intent.TREATMENT: "a treatment"}


@dataclass(frozen=True, slots=True)
class Composition:
    """What is shown of the evidence: statements, their text with citations, and notes on gaps."""

    statements: tuple[Statement, ...]
    text: str
    abstained: bool
    notes: tuple[str, ...] = ()


def compose(
    query: Query, evidence: Sequence[Evidence], *, audience: Audience, most: int = SHOWN
) -> Composition:
    """Return at most `most` statements that answer a query, the most telling first, or say what was searched.

    Missing records are never told as "no". The public gets no dose. Deterministic; opens nothing.
    """
    evidence = [item for item in evidence if item.passage is None or not speaks_to_model(item.passage)]
    if query.intent == Intent.DOSE and audience == Audience.PUBLIC:
        return Composition((), REFERRAL, True, _notes(query))
    if query.intent in {Intent.CODE, Intent.CODE_NAME}:
        statements, lead = _codes(evidence), ""
    else:
        statements, lead = _statements(query, evidence, audience)
    if not statements and audience == Audience.PUBLIC and own_quotes(query, evidence):
        return Composition((), WITHHELD, True, _notes(query))
    if not statements:
        return Composition((), _unknown(query, evidence), True, _notes(query))
    shown = tuple(statements[:most])
    apart = wording.not_together(query, shown) or wording.purpose_not_named(query, shown)
    text = "\n".join(filter(None, [apart, _text(query, shown, lead)]))
    return Composition(shown, text, False, tuple(filter(None, [apart, *_notes(query)])))


def _statements(
    query: Query, evidence: Sequence[Evidence], audience: Audience
) -> tuple[list[Statement], str]:
    own = own_quotes(query, evidence)
    if audience == Audience.PUBLIC:
        own = [quote for quote in own if not any(states_amount(unit.text) for unit in quote.units)]
    relations = _relations(query, evidence)
    if own and query.intent == Intent.RELATED and _TO_DO.search(query.text):
        relations = []  # what to do is asked, not whether one thing is recorded with another
    if own and query.intent == Intent.DIFFERENTIAL:
        relations = []  # "What if the sputum is purulent in ...?" and a document that says it
    stored, defined = _texts(query, evidence, audience, alone=not own, recorded=bool(relations))
    if query.intent == Intent.CAUSES and stored:
        relations = [item for item in relations if item.kind != "ranking"]
    lead = _lead(query, own) if query.intent in VERDICTS and query.yes_no and own else ""
    if own and query.intent not in _GRAPH_FIRST:
        groups = [_quoted(own), relations if query.intent == Intent.SAFETY else []]
    elif query.intent == Intent.DEFINITION and (stored or defined):
        close = [quote for quote in stored[:1] if quote.coverage >= SUBJECT_FIT or not defined]
        texts = [_quoted(close), _quoted(defined[:1])]
        texts = texts if query.of_kind(Kind.DISEASE) else texts[::-1]
        texts = [group for group in texts if group]
        groups = [_quoted(own), *(texts[:1] if audience == Audience.PUBLIC else texts)]
    elif _graph_first(query, evidence, audience):
        groups = [_quoted(own), relations, _quoted(stored), _quoted(defined)]
    else:
        groups = [_quoted(own), _quoted(stored), relations, _quoted(defined)]
    statements = [statement for group in groups for statement in group]
    statements, unknown = _with_prohibitions(query, own, statements)
    return sorted(statements, key=lambda item: item.text.startswith(LAST)), lead or unknown


def _with_prohibitions(
    query: Query, own: Sequence[Quote], statements: Sequence[Statement]
) -> tuple[list[Statement], str]:
    """Return the statements with what a heading forbids marked as such, last where a drug is asked for, and the lead.

    The lead says that the answer is not known where everything that was found is forbidden.
    """
    banned = [quote.statement() for quote in own if is_banned(quote.units[0])]
    if not banned or query.yes_no or asks_of_ban(query):
        return list(statements), ""
    others = [item for item in statements if item not in banned]
    drug_asked = asks_what_to_give(query)
    if drug_asked and not others:
        return banned, UNKNOWN
    marked = [
        replace(item, heading=f"{FORBIDDEN}: {item.heading}") if item in banned else item
        for item in statements
    ]
    return sorted(marked, key=lambda item: drug_asked and item not in others), ""


def _texts(
    query: Query, evidence: Sequence[Evidence], audience: Audience, *, alone: bool, recorded: bool
) -> tuple[list[Quote], list[Quote]]:
    """Return the quotations of stored answers and of definitions; `alone`: no document of the user's own answers."""
    intent = query.intent
    stored = [] if intent in _NO_TEXT or intent == Intent.DOSE else stored_quotes(query, evidence)
    if alone:
        about = aspect_quotes(query, evidence)
        if audience == Audience.PUBLIC:
            stored, about = _without_doses(stored), _without_doses(about)
        stored = _with_aspects(query, stored, about)
    others = open_facets(query)
    if query.yes_no and intent == Intent.GENERAL and not _aspects(others) and not _CURE.search(query.text):
        return [], []  # what is asked has no words that a text could be seen to answer
    if others and not query.of_kind(Kind.DISEASE, Kind.FINDING):
        stored = [quote for quote in stored if covers(quote, others)]  # of a drug or gene alone much is said
    if intent in {Intent.RELATED, Intent.HOW_OFTEN}:
        return [quote for quote in stored if (speaks_of_all(quote, query) if recorded else quote.direct)], []
    if intent in {*_NO_TEXT, Intent.DOSE, Intent.SAFETY}:
        return stored, []
    diagnosed = intent == Intent.DIAGNOSIS and any(passage_asks(quote.evidence, intent) for quote in stored)
    asks_more = intent in {Intent.GENERAL, Intent.DIAGNOSIS} and bool(open_facets(query))
    # A definition answers none of what else is asked.
    return stored, [] if diagnosed or asks_more else definitions(query, evidence)


def _graph_first(query: Query, evidence: Sequence[Evidence], audience: Audience) -> bool:
    """Say whether recorded relations come before general text."""
    in_organ = query.intent == Intent.FEATURES and bool(query.of_kind(Kind.ORGAN))
    counts = (
        sum(row.subject == item.about for row in item.relations)
        for item in evidence
        if item.kind == "relation"
    )
    return query.intent in _GRAPH_FIRST or in_organ or _rich(query, max(counts, default=0), audience)


def _aspects(facets: Sequence[Facet]) -> list[Facet]:
    """Return the facets without populations: what is asked, not of whom."""
    return [facet for facet in facets if facet.kind != "population"]


def _without_doses(quotes: Sequence[Quote]) -> list[Quote]:
    return [quote for quote in quotes if not any(states_dose(unit.text) for unit in quote.units)]


def _with_aspects(query: Query, stored: Sequence[Quote], about: Sequence[Quote]) -> list[Quote]:
    """Return the quotations that speak of all that is asked, where they speak of more of it than the usual answers."""
    others = open_facets(query)
    if not about:
        return list(stored)
    asked = [passage_asks(quote.evidence, query.intent) for quote in (*about[:1], *stored)]
    if not others and stored:  # a text that answers the very question comes before one that touches on it
        return [about[0], *stored][:2] if asked[0] and not any(asked[1:]) else list(stored)
    to_the_point = [quote for quote in stored if first_covers(quote, others)]
    best = max((covers(quote, others) for quote in to_the_point), default=0.0)
    if best >= max(covers(quote, others) for quote in about):
        return list(stored)
    usual = [
        quote for quote in stored if query.intent in CONTENT and passage_asks(quote.evidence, query.intent)
    ]
    return [*about, *(quote for quote in usual if not _overlaps(quote, about))][:2]


def _overlaps(quote: Quote, others: Sequence[Quote]) -> bool:
    texts = {unit.text for unit in quote.units}
    return any(texts & {unit.text for unit in other.units} for other in others)


def _rich(query: Query, facts: int, audience: Audience) -> bool:
    """Say whether recorded features should come before general text."""
    translated = query.language != "en"  # the names of recorded features have labels, quotations have none
    return (
        query.intent == Intent.FEATURES and (translated or audience == Audience.CLINICIAN) and facts >= _MANY
    )


def _lead(query: Query, own: Sequence[Quote]) -> str:
    """Return the verdict on a yes/no question; "" in other languages, whose questions may ask what is forbidden."""
    if query.language != "en":
        return ""
    stances = [quote.stance for quote in own if quote.direct]
    return polarity.verdict(query.text, stances) if stances and len(stances) == len(own) else ""


def _quoted(quotes: Sequence[Quote]) -> list[Statement]:
    return [quote.statement() for quote in quotes]


def _relations(query: Query, evidence: Sequence[Evidence]) -> list[Statement]:
    items = [item for item in evidence if item.kind == "relation" and item.relations]
    ranked = [item for item in evidence if item.kind == "ranking" and item.relations]
    statements: list[Statement] = []
    for item in items:
        if query.intent in {Intent.RELATED, Intent.HOW_OFTEN}:
            asked = "".join(f" under {topic.name}" for topic in query.of_kind(Kind.ORGAN)[:1])
            plain = query.intent == Intent.RELATED and query.yes_no
            plain = plain and not _NEGATED.search(_without_topics(query))
            statements += wording.related(item, asked, yes_no=plain, sex=_sex(query.text))
        elif query.intent == Intent.INHERITANCE and query.yes_no:
            statements += wording.inherited(item, query.text)
        else:
            organs = (
                [topic.name for topic in query.of_kind(Kind.ORGAN)] if query.intent == Intent.FEATURES else []
            )
            statements += wording.grouped(item, " and ".join(organs))
    if ranked:
        findings = sum(not topic.negated for topic in query.of_kind(Kind.FINDING, Kind.DISEASE))
        absent = [topic.name for topic in query.of_kind(Kind.FINDING, Kind.DISEASE) if topic.negated]
        if absent:
            text = f"Absent findings are not weighed here ({', '.join(absent)}); `clinweave diagnose` weighs them."
            statements.append(Statement(text, "ranking", (ranked[0].id,), score=ranked[0].score))
        statements += wording.ranking(ranked, findings)
    return statements


def _sex(text: str) -> str:
    """Return the sex of the patients that a question is about: MALE, FEMALE or ""."""
    named = {sex for sex, words in _SEX_WORDS.items() if words.search(text)}
    return named.pop() if len(named) == 1 else ""


def _without_topics(query: Query) -> str:
    text = query.text
    for topic in query.topics:
        text = text.replace(topic.text, "X")
    return text


def _codes(evidence: Sequence[Evidence]) -> list[Statement]:
    return [
        Statement(item.text, "code", (item.id,), score=item.score) for item in evidence if item.kind == "code"
    ]


def _text(query: Query, statements: Sequence[Statement], lead: str) -> str:
    lines = []
    dates = {item.date for item in statements if item.kind == "quotation" and item.date}
    for item in statements:
        marks = "".join(f"[{number}]" for number in item.evidence)
        if item.kind == "quotation":
            head = f"{item.heading}: " if item.heading else ""
            date = f" ({item.date})" if len(dates) > 1 and item.date and item.date not in head else ""
            lines.append(f"{head}“{item.text}”{date} {marks}")
        else:
            lines.append(f"{item.text} {marks}")
    if any(item.kind == "quotation" for item in statements):
        lines += [f"({note}.)" for note in class_notes(query, statements)]
    if query.corrections:
        read = ", ".join(f"“{written}” as “{name}”" for written, name in query.corrections)
        lines.append(f"(Read {read}.)")
    body = "\n".join(lines)
    return f"{lead}: {body}" if lead else body


def _notes(query: Query) -> tuple[str, ...]:
    read = tuple(f"read {written!r} as {name!r}" for written, name in query.corrections)
    return (*query.notes, *read)


def reason(query: Query) -> str:
    """Return the sentence with which an answer abstains."""
    names = list(
        dict.fromkeys(topic.text if topic.kind == Kind.DRUG else topic.name for topic in query.topics)
    )
    if query.intent == Intent.RELATED and len(names) == 1 and query.words:
        names.append(f"“{' '.join(query.words[:4])}”")
    if query.intent in {Intent.RELATED, Intent.HOW_OFTEN} and len(names) >= 2:
        return f"I do not know: no source here records {' and '.join(names)} together; that is not a no."
    if names:
        what = _NAMED.get(query.intent, "this")
        return f"I do not know: no source here states {what} for {', '.join(names)}; that is not a no."
    if query.words:
        words = ", ".join(query.words[:6])
        return f"I do not know: no known disease, finding, drug or gene was recognised in the question ({words})."
    return "I do not know: the question names nothing to look up. Name the disease, finding, drug or gene."


def _unknown(query: Query, evidence: Sequence[Evidence]) -> str:
    """Return "I do not know" with what was searched and what nearby was found."""
    parts = [reason(query), *filter(None, [_uncovered_value(query, evidence)])]
    if query.intent == Intent.DOSE:
        parts.append(NO_LABELS)
    sources = {item.passage.source for item in evidence if item.passage is not None}
    searched = sorted(sources | {row.source for item in evidence for row in item.relations})
    if searched:
        parts.append(f"{SEARCHED} {', '.join(searched)}.")
    near = [wording.nearby(item) for item in evidence if item.kind == "nearby" and item.relations][:2]
    about = [name for topic in query.topics for name in topic.names]
    titles = list(
        dict.fromkeys(
            item.passage.title
            for item in evidence
            if item.passage is not None and subject_fit(item.passage.title, about)
        )
    )[:3]
    if near:
        parts.append(f"{NEARBY} {'; '.join(near)}.")
    elif titles:
        parts.append(f"{NEARBY_PASSAGES} {'; '.join(titles)}.")
    return " ".join(parts)


COMPOSED = frozenset({"relation", "path", "passage", "ranking", "code", "nearby"})
ASKED = 1.0  # the score from which an item answers the question by itself


def with_other_kinds(composition: Composition, evidence: Sequence[Evidence]) -> Composition:
    """Return the composition with a statement for each item of another kind.

    Items that the question asks for (score of 1 and more) end an abstention; others only follow what was composed.
    """
    statements = tuple(
        Statement(item.text, item.kind, (item.id,), score=item.score)
        for item in evidence
        if item.kind not in COMPOSED
    )
    if not statements:
        return composition
    lines = [f"{item.text} [{item.evidence[0]}]" for item in statements]
    if composition.abstained and any(item.score >= ASKED for item in statements):
        return replace(composition, statements=statements, text="\n".join(lines), abstained=False)
    text = "\n".join([composition.text, *lines])
    return replace(composition, statements=(*composition.statements, *statements), text=text)


def _uncovered_value(query: Query, evidence: Sequence[Evidence]) -> str:
    """Return a sentence that names the first table whose rows are all for other values than the asked one, else ""."""
    tables: dict[tuple[str, ...], bool] = {}
    for unit in _own_rows(evidence, facets_of(query)):
        other = meets(query.text, unit.text, " ".join(unit.heads)) is False
        tables[unit.heads] = tables.get(unit.heads, True) and other
    name = next((" > ".join(dict.fromkeys(heads)) for heads, other in tables.items() if other), "")
    return f"No row of the table under “{name}” covers the value in the question." if name else ""


def _own_rows(evidence: Sequence[Evidence], facets: Sequence[Facet]) -> Iterator[Unit]:
    """Yield the table rows of the user's own documents that speak of most of what the question names."""
    for item in evidence:
        if item.passage is not None and origin_of(item.passage) == Origin.OWN:
            rows = (unit for unit in units_of(item.passage) if unit.kind == "row")
            yield from (unit for unit in rows if match(unit, facets).coverage >= MIN_OWN)
