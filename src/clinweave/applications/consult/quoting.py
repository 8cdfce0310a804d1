"""Quotations of the user's own documents that answer a query, with their heads and conditions."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from clinweave.applications.consult import polarity
from clinweave.applications.consult.cues import cue_of, pattern
from clinweave.applications.consult.doses import is_dose_of, states_amount, with_conditions
from clinweave.applications.consult.limits import meets
from clinweave.applications.consult.matching import (
    IN_LABEL,
    IN_NEAR_HEAD,
    Facet,
    Match,
    drug_facets,
    facets_of,
    match,
)
from clinweave.applications.consult.units import Unit, units_of
from clinweave.knowledge import Intent, Kind, Origin, Query, origin_of
from clinweave.records import Evidence, Statement

# Calibrated on the given questions (benchmarks/clinical_questions.py): the least coverage of the question's facets.
LEAST_OWN = 0.56
CLOSE = 0.12  # statements this much below the best one are shown as well
MOST_QUOTES = 4
_MEASURE = r"(?:treat(?:ment)?|therapy|management|diagnosis|prevention)"
STORED_QUESTION = re.compile(r"^(?:what|how|who|is|are|when|why|does)\b.*\?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quote:
    """Statements of one passage that answer together."""

    evidence: Evidence
    units: tuple[Unit, ...]
    coverage: float
    origin: Origin
    stance: str = ""
    direct: bool = False  # every facet of the question is met

    def statement(self) -> Statement:
        """Return the quotation as it is shown."""
        first = self.units[0]
        heads = (
            [head for head in first.heads if not STORED_QUESTION.match(head.strip())]
            if self.origin == Origin.STORED
            else list(first.heads)
        )
        if self.origin == Origin.STORED and self.evidence.passage is not None:
            heads = [self.evidence.passage.title.replace(" ?", "?")]
        parts = []
        for place, unit in enumerate(self.units):
            ahead = self.units[place - 1] if place else None
            label = (
                f"{unit.label}: "
                if unit.label and place == 0 and not unit.text.startswith(unit.label)
                else ""
            )
            joined = (
                "; "
                if unit.kind in {"item", "row"} and ahead is not None and ahead.kind == unit.kind
                else " "
            )
            parts.append((joined if place else "") + label + unit.text)
        score = self.coverage + (1.0 if self.origin == Origin.OWN else 0.0)
        return Statement(
            "".join(parts),
            "quotation",
            (self.evidence.id,),
            " > ".join(dict.fromkeys(heads)),
            _date(heads),
            score,
        )


def _date(heads: Sequence[str]) -> str:
    found = re.search(r"\b(?:19|20)\d\d(?:-\d\d)?(?:-\d\d)?\b", " ".join(heads))
    return found[0] if found else ""


def own_quotes(query: Query, evidence: Sequence[Evidence]) -> list[Quote]:
    """Return the statements of the user's own documents that answer, best first."""
    facets = facets_of(query)
    if not facets:
        return []
    quotes: list[Quote] = []
    for item in evidence:
        if item.passage is None or origin_of(item.passage) != Origin.OWN:
            continue
        units = units_of(item.passage)
        for place, unit in enumerate(units):
            found = match(unit, facets)
            if _answers(query, found, facets, item):
                kept = _extended(query, units, place, facets, item)
                stance = _stance(kept, facets, item) if query.intent == Intent.SAFETY else ""
                met = 0.05 * bool(meets(query.text, unit.text, " ".join(unit.heads)))
                quotes.append(
                    Quote(item, tuple(kept), found.coverage + met, Origin.OWN, stance, found.all_met)
                )
    quotes.sort(key=lambda quote: -quote.coverage)
    best = quotes[0].coverage if quotes else 0.0
    return _distinct([quote for quote in quotes if quote.coverage >= best - CLOSE])[:MOST_QUOTES]


def _answers(query: Query, found: Match, facets: Sequence[Facet], item: Evidence) -> bool:
    """Say whether a statement of a document answers the query."""
    limit = meets(query.text, found.unit.text, " ".join(found.unit.heads))
    if not found.complete or found.coverage < LEAST_OWN or limit is False:
        return False
    drugs = drug_facets(facets)
    if query.intent == Intent.DOSE:
        asked = _substance(facets)
        return is_dose_of(found.unit, asked, [name for _, name in item.names]) and _own_words(found, asked)
    if query.intent == Intent.SAFETY and (drugs or query.yes_no):
        open_question = not query.yes_no and _answers_words(query, found, facets, met=limit is True)
        return _answers_safety(found, facets, drugs) or open_question
    if all(facet.kind in {Kind.DISEASE, Kind.FINDING} for facet in facets):
        return _about_disease(query, found, facets, met=limit is True)
    return _answers_words(query, found, facets, met=limit is True)


