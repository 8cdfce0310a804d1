"""The single facts that a sentence puts together, to be looked for one by one.

A wrong division gives parts that no evidence states, so every place may be tried.
"""

from collections.abc import Iterator, Sequence

from clinweave.knowledge.citations.clauses import AUXILIARIES, BE, PREPOSITIONS, Group, fronted, groups
from clinweave.knowledge.citations.inflection import is_verb, word_set
from clinweave.knowledge.citations.splitting import Clause, reported
from clinweave.knowledge.citations.tokens import Token

_JOINTS = frozenset({"and", "but", ";"})
_HARMLESS = word_set(
    "only nor if unless"
)  # in a later part of a sentence, they take nothing back from an earlier one
_MAX_DIVISIONS = 6  # divisions of one sentence
_ANSWERING = frozenset({"this", "that", "it", "not", "but", "or", "no"})  # they speak of the part before
_LIMITS = word_set("not no never only should must avoid may might can rarely sometimes")  # behind "but"
_BY = frozenset({"by", "with", "in"})
_COMMA = Token(",", "mark", "", ",")


def divisions(items: Sequence[Token]) -> Iterator[tuple[Clause, Clause]]:
    """Yield ways in which a sentence may be two facts, the second with the subject of the first where it has none."""
    front, rest = fronted(items)
    count = 0
    for index in range(2, len(rest) - 1):
        if rest[index].text not in _JOINTS or rest[index - 1].text in _JOINTS:
            continue
        left, right = list(rest[:index]), list(rest[index + 1 :])
        if left[-1].text == ",":
            left.pop()
        group = _main(left)
        if group is None or len(right) < 2:
            continue
        lead = [*front, _COMMA] if front else []
        for second in _completed(left, right, group):
            yield (*lead, *left), tuple(second)
            if lead:
                yield (*lead, *left), (*lead, *second)
            count += 1
        if count >= _MAX_DIVISIONS:
            return
    yield from _participle(items)


def _completed(left: list[Token], right: list[Token], group: Group) -> Iterator[list[Token]]:
    """Yield the second fact with what it shares with the first."""
    subject = left[: group.start]
    helpers = [item for item in left[group.start : group.end] if item.text in AUXILIARIES]
    first = right[0]
    own = _main(right)
    if own is not None and own.start > 0:
        yield [*subject, *right[1:]] if first.text in ("it", "they") else right
    if first.text in AUXILIARIES or (first.kind == "word" and is_verb(first.text)):
        yield [*subject, *right]
        if first.form in ("ed", "") and helpers:
            yield [*subject, *helpers, *right]
    elif own is not None and subject:  # "but rarely causes Y"
        yield [*subject, *right]
    last = right[-1]
    if last.form == "ed" and helpers and is_verb(last.text):  # "and a radiograph taken"
        yield [*right[:-1], *helpers, last]


def _participle(items: Sequence[Token]) -> Iterator[tuple[Clause, Clause]]:
    """Yield "X is a Y" and "X is caused by Z" of "X is a Y caused by Z"."""
    group = _main(items)
    if group is None or group.verb != "be" or group.passive:
        return
    for index in range(group.end + 2, len(items) - 2):
        item = items[index]
        if item.form == "ed" and is_verb(item.text) and items[index + 1].text in _BY:
            verb = [items[group.start]]
            if verb[0].text in BE:
                yield tuple(items[:index]), (*items[: group.start], *verb, *items[index:])
            return


def separate(items: Sequence[Token]) -> Iterator[Clause]:
    """Yield what stands before or after a semicolon or ", but" of the evidence, where it is a statement of its own."""
    start = 0
    parts: list[tuple[str, Sequence[Token]]] = []
    link = ""
    for index, item in enumerate(items):
        but = item.text == "but" and index > 0 and items[index - 1].text == ","
        if item.text == ";" or but:
            parts.append((link, items[start : index - but]))
            start, link = index + 1, item.text
    parts.append((link, items[start:]))
    if len(parts) < 2 or any(_main(part) is None for _, part in parts):
        return
    for number, (_, part) in enumerate(parts):
        if any(reported(earlier) for _, earlier in parts[: number + 1]):
            return
        if not any(_takes_back(later, joint) for joint, later in parts[number + 1 :]):
            yield tuple(part)


def _takes_back(part: Sequence[Token], link: str) -> bool:
    """Tell whether a later part may limit an earlier one: somebody's view, an answer to it, an exception."""
    kept = [item for item in part if link == "but" or item.text not in _HARMLESS]
    limits = link == "but" and any(item.text in _LIMITS for item in part)
    return reported(kept) or limits or part[0].text in _ANSWERING or part[0].text in PREPOSITIONS


def _main(items: Sequence[Token]) -> Group | None:
    return next((group for group in groups(list(items)) if group.start > 0 or group.imperative), None)


__all__ = ["divisions", "separate"]
