"""Find a list of names of one's own in a text, with the linker's tokens, status and experiencer."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from clinweave.knowledge.linking.cues import STATUSES
from clinweave.knowledge.linking.dictionary import Dictionary
from clinweave.knowledge.linking.normalise import tokenise
from clinweave.knowledge.linking.selection import longest_first
from clinweave.knowledge.linking.status import assess


class NameSpan(NamedTuple):
    """A name in a text. `names` are the indices of the names that it may be; `sentence` are offsets."""

    start: int
    end: int
    names: tuple[int, ...]
    status: str  # one of cues.STATUSES
    family: bool  # of a relative
    sentence: tuple[int, int]
    either: bool = False  # after a pronoun that may mean the patient or a relative


class OwnNames:
    """A dictionary of names, matched as the linker matches: case, plural and hyphens do not count."""

    def __init__(self, names: Sequence[str]) -> None:
        """Take the names; names that normalise alike share one entry."""
        self._dictionary, keys = Dictionary.build(names)
        self._names: list[list[int]] = [[] for _ in range(len(self._dictionary))]
        for number, key in enumerate(keys.tolist()):
            if key >= 0:
                self._names[key].append(number)

    def find(self, text: str, accept: Callable[[int, int, int], bool]) -> list[NameSpan]:
        """Return the names in `text` by place, the longest where they overlap.

        `accept(name, start, end)` decides whether a name may stand there, for example by its capitals.
        """
        tokens = tokenise(text)
        matches = self._dictionary.match(tokens)
        stops = tokens.end[matches.first + matches.size - 1]
        chosen: list[int] = []
        names: dict[int, tuple[int, ...]] = {}
        rows = zip(tokens.start[matches.first].tolist(), stops.tolist(), matches.key.tolist(), strict=True)
        for row, (start, end, key) in enumerate(rows):
            accepted = tuple(name for name in self._names[key] if accept(name, start, end))
            if accepted:
                chosen.append(row)
                names[row] = accepted
        if not chosen:
            return []
        selected = np.array(chosen)
        selected = selected[
            longest_first(matches.first[selected], matches.size[selected], np.zeros(len(selected)))
        ]
        first_tokens, size = matches.first[selected], matches.size[selected]
        assessed = assess(text, tokens, first_tokens, size)
        sentence = tokens.sentence[first_tokens]
        first = np.searchsorted(tokens.sentence, sentence)
        last = np.searchsorted(tokens.sentence, sentence, side="right") - 1
        return [
            NameSpan(
                int(tokens.start[first_tokens[row]]),
                int(tokens.end[first_tokens[row] + size[row] - 1]),
                names[int(selected[row])],
                STATUSES[int(assessed.status[row])],
                bool(assessed.family[row]),
                (int(tokens.start[first[row]]), int(tokens.end[last[row]])),
                bool(assessed.either[row]),
            )
            for row in range(len(selected))
            if not assessed.heading[row]
        ]
