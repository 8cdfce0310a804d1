"""Regular expressions for values in notes: numbers, units, reference ranges, and words such as "elevated"."""

import re

NUMBER = r"(?:\d{1,3}(?:[,\u202f]\d{3})+(?:\.\d+)?|\d+(?:[.,\u00b7]\d+)?)"
_LETTER = r"[a-zA-Z\u00b5\u03bc]"
_DASH = r"(?:[-\u2010-\u2015\u2212]|to\b)"


def _any(words: str) -> str:
    """Return the alternatives of a list: commas between, blanks as any blank."""
    return "|".join(word.strip().replace(" ", r"\s+") for word in words.split(","))


DEGREES = _any(
    "mildly, moderately, severely, slightly, markedly, significantly, grossly, highly, very, also, further, "
    "persistently, extremely, borderline, marginally, consistently, only, still, remarkably, massively, abnormally"
)
UP = _any(
    "elevated, increased, raised, high, higher, elevation, increase, above normal, above the normal, \u2191, \u2197"
)
DOWN = _any(
    "decreased, reduced, low, lower, lowered, diminished, decrease, reduction, deficient, subnormal, below normal, "
    "below the normal, \u2193, \u2198"
)
NORMAL = (
    r"(?:within\s+|in\s+|at\s+)?(?:the\s+)?normal(?:\s+range|\s+limits?)?|unremarkable|WNL|"
    r"within\s+(?:the\s+)?reference\s+(?:range|limits)"
)
NEGATIVE = _any("negative, nonreactive, non-reactive, not detected, undetectable")
POSITIVE = _any("positive, reactive, detected, present") + r"|[1-4]\s?\+|\+{1,4}"
MEASURES = (
    r"levels?|concentrations?|counts?|values?|activit(?:y|ies)|titers?|titres?|results?|tests?|testing|assays?|"
    r"serology|antibod(?:y|ies)|measurements?|screen(?:ing)?|rate|in\s+the\s+first\s+hour"
)
_COPULAS = (
    r"(?:,?\s?(?:which|that)\s)?(?:"
    + _any(
        "was, were, is, are, has been, have been, had been, being, came back, remained, showed, tested, returned, "
        "turned out, revealed, measured, of, at, found, noted, detected, reported, to be, as, both, all, in all, a, "
        "an, the, had"
    )
    + ")"
)
_BEFORE = _any(
    "of, for, in, the, his, her, its, serum, plasma, blood, circulating, total, peripheral, random, absolute, both, "
    "and, a, an"
)
_FILLERS = _any(
    "was, were, is, are, of, at, to, be, been, has, had, have, the, a, an, as, about, approximately, around, with, "
    "found, noted, recorded, measured, estimated, above, room, air, serum, plasma, blood, level, on, admission, "
    "presentation, initial, initially, peak, and"
)

# "CRP was mildly elevated", "ANA: negative"
WORDS_AFTER = re.compile(
    rf"(?:\s*\([^()]{{0,40}}\))?(?:\s+(?:{MEASURES}))*\s*[:=]?\s*(?:{_COPULAS}\s+)*(?P<not>not\s+)?(?:(?:{DEGREES})\s+)*"
    rf"(?:(?P<up>{UP})|(?P<down>{DOWN})|(?P<normal>{NORMAL})|(?P<neg>{NEGATIVE})|(?P<pos>{POSITIVE}))(?![\w-])",
    re.IGNORECASE,
)
# "decreased levels of", "positive for"; "hearing is normal potassium ..." says nothing of what follows
WORDS_BEFORE = re.compile(
    rf"(?P<not>\b(?:no|not|without|nor)\s+)?(?<![\w-])(?:(?P<up>{UP})|(?P<down>{DOWN})|"
    r"(?P<normal>(?<!\bis )(?<!\bare )(?<!\bwas )(?<!\bwere )(?:normal|unremarkable))|"
    rf"(?P<neg>negative)|(?P<pos>positive))\s+(?:(?:{MEASURES}|{DEGREES}|{_BEFORE})\s+)*\Z",
    re.IGNORECASE,
)
# What may stand between a name and its number, the number, and its unit.
VALUE = re.compile(
    rf"(?:\s++|[:=|(\[,~\u2192\u2191\u2193\t-]|\b(?:{MEASURES}|{DEGREES}|{UP}|{DOWN}|{_FILLERS})\b|"
    r"\([A-Za-z][\w +-]{0,14}\)){0,12}?"
    rf"(?P<cmp>[<>\u2264\u2265]=?\s*)?(?<![\w.,])(?P<num>{NUMBER})(?![\d.]|\s?[-\u2013/]\s?\d|\s?\+)"
    r"(?:\s*[x\u00d7*\u00b7]\s*10\s*\^?\s*(?P<exp>\d{1,2}|[\u2070-\u2079\u00b9\u00b2\u00b3]{1,2}))?"
    r"(?:[ \t]*\|[ \t]*|\s*)"
    rf"(?P<unit>(?!(?:HH?|LL?)\b)(?:%|/\s?{_LETTER}+\d?\u00b3?|(?:\u00ba|\u00b0)\s?[CF]|10\^?[39]/{_LETTER}+|"
    rf"{_LETTER}+(?:\s?/\s?[a-zA-Z0-9\u00b5\u03bc]+){{0,3}}\b)|)",
    re.IGNORECASE,
)
_RANGE_HEAD = (
    r"(?:(?:adult\s+|age-adjusted\s+)?(?:normal|reference|ref\.?|lab(?:oratory)?)?\s*(?:reference\s*)?"
    r"(?:ranges?|values?|intervals?|limits?|levels?|ratio)?|N|NR|RR|nl|ULN|upper\s+limit(?:\s+of\s+normal)?|cut-?off)"
)
# "(reference range 3.5-5.1 mmol/L)", "[normal value <48]", "| 12-16"
RANGE = re.compile(
    r"[\s;,|]*(?:(?:HH|LL|H|L|\*)[\s|]+)?(?P<open>[(\[|])?\s*"
    rf"(?P<head>{_RANGE_HEAD})\s*[:=,]?\s*(?:of|is|being|was|up to)?\s*"
    rf"(?:(?P<lo>{NUMBER})\s*[a-zA-Z/\u00b5\u03bc%]{{0,8}}\s*{_DASH}\s*(?P<hi>{NUMBER})|"
    rf"(?P<side>[<>\u2264\u2265]=?)\s*(?P<end>{NUMBER}))(?:\s*(?:%|{_LETTER}+(?:/[a-zA-Z0-9\u00b5\u03bc]+)*))?[)\]]?",
    re.IGNORECASE,
)
FLAG = re.compile(r"(?:[\s|(\[]{1,4}|(?<=[\s|(\[]))(?P<flag>HH|LL|H|L|\u2191|\u2193)(?=[\s|)\],;.]|$)")
COLUMN = re.compile(r"[|\t]|   ")
