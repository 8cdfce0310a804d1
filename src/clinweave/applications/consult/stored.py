"""Quotations of stored answers whose question fits, and of the databases' definitions."""

import re
from collections.abc import Sequence

from clinweave.applications.consult import polarity
from clinweave.applications.consult.cues import cue_of, pattern, strong_cue_of
from clinweave.applications.consult.matching import IN_LABEL, Facet, facets_of
from clinweave.applications.consult.quotation import STORED_QUESTION, Quote
from clinweave.applications.consult.units import Unit, normal, units_of
from clinweave.knowledge import (
    Intent,
    Kind,
    Origin,
    Query,
    also_answers,
    broader_phrases,
    is_broader,
    origin_of,
    stored_intent,
    subject_fit,
)
from clinweave.records import Evidence, Passage

MIN_STORED_FIT = 0.34
STORED_WORDS = 60
_NEEDS_TOPIC = frozenset(
    {
        Intent.GENES, Intent.GENE_DISEASES, Intent.FEATURES, Intent.INHERITANCE, Intent.ONSET, Intent.RELATED,
        Intent.HOW_OFTEN, Intent.PREVALENCE, Intent.OUTLOOK, Intent.DIFFERENTIAL, Intent.INDICATIONS, Intent.SUBTYPES,
    }
)  # fmt: skip
# Intents whose answer may stand under another subject, if it names all that is asked.
# Intents whose answer may stand in a definition.
_OF_DEFINITIONS = frozenset(
    {
        Intent.GENES, Intent.FEATURES, Intent.PREVALENCE, Intent.INHERITANCE, Intent.ONSET, Intent.CAUSES,
        Intent.OUTLOOK, Intent.COMPLICATIONS, Intent.SUBTYPES, Intent.TREATMENT, Intent.PREVENTION, Intent.DIFFERENTIAL,
    }
)  # fmt: skip
_ANYWHERE = frozenset({Intent.SAFETY, Intent.GENERAL, Intent.RELATED, Intent.HOW_OFTEN, Intent.DIFFERENTIAL})
_GOES_ON = re.compile(r"(?:others?|additional|also|in addition|less common)\b", re.IGNORECASE)
_ENDS = re.compile(r"[.!?;]['\")\]\d,]*$")
_WITH = re.compile(r"(?:with|in) ([^,]{3,60}),\s", re.IGNORECASE)  # "With type 2 diabetes, your body ..."
_ARTICLE = re.compile(r"^(?:an?|the) ")
_IS_A = re.compile(
    r"\b(?:is|are|was|refers? to|means|occurs? (?:when|if)|happens? (?:when|if)|describes?"
    r"|causes?|affects?|develops? (?:when|if))\b"
)
DEFINES, LONGEST_NAME = 1.5, 12  # what a definition gains, and the words before its verb
# Stored questions of this form are about "eating, diet, and nutrition" where collections sort answers by topic.
ABOUT_DIET = re.compile(r"what to do for\b", re.IGNORECASE)
DIET = " eat eating food diet nutrition drink "
_NOTHING = re.compile(
    r"\b(?:cannot|alone|not (?:enough|known)|goals? of|special concern|no (?:known )?cure)\b", re.IGNORECASE
)
CONTENT = frozenset({Intent.DIAGNOSIS, Intent.TREATMENT, Intent.PREVENTION, Intent.FEATURES})
_CURE = re.compile(r"\bcur(?:e|es|ed|able)\b", re.IGNORECASE)
SAYS_CURE = 5.0  # score of a sentence about a cure where one is asked for
_TIME_WORDS = frozenset({"hour", "day", "week", "month", "year"})
_NOT_NAMES = frozenset(
    {"word", "measure", "population", "line"}
)  # kinds of facets that name no drug, gene or disease
STEM = 5  # letters that two names must not share
MIN_WORDS = 2  # content words of a question without a topic, all of which a stored answer must hold
_TOGETHER = frozenset({Intent.RELATED, Intent.HOW_OFTEN})  # both things must be said together


def stored_quotes(query: Query, evidence: Sequence[Evidence]) -> list[Quote]:
    """Return the answers to stored questions that fit, at most two, each of another document."""
    subjects = [topic for topic in query.topics if topic.kind != Kind.ORGAN] or query.topics
    names = [name for topic in subjects for name in topic.names]
    names += [other for name in names for other in broader_phrases().get(name.lower(), ())]
    facets = facets_of(query)
    telling = [facet for facet in facets if facet.kind == "word" and not _TIME_WORDS & set(facet.forms)]
    if not query.topics and (query.intent in _NEEDS_TOPIC or len(telling) < MIN_WORDS):
        return []
    rated: list[tuple[float, Quote]] = []
    documents: dict[str, list[Evidence]] = {}
    for item in evidence:
        if item.passage is not None and origin_of(item.passage) == Origin.STORED:
            if ABOUT_DIET.match(item.passage.title) and not any(facet.within(DIET) for facet in facets):
                continue
            documents.setdefault(item.passage.document, []).append(item)
    for items in documents.values():
        items.sort(key=lambda item: item.passage.start if item.passage else 0)
        quotes = _of_document(query, items, names, facets)
        if quotes is not None:
            rated.append(quotes)
    rated.sort(key=lambda pair: -pair[0])
    best = rated[0][0] if rated else 0.0
    return [quote for score, quote in rated if score >= best - 0.6][:2]


