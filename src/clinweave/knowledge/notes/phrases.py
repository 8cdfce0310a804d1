"""Findings of a note whose words stand apart, in addition to those that the linker finds by whole names."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from clinweave.knowledge.linking.gaps import gapped
from clinweave.knowledge.linking.linker import Linker
from clinweave.knowledge.linking.normalise import Tokens, normal_form
from clinweave.knowledge.linking.selection import for_another, longest_first
from clinweave.knowledge.linking.stems import content
from clinweave.records import Mention

_FINDINGS = ("HP",)


class Phrase(NamedTuple):
    """A finding whose words are the tokens `[first, first + size)`, others among them; `row` is its concept's."""

    first: int
    size: int
    row: int
    name: str


def phrases(linker: Linker, tokens: Tokens) -> list[Phrase]:
    """Return the findings whose words have others between, the longest where they overlap."""
    vocabulary, scope = linker.vocabulary, linker.scope(_FINDINGS)
    matches = gapped(vocabulary.bag_of_words, tokens, scope.reorders)
    matches = matches.at_rows(np.flatnonzero(~for_another(tokens, matches)))
    named = [len(vocabulary.dictionary.key(key).split(" ")) for key in matches.key.tolist()]
    chosen = longest_first(matches.first, np.array(named, np.int64), -matches.size.astype(np.float64))
    matches = matches.at_rows(chosen)
    rows = vocabulary.concept[scope.best[0, matches.key]].tolist()
    return [
        Phrase(first, size, row, vocabulary.dictionary.key(key))
        for first, size, key, row in zip(
            matches.first.tolist(), matches.size.tolist(), matches.key.tolist(), rows, strict=True
        )
    ]


def families(name: str) -> frozenset[str]:
    """Return the word families of a name."""
    return frozenset(content(name.split(" ")))


@lru_cache(maxsize=1 << 14)
def _families_in(text: str) -> frozenset[str]:
    """Return the word families of a stretch of text."""
    return families(normal_form(text))


def merged(linked: list[Mention], found: Sequence[tuple[Mention, frozenset[str]]]) -> list[Mention]:
    """Return the linker's mentions with the phrases that say more; `found` are (mention, families of its name).

    A phrase is left out where a mention around it has all its words, and takes the place of mentions within it that
    have fewer ("left-sided hemiplegia" of "hemiplegia").
    """
    starts = [item.start for item in linked]
    longest = max((item.end - item.start for item in linked), default=0)
    gone: set[int] = set()
    kept: list[Mention] = []
    for item, name in found:
        candidates = range(bisect_left(starts, item.start - longest), bisect_left(starts, item.end))
        around = [number for number in candidates if item.start < linked[number].end]
        if any(
            linked[number].id == item.id or name <= _families_in(linked[number].text) for number in around
        ):
            continue
        gone |= {
            number
            for number in around
            if _families_in(linked[number].text) < name
            and item.start <= linked[number].start
            and linked[number].end <= item.end
        }
        kept.append(item)
    return sorted(
        [*(item for number, item in enumerate(linked) if number not in gone), *kept],
        key=lambda item: (item.start, item.end),
    )
