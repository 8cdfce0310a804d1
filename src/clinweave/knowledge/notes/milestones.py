"""Findings that the ages of developmental milestones mean: "walked at 26 months" is a delayed ability to walk.

Limits of motor milestones are the 99th percentiles of the WHO Multicentre Growth Reference Study (2006,
doi:10.1111/j.1651-2227.2006.tb02379.x), rounded up to whole months: sitting 9.2, crawling 13.5, standing alone 16.9,
walking alone 17.6. Limits of speech are those by which the CDC's list expects nearly all children to have reached them:
words by 18 months, sentences of two words by 30 months, and 50 words at 30 months.
"""

import re
from collections.abc import Iterator, Sequence

from clinweave.knowledge.linking.shorthand import stretches
from clinweave.knowledge.notes.growth import Measure
from clinweave.knowledge.notes.person import Person

_WORDS = "one two three four five six seven eight nine ten eleven twelve"
_NUMBER_WORDS = {word: float(number) for number, word in enumerate(_WORDS.split(), 1)}
_NUMBER = rf"(?:\d{{1,2}}(?:[.,]\d|\s?½|\s?1/2)?|{_WORDS.replace(' ', '|')})"
# what follows an age that is none of a milestone: a time after something, or a list ("10, 18 and 24 months")
_LATER = rf"(?! ?(?:after|post|later|following|of follow|into|before|ago|since|for)|,? (?:and )?{_NUMBER}\b)"
_AGE = (
    r"(?:(?:the )?age (?:of )?|aged |about |around |approximately |only |almost |nearly )*"
    rf"(?P<n>{_NUMBER})(?:\s*(?:-|\u2013|to|and)\s*(?P<n2>{_NUMBER}))?[\s-]*"
    rf"(?P<unit>months?|mos?|years?|yrs?|y)\b"
    rf"(?:,? (?:and )?\d{{1,2}} months?\b)?{_LATER}"
)
_ALONE = r"(?: up)?(?: (?:alone|unsupported|independently|unaided|without support|unassisted))?"
_AT = re.compile(
    rf"\b(?:(?:only|first|not until|until|by|at|from) )*(?:until|by|at|from) {_AGE}", re.IGNORECASE
)
_BEGAN = r"(?:(?:could|able to|began to|began|started to|started|learned to|learnt to) )?"
# milestone -> how it is written, without "at AGE"
_WRITTEN = {
    "sit": rf"{_BEGAN}(?:sat|sit|sitting){_ALONE}",
    "crawl": rf"{_BEGAN}crawl(?:ed|ing)?",
    "stand": rf"{_BEGAN}(?:stood|stand|standing){_ALONE}",
    "walk": rf"(?:{_BEGAN}walk(?:ed|ing)?|(?:took (?:his|her|the|their)? ?)?first steps(?: were)?|ambulated){_ALONE}",
    "words": r"(?:(?:spoke|said|used|had)? ?(?:his |her |the |their )?(?:first|single) (?:meaningful )?words?"
    r"(?: were| was)?(?: spoken| said)?|(?:began|started|learned|learnt) (?:to (?:speak|talk)|speaking|talking)"
    r"|(?:speak|talk))",
    "sentences": r"(?:(?:spoke|used|combined|formed)(?: in)? ?(?:(?:two|2)[- ]word )?"
    r"(?:sentences|phrases|combinations)|(?:first|two-word) sentences)",
}
# what stands before an age, up to its end
_MILESTONE = re.compile(
    r"(?P<no>\b(?:(?:did|could|was|were|is|has|had|does) ?(?:not|n't)(?: able to)?|never|unable to|not) )?"
    r"\b(?:" + "|".join(f"(?P<{name}>{pattern})" for name, pattern in _WRITTEN.items()) + r"),? ?\(?\Z",
    re.IGNORECASE,
)
# by which a milestone is found quickly
_LETTERS = (
    *(
        "sat ",
        "sat,",
        "sat(",
        "sit ",
        "sitting",
        "Sat ",
        "Sitting",
        "crawl",
        "Crawl",
        "stood",
        "stand ",
        "standing",
        "Stood",
    ),
    *(
        "Standing",
        "alk",
        "steps",
        "mbulated",
        "word",
        "peak",
        "spoke",
        "Spoke",
        "sentences",
        "phrases",
        "combinations",
    ),
)
_AGE_LENGTH = 90  # characters of an age, with the words before it
_BEFORE = 70  # characters before an age in which its milestone stands
_ABOUT = r"(?: (?:only|about|around|approximately|fewer than|less than|some|just))*"
_COUNTED = re.compile(
    r"\b(?:speech (?:is |was )?(?:limited|restricted) to|speaks|says|uses|has|knows|"
    r"vocabulary (?:is |was )?(?:of|limited to|restricted to|comprises))"
    rf"{_ABOUT} (?P<n>{_NUMBER}|\d{{1,3}}|a few|few) (?:single |meaningful |spoken |clear )?words\b",
    re.IGNORECASE,
)
_COUNTED_LENGTH, _WORD = 120, 6  # characters before "words", and of it with what ends it
# milestone -> (finding, latest age in months)
_LIMITS = {
    "sit": ("HP:0025336", 10.0),
    "crawl": ("HP:0033128", 14.0),
    "stand": ("HP:0025335", 17.0),
    "walk": ("HP:0031936", 18.0),
    "words": ("HP:0000750", 18.0),
    "sentences": ("HP:0000750", 30.0),
}
_SPEECH, _FEW_WORDS, _WORDS_AT = "HP:0000750", 50, 2.5
_MAX_MONTHS = 20.0 * 12  # an older age is none of a milestone


