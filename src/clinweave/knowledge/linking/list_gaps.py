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
# The same with longer items ("denies chest pain, swelling in both of the legs, fevers, or chills").
_WIDE_LINK = re.compile(
    rf"\s*(?:{_WORD}\s+){{0,3}}{_JOIN}(?:\s*(?:{_WORD}\s*){{1,7}}{_JOIN}){{1,3}}\s*(?:{_WORD}\s+){{0,2}}",
    re.IGNORECASE,
)
_OTHER_VERB = re.compile(
    r"\b(?:present\w*|referred|admit\w*|develop\w*|not\w*|found|seen|complain\w*|report\w*|endors\w*|with|but|who|which|"
    r"then|now|came|states?|says|shows?|continu\w*|remain\w*|feels?|takes|uses)\b",
    re.IGNORECASE,
)
_OR = re.compile(r"\b(?:or|nor)\b", re.IGNORECASE)
_FIRST_ITEMS = 2  # of a list that "no" begins, before the first known finding
# The first of them with its place or occasion: "no weakness at rest, double vision or dysphagia".
_PLACE = (
    r"(?:at|on|in|during|with|after|over|to|from|by|when|while|upon|before|behind|around|between|under)\s+"
    rf"(?:(?!or\b|and\b){_WORD}\s*){{1,3}}"
)
PLACED_LINK = re.compile(
    rf"\s+(?P<place>{_PLACE}(?:(?:or|and)\s+{_PLACE})?){_JOIN}\s*(?:(?!\w+(?:ed|ing|s)\b){_WORD}\s+)?",
    re.IGNORECASE,
)
_NOUN = re.compile(r"(?:absence|lack) of\b", re.IGNORECASE)
_ADVERBIAL = re.compile(
    r"\b(?:in|despite|with|by|to|from|given|due|under|at|for)\s+(?:the\s+)?$", re.IGNORECASE
)
_BEFORE = 20  # characters before such a noun that show what it depends on
_PREPOSITION_ON = re.compile(r"\bon\b", re.IGNORECASE)  # begins a place, not "on aspirin"
# Between a finding and what a relative clause says of it.
RELATIVE = frozenset(
    {"which", ", which", "that", ", that", ", and", ", both", ", but", ", this", ", these", ", it"}
)
# A new subject or verb begins another statement.
STATEMENT = re.compile(
    r"\b(?:he|she|they|it|we|i|patient|is|was|are|were|has|have|had|there|looks?|appears?|gave|given|received|started|on)"
    r"\b",
    re.IGNORECASE,
)


def wide_list(gap: str) -> bool:
    """Say whether a gap between two items of a list holds nothing but further items, of up to seven words."""
    return _WIDE_LINK.fullmatch(gap) is not None and not _OTHER_VERB.search(gap)


def denied_list(gap: str, rest: str) -> bool:
    """Say whether "no" begins a list whose first items are no known findings: "no weight change, fever or rash".

    `gap` is what stands between "no" and the first known finding, `rest` the sentence after it.
    """
    closed = _OR.search(rest := rest.split(";", maxsplit=1)[0])
    if closed is None or gap.count(",") > _FIRST_ITEMS:
        return False
    return not STATEMENT.search(gap) and not STATEMENT.search(rest[: closed.start()])


def after_place(gap: str) -> bool:
    """Say whether a gap between two items holds the place or occasion of the first one and a joint, and no more."""
    placed = PLACED_LINK.fullmatch(gap)
    return placed is not None and not STATEMENT.search(_PREPOSITION_ON.sub(" ", placed["place"]))


def is_subject(text: str, start: int) -> bool:
    """Say whether a denial is the subject of the verb behind its list: "Absence of fever, cough and rash was noted".

    In "in the absence of fever, pneumonia was found" it is not.
    """
    return _NOUN.match(text, start) is not None and not _ADVERBIAL.search(
        text[max(0, start - _BEFORE) : start]
    )


_CAUSE = re.compile(
    r"\b(?:causes?|reasons?|a?etiology|origin|source|significance|mechanism|extent|severity|onset|date|timing|duration|type)"
    r" (?:of|for) (?:(?:the|his|her|their|this|these|a|an) )?\Z",
    re.IGNORECASE,
)


def of_cause(text: str, start: int) -> bool:
    """Say whether what is said is said of a finding's cause or time: "the cause of the seizures is unknown"."""
    return _CAUSE.search(text[max(0, start - 40) : start]) is not None
