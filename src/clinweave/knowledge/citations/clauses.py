"""Clauses as frames: verb, subject, object, prepositional phrases, polarity, possibility, duty and tense.

There is no grammar behind this: each place at which a verb may stand gives one reading, and a sentence is supported
only where a reading of it equals a reading of the evidence (`entailment`). A wrong reading costs recall, since the same
words must then stand at the same places on both sides.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from clinweave.knowledge.citations.bags import Bag, bag_of, items_of
from clinweave.knowledge.citations.inflection import is_verb, word_set
from clinweave.knowledge.citations.tokens import Token

BE = frozenset(["is", "are", "was", "were", "be", "been", "being", "am"])
HAVE = frozenset({"has", "have", "had", "having"})
DO = frozenset({"do", "does", "did"})
MODALS = {
    "can": 2,
    "may": 2,
    "could": 1,
    "might": 1,
    "should": 3,
    "must": 3,
    "will": 3,
    "shall": 3,
    "would": 0,
}
DUTIES = {"should": 2, "must": 3, "shall": 3}
AUXILIARIES = BE | HAVE | DO | MODALS.keys()
NEGATIONS = frozenset({"not", "never", "no", "neither", "nor", "none"})
ADVERBS = word_set(
    "often usually sometimes rarely always mainly most generally probably possibly perhaps potentially "
    "likely only frequently commonly normally daily weekly monthly yearly largely partly nearly almost "
    "very rather hardly barely currently still directly especially particularly significantly greatly "
    "slightly markedly strongly severely quickly slowly well safely effectively reliably typically "
    "exclusively solely ever"
)
FILLERS = frozenset(["also", "too", "therefore", "thus", "then", "indeed", "additionally"])
CERTAIN, DROPPED = (
    3,
    frozenset(["a", "an", "the", "this", "its", "their", "his", "her", "our", "your", "both"]),
)
PREPOSITIONS = {
    "in": "in", "among": "in", "within": "within", "for": "for", "with": "with", "using": "with", "by": "by",
    "to": "to",
    "from": "from", "at": "at", "on": "on", "after": "after", "before": "before", "during": "during",
    "through": "by", "via": "by", "without": "without", "under": "under", "over": "over", "above": "above",
    "below": "below", "between": "between", "against": "against", "into": "into", "as": "as",
    "per": "per", "toward": "to", "towards": "to", "despite": "despite", "since": "since", "like": "such",
    "throughout": "throughout", "across": "across", "because": "because", "following": "after", "near": "near",
    "instead": "instead", "around": "around", "upon": "on", "beyond": "beyond", "except": "except", "besides": "except",
}  # fmt: skip
CONDITIONS = word_set(
    "if unless until once provided whether although though while whereas that which who whose where why "
    "how but not only even so lest till than"
)
_NOT_MANNER = word_set(
    "family assembly anomaly elderly early only likely unlikely supply reply apply multiply"
)
_PLURAL = word_set("patient they we you i people who that which and or , not never child woman man")
UNCHANGED = frozenset({"spread", "cut", "put", "set", "hit", "shut"})  # participles like the base form
LISTS = frozenset({",", "and", "or", "nor"})


@dataclass(frozen=True, slots=True)
class Chunk:
    """A noun phrase: its words as a sorted bag, and the same as the items of a list."""

    bag: Bag = ()
    items: tuple[Bag, ...] = ()
    joint: str = ""  # "and" or "or" where it is a list
    article: str = ""  # "a", "the" or ""
    phrases: tuple[tuple[str, Bag], ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """One reading of a clause."""

    verb: str
    subject: Chunk = field(default_factory=Chunk)
    object: Chunk = field(default_factory=Chunk)
    phrases: tuple[tuple[str, Bag], ...] = ()
    adverbs: frozenset[str] = frozenset()
    negated: bool = False
    possibility: int = CERTAIN
    duty: int = 0
    past: bool = False
    passive: bool = False
    imperative: bool = False
    loose: bool = True  # its adverbs stand in the verb group and speak of nothing else
    exhaustive: bool = False  # "the symptoms are A and B": these and no others


@dataclass(frozen=True, slots=True)
class Group:
    """A verb group and where it stands."""

    start: int
    end: int
    verb: str
    words: tuple[str, ...]  # the auxiliaries, negations and adverbs in it
    passive: bool = False
    past: bool = False
    imperative: bool = False


def frames(items: Sequence[Token]) -> list[Frame]:
    """Return the readings of one clause; none where no verb is known."""
    items = [item for item in items if item.text not in FILLERS]
    items = [  # "helps to prevent" is "helps prevent"
        item
        for index, item in enumerate(items)
        if not (item.text == "to" and index and items[index - 1].text == "help")
    ]
    result: list[Frame] = []
    for front, rest in (fronted(items), *_without_comma(items)):
        for group in groups(rest):
            frame = _frame(rest, group)
            if front:
                frame = replace(frame, phrases=_sorted([*frame.phrases, *_phrases(front)[1]]))
            result.append(frame)
    return result


def _without_comma(items: Sequence[Token]) -> Iterator[tuple[list[Token], list[Token]]]:
    """Yield the ways to divide "In X the Y is Z" and "at usual doses X does Z" where no comma does."""
    if not items or items[0].text not in PREPOSITIONS:
        return
    verbs = {group.start for group in groups(items)}
    comma = next((index for index, item in enumerate(items) if item.text == ","), len(items))
    for index in range(2, len(items) - 1):
        if index < comma and (
            items[index].text in ("a", "an", "the", "no") or index + 1 in verbs or _order(items, index)
        ):
            yield list(items[:index]), list(items[index:])


def _order(items: Sequence[Token], place: int) -> bool:
    """Tell whether an order may begin here: "at every visit check the weight"."""
    item = items[place]
    return item.kind == "word" and item.form == "" and is_verb(item.text) and item.text not in AUXILIARIES


def fronted(items: Sequence[Token]) -> tuple[list[Token], list[Token]]:
    """Return the phrase before the first comma where it begins with a preposition or condition, and the rest."""
    if items and (items[0].text in PREPOSITIONS or items[0].text in CONDITIONS):
        for index, item in enumerate(items):
            if item.text == ",":
                return list(items[:index]), list(items[index + 1 :])
    return [], list(items)


def groups(items: Sequence[Token]) -> Iterator[Group]:
    """Yield the places at which a verb may stand, from left to right."""
    position = 0
    while position < len(items):
        text = items[position].text
        if items[position].kind == "word" and text in AUXILIARIES:
            group = _auxiliary_group(items, position)
            yield group
            if (
                group.verb not in ("be", "have")
                and any(word in BE for word in group.words)
                and not group.passive
            ):
                yield replace(group, verb="be", end=group.end - 1)
            position = max(group.end, position + 1)
            continue
        if _finite(items, position):
            start = position
            while start > 1 and items[start - 1].text in ADVERBS | {"never"}:
                start -= 1
            words = tuple(item.text for item in items[start:position])
            past = items[position].form == "ed"
            yield Group(start, position + 1, text, words, past=past, imperative=position == 0)
        position += 1


def _auxiliary_group(items: Sequence[Token], position: int) -> Group:
    start, last = position, position
    while last < len(items) and (
        items[last].text in AUXILIARIES | NEGATIONS | ADVERBS or _manner(items[last])
    ):
        last += 1
    while last - 1 > position and items[last - 1].text == "no":  # "has no cure": "no" belongs to the noun
        last -= 1
    while start > 0 and items[start - 1].text in ADVERBS | {"never"}:
        start -= 1
    words = [item.text for item in items[start:last]]
    helpers = [word for word in words if word in AUXILIARIES]
    main = items[last] if last < len(items) else None
    past = helpers[0] in ("was", "were", "had", "did")
    if main is not None and main.kind == "word":
        taken = tuple(words)
        same = main.raw.lower() in UNCHANGED
        if helpers[-1] in BE and (main.form == "ed" or same or _participle(main.text)):
            verb = main.text if main.form == "ed" or same else main.text.removesuffix("d").removesuffix("e")
            return Group(start, last + 1, verb, taken, passive=True, past=past)
        if helpers[-1] in HAVE and (main.form == "ed" or same):
            return Group(start, last + 1, main.text, taken, past=past)
        if helpers[-1] in BE and main.form == "ing" and is_verb(main.text):
            return Group(start, last + 1, main.text, taken, past=past)
        bare = helpers[-1] in MODALS or helpers[-1] in DO
        if bare and main.form == "":
            order = start == 0 and words[:2] == ["do", "not"]
            return Group(start, last + 1, main.text, taken, past=past, imperative=order)
    name = "be" if helpers[-1] in BE else "have" if helpers[-1] in HAVE else "do"
    return Group(start, last, name, tuple(words), past=past)


def _participle(word: str) -> bool:
    return len(word) > 5 and word.endswith("ed") and not word.endswith(("eed", "ied"))


def _finite(items: Sequence[Token], position: int) -> bool:
    """Tell whether a full verb may stand here without an auxiliary."""
    item = items[position]
    if item.kind != "word" or not is_verb(item.text) or item.form == "ing":
        return False
    if position == 0:
        return item.form == ""
    before = items[position - 1]
    if item.form == "" and not any(word.form == "s" or word.text in _PLURAL for word in items[:position]):
        return False  # a plain form needs a plural subject: "whooping cough" has none
    return before.text not in DROPPED | PREPOSITIONS.keys() - {"to"} | {"of", "to", "no"}


def _frame(items: Sequence[Token], group: Group) -> Frame:
    left, right = list(items[: group.start]), list(items[group.end :])
    adverbs = set(group.words) - AUXILIARIES - NEGATIONS | {"never"} & set(group.words)
    negations = sum(word in NEGATIONS for word in group.words)
    left, more = _without_adverbs(left)
    right, others = _without_adverbs(right)
    loose = not more | others
    adverbs |= more | others
    for side in (left, right):
        negations += _take_negation(side)
    modals = [word for word in group.words if word in MODALS]
    if "will" in modals or "would" in modals:
        adverbs.add("will")
    article = _article(right)
    subject = _chunk(left)
    target, phrases = _phrases(right)
    frame = Frame(
        group.verb,
        subject,
        replace(target, article=article),
        _sorted(phrases),
        frozenset(adverbs),
        negations % 2 == 1,
        min((MODALS[word] for word in modals), default=CERTAIN),
        max((DUTIES.get(word, 0) for word in modals), default=0),
        group.past,
        group.passive,
        group.imperative,
        loose,
    )
    if negations > 1:
        frame = replace(frame, adverbs=frame.adverbs | {"double negation"})
    return frame


def _take_negation(side: list[Token]) -> int:
    """Remove a denying determiner at the beginning of a noun phrase ("no cure", "neither A nor B")."""
    if side and side[0].text in ("no", "neither", "none"):
        word = side.pop(0).text
        if word == "none" and side and side[0].text == "of":
            side.pop(0)
        for index, item in enumerate(side):
            if item.text == "nor":
                side[index] = item._replace(text="or")
        return 1
    return 0


def _without_adverbs(items: list[Token]) -> tuple[list[Token], set[str]]:
    """Return the tokens without adverbs of frequency and period, and these; "only" keeps its place."""
    free = word_set(
        "often usually sometimes rarely always mainly generally probably possibly daily weekly monthly yearly "
        "potentially currently"
    )
    loose = {item.text for item in items if item.text in free or _manner(item)}
    return [item for item in items if item.text not in loose], loose


def _manner(item: Token) -> bool:
    """Tell whether a word is an adverb in -ly that may stand anywhere."""
    return (
        item.kind == "word"
        and len(item.text) > 5
        and item.text.endswith("ly")
        and item.text not in _NOT_MANNER
    )


def _article(items: Sequence[Token]) -> str:
    if not items:
        return ""
    first = items[0].text
    if first in ("a", "an") or [item.text for item in items[:2]] == ["one", "of"]:
        return "a"
    return "the" if first == "the" else ""


def _chunk(items: Sequence[Token]) -> Chunk:
    target, phrases = _phrases(items)
    return replace(target, phrases=_sorted(phrases), article=_article(items))


def _phrases(items: Sequence[Token]) -> tuple[Chunk, list[tuple[str, Bag]]]:
    """Return the noun phrase at the beginning, and the prepositional phrases and conditions after it."""
    head: list[Token] = []
    phrases: list[tuple[str, list[Token]]] = []
    condition = False
    for item in _without_patients(items):
        name = PREPOSITIONS.get(item.text)
        if item.text in CONDITIONS and item.text != "only" and not condition:
            phrases.append(("that" if item.text in ("which", "who") else item.text, []))
            condition = True
        elif name is not None and not condition and item.kind == "word":
            phrases.append((name, []))
        elif item.text == ";" or (item.text == "," and condition):
            condition = False
        elif phrases:
            phrases[-1][1].append(item)
        else:
            head.append(item)
    return _list_of(head), [
        (name, _in_order(words) if name in CONDITIONS else _list_of(words).bag) for name, words in phrases
    ]


def _without_patients(items: Sequence[Token]) -> list[Token]:
    """Read "in patients with X" as "in X"."""
    done: list[Token] = []
    position = 0
    while position < len(items):
        words = [item.text for item in items[position : position + 3]]
        done.append(items[position])
        if len(words) == 3 and words[0] in ("in", "among", "for", "by") and words[1:] == ["patient", "with"]:
            position += 2
        position += 1
    return done


def _list_of(items: Sequence[Token]) -> Chunk:
    if _has_clause(items):  # a clause inside: its order counts
        bag = _in_order(items)
        return Chunk(bag, (bag,) if bag else ())
    parts: list[list[list[str]]] = [[[]]]
    joints = {item.text for item in items if item.text in ("and", "or", "nor")}
    for item in items[2 if [token.text for token in items[:2]] == ["one", "of"] else 0 :]:
        if item.text in LISTS:
            parts.append([[]])
        elif item.text == "of":
            parts[-1].append([])
        elif _counts(item):
            parts[-1][-1].append(item.text)
    joint = "or" if joints & {"or", "nor"} else "and" if joints else ""
    bag = bag_of(parts, joint)
    return Chunk(bag, items_of(bag), joint)


def _in_order(items: Sequence[Token]) -> Bag:
    """Return the words in their order, for what has a verb of its own."""
    return tuple(item.text for item in items if (_counts(item) or item.text in BE) and item.text != "of")


def _counts(item: Token) -> bool:
    """Tell whether a word must be equal: no articles, no forms of "be", no marks."""
    return item.text not in DROPPED | BE | {"be"} and (item.kind != "mark" or item.text in ":/<>%")


def _has_clause(items: Sequence[Token]) -> bool:
    """Tell whether there is an inflected verb in a noun phrase: "protamine reverses heparin", not "causes of fever"."""
    for index, item in enumerate(items):
        if item.text in AUXILIARIES:
            return True
        bare = (
            item.form == ""
            and index > 0
            and (items[index - 1].form == "s" or items[index - 1].text in _PLURAL)
        )
        verb = (item.form in ("s", "ed") or bare) and item.kind == "word" and is_verb(item.text)
        if not verb or index in (0, len(items) - 1):
            continue
        before, after = items[index - 1].text, items[index + 1].text
        if before not in DROPPED | LISTS | {"of"} and after not in LISTS | {"of"} | PREPOSITIONS.keys():
            return True
    return False


def _sorted(phrases: Sequence[tuple[str, Bag]]) -> tuple[tuple[str, Bag], ...]:
    return tuple(sorted(item for item in phrases if item[1] or item[0] in CONDITIONS))
