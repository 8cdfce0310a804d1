"""Rule-based guardrails applied before sources and model: self-harm, overdose, emergencies, harm, jailbreaks, doses.

The rules know who asks: the public is sent to help first, a clinician's question is answered from sources unless harm
is intended. They are patterns over normalised text in six languages (`en.toml` and the others, in the notation of
`rule_notation`). They err; `clinweave data safety` measures how often.
"""

import math
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from clinweave.core.guardrails.classifier import (
    concept_names,
    concepts,
    judge,
    threshold,
    trained_for,
    windows,
)
from clinweave.core.guardrails.normalize import fold
from clinweave.core.guardrails.rule_notation import (
    BY_CHARACTER,
    Language,
    Rule,
    detect,
    language_of,
    vocabulary,
)
from clinweave.records import Audience

_LIMIT = 6000  # characters screened: the beginning and the end of a longer request
_EXAMINABLE = 120  # characters: shorter questions are no examination's vignette
_SHORT = 160  # characters: a text of about one sentence
_SENTENCES = re.compile(r"[.?!。？！\n]+")
_CLINICIANS_MARGIN = 4.0  # log odds more for a clinician, who asks about dangers as a matter of course
_USUAL_AMOUNT = re.compile(  # one or two of something, or taken for months and years
    r"\b(?:1|2|one|two|un|una|dos|deux|zwei|eine?)\b(?! ?(?:packs?|box|boxes|bottles?|strips?|hours?|weeks?))"
    r"|\b(?:for|since|desde|depuis|seit)\b.{0,12}\b(?:years?|months?|anos|meses|ans|mois|jahren?|monaten?|\d{4})\b"
    r"|[12一两](?:片|粒|颗)|吃了?.{0,8}年"
)
# On these concepts alone a German request is not judged to be dangerous: "Ich habe Gicht." resembles the dangers of
# its training set by the words "ich habe" alone.
_HARMLESS = frozenset({"self", "first", "substance", "generic", "disease", "breath"})
# "Is haemophilia passed on by the mother?" resembles "what my mother took" by its verb and its relative.
_INHERITED = re.compile(r"\b(?:passed (?:on|down)|inherit\w*|heredit\w*)\b")
_ACUTE = frozenset({"self", "many", "poison", "child", "conscious", "ending", "breath"})
_TOO_MUCH = frozenset({"many", "poison", "overdose", "child", "conscious"})
_AMOUNT = re.compile(
    r"\b\d+(?:[.,]\d+)?\s*(?:mg|mcg|µg|g|ml|iu|units?|tablets?|pills?|drops|puffs)\b"
    r"|\b(?:one|two|three|four|five|six|half|several|some|another|more|few) (?:of )?(?:an? )?(?:tablets?|pills?)\b",
    re.IGNORECASE,
)


class RiskCategory(StrEnum):
    """What a request may be, most pressing first."""

    SELF_HARM = "self-harm"
    OVERDOSE = "overdose"
    HARM = "harm"
    LETHAL_AMOUNT = "lethal-amount"
    EMERGENCY = "emergency"
    JAILBREAK = "jailbreak"
    DOSE = "dose"


@dataclass(frozen=True, slots=True)
class Guardrail:
    """What a rule says to a request. `text` is the whole answer unless `answerable`: then sources may follow it."""

    category: RiskCategory
    language: str  # of the reply: en, es, fr, de, zh or ja
    text: str
    answerable: bool = False


def screen(request: str, *, audience: Audience = Audience.PUBLIC) -> Guardrail | None:
    """Return the guardrail that a request meets, or None where it may be answered as it is.

    Opens no file after the first call, no graph and no model. The reply is in the language of the request (English for
    languages without rules) and names that language's countries' numbers.
    """
    text = normalised(request)
    codes = detect(text, request)
    matches = [(category, code) for code in codes for category in _matches(language_of(code), audience, text)]
    if all(category == RiskCategory.DOSE for category, _ in matches):
        matches += [(category, codes[0]) for category in _resembled(codes, audience, text)]
    if not matches:
        return None
    order = list(RiskCategory)
    category, code = min(matches, key=lambda match: (order.index(match[0]), codes.index(match[1])))
    return Guardrail(category, code, reply(category, code), answerable=category == RiskCategory.DOSE)


def notice(request: str, *, audience: Audience = Audience.PUBLIC) -> str:
    """Return where help is, for a request of the public about someone at hand ("my father"); "" for any other.

    A wide net below `screen`: it adds a sentence to an answer and withholds nothing.
    """
    if audience == Audience.CLINICIAN:
        return ""
    text = normalised(request)
    code = detect(text, request)[0]
    language = language_of(code)
    if not language.person.search(text) or _examination(text, language):
        return ""
    return _replies()[code]["notice"]


