"""Dictated notes: spoken punctuation ("comma", "period", "new paragraph") and numbers in words, at equal length."""

import re

_SPOKEN = re.compile(
    r"[ \t]*\b(?:(?P<comma>comma)|(?P<line>new paragraph|next paragraph|new line|next line|paragraph break)|"
    r"(?P<stop>full stop|period))\b[ \t]*(?=\S|\Z)",
    re.IGNORECASE,
)
# "period" after these is a time.
_TIME = re.compile(
    r"\b(?:the|a|an|this|that|time|long|short|her|menstrual|\w+natal|\w+operative|post\w*|incubation|follow-up|grace|"
    r"\w+ictal|\w+partum|rest|any|same|each|one|last|first|month|week|day|year|hour|trial|study|latent|window)\s*\Z",
    re.IGNORECASE,
)
_FEWEST = 3  # signs that make a text a dictated one
_BEFORE = 20  # characters before "period" that tell a time

_UNITS = {
    word: number
    for number, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    )
}
_TEENS = {
    word: number
    for number, word in enumerate(
        [
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ],
        10,
    )
}
_TENS = {
    word: number
    for number, word in zip(
        range(20, 100, 10),
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"],
        strict=True,
    )
}
_WORD = rf"(?:{'|'.join([*_UNITS, *_TEENS, *_TENS, 'oh', 'hundred'])})"
_NUMBER = re.compile(
    rf"\b{_WORD}(?:[ -](?:and )?{_WORD})*(?: point(?: (?:{'|'.join([*_UNITS, 'oh'])}))+)?\b(?: percent\b| per cent\b)?",
    re.IGNORECASE,
)
# Headings are spoken without a colon: "... period impression marfan syndrome period"
_HEADING = re.compile(
    r"((?:(?<=\A)|(?<=\n)|(?<=\. )|(?<=\.  )|(?<=  ))(?:history of present illness|"
    r"chief complaint|past medical history|past history|past surgical history|family history|social history|"
    r"medications|allergies|physical exam(?:ination)?|labs|laboratory data|imaging|"
    r"assessment(?: and plan)?|impression|diagnos[ie]s|plan))(?:,[ ]|[ ])",
    re.IGNORECASE,
)
_OVER = re.compile(r"(?<=\d) +over (?=\d)")  # "one oh two over sixty"


def undictated(text: str) -> str:
    """Return a dictated text with signs for spoken punctuation and digits for numbers, others as they are.

    Every character stays where it stood: what is shorter is filled with blanks.
    """
    lower = text.lower()
    if " period" not in lower and " full stop" not in lower and " comma" not in lower:
        return text
    signs = [match for match in _SPOKEN.finditer(text) if not _is_time(text, match)]
    written = text.count(", ") + text.count(". ")
    if len(signs) < max(_FEWEST, 2 * written):
        return text
    pieces, at = [], 0
    for match in signs:
        sign = "," if match["comma"] else "." if match["stop"] else "\n"
        pieces += [text[at : match.start()], sign.ljust(match.end() - match.start())]
        at = match.end()
    pieces.append(text[at:])
    spelt = _NUMBER.sub(_digits, "".join(pieces))
    spelt = _OVER.sub(lambda match: "/".ljust(len(match[0])), spelt)
    return _HEADING.sub(lambda match: f"{match[1]}:".ljust(len(match[0])), spelt)


def _is_time(text: str, match: re.Match[str]) -> bool:
    """Say whether "period" is no full stop ("the neonatal period")."""
    if not (match["stop"] or "").lower().startswith("period"):
        return False
    return _TIME.search(text, max(0, match.start() - _BEFORE), match.start()) is not None


def _digits(match: re.Match[str]) -> str:
    """Return a number in digits, filled to the length of its words; a single "one" stays a word."""
    words = match[0].lower().replace("per cent", "percent").replace("-", " ").split()
    percent = words[-1] == "percent"
    words = words[:-1] if percent else words
    integer, _, rest = " ".join(words).partition(" point ")
    if len(words) == 1 and words[0] in {"one", "oh", "hundred"} and not percent:
        return match[0]
    value = _whole(integer.split())
    if value is None:
        return match[0]
    if rest:
        value += "." + "".join(str(_UNITS.get(word, 0)) for word in rest.split())
    value += "%" if percent else ""
    return value.ljust(len(match[0])) if len(value) <= len(match[0]) else match[0]


def _whole(words: list[str]) -> str | None:
    """Return the digits of a spoken whole number: "one ninety six" is 196, "two hundred and eight" is 208."""
    words = [word for word in words if word != "and"]
    if "hundred" in words:
        at = words.index("hundred")
        head, tail = _whole(words[:at]) if at else "1", _whole(words[at + 1 :]) if words[at + 1 :] else "0"
        return None if head is None or tail is None else str(100 * int(head) + int(tail))
    parts: list[tuple[str, int]] = []  # kind of each word, and its number
    for word in words:
        kind = "unit" if word in _UNITS or word == "oh" else "ten" if word in _TENS else "teen"
        number = _UNITS.get(word, _TENS.get(word, _TEENS.get(word, 0)))
        if kind == "unit" and number and parts and parts[-1][0] == "ten":
            parts[-1] = ("both", parts[-1][1] + number)
        else:
            parts.append((kind, number))
    return "".join(str(number) for _, number in parts) if parts else None
