"""What a research tool says, whatever the records hold: emergencies, and doses for one patient."""

import re

EMERGENCY = (
    "If this is about someone in danger now, call your local emergency number (112 or 911) "
    "or go to the nearest emergency department."
)
DOSING = "Doses for a patient are not given here: ask a pharmacist or the treating clinician, and the product label."

_EMERGENCY = re.compile(
    r"\b(?:suicid\w*|kill (?:myself|himself|herself|themselves)|end my life|self[- ]?harm\w*|"
    r"harm(?:ing)? myself|overdos\w+|(?:not|isn't|stopped) breathing|unconscious|unresponsive|"
    r"chest pain (?:now|right now)|"
    r"having a (?:stroke|heart attack)|"
    r"chok(?:e|ing)|bleeding (?:heavily|badly|out)|anaphyla\w+|poison(?:ed|ing)? (?:myself|my)|"
    r"swallowed (?:bleach|pills))\b",
    re.IGNORECASE,
)
_URGENT = re.compile(r"\b(?:i|i'm|my|me|we|he|she|help|now|emergency)\b", re.IGNORECASE)
_ALWAYS = re.compile(
    r"\b(?:suicid\w*|kill myself|end my life|self[- ]?harm\w*|harm(?:ing)? myself)\b", re.IGNORECASE
)
_DOSE = re.compile(
    r"\b(?:what|which|how much|how many|how often|recommend\w*|calculate|safe|maximum|right|correct)\b[^?.]{0,60}"
    r"\b(?:dos(?:e|es|age|ing)|mg|milligrams?|tablets?|units|pills?)\b"
    r"|\bdos(?:e|age|ing)\b[^?.]{0,60}\b(?:for|give|take|should|patients?|child|kg|year[- ]old)\b"
    r"|\bhow (?:much|many)\b[^?.]{0,60}\b(?:should|can|do|to) (?:i|we|he|she|they|my|give|take)\b"
    r"[^?.]{0,40}\b(?:take|give|mg)\b",
    re.IGNORECASE,
)


def emergency(question: str) -> bool:
    """Tell whether a question may come from someone in danger: self-harm always, others when they speak of a person."""
    if _ALWAYS.search(question):
        return True
    return bool(_EMERGENCY.search(question) and _URGENT.search(question))


def asks_dose(question: str) -> bool:
    """Tell whether a question asks how much of a drug to give or take."""
    return bool(_DOSE.search(question))


def states_dose(sentence: str) -> bool:
    """Tell whether a sentence states an amount of a drug ("5 mg", "two tablets a day")."""
    return bool(
        re.search(
            r"\b\d+(?:[.,]\d+)?\s*(?:mg|mcg|µg|g|ml|iu|units?|tablets?|pills?|drops|puffs)\b"
            r"|\b\w+ (?:tablets?|pills?)\b",
            sentence,
            re.IGNORECASE,
        )
    )
