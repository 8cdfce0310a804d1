"""The clauses of a sentence that stand by themselves, each as tokens: what restricts one of them is not lost."""

from collections.abc import Sequence
from dataclasses import dataclass

from clinweave.knowledge.citations.clauses import (
    ADVERBS,
    AUXILIARIES,
    BE,
    CONDITIONS,
    PREPOSITIONS,
    UNCHANGED,
    fronted,
    groups,
)
from clinweave.knowledge.citations.inflection import is_verb, word_set
from clinweave.knowledge.citations.tokens import Token
from clinweave.knowledge.citations.variants import variants

# A sentence with one of these is taken whole or not at all: someone else says it, or it is not said to be so.
_REPORTING = word_set(
    "claim say said believe argue allege insist think suggest propose assume suppose hypothesis "
    "hypothesize assert contend maintain report promise advertise opinion myth hope expect wish doubt "
    "deny dispute question ask wonder whether according assumption speculate imagine fear predict "
    "convince told tell would had unless if provided rumor reject refute contradict untrue false wrong "
    "misconception fallacy supposedly allegedly reportedly purportedly theory theoretically conceivable "
    "although though despite except nobody neither nor only opponent supporter critic proponent advocate "
    "teach taught think consider deem suspect swear postulate once formerly previously historically"
)
_RESTRICTING = frozenset({"in", "for", "during", "after", "before", "at", "without", "except", "under", "on"})
_BREAKS = frozenset({",", ";", "and", "but"})
_PERIODS = ("childhood", "infancy", "adulthood", "adolescence")
_JOINTS = frozenset({"and", "but"})
_CONTRAST = frozenset({"whereas", "while"})

Clause = tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """A sentence whole, and its parts where it may be divided (one part: it may not)."""

    whole: Clause
    parts: tuple[Clause, ...]


def reported(items: Sequence[Token]) -> bool:
    """Tell whether a sentence has a word that makes it somebody's view, a condition or a supposition."""
    return any(item.text in _REPORTING for item in items)


def clauses(items: Sequence[Token]) -> list[Clause]:
    """Return everything that a sentence of the evidence states by itself: the whole, and unrestricted clauses."""
    whole = tuple(items)
    found: list[Clause] = [whole]
    if reported(items):
        return found
    for variant in (
        _without_apposition(items),
        _without_even(items),
        _of_childhood(items),
        *relative(items),
        *_examples(items),
        *variants(items),
    ):
        if variant and tuple(variant) not in found:
            found.append(tuple(variant))
    for variant in list(found):
        parts = divided(variant)
        if len(parts) > 1:
            found.extend(part for part in _unrestricted(parts) if part not in found)
    return found


def divided(items: Sequence[Token]) -> list[Clause]:
    """Return the coordinated clauses of a sentence, each with its subject; the sentence itself if there is one."""
    front, rest = fronted(items)
    pieces: list[list[Token]] = [[]]
    links: list[str] = []
    position = 0
    while position < len(rest):
        link, length = _link(rest, position)
        if link and _has_verb(pieces[-1]) and _begins_clause(rest, position + length, link):
            pieces.append([])
            links.append(link)
            position += length
            continue
        pieces[-1].append(rest[position])
        position += 1
    if len(pieces) == 1:
        return [tuple(items)]
    lead = [*front, Token(",", "mark", "", ",")] if front else []
    done: list[Clause] = []
    subject: list[Token] = []
    helpers: list[Token] = []
    for piece in pieces:
        group = next(groups(piece), None)
        full = piece
        if group is not None and group.start > 0 and not _starts_with_verb(piece):
            subject = piece[: group.start]
            helpers = [item for item in piece[group.start : group.end] if item.text in AUXILIARIES]
        elif piece and (piece[0].form == "ed" or _unchanged(piece)) and helpers:
            full = [*subject, *helpers, *piece]
        else:
            full = [*subject, *piece]
        if full[:1] and full[0].text in ("it", "they") and done:
            first = next(groups(list(done[0][len(lead) :])), None)
            full = [*done[0][len(lead) :][: first.start if first else 0], *full[1:]]
        done.append((*lead, *full))
    return done


