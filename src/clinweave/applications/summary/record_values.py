"""Sentences about measured values: copied with unit and date; a trend only between numbers of one name and unit."""

from collections.abc import Sequence

from clinweave.applications.summary.record import Entry
from clinweave.applications.summary.results import Citation

SHOWN = 5  # values of a series
_GROUPS = 4


def value_sentences(entries: Sequence[Entry], pick: str) -> tuple[str, tuple[Citation, ...]]:
    """Return text and citations for the entries of one question, by time; `pick` says which values are asked for."""
    groups: dict[str, list[Entry]] = {}
    for item in entries:
        groups.setdefault(item.name, []).append(item)
    ordered = sorted(groups.values(), key=lambda items: items[-1].date, reverse=True)
    sentences, cited = [], list[Citation]()
    for items in ordered[:_GROUPS]:
        sentence, used = _PICKED.get(pick, _last)(items)
        sentences.append(sentence)
        cited += [item.citation for item in used]
    if len(ordered) > _GROUPS:
        sentences.append(f"{len(ordered) - _GROUPS} further measurements of such a name are not listed here.")
    return " ".join(sentences), tuple(dict.fromkeys(cited))


def _last(items: Sequence[Entry]) -> tuple[str, list[Entry]]:
    last = items[-1]
    same_time = [item for item in items if item.time == last.time and item.value != last.value]
    text = f"{last.name}: {_value(last)}, {_day(last)}"
    if same_time:
        text += f"; at the same time also {', '.join(_value(item) for item in same_time)} (they disagree)"
    return f"{text}; {len(items)} {'entry' if len(items) == 1 else 'entries'}.", [*same_time, last]


def _first(items: Sequence[Entry]) -> tuple[str, list[Entry]]:
    return f"{items[0].name}: first {_value(items[0])}, {_day(items[0])}.", [items[0]]


def _extreme(items: Sequence[Entry], highest: bool) -> tuple[str, list[Entry]]:
    numbers = [item for item in items if item.number is not None]
    units = {item.unit for item in numbers}
    if not numbers or len(units) > 1:
        why = "in more than one unit" if numbers else "not numbers"
        return (
            f"{items[-1].name}: the values are {why}, so none is the highest or lowest; {_series(items)}.",
            list(items[-SHOWN:]),
        )
    best = (max if highest else min)(numbers, key=lambda item: item.number or 0.0)
    others = len(items) - len(numbers)
    left_out = f" ({others} values without a number not counted)" if others else ""
    word = "highest" if highest else "lowest"
    return f"{best.name}: {word} {_value(best)}, {_day(best)}, of {len(numbers)}{left_out}.", [best]


def _trend(items: Sequence[Entry]) -> tuple[str, list[Entry]]:
    """Return the last values in order, and how the last one stands to the one before."""
    latest = list(items[-SHOWN:])
    text = f"{items[-1].name}: {_series(latest)}"
    if len(items) == 1:
        return f"{text}. There is one value, so no trend.", latest
    before, last = items[-2], items[-1]
    if before.number is None or last.number is None or before.unit != last.unit:
        return f"{text}. The last two values cannot be compared as numbers of one unit.", latest
    word = (
        "equal to"
        if last.number == before.number
        else "higher than"
        if last.number > before.number
        else "lower than"
    )
    return f"{text}. The last value is {word} the one before.", latest


def _count(items: Sequence[Entry]) -> tuple[str, list[Entry]]:
    return f"{items[-1].name}: {len(items)} entries, {_day(items[0])} to {_day(items[-1])}.", [
        items[0],
        items[-1],
    ]


def _all(items: Sequence[Entry]) -> tuple[str, list[Entry]]:
    latest = list(items[-SHOWN:])
    more = f" (the last {SHOWN} of {len(items)})" if len(items) > SHOWN else ""
    return f"{items[-1].name}: {_series(latest)}{more}.", latest


def _series(items: Sequence[Entry]) -> str:
    return ", ".join(f"{_value(item)} ({_day(item)})" for item in items)


def _value(item: Entry) -> str:
    return item.value or "no value"


def _day(item: Entry) -> str:
    return item.date or "undated"


_PICKED = {
    "last": _last,
    "first": _first,
    "highest": lambda items: _extreme(items, True),
    "lowest": lambda items: _extreme(items, False),
    "trend": _trend,
    "count": _count,
    "all": _all,
}
