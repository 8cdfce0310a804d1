"""Phrases in one form before a text is read: ranges, shares, ages, untreated disease, mutations of a gene."""

import re
from collections.abc import Callable

from clinweave.knowledge.citations.numerals import TENS, UNITS, VALUES

_COUNT = (
    r"(?:\d+(?:[.,]\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|eighteen|twenty|"
    r"thirty|forty|fifty|sixty|ninety)"
)
_PERIOD = r"(?:year|month|week|day|hour|minute)"
_ABOUT = r"(?:about |around |approximately |roughly |at least |at most |up to |almost |nearly )?"
_PEOPLE = r"(?:patients?|people|persons?|individuals|those|adults?|child(?:ren)?|wom[ae]n|m[ae]n|infants)"
_PARTS = {"third": "3", "quarter": "4", "fifth": "5", "tenth": "10"}
_COUNTS = {"a": "1", "one": "1", "two": "2", "three": "3"}
_NAMED_KIND = (
    r"(?:bacterium|bacteria|virus|parasite|fungus|protozoan|worm|germ|mite|hormone|enzyme|protein|medicine|drug|"
    r"antibiotic|amino acid|mineral)"
)
_CHANGE = r"(?:(?:pathogenic )?(?:mutations?|variants?|alterations?|defects?|deletions?))"
_UNTREATED = r"(?:if (?:(?:it is|they are) )?(?:left )?untreated|if (?:it is |they are )?not treated|without treatment)"
_ADVICE = r"it is (?:important|recommended|advisable|best|advised)"
_GREEK = {"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "κ": "kappa", "λ": "lambda", "ω": "omega"}
_SEEN_MORE = r"(?:found|seen|observed|encountered) (more|most|less) (?:often|frequently|commonly)"
_Change = str | Callable[[re.Match[str]], str]


def _share(match: re.Match[str]) -> str:
    """Return "two thirds of the" as "2 in 3"."""
    return f"{_COUNTS[match[1].lower()]} in {_PARTS[match[2].lower()]} "


def _greek(match: re.Match[str]) -> str:
    """Return "β-blockers" as "beta blockers"."""
    return _GREEK[match[1].lower()] + " "


def _counted(match: re.Match[str]) -> str:
    """Return "12 of 48 infants (25 %)" without the percentage where it is that of the count."""
    count, total, share = float(match[2]), float(match[3]), float(match[5])
    same = total > 0 and abs(100 * count / total - share) <= 0.5
    return f"{match[1]}{match[4]}" if same else match.group()


_UNIT = "|".join(UNITS[1:])
_TEN = "|".join(TENS)


def _percent(match: re.Match[str]) -> str:
    """Return "one in four carriers" as "25% of carriers"."""
    count, total = (int(word) if word.isdigit() else VALUES[word.lower()] for word in (match[1], match[2]))
    if count >= total:
        return match.group()
    return f"{100 * count // total}%" + (" of " if match[3] else "")


def _number(match: re.Match[str]) -> str:
    """Return "two hundred and forty-five" as "245"."""
    total = 0
    for word in re.findall(r"[a-z]+", match.group().lower()):
        if word == "hundred":
            total = max(total, 1) * 100
        else:
            total += VALUES.get(word, 0)
    return str(total)


_RULES: tuple[tuple[re.Pattern[str], _Change], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), change)
    for pattern, change in (
        (r"\b(?:the )?ICD-10(?:-CM)? (?:code )?(?=[A-Z]\d)|\bICD-10(?:-CM)? (?=code)", ""),
        (r"^\s*(?:yes, )?the code (?:for|of) (.+) is ([A-Z]\d[\w.]*)(?=\s*\.?$)", r"\2 is the code for \1"),
        (
            r"^\s*(?:methods|results|findings|conclusions?|interpretation|main results|outcomes?)\s*: (?=[A-Z\d])",
            "",
        ),
        (r"^\s*\d+(?:\.\d+)+\.? (?=[A-Z])", ""),
        (r"\bit is possible to (?=\w)", "you can "),
        (r"\b(gastro|cardio|cerebro|musculo|broncho|naso)-(?=[a-z])", r"\1"),
        (r"\bone and a half\b", "1.5"),
        (r"\bnought\b", "0"),
        (r"(?<![\w.])([αβγδκλω])[-–]?(?=[A-Za-z])", _greek),
        (
            rf"\b(?:(?:a|{_UNIT}) hundred(?: and)?(?: (?:(?:{_TEN})(?:[- ](?:{_UNIT}))?|{_UNIT}))?|"
            rf"(?:{_TEN})[- ](?:{_UNIT}))\b",
            _number,
        ),
        (
            rf"\b({_COUNT}) (patient|person|woman|man|child|carrier|infant|girl|boy) in ({_COUNT})\b",
            r"\1 in \3 \2",
        ),
        (rf"\bbetween ({_COUNT}) and (?={_COUNT}\b)", r"\1 to "),
        (r"\b(a|one|two|three)[ -](third|quarter|fifth|tenth)s? of (?:the |all )?", _share),
        (
            r"\b((\d+) (?:in|of|out of) (\d+))((?: [A-Za-z-]+){0,4}?),? ?[(,] ?(?:i\.e\.,? )?(\d+(?:\.\d+)?) ?%\)?",
            _counted,
        ),
        (rf"\b{_SEEN_MORE}\b", r"\1 common"),
        (
            r"\b(?:should not|must not|can ?not) be (?:regarded|considered|thought of|viewed|seen) as (?=an? |the )",
            "is not ",
        ),
        (r"\b(is|are|was|were|remained) un(affected|changed|altered)\b", r"\1 not \2"),
        (r"\b(?:regarded|considered|thought of|viewed|seen) as (?=an? |the )", ""),
        (
            r"^\s*(?:the )?(?:use|administration) of (?!the\b)(?=\w)|(?:^\s*|(?<=, and )|(?<=; ))giving (?=\w)",
            "",
        ),
        (r"\bno ([\w-]+(?: [\w-]+)?)(?:,| and|, and| or) no (?=\w)", r"no \1 or "),
        (
            r"\b(one|two|three|1|2|3) (?:in|out of) (two|four|five|ten|2|4|5|10)\b(?![.,]\d)( (?=[A-Za-z]))?",
            _percent,
        ),
        (r"\bhalf of (?:the |all )?", "50% of "),
        (
            r"\b(within|in|for|after|over|under|about|approximately|nearly|almost|at least|than|lasts?) an? "
            rf"(?={_PERIOD}\b)",
            r"\1 one ",
        ),
        (rf"\b(lasts?|lasted|persists?|persisted) for (?={_ABOUT}{_COUNT}\b)", r"\1 "),
        (
            rf"\b({_COUNT} {_PERIOD}s?) of age (or|and) (older|over|above|younger|under)\b",
            r"\1 \2 \3 of age",
        ),
        (r"\bthan (?:in|among|for) ", "than "),
        (
            rf"\b({_CHANGE}) (?:in|of) (?:the |a )?(?-i:([A-Z][A-Z0-9]{{1,9}}))(?: gene)?\b(?! and| or|,| genes| \()",
            r"\2 \1",
        ),
        (rf"^\s*(?:{_UNTREATED}|untreated),? (?:the )?", "untreated "),
        (
            rf"^([^,;]+?),? {_UNTREATED}(?=\s*\.?$)",
            r"untreated \1",
        ),
        (rf"\b(?:the|an?) {_NAMED_KIND}(?: (?:called|named|known as))? (?=(?-i:[A-Z]))", ""),
        (rf"\b({_PEOPLE}) who (?:are |is )?(tak|receiv|us)(?:ing|es?)\b", r"\1 \2ing"),
        (rf"^\s*{_ADVICE} not to (?=\w)", "do not "),
        (rf"^\s*{_ADVICE} to (?=\w)", ""),
        (r",? including (?!in\b|for\b|during\b|at\b|when\b|those\b|by\b|on\b)(?=\w)", ", such as "),
        (r"\bthe gene, (?-i:([A-Z][A-Z0-9]{1,9})),", r"the \1 gene"),
        (r"\b(?:form|kind|sort)(s?) of\b", r"type\1 of"),
    )
)


def rewritten(text: str) -> str:
    """Return a sentence with plain phrases in one form, both sides of a comparison alike."""
    for pattern, change in _RULES:
        text = pattern.sub(change, text)
    return text