def _of_document(
    query: Query, items: Sequence[Evidence], names: Sequence[str], facets: Sequence[Facet]
) -> tuple[float, Quote] | None:
    """Return the best run of statements of one stored answer with its score, None if nothing in it answers."""
    passage = items[0].passage
    assert passage is not None
    fit = subject_fit(passage.title, names) if names else 0.0
    asked = stored_intent(passage.title)
    if query.topics and asked != query.intent and asked not in also_answers(query.intent):
        return None
    same = asked == query.intent
    if (
        fit == 0
        and query.disease is not None
        and query.intent not in _ANYWHERE
        and not is_broader(passage.title, names)
    ):
        return None
    diseases = [facet for facet in facets if facet.kind == Kind.DISEASE]
    best: tuple[float, Quote] | None = None
    start = 0
    for item in items:
        assert item.passage is not None
        if pattern("stored", "elsewhere").search(item.passage.text):
            continue
        units = [unit for unit in units_of(item.passage) if speaks_plainly(unit)]
        for number, unit in enumerate(units):
            if query.intent == Intent.SAFETY and not polarity.speaks(unit):
                continue
            score = _start_score(
                query, unit, facets, same=same, first=item.passage.start == 0 and number == 0
            )
            start += 1
            # A stored question about something broader answers where it speaks of the thing itself.
            if score is None or (
                fit < MIN_STORED_FIT and not all(facet.within(unit.norm) for facet in diseases)
            ):
                continue
            run = _run(units, number)
            if not run:
                continue
            total = score - 0.04 * min(start, 20) + 1.5 * fit + (0.8 if same else 0.0)
            total += _content(query.intent, run) + _defining(query, unit, diseases)
            if best is None or total > best[0]:
                best = total, Quote(item, tuple(run if same else run[:2]), fit, Origin.STORED)
    return best


def speaks_plainly(unit: Unit) -> bool:
    """Say whether a statement of a stored answer says something of the subject, and does not point elsewhere."""
    if pattern("stored", "pointer").search(unit.text) or STORED_QUESTION.match(unit.text):
        return False
    return len(unit.text.split()) >= (2 if unit.kind == "item" else 4)


def _defining(query: Query, unit: Unit, subjects: Sequence[Facet]) -> float:
    return DEFINES if query.intent == Intent.DEFINITION and defines(unit, subjects) else 0.0


def defines(unit: Unit, subjects: Sequence[Facet]) -> bool:
    """Say whether a statement begins with the name of a subject and says what it is ("X is a ...")."""
    if (led := _WITH.match(unit.text)) and _names_one(led[1], subjects):
        return True
    head = _IS_A.split(unit.text, maxsplit=1)
    if len(head) < 2 or len(head[0].split()) > LONGEST_NAME:
        return False
    norm = _ARTICLE.sub("", normal(head[0]))
    return any(
        norm.startswith(form) and not norm[len(form) :].startswith(" and ")
        for facet in subjects
        for form in facet.forms[:2]
    )


def _names_one(text: str, subjects: Sequence[Facet]) -> bool:
    norm = f" {normal(text)} "
    return any(f" {form} " in norm for facet in subjects for form in facet.forms[:2])


