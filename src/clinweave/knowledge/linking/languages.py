"""The languages whose HPO labels are read: their word lists, telling them apart, saying what is not read."""

import re
import tomllib
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from clinweave.core.errors import UserError

LANGUAGES = ("es", "fr", "de", "zh", "ja")
BY_CHARACTER = frozenset({"zh", "ja"})  # languages that are matched by character
NAMED_DISEASES = frozenset({"es", "fr", "de"})  # whose forms of diseases named after a person are read
FETCH = "run `clinweave fetch hpo-translations`"
FETCH_DISEASES = "run `clinweave fetch icd10-names`"
WORD = re.compile(r"[^\W_]+")
_SCRIPTS = {
    "Russian or another language in Cyrillic script": r"[\u0400-\u04ff]+",
    "Arabic or another language in Arabic script": r"[\u0600-\u06ff]+",
    "Korean": r"[\uac00-\ud7af]+",
    "Hebrew": r"[\u0590-\u05ff]+",
    "Hindi or another language in Devanagari script": r"[\u0900-\u097f]+",
    "Thai": r"[\u0e00-\u0e7f]+",
    "Greek": r"[\u0370-\u03ff]{4,}",
}
_ENGLISH_NAME = re.compile(r"\b(?:syndrome|disease|disorder|sign)s?\b", re.IGNORECASE)  # "Sjögren syndrome"
_LETTERS = {  # letters that few other languages have
    "Portuguese": "ãõ", "Polish": "łąęśż", "Turkish": "ğış", "Czech": "řěů", "Romanian": "țșă", "Hungarian": "őű",
    "Swedish": "å", "Danish or Norwegian": "øå", "Finnish": ("ää", "öö", "äy", "yö"),
    "Vietnamese": "ăđơưạảấầậắếềệốồộớờợụứừựọỏịỉẹẻ",
}  # fmt: skip
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_FEW_LETTERS = 2  # letters of another script that English notes have ("β", "µ")
_SHORT = 6  # words of a text identified by one word of another language, if none is English
_SEVERAL = 3  # words that English has too, which together tell a language


def language_of(text: str) -> str:
    """Return the language of a text among those that can be read (ISO 639-1); "en" unless another one is plain."""
    if re.search(r"[\u3040-\u30ff]", text):
        return "ja"
    if re.search(r"[\u4e00-\u9fff]", text):
        return "zh"
    words = set(WORD.findall(text.casefold()))
    foreign = words & foreign_words()
    counts = {code: _evidence(foreign, _words_of(code)) for code in LANGUAGES if code not in BY_CHARACTER}
    counts["es"] += 2 * bool(re.search(r"[¿¡ñ]", text))
    others = max(_evidence(foreign, own) for _, own in _unread_languages())
    umlaut = bool(re.search(r"[äöüß]", text)) and not _ENGLISH_NAME.search(text)
    counts["de"] += umlaut and counts["de"] >= others  # Swedish, Finnish, Turkish and Hungarian have them too
    best = max(counts, key=lambda code: counts[code])
    return best if counts[best] > max(len(words & english_words()), others - 1) else "en"


def possible_languages(text: str) -> tuple[str, ...]:
    """Return the languages that a text of no plain language may be in, by words that English notes have as well."""
    words = set(WORD.findall(text.casefold()))
    if words & english_words() or language_of(text) != "en":
        return ()
    return tuple(code for code in LANGUAGES if words & word_lists(code).own)


def _evidence(words: set[str], own: frozenset[str]) -> float:
    """Return how many of the words are a language's own; those that English notes have too ("no", "y") count half.

    They count only beside a word that is plainly the language's, or three at once: "No fever" is not Spanish.
    """
    found = words & own
    if not found:
        return 0.0
    both = len(found & _shared_words())
    plain = len(found) - both
    return plain + both / 2 if plain or both >= _SEVERAL else 0.0


@cache
def _words_of(code: str) -> frozenset[str]:
    """Return the words that tell a language: its frequent words, and its cues of absence, relatives and reports."""
    lists = word_lists(code)
    return lists.own | lists.absent | lists.family | lists.reports


@cache
def foreign_words() -> frozenset[str]:
    """Return the words that tell any language but English."""
    read = (_words_of(code) for code in LANGUAGES if code not in BY_CHARACTER)
    return frozenset().union(*read, *(own for _, own in _unread_languages()))


def unread_language(text: str, available: Collection[str] = LANGUAGES) -> str:
    """Return a sentence stating that the language of a text is not supported, or "" if it is."""
    code = language_of(text)
    if code == "en":
        return _other_language(text)
    return "" if code in available else f"findings in {word_lists(code).name} are not read: {FETCH}"


