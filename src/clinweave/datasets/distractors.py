"""Choose distractors: wrong options of the same category, similar frequency and length, and not possibly true.

A guess by popularity or by length must not answer a question, so the distractors are drawn from the candidates whose
number of records and whose name length are nearest to those of the right option.
"""

import math
import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from random import Random
from typing import NamedTuple, Protocol

from clinweave.records import Concept

_NEAR = 10  # candidates per wanted distractor to draw from
_LIMIT = 1.1  # largest allowed distance: a factor of three in records or in length


class Hierarchy(Protocol):
    """What is needed of a graph here."""

    def ancestors(self, identifier: str, /) -> frozenset[str]:
        """Return everything above."""
        ...

    def descendants(self, identifier: str, /) -> frozenset[str]:
        """Return everything below."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible option: how often the sources use it says how well known it is."""

    id: str
    name: str
    category: str
    records: int


class Options(NamedTuple):
    """The options of one question in the order shown."""

    ids: tuple[str, ...]
    names: tuple[str, ...]
    answer: int


class Pool:
    """All possible options of one kind of question."""

    def __init__(self, concepts: Iterable[Concept], records: Mapping[str, int]) -> None:
        self._candidates = {
            concept.id: Candidate(concept.id, concept.name, concept.category, records.get(concept.id, 1))
            for concept in sorted(concepts, key=lambda concept: concept.id)
            if plain(concept.name)
        }

    def __contains__(self, identifier: str) -> bool:
        return identifier in self._candidates

    def __getitem__(self, identifier: str) -> Candidate:
        return self._candidates[identifier]

    def draw(
        self, answer: str, *, blocked: Set[str], asked: str, count: int, position: int, random: Random
    ) -> Options | None:
        """Return `count` options with `answer` at `place % count`, or None where too few are near enough.

        `blocked` holds every id that is or may be true; `asked` is the text whose words may give an option away.
        """
        right = self._candidates[answer]
        names = {right.name.casefold()}
        nearest: list[tuple[float, Candidate]] = []
        for other in self._candidates.values():
            if (
                other.id in blocked
                or other.category != right.category
                or _vocabulary(other) != _vocabulary(right)
            ):
                continue
            away = distance(right, other)
            if away <= _LIMIT:
                nearest.append((away, other))
        nearest.sort(key=lambda item: (item[0], item[1].id))
        chosen: list[Candidate] = []
        for _, other in nearest:
            if other.name.casefold() not in names and not gives_away(other.name, asked):
                names.add(other.name.casefold())
                chosen.append(other)
            if len(chosen) == _NEAR * (count - 1):
                break
        if len(chosen) < count - 1:
            return None
        sampled = random.sample(chosen, count - 1)
        sampled.insert(position % count, right)
        return Options(
            tuple(candidate.id for candidate in sampled),
            tuple(candidate.name for candidate in sampled),
            position % count,
        )


def distance(candidate: Candidate, other: Candidate) -> float:
    """Return how unlike two candidates are to a guesser: the larger log ratio of records or of name length."""
    return max(
        abs(math.log(max(candidate.records, 1) / max(other.records, 1))),
        abs(math.log(len(candidate.name) / len(other.name))),
    )


def not_surely_false(graph: Hierarchy, truths: Iterable[str]) -> set[str]:
    """Return the truths and everything above or below one of them."""
    ids: set[str] = set()
    for truth in truths:
        ids |= {truth} | graph.ancestors(truth) | graph.descendants(truth)
    return ids


def gives_away(option: str, asked: str) -> bool:
    """Return whether a word of the option, or its beginning, stands in the question."""
    words, stems = _words(asked), {word[:6] for word in _words(asked) if len(word) > 6}
    return any(word in words or (len(word) > 6 and word[:6] in stems) for word in _words(option))


def plain(name: str) -> bool:
    """Return whether a name reads as plain words: not retired, not a formula, not a whole sentence."""
    low = name.casefold()
    if not 2 < len(name) <= 70 or low.startswith("obsolete") or any(mark in name for mark in "[]{};|@"):
        return False
    return sum(letter.isalpha() or letter == " " for letter in name) >= 0.7 * len(name)


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.casefold()) if len(word) > 2 and word not in _EMPTY}


def _vocabulary(candidate: Candidate) -> str:
    return candidate.id.partition(":")[0]


# Words that say nothing about which option is meant.
_EMPTY = frozenset(
    re.findall(
        r"\w+",
        "the and for with which what from has have this that these those not due can are was its his her of "
        "seen role gene genes kind does found feature features disease disorder syndrome type",
    )
)
