"""Findings that a note counts three times or more: "otitis media x7" is recurrent otitis media, if the HPO has it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from clinweave.records import Mention

_LEAST = 3
_NUMBERS = {
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "dozen": 12,
}
_UNIT = (
    r"(?!\d|[.,]\d|\s*(?:/|-|%|days?\b|weeks?\b|wks?\b|months?\b|years?\b|yrs?\b|hours?\b|h\b|d\b|min\w*\b|"
    r"mg|ml|cm|mm|kg))"
)
_AFTER = re.compile(
    rf"\s*\(?(?:[x\u00d7]\s?(\d{{1,2}}){_UNIT}|(\d{{1,2}}) (?:times|episodes|occasions)\b)", re.IGNORECASE
)
_BEFORE = re.compile(
    rf"(?:\b(\d{{1,2}}|{'|'.join(_NUMBERS)}) (?:(?:previous|documented|proven|further|separate) )?"
    r"(?:(episodes|bouts|attacks) of )?|"
    r"\b(?:repeated|frequent|several|many|numerous) (?:(?:episodes|bouts|attacks) of )|\b(?:repeated|frequent) )\Z",
    re.IGNORECASE,
)
_AROUND = 45  # characters before a finding in which its number stands
_SAID = frozenset({"present", "historical"})


def recurrent(text: str, mentions: Sequence[Mention], named: Mapping[str, tuple[str, str]]) -> list[Mention]:
    """Return the mentions, those counted three times or more as the recurrent finding of the HPO.

    `named` gives the identifier and label of each name of a finding in lower case. A count holds for its place alone.
    """
    return [_counted(text, item, named) if item.status in _SAID else item for item in mentions]


def _counted(text: str, item: Mention, named: Mapping[str, tuple[str, str]]) -> Mention:
    span = _span(text, item)
    if span is None:
        return item
    for name in (item.name, item.text, f"{item.name}s", f"{item.text}s", item.text.removesuffix("s")):
        label = f"recurrent {' '.join(name.lower().split())}"
        curie, shown = named.get(label, ("", ""))
        if curie and curie != item.id:
            start, end = span
            counted = " ".join(text[start:end].split())
            found = replace(item, start=start, end=end, text=text[start:end], id=curie, name=shown)
            return replace(found, reason=f"{item.reason}; counted: {counted}")
    return item


def _span(text: str, item: Mention) -> tuple[int, int] | None:
    """Return the place of a finding with its number; None where none of three and more stands there."""
    after = _AFTER.match(text, item.end)
    if after is not None and int(after[1] or after[2]) >= _LEAST:
        return item.start, after.end()
    before = _BEFORE.search(text, max(0, item.start - _AROUND), item.start)
    if before is None:
        return None
    if before[1] is not None:
        number = _NUMBERS.get(before[1].lower()) or int(before[1])
        if number < _LEAST or not (before[2] or item.text.lower().endswith("s")):
            return None
    return before.start(), item.end
