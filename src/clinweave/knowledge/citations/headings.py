"""Whether a heading leaves what stands under it as the passage's own words, or takes it away.

Headings that say "not so" have endless wordings. So a heading must be known to be neutral: a word of doubt, or a
majority of words that are no heading words, no clinical terms and no words of the passage, makes it doubtful.
"""

import re
import tomllib
from functools import cache
from importlib.resources import files

from clinweave.knowledge.citations.inflection import lemma
from clinweave.knowledge.citations.patterns import pattern

_WORD = re.compile(r"[^\W\d_]+(?:['’][a-z]+)?")
_DENYING = pattern("denying")
_VOID = pattern("void")
_WITHDRAWN = pattern("withdrawn")
_PROHIBITION = re.compile(
    r"^\W*(?:do not|don['’]?t|never|avoid|contra-?indications?|contraindicated)\W*$", re.IGNORECASE
)
_HARMLESS = re.compile(
    r"\b(?:protocol|questions?)\b", re.IGNORECASE
)  # in a title; `denying` has them for studies
# A heading that may be about what others do or say, about animals, or about another time.
_UNCLEAR = re.compile(
    r"\b(?:people|things?|what|here|some|many|others?|say|said|worse|without|nothing|shown|trials?|experiment\w*|"
    r"xenograft\w*|stud(?:y|ies)|results?|replaced|old|mice|mouse|rats?|animals?|yeast|flies|vitro)\b|\|",
    re.IGNORECASE,
)
# "Before 1980", "In the 19th century", "1950s", "1984-1997": what stands under it was so at that time.
_PAST = re.compile(
    r"^\W*(?:(?:before|until|till|up to|prior to|pre|circa|around|in|during|as of|c\.|the|early|mid|late)\W+)*"
    r"(?:(?:1[5-9]\d\d|20[01]\d)s?(?:\W+(?:to|and|until)?\W*(?:1[5-9]\d\d|20[01]\d)s?)?)\W*$"
    r"|\b(?:before|until|till|prior to|pre-?)\s*(?:the\s+)?(?:1[5-9]\d\d|20\d\d)|\b1[5-9]\d0s\b"
    r"|\bcentur(?:y|ies)\b|\byears ago\b"
    r"|\bera\b|\bedition\b.*\b1[5-9]\d\d\b|\bvictorian\b|\bwar ?time\b",
    re.IGNORECASE,
)
_DISEASE = re.compile(
    r"\b(?:syndromes?|diseases?|disorders?|deficienc(?:y|ies)|an[a]?emias?|palsy|fever|cancers?|tumou?rs?|dystroph(?:y|ies)|"
    r"infections?|failure|injur(?:y|ies)|fractures?|attacks?|embolism|shock|arrest|withdrawal|poisoning|overdose)\W*$",
    re.IGNORECASE,
)
_EPONYM = re.compile(r"\b[A-Z][a-z]+['’]s\b")  # "Fallot's tetralogy"
_LONGEST_NAME = 5  # words of a heading that is the name of a disease
_SHORTEST_TERM = 6  # letters of a word that its ending marks as a clinical term


def denies(heading: str) -> bool:
    """Tell whether a heading or title has a word by which its content is denied, limited or withdrawn."""
    return bool(_DENYING.search(heading) or _VOID.search(heading) or _doubtful_word(heading))


def withdraws(heading: str) -> bool:
    """Tell whether a heading says that its content is refuted, withdrawn or out of force ("Myths", "Former advice").

    Narrower than `denies`: what stands under "Do not" or "Contraindications" holds, and may be quoted with its heading.
    """
    return bool(_WITHDRAWN.search(heading))


def may_be_shown_with(heading: str) -> bool:
    """Tell whether what stands under a heading may be quoted with it: a prohibition, a group, an unknown topic.

    What a heading calls a myth, a belief, a claim, a draft or past is not quoted at all.
    """
    if _PROHIBITION.search(heading):
        return True
    rest = _HARMLESS.sub(" ", heading)
    return not (withdraws(heading) or takes_away(rest) or _UNCLEAR.search(heading))


def takes_away(heading: str) -> bool:
    """Tell whether a heading denies its content or is a past time."""
    return denies(heading) or bool(_PAST.search(heading))


def doubtful(heading: str, passage: str) -> bool:
    """Tell whether a heading denies its content, or has no sense that is known to be neutral.

    `passage` is the text and title around the heading: a word that it uses elsewhere names the topic.
    """
    if takes_away(heading):
        return True
    words = [
        word.lower()
        for word in _WORD.findall(_EPONYM.sub(" ", heading))
        if len(word) > 1 and word.lower() not in _words("small")
    ]
    topic = {word.lower() for word in _WORD.findall(passage.replace(heading, " "))}
    unknown = [word for word in words if not _known(word, topic)]
    if _DISEASE.search(heading) and len(words) <= _LONGEST_NAME and not heading.rstrip().endswith(":"):
        return False
    return 2 * len(unknown) >= len(words) > 0


def _doubtful_word(heading: str) -> bool:
    words = {word.lower().replace("’", "'") for word in _WORD.findall(heading)}
    return bool(words & _words("doubtful"))


def _known(word: str, topic: set[str]) -> bool:
    forms = {word, lemma(word)[0], word.removesuffix("'s").removesuffix("’s")}
    if forms & (_words("neutral") | topic):
        return True
    return len(word) >= _SHORTEST_TERM and word.endswith(_endings())


@cache
def _file() -> dict[str, str]:
    return tomllib.loads(files(__package__).joinpath("headings.toml").read_text(encoding="utf-8"))


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(_file()[name].split())


@cache
def _endings() -> tuple[str, ...]:
    return tuple(_file()["endings"].split())


__all__ = ["denies", "doubtful", "may_be_shown_with", "takes_away", "withdraws"]
