"""Words of names as families ("femoral" and "femur" are one), and kinds of words that decide what is a name."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.resources import files

from clinweave.knowledge.linking.dictionary import HashSet
from clinweave.knowledge.linking.normalise import Ints, Tokens, hashes_of

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
    word = american(word)
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


_PAIRS = {
    "leuco": "leuko", "leuca": "leuka", "colour": "color", "behaviour": "behavior", "tumour": "tumor", "odour": "odor",
    "sulph": "sulf", "fibre": "fiber", "centre": "center", "isation": "ization", "ising": "izing", "grey": "gray",
    "labour": "labor", "vapour": "vapor", "humour": "humor",
}  # fmt: skip
_BRITISH = re.compile("|".join(_PAIRS))
_AMERICAN = re.compile("leuko|leuka|color|behavior|tumor|sulf|fiber|ization|gray|ized\\b")
_BACK = {american: british for british, american in _PAIRS.items()} | {"ized": "ised"}
_ISED = re.compile(r"(?<=[a-z]{4})ised\b")


def american(word: str) -> str:
    """Return a normalised word in American spelling."""
    if "ise" in word:
        word = _ISED.sub("ized", word)
    return _BRITISH.sub(lambda match: _PAIRS[match[0]], word)


def british(name: str) -> str:
    """Return a name in British spelling; the same where nothing differs."""
    return _AMERICAN.sub(lambda match: _BACK[match[0]], name)


# Words that a name and a text may have or lack alike: function words, and what laboratories add.
_IN_NAMES = "of the a an in with and to for on by or morphology physiology circulating concentration level serum plasma"
# What only texts have between the words of a name: copulas, pronouns, degrees. A name that has one stays as it is.
_IN_TEXTS = """
his her their its this these both was were is are be been being appeared appear has have had
markedly extremely very slightly somewhat unusually invariably quite also often usually
"""
LOOSE = frozenset(_IN_TEXTS.split())
STOP_WORDS = frozenset(_IN_NAMES.split()) | LOOSE
ATTRIBUTES = ("al", "ar", "ic", "ous", "ary", "ive", "ine")
# Sides and degrees that only texts have between the words of a name: "hypoplastic left olfactory bulb".
_SIDES_AND_DEGREES = """
left right bilateral bilaterally both mild mildly moderate moderately severe severely marked grossly significant
significantly considerable considerably greatly persistently profoundly strikingly slight
"""
SKIPPED = frozenset(_SIDES_AND_DEGREES.split())
SKIPPED_HASHES = HashSet(hashes_of(sorted(SKIPPED)))
BARRED = frozenset({"and", "or", "with", "to", "no", "not", "without"})  # of a window with such words
KINDS, UNSPOKEN = frozenset({"morphology", "physiology"}), 2  # what a name says and a text seldom does
PREPOSITIONS = frozenset({"with", "to", "for", "by", "as", "from"})
JOINS = frozenset({"and", "or"})
STOP_HASH = hashes_of(["of"])
CONJUNCTIONS = HashSet(hashes_of(["and", "or"]))
_NEGATIVE_WORDS = "no not without never nor neither deny denied non negative free"
NO_VARIANTS = HashSet(hashes_of(["episode", *_NEGATIVE_WORDS.split()]))
ABSENCES = HashSet(
    hashes_of(["absence", "absent", "lack", "lacking", "missing", "loss", "lost", "deficiency"])
)
_ADJECTIVES = ("ic", "ous", "ive", "ed", "oid", "al")
_AFFECTS = frozenset({"affecting", "affected"})  # no "affect" of the mood
_MISSING, _WHERE = frozenset({"absent", "missing", "lost"}), frozenset({"in", "on", "at", "over", "from"})
_FEWEST = 2  # tokens before a conjunction: two members
_MAX_MEMBERS = 6  # members of a list
_OF = hashes_of(["of"])[0]
_ARTICLES = frozenset(hashes_of(["the", "both", "his", "her"]).tolist())
_LETTER = hashes_of(["a"])[0]


def content(words: Iterable[str]) -> list[str]:
    """Return the families of the words that are not stop words, sorted."""
    return sorted(family(word) for word in words if word not in STOP_WORDS)


@lru_cache(maxsize=1 << 15)
def bag_of(words: tuple[str, ...]) -> str:
    """Return the content of the words as the sets of a vocabulary are spelt."""
    return " ".join(content(words))


def cut_off(words: Sequence[str]) -> bool:
    """Say whether a window lacks what it speaks of: "(reflexes were) absent in the legs", "abnormalities affecting"."""
    if len(words) == 1:
        return not words[0].endswith(_ADJECTIVES)
    return not _AFFECTS.isdisjoint(words) or (words[0] in _MISSING and words[1] in _WHERE)


def joined_words(words: Sequence[str]) -> set[str]:
    """Return the families of the words on either side of each "and" or "or"."""
    stems = set()
    for position, word in enumerate(words):
        if word in JOINS:
            left = [item for item in words[:position] if item not in STOP_WORDS]
            right = [item for item in words[position + 1 :] if item not in STOP_WORDS]
            stems |= {family(item) for item in (*left[-1:], *right[:1])}
    return stems


def with_letter(tokens: Tokens, first: int, stop: int) -> list[str]:
    """Return the words of a window with the "a" after it, which is no article in "low vitamin A"."""
    words = tokens.words(first, stop)
    return [*words, "a"] if stop < len(tokens) and tokens.hash[stop] == _LETTER else words


def shared_words(tokens: Tokens, conjunctions: Ints) -> Iterator[tuple[int, int, int]]:
    """Yield (member, word, last): the token of a list's member and that of the word which the list shares.

    `conjunctions` are the tokens "and" and "or"; `last` is the last token of the stretch. Only lists of three members
    and more, or with a comma before the conjunction, each member one word.
    """
    clause, count = tokens.clause, len(tokens)
    conjunctions = conjunctions[conjunctions >= _FEWEST]
    alone = clause[conjunctions - 1] - clause[conjunctions - _FEWEST] == 1  # the member before it is one word
    for conjunction in conjunctions[alone].tolist():
        members = _before(tokens, conjunction)
        if not members or conjunction + 1 >= count or clause[conjunction + 1] != clause[conjunction]:
            continue
        head = conjunction + 2
        if head < count and clause[head] == clause[conjunction]:
            yield from ((member, head, head) for member in members)
        first = _opening(tokens, members[0])
        if first is not None:
            yield from ((member, first, conjunction + 1) for member in (*members[1:], conjunction + 1))


def _before(tokens: Tokens, conjunction: int) -> list[int]:
    """Return the one-word members before a conjunction, by place; none without a comma among them."""
    clause = tokens.clause
    members: list[int] = []
    at = conjunction - 1
    while at >= 0 and len(members) < _MAX_MEMBERS and tokens.segment[at] == tokens.segment[conjunction]:
        members.append(at)
        before = at - 1
        if before < 0 or clause[before] == clause[at] or clause[at] - clause[before] != 1:
            break
        at = before
    commas = len({int(clause[member]) for member in (*members, conjunction)}) > 1
    return members[::-1] if commas else []


def _opening(tokens: Tokens, member: int) -> int | None:
    """Return the word before "of" and a list's first member ("cysts of the liver, ..."), or None."""
    at = member - 1
    if at >= 1 and int(tokens.hash[at]) in _ARTICLES:
        at -= 1
    if at < 1 or tokens.hash[at] != _OF or tokens.clause[at - 1] != tokens.clause[member]:
        return None
    return at - 1
