"""Dates in notes, shifted by a number of weeks that a secret key gives each patient: intervals and weekdays stay.

After the usual practice of shared clinical corpora (MIMIC, i2b2). Whole weeks keep "Monday" true. The order of day and
month is that of the document: 12/03/1941 is 12 March in a British note. A form that cannot be computed with ("the third
of March, nineteen fifty-one") becomes [DATE]. A day and month without a year is a date only after a word that says so
("seen 3/11", "Labs 3/4:"): otherwise it may be a clinical value, which must not change.
"""

# ruff: noqa: E501 - a regular expression or list is one line
import calendar
import hashlib
import hmac
import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from clinweave.patients.deid.spans import Kind, Mask, Span

MAX_WEEKS = 260  # five years, either way
_ENGLISH = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_ENGLISH |= {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
_FOREIGN = {
    "januar": 1, "j\u00e4nner": 1, "februar": 2, "m\u00e4rz": 3, "mai": 5, "juni": 6, "juli": 7, "oktober": 10, "dezember": 12, "janvier": 1, "f\u00e9vrier": 2,
    "mars": 3, "avril": 4, "juin": 6, "juillet": 7, "ao\u00fbt": 8, "septembre": 9, "octobre": 10, "novembre": 11, "d\u00e9cembre": 12, "enero": 1,
    "febrero": 2, "marzo": 3, "abril": 4, "mayo": 5, "junio": 6, "julio": 7, "agosto": 8, "septiembre": 9, "octubre": 10, "noviembre": 11,
    "diciembre": 12, "gennaio": 1, "febbraio": 2, "aprile": 4, "maggio": 5, "giugno": 6, "luglio": 7, "settembre": 9, "ottobre": 10,
    "dicembre": 12, "januari": 1, "februari": 2, "maart": 3, "mei": 5, "augustus": 8, "janeiro": 1, "fevereiro": 2, "mar\u00e7o": 3, "maio": 5,
    "junho": 6, "julho": 7, "setembro": 9, "outubro": 10, "novembro": 11, "dezembro": 12,
}  # fmt: skip
_NAMES = _FOREIGN | _ENGLISH
_MONTH = "|".join(sorted(_NAMES, key=lambda name: (-len(name), name)))
_YEAR = r"(?:19|20|21|22)\d{2}"
_SHORT_YEAR = r"['\u2019]\d{2}"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_UNITS = r"mg|ml|mcg|%|units?|cc|kcal|cal"
_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?"
_ORDINALS = (
    "first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|"
    "eighteenth|nineteenth|twentieth|twenty[- ](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|thirtieth|thirty[- ]first"
)  # fmt: skip
_TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
_ONES = "one|two|three|four|five|six|seven|eight|nine"
_SPOKEN_YEAR = (
    rf"(?:nineteen|eighteen|twenty)[ -](?:hundred(?: and)?|oh|(?:{_TENS})|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen)(?:[ -](?:{_ONES}))?|"
    rf"two thousand(?: and)?(?: (?:{_ONES}|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|(?:{_TENS})(?:[ -](?:{_ONES}))?))?"
)  # fmt: skip
# with a year, or with the name of a month: dates wherever they stand
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<![\d.])(?P<y>{_YEAR})(?P<s>[-/.])(?P<m>\d{{1,2}})(?P=s)(?P<d>\d{{1,2}})(?=T\d|\b)",
        r"(?P<y>(?:19|20)\d{2})\s?\u5e74\s?(?P<m>\d{1,2})\s?\u6708(?:\s?(?P<d>\d{1,2})\s?[\u65e5\u53f7])?",
        r"(?<!\d)(?P<m>\d{1,2})\s?\u6708\s?(?P<d>\d{1,2})\s?[\u65e5\u53f7]",
        r"(?<![\d./-])(?P<n>\d{1,2})(?P<s>[-/.])(?P<k>\d{1,2})(?P=s)(?P<y>(?:19|20|21|22)\d{2}|\d{2})(?![\d/]|[-.]\d|\s*(?:mg|mcg|mL|%|units?|reps|mm|cm)\b|\s+(?:titration|regimen|rule)\b)",
        rf"\b(?P<d>{_DAY})(?:\.|\s+of|\s+de)?[ -](?P<M>{_MONTH})\.?(?:(?:,?[ -]|\s+(?:of|de)\s+)(?P<y>{_YEAR}|{_SHORT_YEAR}|\d{{2}}(?!\d|:|\s*(?:{_UNITS}))))?(?!\w)",
        rf"(?<!\w)(?P<d>\d{{1,2}})(?P<M>{_MONTH})(?P<y>{_YEAR}|\d{{2}})(?!\w)",
        rf"\b(?P<M>{_MONTH})\.?[ -](?P<d>{_DAY})(?:,?[ -]+(?P<y>{_YEAR}|{_SHORT_YEAR}))?(?![\d/]|\.\d|\s*(?:{_UNITS})\b)(?!\w)",
        rf"\b(?P<M>{_MONTH})\.?(?:,|\s+of|\s+de)?[ -](?P<y>{_YEAR}|{_SHORT_YEAR})(?!\w)",
        rf"(?<![\d/.-])(?P<m>\d{{1,2}})(?P<s>/)(?P<y>{_YEAR})(?![\d/])",
        r"th\u00e1ng\s+(?P<m>\d{1,2})\s+n\u0103m\s+(?P<y>(?:19|20)\d{2})",
        rf"\b(?:in|since|from|circa|year|until|around|of|before|after|by|early|late|mid|during|through|and|to|spring|summer|autumn|fall|winter|q[1-4]|class of|born|back in)[ -](?P<y>{_YEAR})(?![\d/-]|\.\d|\s*(?:{_UNITS})\b)\b",
        rf"\b(?:in|since|from|circa|year|until|around|of|before|after|early|late|mid|during|spring|summer|autumn|fall|winter|born)[ -](?P<y>{_SHORT_YEAR})(?!\w)",
        rf"\b(?:in|since|last|this|early|late|until|from|by|mid|during|of|next)[ -](?P<M>{_MONTH})(?!\w|-[A-Z]|\s+(?:be|have|not|need|cause|also|require|help|increase))",
    )
)  # fmt: skip
_COMPACT = re.compile(
    r"(?<![\w.,/-])(?P<y>(?:19|20)\d{2})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?![\w/]|[.,]\d)"
)
_COMPACT_BIRTH = re.compile(
    r"(?:\bDOB|\bbirth ?date|\bdate of birth|\bborn)\W{1,4}(?P<it>\d{6}|\d{8})(?!\d)", re.IGNORECASE
)
# forms that are taken out, not moved
_SPOKEN = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?P<it>(?:the )?(?:{_ORDINALS})(?: day)? of (?:{_MONTH})(?:,? (?:in )?(?:{_YEAR}|{_SPOKEN_YEAR}))?)(?!\w)",
        rf"\b(?P<it>(?:{_MONTH}) (?:the )?(?:{_ORDINALS})(?:,? (?:{_YEAR}|{_SPOKEN_YEAR}))?)(?!\w)",
        rf"\b(?P<it>(?:{_MONTH}),? (?:of )?(?:{_SPOKEN_YEAR}))(?!\w)",
        rf"\b(?:in|since|born|year|of|from|until|before|after|around|by|early|late|summer|winter|spring|autumn|fall),? (?:in )?(?P<it>{_SPOKEN_YEAR})(?!\w|\s+(?:{_UNITS}|weeks?|days?|years?|months?|patients?|times)\b)",
        rf"\b{_WEEKDAY},? (?:the )?(?P<it>\d{{1,2}}(?:st|nd|rd|th)|the (?:{_ORDINALS}))(?!\w)",
        r"\b(?:on|by|until|since) the (?P<it>\d{1,2}(?:st|nd|rd|th))(?=\s*(?:[.,;)]|$|and\b|at\b))",
        r"(?P<it>ng\u00e0y\s+\d{1,2})(?=\s+th\u00e1ng)",
        # years of an era: Reiwa, Heisei, Showa, Taisho, Republic of China
        r"(?P<it>(?:\u4ee4\u548c|\u5e73\u6210|\u662d\u548c|\u5927\u6b63|\u6c11\u56fd|\u6c11\u570b)\s?(?:\d{1,3}|\u5143)\s?\u5e74(?:\s?\d{1,2}\s?\u6708(?:\s?\d{1,2}\s?[\u65e5\u53f7])?)?)",
    )
)  # fmt: skip
_HOLIDAY = re.compile(
    r"\b(?:on|since|before|after|over|at|around|last|until|by|this|next)\s+(?P<it>Christmas(?: Day| Eve)?|Xmas|Thanksgiving|Easter(?: Sunday| Monday)?|"
    r"New Year['\u2019]?s(?: Day| Eve)?|Labou?r Day|Memorial Day|Independence Day|Veterans Day|Boxing Day|Good Friday|Halloween|Valentine['\u2019]?s(?: Day)?|"
    r"Mother['\u2019]?s Day|Father['\u2019]?s Day|St\.? Patrick['\u2019]?s Day|Hanukkah|Passover|Yom Kippur|Ramadan|Eid|Diwali|Fourth of July|4th of July)(?!\s+(?:disease|factor))"
)  # fmt: skip
_HOLIDAY_AND_YEAR = re.compile(
    r"\b(?P<it>(?:(?:Christmas|New Year['\u2019]?s)(?: Day| Eve)?|Xmas|Thanksgiving|(?:Palm|Easter) ?(?:Sunday|Monday)?|Labou?r Day|Memorial Day|Independence Day|Veterans Day|"
    rf"Boxing Day|Good Friday|Halloween|Ramadan|Eid|Diwali|Passover|Hanukkah),? (?:in |of )?{_YEAR})(?!\d)"
)
_DAY_MONTH = re.compile(r"(?<![\w/.])(?P<n>\d{1,2})(?P<s>/)(?P<k>\d{1,2})(?![\d/]|\.\d|\w)")
_CUE_BEFORE = re.compile(
    rf"(?:\b(?:on|seen|follow[- ]?up|f/u|fu|rtc|return(?:s|ed|ing)?|d/c(?:'d|\u2019d|ed)?|dc'd|discharged?|appt|appointment|admitted|admission|admit|labs?|"
    rf"cxr|x-?ray|ct|mri|echo|ekg|ecg|us|visit|dated?|as of|since|until|till|through|thru|due|last|next|scheduled|surgery|biopsy|called|met|signed|note|"
    rf"expire[sd]?|received|collected|drawn|starting|started|stopped|week of|clinic|{_WEEKDAY})[\s:,.(#-]{{0,3}}(?:(?:again |back )?(?:on|for|in|by|of) )?\(?|\()$",
    re.IGNORECASE,
)  # fmt: skip
_CUE_AFTER = re.compile(
    r"\s*(?:at \d|labs?\b|cxr\b|visit\b|appt\b|appointment\b|note\b|ekg\b|ecg\b|echo\b|mri\b|ct\b|clinic\b|admission\b)",
    re.IGNORECASE,
)
_CHAIN = re.compile(r"\s*(?:,|and|&|,\s*and|-|\u2013|to|through|thru)\s*", re.IGNORECASE)
_BORN = re.compile(
    r"(?:\bDOB|\bD\.O\.B\.?|\bdate of birth|\bbirth ?date|\bborn(?: on)?)[\s:(]*$", re.IGNORECASE
)
_BRITISH = re.compile(
    r"\bNHS\b|\bA&E\b|\bGP\b|\b\+44|haemo|haema|anaemi|paediatr|oesophag|oedema|diarrhoea|leukaemi|orthopaed|gynaecolog|tumour|\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b|"
    r"\b(?:consultant|registrar|SHO|theatre|practise|organis|colour|labour|centre|litre)\b"
)


