"""Whether a clause says the same as another by the same words: each word accounted for, and moved only where it may be.

Frames (`clauses`) need a verb and places that they know. This comparison needs neither: both clauses must have the
same content words (by stem), the same words of doubt, denial, degree, time and condition, and the same numbers. The
order may differ where the same preposition stands before what was moved, where items of a list changed places, where
"N of M" is "M N", and around a plain "is".
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from clinweave.knowledge.citations.clauses import AUXILIARIES, BE, DROPPED, FILLERS, PREPOSITIONS
from clinweave.knowledge.citations.inflection import is_verb, word_set
from clinweave.knowledge.citations.tokens import Token

_DENIALS = word_set(
    "not no never neither nor none without lack absent nobody nothing unable free negative cannot"
)
_DOUBTS = word_set(
    "may might can could possible possibly probably likely perhaps unlikely potential potentially seem appear"
)
_MARKERS = (
    word_set(
        "often usually sometimes rarely always most some all every few many common rare uncommon only mainly generally "
        "almost nearly exclusively several any each more less than high low great better worse superior inferior "
        "before after until since first then early late last later should must need if unless when while whether "
        "although though because except instead suggest suspect claim believe say hold think report swear far but "
        "still yet even against other another same different following despite non"
    )
    | _DENIALS
    | _DOUBTS
)
_LIGHT = word_set(
    "there it its their this these that which who patient people person also such as and or , ; : ( ) ' / % \""
)
_SEPARATORS = frozenset({",", "and", "or"})
_NOUN_LINKS = frozenset({"of", "in", "at", "with", "for", "to", "on", "from"})
_ENDING = re.compile(
    r"(?:ations?|ments?|ings?|ed|ions?|ally|al|ic|ous|ities|ity|ive|ances?|ences?|ly|ae|ia|is|es|y|e|s|a|um|us)$"
)
_PAST = frozenset({"was", "were", "had", "did", "been"})
_SHORTEST = 4  # letters of a stem
_LEAST = 3  # content words of a clause that is compared in this way
_MOST_BLOCKS = 6
_JOINTLY = word_set(
    "consist comprise form treat suggest indicate define diagnose require confirm together combine combination both "
    "between mixture"
)


class _Word(NamedTuple):
    """A content word: its stem, what stands right before it (a preposition, a separator, "be", "verb", "start").

    `form` is the ending of a verb ("ed", "s", "ing" or ""); None for other words.
    """

    stem: str
    link: str
    form: str | None = None


class Words(NamedTuple):
    """A clause as content words in order, its markers, and what must be the same on both sides or in the evidence."""

    words: tuple[_Word, ...]
    markers: Counter[str]
    joint: str
    together: bool
    denied: tuple[tuple[str, str], ...]  # the words before and after each denial
    predicate: str  # the article after the first "is": "the", "a" or ""


def words_of_clause(items: Sequence[Token]) -> Words:
    """Return the content words and the markers of a clause."""
    found: list[_Word] = []
    markers: Counter[str] = Counter()
    denials: list[int] = []
    link, joints = "start", set()
    fronted = bool(items) and items[0].text in PREPOSITIONS  # the first comma only ends what stands in front
    for item in items:
        text = item.text
        markers["past"] += text in _PAST
        if text in _MARKERS:
            markers["not" if text in _DENIALS else "may" if text in _DOUBTS else text] += 1
            if text in _DENIALS:
                denials.append(len(found))
        elif (changed := _link(item)) is not None:
            link = "start" if text == "," and fronted else changed
            fronted = fronted and text != ","
            joints |= {text} & {"and", "or"}
        elif text not in DROPPED | FILLERS | _LIGHT and (item.kind != "mark" or text in "<>≤≥=±"):
            form = item.form if item.kind == "word" and is_verb(text) else None
            found.append(_Word(stem(text) if item.kind == "word" else text, link, form))
            link = ""
    ends = ["", *(item.stem for item in found), ""]
    return Words(
        tuple(found),
        markers,
        "or" if "or" in joints else "and" if joints else "",
        any(item.text in _JOINTLY for item in items),
        tuple(sorted((ends[number], ends[number + 1]) for number in denials)),
        _predicate(items),
    )


def _link(item: Token) -> str | None:
    """Return the link that a word makes to what follows; None where it is no such word."""
    text = item.text
    if text in BE:
        return "be"
    if text in AUXILIARIES:
        return "verb"
    if text in _SEPARATORS or text == "of":
        return text
    if text in PREPOSITIONS and item.kind == "word" and text not in ("like", "as"):
        return PREPOSITIONS[text]
    return None


def _predicate(items: Sequence[Token]) -> str:
    """Return the article after the first "is" that has one: "the", "a" or ""."""
    for item, after in pairwise(items):
        if item.text in BE and after.text in ("a", "an", "the"):
            return "the" if after.text == "the" else "a"
    return ""


def stem(word: str) -> str:
    """Return a word without its ending: "retardation" and "retarded" as "retard"."""
    short = _ENDING.sub("", word) if len(word) > _SHORTEST else word
    return short if len(short) >= _SHORTEST else word


def restated(claim: Words, stated: Words) -> bool:
    """Tell whether `stated` says `claim` by the same words."""
    if len(claim.words) < _LEAST or claim.markers != stated.markers:
        return False
    if claim.predicate == "the" != stated.predicate or not _same_denials(claim, stated):
        return False
    if any(item.link == "by" for item in claim.words) != any(item.link == "by" for item in stated.words):
        return False
    wanted = Counter(item.stem for item in claim.words)
    present = Counter(item.stem for item in stated.words)
    if wanted - present or (max(wanted.values()) > 1 and wanted != present):
        return False
    kept = stated.words if wanted == present else _without_items(stated, wanted)
    return kept is not None and _same_order(claim, kept, stated.predicate)


def _same_denials(claim: Words, stated: Words) -> bool:
    """Tell whether each denial stands before or after the same word on both sides."""
    return all(
        one[0] == other[0] or one[1] == other[1]
        for one, other in zip(claim.denied, stated.denied, strict=True)
    )


def _without_items(stated: Words, wanted: Counter[str]) -> tuple[_Word, ...] | None:
    """Return the words without whole items of an "and" list that the claim leaves out; None where more would go."""
    if stated.together or stated.joint != ("or" if stated.markers["not"] else "and"):
        return None
    words = list(stated.words)
    kept: list[_Word] = []
    position = 0
    while position < len(words):
        end = position + 1
        while end < len(words) and words[end].link not in _SEPARATORS:
            end += 1
        item = words[position:end]
        gone = [word for word in item if word.stem not in wanted]
        if any(word.link not in _SEPARATORS | {"", "of"} for word in gone[1:]):
            return None
        if not gone:
            kept.extend(item)
        elif len(gone) != len(item) or item[0].link not in _SEPARATORS:
            first = next((n for n, word in enumerate(item) if word.stem not in wanted), 0)
            tail = item[first:]
            nextlink = words[end].link if end < len(words) else ""
            if first == 0 or len(gone) != len(tail) or nextlink not in _SEPARATORS:
                return None
            kept.extend(item[:first])
            link = tail[0].link
            if end < len(words):
                words[end] = words[end]._replace(link=link)
        position = end
    return tuple(kept)


def _same_order(claim: Words, stated: Sequence[_Word], stated_article: str) -> bool:
    """Tell whether the words stand in the same order, but for moves that leave the meaning."""
    one, other = list(claim.words), list(stated)
    if [item.stem for item in one] == [item.stem for item in other]:
        pairs = list(zip(one, other, strict=True))
        return all(_same_link(first, second) and _same_form(first, second) for first, second in pairs)
    if any(count > 1 for count in Counter(item.stem for item in one).values()):
        return False
    if any(text in claim.markers for text in ("than", "before", "after", "then", "first", "until", "since")):
        return False
    if not all(_same_form(first, second) for first in one for second in other if first.stem == second.stem):
        return False
    blocks = _blocks(one, other)
    if len(blocks) > _MOST_BLOCKS or sum(item.link == "be" for item in one) > 1:
        return False
    place = {item.stem: number for number, item in enumerate(other)}
    return _turned(blocks, one, other, place, stated_article) or all(
        _may_move(number, blocks, other, place) for number in range(len(blocks))
    )


def _blocks(one: Sequence[_Word], other: Sequence[_Word]) -> list[list[_Word]]:
    """Return the claim's words in runs that stand together in the evidence as well."""
    place = {item.stem: number for number, item in enumerate(other)}
    blocks: list[list[_Word]] = []
    for item in one:
        if blocks and place[item.stem] == place[blocks[-1][-1].stem] + 1:
            blocks[-1].append(item)
        else:
            blocks.append([item])
    return blocks