def check_language(code: str) -> str:
    """Return a language's code in lower case ("" for detection). Raises `UserError` for one that is not read."""
    lower = code.strip().lower()
    if lower and lower not in {"en", *LANGUAGES}:
        raise UserError(f"the language {code!r} is not read: choose one of {', '.join(('en', *LANGUAGES))}")
    return lower


def language_limits(language: str, findings: Collection[str], diseases: Collection[str]) -> str:
    """Return a sentence on which parts of a language can be read; "" for English.

    `findings` and `diseases` are the languages with files of names of findings and of diseases at hand.
    """
    if language not in LANGUAGES:
        return ""
    parts = [
        "findings are read by their HPO labels"
        if language in findings
        else f"findings are read where they are common, by clinweave's own names ({FETCH})"
    ]
    if language in diseases:
        parts.append("diseases by the files of names at hand")
    else:
        more = " or named after a person" if language in NAMED_DISEASES else ""
        parts.append(f"diseases where they are common{more} ({FETCH_DISEASES})")
    return f"in {word_lists(language).name}, {'; '.join(parts)}"


def _other_language(text: str) -> str:
    """Return the sentence for a language that is detected only to report that it is not read, or ""."""
    latin = len(_LATIN.findall(text))
    for name, pattern in _SCRIPTS.items():
        letters = "".join(re.findall(pattern, text))
        if len(letters) > _FEW_LETTERS and len(letters) * 2 > latin:
            return _unread_sentence(name)
    written = WORD.findall(text)
    if any(word != word.upper() for word in written):  # "ALS" is a name, and no word of Catalan
        written = [word for word in written if len(word) == 1 or word != word.upper()]
    words = {word.casefold() for word in written}
    english = len(words & english_words())
    least = 0 if len(words) <= _SHORT else 1
    counts = {
        name: _evidence(words, own) + _letter_evidence(text, _LETTERS.get(name, ""))
        for name, own in _unread_languages()
    }
    best = max(counts, key=lambda name: counts[name])
    return _unread_sentence(best) if counts[best] > max(least, english) else ""


def _letter_evidence(text: str, letters: Collection[str]) -> int:
    """Return 2 if a word has one of a language's letters, else 0; a capitalised word may be a person's name."""
    lower = [word.casefold() for word in WORD.findall(text) if word[0].islower()]
    return 2 * any(letter in word for word in lower for letter in letters)


def _unread_sentence(name: str) -> str:
    return f"{name} is not read: ask in English or in one of {', '.join(LANGUAGES)}"


def folded_word(word: str) -> str:
    """Return a word in lower case and without accents."""
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    return "".join(sign for sign in decomposed if unicodedata.category(sign) != "Mn").replace("œ", "oe")


@cache
def _unread_languages() -> tuple[tuple[str, frozenset[str]], ...]:
    """Return name and frequent words of the languages that are detected only to report that they are not read."""
    lines = (line.partition(":") for line in _data()["unread"].values())
    return tuple((name, frozenset(own.split())) for name, _, own in lines)


@cache
def english_words() -> frozenset[str]:
    """Return frequent words of English questions and notes that no other language read here has."""
    return frozenset(_data()["english"]["words"].split()) - _shared_words()


@cache
def _shared_words() -> frozenset[str]:
    """Return words of other languages that also stand in English notes, as words or as short forms."""
    return frozenset(_data()["english"]["shared"].split())


@cache
def _data() -> dict[str, dict[str, str]]:
    return tomllib.loads(
        files("clinweave.knowledge.linking").joinpath("translations.toml").read_text("utf-8")
    )


@dataclass(frozen=True, slots=True)
class WordLists:
    """The word lists of a language: folded, but for the words that tell it."""

    name: str
    stops: frozenset[str]
    own: frozenset[str]
    absent: frozenset[str]
    family: frozenset[str]
    reports: frozenset[str]
    content: Mapping[
        str, str
    ]  # words that carry content of a question -> English ("embarazo": "pregnancy"), or ""


@cache
def word_lists(language: str) -> WordLists:
    """Return the word lists of one of `LANGUAGES`."""
    lists = _data()[language]

    def folded(kind: str) -> frozenset[str]:
        items = lists.get(kind, "").split()
        return frozenset(items if language in BY_CHARACTER else map(folded_word, items))

    return WordLists(
        lists["name"],
        frozenset(lists["stops"].split()),
        frozenset(lists.get("own", "").split()),
        folded("absent"),
        folded("family"),
        folded("reports"),
        {
            word: english
            for item in lists.get("content", "").split()
            for word, _, english in [item.partition("=")]
        },
    )
