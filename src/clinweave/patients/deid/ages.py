"""Ages over 89 (HIPAA safe harbor), in the spellings of notes: "98 y.o.", "98yM", "98F", "ninety-four", "Age: 98"."""

# ruff: noqa: E501 - a regular expression is one line
import re
from collections.abc import Iterator

from clinweave.patients.deid.spans import Kind, Span

_N = r"(?P<it>(?:9\d|1[0-2]\d))"
_ONES = "one|two|three|four|five|six|seven|eight|nine"
_WORD = rf"(?P<it>ninety(?:[\s-]*(?:{_ONES}|\d))?|(?:one|a)[\s-]hundred(?:[\s-]+(?:and[\s-]+)?(?:{_ONES}|ten|eleven|twelve))?|hundred(?=[\s-]*years?[\s-]*old))"
_OLD = r"(?:of age|old|o(?:ld)?\b)"
_SEX = r"(?:male|female|man|woman|gentleman|lady|boy|girl|m|f|w|caucasian|white|black|african|asian|hispanic)"
_PERSON = (
    r"he|she|they|patient|pt|who|wife|husband|mother|father|mom|dad|brother|sister|aunt|uncle|grandmother|grandfather|spouse|partner|"
    r"nan|gran|grandma|grandpa|son|daughter|neighbou?r|roommate|sibling|twin"
)
_AGES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # 98 y.o., 98 y/o, 98yo, 98-yr-old, 98 years of age, 98 yrs
        rf"(?<![\d./-]){_N}[\s-]*y(?:ea)?r?s?\.?[\s/-]*{_OLD}",
        rf"(?<![\d./-]){_N}[\s-]*y\.?\s?/?\s?o\.?(?![a-z])",
        rf"(?<![\d./-]){_N}[\s-]*y(?:ea)?rs?\.?[\s-]*(?:{_SEX})\b",
        rf"(?<![\d./-]){_N}[\s-]*yo?[\s-]?[mfw]\b",
        rf"(?<![\d./-]){_N}[\s-]*(?:years?|yrs?)\b(?!\s*(?:ago|prior|earlier|later|before|after|history|of (?!age)))",
        rf"\b(?:aged?|age is|age of|age at \w+|turn(?:ed|ing|s)|years)\s*[:=]?\s*{_N}(?![\d/%]|\.\d|\s*(?:%|mg|bpm|mm|mcg|units?|degrees))\b",
        rf"\b(?:{_PERSON})(?:\s+(?:is|was|has just turned|turns|turned)|'s|\u2019s)\s+(?:now\s+|about\s+|almost\s+|nearly\s+)?{_N}(?=\s*(?:[.,;)]|$|\n|and\b|when\b|in\b(?!\s*(?:bpm|mm))|now\b))",
        rf"\b(?:at|until|since)\s+(?:the )?age(?: of)?\s*{_N}\b",
        rf"(?<![\d./-]){_N}\s?[MF]\b(?![\w/]|\s*-?(?:temp|fever|cells|Hz|Tc\b))",
        rf"\b{_WORD}(?=[\s-]*(?:years?|yrs?|y\.?/?o)\b)",
        rf"\b(?:aged?|age of|age is|age:?|turn(?:ed|ing|s)|at)\s+{_WORD}(?!\s*(?:percent|per cent|mg|%))\b",
        rf"\b(?:{_PERSON})\s+(?:is|was|turns|turned)\s+{_WORD}\b",
        r"\b(?P<it>(?:ninetieth|ninety[\s-](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|(?:one[\s-])?hundredth|9\dth|9[123](?:st|nd|rd)|10\dth)(?=\s+(?:birthday|year of)))",
        r"\b(?P<it>nonagenarian|centenarian|supercentenarian)s?\b",
        r"(?P<it>(?:9\d|1[0-2]\d))\s?(?:\u5c81|\u6b72|\u6b73|tu\u1ed5i|Jahre alt|j\u00e4hrige?r?|ans|a\u00f1os|anni|jaar|\u043b\u0435\u0442)",
    )
)  # fmt: skip
# "T 98F" is a temperature, "HR 98 M" a column: not an age
_MEASURED = re.compile(
    r"(?:\b(?:T|Tm|Tmax|temp(?:erature)?|HR|pulse|P|RR|BP|SpO2|O2|sats?|SaO2|glucose|weight|wt|height|ht|lbs?|kg)\b[\s:.=]*(?:of |is |was |at )?)$",
    re.IGNORECASE,
)


def high_ages(text: str) -> Iterator[Span]:
    """Yield ages over 89, to be written as 90+."""
    for pattern in _AGES:
        for match in pattern.finditer(text):
            if not _MEASURED.search(text[max(0, match.start() - 24) : match.start()]):
                yield Span(*match.span("it"), Kind.AGE, "age over 89", "90+")
