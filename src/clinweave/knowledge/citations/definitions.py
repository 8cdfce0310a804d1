"""Definitions: "X is defined as Y", "Y is called X", "X means Y" and "X: Y" as one pair of a term and its meaning."""

from collections.abc import Sequence
from typing import NamedTuple

from clinweave.knowledge.citations.clauses import BE, DROPPED
from clinweave.knowledge.citations.inflection import is_verb, word_set
from clinweave.knowledge.citations.tokens import Token

_MEANING = 3  # words of a meaning that a plain "is" may give
_ROLES = word_set(
    "cause symptom sign feature type complication treatment example factor effect test option member"
)
_LONGEST_TERM = 6  # words of a term before a colon

# Between the two sides, in base forms, after "is" or "are": which side is the term does not matter, as both are equal.
_NAMING: tuple[tuple[str, ...], ...] = (
    ("define", "as"), ("also", "define", "as"), ("call",), ("also", "call"), ("term",), ("termed",),
    ("also", "term"), ("also", "termed"),
    ("know", "as"), ("also", "know", "as"), ("otherwise", "know", "as"), ("refer", "to", "as"),
    ("also", "refer", "to", "as"), ("name",), ("the", "term", "for"),
    ("the", "name", "for"), ("the", "name", "give", "to"),
    ("another", "name", "for"), ("another", "term", "for"), ("a", "synonym", "for"), ("a", "synonym", "of"),
    ("the", "same", "as"), ("the", "medical", "term", "for"), ("the", "medical", "name", "for"),
    ("the", "definition", "of"), ("the", "code", "for"),
)  # fmt: skip
_VERBS: tuple[tuple[str, ...], ...] = (
    ("mean",),
    ("denote",),
    ("refer", "to"),
    ("stand", "for"),
    ("describe",),
    ("be", "short", "for"),
)


class Definition(NamedTuple):
    """Both sides of a definition as words without articles; `plain` where only "is" joins them."""

    left: tuple[str, ...]
    right: tuple[str, ...]
    plain: bool = False

    def same(self, other: "Definition") -> bool:
        """Tell whether both define the same term by the same words."""
        if other.plain:  # "thrombocytopenia is a low platelet count": a meaning of some words
            return (
                len(other.right) >= _MEANING
                and not _ROLES & set(other.right)
                and (self.left, self.right)
                in (
                    (other.left, other.right),
                    (other.right, other.left),
                )
            )
        if self.plain:  # "aphakia is the absence of the lens": the term comes first
            return (self.left, self.right) in ((other.left, other.right), (other.right, other.left))
        return {self.left, self.right} == {other.left, other.right}


def definition(items: Sequence[Token], *, plain: bool = False) -> Definition | None:
    """Return the definition that a clause states; with `plain`, "X is Y" counts as one."""
    texts = [item.text for item in items]
    if any(text in ("not", "no", "never", "may", "might", "can", "could", "if") for text in texts):
        return None
    if ":" in texts and 0 < texts.index(":") <= _LONGEST_TERM and texts.count(":") == 1:
        place = texts.index(":")
        return _pair(items, place, place + 1)
    for place in range(1, len(texts)):
        if length := _naming(items, place):
            return _pair(items, place, place + length)
    place = next((number for number, text in enumerate(texts) if text in ("is", "are")), 0)
    found = _pair(items, place, place + 1) if plain and place else None
    return found._replace(plain=True) if found else None


def _naming(items: Sequence[Token], place: int) -> int:
    """Return the length of the words at `place` that join a term and its meaning; 0 if they do not."""
    texts = tuple(item.text for item in items[place : place + _LONGEST_TERM])
    if texts[0] in BE:
        return next((1 + len(words) for words in _NAMING if texts[1 : 1 + len(words)] == words), 0)
    if items[place].form not in ("s", ""):
        return 0
    return next((len(words) for words in _VERBS if texts[: len(words)] == words), 0)


def _pair(items: Sequence[Token], end: int, start: int) -> Definition | None:
    left, right = _bare(items[:end]), _bare(items[start:])
    return Definition(left, right) if left and right else None


def _bare(items: Sequence[Token]) -> tuple[str, ...]:
    return tuple(
        item.text
        for index, item in enumerate(items)
        if item.text not in DROPPED
        and item.text not in (",", "(", ")")
        and not (
            item.text in ("that", "which", "who")
            and index + 1 < len(items)
            and is_verb(items[index + 1].text)
        )
    )
