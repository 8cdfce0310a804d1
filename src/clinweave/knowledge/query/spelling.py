"""Misspelt words of a question, corrected towards the names of the graph: a correction counts only where it links.

Distances are Damerau-Levenshtein's with restricted transpositions (rapidfuzz). A word that stands in the names or in
everyday English is never touched.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from clinweave.knowledge.linking.normalise import words_of
from clinweave.knowledge.query.lexicon import PROCESS, everyday_words

if TYPE_CHECKING:
    from clinweave.knowledge.graph.graph import Graph

SHORTEST = 5  # letters; shorter words have too many neighbours
SURE = 7  # letters of a word of asking that a misprint in some name does not protect
LONG = 8  # letters from which on two edits are allowed
TRIED = 6  # nearest words that are tried in the question
# An adjective is not read as the name of another thing ("variceal" as "varicella").
_ADJECTIVE = re.compile(r"(?<=\w{4})(?:[ei]al|[ei]ous|otic|atic|ular|eric)$", re.IGNORECASE)
_PREFIXES = ("MONDO:", "HP:")
_CHEMICALS = ("biolink:Drug",)
_ASKING = [
    "symptoms",
    "disease",
    "syndrome",
    "features",
    "inherited",
    "inheritance",
    "treatment",
    "treated",
    "diagnosed",
    "diagnosis",
    "cause",
    "causes",
    "gene",
    "genes",
    "which",
    "what",
    "contraindicated",
    "frequency",
    "onset",
    "dose",
    "dosage",
    "medicine",
    "patients",
    "associated",
    "prevent",
    "prevention",
    "prognosis",
]


@dataclass(frozen=True, slots=True)
class Correction:
    """One word read as another; offsets count in the text before it."""

    start: int
    end: int
    written: str
    read: str


class Speller:
    """Corrects words towards the names of diseases, findings and drugs of one graph."""

    def __init__(self, graph: "Graph") -> None:
        self.graph = graph

    def correct(
        self,
        text: str,
        links: Callable[[str], int],
        linked: Sequence[tuple[int, int]] = (),
        in_vocabulary: Callable[[str], bool] = lambda _: False,
    ) -> tuple[str, tuple[tuple[str, str], ...]]:
        """Return the text with unknown words replaced, and what was replaced; words in `linked` spans stay.

        `links(text)` says how many characters of a text the linker recognises: a replacement must raise it, or be
        an everyday word of asking ("symtoms").
        """
        changed: list[tuple[str, str]] = []
        words = dict.fromkeys(unknown_words(text, linked))
        for word in sorted(
            words, key=lambda item: self._asking(item) is None
        ):  # "sindrome" before what it ends
            asking = self._asking(word)
            if word.lower() in self._vocabulary and (asking is None or len(asking) < SURE):
                continue
            best = asking or (None if in_vocabulary(word) else self._best(text, word, links))
            ending = PROCESS.search(word) or _ADJECTIVE.search(word)
            if best is not None and ending and not best.endswith(ending[0].lower()):
                continue
            if best is not None:
                changed.append((word, best))
                text = re.sub(rf"\b{re.escape(word)}\b", best, text)
        return text, tuple(changed)

    @staticmethod
    def _asking(word: str) -> str | None:
        """Return the word of asking that is one or two edits away ("symtoms"), if any."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        most = 2 if len(word) >= LONG else 1
        best = process.extractOne(
            word.lower(), _ASKING, scorer=OSA.distance, score_cutoff=most, processor=None
        )
        return None if best is None else best[0]

    def _best(self, text: str, word: str, links: Callable[[str], int]) -> str | None:
        before = links(text)
        candidates = list(self._near(word))
        gains = []
        for rank, candidate in enumerate(candidates):
            gain = links(re.sub(rf"\b{re.escape(word)}\b", candidate, text)) - before
            if gain > len(word) // 2:
                gains.append((-gain, rank, candidate))
        if gains:
            return min(gains)[2]
        stem = words_of(word)
        plain = [item for item in candidates if item in everyday_words() or item in stem]
        return plain[0] if plain and self._count.get(plain[0], 0) > 50 else None

    def _near(self, word: str) -> Iterator[str]:
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        lower = word.lower()
        most = 2 if len(lower) >= LONG else 1
        pool = self._pool.get(lower[0], [])
        matches = process.extract(
            lower, pool, scorer=OSA.distance, score_cutoff=most, limit=40, processor=None
        )
        if not matches:
            pool = [item for letter, items in self._pool.items() if letter != lower[0] for item in items]
            matches = process.extract(
                lower, pool, scorer=OSA.distance, score_cutoff=1, limit=40, processor=None
            )
        # Names of drugs look alike: one edit at most, or one drug could become another.
        matches = [item for item in matches if item[1] == 1 or item[0] not in self._drug_words]
        ranked = sorted(matches, key=lambda item: (item[1], -self._count.get(item[0], 0), item[0]))
        return (item[0] for item in ranked[:TRIED])

    @cached_property
    def _vocabulary(self) -> "_Vocabulary":
        return _Vocabulary(self._count)

    @cached_property
    def _count(self) -> dict[str, int]:
        """Return how many names each word stands in."""
        counts = dict(self._drug_words)
        for word, count in self._clinical_words.items():
            counts[word] = counts.get(word, 0) + count
        for word in _ASKING:
            counts[word] = max(counts.get(word, 0), 1000)
        return counts

    @cached_property
    def _clinical_words(self) -> dict[str, int]:
        names = self.graph.names()
        ids = names.column("id")
        return _words(names.filter(pc.or_(*(pc.starts_with(ids, prefix) for prefix in _PREFIXES))))

    @cached_property
    def _drug_words(self) -> dict[str, int]:
        """Return the words of drug names that stand in no name of a disease or finding."""
        names = self.graph.names()
        drugs = pc.is_in(names.column("id"), value_set=self.graph.of_categories(_CHEMICALS))
        return {
            word: count
            for word, count in _words(names.filter(drugs)).items()
            if word not in self._clinical_words
        }

    @cached_property
    def _pool(self) -> dict[str, list[str]]:
        pool: dict[str, list[str]] = {}
        for word in self._count:
            pool.setdefault(word[0], []).append(word)
        return pool


class _Vocabulary:
    """Words that are spelt as some name or as everyday English."""

    def __init__(self, count: dict[str, int]) -> None:
        self.count = count

    def __contains__(self, word: str) -> bool:
        if word in self.count or word in everyday_words():
            return True
        singular = word.removesuffix("s")
        return singular != word and (
            singular in everyday_words() or (len(singular) > 3 and singular in self.count)
        )


def unknown_words(text: str, linked: Sequence[tuple[int, int]] = ()) -> Iterator[str]:
    """Yield the words of a question that no everyday dictionary holds: candidates for a correction."""
    for match in re.finditer(r"[^\W\d_]+", text):
        if any(start <= match.start() and match.end() <= end for start, end in linked):
            continue
        word = match[0]
        if (
            len(word) >= SHORTEST
            and word.isascii()
            and not word.isupper()
            and word.lower() not in everyday_words()
        ):
            yield word


def _words(names: Any) -> dict[str, int]:
    """Return the words of four letters and more of a table of names, with how many names have each."""
    column = pc.utf8_lower(names.column("name")).combine_chunks()
    words = pc.list_flatten(pc.split_pattern_regex(column, r"[^\p{L}]+"))
    counts = pc.value_counts(words)
    table = zip(counts.field(0).to_pylist(), counts.field(1).to_pylist(), strict=True)
    return {word: count for word, count in table if len(word) >= 4}
