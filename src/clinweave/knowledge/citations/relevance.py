"""Whether a supported sentence answers the question: is it about what is asked, and the kind of thing asked for."""

import re

from clinweave.knowledge.citations.inflection import lexicon, word_set
from clinweave.knowledge.citations.lexicon import canonical
from clinweave.knowledge.citations.patterns import intents
from clinweave.knowledge.citations.tokens import tokens

_COMMON = word_set(
    "what which who whom whose when where why how is are was were be been do does did can could may might "
    "should must will would shall has have had a an the of in on at by for to from with without about and "
    "or both between through but not no if than that this these those it its they their there any some all most much "
    "many more often usually patient person i me my you your we our tell give list name explain describe know say "
    "mean cause treatment treat symptom feature finding gene inherit inheritance dose disease medicine "
    "use take risk safe associate link common happen occur get make help work type kind form effect side "
    "good bad long last diagnose test prevent avoid contraindicate contraindication frequency "
    "while receive affect raise lower increase class drug prognosis outlook diagnosis complication "
    "manifestation role mechanism pattern mode mutation variant option recommend include please during "
    "responsible part defective mutate appear early late first typical lead people involve recorded affected"
)
# A question in another language shares no words with the sentence: nothing is said of it.
_ENGLISH = re.compile(
    r"\b(?:the|of|is|are|was|what|which|who|how|when|where|why|do|does|can|should|for|with|and|has|have|to|an?)\b",
    re.IGNORECASE,
)
_SHORT = 3  # words of a question in which no such word is expected
_MANY_WAYS = frozenset({"cause", "symptom", "side_effect", "frequency", "complication"})
_YES_NO = re.compile(
    r"^\W*(?:is|are|was|were|do|does|did|can|could|may|might|should|must|will|would|has|have)\b",
    re.IGNORECASE,
)


def irrelevant(sentence: str, question: str, heading: str = "") -> str:
    """Return why a true sentence does not answer the question; "" where it may.

    `heading` is the title of the passage that states it: what the passage is about need not be named again.

    A yes-or-no question must have all its topics in the sentence, any other question half of them. Where the question
    asks for one kind of thing (treatment, cause, dose ...), the sentence must say something of that kind.
    """
    topics = _topics(question)
    if not topics or (len(question.split()) > _SHORT and not _ENGLISH.search(question)):
        return ""
    said = _topics(heading) | _topics(sentence) | {item.text for item in canonical(tokens(sentence))}
    shared = topics & said
    needed = len(topics) if _YES_NO.search(question) else (len(topics) + 1) // 2
    if len(shared) < needed:
        missing = sorted(topics - said)
        return f"the question is about {missing[0]!r}, which the sentence does not name"
    asked = [(name, said) for name, wanted, said in intents() if wanted.search(question)]
    if _YES_NO.search(question):  # its topics are all named: "does X cause Y" may be answered in many ways
        asked = [(name, said) for name, said in asked if name not in _MANY_WAYS]
    if asked and not any(said.search(sentence) for _, said in asked[:1]):
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
