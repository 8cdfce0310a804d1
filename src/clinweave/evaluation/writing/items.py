"""Items of written tasks: what is asked, what a right answer is, and the training examples most like it."""

import csv
import gzip
import io
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from clinweave.core.errors import UserError

_WORD = re.compile(r"[^\W_]+")
_LIMIT = 1_500  # characters of an example's question


class Scored(dict[str, float]):
    """Measure -> score of one reply, and the outcome in a word."""

    def __init__(self, outcome: str, scores: Mapping[str, float]) -> None:
        super().__init__(scores)
        self.outcome = outcome


@dataclass(frozen=True)
class Example:
    """A training question and its answer."""

    question: str
    answer: str


@dataclass(frozen=True)
class Item:
    """One thing to answer. `reference` is a right answer; `details` holds what scoring needs besides."""

    id: str
    kind: str
    cluster: str
    question: str
    reference: str
    details: dict[str, str]
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True)
class Items:
    """The items of a task, and those left out by reason."""

    items: tuple[Item, ...]
    left_out: dict[str, int]


def drawn(items: Sequence[Item], count: int, seed: int) -> tuple[Item, ...]:
    """Return at most `count` items (0: all), in their order."""
    if not count or count >= len(items):
        return tuple(items)
    return tuple(items[index] for index in sorted(Random(f"{seed}/items").sample(range(len(items)), count)))  # noqa: S311


class NearestExamples:
    """Finds the training questions most like a question, by the cosine of their words weighted by rarity (tf-idf)."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self._examples = examples
        words = [Counter(_words(example.question)) for example in examples]
        holding = Counter(word for text in words for word in text)
        self._rarity = {word: math.log(len(words) / count) for word, count in holding.items()}
        self._vectors = [self._vector(text) for text in words]

    def __call__(self, question: str, count: int) -> tuple[Example, ...]:
        """Return the nearest examples, the most similar one last (closest to the question in a prompt)."""
        own = self._vector(Counter(_words(question)))
        similar = [
            (sum(weight * vector.get(word, 0.0) for word, weight in own.items()), -index)
            for index, vector in enumerate(self._vectors)
        ]
        return tuple(self._examples[-index] for _, index in sorted(sorted(similar, reverse=True)[:count]))

    def _vector(self, words: Counter[str]) -> dict[str, float]:
        weights = {word: count * self._rarity.get(word, 0.0) for word, count in words.items()}
        length = math.sqrt(sum(weight**2 for weight in weights.values())) or 1.0
        return {word: weight / length for word, weight in weights.items() if weight}


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def shortened(text: str) -> str:
    """Return a text cut at the limit for examples."""
    return text if len(text) <= _LIMIT else f"{text[:_LIMIT]} ..."


def csv_rows(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Return the rows of a CSV file, also .gz. Raises `UserError` naming a missing column."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        rows = [{key: value or "" for key, value in row.items() if key} for row in reader]
    except (OSError, EOFError, ValueError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as CSV: {error}") from error
    for column in columns:
        if column not in (reader.fieldnames or ()):
            raise UserError(
                f"{path}: there is no column {column!r}; it has {', '.join(reader.fieldnames or ())}"
            )
    return rows
