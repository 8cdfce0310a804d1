"""Ages as people write them ("16 years", "3y 6m", "5/12", "P3Y6M"), read as ISO 8601 durations and as years."""

import re
import unicodedata

from clinweave.core.errors import UserError

OLDEST = 125  # years
_DAYS = {"Y": 365.25, "M": 30.4375, "W": 7.0, "D": 1.0}
_ISO = re.compile(r"P(?=\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T.*)?", re.IGNORECASE)
_HOURS = re.compile(r"PT\d+[HMS].*", re.IGNORECASE)
_UNITS = {
    "Y": r"years?|yrs?|y\.?/?\s?o\b|y|jahre?n?|ans?|años?|anos?|anni|anno|jaar",
    "M": r"months?|mths?|mos?|m|monate?n?|mois|mes(?:es)?|mesi|mese|maanden",
    "W": r"weeks?|wks?|w|wochen?|semaines?|semanas?|settimane",
    "D": r"days?|d|tagen?|jours?|d[ií]as?|dias?|giorni",
    "H": r"hours?|hrs?|h|stunden?|heures?|horas?",
}
_PART = re.compile(
    r"(\d+(?:[.,]\d+)?)[\s-]*(?:"
    + "|".join(f"(?P<{letter}>{words})" for letter, words in _UNITS.items())
    + r")(?![^\W\d_])[\s-]*",
    re.IGNORECASE,
)
# "5/12" is five months, "7/52" seven weeks and "3/7" three days in British notes.
_SHARES = {"12": "months", "52": "weeks", "7": "days"}
_SHARE = re.compile(r"(?<![\d/])(?:(\d{1,3})\s+)?(\d{1,2})/(12|52|7)(?![\d/])")
_FRACTION = re.compile(r"(?<![\d/])(?:(\d+)\s*)?\b([1-3])/([24])(?![\d/])")
_FILLER = re.compile(
    r"\b(?:of age|aged?|old|and|a|an|about|around|approximately|approx|nearly|circa|ca"
    r"|boy|girl|man|woman|male|female|child|infant|baby|patient)\b|[,.;:~]",
    re.IGNORECASE,
)
_NEWBORN = re.compile(
    r"(?:a )?(?:newborn|neonate|new-born)(?: boy| girl| infant)?|(?:at )?birth", re.IGNORECASE
)
_DAY = re.compile(r"(?:day(?: of life)?|dol)\s*(\d{1,3})", re.IGNORECASE)
_AGED = re.compile(r"aged?:?\s*(\d{1,3})", re.IGNORECASE)
_ONES = [
    *(
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_NUMBERS = {word: number for number, word in enumerate(_ONES)} | {
    word: 10 * number for number, word in enumerate(_TENS, 2)
}
_NUMBER = re.compile(
    rf"\b(?:({'|'.join(_TENS)})(?:[\s-]+({'|'.join(_ONES[1:10])}))?|({'|'.join(_ONES)}))\b", re.IGNORECASE
)
_HALVES = re.compile(r"\b(\d+) and a half (\w+)|\b(\d+) (\w+) and a half\b|\bhalf an? (\w+)", re.IGNORECASE)


def read_age(text: str) -> str:
    """Return an age as an ISO 8601 duration ("P16Y"), or "" for an empty text.

    Raises `UserError` for what is no age, has no unit, or is longer than a life.
    """
    plain = text.strip()
    if not plain:
        return ""
    duration = _iso(plain) or _named(plain) or _words(plain)
    if not duration:
        hint = "; a number needs its unit" if plain.replace(".", "").isdigit() else ""
        hint = hint or (
            "; a date of birth is not read" if re.search(r"\d+[/.-]\d+[/.-]\d{2,4}|born", plain) else ""
        )
        raise UserError(f"--age {text!r} is no age{hint}; write it as 16y, 3y6m, '5 months' or P3Y6M")
    if years(duration) > OLDEST:
        raise UserError(f"--age {text!r} is more than {OLDEST} years; check the number and its unit")
    return duration


def years(duration: str) -> float:
    """Return the years of an ISO 8601 duration, or NaN where it states none."""
    match = _ISO.fullmatch(duration.strip())
    if not match:
        return float("nan")
    days = sum(int(count or 0) * _DAYS[unit] for count, unit in zip(match.groups(), "YMWD", strict=True))
    return days / _DAYS["Y"]


def _iso(text: str) -> str:
    if _HOURS.fullmatch(text):
        return "P0D"
    match = _ISO.fullmatch(text)
    return text.upper() if match and any(match.groups()) else ""


def _named(text: str) -> str:
    """Return the age of a newborn, of "day 3" and of "aged 45", which are years."""
    if _NEWBORN.fullmatch(text):
        return "P0D"
    if day := _DAY.fullmatch(text):
        return f"P{int(day[1])}D"
    aged = _AGED.fullmatch(text)
    return f"P{int(aged[1])}Y" if aged else ""


def _words(text: str) -> str:
    spelled = _spelled(text)
    rest = _FILLER.sub(" ", spelled) if not re.search(r"\d[.,]\d", spelled) else spelled
    parts = [(match[1], str(match.lastgroup)) for match in _PART.finditer(rest)]
    if not parts or _FILLER.sub(" ", _PART.sub("", rest)).strip():
        return ""
    amounts: dict[str, float] = {}
    for number, letter in parts:
        if letter in amounts:
            return ""
        amounts[letter] = float(number.replace(",", "."))
    return _duration(amounts)


def _spelled(text: str) -> str:
    """Return an age with its numbers in digits: "sixteen", "16½", "3 1/2", "3 6/12" and "two and a half"."""
    text = re.sub(r"([¼½¾])", r" \1", text)
    text = unicodedata.normalize("NFKC", text).replace("\u2044", "/")
    text = _NUMBER.sub(_digits, text)
    text = _HALVES.sub(
        lambda match: f"{match[1] or match[3] or 0}.5 {match[2] or match[4] or match[5]}", text
    )
    text = _FRACTION.sub(lambda match: f"{int(match[1] or 0) + int(match[2]) / int(match[3]):g}", text)
    return _SHARE.sub(_share, re.sub(r"/(12|52)\s*(?:years?|yrs?|y)\b", r"/\1", text, flags=re.IGNORECASE))


def _digits(match: re.Match[str]) -> str:
    return str(sum(_NUMBERS[word.lower()] for word in match.groups() if word))


def _share(match: re.Match[str]) -> str:
    whole, count, of = match.groups()
    return f"{f'{whole} years ' if whole else ''}{count} {_SHARES[of]}"


def _duration(amounts: dict[str, float]) -> str:
    """Return a duration of whole units; a part of a year becomes months, of a month or week days, hours no days."""
    whole = dict.fromkeys("YMWD", 0)
    whole["D"] = int(amounts.pop("H", 0.0) // 24)
    for letter, amount in amounts.items():
        whole[letter] += int(amount)
        if rest := amount - int(amount):
            smaller = "M" if letter == "Y" else "D"
            whole[smaller] += round(rest * _DAYS[letter] / _DAYS[smaller])
    return "P" + ("".join(f"{count}{unit}" for unit, count in whole.items() if count) or "0D")
