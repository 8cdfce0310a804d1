"""The dictionary of names: a hashed trie over tokens in memory-mapped arrays, which opens at once.

Every name is a key: its normalised tokens with spaces between. For each prefix of each key the table holds a hash, so
a text is matched one length at a time, all places at once, and a place drops out as soon as nothing begins that way.
Hashes only propose: every match is compared with its key byte by byte.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from clinweave.knowledge.linking.normalise import Bytes, Hashes, Ints, Tokens, join, mix, tokenise

Values = NDArray[np.int32]
_PROBES = np.arange(1, 5)  # further slots that are looked at together


class HashTable:
    """Maps a 64-bit hash to a positive int32; 0 means absent. Load is kept at or under one half."""

    def __init__(self, keys: Hashes, values: Values) -> None:
        self.keys, self.values = keys, values
        self._mask = np.int64(len(keys) - 1)

    @classmethod
    def build(cls, hashes: Hashes, values: Values) -> "HashTable":
        """Return a table of distinct non-zero `hashes` with their positive `values`."""
        size = 1 << max(4, int(2 * max(1, len(hashes)) - 1).bit_length())
        keys, stored = np.zeros(size, np.uint64), np.zeros(size, np.int32)
        pending = np.arange(len(hashes))
        slot = (hashes & np.uint64(size - 1)).astype(np.int64)
        while len(pending):
            targets = slot[pending]
            _, chosen = np.unique(targets, return_index=True)
            chosen = chosen[keys[targets[chosen]] == 0]
            winners = pending[chosen]
            keys[slot[winners]] = hashes[winners]
            stored[slot[winners]] = values[winners]
            left = np.ones(len(pending), np.bool_)
            left[chosen] = False
            pending = pending[left]
            slot[pending] = (slot[pending] + 1) & (size - 1)
        return cls(keys, stored)

    def find(self, hashes: Hashes) -> Values:
        """Return the value of each hash, 0 where it is absent."""
        slot = hashes.view(np.int64) & self._mask
        seen = self.keys[slot]
        same = seen == hashes
        result = np.zeros(len(hashes), np.int32)
        rows = np.flatnonzero(same)
        result[rows] = self.values[slot[rows]]
        pending = np.flatnonzero(~same & (seen != 0))
        slots = slot[pending][:, None] + _PROBES
        while len(pending):
            slots &= self._mask
            seen = self.keys[slots]
            same = seen == hashes[pending][:, None]
            rows, columns = np.nonzero(same)
            result[pending[rows]] = self.values[slots[rows, columns]]
            same |= seen == 0
            going = ~same.any(axis=1)
            pending, slots = pending[going], slots[going] + len(_PROBES)
        return result

    def save(self, folder: Path, name: str) -> None:
        """Write the two arrays as `name`.keys.npy and `name`.values.npy."""
        np.save(folder / f"{name}.keys.npy", self.keys)
        np.save(folder / f"{name}.values.npy", self.values)

    @classmethod
    def open(cls, folder: Path, name: str) -> "HashTable":
        """Return the saved table, memory-mapped."""
        # A plain view of the map: indexing numpy.memmap itself costs a Python call each time.
        keys = np.load(folder / f"{name}.keys.npy", mmap_mode="r").view(np.ndarray)
        values = np.load(folder / f"{name}.values.npy", mmap_mode="r").view(np.ndarray)
        return cls(keys, values)


class HashSet:
    """Tells which 64-bit hashes belong to a set; flags by their last bits, which stay in the cache, go before."""

    def __init__(self, hashes: Hashes) -> None:
        self._ordered = np.unique(hashes)
        self._flags = np.zeros(1 << 16, np.bool_)
        self._flags[self._ordered.astype(np.uint16)] = True

    def holds(self, hashes: Hashes) -> NDArray[np.bool_]:
        """Return which of `hashes` belong to the set."""
        result = self._flags[hashes.astype(np.uint16)]
        rows = np.flatnonzero(result)
        result[rows] = is_among(hashes[rows], self._ordered)
        return result


def is_among(values: NDArray[Any], ordered: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which values are among the ordered ones."""
    if not len(ordered):
        return np.zeros(len(values), np.bool_)
    index = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    return np.asarray(ordered[index] == values)


