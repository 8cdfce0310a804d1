"""Text as comparable tokens: spelling, inflection, numbers with comparator and unit, and signs in one form."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from clinweave.knowledge.citations.inflection import lemma, spelling
from clinweave.knowledge.citations.numerals import VALUES

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_TOKEN = re.compile(
    r"(?:(?<=[\s=:/])|(?<=\()|^)[+-](?=\d)(?P<signed>\d+(?:\.\d+)?)"
    r"|(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:-\d+(?:\.\d+)?)?)(?![\d])"
    r"|(?P<word>[^\W\d_]+(?:\d+[^\W_]*)?)"
    r"|(?P<mark>[%/<>≤≥=±~≈,;:()?!\"“”.&+*-])"
)
_RAISED = re.compile("(?<=\\d)[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_COUNTED = frozenset(
    {
        "tablet",
        "capsule",
        "dose",
        "drop",
        "puff",
        "injection",
        "sachet",
        "ampoule",
        "vial",
        "tablespoon",
        "teaspoon",
    }
    | {"patch", "spray", "suppository", "course", "infusion", "pill", "patient", "child", "person"}
)
_SIGN_AFTER = re.compile(
    r"(?<=[A-Za-z0-9])\s?(\+|\((?:\+|-)\))(?=[\s,.;:)/]|$)|(?<=[A-Za-z0-9])(\+)(?=[A-Z-])"
)
_MINUS_AFTER = re.compile(r"(?<=[A-Z0-9)])-(?=[\s,.;:)/]|$)")
_NUMBERS = {word: str(value) for word, value in VALUES.items()}
# unit -> (unit that it is compared in, factor)
_UNITS: dict[str, tuple[str, float]] = {
    "mcg": ("mg", 0.001), "μg": ("mg", 0.001), "ug": ("mg", 0.001), "microgram": ("mg", 0.001),
    "mg": ("mg", 1), "milligram": ("mg", 1), "g": ("mg", 1000), "gram": ("mg", 1000), "ng": ("mg", 1e-6),
    "kg": ("kg", 1), "kilogram": ("kg", 1), "ml": ("ml", 1), "milliliter": ("ml", 1), "l": ("ml", 1000),
    "dl": ("dl", 1), "deciliter": ("dl", 1),
    "liter": ("ml", 1000), "mmol": ("mmol", 1), "millimole": ("mmol", 1), "μmol": ("mmol", 0.001),
    "mol": ("mmol", 1000),
    "unit": ("unit", 1), "iu": ("unit", 1), "mmhg": ("mmhg", 1), "cm": ("mm", 10), "mm": ("mm", 1), "m": ("m", 1),
    "centimeter": ("mm", 10), "millimeter": ("mm", 1), "percent": ("%", 1), "%": ("%", 1), "bpm": ("bpm", 1),
    "second": ("s", 1), "minute": ("min", 1), "min": ("min", 1), "hour": ("h", 1), "h": ("h", 1), "hr": ("h", 1),
    "day": ("h", 24), "week": ("h", 168), "month": ("month", 1), "year": ("month", 12), "kcal": ("kcal", 1),
    "times": ("times", 1), "time": ("times", 1), "fold": ("times", 1), "meq": ("meq", 1),
}  # fmt: skip
_BEFORE: tuple[tuple[tuple[str, ...], str], ...] = tuple(
    (tuple(words.split()), mark)
    for words, mark in (
        ("no more than", "<="), ("not more than", "<="), ("up to", "<="), ("at most", "<="), ("a maximum of", "<="),
        ("no fewer than", ">="), ("no less than", ">="), ("not less than", ">="), ("at least", ">="),
        ("a minimum of", ">="), ("less than", "<"), ("fewer than", "<"), ("lower than", "<"), ("younger than", "<"),
        ("smaller than", "<"), ("shorter than", "<"), ("below", "<"), ("under", "<"), ("<", "<"), ("≤", "<="),
        ("more than", ">"), ("greater than", ">"), ("higher than", ">"), ("longer than", ">"), ("larger than", ">"),
        ("older than", ">"), ("above", ">"), ("over", ">"), ("exceeding", ">"), (">", ">"), ("≥", ">="),
        ("nearly", "≲"), ("almost", "≲"), ("just under", "≲"), ("just over", "≳"), ("about", "~"), ("around", "~"),
        ("approximately", "~"), ("roughly", "~"), ("some", "~"), ("~", "~"), ("≈", "~"), ("circa", "~"), ("±", "±"),
    )
)  # fmt: skip
_AFTER: tuple[tuple[tuple[str, ...], str], ...] = tuple(
    (tuple(words.split()), mark)
    for words, mark in (
        ("or more", ">="), ("or over", ">="), ("or above", ">="), ("or higher", ">="), ("and over", ">="),
        ("or older", ">="), ("and older", ">="), ("and above", ">="), ("or less", "<="), ("or fewer", "<="),
        ("or below", "<="), ("or under", "<="), ("or lower", "<="), ("or younger", "<="),
    )
)  # fmt: skip


class Token(NamedTuple):
    """One token: its comparable form, how it was inflected ("s", "ed", "ing", "") and as written.

    `kind` is "word", "number" (with comparator and unit) or "mark".
    """

    text: str
    kind: str
    form: str
    raw: str


def _power(match: re.Match[str]) -> str:
    """Return "10^9" as a word: as a number it would be read as 109."""
    sign = "minus" if re.search("[-−]", match.group()) else ""
    return f" tentothe{sign}{match[1]} "


def _without_accents(text: str) -> str:
    """Return "Sjögren" as "Sjogren"; other alphabets are left as they are."""
    if text.isascii():
        return text
    return "".join(
        unicodedata.normalize("NFD", letter)[0] if "\u00c0" <= letter <= "\u024f" else letter
        for letter in text
    )


def plain(text: str) -> str:
    """Return a text in one Unicode form without invisible characters, with plain dashes and signs spelt out."""
    text = _RAISED.sub(lambda match: "^" + unicodedata.normalize("NFKC", match.group()), text)
    text = re.sub(r"(?:(?<=\d)\s*[x×*·]\s*)?\b10\s*\^\s*[-−]?\s*(\d+)", _power, text)
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).replace("µ", "μ").replace("−", "-")
    text = _without_accents(text)
    text = re.sub(r"(?<=\d)\s?[–—]\s?(?=\d)", "-", text)
    text = re.sub(r"(?<=\d)·(?=\d)", ".", text)
    text = re.sub(r"(?<![\w)])\s?[–—](?=\d)", " -", text)
    text = re.sub(r"\s*[–—]\s*|\s-\s", " , ", text)
    text = text.replace("↑", " raised-sign ").replace("↓", " lowered-sign ").replace("’", "'")
    text = re.sub(r"(?i)\bcannot\b", "can not", text)
    text = re.sub(r"(?i)n't\b", " not", text)
    text = re.sub(r"'s\b|(?<=s)'(?=\s)", "", text)
    text = _SIGN_AFTER.sub(lambda match: " negative " if "-" in (match[1] or "") else " positive ", text)
    return _MINUS_AFTER.sub(" negative", text)


def tokens(text: str) -> list[Token]:
    """Return the tokens of a text."""
    items = [item for match in _TOKEN.finditer(plain(text)) if (item := _token(match)) is not None]
    items = [_letter(items, position) for position in range(len(items))]
    return _counted([item for position, item in enumerate(items) if not _redundant(items, position)])


def _letter(items: Sequence[Token], place: int) -> Token:
    """Return "A" in "hepatitis A" as a name, not as the article."""
    item = items[place]
    named = item.raw == "A" and place > 0 and items[place - 1].kind == "word"
    return item._replace(text="A") if named else item


def _redundant(items: Sequence[Token], place: int) -> bool:
    """Tell whether a token says nothing: "gene" after a gene's symbol."""
    return (
        place > 0
        and items[place].text == "gene"
        and items[place].form == ""
        and _symbol(items[place - 1].raw)
    )


