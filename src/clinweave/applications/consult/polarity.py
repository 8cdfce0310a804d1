"""Permission and prohibition: what a safety question asks, what a statement says of the same drug, and yes or no."""

import re
from collections.abc import Sequence

from clinweave.applications.consult.cues import pattern
from clinweave.applications.consult.limits import meets
from clinweave.applications.consult.matching import Facet
from clinweave.applications.consult.prohibited import governs, is_ban, several_bans, stance_under_ban
from clinweave.applications.consult.units import Unit, normal

_NOT = re.compile(r"\b(?:not|never)\b|n't\b", re.IGNORECASE)
_RESTRICTED = re.compile(
    r"\b(?:in|with|during|for|who|among|to) (?:an? |the )?(?!be\b)[a-z]{3,}", re.IGNORECASE
)
_LONG = 8  # letters of a last word that stands for a whole name ("ketoacidosis")
_LIST = re.compile(r"\w, \w|\w(?:,)? (?:and|or) \w", re.IGNORECASE)
_CELL = re.compile(r"([^;:]+):\s*(yes|no)\b", re.IGNORECASE)
_ANSWER_CELL = re.compile(r":\s*(yes|no)\b", re.IGNORECASE)


# "need not be stopped", "is not contraindicated", "do not withhold": no prohibition.
_NO_BAN = re.compile(
    r"\b(?:not|n't|never|no need to|no reason to|without)\s+(?:(?:be|necessary|needed|need|to|an?|absolute(?:ly)?"
    r"|strict(?:ly)?|usually|routinely)\s+)*"
    r"(?:contra-?indicat\w*|stop\w*|avoid\w*|withh[eo]ld\w*|discontinu\w*|omit\w*|suspend\w*"
    r"|unsafe|harmful|dangerous|prohibited|paus\w*|interrupt\w*)\b",
    re.IGNORECASE,
)
_ALLOWED = "may be used"
# What is left of a condition that the question's own value meets.
_IF = re.compile(r"\b(?:if|when|where|with|in (?:patients|people|adults) with)\b", re.IGNORECASE)
_LIMIT = re.compile(
    r"\b(?:above|over|below|under|less than|more than|greater than|lower than|at least|at most)\s+\d[\d.,]*"
    r"|\d[\d.,]*(?:\s*\S+)? or (?:more|less|above|below|lower|higher)",
    re.IGNORECASE,
)
# "Do not delay giving it" forbids to wait, not to give.
_NOT_LATER = re.compile(
    r"(?:\bnot|\bnever|n't)\s+(?:\w+ly\s+)?(?:delay|postpon|defer|hesitat|forget|neglect|miss|skip|refus|limit|restrict|reduc"
    r"|wait|fail)\w*",
    re.IGNORECASE,
)
# What somebody else says, once held, doubts or denies is no permission and no prohibition.
_REPORTED = re.compile(
    r"\b(?:believe[sd]?|think[s]?|thought|claim(?:s|ed)?|alleg\w+|rumou?r\w*|suppose[ds]?|supposedly|myths?|misconceptions?"
    r"|fallac(?:y|ies)|hoax|untrue|wrongly|mistaken(?:ly)?|falsely|whether|no longer|formerly"
    r"|(?:no|not|without|lack of|little) (?:\w+ )?(?:evidence|proof|data)|(?:not|isn't) (?:true|correct|the case) that"
    r"|(?:false|wrong|incorrect) that|(?:some|many|critics|opponents|people) (?:say|argue|insist|hold))\b|\?",
    re.IGNORECASE,
)


def _plain(text: str) -> str:
    """Return the text with denied prohibitions as permissions."""
    return _NO_BAN.sub(_ALLOWED, text)


def asks_forbidden(question: str) -> bool:
    """Say whether "yes" to the question means that something must not be done."""
    forbidden = bool(pattern("polarity", "asks_forbidden").search(question))
    return forbidden != bool(_NOT.search(question))


def forbids(unit: Unit) -> bool:
    """Say whether a statement or what governs it has words of prohibition."""
    return bool(pattern("polarity", "forbids").search(_plain(unit.text))) or any(
        is_ban(head) for head in unit.heads
    )


def permits(unit: Unit) -> bool:
    """Say whether a statement has words of permission or direction."""
    text = pattern("polarity", "forbids").sub(" ", _plain(unit.text))
    return bool(pattern("polarity", "permits").search(text))


def speaks(unit: Unit) -> bool:
    """Say whether a statement permits or forbids something."""
    return forbids(unit) or permits(unit) or bool(_ANSWER_CELL.search(unit.text))