MAX_TOKENS = 12  # longer names are systematic chemical names; they are counted and left out

_NAMES = 50_000  # names that are tokenised at once: bounds the memory of a build
_START = np.uint64(0x51ED270B9F3A4C81)
_STEP = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class TokenMatches:
    """Matches: the tokens `[first, first + size)` are the key `key`."""

    first: Ints
    size: Ints
    key: Ints

    def __len__(self) -> int:
        return len(self.first)

    def at_rows(self, rows: Ints | NDArray[np.bool_]) -> "TokenMatches":
        """Return the matches of these rows (indices or a mask)."""
        return TokenMatches(self.first[rows], self.size[rows], self.key[rows])

    def joined(self, other: "TokenMatches") -> "TokenMatches":
        """Return the matches of both, `other` last."""
        columns = ((self.first, other.first), (self.size, other.size), (self.key, other.key))
        return TokenMatches(*(np.concatenate(pair) for pair in columns))


def first_hash(tokens: Hashes) -> Hashes:
    """Return the hash of the one-token sequences."""
    return mix(tokens ^ _START)


def next_hash(so_far: Hashes, tokens: Hashes) -> Hashes:
    """Return the hash of each sequence with one more token."""
    return mix(so_far * _STEP + tokens)


class Members(NamedTuple):
    """The dictionary's keys of set n are `keys[starts[n]:starts[n + 1]]`; its families, spaces between, `words[n]`."""

    starts: Ints
    keys: Ints
    words: "pa.StringArray"


class Dictionary:
    """Keys and how to find them in tokens. `texts` are the keys' bytes, `offsets` where each begins."""

    def __init__(self, trie: HashTable, texts: Bytes, offsets: Ints) -> None:
        self.trie, self.texts, self.offsets = trie, texts, offsets

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def key(self, number: int) -> str:
        """Return the normalised tokens of one key, with spaces between."""
        return bytes(self.texts[self.offsets[number] : self.offsets[number + 1]]).decode("utf-8", "replace")

    @classmethod
    def build(cls, names: Sequence[str]) -> "tuple[Dictionary, Ints]":
        """Return the dictionary of `names` and each name's key number; -1 for a name that cannot be a key.

        Names without a letter and names of more than `MAX_TOKENS` tokens are not keys. Names that normalise alike
        share one key.
        """
        keys: dict[bytes, int] = {}
        key_of = np.full(len(names), -1, np.int64)
        hashes = [np.zeros(0, np.uint64)]
        for start in range(0, len(names), _NAMES):
            hashes += _add_keys(names[start : start + _NAMES], start, keys, key_of)
        lengths = np.fromiter((key.count(b" ") + 1 for key in keys), np.int64, len(keys))
        first = np.cumsum(lengths) - lengths
        offsets = np.concatenate([[0], np.cumsum(np.fromiter(map(len, keys), np.int64, len(keys)))])
        texts = np.frombuffer(b"".join(keys), np.uint8)
        return cls(_trie(np.concatenate(hashes), first, lengths), texts, offsets), key_of

    def save(self, folder: Path) -> None:
        """Write the arrays into `folder`."""
        self.trie.save(folder, "trie")
        for name in ("texts", "offsets"):
            np.save(folder / f"{name}.npy", getattr(self, name))

    @classmethod
    def open(cls, folder: Path) -> "Dictionary":
        """Return the saved dictionary, memory-mapped."""
        texts, offsets = (
            np.load(folder / f"{name}.npy", mmap_mode="r").view(np.ndarray) for name in ("texts", "offsets")
        )
        return cls(HashTable.open(folder, "trie"), texts, offsets)

    def match(self, tokens: Tokens) -> TokenMatches:
        """Return every match in the names' own word order, nested and overlapping ones included."""
        count = len(tokens)
        first_tokens, sizes, keys = [], [], []
        active = np.arange(count)
        so_far = first_hash(tokens.hash)
        for size in range(1, MAX_TOKENS + 1):
            value = self.trie.find(so_far)
            whole = np.flatnonzero(value > 1)
            first_tokens.append(active[whole])
            sizes.append(np.full(len(whole), size))
            keys.append((value[whole] >> 1).astype(np.int64) - 1)
            going = np.flatnonzero(value & 1)
            going = going[active[going] + size < count]
            begins = active[going]
            going = going[tokens.segment[begins + size] == tokens.segment[begins]]
            if not len(going):
                break
            active = active[going]
            so_far = next_hash(so_far[going], tokens.hash[active + size])
        where, size_of, key = np.concatenate(first_tokens), np.concatenate(sizes), np.concatenate(keys)
        same = self._same(tokens, where, size_of, key)
        return TokenMatches(where[same], size_of[same], key[same])

    def _same(self, tokens: Tokens, first_tokens: Ints, size: Ints, key: Ints) -> NDArray[np.bool_]:
        """Return which matches agree with their key byte by byte."""
        begin = tokens.first[first_tokens]
        length = tokens.last[first_tokens + size - 1] - begin
        same = np.asarray(length == self.offsets[key + 1] - self.offsets[key])
        begin, key, length = begin[same], key[same], length[same]
        if not len(begin):
            return same
        ahead = np.cumsum(length) - length
        step = np.arange(int(length.sum())) - np.repeat(ahead, length)
        left = tokens.buffer[np.repeat(begin, length) + step]
        right = self.texts[np.repeat(self.offsets[key], length) + step]
        same[same] = np.logical_and.reduceat(left == right, ahead)
        return same