def _link(items: Sequence[Token], position: int) -> tuple[str, int]:
    """Return what joins two clauses at this place (";", "and", "but", "whereas") and its length."""
    text = items[position].text
    after = items[position + 1].text if position + 1 < len(items) else ""
    if text == ";":
        return ";", 2 if after in _JOINTS else 1
    if text == "," and after in _JOINTS | _CONTRAST:
        return after, 2
    if text in _JOINTS:
        return text, 1
    return "", 0


def _begins_clause(items: Sequence[Token], position: int, link: str) -> bool:
    """Tell whether a new clause begins: with a verb of the same subject, or with a subject and verb of its own."""
    rest = items[position:]
    if not rest:
        return False
    if _starts_with_verb(rest) or (rest[0].form == "ed" and is_verb(rest[0].text)) or _unchanged(rest):
        return True
    limit = next(
        (index for index, item in enumerate(rest) if item.text in _JOINTS | {";"} | _CONTRAST), len(rest)
    )
    piece = rest[:limit]
    group = next(groups(piece), None)
    if group is None or group.start == 0:
        return False
    subject = piece[: group.start]
    if any(item.text in PREPOSITIONS or item.text in CONDITIONS for item in subject[:1]):
        return False
    helper = any(item.text in AUXILIARIES for item in piece[group.start : group.end])
    return helper or link in (";", *_CONTRAST) or piece[group.end - 1].form in ("s", "ed")


def _starts_with_verb(items: Sequence[Token]) -> bool:
    place = 0
    while place < len(items) and items[place].text in ADVERBS | {"not", "never"}:
        place += 1
    if place >= len(items):
        return False
    item = items[place]
    return item.text in AUXILIARIES or (is_verb(item.text) and item.form == "s" and item.kind == "word")


def _unchanged(items: Sequence[Token]) -> bool:
    """Tell whether a participle that looks like the base form begins here: "spread by ticks"."""
    return len(items) > 1 and items[0].raw.lower() in UNCHANGED and items[1].text == "by"


def _has_verb(items: Sequence[Token]) -> bool:
    return any(group.start > 0 or group.imperative for group in groups(items))


def _unrestricted(parts: Sequence[Clause]) -> list[Clause]:
    """Leave out clauses that a phrase at the end of the sentence may restrict as well."""
    last = parts[-1]
    group = next(groups(list(last)), None)
    tail = last[group.end :] if group else last
    conditional = any(item.text in CONDITIONS for item in tail)
    limited = any(item.text in _RESTRICTING for item in tail)
    own_subject = len(parts) > 1 and _subject_of(parts[0]) != _subject_of(last)
    own_helper = group is not None and any(item.text in AUXILIARIES for item in last[group.start : group.end])
    if conditional or (limited and not own_subject and not own_helper):
        return [last]
    return list(parts)


def _subject_of(clause: Clause) -> tuple[str, ...]:
    group = next(groups(list(clause)), None)
    return tuple(item.text for item in clause[: group.start]) if group else ()


def _without_apposition(items: Sequence[Token]) -> list[Token]:
    """Return "X, a biguanide, lowers Y" without what stands between the commas."""
    places = [index for index, item in enumerate(items) if item.text == ","]
    if len(places) == 2 and places[0] > 0 and items[places[0] + 1].text in ("a", "an", "the", "also"):
        inside = items[places[0] + 1 : places[1]]
        after = items[places[1] + 1 :]
        plain = not any(item.text in BE or item.text in ("and", "or") for item in inside)
        if plain and after and (_starts_with_verb(after) or after[0].text in AUXILIARIES):
            return [*items[: places[0]], *after]
    return []


