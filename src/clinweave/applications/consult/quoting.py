"""Quotations of the user's own documents that answer a query, with their heads and conditions."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import takewhile

from clinweave.applications.consult import polarity
from clinweave.applications.consult.cues import cue_of, defines, has_form, pattern, same_act
from clinweave.applications.consult.doses import (
    covers_value,
    first_dose,
    is_dose_of,
    states_amount,
    substance,
    with_conditions,
)
from clinweave.applications.consult.limits import meets, overlaps, suits_age
from clinweave.applications.consult.matching import (
    IN_LABEL,
    IN_NEAR_HEAD,
    Facet,
    Match,
    beside_the_point,
    drug_facets,
    facets_in,
    facets_of,
    headed_by_value,
    match,
    of_other_patients,
)
from clinweave.applications.consult.prohibited import asks_what_to_give, governs, is_banned, stance_under_ban
from clinweave.applications.consult.quotation import Quote, completed
from clinweave.applications.consult.restrictions import restrictions, titled
from clinweave.applications.consult.rows import condition_of, first_cell, row_suits, same_count
from clinweave.applications.consult.units import Unit, merged, normal, units_of
from clinweave.knowledge import Intent, Kind, Origin, Query, origin_of
from clinweave.records import Evidence

# Calibrated on the given questions (benchmarks/clinical_questions.py): the least coverage of the question's facets.
MIN_OWN = 0.56
MIN_SPOKEN_OF = 0.45  # the same, where no statement has the words of such an answer
MIN_WORD = 4  # letters of a word of the question that decides between statements
SHARED = 0.025  # what such a word adds
CLOSE = 0.12  # statements this much below the best one are shown as well
MAX_QUOTES = 4
OF_VALUE = 0.2  # what the row of a table of doses for the value of the question adds
MISSED = 0.2  # what a limit costs that the value of the question misses
OF_VALUES = frozenset(
    {Intent.GENERAL, Intent.TREATMENT, Intent.INDICATIONS}
)  # "potassium of 6.2: what to do?"
VERDICTS = frozenset({Intent.SAFETY, Intent.GENERAL, Intent.TREATMENT})
GRAPH_ALONE = frozenset(
    {
        Intent.GENES, Intent.GENE_DISEASES, Intent.INHERITANCE, Intent.ONSET, Intent.CODE, Intent.CODE_NAME,
        Intent.CLASS_DRUGS, Intent.DRUG_CLASS, Intent.SUBTYPES, Intent.PREVALENCE,
    }
)  # fmt: skip
_MEASURE = r"(?:treat(?:ment)?|therapy|management|diagnosis|prevention)"


def own_quotes(query: Query, evidence: Sequence[Evidence]) -> list[Quote]:
    """Return the statements of the user's own documents that answer, best first.

    Where no statement has the words of such an answer, those are returned that speak of what the question names.
    """
    facets = facets_of(query, by_class=True)
    items = [item for item in evidence if item.passage is not None and origin_of(item.passage) == Origin.OWN]
    if not facets or not items:
        return []
    units = [units_of(item.passage) for item in items if item.passage is not None]
    text = " ".join(unit.norm + unit.head_norm for group in units for unit in group)
    for rule in (_answers, _speaks_of):
        quotes = [
            quote
            for item, group in zip(items, units, strict=True)
            for quote in _of_item(query, item, group, facets_in(facets, _members(query, item), text), rule)
        ]
        if query.intent == Intent.DEFINITION:  # what to do in a disease is no answer to what it is
            quotes = [quote for quote in quotes if defines(quote.units[0], facets)]
        if quotes:
            best = _best(query, quotes)
            return best if best[0].coverage >= _row_of_others(query, units, facets) else []
    return []


def _row_of_others(query: Query, passages: Sequence[Sequence[Unit]], facets: Sequence[Facet]) -> float:
    """Return how well the best row fits that is for another value, of tables where no row is for the asked one.

    What fits less answers something else: the documents speak of the matter, not of this value.
    """
    fits = [0.0]
    for units in passages:
        rows = [unit for unit in units if unit.kind == "row"]
        suits = [row_suits(query.text, row, units) for row in rows]
        if True not in suits:
            fits += [
                match(unit, facets).coverage for unit, suit in zip(rows, suits, strict=True) if suit is False
            ]
    return max(fits)


def _best(query: Query, quotes: Sequence[Quote]) -> list[Quote]:
    """Return the best quotations; where a drug is asked for, those of what is forbidden come after all others."""
    ranked = sorted(quotes, key=lambda quote: -quote.coverage)
    close = [
        item
        for item in ranked
        if item.coverage >= ranked[0].coverage - CLOSE or headed_by_value(query, item.units[0])
    ]
    if asks_what_to_give(query):
        given = [quote for quote in ranked if not is_banned(quote.units[0])]
        given = [quote for quote in given if quote.coverage >= given[0].coverage - CLOSE]
        banned = [quote for quote in close if is_banned(quote.units[0])]
        close = [*given[: MAX_QUOTES - bool(banned)], *banned]
    chosen = _distinct(close)[:MAX_QUOTES]
    quoted = {unit.text for quote in chosen for unit in quote.units}
    apart = {
        unit.text: replace(quote, units=(unit,), stance="", direct=False, restricted=())
        for quote in chosen
        for unit in quote.restricted
        if unit.text not in quoted
    }
    return [*apart.values(), *chosen] if query.yes_no else [*chosen, *apart.values()]


def _members(query: Query, item: Evidence) -> list[str]:
    """Return the drugs of a passage that may stand for a class that the question names; in a dose none may."""
    return [] if query.intent == Intent.DOSE or query.yes_no else [name for _, name in item.names]


def _of_item(
    query: Query,
    item: Evidence,
    units: Sequence[Unit],
    facets: Sequence[Facet],
    rule: Callable[[Query, Match, Match, Sequence[Facet], Evidence], bool],
) -> list[Quote]:
    """Return the quotations of one passage that a rule takes for an answer."""
    quotes: list[Quote] = []
    for index, unit in enumerate(units):
        fit = match(unit, facets)
        if fit.coverage == 0 or _of_permission_alone(fit, facets) or of_other_patients(query, unit, units):
            continue
        selected = _extended(query, units, index, facets, item)
        if unit.referent and selected[0] is unit:
            selected = [units[index - 1], *selected]  # "It is ...": the reader sees what "it" is
        selected = [
            selected[0],
            *takewhile(lambda more: suits_age(query.text, more.text) is not False, selected[1:]),
        ]
        whole = match(merged(selected), facets) if len(selected) > 1 else fit
        if not rule(query, fit, whole, facets, item):
            continue
        judged = rule is _answers and query.intent in VERDICTS  # weaker wording gives no verdict
        stance = _stance(query, selected, facets, item) if judged else ""
        score = whole.coverage + _bonus(query, selected)
        own_label = not unit.label or any(facet.within(unit.label_norm) for facet in facets)
        own_label = own_label or not any(f" {normal(name)} " in unit.norm for _, name in item.names)
        apart = restrictions(query.text, item, units, selected, drug_facets(facets))
        quote = Quote(
            item,
            completed(query, units, selected),
            score,
            Origin.OWN,
            stance,
            fit.all_met,
            labelled=own_label,
            restricted=apart,
        )
        last = quotes[-1] if quotes and not query.yes_no and query.intent != Intent.DOSE else None
        if last is not None and _continues(last.units[-1], unit, units[index - 1]):
            quotes[-1] = replace(last, units=(*last.units, *selected), coverage=max(last.coverage, score))
        else:
            quotes.append(quote)
    return quotes


def _continues(last: Unit, unit: Unit, before: Unit) -> bool:
    """Say whether a statement is the next item of the list that a quotation ends with."""
    return last is before and last.kind == unit.kind == "item" and last.heads == unit.heads


def _bonus(query: Query, units: Sequence[Unit]) -> float:
    """Return what a quotation gains or loses by a limit that is met and by the form of answer that is asked for."""
    text = " ".join(unit.text for unit in units)
    heads = " ".join(units[0].heads)
    row = units[0].kind == "row" and overlaps(query.text, text, heads)  # rows of one range stay together
    bonus = 0.05 * bool(row or meets(query.text, text, heads))
    bonus -= MISSED * (meets(query.text, _condition(query, units[0]), heads) is False)
    bonus += OF_VALUE * ((row and query.intent == Intent.DOSE) or headed_by_value(query, units[0]) is True)
    form = has_form(query.text, text)
    bonus += 0.0 if form is None else 0.08 if form or row else -0.08
    if query.intent == Intent.SAFETY and not query.yes_no and polarity.asks_forbidden(query.text):
        bonus += 0.12 if any(polarity.forbids(unit) for unit in units) else -0.12
    near = f"{units[0].norm}{units[0].label_norm}{units[0].head_norm}"
    act = same_act(query.text, f"{text} {units[0].label} {' '.join(units[0].heads[-1:])}")
    bonus += 0.0 if act is None else 0.12 if act else -0.12
    words = {word for word in normal(query.text).split() if len(word) >= MIN_WORD}
    return bonus + SHARED * min(sum(f" {word} " in near for word in words), 4)


def _of_permission_alone(fit: Match, facets: Sequence[Facet]) -> bool:
    """Say whether all that a statement shares with the question is that something is forbidden, not what."""
    met = [facet for facet in facets if facet.level(fit.unit)]
    return all(facet.kind == "word" and polarity.asks_forbidden(facet.forms[0]) for facet in met)


def _condition(query: Query, unit: Unit) -> str:
    return condition_of(unit, query.text) if unit.kind == "row" else unit.text


def _answers(query: Query, fit: Match, whole: Match, facets: Sequence[Facet], item: Evidence) -> bool:
    """Say whether a statement of a document answers the query."""
    limit = meets(query.text, _condition(query, fit.unit), " ".join(fit.unit.heads))
    covered = whole.complete and whole.coverage >= MIN_OWN and not beside_the_point(query, whole, facets)
    missed = limit is False and not _states_threshold(query, fit.unit)
    if not covered or missed or _of_another_disease(fit, facets):
        return False
    drugs = drug_facets(facets)
    if query.intent == Intent.DOSE:
        asked = substance(query.text, facets)
        others = [name for _, name in item.names]
        given = is_dose_of(fit.unit, asked, others) or covers_value(query.text, fit.unit, asked, others)
        return given and _own_words(fit, asked)
    if not fit.complete:
        return False
    if query.intent == Intent.SAFETY and (drugs or query.yes_no):
        open_question = not query.yes_no and _answers_words(query, fit, facets, met=limit is True)
        return _answers_safety(fit, facets, drugs) or open_question
    if all(facet.kind in {Kind.DISEASE, Kind.FINDING} for facet in facets):
        return _about_disease(query, fit, facets, met=limit is True)
    to_value = query.intent in OF_VALUES and headed_by_value(query, fit.unit)
    met = limit is True or same_count(query.text, fit.unit.text)
    return bool(to_value) or _answers_words(query, fit, facets, met=met)


def _states_threshold(query: Query, unit: Unit) -> bool:
    """Say whether a limit that the question's value misses answers all the same: "Should it be stopped at 40?"."""
    whom = suits_age(query.text, unit.text) is not False and unit.kind == "sentence"
    return query.yes_no and whom and same_act(query.text, unit.text) is True


