"""The labels of one language in a text: by word, in any order and form, or by character."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from clinweave.databases import Translation
from clinweave.knowledge.linking.languages import BY_CHARACTER, WORD, folded_word, word_lists

_BREAK = re.compile(r"[.;:!?,\n。；：！？，、()（）\[\]]")
_LINE = re.compile(r"\n")
_BETWEEN = 1  # other content words that may stand between the words of a label
_ENDINGS = {
    "es": re.compile(r"(?<=\w{3})(?:es|[aeo]s?|s)$"),
    "fr": re.compile(r"(?<=\w{3})(?:euses?|eux|aux|ales?|als?|elles?|els?|ives?|ifs?|es?|s|x)$"),
    "de": re.compile(r"(?<=\w{4})(?:en|er|es|em|e|n|s)$"),
}
_SAME_ENDING = {"euse": "eu", "euses": "eu", "eux": "eu", "aux": "al", "ale": "al", "ales": "al", "al": "al",
                "als": "al", "elle": "el", "elles": "el", "el": "el", "els": "el", "ive": "if", "ives": "if",
                "if": "if", "ifs": "if"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Match:
    """A label found in a text."""

    start: int
    end: int
    id: str
    label: str
    official: bool
    exact: bool  # the words of the label in its order
    size: int  # content words, or characters
    own: bool = False  # from clinweave's own list
    english: str = ""  # the name's English form where a file of disease names has it
    source: str = ""


class TranslatedLabels:
    """The names of findings in one language, indexed for matching."""

    def __init__(self, language: str, names: Iterable[Translation]) -> None:
        """Take the names of one language; where several terms share a name, the first official label has it."""
        self.language = language
        self.labels: dict[str, str] = {}  # id -> label
        self.names = tuple(names)
        self._names: dict[tuple[str, ...], Translation] = {}
        for item in sorted(self.names, key=_preference):
            if item.label:
                self.labels.setdefault(item.id, item.name)
            for key in self._keys(item.name):
                self._names.setdefault(key, item)
        self._longest = max(map(len, self._names), default=0)

    def matches(self, text: str) -> list[Match]:
        """Return the labels in a text, by place; of those that overlap the longest."""
        labels = self._by_character(text) if self.language in BY_CHARACTER else self._by_word(text)
        chosen: list[Match] = []
        for item in sorted(
            labels, key=lambda item: (-item.size, item.end - item.start, not item.official, item.start)
        ):
            if all(item.end <= other.start or other.end <= item.start for other in chosen):
                chosen.append(item)
        return sorted(chosen, key=lambda item: item.start)

    def _keys(self, name: str) -> Iterator[tuple[str, ...]]:
        if self.language in BY_CHARACTER:
            for variant in _variants(name):
                key = tuple(character for character, _ in self._characters(variant))
                if len(key) > 1:
                    yield key
            return
        key = tuple(stem for stem, _, _ in self._words(re.sub(r"\s*\([^)]*\)", "", name)))
        if key and (len(key) > 1 or len(key[0]) > 2):
            yield key

    def _words(self, text: str) -> list[tuple[str, int, int]]:
        return [
            (stem, match.start(), match.end())
            for match in WORD.finditer(text)
            if (stem := _stem(match[0], self.language))
        ]

    def _characters(self, text: str) -> list[tuple[str, int]]:
        stops = word_lists(self.language).stops
        return [
            (folded, index)
            for index, character in enumerate(text)
            for folded in unicodedata.normalize("NFKC", character).casefold()
            if folded not in stops and not folded.isspace() and folded not in "-‐ー・·～~"
        ]

    @cached_property
    def _by_rarest(self) -> Mapping[str, list[tuple[str, ...]]]:
        """Return the keys by their rarest stem. A word of a text then leads to few labels."""
        frequency = Counter(stem for key in self._names for stem in set(key))
        index: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        for key in self._names:
            index[min(key, key=lambda stem: (frequency[stem], stem))].append(key)
        return index

    def _by_word(self, text: str) -> Iterator[Match]:
        words = self._words(text)
        segments, lines = _segments(text, words, _BREAK), _segments(text, words, _LINE)
        for index, (stem, _, _) in enumerate(words):
            for key in self._by_rarest.get(stem, ()):
                item = self._names[key]
                # A label with a comma or a full stop of its own may cross these.
                indices = _nearest(key, index, words, lines if _BREAK.search(item.name) else segments)
                if indices and (len(key) > 1 or self._same_word(item.name, text[slice(*words[index][1:])])):
                    first, last = min(indices), max(indices)
                    exact = indices == list(range(first, first + len(key)))
                    yield _match(item, words[first][1], words[last][2], exact, len(key))

    def _same_word(self, name: str, word: str) -> bool:
        """Tell whether a label of one word is the word of the text, plurals aside ("coma" is no form of "com")."""
        own = next(name[start:end] for _, start, end in self._words(name))
        forms = [re.sub(r"(?:e?s|e?n|x|e)$", "", folded_word(item)) for item in (own, word)]
        return forms[0] == forms[1]

    def _by_character(self, text: str) -> Iterator[Match]:
        characters = self._characters(text)
        line = "".join(character for character, _ in characters)
        index = self._by_start
        for position in range(len(line) - 1):
            for key in index.get(line[position : position + 2], ()):
                if line.startswith(key, position):
                    item = self._names[tuple(key)]
                    start, end = characters[position][1], characters[position + len(key) - 1][1] + 1
                    end += text[end : end + 1] == "ー"  # a long vowel belongs to the word
                    yield _match(item, start, end, True, len(key))
                    break

    @cached_property
    def _by_start(self) -> Mapping[str, list[str]]:
        """Return the keys by their first two characters, longest first."""
        index: dict[str, list[str]] = defaultdict(list)
        for key in sorted(("".join(key) for key in self._names), key=len, reverse=True):
            index[key[:2]].append(key)
        return index


def _preference(item: Translation) -> tuple[bool, bool, bool, bool]:
    """Return the sorting key of names: findings before diseases; official, own, labels, others."""
    return bool(item.source), not item.official, not item.own, not item.label


def _match(item: Translation, start: int, end: int, exact: bool, size: int) -> Match:
    return Match(
        start, end, item.id, item.name, item.official, exact, size, item.own, item.english, item.source
    )


def _segments(text: str, words: Sequence[tuple[str, int, int]], breaks: re.Pattern[str]) -> list[int]:
    """Return for each word how many breaks stand before it."""
    starts, crossed, segments = [match.start() for match in breaks.finditer(text)], 0, []
    for _, start, _ in words:
        while crossed < len(starts) and starts[crossed] < start:
            crossed += 1
        segments.append(crossed)
    return segments


def _nearest(
    key: tuple[str, ...], index: int, words: Sequence[tuple[str, int, int]], segments: Sequence[int]
) -> list[int]:
    """Return the places of the stems of `key` around a word, in the key's order; empty where one is missing."""
    if len(key) == 1:
        return [index]
    width = len(key) + _BETWEEN
    for first in range(max(0, index - width + 1), index + 1):
        window = [
            number
            for number in range(first, min(len(words), first + width))
            if segments[number] == segments[index]
        ]
        free = {number: words[number][0] for number in window}
        indices: list[int] = []
        for stem in key:
            number = next((number for number, other in free.items() if other == stem), -1)
            if number < 0:
                break
            del free[number]
            indices.append(number)
        if len(indices) == len(key) and index in indices:
            return indices
    return []


def _variants(name: str) -> Iterator[str]:
    """Yield a Chinese or Japanese label, its form without the brackets, and that with their content instead."""
    yield name
    match = re.fullmatch(r"(.*?)[（(](.+?)[）)](.*)", name)
    if match:
        before, inner, behind = match.groups()
        yield before + behind
        if behind and len(inner) <= len(before):
            yield before[: -len(inner)] + inner + behind
        yield before + inner + behind
    elif "/" in name or "／" in name:
        parts = re.split("[/／]", name)
        if len(parts) == 2 and len(parts[0]) == len(parts[1]):
            yield from parts


@lru_cache(maxsize=1 << 16)
def _stem(word: str, language: str) -> str:
    """Return the folded word without its ending, or "" for one that a label may have or lack."""
    letter = len(word) == 1 and word.isupper()  # "hemofilia A"
    if not letter and word.casefold() in word_lists(language).stops:  # with accents: "uña" is no article
        return ""
    folded = folded_word(word)
    pattern = _ENDINGS[language]
    return pattern.sub(lambda match: _SAME_ENDING.get(match[0], "") if language == "fr" else "", folded)
