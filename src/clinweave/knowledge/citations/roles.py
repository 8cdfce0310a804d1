"""A clause as words with their roles: who acts, on what, in which phrase, and in which item of a list.

Softer than frames (`clauses`): a word that is read into another phrase is still there, with another link.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from clinweave.knowledge.citations.clauses import (
    AUXILIARIES,
    BE,
    CONDITIONS,
    DROPPED,
    FILLERS,
    PREPOSITIONS,
    Group,
    fronted,
    groups,
)
from clinweave.knowledge.citations.inflection import is_verb, lexicon, word_set
from clinweave.knowledge.citations.tokens import Token

_DENIALS = word_set("not no never neither nor none cannot fail lack")
_POSSIBLE = {"may": 2, "can": 2, "might": 1, "could": 1, "possible": 2, "possibly": 2}
_CERTAIN = 3
_DUTIES = {"should": 2, "must": 3, "shall": 3, "recommend": 2, "consider": 1, "require": 3}
_ADVISED = 2
_NOTHING = word_set(  # verbs and nouns that add nothing to the words around them
    "call know term name mean refer define regard count see find observe note identify detect show have carry occur "
    "patient people person case individual there it its their this these that which who also such as we you "
    "present be do use give feature result take include become get pattern gene age go along stand disclose doctor "
    "author about up avoid contraindicate arise"
)
_HAVING = word_set(
    "have show carry present develop get experience contract acquire find identify detect disclose reveal"
)
_REFUSING = frozenset({"avoid", "contraindicate"})  # "should be avoided" is "should not be used"
_NAMING = word_set("call term name define know refer mean count stand")
_RELATIVE = frozenset({"who", "which", "that", "whose"})
_SEPARATORS = frozenset({",", "and", "or", ";", "nor"})
_TOGETHER = word_set(
    "treat suggest indicate define diagnose require confirm recommend cure prevent combine consist comprise "
    "make form together combination both between mixture plus"
)
_ANNOUNCING = word_set("comprise include are is of require need")  # before a colon and a list
_EQUAL = {"every": "all", "each": "all", "frequent": "common", "frequently": "often", "commonly": "often"}
_OPPOSITES = {  # one word for a denial and a word
    "unknown": "know", "ineffective": "effective", "absent": "present", "unnecessary": "necessary",
}  # fmt: skip
_ENDING = re.compile(
    r"(?:ations?|ments?|ings?|ed|ions?|ally|al|ic|ous|ities|ity|ive|ances?|ences?|ly|ae|ia|is|es|y|e|s|a|um|us)$"
)
_SHORTEST_STEM = 4  # letters
_DERIVED = re.compile(r"(?:at|ur|i?er|or|et|es)$")  # of a stem: vaccinat(ion), clos(ure), carr(ier)
_SHORTEST = 4  # letters of what is left of a stem


class Part(NamedTuple):
    """A word with its place: its family, role ("agent", "object", "verb", "phrase") and item of a list.

    `link` joins its phrase ("in", "if"), "" in the core of subject and object; `depth` counts the "of"s before it;
    `head`: the last word of its noun phrase; `region` and `item` are numbers.
    """

    key: str
    role: str
    link: str
    depth: int
    head: bool
    number: bool
    region: int
    item: int
    segment: int

    @property
    def core(self) -> bool:
        """Whether the word stands in the subject or object itself."""
        return not self.link and self.depth == 0


class Roles(NamedTuple):
    """A clause as parts, and what else must be equal."""

    parts: tuple[Part, ...]
    denied: tuple[str, ...]  # for each denial the word that follows it
    simple: bool  # no clause inside
    possibility: int
    duty: int
    past: bool
    article: str
    naming: bool
    joint: str
    together: bool
    exhaustive: bool


def family(word: str) -> str:
    """Return the family of a word: "urinary" and "urine", "closure" and "close" have one."""
    short = stem(word)
    bare = _DERIVED.sub("", short)
    return _FAMILIES.get(word) or _FAMILIES.get(short) or (bare if len(bare) >= _SHORTEST else short)


def stem(word: str) -> str:
    """Return a word without its ending: "retardation" and "retarded" as "retard"."""
    short = _ENDING.sub("", word) if len(word) > _SHORTEST_STEM else word
    return short if len(short) >= _SHORTEST_STEM else word


def _families() -> dict[str, str]:
    return {word: row[0] for row in lexicon().get("families", ()) for word in row}


_FAMILIES = _families()
NOTHING = frozenset(family(word) for word in _NOTHING)


class _Reader:
    """Collects the parts of a clause, region by region (subject, object, what stands in front)."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self._region = self._item = self._segment = 0

    def take(self, items: Sequence[Token], role: str, link: str = "") -> None:
        """Add the words of one region; prepositions in it begin phrases, commas and "and" items."""
        self._region += 1
        self._item += 1
        base, depth = link, 0
        own: list[Token] = []
        for index, item in enumerate(items):
            name = _link(items, index)
            if item.text in _SEPARATORS:
                self._close(own, role, link, depth)
                self._item += 1
                own = []
            elif item.text == "of" or name is not None:
                self._close(own, role, link, depth)
                own = []
                if item.text == "of":
                    depth += 1
                elif index == 0 or items[index - 1].text != "than":
                    link, depth = name or base, 0
            else:
                own.append(item)
        self._close(own, role, link, depth)

    def _close(self, own: Sequence[Token], role: str, link: str, depth: int) -> None:
        words = [item for item in own if _content(item)]
        self._segment += 1
        for index, item in enumerate(words):
            number = item.kind == "number"
            key = item.text if number else family(item.text)
            head = index == len(words) - 1
            self.parts.append(
                Part(key, role, link, depth, head, number, self._region, self._item, self._segment)
            )

    def verb(self, key: str) -> None:
        """Add a word of the verb group."""
        self.parts.append(Part(key, "verb", "", 0, True, False, 0, 0, 0))