def weeks_of(key: bytes, patient: str) -> int:
    """Return the weeks by which a patient's dates move: never 0, the same for the same key and patient."""
    drawn = int.from_bytes(hmac.new(key, f"dates:{patient}".encode(), hashlib.sha256).digest()[:8], "big")
    weeks = drawn % (2 * MAX_WEEKS) - MAX_WEEKS
    return weeks if weeks < 0 else weeks + 1


def dates_in(text: str, weeks: int, values: Sequence[tuple[int, int]] = ()) -> Iterator[Span]:
    """Yield the dates of a note with what replaces them; one that is no day of the calendar is taken out.

    `values` are stretches of clinical values, which a day and month without a year never overlaps.
    """
    day_first = reads_day_first(text)
    taken = Mask(len(text))
    for pattern in _SPOKEN:
        for match in pattern.finditer(text):
            if not taken.overlaps(*match.span("it")):
                taken.add(*match.span("it"))
                yield Span(*match.span("it"), Kind.DATE, "spoken date")
    yield from _full_dates(text, weeks, day_first, taken)
    for start, end in values:
        taken.add(start, end)
    for match in _days_without_year(text, taken):
        moved = _moved(match, *match.span(), weeks, day_first)
        if moved is not None:
            yield Span(*match.span(), Kind.DATE, "day and month", moved)
    for match in (
        *_HOLIDAY.finditer(text),
        *_HOLIDAY_AND_YEAR.finditer(text),
        *_COMPACT_BIRTH.finditer(text),
    ):
        yield Span(*match.span("it"), Kind.DATE, "holiday or compact date")