def _start_score(
    query: Query, unit: Unit, facets: Sequence[Facet], *, same: bool, first: bool
) -> float | None:
    """Return how well a quotation may begin with a statement, None if it may not."""
    weak = cue_of(query.intent, unit.text)
    if query.intent in _TOGETHER or not query.topics:
        is_named = (
            facet.within(unit.norm) or (facet.kind == Kind.DISEASE and facet.level(unit) > 0)
            for facet in facets
        )
        opens = query.intent in _TOGETHER or strong_cue_of(query.intent, unit.text)
        return 1.0 + weak if opens and all(is_named) else None
    extra = [
        facet
        for facet in facets
        if facet.kind != Kind.DISEASE and not (facet.kind == Kind.FINDING and facet.within(unit.head_norm))
    ]
    # An answer about something else: the drug or gene asked about is nowhere near the statement.
    elsewhere = not query.of_kind(Kind.DISEASE) and any(
        not facet.level(unit) for facet in facets if facet.kind not in _NOT_NAMES
    )
    if elsewhere or any(facet.level(unit) < IN_LABEL for facet in extra if facet.required):
        return None
    strong = strong_cue_of(query.intent, unit.text)
    strong |= query.intent == Intent.DEFINITION and bool(_WITH.match(unit.text))
    met = sum(facet.within(unit.norm) for facet in extra) / len(extra) if extra else 0.0
    if not same:
        named = all(facet.within(unit.norm) or facet.within(unit.head_norm) for facet in facets)
        treats = query.intent == Intent.FEATURES and strong_cue_of(Intent.TREATMENT, unit.text)
        return 0.5 + met if strong and named and not treats else None
    if _CURE.search(query.text) and _CURE.search(unit.text):
        return SAYS_CURE
    misses = bool(extra) and not met and (query.intent == Intent.GENERAL or not query.of_kind(Kind.DISEASE))
    if misses or unit.kind == "item" or not (strong or weak or first):
        return None
    goes_on = bool(_GOES_ON.match(unit.text))
    lists = bool(pattern("stored", "lists").search(unit.text))
    strays = query.intent == Intent.FEATURES and pattern("stored", "no_features").search(unit.text)
    return (
        1.0 * strong
        + 0.5 * weak
        + 0.4 * first
        + 1.5 * met
        + 0.6 * (lists and strong)
        - 1.2 * bool(strays)
        - 1.6 * goes_on
    )


def _content(intent: Intent, run: Sequence[Unit]) -> float:
    """Return what a run gains by what it names (tests, treatments, actions, symptoms); the first count more."""
    if intent not in CONTENT:
        return 0.0
    cue = pattern("content", intent.value)
    first = [run[0], *(unit for unit in run[1:] if _leads(run[0]) and unit.kind == "item")]
    own = {match[0].lower()[:5] for unit in first for match in cue.finditer(unit.text)}
    more = {match[0].lower()[:5] for unit in run[1:] for match in cue.finditer(unit.text)} - own
    denied = bool(_NOTHING.search(run[0].text)) and not (own and intent != Intent.PREVENTION)
    empty = not own and not more
    return 0.25 * min(len(own), 4) + 0.1 * min(len(more), 4) - 0.8 * denied - 0.9 * (denied and empty)


def _run(units: Sequence[Unit], start: int) -> list[Unit]:
    """Return the statements from one on: about `STORED_WORDS` words, and a list never without its items.

    Empty where the first is a lead-in whose list is missing.
    """
    result: list[Unit] = []
    words = 0
    for unit in units[start:]:
        words += len(unit.text.split())
        open_list = bool(result) and unit.kind == "item" and words <= 2 * STORED_WORDS
        if (
            result
            and words > STORED_WORDS
            and not (open_list and (result[-1].kind == "item" or _leads(result[-1])))
        ):
            break
        if unit.kind == "item" and any(unit.text == other.text for other in result):
            continue
        result.append(unit)
    while result and _leads(result[-1]):
        result.pop()
    return result


def _leads(unit: Unit) -> bool:
    """Say whether a statement breaks off where a list should follow ("those more likely to are people who")."""
    return unit.kind != "item" and (unit.text.endswith(":") or not _ENDS.search(unit.text))


def _other_names(query: Query, passage: Passage) -> str:
    """Return other names of a defined finding, those that share no word with its own: what the public calls it."""
    own = {word[:STEM] for word in normal(passage.title).split()}
    names = [
        name
        for topic in query.topics
        if set(passage.concepts) & {topic.id, *topic.senses} and topic.kind == Kind.FINDING
        for name in topic.names
        if not any(word[:STEM] in own for word in normal(name).split()) and not name.isupper()
    ]
    return ", ".join(list(dict.fromkeys(name.lower() for name in names))[:3])


def definitions(query: Query, evidence: Sequence[Evidence]) -> list[Quote]:
    """Return the databases' definitions of the topics that hold words of an answer."""
    ids = {item for topic in query.topics for item in (topic.id, *topic.senses)}
    quotes = []
    for item in evidence:
        passage = item.passage
        if passage is None or origin_of(passage) != Origin.DEFINED or not ids & set(passage.concepts):
            continue
        units = units_of(passage)
        if query.intent in {Intent.DEFINITION, Intent.GENERAL, Intent.DIAGNOSIS}:
            chosen = units[:3]
        elif query.intent in _OF_DEFINITIONS:
            chosen = [unit for unit in units if strong_cue_of(query.intent, unit.text)][:2]
        else:
            chosen = []
        if chosen:
            others = _other_names(query, passage) if query.intent == Intent.DEFINITION else ""
            quotes.append(Quote(item, tuple(chosen), 0.5, Origin.DEFINED, other_names=others))
    return quotes[:2]
