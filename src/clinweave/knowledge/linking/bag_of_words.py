"""Names found by their words in any order: "eye abnormalities", "bowing of the femurs", "short fingers and toes".

A name is a set of word families without stop words. A text window proposes a name when the sum of its words' hashes is
the name's; the words are then compared. A word that parts share ("aplastic or hypoplastic nails") goes to both.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clinweave.knowledge.linking.dictionary import Dictionary, HashTable, Members, TokenMatches, is_among
from clinweave.knowledge.linking.normalise import Hashes, Ints, Tokens, hashes_of, mix
from clinweave.knowledge.linking.ranking import common_words
from clinweave.knowledge.linking.stems import (
    ABSENCES,
    ATTRIBUTES,
    BARRED,
    CONJUNCTIONS,
    JOINS,
    KINDS,
    LOOSE,
    NO_VARIANTS,
    PREPOSITIONS,
    SKIPPED,
    SKIPPED_HASHES,
    STOP_HASH,
    STOP_WORDS,
    UNSPOKEN,
    bag_of,
    cut_off,
    family,
    joined_words,
    listed,
    shared_words,
    with_letter,
)
from clinweave.knowledge.linking.synonym_rules import variants

MAX_WIDTH, _FEW = 10, 5  # tokens that a match may span; "absent" with two things that share it
MAX_NAMED = 8  # content words of a name
AS_NAMED, REORDERED, SHARED, VARIED, DEFINED, SHORT_FORM = range(6)  # how a mention came to its name

_INFLECTED = 7  # letters of a word whose form no name has
_SHORT = 6  # letters of a name whose family says little
_FILTER_MASK = np.uint64((1 << 20) - 1)
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
    (-3, 1, 2),
)


class BagOfWords:
    """Sets of word families of names."""

    def __init__(
        self, dictionary: Dictionary, sets: HashTable, families: HashTable, members: Members, own: int
    ) -> None:
        """Take the arrays; the first `own` sets are those of names, the others have a word in another's place."""
        self.dictionary, self.sets, self.families = dictionary, sets, families
        self.members, self.own = members, own
        self.starts, self.keys, self.words = members
        # Most windows are no set: one byte, which stays in the cache, says so before the table is asked.
        self._filter = np.zeros(int(_FILTER_MASK) + 1, np.bool_)
        self._filter[(sets.keys & _FILTER_MASK).astype(np.int64)] = True
        self._named = np.zeros(len(dictionary), np.bool_)  # names of findings and diseases
        self._named[self.keys] = True

    @classmethod
    def build(
        cls,
        dictionary: Dictionary,
        chosen: Iterable[int],
        owners: Mapping[int, Collection[str]] = MappingProxyType({}),
    ) -> "BagOfWords":
        """Return the word sets of the `chosen` keys; `owners` are the concepts of keys whose words may alternate."""
        numbers: dict[str, int] = {}
        words: dict[str, int] = {}
        members: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for key in chosen:
            named = dictionary.key(key).split(" ")
            parts = [word for word in named if word not in STOP_WORDS]
            if not 1 <= len(parts) <= MAX_NAMED or not LOOSE.isdisjoint(named):
                continue
            if len(parts) == 1 and (len(named) > 1 or not _inflects(parts[0])):
                continue
            for word in parts:
                words.setdefault(word, numbers.setdefault(family(word), len(numbers) + 1))
            members[tuple(sorted(map(family, parts)))].append(key)
        own = len(members)
        named_by = {
            bag: frozenset(item for key in keys for item in owners.get(key, ()))
            for bag, keys in members.items()
        }
        named_by = {bag: concepts for bag, concepts in named_by.items() if concepts}
        for new, old in variants(named_by).items():
            if new not in members:
                members[new] = [key for key in members[old] if key in owners]
        for word, head in listed().items():
            if head in numbers:
                words.setdefault(word, numbers[head])
        # A word that no name has is found by the stem that it shares with one ("retarded", "clavicular").
        for stem, number in numbers.items():
            words.setdefault(stem, number)
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
            Members(
                starts,
                np.array([key for keys in members.values() for key in keys], np.int64),
                pa.array([" ".join(names) for names in members], pa.string()),
            ),
            own,
        )

    def save(self, folder: Path) -> None:
        """Write the arrays into `folder`."""
        self.sets.save(folder, "sets")
        self.families.save(folder, "families")
        np.save(folder / "set_starts.npy", self.starts)
        np.save(folder / "set_keys.npy", self.keys)
        np.save(folder / "set_own.npy", np.array(self.own))
        table = pa.table({"words": self.words})
        with (
            pa.OSFile(str(folder / "set_words.arrow"), "wb") as out,
            pa.ipc.new_file(out, table.schema) as writer,
        ):
            writer.write_table(table, max_chunksize=max(1, len(table)))

    @classmethod
    def open(cls, folder: Path, dictionary: Dictionary) -> "BagOfWords":
        """Return the saved word sets, memory-mapped."""
        starts, keys = (
            np.load(folder / f"{name}.npy", mmap_mode="r").view(np.ndarray)
            for name in ("set_starts", "set_keys")
        )
        table = pa.ipc.open_file(pa.memory_map(str(folder / "set_words.arrow"))).read_all()
        words = table.column("words").chunk(0) if table.num_rows else pa.array([], pa.string())
        own = int(np.load(folder / "set_own.npy"))
        sets, families = (HashTable.open(folder, name) for name in ("sets", "families"))
        return cls(dictionary, sets, families, Members(starts, keys, words), own)

    def match(
        self, tokens: Tokens, matches: TokenMatches, usable: NDArray[np.bool_], *, skipping: bool = False
    ) -> tuple[TokenMatches, Ints]:
        """Return the matches that are not in `found` already, and how each came about (REORDERED or SHARED).

        `usable` tells for each key of the dictionary whether it may be found by its words; `found` are matches with a
        sense. `skipping` lets words of side and degree stand between the words of a name (`SKIPPED`).
        """
        part, indexed, _ = self.parts(tokens)
        windows = self._windows(tokens, part, indexed)
        fresh = ~is_among(windows.first * 64 + windows.size, np.sort(matches.first * 64 + matches.size))
        rows = []
        bars = NO_VARIANTS.holds(tokens.hash)
        lacks = ABSENCES.holds(tokens.hash)
        for position, size, number in _rows(windows, fresh):
            varied = number >= self.own
            # "No seizures" is no way to say "absence seizures", nor "absence of anemia" aplastic anemia, nor
            # "episodes of tachycardia" paroxysmal tachycardia.
            if varied and bars[position : position + size].any():
                continue
            if (
                size > 1
                and (lacks[position] or lacks[position + size - 1])
                and self._denied(tokens, position, size, matches, lacks)
            ):
                continue
            # "Hypertensive patients" have hypertension; "sclerosis of the cranial" is cut off its vault.
            if (size > 1 or varied) and self.leads_on(tokens, position + size - 1, indexed, any_word=varied):
                continue
            if (
                varied
                and position
                and indexed[position - 1]
                and tokens.clause[position - 1] == tokens.clause[position]
            ):
                continue  # part of a longer phrase
            key = self.verified(number, with_letter(tokens, position, position + size), usable)
            if key is not None:
                rows.append((position, size, key, VARIED if varied else REORDERED))
        # "Absent speech and seizures" is no absence seizure; "absent radii and thumbs" are absent thumbs.
        ends = np.unique((matches.first + matches.size)[self._named[matches.key]])
        shared = self._shared(tokens, part, indexed, usable)
        rows += [row for row in shared if not lacks[row[0]] or (row[1] <= _FEW and sum(row[:2]) not in ends)]
        if skipping:
            rows += self._skipping(tokens, part, indexed, usable)
        table = np.array(rows, np.int64).reshape(-1, 4)
        return TokenMatches(table[:, 0], table[:, 1], table[:, 2]), table[:, 3]

    def parts(self, tokens: Tokens) -> tuple[Hashes, NDArray[np.bool_], NDArray[np.bool_]]:
        """Return each token's part in the sum of a set, whether a name has its family, and whether it is no content."""
        code = self._codes(tokens)
        stop = code == int(self.families.find(STOP_HASH)[0])
        part = np.where(code > 0, mix(code.astype(np.uint64) ^ _BAG), tokens.hash)
        part[stop] = 0
        return part, (code > 0) & ~stop, stop

    def _codes(self, tokens: Tokens) -> NDArray[np.int32]:
        """Return the number of each token's family; 0 where no name has a word of it."""
        code = self.families.find(tokens.hash)
        long = tokens.last - tokens.first >= _INFLECTED  # shorter words stay as they are
        unknown = np.flatnonzero((code == 0) & long)
        hashes, at, inverse = np.unique(tokens.hash[unknown], return_index=True, return_inverse=True)
        if not len(hashes):
            return code
        words = [tokens.words(token, token + 1)[0] for token in unknown[at].tolist()]
        stems = [family(word) if len(word) >= _INFLECTED else word for word in words]
        values = self.families.find(hashes_of(stems))
        code[unknown] = values[inverse]
        return code

    def _denied(
        self, tokens: Tokens, position: int, size: int, matches: TokenMatches, lacks: NDArray[np.bool_]
    ) -> bool:
        """Say whether a window is a finding and a word of absence: "absence of seizures", "cupped ear is absent"."""
        first, last = position + bool(lacks[position]), position + size - bool(lacks[position + size - 1])
        words = tokens.words(first, last)
        while words and words[0] in STOP_WORDS:
            words, first = words[1:], first + 1
        while words and words[-1] in STOP_WORDS:
            words, last = words[:-1], last - 1
        covering = (matches.first <= first) & (matches.first + matches.size >= last)
        longer = matches.size > last - first
        return bool((covering & (longer | self._named[matches.key])).any())

    def _skipping(
        self, tokens: Tokens, part: Hashes, indexed: NDArray[np.bool_], usable: NDArray[np.bool_]
    ) -> list[tuple[int, int, int, int]]:
        """Return the matches (start, size, key, REORDERED) of names with words of side or degree between their own."""
        skipped = SKIPPED_HASHES.holds(tokens.hash)
        gaps = np.flatnonzero(skipped)
        if not len(gaps):
            return []
        part, indexed = np.where(skipped, np.uint64(0), part), indexed & ~skipped
        starts = np.flatnonzero(indexed)
        following = np.append(gaps, len(tokens) + MAX_WIDTH)[np.searchsorted(gaps, starts)]
        windows = self._windows(tokens, part, indexed, starts[following - starts < MAX_WIDTH])
        inside = np.searchsorted(gaps, windows.first + windows.size) > np.searchsorted(gaps, windows.first)
        rows = []
        for position, size, number in _rows(windows, inside & (windows.key < self.own)):
            words = tokens.words(position, position + size)
            if BARRED.isdisjoint(words) and not self.leads_on(tokens, position + size - 1, indexed):
                key = self.verified(number, [word for word in words if word not in SKIPPED], usable)
                if key is not None:
                    rows.append((position, size, key, REORDERED))
        return rows

    def _windows(
        self, tokens: Tokens, part: Hashes, indexed: NDArray[np.bool_], starts: Ints | None = None
    ) -> TokenMatches:
        """Return (start, size, set) of the windows whose words may be a set; a comma ends a window.

        `starts` are the tokens at which a window may start; all known ones where it is None.
        """
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(part, dtype=np.uint64)])
        starts = np.flatnonzero(indexed) if starts is None else starts
        positions, sizes, sets = [starts[:0]], [starts[:0]], [starts[:0]]
        for size in range(1, MAX_WIDTH + 1):
            starts = starts[starts + size <= len(tokens)]
            starts = starts[tokens.clause[starts + size - 1] == tokens.clause[starts]]
            begins = starts[indexed[starts + size - 1]]
            total = mix(sums[begins + size] - sums[begins])
            maybe = np.flatnonzero(self._filter[(total & _FILTER_MASK).astype(np.int64)])
            begins, value = begins[maybe], self.sets.find(total[maybe])
            hit = np.flatnonzero(value)
            positions.append(begins[hit])
            sizes.append(np.full(len(hit), size))
            sets.append(value[hit].astype(np.int64) - 1)
        return TokenMatches(np.concatenate(positions), np.concatenate(sizes), np.concatenate(sets))

    def _shared(
        self, tokens: Tokens, part: Hashes, indexed: NDArray[np.bool_], usable: NDArray[np.bool_]
    ) -> list[tuple[int, int, int, int]]:
        """Return the matches (start, size, key, SHARED) of names that lend a word across "and" or "or"."""
        conjunctions = np.flatnonzero(CONJUNCTIONS.holds(tokens.hash))
        rows: dict[tuple[int, ...], tuple[int, int, int, int]] = {
            row[:3]: row for row in self._in_lists(tokens, part, indexed, usable, conjunctions)
        }
        for share in _SHARES:
            low, high = share[0], share[-1]
            begins = conjunctions[(conjunctions + low >= 0) & (conjunctions + high < len(tokens))]
            begins = begins[tokens.clause[begins + low] == tokens.clause[begins + high]]
            begins = begins[indexed[begins + low] & indexed[begins + high] & indexed[begins + 1]]
            total = np.zeros(len(begins), np.uint64)
            for position in share:
                total += part[begins + position]
            value = self.sets.find(mix(total))
            hit = (value > 0) & (value <= self.own)
            for position, number in zip(begins[hit].tolist(), value[hit].tolist(), strict=True):
                if self.leads_on(tokens, position + high, indexed):
                    continue
                words = [tokens.words(position + shift, position + shift + 1)[0] for shift in share]
                # "tumor and other kidney" is no kidney tumor: what stands before a shared last word leads.
                key = (
                    self.verified(number - 1, words, usable, ordered=share[-1] > 1)
                    if JOINS.isdisjoint(words)
                    else None
                )
                if key is not None:
                    rows[position + low, high - low + 1] = (position + low, high - low + 1, key, SHARED)
        return list(rows.values())

    def _in_lists(
        self,
        tokens: Tokens,
        part: Hashes,
        indexed: NDArray[np.bool_],
        usable: NDArray[np.bool_],
        conjunctions: Ints,
    ) -> Iterator[tuple[int, int, int, int]]:
        """Yield the matches (start, size, key, SHARED) of a list's members with the word that they share."""
        pairs = np.array(list(shared_words(tokens, conjunctions)), np.int64).reshape(-1, 3)
        pairs = pairs[indexed[pairs[:, 0]] & indexed[pairs[:, 1]]]
        value = self.sets.find(mix(part[pairs[:, 0]] + part[pairs[:, 1]]))
        hit = (value > 0) & (value <= self.own)
        for (member, head, last), number in zip(pairs[hit].tolist(), value[hit].tolist(), strict=True):
            words = [tokens.words(at, at + 1)[0] for at in (member, head)]
            key = None if self.leads_on(tokens, last, indexed) else self.verified(number - 1, words, usable)
            if key is not None:
                first = min(member, head)
                yield first, last - first + 1, key, SHARED

    def leads_on(
        self, tokens: Tokens, last: int, indexed: NDArray[np.bool_], *, any_word: bool = False
    ) -> bool:
        """Say whether the token is an adjective of the word after it: "cranial" of "cranial vault"."""
        after = last + 1
        if after >= len(tokens) or not indexed[after] or tokens.clause[after] != tokens.clause[last]:
            return False
        first, other = tokens.words(last, after + 1)
        return (any_word or first.endswith(ATTRIBUTES)) and other not in JOINS

    def verified(
        self, number: int, words: Sequence[str], usable: NDArray[np.bool_], *, ordered: bool = False
    ) -> int | None:
        """Return the key of set `number` that shares most words with `words`, or None where the sets differ.

        `ordered` asks for the same order, too.
        """
        if cut_off(words) or bag_of(tuple(words)) != self.words[number].as_py():
            return None
        best, most = None, -UNSPOKEN
        joins = not JOINS.isdisjoint(words)
        in_order = [family(word) for word in words if word not in STOP_WORDS] if ordered else []
        for key in self.keys[self.starts[number] : self.starts[number + 1]].tolist():
            if not usable[key]:
                continue
            named = self.dictionary.key(key).split(" ")
            if "a" in named and "a" not in words:  # "low vitamin" is not low vitamin A
                continue
            same = len(set(named) & set(words)) - UNSPOKEN * bool(KINDS.intersection(named).difference(words))
            if same < most or (same == most and best is not None) or (joins and JOINS.isdisjoint(named)):
                continue  # "blood and urine" is not blood in the urine
            if not PREPOSITIONS.isdisjoint(words) and set(words) & PREPOSITIONS != set(named) & PREPOSITIONS:
                continue
            if joins and joined_words(words) != joined_words(named):
                continue
            if ordered and in_order != [family(word) for word in named if word not in STOP_WORDS]:
                continue
            best, most = key, same
        return best


def _inflects(word: str) -> bool:
    """Say whether a one-word name is also found by its family: "polydactylous" for polydactyly."""
    if len(word) <= _SHORT or not word.isalpha() or word in common_words() or word in listed():
        return False
    return family(word) not in listed().values()  # "oral" is no adjective of "mouthing"


def _rows(matches: TokenMatches, chosen: NDArray[np.bool_]) -> Iterable[tuple[int, int, int]]:
    columns = (matches.first, matches.size, matches.key)
    return zip(*(column[chosen].tolist() for column in columns), strict=True)
