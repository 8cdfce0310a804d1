"""Findings of the week of birth ("born at 34+2 weeks"), lost weight, and a liver or spleen below the costal margin.

Birth before 37 completed weeks is premature (WHO, fact sheet "Preterm birth"). A liver is felt up to 3.5 cm below the
margin in newborns and 2 cm in children (Wolf and Lavine, Pediatr Rev 2000;21:303-310), so more than that, or more than
3.5 cm where nothing tells the age, is an enlargement; a spleen at 2 cm or more is.
"""

import re
from collections.abc import Iterator

from clinweave.knowledge.notes.growth import Measure

_PREMATURE, _HEPATOMEGALY, _SPLENOMEGALY = "HP:0001622", "HP:0002240", "HP:0001744"
_WEIGHT_LOSS = "HP:0001824"
_LOST = re.compile(
    r"\b(?:lost|weight loss of|lose|losing) (?:about |around |some |over |nearly |almost |more than )?"
    r"\d{1,2}(?:\.\d)? ?(?:kg|kilos?|kilograms?|pounds?|lbs?|stone)\b",
    re.IGNORECASE,
)
_WEEKS = (
    r"(?P<weeks>2[2-9]|3\d|4[0-3])"
    r"(?:\s*(?:\+|-plus-|\s+and\s+)\s*(?P<days>[0-6])(?:\s*/\s*7)?|\s[1-6]/7)?"
)
_BORN = re.compile(
    r"\b(?:born|birth|delivered|delivery|deliver|section|c-section|LSCS|NVD|SVD|vaginally)\b"
    r"[^.;\n]{0,40}?\b(?:at |after |of |in )?"
    rf"(?<!\d){_WEEKS}(?:[ -]*(?:completed )?(?:weeks?|wks?|/40)\b|/40)"
    r"(?! (?:old|of age|later|ago|post|corrected))",
    re.IGNORECASE,
)
_SIZE = re.compile(
    r"\b(?P<organ>liver|spleen|hepar)\b"
    r"(?: (?:edge|tip|span|was|is|palpable|palpated|felt|down|enlarged|of|to|at|about))*"
    r"[:,]? (?P<cm>\d{1,2}(?:\.\d)?)(?:\s*(?:-|to)\s*\d{1,2}(?:\.\d)?)? ?(?:cm|finger ?breadths?|fb)\b"
    r"(?: (?:palpable|felt|enlarged|down))* (?:below|beneath|under|bcm\b|from)[^.;\n]{0,25}?(?:margin|rib|edge|arch)",
    re.IGNORECASE,
)
_LIMITS = {"spleen": (_SPLENOMEGALY, 2.0), "liver": (_HEPATOMEGALY, 3.5), "hepar": (_HEPATOMEGALY, 3.5)}
_TERM, _POSTTERM = 37, 42


# Letters by which the places are found quickly, how far behind them a pattern begins, and the pattern.
_SIGNS = (
    *((letters, 1, _BORN) for letters in ("orn ", "orn,", "irth", "eliver", "ection", "aginally")),
    *((letters, 0, _BORN) for letters in ("LSCS", "NVD", "SVD")),
    *((letters, 1, _SIZE) for letters in ("iver", "pleen", "epar")),
    *((letters, 1, _LOST) for letters in ("ost ", "eight loss of", "ose ", "osing ")),
)


def examined(full_text: str) -> Iterator[Measure]:
    """Yield the findings of `full_text`; birth at term excludes that it was premature."""
    ends: dict[re.Pattern[str], int] = {}
    for start, pattern in _places(full_text):
        match = pattern.match(full_text, start) if start >= ends.get(pattern, 0) else None
        if match is None:
            continue
        ends[pattern] = match.end()
        how = " ".join(match[0].split())
        if pattern is _LOST:
            yield Measure(match.start(), match.end(), _WEIGHT_LOSS, absent=False, how=how)
        elif pattern is _BORN and int(match["weeks"]) < _POSTTERM:
            term = int(match["weeks"]) >= _TERM
            yield Measure(match.start("weeks"), match.end(), _PREMATURE, absent=term, how=how)
        elif pattern is _SIZE:
            finding, least = _LIMITS[match["organ"].lower()]
            if float(match["cm"]) >= least:
                yield Measure(match.start(), match.end(), finding, absent=False, how=how)


def _places(full_text: str) -> list[tuple[int, re.Pattern[str]]]:
    """Return where each pattern may begin, by place."""
    places: list[tuple[int, re.Pattern[str]]] = []
    for letters, back, pattern in _SIGNS:
        at = full_text.find(letters)
        while at >= 0:
            places.append((max(0, at - back), pattern))
            at = full_text.find(letters, at + 1)
    return sorted(places, key=lambda item: item[0])