def _symbol(raw: str) -> bool:
    return (
        len(raw) > 2
        and raw[:2].isupper()
        and raw.isalnum()
        and (raw.isupper() or any(c.isdigit() for c in raw))
    )


def _token(match: re.Match[str]) -> Token | None:
    raw = match.group().strip()
    if match["signed"] or match["number"]:
        return Token(_number(raw), "number", "", raw)
    if match["mark"]:
        return None if raw in '"“”&*' or raw in ("-", "+") else Token(raw, "mark", "", raw)
    word = spelling(raw.lower())
    if word in ("twice", "thrice"):
        return Token("2times" if word == "twice" else "3times", "number", "", raw)
    if word in _NUMBERS and word != "one":
        return Token(_NUMBERS[word], "number", "", raw)
    base, form = lemma(word)
    return Token(base, "word", form, raw)


def _number(raw: str) -> str:
    sign = raw[0] if raw[0] in "+-" else ""
    return sign + "-".join(
        format(float(part), ".10g") for part in raw.lstrip("+-").replace(",", "").split("-")
    )


def _counted(items: Sequence[Token]) -> list[Token]:
    """Join numbers with what belongs to them: ranges, counts of a total, comparators and units."""
    items = [
        Token("1", "number", "", item.raw)
        if item.text == "one"
        and (
            _unit(items, place + 1)[1]
            or _joined(items, place + 1, "1")
            or (_word(items, place + 1) in _COUNTED and _word(items, place - 1) not in ("the", "only"))
        )
        else item
        for place, item in enumerate(items)
    ]
    done: list[Token] = []
    position = 0
    while position < len(items):
        mark, length = _comparator(items, position)
        start = position + length
        if start >= len(items) or items[start].kind != "number":
            done.append(items[position])
            position += 1
            continue
        token, position = _quantity(items, start, mark)
        done.append(token)
    return done


