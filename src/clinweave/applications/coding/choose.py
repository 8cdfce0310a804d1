"""From a term and the words about it to a code that can be reported: the most specific that the text supports."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from clinweave.applications.coding.codebook import Codebook
from clinweave.applications.coding.lexicon import Term
from clinweave.applications.coding.patterns import pattern, table
from clinweave.applications.coding.ulcers import pressure_ulcer, skin_ulcer

_RIGHT = pattern("right")
_LEFT = re.compile(
    r"\b(?:left(?! (?:alone|untreated|him|her|with|over|behind|in place|untouched|uncovered|unrepaired|out)\b)"
    r"(?!(?<=and left) open\b)(?!(?<=was left) open\b)|lt|l)\b(?!/|\d|\s?\d)|\b(?:lle|lue|lll|lul|os)\b"
)
_BOTH = re.compile(r"\b(?:bilateral(?:ly)?|both|b/l|bilat)\b")
_SIDES = ("right", "left", "bilateral")
# Words of a title that say nothing that a note must state.
_NEUTRAL = frozenset(table("words")["neutral"])
_UNSAID = frozenset({"uncomplicated"})  # what nobody writes, where nothing else is said
_WITHOUT = re.compile(r"\b(?:without|not)\b(?:(?! of (?:right|left|unspecified|bilateral)\b)[^,])*")
_WORD = re.compile(r"[a-z0-9]+")
_LATER = pattern("later")
_SEQUELA = pattern("sequela")
_MENDING = re.compile(
    r"\b(?:callus|pins? (?:out|removed)|cast (?:is |came |taken )?(?:off|removed)|healing (?:well|as expected)|"
    r"consolidat\w+|weeks? post)\b"
)
_ACUTE_VISIT = re.compile(r"\bacute(?:ly)?\b|emergency|\bed\b")
_HEALING = (
    (re.compile(r"non-?union"), "K"),
    (re.compile(r"mal-?union"), "P"),
    (re.compile(r"delayed (?:healing|union)"), "G"),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A code, what in the text supports it, and what the text does not say ("side")."""

    code: str
    support: frozenset[str]
    missing: tuple[str, ...] = ()


def choose(
    term: Term, texts: Sequence[str], context: str, book: Codebook, *, visit: str = ""
) -> Choice | None:
    """Return the code of a term for the words of its mentions `texts` and the words about them, or None.

    `visit` is what the note says of the encounter in lower case; it gives injuries their 7th character.
    """
    code, support = term.code, frozenset[str]()
    for patterns, chosen in term.choices:
        if all(_holds(pattern, texts, context) for pattern in patterns):
            code, support = (
                chosen,
                frozenset([f"choice {len(patterns)}", *(item.pattern for item in patterns)]),
            )
            break
    if code.startswith("L89") or (code.startswith("L97") and re.search(r"pressure|decubit", context)):
        return _plain(pressure_ulcer(context), support, book)
    if code.startswith("L97"):
        return _plain(skin_ulcer(context), support, book)
    return complete(code, context, book, support, visit=visit)


def complete(
    code: str, context: str, book: Codebook, support: frozenset[str] = frozenset(), *, visit: str = ""
) -> Choice | None:
    """Return a code that can be reported, below `code`, by the words of `context`."""
    if code in book.billable:
        return Choice(code, support)
    stem = code if code in book.entries else code.rstrip("X").rstrip(".")
    if stem not in book.entries:
        stem = book.above(f"{code}A") or ""
    leaf, words, missing = _leaf(stem, context, book) if stem else ("", frozenset[str](), ())
    if not leaf:
        return None
    support |= words
    if leaf in book.billable:
        return Choice(leaf, support, missing)
    for character in _seventh(leaf, context, visit, book):
        if full := book.with_seventh(leaf, character):
            return Choice(full, support, missing)
    return None


def side_of(context: str) -> str:
    """Return right, left, bilateral or ""."""
    right, left = bool(_RIGHT.search(context)), bool(_LEFT.search(context))
    if _BOTH.search(context) or (right and left):
        return "bilateral"
    return "right" if right else "left" if left else ""


def _holds(pattern: re.Pattern[str], texts: Sequence[str], context: str) -> bool:
    if pattern.pattern.startswith("^"):
        return all(pattern.search(text.lower()) for text in texts)
    return pattern.search(context) is not None


def _plain(code: str, support: frozenset[str], book: Codebook) -> Choice | None:
    return Choice(code, support | {code}) if code in book.billable else None


def _leaf(stem: str, context: str, book: Codebook) -> tuple[str, frozenset[str], tuple[str, ...]]:
    """Return the best code below `stem`, the words that support it, and what the text leaves open."""
    side = side_of(context)
    words = frozenset(_stemmed(_WORD.findall(context)))
    base = frozenset(_stemmed(_WORD.findall(book.entries[stem].title.lower())))
    best: tuple[float, str, frozenset[str]] | None = None
    sided = False
    for leaf in book.leaves(stem):
        title, excluded = _title(leaf, book)
        sides = [name for name in _SIDES if name in title]
        sided = sided or bool(sides)
        if (sides and side not in sides) or (excluded & words - base):
            continue
        own = title - base - _NEUTRAL - set(_SIDES)
        supported = own & words
        score = 3.0 * bool(sides) + len(supported) - 1.0 * len(own - words - _UNSAID)
        score += 0.1 * ("unspecified" in title) - 0.05 * ("other" in title)
        if best is None or score > best[0]:
            best = (score, leaf, supported | frozenset(sides))
    if best is None:
        leaves = book.leaves(stem)
        return (leaves[-1], frozenset(), ()) if len(leaves) == 1 else ("", frozenset(), ())
    return best[1], best[2], ("side",) if sided and not side else ()


@lru_cache(maxsize=8192)
def _words_of_title(title: str) -> tuple[frozenset[str], frozenset[str]]:
    lowered = title.lower()
    negated = " ".join(_WITHOUT.findall(lowered))
    return (
        frozenset(_stemmed(_WORD.findall(_WITHOUT.sub(" ", lowered)))),
        frozenset(_stemmed(_WORD.findall(negated))) - _NEUTRAL,
    )


def _title(code: str, book: Codebook) -> tuple[frozenset[str], frozenset[str]]:
    return _words_of_title(book.entries[code].title)


def _stemmed(words: Sequence[str]) -> list[str]:
    return [
        word[:-1] if len(word) > 4 and word.endswith("s") and not word.endswith("ss") else word
        for word in words
    ]


def _seventh(code: str, context: str, visit: str, book: Codebook) -> list[str]:
    """Return the 7th characters to try, the fittest first."""
    allowed = book.entries[code].seventh
    if not allowed:
        return ["A"]
    fracture = "fracture" in book.title(code).lower() or "K" in allowed
    first: list[str] = []
    if _SEQUELA.search(context):
        first.append("S")
    if fracture:
        first += [character for pattern, character in _HEALING if pattern.search(context)]
    later = _LATER.search(context) or _LATER.search(visit[:60]) or _MENDING.search(visit)
    if later or (_LATER.search(visit) and not _ACUTE_VISIT.search(visit)):
        first.append("D")
    if re.search(r"\b(?:open|compound)\b", context) and "B" in allowed:
        first.append("B")
    stages = [
        key
        for key, meaning in allowed.items()
        if meaning.endswith(" stage") and meaning.split()[0] in context
    ]
    order = [*first, *stages, "A", "0", *allowed]
    return [character for character in dict.fromkeys(order) if character in allowed]