def general_notice() -> str:
    """Return where help is, in English, for a request that no rule can read."""
    return _replies()["en"]["notice"]


def reply(category: RiskCategory, language: str = "en") -> str:
    """Return the reply to a category in a language (English if there is none)."""
    return _replies().get(language, _replies()["en"])[category.value]


def states_dose(sentence: str) -> bool:
    """Tell whether a sentence states an amount of a drug ("5 mg", "two tablets a day")."""
    return bool(_AMOUNT.search(sentence))


@cache
def _replies() -> dict[str, dict[str, str]]:
    return tomllib.loads((Path(__file__).parent / "replies.toml").read_text("utf-8"))


def normalised(request: str) -> str:
    """Return a request as the rules and the classifier read it; of a long one the beginning and the end."""
    if len(request) > _LIMIT:
        request = f"{request[: _LIMIT // 2]}\n{request[-_LIMIT // 2 :]}"
    text = vocabulary().repair(fold(request))
    return re.sub(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])", "", text)  # spaces between characters


def _matches(language: Language, audience: Audience, text: str) -> list[RiskCategory]:
    examination = _examination(text, language)
    return [
        RiskCategory(rule.category)
        for rule in language.rules
        if _applies(rule, language, audience, examination, text)
    ]


def _applies(rule: Rule, language: Language, audience: Audience, examination: bool, text: str) -> bool:
    if examination and not rule.examined:
        return False
    if audience == Audience.CLINICIAN:
        if rule.clinicians == "none":
            return False
        if rule.clinicians == "lay" and language.clinical.search(text) and not language.lay.search(text):
            return False
    if not _rule_matches(rule, text) or (rule.person and not language.person.search(text)):
        return False
    return rule.unless is None or not rule.unless.search(text)


def _rule_matches(rule: Rule, text: str) -> bool:
    """Tell whether every part of a rule matches: in the text if it is short, else within one of its sentences."""
    if len(rule.parts) == 1:
        return bool(rule.parts[0].search(text))
    if not all(part.search(text) for part in rule.parts):
        return False
    if len(text) <= _SHORT:
        return True
    return any(all(part.search(sentence) for part in rule.parts) for sentence in _SENTENCES.split(text))


def _resembled(codes: Sequence[str], audience: Audience, text: str) -> list[RiskCategory]:
    """Return the danger that a request resembles by the classifier, at most one; for a clinician only what harms.

    `codes` are the languages that it may be in; it is judged in the first.
    """
    language = language_of(codes[0])
    text = language.precaution.removed(text)
    if not text or not trained_for(language.code):
        return []
    judgement = judge(text, language.code)
    # the highest of several windows is judged: each further window raises the bar
    limit = threshold(language.code) + math.log(len(windows(text)))
    if audience == Audience.CLINICIAN:
        limit += _CLINICIANS_MARGIN
    if judgement.log_odds <= limit or _examination(text, language):
        return []
    names = concept_names()
    named = {names[number] for number in concepts(text, language.code)}
    if list(codes) == ["de"] and named <= _HARMLESS:
        return []
    return _of_category(RiskCategory(judgement.category), language, audience, text, named)


def _of_category(
    category: RiskCategory, language: Language, audience: Audience, text: str, named: set[str]
) -> list[RiskCategory]:
    """Return the category that the classifier found unless what the request names speaks against it."""
    if _INHERITED.search(text) and not named & _ACUTE:
        return []
    if category == RiskCategory.OVERDOSE and _USUAL_AMOUNT.search(text):
        lasting = re.search(r"\b(?:for|since|desde|depuis|seit)\b|年", text)
        if lasting or not named & _TOO_MUCH:
            return []
    if audience == Audience.CLINICIAN and category != RiskCategory.HARM:
        of_patients = language.clinical.search(text) and not language.lay.search(text)
        if category == RiskCategory.EMERGENCY or of_patients:
            return []
        if category == RiskCategory.LETHAL_AMOUNT and not named & {"self", "ending"}:
            return []
    return [category]


def _examination(text: str, language: Language) -> bool:
    """Tell whether this is an examination's question or a case report: a made-up patient, no relative of the asker."""
    if len(text) < (
        _EXAMINABLE if language.code not in BY_CHARACTER else _EXAMINABLE // 4
    ) or language.lay.search(text):
        return False
    return bool(language.vignette.search(text) and language.examined.search(text))