def _quantity(items: Sequence[Token], start: int, mark: str) -> tuple[Token, int]:
    """Return the quantity that begins at `start`, and the place after it."""
    value, position = items[start].text, start + 1
    unit, length = _unit(items, position)
    joined = _joined(items, position, value)
    if joined and not length:
        value, position = joined
        unit, length = _unit(items, position)
    elif joined:  # "5 mg to 10 mg" stays two quantities
        pass
    position += length
    for words, after in _AFTER:
        if tuple(item.raw.lower() for item in items[position : position + len(words)]) == words:
            mark, position = after, position + len(words)
            break
    name, factor = unit
    if factor != 1 and not re.search(r"[^\d.+-]", value):
        value = (
            "-".join(_scaled(part, factor) for part in value.split("-") if part)
            if "-" in value[1:]
            else (_scaled(value, factor))
        )
    written = " ".join(item.raw for item in items[start:position])
    return Token(f"{mark}{value}{name}", "number", "", written), position


def _scaled(value: str, factor: float) -> str:
    sign = value[0] if value[:1] in "+-" else ""
    return sign + format(float(value.lstrip("+-")) * factor, ".10g")


def _joined(items: Sequence[Token], position: int, value: str) -> tuple[str, int] | None:
    """Return "7/12" for "7 of 12", "7/12" or "1 in 5", and the place after it."""
    words = [item.raw.lower() for item in items[position : position + 3]]
    for length, form in (
        (2, ["out", "of"]),
        (2, ["of", "the"]),
        (1, ["of"]),
        (1, ["/"]),
        (1, ["in"]),
        (1, ["per"]),
    ):
        last = position + length
        if words[:length] == form and last < len(items) and items[last].kind == "number":
            other = items[last].text
            if re.search(r"[^\d.]", other) or (form == ["in"] and 1900 < float(other) < 2100):
                return None
            return f"{value}/{other}", last + 1
    if words[:1] == ["to"] and position + 1 < len(items) and items[position + 1].kind == "number":
        return f"{value}-{items[position + 1].text}", position + 2
    if position < len(items) and items[position].kind == "number" and items[position].raw.startswith("-"):
        return f"{value}{items[position].text}", position + 1
    return None


def _unit(items: Sequence[Token], position: int) -> tuple[tuple[str, float], int]:
    """Return the unit at `position`, with the factor to the unit that it is compared in, and its length."""
    if position >= len(items):
        return ("", 1.0), 0
    unit = _UNITS.get(items[position].text)
    if unit is None and items[position].raw.lower() == "per" and _word(items, position + 1) == "cent":
        return ("%", 1.0), 2
    if unit is None:
        return ("", 1.0), 0
    name, factor = unit
    length = 1
    while _word(items, position + length) in ("/", "per"):
        below = _UNITS.get(_word(items, position + length + 1))
        if below is None or below == ("h", 24):  # "a day" is a word of its own: see the lexicon
            break
        name, factor = f"{name}/{below[0]}", factor / below[1]
        length += 2
    if name.endswith("/kg") and [_word(items, position + length + step) for step in (0, 1, 2)] == [
        "of",
        "body",
        "weight",
    ]:
        length += 3
    return (name, factor), length


def _word(items: Sequence[Token], position: int) -> str:
    return items[position].text if position < len(items) else ""


def _comparator(items: Sequence[Token], position: int) -> tuple[str, int]:
    """Return the comparator at `position` ("" if none) and its length, where a number follows it."""
    for words, mark in _BEFORE:
        last = position + len(words)
        follows = last < len(items) and items[last].kind == "number"
        if follows and tuple(item.raw.lower() for item in items[position:last]) == words:
            return mark, len(words)
    return "", 0