def _of_another_disease(fit: Match, facets: Sequence[Facet]) -> bool:
    """Say whether "second line" is asked for a disease that neither the statement nor its heads name."""
    ranked = any(facet.kind == "line" for facet in facets)
    return ranked and not all(facet.level(fit.unit) > 0 for facet in facets if facet.kind == Kind.DISEASE)


def _speaks_of(query: Query, fit: Match, whole: Match, facets: Sequence[Facet], item: Evidence) -> bool:
    """Say whether a statement speaks of the things that a specific question names, whatever its words.

    A dose still belongs to the drug asked about, and a disease that the question names must be that of the statement.
    """
    unit = fit.unit
    drugs = drug_facets(facets)
    if (
        beside_the_point(query, whole, facets)
        or query.intent in GRAPH_ALONE
        or not whole.complete
        or whole.coverage < MIN_SPOKEN_OF
        or meets(query.text, _condition(query, unit), " ".join(unit.heads)) is False
        or not all(facet.level(unit) > 0 for facet in facets if facet.kind == Kind.DISEASE)
        or (drugs and not _own_words(fit, drugs))
    ):
        return False
    if query.intent == Intent.DOSE:
        others = [name for _, name in item.names]
        return bool(drugs) and (
            is_dose_of(unit, drugs, others) or covers_value(query.text, unit, drugs, others)
        )
    if not fit.complete or has_form(query.text, unit.text) is False:
        return False
    near = [facet for facet in facets if facet.level(unit) >= IN_NEAR_HEAD]
    stated = [facet for facet in facets if facet.level(unit) >= IN_LABEL]
    conditions = [facet for facet in facets if facet not in drugs]
    if query.intent == Intent.SAFETY and drugs and conditions:
        return any(facet.level(unit) > 0 for facet in conditions) and polarity.speaks(unit)
    return len(near) > 1 and bool(stated)


