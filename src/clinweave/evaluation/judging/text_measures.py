"""Measures of a text against a reference: ROUGE-L, unigram F1, F1 of recognised concepts, BERTScore."""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vectors = npt.NDArray[np.float32]

_WORD = re.compile(r"[^\W_]+", re.UNICODE)


@dataclass(frozen=True)
class Overlap:
    """Precision, recall and F1 of a text against a reference, each from 0 to 1; two empty texts agree."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Return the harmonic mean."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def words(text: str) -> list[str]:
    """Return the words of a text in lower case: runs of letters and digits."""
    return _WORD.findall(text.casefold())


def rouge_l(text: str, reference: str) -> Overlap:
    """Return ROUGE-L: the longest common subsequence of words. Source: Lin 2004, ACL anthology W04-1013."""
    left, right = words(text), words(reference)
    return _overlap(_common(left, right), len(left), len(right))


def overlap_f1(text: str, reference: str) -> Overlap:
    """Return ROUGE-1: the words in common, each counted as often as in both."""
    left, right = Counter(words(text)), Counter(words(reference))
    return _overlap(sum((left & right).values()), sum(left.values()), sum(right.values()))


def concept_f1(text: str, reference: str, concepts: Callable[[str], Iterable[Hashable]]) -> Overlap:
    """Return the overlap of the concepts that `concepts` recognises in each text, each counted once.

    Let the concepts carry their status: (id, absent) does not match (id, present).
    """
    left, right = set(concepts(text)), set(concepts(reference))
    return _overlap(len(left & right), len(left), len(right))


def bert_score(text: str, reference: str, token_vectors: "Callable[[str], Vectors]") -> Overlap:
    """Return BERTScore: each token is matched with the nearest one of the other text, by the cosine in context.

    `token_vectors` returns unit vectors, (tokens, width). Which encoder it is decides the figures: name it with them.
    Without weights by rarity and without rescaling. Source: Zhang et al. 2020, https://arxiv.org/abs/1904.09675.
    """
    left, right = token_vectors(text), token_vectors(reference)
    if not len(left) or not len(right):
        return _overlap(0, len(left), len(right))
    cosines = left @ right.T
    return Overlap(float(cosines.max(1).mean()), float(cosines.max(0).mean()))


def _overlap(common: int, length: int, reference: int) -> Overlap:
    if not length and not reference:
        return Overlap(1.0, 1.0)
    return Overlap(common / length if length else 0.0, common / reference if reference else 0.0)


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """Return the length of the longest common subsequence."""
    row = [0] * (len(right) + 1)
    for word in left:
        diagonal = 0
        for index, other in enumerate(right, 1):
            above = row[index]
            row[index] = diagonal + 1 if word == other else max(above, row[index - 1])
            diagonal = above
    return row[-1]