def _may_move(
    number: int, blocks: Sequence[Sequence[_Word]], other: Sequence[_Word], place: dict[str, int]
) -> bool:
    """Tell whether a block may stand where it does: with its preposition, as a list item, or as "M N" of "N of M"."""
    block = blocks[number]
    link, link_there = block[0].link, other[place[block[0].stem]].link
    if link == link_there and (link in PREPOSITIONS.values() or link in ("start", "be", "verb", "")):
        return True
    if link in _SEPARATORS and link_there in _SEPARATORS:
        return True
    listed = {link, link_there} & _SEPARATORS
    if listed and _in_list(blocks, other, place):
        return True
    return _nouns_turned(number, blocks, other, place)


def _in_list(blocks: Sequence[Sequence[_Word]], other: Sequence[_Word], place: dict[str, int]) -> bool:
    """Tell whether a block is the first item of a list here or there, and a later item at the other place."""
    here = sum(item[0].link in _SEPARATORS for item in blocks)
    there = sum(other[place[item[0].stem]].link in _SEPARATORS for item in blocks)
    return here > 0 and there > 0 and here == there


def _nouns_turned(
    number: int, blocks: Sequence[Sequence[_Word]], other: Sequence[_Word], place: dict[str, int]
) -> bool:
    """Tell whether a block and its neighbour are "N of M" here and "M N" there."""
    for first, second in ((number - 1, number), (number, number + 1)):
        if first < 0 or second >= len(blocks):
            continue
        before, after = blocks[first], blocks[second]
        if place[after[-1].stem] + 1 != place[before[0].stem]:
            continue
        here, there = after[0].link, other[place[before[0].stem]].link
        if {here, there} & {""} and {here, there} & _NOUN_LINKS:
            return before[0].link == other[place[after[0].stem]].link
    return False


def _turned(
    blocks: Sequence[Sequence[_Word]],
    one: Sequence[_Word],
    other: Sequence[_Word],
    place: dict[str, int],
    article: str,
) -> bool:
    """Tell whether both sides of a plain "is" changed places; "X is a Y" does not say that Y is X."""
    if len(blocks) != 2 or article == "a":
        return False
    bes = [sum(item.link == "be" for item in words) for words in (one, other)]
    there = other[place[blocks[0][0].stem]]
    return bes == [1, 1] and blocks[1][0].link == "be" and there.link == "be"


def _same_form(first: _Word, second: _Word) -> bool:
    """Tell whether a verb is in the past on both sides or on neither."""
    both = first.form is not None and second.form is not None
    return not both or (first.form == "ed") == (second.form == "ed")


def _same_link(first: _Word, second: _Word) -> bool:
    """Tell whether what stands before a word is the same, where it matters ("to", "from", "by", "against")."""
    strict = {"to", "from", "by", "against", "over", "under", "above", "below", "without", "into"}
    return first.link == second.link or not ({first.link, second.link} & strict)
