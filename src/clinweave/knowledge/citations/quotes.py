"""Whether a passage says a sentence word for word, with nothing beside it that changes the sense."""

import re
import unicodedata
from typing import NamedTuple

from clinweave.knowledge.citations.sentences import split
from clinweave.records import Passage, Verdict

LEAST = 5  # words of the shortest quotation that supports
_WORD = re.compile(r"(?<![\w.])-(?=\d)|\d+(?:[.,:/]\d+)*|\w+|[%<>≤≥=±]")
_LEAD_IN = re.compile(
    r"^\s*(?:according to [^,:]{1,60}, |(?:the|this) (?:passage|text|source|evidence|document|article) "
    r"(?:states?|says?|notes?|reads?)(?: that)?[:,]? )",
    re.IGNORECASE,
)
# Words outside the quotation, in its own sentence, that may turn its sense round or limit it.
_TURNS = frozenset(
    re.findall(
        r"\w+",
        "not no nor never neither without cannot n t may might could would should if unless until except only rarely "
        "seldom hardly scarcely barely but although though however whereas while despite unlike than rather instead "
        "whether suspected possible possibly probably unlikely false falsely incorrect incorrectly wrong wrongly myth "
        "deny denies denied excluded absent absence lack lacks lacking believed thought claimed alleged hypothesized "
        "hypothesised suggest suggests refuted some few many most all several when in among during under after before "
        "children women men infants adults females males patients with",
    )
)
_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^.\n]{0,40}\b(?:instructions?|prompts?|rules|above|previous|prior|earlier)\b"
    r"|\bsystem prompt\b|\byou are now\b|\b(?:you|the assistant) must (?:answer|say|reply|respond|state)\b"
    r"|\b(?:answer|reply|respond) (?:only )?with\b|<\|?(?:im_start|im_end|system|assistant|endoftext)\|?>|\[/?inst\]",
    re.IGNORECASE,
)


class Quoted(NamedTuple):
    """A verdict on a sentence and a passage, and why."""

    verdict: Verdict
    reason: str


def gives_orders(text: str) -> bool:
    """Tell whether a text speaks to a language model ("ignore previous instructions"): nothing in it supports."""
    return bool(_ORDERS.search(text))


def quoted(sentence: str, passage: Passage) -> Quoted:
    """Return SUPPORTED where the passage contains the sentence word for word as a clause of its own."""
    if gives_orders(passage.text):
        return Quoted(
            Verdict.UNVERIFIED, "the passage contains instructions to a model, and supports nothing"
        )
    wanted = _words(_LEAD_IN.sub("", sentence))
    if len(wanted) < LEAST:
        return Quoted(Verdict.UNVERIFIED, "too short to be a quotation")
    have = [(word, place) for place, span in enumerate(split(passage.text)) for word in _words(span.text)]
    for first in range(len(have) - len(wanted) + 1):
        last = first + len(wanted)
        if [word for word, _ in have[first:last]] != wanted:
            continue
        touched = {place for _, place in have[first:last]}
        beside = {word for word, place in have[:first] + have[last:] if place in touched}
        if not _TURNS & beside:
            return Quoted(Verdict.SUPPORTED, "the passage says this word for word")
        return Quoted(
            Verdict.UNVERIFIED, "the passage says more beside these words, which may change their sense"
        )
    return Quoted(Verdict.UNVERIFIED, "the passage does not say this word for word")


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
