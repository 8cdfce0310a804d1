"""Remove training items that contain a benchmark's questions, by equal text or by a shared run of words.

Trap: MedMCQA's development split is the test set of MIRAGE's medmcqa. A file of it among what is trained on is
named, whether or not a benchmark file was given to compare with.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from clinweave.core.errors import UserError
from clinweave.datasets.benchmarks import read_benchmark
from clinweave.datasets.examples import Example

WORDS = 13  # length of a run of words that is held to be a copy (as GPT-3's authors chose)
SHORTEST = 6  # a shorter question is compared as a whole only if it has as many words
_MEDMCQA = ("opa", "opb", "opc", "opd")


class Item(NamedTuple):
    """One text of a benchmark."""

    benchmark: str
    id: str
    text: str


@dataclass
class Benchmarks:
    """All texts of the benchmark files, ready to be looked for."""

    files: dict[str, int] = field(default_factory=dict)  # file name -> items
    _whole: dict[str, Item] = field(default_factory=dict)
    _runs: dict[int, Item] = field(default_factory=dict)

    def add(self, path: Path) -> None:
        """Read one file. Raises `UserError` where it is none of the known formats."""
        count = 0
        for count, item in enumerate(benchmark_items(path), 1):  # noqa: B007
            tokens = words(item.text)
            if len(tokens) >= SHORTEST:
                self._whole.setdefault(" ".join(tokens), item)
            for run in _runs(tokens):
                self._runs.setdefault(run, item)
        self.files[path.name] = count

    def match(self, texts: Sequence[str]) -> tuple[str, Item] | None:
        """Return how ("exact" or "n-gram") and with which item a text is shared, or None."""
        split = [words(text) for text in texts]
        for tokens in split:
            if item := self._whole.get(" ".join(tokens)):
                return "exact", item
        for tokens in split:
            for run in _runs(tokens):
                if item := self._runs.get(run):
                    return "n-gram", item
        return None


def decontaminate(
    examples: Iterable[Example], benchmarks: Benchmarks
) -> tuple[list[Example], dict[str, object]]:
    """Return the items that share nothing with a benchmark, and the report of those that do."""
    clean, hits = [], []
    total = 0
    for total, example in enumerate(examples, 1):  # noqa: B007
        match = benchmarks.match(texts_of(example))
        if match is None:
            clean.append(example)
        else:
            how, item = match
            hits.append({"id": example.id, "task": example.task, "split": example.split, "match": how,
                         "benchmark": item.benchmark, "item": item.id})  # fmt: skip
    report = {
        "words": WORDS,
        "benchmarks": benchmarks.files,
        "examples": total,
        "removed": len(hits),
        "by_benchmark": dict(sorted(Counter(f"{hit['benchmark']}: {hit['match']}" for hit in hits).items())),
        "hits": hits,
    }
    return clean, report


def texts_of(example: Example) -> list[str]:
    """Return the texts of an item that might be a benchmark's: what the user asks, the reply, what is shown."""
    asked = [message["content"] for message in example.prompt if message["role"] == "user"]
    asked = [part for text in asked for part in (text, text.rpartition("Question: ")[2].split("\n")[0])]
    return [*asked, example.completion, *(item.passage.text for item in example.evidence if item.passage)]


def trap(path: Path) -> str:
    """Return a warning where a file to be trained on bears the name of a benchmark's held-out part, else ""."""
    low = path.name.casefold()
    if "medmcqa" in low and any(part in low for part in ("dev", "valid", "test")):
        return f"{path.name}: MedMCQA's development split is MIRAGE's test set; do not train on it"
    if "mirage" in low or "benchmark" in low or any(part in low for part in ("_test", "-test", "test.")):
        return f"{path.name}: the name says that it is a test set; do not train on it"
    return ""


def benchmark_items(path: Path) -> Iterator[Item]:
    """Yield the questions and abstracts of a file of MIRAGE, MedQA, PubMedQA, BiomixQA, MedMCQA, or JSON lines."""
    if not path.is_file():
        raise UserError(f"there is no benchmark file {path}")
    if _is_medmcqa(path):
        yield from _medmcqa(path)
        return
    for question in read_benchmark(path):
        yield Item(path.name, f"{question.task}/{question.id}", question.question)
        for index, text in enumerate(question.context):
            yield Item(path.name, f"{question.task}/{question.id}/context {index + 1}", text)


def words(text: str) -> list[str]:
    """Return lower-case words and numbers; marks and spaces do not count."""
    return re.findall(r"[^\W_]+", text.casefold())


def _runs(tokens: Sequence[str]) -> Iterator[int]:
    for start in range(len(tokens) - WORDS + 1):
        yield hash(tuple(tokens[start : start + WORDS]))


def _is_medmcqa(path: Path) -> bool:
    with path.open(encoding="utf-8") as stream:
        head = stream.readline()
    try:
        first = json.loads(head)
    except ValueError:
        return False
    return isinstance(first, dict) and all(key in first for key in _MEDMCQA)


def _medmcqa(path: Path) -> Iterator[Item]:
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                text = row["question"].strip()
            except (ValueError, KeyError, AttributeError, TypeError) as error:
                raise UserError(f"{path}, row {number}, field question: {error!r}") from error
            yield Item(path.name, f"medmcqa/{row.get('id', number)}", text)
