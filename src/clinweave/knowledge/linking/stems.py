"""Stem words for matches in any order: "femoral" and "femur", "hypoplastic" and "hypoplasia" are one word."""

import re
import tomllib
from functools import lru_cache
from importlib.resources import files

_LONGEST, _SHORTEST = 10, 4  # letters of an ending, of what it leaves
_WORD = re.compile(r"[a-z]+")


@lru_cache(maxsize=1)
def _lists() -> tuple[dict[str, str], dict[str, str]]:
    """Return the stem of each listed word, and the replacement of each ending."""
    table = tomllib.loads(files("clinweave.knowledge.linking").joinpath("stems.toml").read_text("utf-8"))
    lines = (line.split() for line in table["lines"].splitlines())
    rules = (rule.partition(":") for rule in table["endings"].split())
    return {word: words[0] for words in lines for word in words}, {ending: left for ending, _, left in rules}


def listed() -> dict[str, str]:
    """Return the listed words, each with the head of its family."""
    return _lists()[0]


def word_lists() -> list[tuple[str, str]]:
    """Return all listed words with their heads, and endings with what they leave."""
    return [item for table in _lists() for item in table.items()]


@lru_cache(maxsize=1 << 17)
def family(word: str) -> str:
    """Return the stem of a normalised word: a listed head, else the word without its ending."""
    heads, rules = _lists()
    head = heads.get(word)
    if head is not None:
        return head
    if len(word) <= _SHORTEST or not _WORD.fullmatch(word):
        return word
    for size in range(min(_LONGEST, len(word) - 1), 0, -1):
        left = rules.get(word[-size:])
        if left is not None and len(word) - size + len(left) >= _SHORTEST:
            stem = word[:-size] + left
            return stem[:-1] if len(stem) > _SHORTEST and stem[-1] == stem[-2] and stem[-1] != "s" else stem
    return word