def _full_dates(text: str, weeks: int, day_first: bool, taken: Mask) -> Iterator[Span]:
    """Yield the dates with a year or the name of a month, and mark them in `taken`."""
    newest = max((int(year) for year in re.findall(rf"(?<!\d){_YEAR}(?!\d)", text)), default=0)
    for pattern in (*_PATTERNS, _COMPACT):
        for match in pattern.finditer(text):
            start, end = _bounds(match)
            if taken.overlaps(start, end):
                continue
            if (moved := _moved(match, start, end, weeks, day_first)) is None:
                continue
            taken.add(start, end)
            year = _year(match)
            if year and newest - year > 89 and _BORN.search(text, max(0, start - 20), start):
                moved = "[BIRTH 90+]"
            yield Span(start, end, Kind.DATE, "date", moved)


def reads_day_first(text: str) -> bool:
    """Tell whether the document writes the day before the month, by its own unambiguous dates, else by its spelling."""
    votes = 0
    for first, _, second in re.findall(
        r"(?<![\d./-])(\d{1,2})([/-])(\d{1,2})\2(?:(?:19|20)\d{2}|\d{2})(?!\d)", text
    ):
        if int(first) > 12 >= int(second):
            votes += 1
        elif int(second) > 12 >= int(first):
            votes -= 1
    return votes > 0 if votes else bool(_BRITISH.search(text))


