"""Parse guardrail rules (one file per language, in a short notation) into regular expressions.

In a pattern a space stands for any space or sign inside a sentence, " ?" for an optional one, "..." for up to 60
characters of the same sentence (15 in Chinese and Japanese), "*" after a letter for the rest of the word and {name}
for an entry of [words]. Everything else is a regular expression; accents and case do not matter. A rule applies where
one of `patterns` matches, or where each of `all` matches somewhere in one sentence.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from clinweave.core.guardrails.normalize import Vocabulary, fold, simplified

LANGUAGES = ("en", "es", "fr", "de", "zh", "ja")
BY_CHARACTER = frozenset({"zh", "ja"})  # languages without spaces between words
_HAN = re.compile(r"[一-鿿]")
_KANA = re.compile(r"[ぁ-ゖァ-ヺ]")
_LETTERS = {"es": "[¿¡ñÑáíóúÁÍÓÚ]", "fr": "[çèêëîïûùœÇÈÊŒ]", "de": "[äöüßÄÖÜ]"}
_UMLAUTS = {"ä": "(?:ae|a)", "ö": "(?:oe|o)", "ü": "(?:ue|u)"}


class LazyPattern:
    """A regular expression that is compiled when it is first searched; many never are."""

    __slots__ = ("_compiled", "_source")

    def __init__(self, source: Callable[[], str]) -> None:
        """Take a function that returns the expression."""
        self._source = source
        self._compiled: re.Pattern[str] | None = None

    def search(self, text: str) -> re.Match[str] | None:
        """Return the first match in a text, or None."""
        if self._compiled is None:
            self._compiled = re.compile(self._source(), re.MULTILINE)
        return self._compiled.search(text)

    def removed(self, text: str) -> str:
        """Return a text without its matches."""
        while match := self.search(text):
            text = f"{text[: match.start()]} {text[match.end() :]}"
        return text.strip()


@dataclass(frozen=True, slots=True)
class Rule:
    """Patterns of one category. `clinicians` says when it applies to a clinician's request.

    "all": always; "lay": unless a patient is spoken of; "none": never.
    """

    category: str
    parts: tuple[LazyPattern, ...]  # each must match in the same sentence
    unless: LazyPattern | None
    person: bool
    clinicians: str
    examined: bool  # also applies to examination questions


@dataclass(frozen=True, slots=True)
class Language:
    """The rules and word lists of one language."""

    code: str
    rules: tuple[Rule, ...]
    person: LazyPattern
    clinical: LazyPattern
    vignette: LazyPattern
    examined: LazyPattern
    lay: LazyPattern
    precaution: (
        LazyPattern  # an ordinary question on what to avoid or why, which the classifier does not judge
    )


@cache
def language_of(code: str) -> Language:
    """Return the rules of a language; their expressions are compiled when they are first searched."""
    return _language(code, _read(code))


@cache
def vocabulary() -> Vocabulary:
    """Return the words of all rules, for undoing disguises and misspellings."""
    words: set[str] = set()
    corrected: set[str] = set()
    for code in LANGUAGES:
        content = _read(code)
        texts = [*content["words"].values()]
        for rule in content["rules"]:
            texts.extend(rule.get("patterns", ()) or rule["all"])
        for text in texts:
            for word, optional in re.findall(r"([a-z]{3,})(\?)?", _plain(text)):
                words |= {word, word[:-1]} if optional and len(word) > 3 else {word}
        words.update(content["detection"]["words"].split())
        corrected.update(word for word in fold(content["detection"]["corrected"]).split() if len(word) > 4)
    return Vocabulary(words, corrected)


def detect(text: str, original: str = "") -> list[str]:
    """Return the languages that a folded text may be in, most likely first; never empty. `original` has the accents."""
    character = "ja" if len(_KANA.findall(text)) >= 2 else "zh" if len(_HAN.findall(text)) >= 2 else ""
    if character:
        return [character, *(_latin(text, original) if len(re.findall(r"[a-z]{2,}", text)) > 3 else [])]
    return _latin(text, original)


def _latin(text: str, original: str) -> list[str]:
    tokens = re.findall(r"[a-z]+", text)
    scores = {
        code: sum(token in _function_words(code) for token in tokens)
        + bool(code in _LETTERS and re.search(_LETTERS[code], original))
        for code in LANGUAGES
        if code not in BY_CHARACTER
    }
    best = max(scores.values())
    ranked = sorted(scores, key=lambda code: -scores[code])
    return [code for code in ranked if scores[code] * 4 >= best * 3] or ranked if best else ranked


@cache
def _read(code: str) -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / f"{code}.toml").read_text("utf-8"))


def _language(code: str, content: dict[str, Any]) -> Language:
    words = {name: re.sub(r"\n\s*", "", text) for name, text in content["words"].items()}

    def compiled(patterns: list[str]) -> LazyPattern:
        def source() -> str:
            joined = "|".join(f"(?:{_expression(pattern, words, code)})" for pattern in patterns)
            return joined if code in BY_CHARACTER else rf"(?<!\w)(?:{joined})(?!\w)"

        return LazyPattern(source)

    rules = tuple(
        Rule(
            rule["category"],
            tuple(compiled([part]) for part in rule["all"])
            if "all" in rule
            else (compiled(rule["patterns"]),),
            compiled(rule["unless"]) if "unless" in rule else None,
            rule.get("person", False),
            rule.get("clinicians", "all"),
            rule.get("examined", False),
        )
        for rule in content["rules"]
    )
    lists = {name: compiled([words[name]]) for name in ("person", "clinical", "vignette", "examined", "lay")}
    precaution = compiled([words["precaution"]] if "precaution" in words else [r"[^\W\w]"])
    return Language(code, rules, **lists, precaution=precaution)


@cache
def _function_words(code: str) -> frozenset[str]:
    return frozenset(fold(_read(code)["detection"]["words"]).split())


def _expression(pattern: str, words: dict[str, str], code: str) -> str:
    while match := re.search(r"\{([a-z_]+)\}", pattern):
        pattern = f"{pattern[: match.start()]}(?:{words[match[1]]}){pattern[match.end() :]}"
    pattern = _plain(pattern, umlauts=code == "de")
    by_character = code in BY_CHARACTER
    gap = r"[^。？！?!\n]{0,15}?" if by_character else r"\b[^.?!\n]{0,60}?\b"
    pattern = re.sub(r"\s*\.\.\.\s*", "\x00", pattern).replace(" ?", "\x01").replace(" ", "\x02")
    pattern = re.sub(r"(?<!\\[a-zA-Z])(?<=\w)\*", r"\\w*", pattern).replace("\x00", gap)
    return pattern.replace("\x01", r"[^\w.?!]*").replace("\x02", "" if by_character else r"[^\w.?!]+")


def _plain(pattern: str, *, umlauts: bool = False) -> str:
    """Return a pattern without accents, in simplified characters; in German an umlaut also matches its two letters."""
    if umlauts:
        for letter, both in _UMLAUTS.items():
            pattern = pattern.replace(letter, both)
    decomposed = unicodedata.normalize("NFD", simplified(pattern).replace("ß", "ss").replace("œ", "oe"))
    return unicodedata.normalize("NFC", "".join(s for s in decomposed if unicodedata.category(s) != "Mn"))
