"""Concepts by name: exact, by beginning, by words, and the nearest spellings for a mistyped one.

Names are kept folded (lower case, punctuation as spaces) and sorted, in one memory-mapped file: an exact name or a
beginning is a binary search, words are one scan of the names (some 25 MB).
"""

from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from clinweave.core.errors import UserError
from clinweave.knowledge.graph.arrays import SortedTexts

_MAX_ROWS = 2000  # rows ranked for one query


def folded(names: "pa.ChunkedArray") -> "pa.Array":
    """Return an Arrow array of names in lower case, any run of punctuation one space, one space at both ends."""
    spaced = pc.replace_substring_regex(pc.utf8_lower(names), r"[^\p{L}\p{N}]+", " ")
    return pc.binary_join_element_wise(" ", pc.utf8_trim_whitespace(spaced), " ", "")


def single_chunk(column: "pa.ChunkedArray") -> "pa.Array":
    """Return a column in one piece, without a copy where it is one already."""
    return (
        column.chunk(0)
        if column.num_chunks == 1
        else pa.concat_arrays(column.chunks or [pa.array([], column.type)])
    )


def fold(text: str) -> str:
    """Return one name folded as `folded` does."""
    return str(folded(pa.array([text]))[0].as_py())


def search_table(names: pa.Table, ids: "pa.Array") -> pa.Table:
    """Return the names folded and sorted, each with its concept's row and whether it is the concept's label."""
    rows = pc.index_in(names.column("id").combine_chunks(), value_set=ids).cast(pa.int32())
    label = pc.equal(names.column("kind"), "label").combine_chunks()
    table = pa.table({"name": folded(names.column("name").combine_chunks()), "concept": rows, "label": label})
    return table.sort_by([("name", "ascending"), ("label", "descending"), ("concept", "ascending")])


class NameSearch:
    """Ranked search over the folded names; a result is (concept row, score in 0..1)."""

    def __init__(self, path: Path, weight: np.ndarray):
        try:
            table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        except (OSError, pa.ArrowInvalid) as error:
            raise UserError(f"{path} is damaged; delete the graph and build it again") from error
        self._names = single_chunk(table.column("name"))
        self._concept = single_chunk(table.column("concept")).to_numpy()
        self._label = single_chunk(table.column("label"))
        self._sorted = SortedTexts(self._names)
        starts = self._names.buffers()[1] if len(self._names) else b"\0\0\0\0"
        self._starts = np.frombuffer(starts, dtype=np.int32)
        self._weight = weight  # how well connected each concept is: breaks ties

    def exact(self, text: str) -> list[int]:
        """Return the concepts with exactly this name: those whose label it is, else those with it as a synonym."""
        first, last = self._sorted.between(fold(text), fold(text) + "\0")
        labels = [row for row in range(first, last) if self._label[row].as_py()]
        rows = labels or range(first, last)
        return sorted({int(self._concept[row]) for row in rows})

    def ranked(self, text: str, allowed: np.ndarray | None = None) -> list[tuple[int, float]]:
        """Return concepts by falling score: exact names 0.95-1, then beginnings, then all words, by length."""
        query = fold(text)
        words = query.split()
        if not words:
            return []
        first, last = self._sorted.beginning(query[:-1])
        rows = self._holding(max(words, key=len))
        for word in words if len(words) > 1 else ():
            names = self._names.take(pa.array(rows))
            rows = rows[pc.match_substring(names, f" {word}").to_numpy(zero_copy_only=False)]
        rows = np.sort(np.concatenate([np.arange(first, last), rows]))
        return self._scored(rows[np.diff(rows, prepend=-1) > 0], query, allowed)

    def _holding(self, word: str) -> np.ndarray:
        """Return the rows whose name has a word that begins so, ascending; none for one or two letters.

        One search through the bytes of all names is several times faster than a test of each name.
        """
        sought, offsets = f" {word}".encode(), []
        offset = self._bytes.find(sought) if len(word) > 2 else -1
        while offset >= 0:
            offsets.append(offset)
            offset = self._bytes.find(sought, offset + len(sought))
        rows = (
            np.searchsorted(self._starts[: len(self._names) + 1], np.array(offsets, dtype=np.int64), "right")
            - 1
        )
        return rows[np.diff(rows, prepend=-1) > 0]

    @cached_property
    def _bytes(self) -> bytes:
        data = self._names.buffers()[2]
        return bytes(data.to_pybytes()) if data else b""

    def _scored(self, rows: np.ndarray, query: str, allowed: np.ndarray | None) -> list[tuple[int, float]]:
        if allowed is not None:
            rows = rows[allowed[self._concept[rows]]]
        lengths = self._starts[rows + 1] - self._starts[rows]  # in bytes: only an order is wanted
        rows = np.sort(rows[np.lexsort((rows, lengths))[:_MAX_ROWS]])
        best: dict[int, float] = {}
        for row, name in zip(
            rows.tolist(), self._names.take(pa.array(rows, pa.int64())).to_pylist(), strict=True
        ):
            concept = int(self._concept[row])
            score = self._score(query, name, self._label[row].as_py())
            best[concept] = max(score, best.get(concept, 0.0))
        return sorted(best.items(), key=lambda item: (-round(item[1], 3), -self._weight[item[0]], item[0]))

    @staticmethod
    def _score(query: str, name: str, label: bool) -> float:
        share = (len(query) - 2) / max(1, len(name) - 2)
        if query == name:
            return 1.0 if label else 0.95
        if name.startswith(query):  # the whole words
            return 0.65 + 0.25 * share + 0.05 * label
        if name.startswith(query[:-1]):
            return 0.5 + 0.25 * share + 0.05 * label
        return 0.25 + 0.25 * share + 0.05 * label

    def suggestions(self, text: str, limit: int = 5) -> list[int]:
        """Return concepts that an unknown name may mean: those with its words, then those spelt most like it."""
        with_words = [row for row, _ in self.ranked(text)[:3]]
        return list(dict.fromkeys([*with_words, *self.near(text)]))[:limit]

    def near(self, text: str, limit: int = 5) -> list[int]:
        """Return concepts whose names are spelt most like `text` (same first letters, or its longest word)."""
        query = fold(text)
        rows = self._candidates(query)
        scored = []
        matcher = SequenceMatcher(b=query, autojunk=False)
        for row in rows:
            matcher.set_seq1(self._sorted[row])
            if matcher.real_quick_ratio() > 0.7 and matcher.quick_ratio() > 0.7:
                scored.append((-matcher.ratio(), int(self._concept[row])))
        return list(dict.fromkeys(concept for ratio, concept in sorted(scored) if ratio < -0.7))[:limit]

    def _candidates(self, query: str) -> Sequence[int]:
        for size in (5, 4, 3):
            first, last = self._sorted.beginning(query[: size + 1])
            if last > first:
                return range(first, min(last, first + _MAX_ROWS))
        return ()
