"""Names found by their words in any order: "eye abnormalities", "bowing of the femurs", "short fingers and toes".

A name is a set of word families without stop words. A text window proposes a name when the sum of its words' hashes is
the name's; the words are then compared. A word that two coordinated parts share ("aplastic or hypoplastic nails") is
given to both.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clinweave.knowledge.linking.dictionary import Dictionary, Found
from clinweave.knowledge.linking.families import family, listed
from clinweave.knowledge.linking.hash_table import HashTable
from clinweave.knowledge.linking.normalise import Hashes, Ints, Tokens, hashes_of, mix
from clinweave.knowledge.linking.ranking import common_words

MOST_WIDTH = 10  # tokens that a match may span
MOST_NAMED = 8  # content words of a name
# Words that a name and a text may have or lack alike: function words, and what laboratories add.
_IN_NAMES = "of the a an in with and to for on by or morphology physiology circulating concentration level serum plasma"
# What only texts have between the words of a name: copulas, pronouns, degrees. A name that has one stays as it is.
_IN_TEXTS = """
at from as his her their its this these both was were is are be been being appeared appear has have had
markedly extremely very slightly somewhat unusually invariably quite also often usually
"""
_LOOSE = frozenset(_IN_TEXTS.split())
STOP_WORDS = frozenset(_IN_NAMES.split()) | _LOOSE
AS_NAMED, REORDERED, SHARED, DEFINED = 0, 1, 2, 3  # how a mention came to its name

_ADJECTIVES = ("ic", "ous", "ive", "ed", "oid", "al")
_SHORT = 6  # letters of a name whose family says little
_BAG = np.uint64(0xC2B2AE3D27D4EB4F)
# Around a conjunction at 0, the words of the second name: (X) and Y (H): -1, 2; (M) X and (Y): -2, 1; and wider ones.
_SHARES = (
    (-1, 2),
    (-2, -1, 2),
    (-1, 2, 3),
    (-2, -1, 2, 3),
    (-2, 1),
    (-3, -2, 1),
    (-4, -3, -2, 1),
    (-2, 1, 2),
)


def content(words: Iterable[str]) -> list[str]:
    """Return the families of the words that are not stop words, sorted."""
    return sorted(family(word) for word in words if word not in STOP_WORDS)


class WordSets:
    """Sets of word families of names. `keys[starts[n]:starts[n + 1]]` are the dictionary's keys of set n."""

    def __init__(
        self, dictionary: Dictionary, sets: HashTable, families: HashTable, starts: Ints, keys: Ints
    ) -> None:
        self.dictionary, self.sets, self.families, self.starts, self.keys = (
            dictionary,
            sets,
            families,
            starts,
            keys,
        )

    @classmethod
    def build(cls, dictionary: Dictionary, chosen: Iterable[int]) -> "WordSets":
        """Return the word sets of the `chosen` keys with two or more content words."""
        numbers: dict[str, int] = {}
        words: dict[str, int] = {}
        members: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for key in chosen:
            named = dictionary.key(key).split(" ")
            parts = [word for word in named if word not in STOP_WORDS]
            if not 1 <= len(parts) <= MOST_NAMED or not _LOOSE.isdisjoint(named):
                continue
            if len(parts) == 1 and (len(named) > 1 or not _inflects(parts[0])):
                continue
            for word in parts:
                words.setdefault(word, numbers.setdefault(family(word), len(numbers) + 1))
            members[tuple(sorted(map(family, parts)))].append(key)
        for word, head in listed().items():
            if head in numbers:
                words.setdefault(word, numbers[head])
        spelt = [*words, *sorted(STOP_WORDS)]
        hashes = hashes_of(spelt)
        # The last number is that of all stop words.
        values = np.array([*words.values(), *[len(numbers) + 1] * len(STOP_WORDS)], np.int32)
        distinct, index = np.unique(hashes, return_index=True)
        parts_of = [np.array([numbers[item] for item in names], np.uint64) for names in members]
        sums = np.array([mix(item ^ _BAG).sum(dtype=np.uint64) for item in parts_of], np.uint64)
        only, first = np.unique(mix(sums), return_index=True)
        starts = np.cumsum([0, *(len(keys) for keys in members.values())])
        return cls(
            dictionary,
            HashTable.build(only, (first + 1).astype(np.int32)),
            HashTable.build(distinct, values[index]),
            starts,
            np.array([key for keys in members.values() for key in keys], np.int64),
        )

    def save(self, folder: Path) -> None:
        """Write the arrays into `folder`."""
        self.sets.save(folder, "sets")
        self.families.save(folder, "families")
        np.save(folder / "set_starts.npy", self.starts)
        np.save(folder / "set_keys.npy", self.keys)

    @classmethod
    def open(cls, folder: Path, dictionary: Dictionary) -> "WordSets":
        """Return the saved word sets, memory-mapped."""
        starts, keys = (
            np.load(folder / f"{name}.npy", mmap_mode="r").view(np.ndarray)
            for name in ("set_starts", "set_keys")
        )
        return cls(
            dictionary, HashTable.open(folder, "sets"), HashTable.open(folder, "families"), starts, keys
        )

    def match(self, tokens: Tokens, found: Found, usable: NDArray[np.bool_]) -> tuple[Found, Ints]:
        """Return the matches that are not in `found` already, and how each came about (REORDERED or SHARED).

        `usable` tells for each key of the dictionary whether it may be found.
        """
        found = Found(*(getattr(found, item)[usable[found.key]] for item in Found.__slots__))
        code = self.families.find(tokens.hash)
        stop_code = int(self.families.find(_STOP_HASH)[0])
        stop = code == stop_code
        part = np.where(code > 0, mix(code.astype(np.uint64) ^ _BAG), tokens.hash)
        part[stop] = 0
        known = (code > 0) & ~stop
        windows = self._windows(tokens, part, known)
        fresh = ~_among(windows.at * 64 + windows.size, np.sort(found.at * 64 + found.size))
        rows = [
            (at, size, key, REORDERED)
            for at, size, number in _rows(windows, fresh)
            if (key := self._verified(number, tokens.words(at, at + size), usable)) is not None
        ]
        rows += self._shared(tokens, part, known, usable)
        columns = np.array(rows, np.int64).reshape(-1, 4).T
        return Found(columns[0], columns[1], columns[2]), columns[3]

    def _windows(self, tokens: Tokens, part: Hashes, known: NDArray[np.bool_]) -> Found:
        """Return (start, size, set) of the windows whose words may be a set; a comma ends a window."""
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(part, dtype=np.uint64)])
        starts = np.flatnonzero(known)
        at, sizes, sets = [starts[:0]], [starts[:0]], [starts[:0]]
        for size in range(1, MOST_WIDTH + 1):
            starts = starts[starts + size <= len(tokens)]
            starts = starts[tokens.clause[starts + size - 1] == tokens.clause[starts]]
            here = starts[known[starts + size - 1]]
            value = self.sets.find(mix(sums[here + size] - sums[here]))
            hit = np.flatnonzero(value)
            at.append(here[hit])
            sizes.append(np.full(len(hit), size))
            sets.append(value[hit].astype(np.int64) - 1)
        return Found(np.concatenate(at), np.concatenate(sizes), np.concatenate(sets))

    def _shared(
        self, tokens: Tokens, part: Hashes, known: NDArray[np.bool_], usable: NDArray[np.bool_]
    ) -> list[tuple[int, int, int, int]]:
        """Return the matches (start, size, key, SHARED) of names that lend a word across "and" or "or"."""
        at = np.flatnonzero(np.isin(tokens.hash, _CONJUNCTIONS))
        rows: dict[tuple[int, int], tuple[int, int, int, int]] = {}
        for share in _SHARES:
            low, high = share[0], share[-1]
            here = at[(at + low >= 0) & (at + high < len(tokens))]
            here = here[tokens.clause[here + low] == tokens.clause[here + high]]
            here = here[known[here + low] & known[here + high] & known[here + 1]]
            total = np.zeros(len(here), np.uint64)
            for place in share:
                total += part[here + place]
            value = self.sets.find(mix(total))
            for place, number in zip(here[value > 0].tolist(), value[value > 0].tolist(), strict=True):
                words = [tokens.words(place + shift, place + shift + 1)[0] for shift in share]
                # "tumor and other kidney" is no kidney tumor: what stands before a shared last word leads.
                key = (
                    self._verified(number - 1, words, usable, ordered=share[-1] > 1)
                    if _JOINS.isdisjoint(words)
                    else None
                )
                if key is not None:
                    rows[place + low, high - low + 1] = (place + low, high - low + 1, key, SHARED)
        return list(rows.values())

    def _verified(
        self, number: int, words: Sequence[str], usable: NDArray[np.bool_], *, ordered: bool = False
    ) -> int | None:
        """Return the key of set `number` that shares most words with `words`, or None where the sets differ.

        `ordered` asks for the same order, too.
        """
        families, best, most = content(words), None, -1
        joins = not _JOINS.isdisjoint(words)
        in_order = [family(word) for word in words if word not in STOP_WORDS]
        for key in self.keys[self.starts[number] : self.starts[number + 1]].tolist():
            named = self.dictionary.key(key).split(" ")
            same = len(set(named) & set(words))
            if len(words) == 1 and not words[0].endswith(_ADJECTIVES):
                return None
            if not usable[key] or same <= most or (joins and _JOINS.isdisjoint(named)):
                continue  # "blood and urine" is not blood in the urine
            if ordered and in_order != [family(word) for word in named if word not in STOP_WORDS]:
                continue
            if content(named) == families:
                best, most = key, same
        return best


def _inflects(word: str) -> bool:
    """Say whether a one-word name is also found by its family: "polydactylous" for polydactyly."""
    return len(word) > _SHORT and word.isalpha() and word not in common_words() and word not in listed()


def _among(values: Ints, ordered: Ints) -> NDArray[np.bool_]:
    """Return which values are among the ordered ones."""
    if not len(ordered):
        return np.zeros(len(values), np.bool_)
    place = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    return np.asarray(ordered[place] == values)


def _rows(found: Found, chosen: NDArray[np.bool_]) -> Iterable[tuple[int, int, int]]:
    return zip(
        found.at[chosen].tolist(), found.size[chosen].tolist(), found.key[chosen].tolist(), strict=True
    )


_JOINS = frozenset({"and", "or"})
_STOP_HASH = hashes_of(["of"])
_CONJUNCTIONS = hashes_of(["and", "or"])
