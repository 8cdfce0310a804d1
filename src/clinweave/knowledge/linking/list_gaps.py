"""Between two items of a list: what joins them, and what begins another statement."""

import re

_JOIN = r"(?:,\s*(?:and/or|and|or|nor|&)?|/|&|\+|and/or|and|or|nor|as well as|and also|plus)"
_WORD = r"[\w'\u2019-]++"
# Between two items of a list: a comma or a conjunction, and up to two words of the next item.
_NEXT = rf"\s*(?:{_WORD}\s+){{0,2}}(?:(?:complaints?|symptoms?|signs?|episodes?|history|evidence)\s+of\s+)?"
LINK = re.compile(rf"\+?\s*(?:\([^()]*\)\s*|{_WORD}\s+)?{_JOIN}{_NEXT}", re.IGNORECASE)
PLAIN_LINK = re.compile(rf"\+?\s*(?:\([^()]*\)\s*)?{_JOIN}{_NEXT}", re.IGNORECASE)
# The same with items between them that are no known finding.
LONG_LINK = re.compile(
    rf"\s*(?:{_WORD}\s+)?{_JOIN}(?:\s*(?:{_WORD}\s*){{1,3}}{_JOIN}){{1,3}}\s*(?:{_WORD}\s+){{0,2}}",
    re.IGNORECASE,
)
# The first of them with its place or occasion: "no weakness at rest, double vision or dysphagia".
_PLACE = (
    r"(?:at|on|in|during|with|after|over|to|from|by|when|while|upon|before|behind|around|between|under)\s+"
    rf"(?:(?!or\b|and\b){_WORD}\s*){{1,3}}"
)
PLACED_LINK = re.compile(
    rf"\s+(?P<place>{_PLACE}(?:(?:or|and)\s+{_PLACE})?){_JOIN}\s*(?:(?!\w+(?:ed|ing|s)\b){_WORD}\s+)?",
    re.IGNORECASE,
)
_PREPOSITION_ON = re.compile(r"\bon\b", re.IGNORECASE)  # begins a place, not "on aspirin"
# A new subject or verb begins another statement.
STATEMENT = re.compile(
    r"\b(?:he|she|they|it|we|i|patient|is|was|are|were|has|have|had|there|looks?|appears?|gave|given|received|started|on)"
    r"\b",
    re.IGNORECASE,
)


def after_place(gap: str) -> bool:
    """Say whether a gap between two items holds the place or occasion of the first one and a joint, and no more."""
    placed = PLACED_LINK.fullmatch(gap)
    return placed is not None and not STATEMENT.search(_PREPOSITION_ON.sub(" ", placed["place"]))