def _answers_safety(found: Match, facets: Sequence[Facet], drugs: Sequence[Facet]) -> bool:
    """Say whether a statement permits or forbids the drug, under one of the conditions asked for if there are any."""
    conditions = [facet for facet in facets if facet not in drugs]
    if drugs and conditions and not any(facet.level(found.unit) > 0 for facet in conditions):
        return False
    together = len(drugs) > 1 and all(facet.within(found.unit.norm) for facet in drugs)
    return (together or polarity.speaks(found.unit)) and _own_words(found, drugs)


def _answers_words(query: Query, found: Match, facets: Sequence[Facet], *, met: bool) -> bool:
    """Say whether a statement speaks of what is asked beside the disease, in words of such an answer."""
    unit = found.unit
    others_asked = [facet for facet in facets if facet.kind not in {Kind.DISEASE, Kind.FINDING}]
    if len(facets) == 1 and facets[0].kind == "word" and not met:  # "What about the kidneys?"
        return False
    in_text = [facet for facet in others_asked if facet.level(unit) >= IN_LABEL]
    near = any(facet.level(unit) >= IN_NEAR_HEAD for facet in others_asked)
    gives = query.intent == Intent.TREATMENT and states_amount(unit.text)
    return (
        near and found.in_text > 0 and (len(in_text) > 1 or gives or met or cue_of(query.intent, unit.text))
    )


def _substance(facets: Sequence[Facet]) -> tuple[Facet, ...]:
    """Return what a dose is asked of: the drugs of the question, else its first other word ("fluid")."""
    words = [facet for facet in facets if facet.kind == "word"]
    return drug_facets(facets) or tuple(words[:1])


def _stance(units: Sequence[Unit], facets: Sequence[Facet], item: Evidence) -> str:
    """Return what the statements of a quotation permit or forbid together, "" if they do not agree."""
    drugs = drug_facets(facets)
    conditions = [facet for facet in facets if facet not in drugs]
    others = [name for _, name in item.names]
    stances = [polarity.stance(units[0], drugs, others, conditions)]
    stances += [
        polarity.stance(unit, drugs, others, conditions) for unit in units[1:] if polarity.speaks(unit)
    ]
    return stances[0] if len(set(stances)) == 1 else ""


def _own_words(found: Match, drugs: Sequence[Facet]) -> bool:
    """Say whether the drug stands in the statement, its label or the nearest head."""
    return all(facet.level(found.unit) >= 0.8 for facet in drugs)


def _about_disease(query: Query, found: Match, facets: Sequence[Facet], *, met: bool = False) -> bool:
    """Say whether a statement answers a question that names a disease alone: it stands under its heading."""
    if query.intent not in {
        Intent.TREATMENT,
        Intent.DIAGNOSIS,
        Intent.PREVENTION,
        Intent.GENERAL,
        Intent.DEFINITION,
        Intent.SAFETY,
    }:
        return False
    unit = found.unit
    governed = all(facet.within(unit.head_norm) or facet.within(unit.label_norm) for facet in facets)
    forms = [form for facet in facets for form in facet.forms[:1]]
    said = all(
        re.search(rf"\b{_MEASURE} (?:of|for) (?:\w+ ){{0,2}}{re.escape(form)}\b", unit.norm) for form in forms
    )
    if query.intent == Intent.TREATMENT:
        return (governed and (met or bool(pattern("stored", "directs").search(unit.text)))) or said
    return (governed or said) and cue_of(query.intent, unit.text)


def _extended(
    query: Query, units: Sequence[Unit], place: int, facets: Sequence[Facet], item: Evidence
) -> list[Unit]:
    others = [name for _, name in item.names]
    drugs = drug_facets(facets)
    if query.intent == Intent.DOSE:
        place = _first_dose(units, place, _substance(facets), others)
    unit = units[place]
    if query.intent == Intent.DOSE or states_amount(unit.text) or unit.text.endswith(":"):
        return with_conditions(units, place, drugs or facets, others)
    if query.intent == Intent.SAFETY:
        kept = with_conditions(units, place, drugs or facets, others)
        return kept[:3]
    return [unit]


def _first_dose(units: Sequence[Unit], place: int, drugs: Sequence[Facet], others: Sequence[str]) -> int:
    """Return where the dose of the line begins that a statement adjusts ("Reduce to ... if ...")."""
    here = units[place]
    while place > 0:
        last = units[place - 1]
        if last.block != here.block or last.label != here.label or not is_dose_of(last, drugs, others):
            break
        place -= 1
    return place


def _distinct(quotes: Sequence[Quote]) -> list[Quote]:
    """Return the quotes without those that another one holds already; neighbours of one passage stay in its order."""
    kept: list[Quote] = []
    for quote in quotes:
        texts = {unit.text for unit in quote.units}
        if not any(texts <= {unit.text for unit in other.units} for other in kept):
            kept = [other for other in kept if not {unit.text for unit in other.units} < texts]
            kept.append(quote)
    return kept
