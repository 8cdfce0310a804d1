"""Quotations that answer what is asked about a subject in words of its own ("Which enzyme ...?", "Is it contagious?").

Stored answers are filed by the usual questions (symptoms, treatment, ...). A question outside these is answered by the
sentences of a text about the same subject that speak of everything else that the question names.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from clinweave.applications.consult import polarity
from clinweave.applications.consult.cues import cue_of, has_form, pattern, strong_cue_of
from clinweave.applications.consult.matching import Facet, drug_facets, facets_of
from clinweave.applications.consult.quotation import Quote
from clinweave.applications.consult.quoting import GRAPH_ALONE
from clinweave.applications.consult.stored import ABOUT_DIET, CONTENT, DIET, speaks_plainly
from clinweave.applications.consult.units import Unit, units_of
from clinweave.knowledge import Intent, Kind, Origin, Query, narrow_fit, origin_of, rarity, stored_intent
from clinweave.records import Evidence

MIN_FIT = 0.6  # of the title of a text to the subject
MIN_COVERAGE = 0.6  # of the other things that the question names, by weight
MIN_WITH_NAME = 0.35  # the same, where a name among them is met
MIN_WITH_ALL = 0.25  # the same, where two or more are met that must be
LONGEST, MAX_WORDS = 3, 85  # of a quotation: sentences and words
ALL = 0.79  # of the facets: every one, some in a heading
SPECIAL = 1.8  # weight of a special word or a name
EARLIER = 0.02  # what a statement loses by each one before it
CLOSE = 0.35  # a second quotation is at most this much below the first
_NAMES = frozenset({Kind.DISEASE.value, Kind.FINDING.value, Kind.DRUG.value, Kind.GENE.value, "condition"})
_COUNTED = re.compile(r"\bhow (?:long|often|many|frequently)\b", re.IGNORECASE)
_WHY = re.compile(r"^\W*why\b|\bwhy (?:is|are|do|does|did|should|must)\b", re.IGNORECASE)
_SEXES = {
    "female": frozenset({"female", "females", "woman", "women", "girl", "girls"}),
    "male": frozenset({"male", "males", "man", "men", "boy", "boys"}),
}
_EITHER_SEX = r"(?:females?|wom[ae]n|girls?|males?|m[ae]n|boys?)"
_SEX = re.compile(
    rf"^\W*(?:do|does|can|could|are|is|will)\s+(?:an?\s+|the\s+)?{_EITHER_SEX}(?: (?:and|or) {_EITHER_SEX})?\b",
    re.IGNORECASE,
)
_ANAPHORA = re.compile(
    r"(?:this|that|these|those|it|they|such|however|therefore|thus|also|in (?:this|these|such)|for this|as a result"
    r"|while|but)\b",
    re.IGNORECASE,
)
# What a statement of something to avoid says.
_HARMS = re.compile(
    r"\b(?:avoid\w*|limit\w*|restrict\w*|not|never|stop\w*|too (?:much|many)|cut(?:ting)? (?:down|back|out)"
    r"|reduc\w*|less|caus\w+|aggravat\w*|wors\w+|trigger\w*|harm\w*|dangerous|contra-?indicated|increase\w*|risk)\b",
    re.IGNORECASE,
)
_RESEARCH = re.compile(r"what research\b", re.IGNORECASE)
# Intents that the words of one sentence settle, whatever the text it stands in was asked for.
_SETTLED = frozenset(
    {
        Intent.OUTLOOK, Intent.COMPLICATIONS, Intent.PREVALENCE, Intent.DIAGNOSIS, Intent.TREATMENT, Intent.PREVENTION,
        Intent.ONSET, Intent.INHERITANCE,
    }
)  # fmt: skip
_NEVER = frozenset({Intent.DOSE, *GRAPH_ALONE}) - _SETTLED


@dataclass(frozen=True, slots=True)
class _Subject:
    """A text about a subject of the question, and what else the question names."""

    evidence: Evidence
    fit: float
    others: tuple[Facet, ...]


def aspect_quotes(query: Query, evidence: Sequence[Evidence]) -> list[Quote]:
    """Return at most two quotations that speak of all that the question asks of its subject, the best first."""
    if query.intent in _NEVER or not query.topics:
        return []
    facets = _facets_of(query)
    rated: list[tuple[float, Quote]] = []
    for item in evidence:
        subject = _subject_of(item, facets)
        if subject is not None and (best := _best_window(query, subject)) is not None:
            rated.append(best)
    rated.sort(key=lambda pair: -pair[0])
    result: list[tuple[float, Quote]] = []
    for score, quote in rated:
        new = all(quote.units[0].text not in {unit.text for unit in other.units} for _, other in result)
        if new and score >= rated[0][0] - CLOSE:
            result.append((score, quote))
    return [quote for _, quote in result[:2]]


def open_facets(query: Query) -> tuple[Facet, ...]:
    """Return what a question names apart from the subject: everything but its first topic."""
    facets = _facets_of(query)
    first = next((index for index, facet in enumerate(facets) if facet.kind in _NAMES), None)
    return tuple(facet for index, facet in enumerate(facets) if index != first)


def speaks_of_all(quote: Quote, query: Query) -> bool:
    """Say whether a quotation, with the subject of its text, speaks of everything that a question names."""
    subject = _subject_of(quote.evidence, _facets_of(query))
    return subject is not None and covers(quote, subject.others) >= ALL


def _facets_of(query: Query) -> tuple[Facet, ...]:
    """Return what a question names: a special word counts more, and a yes/no question may ask about one sex."""
    facets = tuple(
        replace(facet, weight=facet.weight + rarity(facet.forms[0])) if facet.kind == "word" else facet
        for facet in facets_of(query)
    )
    asked = _SEX.search(query.text) if query.yes_no else None
    facets = tuple(
        facet for facet in facets if facet.kind != "word" or not polarity.asks_forbidden(facet.forms[0])
    )
    if asked is None:
        return facets
    own = tuple(form for forms in _SEXES.values() if forms & set(asked[0].lower().split()) for form in forms)
    return (*facets, Facet(own, 1.0, False, "sex"))


def first_covers(quote: Quote, facets: Sequence[Facet]) -> bool:
    """Say whether the first statement of a quotation speaks of one of the facets, or there are none."""
    return not facets or any(facet.level(quote.units[0]) > 0 for facet in facets)


def covers(quote: Quote, facets: Sequence[Facet]) -> float:
    """Return the share, by weight, of the facets of which a quotation speaks; 1 if there are none."""
    norm = "".join(unit.norm for unit in quote.units)
    return _coverage(norm, quote.units[0], facets)


def _subject_of(item: Evidence, facets: Sequence[Facet]) -> _Subject | None:
    passage = item.passage
    if passage is None or origin_of(passage) == Origin.OWN:
        return None
    if pattern("stored", "elsewhere").search(passage.text) or _RESEARCH.match(passage.title):
        return None
    fits = [_fit(passage.title, facet.forms) if facet.kind in _NAMES else 0.0 for facet in facets]
    best = max(fits, default=0.0)
    if best < MIN_FIT:
        return None
    return _Subject(
        item, best, tuple(facet for facet, fit in zip(facets, fits, strict=True) if fit < MIN_FIT)
    )


def _fit(title: str, names: Sequence[str]) -> float:
    """Return how well a title's subject is one of the names; a narrower one ("juvenile ...", "...-like") is not.

    Of a title with two subjects ("X and Y") each fits.
    """
    return max(narrow_fit(part, names) for part in (title, *re.split(r"\band\b|/", title)[1:]))


def _coverage(norm: str, first: Unit, facets: Sequence[Facet]) -> float:
    total = sum(facet.weight for facet in facets)
    if not total:
        return 1.0
    met = sum(
        facet.weight * (1.0 if facet.within(norm) else 0.8 if facet.within(_inner_heads(first)) else 0.0)
        for facet in facets
    )
    return met / total


def _inner_heads(unit: Unit) -> str:
    """Return the normal form of the heads below the title; a text on what to do is about eating and drinking."""
    title = unit.heads[0] if unit.heads else ""
    if ABOUT_DIET.match(title):
        return f"{unit.label_norm}{DIET}"
    return unit.head_norm if not title.rstrip().endswith("?") else unit.label_norm


def _windows(units: Sequence[Unit]) -> Iterator[tuple[int, tuple[Unit, ...]]]:
    """Yield the place and the statements of each quotation to weigh; a list is quoted from its lead-in, whole."""
    for index, unit in enumerate(units):
        if unit.text.endswith(":"):
            yield index, _list_of(units, index)
            continue
        if unit.kind == "item" and index and units[index - 1].text.endswith(":"):
            continue
        for size in range(1, LONGEST + 1):
            window = tuple(units[index : index + size])
            words = sum(len(unit.text.split()) for unit in window)
            if len(window) < size or (size > 1 and words > MAX_WORDS):
                break
            yield index, window


def _list_of(units: Sequence[Unit], place: int) -> tuple[Unit, ...]:
    """Return a lead-in with the items below it, as many as are short enough."""
    kept = [units[place]]
    for unit in units[place + 1 :]:
        words = sum(len(item.text.split()) for item in (*kept, unit))
        if unit.kind != "item" or words > MAX_WORDS:
            break
        kept.append(unit)
    return tuple(kept)


def _best_window(query: Query, subject: _Subject) -> tuple[float, Quote] | None:
    passage = subject.evidence.passage
    assert passage is not None
    units = [unit for unit in units_of(passage) if speaks_plainly(unit)]
    best: tuple[float, Quote] | None = None
    for place, window in _windows(units):
        score = _score(query, subject, window)
        if score is None:
            continue
        score -= EARLIER * min(place, 10)
        if best is None or score > best[0]:
            origin = origin_of(passage)
            best = score, Quote(subject.evidence, window, subject.fit, origin, direct=True)
    return best


def _score(query: Query, subject: _Subject, window: Sequence[Unit]) -> float | None:
    """Return how well statements answer, None if they do not."""
    text, norm = " ".join(unit.text for unit in window), "".join(unit.norm for unit in window)
    first, others = window[0], subject.others
    coverage = _coverage(norm, first, others)
    form = has_form(query.text, text)
    if (
        not _opens(first, text, others)
        or not _covered(norm, coverage, others)
        or not ((form and _COUNTED.search(query.text)) or _of_intent(query, subject, text))
        or not _permits(query, window, text, others)
        or (form is False and not _WHY.search(query.text))
    ):
        return None
    same = passage_asks(subject.evidence, query.intent)
    strong = query.intent in _SETTLED and strong_cue_of(query.intent, text)
    bonus = 0.5 * same - 0.3 * bool(_ANAPHORA.match(first.text)) + 0.4 * strong
    bonus += 0.4 * bool(form) - 0.1 * (form is False) - 0.4 * _refers_back(text, others)
    extra = 0 if first.text.endswith(":") else len(window) - 1
    return 2 * coverage + 0.8 * subject.fit + bonus - 0.12 * extra


def _refers_back(text: str, others: Sequence[Facet]) -> bool:
    """Say whether a statement only refers to what is asked ("these substances") and does not name it."""
    words = [word for facet in others if facet.kind == "word" for word in facet.forms[:1]]
    return any(
        re.search(rf"\b(?:this|these|those|such) (?:\w+ )?{re.escape(word)}", text, re.I) for word in words
    )


def _opens(first: Unit, text: str, others: Sequence[Facet]) -> bool:
    """Say whether a quotation may begin with a statement: no question, no lead-in alone, and to the point."""
    if first.text.endswith("?") or text.rstrip().endswith(":"):
        return False
    return not others or any(
        facet.within(first.norm) or facet.within(_inner_heads(first)) for facet in others
    )


def _covered(norm: str, coverage: float, others: Sequence[Facet]) -> bool:
    """Say whether enough of what the question names apart from the subject is spoken of."""
    if any(facet.required and not facet.within(norm) for facet in others):
        return False
    named = any((facet.required or facet.weight >= SPECIAL) and facet.within(norm) for facet in others)
    several = sum(facet.required for facet in others) > 1
    return coverage >= (MIN_WITH_ALL if several else MIN_WITH_NAME if named else MIN_COVERAGE)


def _of_intent(query: Query, subject: _Subject, text: str) -> bool:
    """Say whether statements have the words of an answer of the kind that is asked for."""
    intent = query.intent
    strong, content = strong_cue_of(intent, text), _has_content(intent, text)
    if not subject.others:
        return intent in _SETTLED and strong and content
    if intent in _SETTLED and not cue_of(intent, text):
        return False
    if intent not in CONTENT or passage_asks(subject.evidence, intent):
        return True
    return content and (strong or intent != Intent.FEATURES)


def _permits(query: Query, window: Sequence[Unit], text: str, others: Sequence[Facet]) -> bool:
    """Say whether statements speak of use or harm, where one asks of a drug's use or what to avoid."""
    if pattern("polarity", "asks_forbidden").search(query.text) and not _HARMS.search(text):
        return False
    asks_use = query.intent == Intent.SAFETY and bool(drug_facets(others))
    return not asks_use or any(polarity.speaks(unit) for unit in window)


def passage_asks(item: Evidence, intent: Intent) -> bool:
    """Say whether a passage answers a stored question of an intent."""
    return item.passage is not None and stored_intent(item.passage.title) == intent


def _has_content(intent: Intent, text: str) -> bool:
    return intent not in CONTENT or bool(pattern("content", intent.value).search(text))