def _days_without_year(text: str, taken: Mask) -> Iterator[re.Match[str]]:
    """Yield n/n after a word that makes it a date, and those chained to it ("3/4-3/7", "3/4, 3/11 and 3/18")."""
    previous = -1
    for match in _DAY_MONTH.finditer(text):
        if taken.overlaps(*match.span()):
            continue
        chained = previous >= 0 and _CHAIN.fullmatch(text, previous, match.start()) is not None
        begins = text[max(0, match.start() - 3) : match.start()].rstrip(" \t")[-1:] in ("", ".", ";", "\n")
        before = _CUE_BEFORE.search(text[max(0, match.start() - 30) : match.start()])
        if chained or before or (begins and _CUE_AFTER.match(text, match.end())):
            previous = match.end()
            yield match


def _bounds(match: re.Match[str]) -> tuple[int, int]:
    """Return where the date itself lies, without the word before it."""
    spans = [
        match.span(name)
        for name in ("y", "m", "d", "M", "n", "k")
        if name in match.re.groupindex and match[name]
    ]
    dotted = match.re.groupindex.get("M") and match[0].endswith(".")
    return min(start for start, _ in spans), max(match.end() if dotted else end for _, end in spans)


def _part(match: re.Match[str], name: str) -> str:
    return (match[name] or "") if name in match.re.groupindex else ""


def _year(match: re.Match[str]) -> int:
    stated = _part(match, "y").lstrip("'\u2019")
    if not stated:
        return 0
    return int(stated) if len(stated) == 4 else int(stated) + (1900 if int(stated) > 40 else 2000)


def _moved(match: re.Match[str], start: int, end: int, weeks: int, day_first: bool) -> str | None:
    """Return the date moved, written as it was; "" where it is no date of the calendar, None where it is none at all."""
    fields = {name: name for name in ("y", "m", "d", "M") if _part(match, name)}
    if _part(match, "n"):  # the order is the document's; with dots it is always the day first
        first, second = int(match["n"]), int(match["k"])
        day_first = (day_first or match["s"] == ".") if max(first, second) <= 12 else first > 12
        fields |= {"d": "n", "m": "k"} if day_first else {"m": "n", "d": "k"}
    year = _year(match)
    number = _NAMES[match["M"].lower()] if "M" in fields else int(match[fields["m"]]) if "m" in fields else 7
    day = int(re.sub(r"\D", "", match[fields["d"]])) if "d" in fields else 15
    if not 1 <= number <= 12 or not 1 <= day <= 31:
        return "" if "d" in fields and year else None
    try:
        new = date(year or 2001, number, day) + timedelta(weeks=weeks)
    except ValueError:
        return ""
    if "M" in fields and match["M"].lower() not in _ENGLISH:
        return ""
    text = match.string[start:end]
    for name, group in sorted(fields.items(), key=lambda item: match.start(item[1]), reverse=True):
        low, high = match.start(group) - start, match.end(group) - start
        text = text[:low] + _written(name, match[group], new, "-" in text) + text[high:]
    return text


def _written(name: str, stated: str, new: date, short: bool) -> str:
    if name == "y":
        width = len(stated.lstrip("'\u2019"))
        return stated[:-width] + (f"{new.year:04d}" if width >= 4 else f"{new.year % 100:02d}")
    if name == "M":
        # "May" is both: in 5-May-2011 it is short
        full = stated.lower() in {month.lower() for month in calendar.month_name} and not (
            short and len(stated) == 3
        )
        word = (calendar.month_name if full else calendar.month_abbr)[new.month]
        return word.upper() if stated.isupper() else word.lower() if stated.islower() else word
    value = new.month if name == "m" else new.day
    digits = re.sub(r"\D", "", stated)
    ending = stated[len(digits) :]
    if ending:
        ending = "th" if 10 < value % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value:0{len(digits) if digits.startswith('0') else 1}d}{ending}"
