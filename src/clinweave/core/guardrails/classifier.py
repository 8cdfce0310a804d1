"""Linear classifier of requests that complements the rules: predict which risk category the wording resembles.

Its features are letter and word sequences, hashed, and the concepts that a request names (`concepts.toml`), alone and
in pairs, in any order. The weights (`classifier.bin`) are trained by `benchmarks/guardrails/train.py` on requests
written for it and on ordinary questions. Plain Python: nothing is imported to ask it.
"""

import base64
import json
import math
import re
import tomllib
import zlib
from array import array
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

BUCKETS = 1 << 15
CLASSES = ("ordinary", "self-harm", "overdose", "lethal-amount", "harm", "emergency")
_FILE = Path(__file__).parent / "classifier.bin"
_WINDOW = 240  # characters of neighbouring sentences that are judged together
_WINDOWS = 8  # of a longer text, the first and last half of these
_HAN = re.compile(r"[一-鿿]")
_SENTENCE = re.compile(r"[^.?!。？！\n]+[.?!。？！\n]*")
_COUNT = re.compile(
    r"(?<![\w.,])(\d{1,3})(?![\d.,])(?! ?(?:years?|yrs?|yo|y|months?|weeks?|days?|hours?|hrs?|minutes?|percent|%|kg|"
    r"degrees|grados|ans|mois|semaines|heures|anos|meses|semanas|horas|dias|"
    r"jahre|monate|wochen|tage|stunden|grad|岁|周|年|天|个月|小时|度|分钟)(?:\W|$|[^a-z]))"
)
_MANY = 8  # of something: more than anyone takes at once


@dataclass(frozen=True, slots=True)
class Judgement:
    """The most likely danger and how much likelier than an ordinary question it is (log odds)."""

    category: str
    log_odds: float


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of every feature for every class, as whole numbers times `scale`; thresholds of log odds by language."""

    values: "array[int]"  # (feature, class)
    bias: tuple[float, ...]
    scale: float
    thresholds: dict[str, float]


def judge(text: str, language: str) -> Judgement:
    """Return the judgement of folded text: that of the window of sentences most like a danger."""
    return max((_judge(window, language) for window in windows(text)), key=lambda result: result.log_odds)


def threshold(language: str) -> float:
    """Return the log odds from which a request in a language counts as dangerous."""
    thresholds = weights().thresholds
    return thresholds.get(language, thresholds["en"])


def trained_for(language: str) -> bool:
    """Tell whether requests in a language were among those that the classifier was trained on."""
    return language in weights().thresholds


def windows(text: str) -> list[str]:
    """Return the text in runs of sentences of some 240 characters; never empty."""
    if len(text) <= _WINDOW:
        return [text]
    runs = [""]
    for sentence in _SENTENCE.findall(text):
        for start in range(0, len(sentence), _WINDOW):
            part = sentence[start : start + _WINDOW]
            if len(runs[-1]) + len(part) > _WINDOW:
                runs.append("")
            runs[-1] += part
    runs = [run.strip() for run in runs if run.strip()] or [text[:_WINDOW]]
    return runs if len(runs) <= _WINDOWS else [*runs[: _WINDOWS // 2], *runs[-_WINDOWS // 2 :]]


def features(text: str, language: str) -> tuple[list[int], list[int]]:
    """Return the features of folded text: hashed sequences, and concepts with their pairs (after `BUCKETS`)."""
    sequences: set[str] = set()
    if _HAN.search(text):
        plain = re.sub(r"[^\w]+", " ", text)
        for length in (1, 2, 3, 4):
            sequences.update(plain[start : start + length] for start in range(len(plain) - length + 1))
    else:
        words = re.findall(r"[^\W_]+", re.sub(r"\d+", "0", text))
        sequences.update(f"={word}" for word in words)
        sequences.update(f"={first} {second}" for first, second in pairwise(words))
        plain = f" {' '.join(words)} "
        for length in (3, 4, 5):
            sequences.update(plain[start : start + length] for start in range(len(plain) - length + 1))
    hashed = sorted({zlib.crc32(sequence.encode()) % BUCKETS for sequence in sequences})
    return hashed, _pairs(concepts(text, language))


def concept_names() -> tuple[str, ...]:
    """Return the concepts of the lexicon, in the order of their features."""
    return tuple(_lexicon()["en"][2])


def concepts(text: str, language: str) -> list[int]:
    """Return the numbers of the concepts that folded text names, ascending."""
    lexicon = _lexicon()
    stems, lengths, names = lexicon.get(language, lexicon["en"])
    ids: set[int] = set()
    padded = re.sub(r"[^\w]+", " ", text) + " "
    starts = (
        range(len(padded)) if language == "zh" else [match.start() for match in re.finditer(r"\w+", padded)]
    )
    for start in starts:
        for length in lengths:
            ids.update(stems.get(padded[start : start + length], ()))
    if any(int(match[1]) >= _MANY for match in _COUNT.finditer(text)):
        ids.add(names.index("many"))
    return sorted(ids)


def size() -> int:
    """Return how many features there are."""
    count = len(concept_names())
    return BUCKETS + count + count * (count + 1) // 2


def _pairs(ids: list[int]) -> list[int]:
    count = len(concept_names())
    pairs = [BUCKETS + number for number in ids]
    for index, second in enumerate(ids):
        pairs.extend(BUCKETS + count + second * (second + 1) // 2 + first for first in ids[:index])
    return pairs


def _judge(text: str, language: str) -> Judgement:
    trained = weights()
    values, width = trained.values, len(CLASSES)
    hashed, named = features(text, language)
    sums = [0.0] * width
    for group, share in ((hashed, 1 / math.sqrt(len(hashed) or 1)), (named, 1 / math.sqrt(len(named) or 1))):
        for column in range(width):
            sums[column] += share * sum(values[feature * width + column] for feature in group)
    scores = [total * trained.scale + bias for total, bias in zip(sums, trained.bias, strict=True)]
    best = max(range(1, width), key=scores.__getitem__)
    highest = scores[best]
    danger = highest + math.log(sum(math.exp(score - highest) for score in scores[1:]))
    return Judgement(CLASSES[best], danger - scores[0])


@cache
def weights() -> Weights:
    """Return the shipped weights: a line of JSON, then compressed whole numbers of two bytes in base 64."""
    head, _, body = _FILE.read_bytes().partition(b"\n")
    content = json.loads(head)
    values = array("h")
    values.frombytes(zlib.decompress(base64.b64decode(body)))
    return Weights(values, tuple(content["bias"]), content["scale"], content["thresholds"])


@cache
def _lexicon() -> dict[str, tuple[dict[str, tuple[int, ...]], list[int], list[str]]]:
    content = tomllib.loads((Path(__file__).parent / "concepts.toml").read_text("utf-8"))
    names = list(content["en"])
    return {code: _stems(lists, names) for code, lists in content.items()}


def _stems(
    lists: dict[str, str], names: list[str]
) -> tuple[dict[str, tuple[int, ...]], list[int], list[str]]:
    stems: dict[str, tuple[int, ...]] = {}
    for name, text in lists.items():
        for word in text.split():
            stem = word.replace("_", " ").replace("+", " ")
            stems[stem] = (*stems.get(stem, ()), names.index(name))
    return stems, sorted({len(stem) for stem in stems}), names