def _answers_safety(fit: Match, facets: Sequence[Facet], drugs: Sequence[Facet]) -> bool:
    """Say whether a statement permits or forbids the drug, under one of the conditions asked for if there are any."""
    conditions = [facet for facet in facets if facet not in drugs]
    together = len(drugs) > 1 and all(facet.within(fit.unit.norm) for facet in drugs)
    if drugs and conditions and not (together or any(facet.level(fit.unit) > 0 for facet in conditions)):
        return False
    own = _own_words(fit, drugs) or titled(fit.unit, drugs)
    return (together or polarity.speaks(fit.unit)) and own


def _answers_words(query: Query, fit: Match, facets: Sequence[Facet], *, met: bool) -> bool:
    """Say whether a statement speaks of what is asked beside the disease, in words of such an answer."""
    unit = fit.unit
    others_asked = [facet for facet in facets if facet.kind not in {Kind.DISEASE, Kind.FINDING}]
    if len(facets) == 1 and facets[0].kind == "word" and not met:  # "What about the kidneys?"
        return False
    in_text = [facet for facet in others_asked if facet.level(unit) >= IN_LABEL]
    near = any(facet.level(unit) >= IN_NEAR_HEAD for facet in others_asked)
    gives = query.intent == Intent.TREATMENT and states_amount(unit.text)
    return (
        near
        and (fit.in_text > 0 or met)
        and (len(in_text) > 1 or gives or met or cue_of(query.intent, unit.text))
    )


