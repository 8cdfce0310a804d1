"""Whether a clause states another in other words: all words aligned, roles kept, nothing restricting left out.

Frames (`clauses`) must be equal in all their parts, so one phrase read wrongly on one side makes them differ. This
comparison is softer in form and as strict in substance. Both clauses are read as words with a role (agent, object,
phrase) and an item (of a list). The sentence is supported if

- every word of it is in the evidence, as the same word, one of its family ("closure", "closed") or a synonym, or says
  nothing by itself ("is called", "was found");
- no word of the evidence is left, except whole items of a list that may stand without the others;
- no two words have changed roles, and what belongs to one item still does;
- denial, possibility, duty and tense are the same (the sentence may be weaker in possibility and duty).
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

from clinweave.knowledge.citations.inflection import word_set
from clinweave.knowledge.citations.roles import NOTHING, Part, Roles
from clinweave.knowledge.citations.tokens import Token

_MIN_WORDS = 3  # content words of a sentence that is compared in this way
_SLIGHT = word_set(
    "classic typical characteristic effective total now"
)  # an affirmative claim may leave these out
_LOOSE = ("in", "on", "at", "of", "for", "with", "within", "during", "by", "")
_EITHER = (
    ("because", "by"),
    ("that", "with"),
    ("that", "of"),
    ("that", "in"),
    ("if", "in"),
    ("if", "with"),
    ("to", "into"),
)
_SAME_LINKS = frozenset(  # two links that may stand for one another
    frozenset(pair) for pair in (*combinations(_LOOSE, 2), *_EITHER)
)
_SIGNS = frozenset({"positive", "negative"})
_MAX_OUTSIDE = 3  # words of a claim that a heading or the sentence before may give


def difference(claim: Roles, stated: Roles, context: Collection[str] = ()) -> str:
    """Return why `stated` does not state `claim`, "" where it does.

    `context` has the families of words of the heading and of what the sentence before is about.
    """
    words = [part for part in claim.parts if part.number or part.key not in NOTHING]
    if len(words) < _MIN_WORDS:
        return "too short"
    pairs = list(_pairs(words, stated))
    return (
        _marks_differ(claim, stated)
        or _missing(words, {part.key for part in stated.parts}, context)
        or _left_over(claim, stated, {part.key for part in words})
        or ("a word is repeated" if len(pairs) < len(_there(words, stated)) else "")
        or _links_differ(pairs, advised=bool(claim.duty and stated.duty))
        or _moved(pairs)
    )


def same_signs(claim: Sequence[Token], stated: Sequence[Token]) -> bool:
    """Tell whether what is positive and what is negative in a sentence that has both is so in the evidence as well.

    "RhD+ women carrying an RhD− fetus" has the words, and the roles, of "RhD− women carrying an RhD+ fetus".
    """
    return _signs(claim) <= _signs(stated)


def _signs(clause: Sequence[Token]) -> frozenset[tuple[str, ...]]:
    words = ["", *(item.text for item in clause), ""]
    signs = [place for place, word in enumerate(words) if word in _SIGNS]
    if len({words[place] for place in signs}) < len(_SIGNS):
        return frozenset()
    return frozenset((words[place - 1], words[place], words[place + 1]) for place in signs)


def _there(words: Sequence[Part], stated: Roles) -> list[Part]:
    keys = {part.key for part in stated.parts}
    return [part for part in words if part.key in keys]


def _pairs(words: Sequence[Part], stated: Roles) -> Iterator[tuple[Part, Part]]:
    """Yield each word with its place in the evidence; of a word that is not as often there none."""
    there: dict[str, list[Part]] = {}
    for part in stated.parts:
        there.setdefault(part.key, []).append(part)
    for key, count in Counter(part.key for part in words).items():
        if len(there.get(key, ())) == count:
            yield from zip([part for part in words if part.key == key], there[key], strict=True)


def _missing(words: Sequence[Part], there: Collection[str], context: Collection[str]) -> str:
    """Return which word of the claim the evidence lacks; headings may give a few."""
    outside = [part for part in words if part.key not in there]
    missing = [part.key for part in outside if part.key not in context or part.number]
    if missing:
        return f"missing: {missing[0]}"
    return "too much from the heading" if len(outside) > min(_MAX_OUTSIDE, len(words) - 2) else ""


def _marks_differ(claim: Roles, stated: Roles) -> str:
    """Return which of denial, possibility, duty, tense and article differs."""
    article = (claim.article == "the" != stated.article) or (claim.naming and stated.article in ("a", "an"))
    checks = (
        (_denials_differ(claim, stated), "denial"),
        (claim.possibility > stated.possibility, "possibility"),
        (claim.duty > stated.duty or (stated.duty and not claim.duty), "duty"),
        (claim.past != stated.past, "tense"),
        (article, "article"),
    )
    return next((name for differs, name in checks if differs), "")


def _denials_differ(claim: Roles, stated: Roles) -> bool:
    if not claim.denied and not stated.denied:
        return False
    everything = any(
        part.key == "all" for part in (*claim.parts, *stated.parts)
    )  # "not all" and "all ... not"
    plain = claim.simple and stated.simple and len(claim.denied) == len(stated.denied) == 1
    return everything or not (plain or claim.denied == stated.denied)


def _left_over(claim: Roles, stated: Roles, wanted: Collection[str]) -> str:
    """Return which word of the evidence may not be left out; "" where none is, or only items of a list are."""
    joint = "or" if stated.denied else "and"
    listed = stated.joint == joint and not stated.together and not claim.exhaustive
    for part in stated.parts:
        slight = part.key in NOTHING or (part.key in _SLIGHT and not stated.denied)
        if part.key in wanted or (slight and not part.number):
            continue
        if not listed or not _free_item(part, stated, wanted):
            return f"left out: {part.key}"
    return ""


def _free_item(part: Part, stated: Roles, wanted: Collection[str]) -> bool:
    """Tell whether a word belongs to an item of a list of which another item is wanted, and restricts no other."""
    region = [item for item in stated.parts if item.region == part.region != 0]
    mates = [item for item in region if item.item == part.item]
    others = [item for item in region if item.item != part.item]
    if not any(item.key in wanted for item in others):
        return False
    last = part.item == max(item.item for item in region)
    if last and any(item.link != others[0].link for item in mates):  # "A and B in children"
        return False
    if not part.link:  # "risk of colorectal and endometrial cancer"
        mates = [item for item in mates if item.segment == part.segment]
    return not any(item.key in wanted for item in mates)


def _links_differ(pairs: Sequence[tuple[Part, Part]], *, advised: bool) -> str:
    """Return which word is joined in another way ("before" for "after")."""
    for one, other in pairs:
        links = frozenset((one.link, other.link))
        given = advised and "to" in links and links & {"in", "for"}  # "do not give it to" and "is not for"
        if len(links) > 1 and links not in _SAME_LINKS and not given:
            return f"link of {one.key}"
    return ""


def _moved(pairs: Sequence[tuple[Part, Part]]) -> str:
    """Return which two words have other roles than in the evidence, or are no longer in one item."""
    items: dict[int, set[int]] = {}
    for part, _ in pairs:
        items.setdefault(part.region, set()).add(part.item)
    for (one, there), (other, beside) in combinations(pairs, 2):
        if any(a.link == "by" and b.role == "agent" for a, b in ((one, there), (other, beside))):
            continue
        first, second = _rank(one, other), _rank(there, beside)
        verb = "verb" in (one.role, other.role, there.role, beside.role)
        together = one.item == other.item and len(items[one.region]) > 1
        split = there.item != beside.item and there.region == beside.region
        if (first and second and first != second) or (together and split and not verb):
            return f"roles of {one.key} and {other.key}"
    return ""


def _rank(a: Part, b: Part) -> int:
    """Return 1 where `a` governs `b`, -1 where `b` governs `a`, 0 where neither."""
    if a.number or b.number or "verb" in (a.role, b.role):
        return 0
    if {a.role, b.role} == {"agent", "object"} and (a.core or b.core):
        agent = a if a.role == "agent" else b
        return 0 if not agent.core else 1 if agent is a else -1
    if a.core != b.core:
        return a.core - b.core
    if a.segment == b.segment:
        return a.head - b.head
    if bool(a.link) != bool(b.link):  # "risk of A in B" is not "risk of B in A"
        return bool(b.link) - bool(a.link)
    same = a.role == b.role and a.link == b.link
    return (a.depth < b.depth) - (a.depth > b.depth) if same else 0


__all__ = ["difference", "same_signs"]
