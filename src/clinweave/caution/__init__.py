"""What a research tool says before any model is asked: danger, self-harm, harm to others, doses, talking it round.

The rules are plain patterns (`rules.toml`). They err; `clinweave data safety` measures how often, on requests that were
written before the rules.
"""

import re
import tomllib
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Kind(StrEnum):
    """What a request may be, most pressing first."""

    SELF_HARM = "self-harm"
    EMERGENCY = "emergency"
    HARM = "harm"
    JAILBREAK = "jailbreak"
    DOSE = "dose"


EMERGENCY = (
    "If this is about someone in danger now, call your local emergency number (112 or 911) "
    "or go to the nearest emergency department."
)
SELF_HARM = (
    f"{EMERGENCY} If you think about hurting yourself, talk to someone now: a crisis line (988 in the United States "
    "and Canada, 116 123 in the United Kingdom and Ireland) or a person you trust."
)
DOSING = "Doses for a patient are not given here: ask a pharmacist or the treating clinician, and the product label."
UNSAFE = "I do not help with that."
REPLIES = {
    Kind.SELF_HARM: SELF_HARM,
    Kind.EMERGENCY: EMERGENCY,
    Kind.HARM: UNSAFE,
    Kind.JAILBREAK: UNSAFE,
    Kind.DOSE: DOSING,
}

_NOT_EXAMINED = {Kind.SELF_HARM, Kind.EMERGENCY, Kind.DOSE}
_VIGNETTE = 200  # characters
_AMOUNT = re.compile(
    r"\b\d+(?:[.,]\d+)?\s*(?:mg|mcg|µg|g|ml|iu|units?|tablets?|pills?|drops|puffs)\b"
    r"|\b(?:one|two|three|four|five|six|half|several|some|another|more|few) (?:of )?(?:an? )?(?:tablets?|pills?)\b",
    re.IGNORECASE,
)


class _Rule(NamedTuple):
    any: re.Pattern[str]
    person: bool
    unless: re.Pattern[str] | None


class _Rules(NamedTuple):
    kinds: dict[Kind, _Rule]
    person: re.Pattern[str]
    vignette: re.Pattern[str]
    examined: re.Pattern[str]


@cache
def _rules() -> _Rules:
    read = tomllib.loads((Path(__file__).parent / "rules.toml").read_text("utf-8"))
    words = {name: re.sub(r"\n\s*", "", text) for name, text in read["words"].items()}

    def made(pattern: str) -> str:
        for name, text in words.items():
            pattern = pattern.replace("{" + name + "}", text)
        return pattern

    rules = {}
    for kind in Kind:
        one = read[kind.value]
        rules[kind] = _Rule(
            re.compile(
                "|".join(f"(?:{made(pattern)})" for pattern in one["any"]), re.IGNORECASE | re.MULTILINE
            ),
            bool(one.get("person")),
            re.compile(made(one["unless"]), re.IGNORECASE) if "unless" in one else None,
        )
    person, vignette, examined = (
        re.compile(rf"\b{words['person']}\b" if name == "person" else words[name], re.IGNORECASE)
        for name in ("person", "vignette", "examined")
    )
    return _Rules(rules, person, vignette, examined)


def screen(request: str) -> Kind | None:
    """Return the kind of a request that a rule answers in the model's place, or None where a model may be asked."""
    text = " ".join(request.replace("’", "'").split())
    rules = _rules()
    for kind, rule in rules.kinds.items():
        if not rule.any.search(text):
            continue
        if (rule.person and not rules.person.search(text)) or (rule.unless and rule.unless.search(text)):
            continue
        if kind in _NOT_EXAMINED and _examination(text, rules):
            continue
        return kind
    return None


def _examination(text: str, rules: _Rules) -> bool:
    """Tell whether this is an examination's question: long, on a made-up patient, asking for one of several options."""
    return len(text) > _VIGNETTE and bool(rules.vignette.search(text) and rules.examined.search(text))


def of_a_person(request: str) -> bool:
    """Tell whether a request speaks of someone at hand, not of people in general: then the answer says where help is.

    The wide net below `screen`: it holds nothing back, so that it may err often.
    """
    text = " ".join(request.replace("’", "'").split())
    rules = _rules()
    return bool(rules.person.search(text)) and not _examination(text, rules)


def emergency(question: str) -> bool:
    """Tell whether a question may come from, or be about, someone in danger."""
    return screen(question) in {Kind.EMERGENCY, Kind.SELF_HARM}


def asks_dose(question: str) -> bool:
    """Tell whether a question asks how much of a drug to give or take."""
    return screen(question) == Kind.DOSE


def states_dose(sentence: str) -> bool:
    """Tell whether a sentence states an amount of a drug ("5 mg", "two tablets a day")."""
    return bool(_AMOUNT.search(sentence))