def milestones(full_text: str, people: Sequence[tuple[int, int, Person]]) -> Iterator[Measure]:
    """Yield the findings of ages of milestones and of counted words; `people` are (start, end, person) of each text.

    An age within the limit excludes the delay. "Did not walk until" states an age, "not walking at" does not.
    """
    for age in (
        age
        for first, stop in stretches(full_text, _LETTERS, 0, _BEFORE + _AGE_LENGTH)
        for age in _AT.finditer(full_text, first, stop)
    ):
        if reached := _MILESTONE.search(full_text, max(0, age.start() - _BEFORE), age.start()):
            yield from _measure(reached, age)
    document = 0
    for match in (
        match
        for first, stop in stretches(full_text, ("words", "Words", "WORDS"), _COUNTED_LENGTH, _WORD)
        for match in _COUNTED.finditer(full_text, first, stop)
    ):
        while people[document][1] <= match.start():
            document += 1
        years = people[document][2].age
        if years is not None and years >= _WORDS_AT and _count(match["n"]) < _FEW_WORDS:
            how = f"{match['n']} words at {years:g} years"
            yield Measure(match.start(), match.end(), _SPEECH, absent=False, how=how)


def _measure(reached: re.Match[str], age: re.Match[str]) -> Iterator[Measure]:
    finding, latest = next(_LIMITS[name] for name in _LIMITS if reached[name])
    per = 1.0 if age["unit"].lower().startswith("m") else 12.0
    months = max(_count(age["n"]), _count(age["n2"]) if age["n2"] else 0.0) * per
    if not 0 < months <= _MAX_MONTHS:
        return
    late = months > latest
    if reached["no"] and "until" not in age[0].lower() and not late:
        return  # "not walking at 14 months" says nothing of a delay, nor that there is none
    how = " ".join(f"{reached[0]}{age[0]}".split())
    yield Measure(reached.start(), age.end(), finding, absent=not late, how=how)


def _count(text: str) -> float:
    plain = text.lower().replace(",", ".").strip()
    if plain in {"a few", "few"}:
        return 5.0
    if plain in _NUMBER_WORDS:
        return _NUMBER_WORDS[plain]
    half = 0.5 if re.search(r"½|1/2", plain) else 0.0
    return float(re.sub(r"\s?(?:½|1/2)", "", plain) or 0) + half
