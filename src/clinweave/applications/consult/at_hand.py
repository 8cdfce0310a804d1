"""Whether a question of the public may be about someone in need now, so that the answer says where help is."""

import re

from clinweave.knowledge import Intent, Query

_ASKER = re.compile(
    r"\b(?:can|could|do|should|would|might|to) (?:i|we|you|one)\b|\b(?:my|our|your) (?:own )?risk\b",
    re.IGNORECASE,
)
# A treatment, a dose or a vignette may be asked for somebody's state now, whatever the words.
_OF_STATES = frozenset({Intent.TREATMENT, Intent.DOSE, Intent.DIFFERENTIAL})
# A complaint, an event or a time: what is asked may be happening.
_ACUTE = re.compile(
    r"\b(?:pain\w*|hurts?|hurting|aches?|aching|sore|bleed\w*|blood (?:in|from)|breath\w*|chok\w*|faint\w*|collaps\w*"
    r"|unconscious|dizz\w*|fever\w*|temperature|vomit\w*|throwing up|seizures?|fits?|convuls\w*|confus\w*|drows\w*"
    r"|numb\w*|weak\w*|swell\w*|swollen|rash|hives|palpitations?|racing|swallowed|took|taken|overdose\w*|poison\w*|allergic"
    r"|reaction|stung|bitten|burn\w*|injur\w*|fell|hit|broke\w*|worse|worsening|sudden\w*|severe\w*|emergency|urgent\w*"
    r"|danger\w*|dying|die|now|today|tonight|yesterday|since|hours?|minutes?|right away|immediately|hospital|ambulance"
    r"|help me|worried|scared|pregnan\w*|chest|stroke|heart attack|can'?t (?:breathe|move|speak|see|wake)"
    r"|not (?:breathing|eating|drinking|moving)|what (?:should|do|can) (?:i|we) do|feel\w*)\b",
    re.IGNORECASE,
)


def without_asker(question: str, query: Query) -> str:
    """Return the words of a question by which it may be about someone at hand; "" if it asks for knowledge alone.

    "My letter says he has synophrys: what is that?" and "How can I prevent ...?" are about nobody in danger. In other
    languages than English only questions of prevention are told apart.
    """
    if query.intent == Intent.PREVENTION:
        return _ASKER.sub(" ", question)
    if query.language != "en" or query.intent in _OF_STATES or _ACUTE.search(question):
        return question
    return ""
