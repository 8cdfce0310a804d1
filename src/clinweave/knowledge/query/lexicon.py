"""Word lists of questions: intents, abbreviations, equivalents, organs, and everyday English."""

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from clinweave.knowledge.linking.normalise import words_of
from clinweave.knowledge.linking.ranking import question_words
from clinweave.knowledge.query.query import Intent

RARE = 20_000  # rank from which on a word of everyday English is special
LANGUAGES = ("en", "es", "fr", "de", "zh", "ja")


# Endings of words for processes, operations and states: such a word is no name of a drug.
PROCESS = re.compile(
    r"(?:lysis|ectomy|itis|osis|a?emia|uria|pathy|otomy|plasty|scopy|graphy|therapy|ation)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Cues:
    """The compiled cues of one intent, by language."""

    intent: Intent
    patterns: dict[str, re.Pattern[str]]


@lru_cache(maxsize=1)
def _terms() -> dict[str, Any]:
    return tomllib.loads(files("clinweave.knowledge.query").joinpath("terms.toml").read_text("utf-8"))


@lru_cache(maxsize=1)
def _intents() -> dict[str, Any]:
    return tomllib.loads(files("clinweave.knowledge.query").joinpath("intents.toml").read_text("utf-8"))


@lru_cache(maxsize=1)
def cues() -> tuple[Cues, ...]:
    """Return the cues of all intents in order of priority."""
    return tuple(
        Cues(
            Intent(row["name"]),
            {code: re.compile("|".join(row[code]), re.IGNORECASE) for code in LANGUAGES if code in row},
        )
        for row in _intents()["intent"]
    )


@lru_cache(maxsize=1)
def yes_no_cues() -> dict[str, re.Pattern[str]]:
    """Return the pattern of a yes/no question by language."""
    return {code: re.compile("|".join(items), re.IGNORECASE) for code, items in _intents()["yes_no"].items()}


@lru_cache(maxsize=1)
def abbreviations() -> dict[str, str]:
    """Return clinical abbreviations (exact letters) with the names that the vocabularies know."""
    return dict(_terms()["abbreviations"])


@lru_cache(maxsize=1)
def organs() -> dict[str, str]:
    """Return organs and systems in normal form with the name of their abnormalities in the phenotype ontology."""
    return {" ".join(words_of(name)): label for name, label in _terms()["organs"].items()}


@lru_cache(maxsize=1)
def equivalents() -> dict[str, frozenset[str]]:
    """Return, for a word in normal form, the words that mean the same in clinical text (itself included)."""
    classes: dict[str, set[str]] = {}
    for line in _terms()["equivalents"]["classes"].splitlines():
        words = [word for item in line.split() for word in [" ".join(words_of(item))] if word]
        for word in words:
            classes.setdefault(word, set()).update(words)
    return {word: frozenset(others) for word, others in classes.items()}


@lru_cache(maxsize=1)
def broader_phrases() -> dict[str, tuple[str, ...]]:
    """Return phrases (normal form) with the broader names whose documents speak of them."""
    return {
        " ".join(words_of(name)): tuple(" ".join(words_of(item)) for item in items)
        for name, items in _terms()["broader"].items()
    }


@lru_cache(maxsize=1)
def frame_words() -> frozenset[str]:
    """Return words (normal form) that carry the question but name nothing."""
    return frozenset(words_of(_terms()["words"]["frame"])) | frozenset(
        words_of(" ".join(sorted(question_words())))
    )


@lru_cache(maxsize=1)
def cue_words() -> frozenset[str]:
    """Return words (normal form) that carry an intent and name nothing."""
    return frozenset(words_of(_terms()["words"]["cues"]))


@lru_cache(maxsize=1)
def drug_classes() -> frozenset[str]:
    """Return names of classes of drugs (normal form)."""
    return frozenset(words_of(_terms()["words"]["drug_classes"]))


@lru_cache(maxsize=1)
def _ranks() -> dict[str, int]:
    """Return common English words by rank, from symspellpy's frequency dictionary (82,765 words, MIT licence)."""
    text = files("symspellpy").joinpath("frequency_dictionary_en_82_765.txt").read_text("utf-8-sig")
    return {line.partition(" ")[0]: rank for rank, line in enumerate(text.splitlines())}


@lru_cache(maxsize=1)
def everyday_words() -> frozenset[str]:
    """Return common English words (lower case)."""
    return frozenset(_ranks())


def rarity(text: str) -> float:
    """Return how rare the rarest word of a text is in everyday English: 0 for the commonest, 1 for a special one."""
    ranks = [_ranks().get(word.lower(), RARE) for word in re.findall(r"[^\W_]+", text)]
    return min(max(ranks, default=0) / RARE, 1.0)


@lru_cache(maxsize=1)
def aspect_words() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return English words of what is asked about a disease, each with how other languages write it."""
    forms = _terms()["aspects_in_other_languages"].items()
    return tuple((word, re.compile(form, re.IGNORECASE)) for word, form in forms)


@lru_cache(maxsize=1 << 14)
def is_cue(text: str) -> bool:
    """Say whether the words are only a word of asking ("inherited", "symptom")."""
    return any(
        pattern.fullmatch(text.strip())
        for item in cues()
        for code, pattern in item.patterns.items()
        if code == "en"
    )