def _add_keys(names: Sequence[str], start: int, keys: dict[bytes, int], key_of: Ints) -> list[Hashes]:
    """Add the keys of names number `start` and on to `keys` and `key_of`; return the token hashes of new keys."""
    joined, begins = join(names)
    tokens = tokenise(joined)
    bounds = np.searchsorted(tokens.start, begins).tolist()
    raw, first, last = tokens.buffer.tobytes(), tokens.first.tolist(), tokens.last.tolist()
    new = []
    for number, (low, high) in enumerate(pairwise(bounds), start):
        if not 0 < high - low <= MAX_TOKENS:
            continue
        key = raw[first[low] : last[high - 1]]
        if key.replace(b" ", b"").isdigit():
            continue
        if key not in keys:
            keys[key] = len(keys)
            new.append(tokens.hash[low:high])
        key_of[number] = keys[key]
    return [np.concatenate(new)] if new else []


def _trie(hashes: Hashes, first: Ints, lengths: Ints) -> HashTable:
    """Return the table of all prefixes: twice (key number + 1), plus one where a longer key goes on from there."""
    node_hashes, values = [], []
    keys = np.arange(len(first))
    so_far = first_hash(hashes[first])
    for size in range(1, MAX_TOKENS + 1):
        distinct, which = np.unique(so_far, return_inverse=True)
        value = np.zeros(len(distinct), np.int64)
        whole = lengths[keys] == size
        value[which[whole]] = 2 * (keys[whole] + 1)
        value[which[~whole]] |= 1
        node_hashes.append(distinct)
        values.append(value)
        keys, so_far = keys[~whole], so_far[~whole]
        if not len(keys):
            break
        so_far = next_hash(so_far, hashes[first[keys] + size])
    every, index = np.unique(np.concatenate(node_hashes), return_index=True)
    return HashTable.build(every, np.concatenate(values)[index].astype(np.int32))