def _link(items: Sequence[Token], place: int) -> str | None:
    """Return the link that a preposition or conjunction makes to what follows; None for other words."""
    item = items[place]
    if item.kind != "word" or (item.text == "to" and _infinitive(items, place)):
        return None
    raw = item.raw.lower()
    text = raw if raw in ("following", "using") else item.text
    if text in ("as", "since") and next(groups(list(items[place + 1 :])), None) is not None:
        return "because"
    if text in PREPOSITIONS:
        return PREPOSITIONS[text]
    if text == "than" or (text in CONDITIONS and text not in ("not", "only", "even", "but", "so")):
        return "that" if text in ("which", "who", "whose") else text
    return None


def _infinitive(items: Sequence[Token], place: int) -> bool:
    after = items[place + 1] if place + 1 < len(items) else None
    return after is not None and after.form == "" and is_verb(after.text)


def _content(item: Token) -> bool:
    text = item.text
    if item.kind == "mark":
        return text in "<>≤≥=±"
    dropped = (text in DROPPED and text != "both") or item.raw.lower() == "affected"
    return not (
        dropped
        or text in AUXILIARIES
        or text in _DENIALS
        or text in _DUTIES
        or text in _POSSIBLE
        or text == "to"
    )


def _plain(items: Sequence[Token]) -> list[Token]:
    """Return the tokens with words that deny taken apart and words that are equal here as one."""
    done: list[Token] = []
    for index, item in enumerate(items):
        once = item.raw.lower() == "used" and [token.text for token in items[index + 1 : index + 2]] == ["to"]
        if once and (not done or done[-1].text not in BE):  # "used to be", but not "is used to treat"
            done.append(Token("formerly", "word", "", "formerly"))
            continue
        if item.text == ":" and done and done[-1].text in _ANNOUNCING:
            continue
        if item.text in _OPPOSITES:
            done.extend([Token("not", "word", "", "not"), item._replace(text=_OPPOSITES[item.text])])
        elif item.text not in FILLERS:
            done.append(item._replace(text=_EQUAL.get(item.text, item.text)))
    return done


def roles(items: Sequence[Token]) -> tuple[Roles, ...]:
    """Return the readings of a clause in comparable form; none where it has no verb and no colon."""
    items = _plain(items)
    label, _ = _label(items)
    found = (_read(items, verbless=False), _read(items, verbless=True) if label else None)
    return tuple(reading for reading in found if reading is not None)


