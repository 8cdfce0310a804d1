"""Signs named after people, and plantar responses, with their result: "Romberg positive", "plantars downgoing"."""

import re
from collections.abc import Iterator

from clinweave.knowledge.linking.dictionary import HashSet
from clinweave.knowledge.linking.normalise import Tokens, hashes_of, words_of
from clinweave.knowledge.notes.growth import Measure

_FINDINGS = {
    "romberg": "HP:0002403",
    "babinski": "HP:0003487",
    "gowers": "HP:0003391",
    "gower": "HP:0003391",
    "chvostek": "HP:0031990",
    "trousseau": "HP:6000919",
    "hoffman": "HP:0031993",
    "hoffmann": "HP:0031993",
    "lhermitte": "HP:0032504",
    "phalen": "HP:0033673",
    "beevor": "HP:0030664",
    "darier": "HP:0025081",
    "lester": "HP:0009781",
    "pathergy": "HP:0025532",
}
_POSITIVE = r"y(?:es)?\b|positive\b|\+ve\b|\+{1,3}(?![\w/+-])|pos\b|present\b|elicited\b|elicitable\b"
_NEGATIVE = (
    r"no?\b|negative\b|neg\b|-ve\b|[-\u2212](?![\w>-])|absent\b|not (?:present|elicited|seen)\b|normal\b"
)
_RESULT = rf"(?:(?P<up>{_POSITIVE})|(?P<down>{_NEGATIVE}))"
_SIDE = r"(?:(?:on the )?(?:left|right|both sides?|bilaterally|L|R)\s+)?"
_SIGN = re.compile(
    rf"\b(?P<name>{'|'.join(_FINDINGS)})(?:['\u2019]?s['\u2019]?|['\u2019])?"
    r"(?:[ -](?:sign|test|manoeuvre|maneuver|reflex))?s?"
    rf"(?:\s+(?:is|was|were|remains|again))*\s*[:=,]?\s*{_SIDE}\(?{_RESULT}",
    re.IGNORECASE,
)
_PLANTARS = re.compile(
    r"\b(?:plantars?|plantar (?:responses?|reflex(?:es)?)|toes)"
    r"(?:\s+(?:is|are|was|were|both|bilaterally|on both sides))*"
    r"\s*[:=]?\s*(?:(?P<up>up-?\s?going|extensor|\u2191+)|(?P<down>down-?\s?going|flexor|\u2193+))",
    re.IGNORECASE,
)
_ONE_SIDED = re.compile(r"\b(?:left|right|one|L|R|unilateral(?:ly)?)\b", re.IGNORECASE)
_AROUND = 30  # characters in which a side stands
_NAMES = HashSet(hashes_of(words_of(" ".join(_FINDINGS))))
_PLANTAR = HashSet(hashes_of(words_of("plantar toes")))


def signs(full_text: str, tokens: Tokens) -> Iterator[Measure]:
    """Yield the findings of `full_text`; a plantar response of one side alone excludes nothing."""
    for match in _matches(_SIGN, _NAMES, full_text, tokens):
        finding = _FINDINGS[match["name"].lower()]
        yield Measure(match.start(), match.end(), finding, absent=match["up"] is None, how=_quoted(match))
    for match in _matches(_PLANTARS, _PLANTAR, full_text, tokens):
        around = full_text[max(0, match.start() - _AROUND) : match.end() + _AROUND]
        if match["up"] is not None or not _ONE_SIDED.search(around):
            absent = match["up"] is None
            yield Measure(
                match.start(), match.end(), _FINDINGS["babinski"], absent=absent, how=_quoted(match)
            )


def _matches(
    pattern: re.Pattern[str], names: HashSet, full_text: str, tokens: Tokens
) -> Iterator[re.Match[str]]:
    """Yield the matches of a pattern that begins with one of the names."""
    for start in tokens.start[names.holds(tokens.hash)].tolist():
        if (match := pattern.match(full_text, start)) is not None:
            yield match


def _quoted(match: re.Match[str]) -> str:
    return " ".join(match[0].split()).lstrip("(")