def stance(
    unit: Unit,
    facets: Sequence[Facet],
    others: Sequence[str] = (),
    conditions: Sequence[Facet] = (),
    *,
    question: str = "",
) -> str:
    """Return "permitted", "forbidden" or "" (unclear, or under a condition) for the drug that the facets name.

    The words of permission must stand in the same clause as the drug, with no other drug of `others` between them
    (lists apart), and without a condition, but a limit that a value of the question meets.
    A cell of a table that says yes or no speaks for its row.
    """
    if unit.kind == "row":
        return _stance_of_row(unit.text, conditions)
    if _LIMIT.search(unit.text) and not meets(
        question, unit.text
    ):  # "6.0 or more: stop it", asked of 5.2 or of nothing
        return ""
    if not _covered(unit, conditions):
        return ""
    if governs(unit):
        return stance_under_ban(unit, question)
    clauses = [part for part in re.split(r"[;.](?:\s|$)", _plain(unit.text)) if _about(part, facets)]
    if not clauses and any(is_ban(head) for head in unit.heads[-1:]):
        return ""
    stances = {_stance_of_clause(_unconditional(part, question), facets, others) for part in clauses}
    # A permission under "Do not" contradicts it: no verdict.
    contradicts = stances == {"permitted"} and any(is_ban(head) for head in unit.heads[-1:])
    return stances.pop() if len(stances) == 1 and not contradicts else ""


def _covered(unit: Unit, conditions: Sequence[Facet]) -> bool:
    """Say whether the patients that a statement is restricted to ("in patients with ...") are those asked about."""
    if not _RESTRICTED.search(unit.text):
        return True
    tails = [form.rpartition(" ")[2] for facet in conditions for form in facet.forms[:4]]
    named = any(facet.within(unit.norm) for facet in conditions)
    return named or any(len(tail) >= _LONG and f" {tail} " in unit.norm for tail in tails)


def _stance_of_row(text: str, conditions: Sequence[Facet]) -> str:
    """Return what the yes/no cells of a row say: of several columns, those whose head names what is asked."""
    cells = [(head, word.lower()) for head, word in _CELL.findall(text)]
    named = [word for head, word in cells if any(item.within(f" {normal(head)} ") for item in conditions)]
    words = set(named or [word for _, word in cells])
    return {"yes": "permitted", "no": "forbidden"}[words.pop()] if len(words) == 1 else ""


def _about(text: str, facets: Sequence[Facet]) -> bool:
    norm = f" {normal(text)} "
    return all(facet.within(norm) for facet in facets)


def _unconditional(clause: str, question: str) -> str:
    """Return the clause without its one limit, if a value of the question meets that limit."""
    limits = list(_LIMIT.finditer(clause))
    ifs = list(_IF.finditer(clause))
    if len(limits) != 1 or len(ifs) > 1 or not meets(question, clause) or re.search(r"\band\b", clause):
        return clause
    return _IF.sub(" ", _LIMIT.sub(" ", clause))


def _stance_of_clause(clause: str, facets: Sequence[Facet], others: Sequence[str]) -> str:
    if (
        pattern("polarity", "condition").search(clause)
        or _REPORTED.search(clause)
        or _NOT_LATER.search(clause)
    ):
        return ""
    bans = list(pattern("polarity", "forbids").finditer(clause))
    grants = list(
        pattern("polarity", "permits").finditer(
            pattern("polarity", "forbids").sub(lambda match: "#" * len(match[0]), clause)
        )
    )
    grants = [cue for cue in grants if not any(ban.start() <= cue.start() <= ban.end() + 25 for ban in bans)]
    if bans and grants:
        return ""
    if bans:
        return "forbidden" if all(_beside(clause, cue, facets, others) for cue in bans[:1]) else ""
    if grants:
        return "permitted" if _beside(clause, grants[0], facets, others) else ""
    return ""


def _beside(clause: str, cue: re.Match[str], facets: Sequence[Facet], others: Sequence[str]) -> bool:
    """Say whether a cue governs the drug: it stands within some words, with no other drug nearer but in a list."""
    before = normal(clause[: cue.start()]).split()[-8:]
    after = normal(clause[cue.end() :]).split()[:12]
    foreign = [f" {normal(name)} " for name in others]
    foreign = [name for name in foreign if not any(facet.within(name) for facet in facets)]
    sides = []
    for words in (list(reversed(before)), after):
        position = next(
            (size for size in range(1, len(words) + 1) if _all_within(words[:size], facets, before)), None
        )
        if position is not None:
            between = words[:position]
            text = f" {' '.join(reversed(between) if words != after else between)} "
            listed = bool(_LIST.search(clause))
            sides.append(listed or not any(name in text for name in foreign))
    return any(sides)


def _all_within(words: Sequence[str], facets: Sequence[Facet], before: Sequence[str]) -> bool:
    forward = f" {' '.join(words)} "
    backward = f" {' '.join(reversed(words))} " if before else forward
    return all(facet.within(forward) or facet.within(backward) for facet in facets)


def verdict(question: str, stances: Sequence[str]) -> str:
    """Return "Yes", "No" or "" for a yes/no safety question, from what all matching statements say."""
    distinct = set(stances)
    if len(distinct) != 1 or "" in distinct or several_bans(question):
        return ""
    forbidden = distinct == {"forbidden"}
    return "Yes" if forbidden == asks_forbidden(question) else "No"
