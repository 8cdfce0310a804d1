"""What a passage is about, where its title asks: "What are the symptoms of gout ?" is about gout."""

import re
from functools import lru_cache

from clinweave.knowledge.citations.lexicon import name_of

_ASKING = re.compile(
    r"^\s*(?:what (?:is \(are\)|is|are|causes?)(?: (?:the|a|an))?(?: [\w()]+){0,4}? (?:of|for|related to)|"
    r"what (?:is \(are\)|is|are|causes)|how (?:to|do (?:you|doctors))(?: [\w,]+){1,3}?|"
    r"how many people are affected by|who is at risk for|what to do for|is there any(?: \w+){1,2} for|is|are) "
    r"(?:the )?(?P<topic>.+?)(?: (?:inherited|hereditary|treated|diagnosed|prevented|spread))?\s*\?\s*$",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"\b(?:is|are|was|were|do|does|did|can|could|should|may|might|it|true|that|what|which|who|why|how|if|or|and|"
    r"cause[sd]?|safe)\b",
    re.IGNORECASE,
)
_SHORT_FORM = re.compile(r"\b[A-Z][A-Za-z]{0,2}[A-Z]{1,4}\b")
_LONGEST = 8  # words of a name
_LEAD = re.compile(r"^([A-Z][^:.;?!]{2,70}): \S")
_NO_LEAD = re.compile(
    r"\d|\b(?:is|are|was|were|include[sd]?|can|should|may|must|has|have|following|not|never|avoid|step|note|figure|table|"
    r"source|objective|background|methods?|results?|conclusions?|aims?|question|answer)\b",
    re.IGNORECASE,
)
_DISEASE_FOR = re.compile(  # no verb but in "who are ..."
    r"^(?!.*\d)(?:[\w'’-]+ ){0,5}(?:disease|disorder|syndrome|infections?|cancer|failure|injury|fracture|stroke|asthma|"
    r"diabetes|fever|pain|embolism|thrombosis|pneumonia|poisoning|overdose|h(?:a)?emorrhage|pregnancy|deficiency)"
    r"(?: (?:in|during|after|with|of|for)(?: (?!(?:is|are|was|were|has|have|can|should|may|must)\b)[\w'’-]+){1,6}"
    r"(?: are [^.;:]{2,40})?)?\.$"
)


@lru_cache(maxsize=4096)
def topic_of_title(title: str) -> str:
    """Return the name that a title asks about, "" where it is no such question."""
    match = _ASKING.match(title)
    name = match["topic"].strip() if match else ""
    return "" if _NO_NAME.search(name) or len(name.split()) > _LONGEST else name


def opening_topic(sentence: str) -> str:
    """Return what a passage without a title says first that it is about, "" where it does not.

    "Lithium: check the level ..." is about lithium, "Chest infection in children who are well." about that.
    """
    lead = _LEAD.match(sentence)
    if lead is not None and not lead[1].isupper() and not _NO_LEAD.search(lead[1]):
        return lead[1]
    return sentence.rstrip(" .") if _DISEASE_FOR.match(sentence) else ""


def short_forms(title: str, text: str) -> dict[str, str]:
    """Return abbreviations in a text that are the initials of what its title is about ("PD", Parkinson's disease)."""
    words = re.findall(r"[\w'-]+", topic_of_title(title))
    if len(words) < 2:
        return {}
    name = " ".join(words)
    return {short: name for short in set(_SHORT_FORM.findall(text)) if name_of(short, words) == name}


__all__ = ["opening_topic", "short_forms", "topic_of_title"]
