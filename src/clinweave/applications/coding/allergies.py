"""Allergies that a note states: lists under a heading, "allergic to ...", "... allergy"; coded as status (I.C.21.c.3).

An allergy is a status; its recorded reaction ("penicillin - hives") is no condition of this visit.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

_HEADING = re.compile(
    r"(?:^|(?<=[.;!?\n])[ \t]*)[ \t#*-]*(?:drug |medication |known |food |other |current )?allerg(?:y|ies)"
    r"(?: list(?: reviewed)?| status| history)?(?: ?/ ?(?:intolerances?|adverse reactions?|sensitivities))?"
    r"[ \t]*\**(?::|--|\n|\u2013| - |[ ]{3,}|\t|\|)",
    re.IGNORECASE | re.MULTILINE,
)
_TO = re.compile(
    r"\b(?:allergic(?: reactions?)?|anaphyla(?:xis|ctic)|hypersensitiv(?:e|ity)|allerg(?:y|ies))\s+(?:to|against)\s+",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"(?<![\w-])((?:[\w'/-]+\s+){0,3}?[\w'/-]+)[ -](?:allerg(?:y|ies|ic)|hypersensitivity|anaphylaxis(?: history)?)\b"
    r"(?!\s*(?::|\n)|\s+(?:to|test|clinic|panel|work-?up|shots?|season|symptoms|list))",
    re.IGNORECASE,
)
_NONE = re.compile(
    r"\b(?:nkda|nka|nkfa|none|nil|no known|no drug|no allerg|denies|not|unknown|never|negative|without|"
    r"tolerates?|tolerated|no longer|outgrew|outgrown|excluded|ruled out|de-?labell?ed|no)\b",
    re.IGNORECASE,
)
_REFUTED = re.compile(
    r"\b(?:ruled out|excluded|de-?labell?ed|outgrew|outgrown|not confirmed|no longer|tolerates|"
    r"negative (?:skin )?test)\b",
    re.IGNORECASE,
)
_FAMILY = re.compile(
    r"\b(?:mother|father|brother|sister|parents?|son|daughter|sibling|aunt|uncle|wife|husband|family)\b",
    re.IGNORECASE,
)
_OF_RELATIVE = re.compile(rf"[^.;,]{{0,25}}\b(?:in|of)\s+(?:\w+\s+){{0,2}}{_FAMILY.pattern}", re.IGNORECASE)
_DOUBT = re.compile(
    r"\b(?:possible|possibly|suspected|questionable|may be|probable|query|rule out)\b|\?", re.IGNORECASE
)
_DOUBT_AFTER = re.compile(
    r"\s*(?:allerg\w+|hypersensitivity)?\s*(?:is |was )?(?:suspected|possible|queried|questionable|\?)",
    re.IGNORECASE,
)
_ITEM = re.compile(r"[,;\n\u2022]|\band\b|\bor\b|(?<=\w)\s*/\s*(?=\w{4})|\.\s")
_REACTION = re.compile(
    r"\s*(?:\(|\[|[-\u2013\u2014:=>]\s|->|\bcauses?\b|\bwith\b|\bresult|\bgets\b).*", re.DOTALL
)
_LINE = re.compile(r"[^\n]*(?:\n|$)")
_BULLET = re.compile(r"^[ \t]*(?:[-*\u2022>]|\d{1,2}[.)])[ \t]*")
_PLAIN = frozenset(
    {"the", "all", "any", "both", "severe", "severely", "certain", "some", "oral", "iv", "topical", "raw"}
)
_LONGEST = 300  # characters of a sentence or list that are read


@dataclass(frozen=True)
class Allergy:
    """A stated allergy: the code of its status, the substance, its place, and the place of the whole statement.

    `reason` says why it is not coded, "" where it is.
    """

    code: str
    start: int
    end: int
    low: int
    high: int
    reason: str = ""


@lru_cache(maxsize=1)
def allergens() -> dict[str, str]:
    """Return the code of each substance, in lower case."""
    text = files("clinweave.applications.coding").joinpath("allergens.tsv").read_text("utf-8")
    rows = (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: code for code, names in rows for name in names.split("; ")}


def allergies(text: str) -> list[Allergy]:
    """Return the allergies that a note states, by place; each substance of a place once."""
    result: dict[tuple[int, int], Allergy] = {}
    for found in (*_listed(text), *_told(text)):
        result.setdefault((found.start, found.end), found)
    return sorted(result.values(), key=lambda item: item.start)


def _listed(text: str) -> Iterator[Allergy]:
    """Yield the items below or behind a heading, to the end of the line or of the lines with list signs."""
    for heading in _HEADING.finditer(text):
        low = heading.end()
        line = _LINE.match(text, low)
        high = line.end() if line else len(text)
        if heading.group().endswith("\n") or not text[low:high].strip():  # items on the lines below
            high = low if heading.group().endswith("\n") else high
            while (
                (line := _LINE.match(text, high))
                and line.group().strip()
                and (_BULLET.match(line.group()) or (len(line.group()) < 60 and ":" not in line.group()[:20]))
            ):
                high = line.end()
                if high >= len(text):
                    break
        else:
            stop = re.search(r"\.(?:\s|$)", text[low:high])
            high = low + stop.start() if stop else high
        high = min(high, low + _LONGEST)
        yield from _items(text, low, high, listed=True)


def _told(text: str) -> Iterator[Allergy]:
    """Yield the substances of "allergic to A and B" and "A allergy"."""
    for match in _TO.finditer(text):
        stop = re.search(r"[.;\n]|\b(?:but|who|which|since|because)\b", text[match.end() :])
        high = min(match.end() + (stop.start() if stop else _LONGEST), len(text), match.end() + _LONGEST)
        yield from _items(text, match.end(), high, listed=False, before=match.start())
    for match in _BEFORE.finditer(text):
        words = match[1]
        name = _name(words.lower())
        if name:
            start = match.end(1) - len(name)
            yield _judged(text, start, match.end(1), (_sentence_start(text, start), match.end()))


def _items(text: str, low: int, high: int, *, listed: bool, before: int = -1) -> Iterator[Allergy]:
    """Yield the substances of a list between two places; a reaction in brackets or after a dash is none."""
    place = low
    for piece in [*_ITEM.finditer(text, low, high), None]:
        stop = piece.start() if piece else high
        item = text[place:stop]
        bare = _REACTION.sub("", _BULLET.sub("", item.lstrip("\n"), count=1)).strip(" \t\r*.\"'")
        name = _name(bare.lower(), whole=listed)
        if not listed and name and not _PLAIN.issuperset(bare.lower().removesuffix(name).split()):
            return
        if name and not (listed and _NONE.search(item)):
            start = text.lower().index(name, place, stop)
            around = (place, stop) if listed else (_sentence_start(text, before), high)
            yield _judged(text, start, start + len(name), around)
        elif not listed and bare and not name:
            return  # the list is over: "allergic to penicillin, presents with ..."
        place = piece.end() if piece else high


def _name(words: str, *, whole: bool = False) -> str:
    """Return the substance at the end of some words, or that they are ("severe penicillin"), "" if there is none."""
    known = allergens()
    parts = words.split()
    for first in range(len(parts)):
        name = " ".join(parts[first:])
        if name in known:
            return name
    if whole:  # "penicillin skin rash", "penicillin as a child"
        for last in range(len(parts) - 1, 0, -1):
            for first in range(min(2, last)):
                if (name := " ".join(parts[first:last])) in known:
                    return name
    return ""


def _judged(text: str, start: int, end: int, around: tuple[int, int]) -> Allergy:
    """Return an allergy with the reason why it is not coded, if there is one."""
    code = allergens()[text[start:end].lower()]
    low, high = around
    said = text[low:high]
    tail = text[end : min(len(text), end + 80)].partition("\n")[0]
    reason = ""
    if _FAMILY.search(text[low:start]) or _OF_RELATIVE.match(tail):
        reason = "of a relative"
    elif _REFUTED.search(tail) or _NONE.search(text[max(low, start - 40) : start]):
        reason = "denied or ruled out"
    elif _DOUBT.search(said[: start - low]) or _DOUBT_AFTER.match(tail):
        reason = "uncertain"
    return Allergy(code, start, end, low, high, reason)


def _sentence_start(text: str, place: int) -> int:
    cut = max(text.rfind(sign, 0, place) for sign in (". ", "\n", ";", "! ", "? "))
    return cut + 1 if cut >= 0 else 0