def _read(items: list[Token], *, verbless: bool) -> Roles | None:
    label, rest = _label(items)
    front, rest = fronted(rest)
    group = None if verbless else _main(rest)
    if group is None and front and not verbless:
        front, rest = [], [*front, *rest]
        group = _main(rest)
    if group is None and label:  # "X: A and B" as "X is A and B"
        group = Group(len(label), len(label) + 1, "be", ())
        rest, label = [*label, Token(":", "mark", "", ":"), *front, *rest], []
        front = []
    if group is None:
        return None
    reader = _Reader()
    _take_sides(reader, rest[: group.start], rest[group.end :], group)
    for lead in (front, label):
        if lead:
            reader.take(lead, "phrase", "in")
    for word in (group.verb, *group.words):
        if word not in _NOTHING | _DENIALS | _DUTIES.keys() | _POSSIBLE.keys() | AUXILIARIES:
            reader.verb(family(word))
    return _with_marks(items, rest, group, tuple(reader.parts))


def _take_sides(reader: _Reader, left: Sequence[Token], right: Sequence[Token], group: Group) -> None:
    """Read what stands before and after the verb by its voice."""
    if group.verb in _NAMING:
        bare = right[1:] if right and right[0].text in ("as", "to", "for", "that") else right
        reader.take(left, "object" if group.passive else "agent")
        reader.take(bare, "agent" if group.passive else "object")
    elif group.passive:
        reader.take(left, "object")
        place = next((n for n, item in enumerate(right) if item.text == "by"), len(right))
        reader.take(right[:place], "object")
        if place < len(right):
            reader.take(right[place + 1 :], "agent")
    elif group.verb in _HAVING:
        reader.take(left, "phrase", "in")
        reader.take(right, "object")
    else:
        reader.take(left, "agent")
        reader.take(right, "object")


def _label(items: Sequence[Token]) -> tuple[list[Token], list[Token]]:
    """Return "Bell palsy" and "start prednisolone" of "Bell palsy: start prednisolone"."""
    places = [index for index, item in enumerate(items) if item.text == ":"]
    if len(places) != 1 or not 0 < places[0] < len(items) - 1:
        return [], list(items)
    return list(items[: places[0]]), list(items[places[0] + 1 :])


def _main(items: Sequence[Token]) -> Group | None:
    """Return the first verb group that is none of a relative clause; of several relative ones the first."""
    found = [group for group in groups(list(items)) if group.start > 0 or group.imperative]
    own = [
        group for group in found if not group.start or items[group.start - 1].text not in _RELATIVE
    ] or found
    if len(own) > 1 and own[0].past and not own[0].words and set(own[1].words) & AUXILIARIES:
        between = {item.text for item in items[own[0].end : own[1].start]}
        if not between & {"and", "but", ",", ";"}:
            return own[1]  # "patients treated with X are ..."
    return next(iter(own), None)


def _with_marks(
    items: Sequence[Token], rest: Sequence[Token], group: Group, parts: tuple[Part, ...]
) -> Roles:
    texts = [item.text for item in items]
    denied = []
    for index, text in enumerate(texts):
        if text in _DENIALS or text in _REFUSING:
            after = (family(item.text) for item in items[index + 1 :] if _content(item))
            denied.append(next((key for key in after if key not in NOTHING), ""))
    duty = max((_DUTIES[text] for text in texts if text in _DUTIES), default=0)
    if "contraindicate" in texts:
        duty = max(_DUTIES.values())
    joints = {text for text in texts if text in ("and", "or", "nor")}
    article = rest[group.end].text if group.verb == "be" and group.end < len(rest) else ""
    be = group.verb == "be" and not group.passive
    return Roles(
        parts,
        tuple(denied),
        sum(1 for _ in groups(list(items))) <= 1
        and not any(item.text in CONDITIONS - {"not"} for item in items),
        min(
            (_POSSIBLE[item.text] for item in items if item.text in _POSSIBLE and item.raw != "May"),
            default=_CERTAIN,
        ),
        max(duty, _ADVISED) if group.imperative else duty,
        group.past or any(text in ("was", "were", "had", "did") for text in texts),
        article if article in ("the", "a", "an") else "",
        group.passive and group.verb in _NAMING,
        "or" if joints & {"or", "nor"} else "and" if joints else "",
        any(text in _TOGETHER for text in texts),
        be and bool(rest) and rest[0].text == "the",
    )


__all__ = ["NOTHING", "Part", "Roles", "family", "roles"]