def _without_even(items: Sequence[Token]) -> list[Token]:
    """Return "X raises Y even at low doses" without what begins with "even": the rest holds without it."""
    for index in range(3, len(items) - 1):
        if items[index].text == "even" and items[index + 1].text in PREPOSITIONS:
            rest = items[index + 1 :]
            plain = not any(item.text in _BREAKS or item.text in CONDITIONS for item in rest)
            return list(items[:index]) if plain else []
    return []


def _of_childhood(items: Sequence[Token]) -> list[Token]:
    """Return "a cancer of the retina that occurs in childhood" as "a childhood cancer of the retina"."""
    texts = [item.text for item in items]
    for period in _PERIODS:
        for ending in (["that", "occur", "in", period], ["occur", "in", period], ["of", period]):
            start = len(texts) - len(ending)
            if start > 2 and texts[start:] == ending:
                article = next((index for index, text in enumerate(texts[:start]) if text in ("a", "an")), -1)
                if article < 0 or texts[article - 1] not in BE or len({"and", "or", ","} & set(texts)):
                    return []
                named = items[-1]._replace(form="")
                return [*items[: article + 1], named, *items[article + 1 : start]]
    return []


def defined(items: Sequence[Token]) -> list[Clause]:
    """Return "X is a Y that does Z" as "X is a Y" and "X does Z"; nothing for any other sentence."""
    group = next(groups(items), None)
    if (
        group is None
        or group.start == 0
        or group.verb != "be"
        or len(group.words) != 1
        or group.end >= len(items)
    ):
        return []
    if items[group.end].text not in ("a", "an"):
        return []
    for index in range(group.end + 2, len(items) - 2):
        if items[index].text in ("that", "which") and _starts_with_verb(items[index + 1 :]):
            before, after = items[:index], items[index + 1 :]
            if before[-1].text == ",":
                before = before[:-1]
            if any(item.text in CONDITIONS or item.text == "," for item in (*before, *after)):
                return []
            return [tuple(before), (*items[: group.start], *after)]
    return []


def relative(items: Sequence[Token]) -> list[Clause]:
    """Return "X, which A, B" as "X B" and "X A"; only where it stands behind the subject, between commas."""
    places = [index for index, item in enumerate(items) if item.text == ","]
    if len(places) < 2 or items[places[0] + 1].text not in ("which", "who"):
        return []
    head, inside, after = items[: places[0]], items[places[0] + 2 : places[1]], items[places[1] + 1 :]
    if not _starts_with_verb(inside) or not (
        _starts_with_verb(after) or (after[:1] and is_verb(after[0].text))
    ):
        return []
    if any(item.text in PREPOSITIONS for item in head):
        return []
    return [(*head, *after), (*head, *inside)]


def _examples(items: Sequence[Token]) -> list[list[Token]]:
    """Return "X such as A and B cause Y" as "X cause Y" and "A and B cause Y"."""
    for index in range(1, len(items) - 2):
        if [item.text for item in items[index : index + 2]] == ["such", "as"]:
            before = items[:index]
            if before[-1].text == ",":
                before = before[:-1]
            end = next(
                (group.start for group in groups(list(items)) if group.start > index + 2), None
            )  # where the verb begins
            if end is None or any(item.text in AUXILIARIES for item in before):
                head = _last_noun(before)
                named = [item for item in items[index + 2 :] if item.text != "."]
                return [list(before), [*before[:head], *named]] if head else []
            named = list(items[index + 2 : end])
            if named and named[-1].text == ",":
                named.pop()
            after = list(items[end:])
            if after and after[0].form == "" and is_verb(after[0].text):
                after[0] = after[0]._replace(form="s")  # one example may be singular
            return [[*before, *after], [*named, *after]]
    return []


def _last_noun(items: Sequence[Token]) -> int:
    """Return where the object before "such as" begins: right after the verb."""
    found = [group.end for group in groups(list(items))]
    if not found or any(item.text in PREPOSITIONS for item in items[found[-1] :]):
        return 0
    return found[-1]
