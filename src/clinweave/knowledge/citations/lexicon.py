"""Synonyms and abbreviations: phrases of a token list are replaced by the form that both sides are compared in."""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from clinweave.knowledge.citations.inflection import is_verb, lexicon
from clinweave.knowledge.citations.tokens import Token, tokens

Phrases = Mapping[str, tuple[tuple[tuple[str, ...], tuple[Token, ...]], ...]]
_LONGEST_NAME = 8  # words before "(ABC)" that its letters may stand for
_SMALL = frozenset({"of", "and", "the", "to", "in", "with", "type", "for"})
_INSIDE = r"(?:also |abbreviated |known as |called |or )*"  # "(also called ABC)"
_NAMED = (  # ", also known as ABC,"
    r"(?:also |often |commonly |usually )?(?:abbreviated|known|called|referred to)(?: as| to)?(?: an?| the)?"
)
_ABBREVIATION = re.compile(
    rf"\(\s*{_INSIDE}([A-Z][A-Za-z0-9-]{{0,9}}|[a-z]{{1,2}}[A-Z]{{2,6}})\s*\)"
    rf"|, {_NAMED} ([A-Z][A-Za-z0-9-]{{1,9}})\s*(?=,)"
    r"|, or ([A-Z][A-Z0-9-]{1,9})\s*(?=,)"
)

# "GPA, granulomatosis with polyangiitis, is" and "GPA (granulomatosis with polyangiitis)"
_BEFORE_NAME = re.compile(r"\b([A-Z][A-Z0-9-]{1,9})(?:, | \()((?:[\w'-]+ ){1,6}[\w'-]+)(?=[,)])")


def canonical(items: Sequence[Token], *extra: Phrases) -> list[Token]:
    """Return the tokens with synonyms and abbreviations replaced; `extra` phrases (of a passage) come first."""
    done = list(items)
    for phrases in (*extra, _abbreviations(), _synonyms()):
        done = _replaced(done, phrases)
    return _without_repetition(done)


def _without_repetition(items: list[Token]) -> list[Token]:
    """Drop parentheses that repeat the words before them: "tuberculosis (TB)" with the abbreviation replaced."""
    texts = [item.text for item in items]
    for start in range(len(items)):
        if texts[start] != "(" or ")" not in texts[start:]:
            continue
        end = texts.index(")", start)
        inside = texts[start + 1 : end]
        if inside and texts[max(0, start - len(inside)) : start] == inside:
            return _without_repetition([*items[:start], *items[end + 1 :]])
    return items


def abbreviations(text: str) -> dict[str, str]:
    """Return the abbreviations that a text explains, "Myocardial infarction (MI)", with what they stand for."""
    result: dict[str, str] = {}
    for match in _BEFORE_NAME.finditer(text):
        words = re.findall(r"[\w'-]+", match[2])
        if name_of(match[1], words) == " ".join(words):
            result[match[1]] = " ".join(words)
    for match in _ABBREVIATION.finditer(text):
        before = re.findall(r"[\w'-]+", text[: match.start()])[-_LONGEST_NAME:]
        written = match[1] or match[2] or match[3]
        short = written.removesuffix("s") if written[:-1].isupper() else written
        name = name_of(short, before)
        if name:
            result[short] = name
    return result


def without_abbreviations(text: str, known: Mapping[str, str]) -> str:
    """Return the text without the parentheses that explain an abbreviation."""
    for short, long in known.items():
        name = re.escape(short)
        text = re.sub(rf"\b{name}(?:, {re.escape(long)},| \({re.escape(long)}\))", short, text)
        text = re.sub(rf"\s*\(\s*{_INSIDE}{name}s?\s*\)", "", text)
        text = re.sub(rf", (?:{_NAMED}|or) {name}s?\s*,", "", text)
    return text


def phrases_of(pairs: Mapping[str, str]) -> Phrases:
    """Return the phrases that replace each abbreviation by its name."""
    table: dict[str, list[tuple[tuple[str, ...], tuple[Token, ...]]]] = {}
    for short, name in pairs.items():
        for ending in ("", "s"):
            written = tuple(item.raw for item in tokens(short + ending))
            if written:
                table.setdefault(written[0], []).append((written, tuple(tokens(name))))
    return {first: tuple(sorted(rows, key=lambda row: -len(row[0]))) for first, rows in table.items()}


def name_of(short: str, before: Sequence[str]) -> str:
    """Return the words that an abbreviation stands for: its characters in order, each first one at a word's start."""
    letters = re.sub(r"[^a-z0-9]", "", short.lower())
    if len(letters) < 2:
        return ""
    for count in range(1, len(before) + 1):
        words = before[-count:]
        parts = [part for word in words for part in word.split("-") if part]
        initials = "".join(part[0].lower() for part in parts)
        main = "".join(part[0].lower() for part in parts if part.lower() not in _SMALL)
        if words[0][0].lower() != letters[0]:
            continue
        inside = _in_order(main, letters) and _in_order(letters, "".join(words).lower())
        if letters in (initials, main) or inside or _mostly(letters, main, "".join(words).lower()):
            return " ".join(words)
    return ""


def _mostly(letters: str, main: str, text: str) -> bool:
    """Tell whether at least half of an abbreviation are initials, the others stand in the words, in order."""
    initial = sum(letter in main for letter in letters)
    return (
        len(main) <= len(letters)
        and letters[-1] in main[1:]
        and 2 * initial > len(letters)
        and _in_order(letters, text)
        and len(letters) >= 3
    )


def _in_order(letters: str, text: str) -> bool:
    """Tell whether the letters stand in the text in this order, others between them or not."""
    rest = iter(text)
    return all(letter in rest for letter in letters)


@cache
def _synonyms() -> Phrases:
    table: dict[str, list[tuple[tuple[str, ...], tuple[Token, ...]]]] = {}
    for row in lexicon()["synonyms"]:
        target = tuple(tokens(row[0]))
        for phrase in row:
            words = tuple(item.text for item in tokens(phrase))
            table.setdefault(words[0], []).append((words, target))
    return {first: tuple(sorted(rows, key=lambda row: -len(row[0]))) for first, rows in table.items()}


@cache
def _abbreviations() -> Phrases:
    return phrases_of(lexicon()["abbreviations"])


def _replaced(items: Sequence[Token], phrases: Phrases) -> list[Token]:
    done: list[Token] = []
    position = 0
    while position < len(items):
        for words, target in _candidates(items[position], phrases):
            piece = items[position : position + len(words)]
            if _equal(piece, words):
                done.extend(_like(piece, target))
                position += len(words)
                break
        else:
            done.append(items[position])
            position += 1
    return done


def _candidates(token: Token, phrases: Phrases) -> tuple[tuple[tuple[str, ...], tuple[Token, ...]], ...]:
    return phrases.get(token.text) or phrases.get(token.raw) or ()


def _equal(piece: Sequence[Token], words: tuple[str, ...]) -> bool:
    """Tell whether the tokens are these words: as written for abbreviations, by base form for all others."""
    if any(word != word.lower() for word in words):
        return tuple(item.raw for item in piece) == words
    return tuple(item.text for item in piece) == words


def _like(piece: Sequence[Token], target: tuple[Token, ...]) -> list[Token]:
    """Return the target's tokens, the first inflected as the phrase's first where both are verbs."""
    first = piece[0]
    if not is_verb(target[0].text):
        return [*target[:-1], target[-1]._replace(form=piece[-1].form)]
    return [Token(target[0].text, target[0].kind, first.form, first.raw), *target[1:]]
