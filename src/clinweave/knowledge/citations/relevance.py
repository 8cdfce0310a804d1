"""Whether a supported sentence answers the question: is it about what is asked, and the kind of thing asked for."""

import re

from clinweave.knowledge.citations.inflection import lexicon, word_set
from clinweave.knowledge.citations.lexicon import canonical
from clinweave.knowledge.citations.patterns import intents
from clinweave.knowledge.citations.tokens import tokens

_COMMON = word_set(
    "what which who whom whose when where why how is are was were be been do does did can could may might "
    "should must will would shall has have had a an the of in on at by for to from with without about and "
    "or but not no if than that this these those it its they their there any some all most much many more "
    "often usually patient person i me my you your we our tell give list name explain describe know say "
    "mean cause treatment treat symptom feature finding gene inherit inheritance dose disease medicine "
    "use take risk safe associate link common happen occur get make help work type kind form effect side "
    "good bad long last diagnose test prevent avoid contraindicate contraindication frequency "
    "manifestation role mechanism pattern mode mutation variant option recommend include please during"
)
_YES_NO = re.compile(
    r"^\W*(?:is|are|was|were|do|does|did|can|could|may|might|should|must|will|would|has|have)\b",
    re.IGNORECASE,
)


def irrelevant(sentence: str, question: str) -> str:
    """Return why a true sentence does not answer the question; "" where it may.

    A yes-or-no question must have all its topics in the sentence, any other question half of them. Where the question
    asks for one kind of thing (treatment, cause, dose ...), the sentence must say something of that kind.
    """
    topics = _topics(question)
    if not topics:
        return ""
    said = _topics(sentence) | {item.text for item in canonical(tokens(sentence))}
    shared = topics & said
    needed = len(topics) if _YES_NO.search(question) else (len(topics) + 1) // 2
    if len(shared) < needed:
        missing = sorted(topics - said)
        return f"the question is about {missing[0]!r}, which the sentence does not name"
    asked = [(name, said) for name, wanted, said in intents() if wanted.search(question)]
    if asked and not any(said.search(sentence) for _, said in asked):
        return f"the question asks for another thing ({asked[0][0]})"
    return ""


def _topics(text: str) -> set[str]:
    """Return the words that say what a text is about, in the form in which they are compared."""
    pairs = lexicon()["abbreviations"]
    for short, name in pairs.items():
        text = re.sub(rf"\b{short}\b", name, text)
    return {
        item.text
        for item in canonical(tokens(text))
        if item.kind == "word" and item.text not in _COMMON and len(item.text) > 2
    }