def _stance(query: Query, units: Sequence[Unit], facets: Sequence[Facet], item: Evidence) -> str:
    """Return what the statements of a quotation permit or forbid together, "" if they do not agree."""
    drugs = drug_facets(facets)
    if any(facet.several for facet in drugs):  # "A or B", "A-B": what is said of one is no verdict on both
        return ""
    conditions = [facet for facet in facets if facet not in drugs]
    others = [name for _, name in item.names]
    if not drugs and query.intent != Intent.SAFETY:  # "Are antibiotics routine?" and a list under "Do not:"
        return stance_under_ban(units[0], query.text) if governs(units[0]) else ""
    stances = [
        polarity.stance(unit, drugs, others, conditions, question=query.text)
        for unit in units
        if unit is units[0] or polarity.speaks(unit)
    ]
    return stances[0] if len(set(stances)) == 1 else ""


def _own_words(fit: Match, drugs: Sequence[Facet]) -> bool:
    """Say whether the drug stands in the statement, its label or the nearest head."""
    return all(facet.level(fit.unit) >= 0.8 for facet in drugs)


def _about_disease(query: Query, fit: Match, facets: Sequence[Facet], *, met: bool = False) -> bool:
    """Say whether a statement answers a question that names a disease alone: it stands under its heading."""
    if query.intent not in {
        Intent.TREATMENT,
        Intent.DIAGNOSIS,
        Intent.PREVENTION,
        Intent.GENERAL,
        Intent.DEFINITION,
        Intent.SAFETY,
        Intent.INDICATIONS,
    }:
        return False
    unit = fit.unit
    governed = all(facet.within(unit.head_norm) or facet.within(unit.label_norm) for facet in facets)
    forms = [form for facet in facets for form in facet.forms[:1]]
    match = all(
        re.search(rf"\b{_MEASURE} (?:of|for) (?:\w+ ){{0,2}}{re.escape(form)}\b", unit.norm) for form in forms
    )
    if query.intent == Intent.TREATMENT:
        directs = met or states_amount(unit.text) or bool(pattern("stored", "directs").search(unit.text))
        return (governed and directs) or match
    return (governed or match) and (
        cue_of(query.intent, unit.text) or same_act(query.text, f"{unit.label} {unit.text}") is True
    )


def _extended(
    query: Query, units: Sequence[Unit], index: int, facets: Sequence[Facet], item: Evidence
) -> list[Unit]:
    others = [name for _, name in item.names]
    drugs = drug_facets(facets)
    unit = units[index]
    if query.intent == Intent.DOSE:
        first = first_dose(units, index, substance(query.text, facets), others)
        whole = with_conditions(units, first, drugs or facets, others)
        return whole if unit in whole else with_conditions(units, index, drugs or facets, others)
    if unit.kind == "row" and (query.yes_no or query.intent == Intent.SAFETY):
        return [unit, *_other_rows(query, units, unit, drugs)]
    if states_amount(unit.text) or unit.opens:
        return with_conditions(units, index, drugs or facets, others)
    if query.intent == Intent.SAFETY:
        selected = with_conditions(units, index, drugs or facets, others)
        return selected[:3]
    return [unit]


def _other_rows(query: Query, units: Sequence[Unit], row: Unit, drugs: Sequence[Facet]) -> list[Unit]:
    """Return the other rows of a table for the same drug ("Metformin, if contrast is given") and the same patients."""
    table = [unit for unit in units if unit.kind == "row" and unit.heads == row.heads and unit is not row]
    named = [unit for unit in table if any(facet.within(first_cell(unit)) for facet in drugs)]
    alike = any(facet.within(first_cell(row)) for facet in drugs)
    return [unit for unit in named if alike and not of_other_patients(query, unit, units)]


def _distinct(quotes: Sequence[Quote]) -> list[Quote]:
    """Return the quotes without those that another one holds already; neighbours of one passage stay in its order."""
    distinct: list[Quote] = []
    for quote in quotes:
        texts = {unit.text for unit in quote.units}
        if not any(texts <= {unit.text for unit in other.units} for other in distinct):
            distinct = [other for other in distinct if not {unit.text for unit in other.units} < texts]
            distinct.append(quote)
    return distinct
