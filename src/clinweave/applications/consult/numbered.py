"""What a text numbers or counts ("stage 3", "glucose 10 %", "two doses"): is it the number that the question states?"""

import re

_ONE = r"(\d{1,3}[a-c]?|[ivx]{1,4})"
_NUMBERED = re.compile(
    r"\b(stages?|grades?|types?|class(?:es)?|categor(?:y|ies)|groups?|levels?|steps?|phases?|tiers?|zones?|protocols?|regimens?"
    r"|options?|cycles?|factors?|numbers?)\W{1,2}" + _ONE + r"\b(?!\s*(?:%|\.\d|mg|ml|mmol|g\b))"
    + r"(?:\s*(?:to|-|\u2013)\s*" + _ONE + r"\b)?",
    re.IGNORECASE,
)  # fmt: skip
_STRENGTH = re.compile(r"\b([a-z]{4,})\s+(\d+(?:\.\d+)?)\s*()%", re.IGNORECASE)  # "glucose 10 %"

# "two doses", "first episode": what is counted
_COUNTS = ("one|first|single|once", "two|second|twice", "three|third", "four|fourth")
_COUNTED = re.compile(
    rf"\b({'|'.join(_COUNTS)}|[1-4])\s+(?:\w+\s+)?"
    r"(doses?|episodes?|attacks?|seizures?|relapses?|recurrences?|courses?|criteri(?:a|on)|risk factors?|symptoms?"
    r"|signs?)\b",
    re.IGNORECASE,
)


def other_number(question: str, text: str) -> bool:
    """Say whether a statement is about another number of what the question numbers ("stage 3", "glucose 10 %").

    A statement that has the asked number too, or a range with it ("stages 3 to 5"), is not. "One dose" is another
    number of doses than "two doses".
    """
    counted = _counted(text)
    if any(noun in counted and not counts & counted[noun] for noun, counts in _counted(question).items()):
        return True
    for pattern in (_NUMBERED, _STRENGTH):
        stated: dict[str, list[tuple[str, str]]] = {}
        for match in pattern.finditer(text):
            stated.setdefault(_singular(match[1]), []).append((match[2].lower(), (match[3] or "").lower()))
        for match in pattern.finditer(question):
            others = stated.get(_singular(match[1]), [])
            if others and not any(_covers(first, last, match[2].lower()) for first, last in others):
                return True
    return False


def same_count(question: str, text: str) -> bool:
    """Say whether a statement counts what the question counts, to the same number ("two doses")."""
    counted = _counted(text)
    return any(counts & counted.get(noun, set()) for noun, counts in _counted(question).items())


def _counted(text: str) -> dict[str, set[int]]:
    """Return what a text counts with its numbers, 1 to 4."""
    counted: dict[str, set[int]] = {}
    for match in _COUNTED.finditer(text):
        word = match[1].lower()
        number = next((place for place, words in enumerate(_COUNTS, 1) if word in words.split("|")), 0)
        counted.setdefault(_singular(match[2]), set()).add(number or int(word))
    return counted


def _singular(word: str) -> str:
    word = word.lower()
    return word[:-1] if word.endswith("s") and word != "class" else word


def _covers(first: str, last: str, number: str) -> bool:
    """Say whether a number, or the first and the last of a range, cover another one; "3" covers "3b"."""
    if number in {first, last} or number.rstrip("abc") == first or first.rstrip("abc") == number:
        return True
    return last.isdigit() and first.isdigit() and number.isdigit() and int(first) <= int(number) <= int(last)
