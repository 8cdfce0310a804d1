"""Noun phrases as bags of words that keep what a bag would lose: which words are one item, and what stands after "of".

"Risk of stroke" and "stroke risk" are the same bag; "mother of the child" and "child of the mother" are not, nor are
"small jaw and wide eyes" and "wide jaw and small eyes". The structure is the last element of the bag, after a mark.
"""

from collections.abc import Collection, Sequence

Bag = tuple[str, ...]
_MARK, _ITEM, _OF = "\0", ";", "|"


def bag_of(items: Sequence[Sequence[Sequence[str]]], joint: str = "") -> Bag:
    """Return the bag of a list of items, each the parts between its "of"s, each a sequence of words."""
    kept = [[part for part in item if part] for item in items]
    kept = [item for item in kept if item]
    words = sorted(word for item in kept for part in item for word in part)
    if len(kept) == 1 and len(kept[0]) == 1:
        return tuple(words)
    shape = _ITEM.join(sorted(_OF.join(" ".join(sorted(part)) for part in item) for item in kept))
    return (*words, *([joint] if joint else []), *([_MARK + shape] if shape else []))


def words_of(bag: Bag) -> Bag:
    """Return the words alone."""
    return bag[:-1] if bag and bag[-1].startswith(_MARK) else bag


def items_of(bag: Bag) -> tuple[Bag, ...]:
    """Return the items of a list, each a bag; the bag itself where it is no list."""
    shape = _shape(bag)
    if len(shape) < 2:
        return (bag,) if bag else ()
    return tuple(bag_of([[part.split(" ") for part in item]]) for item in shape)


def joint_of(bag: Bag) -> str:
    """Return "and" or "or" where the bag is a list."""
    return next((word for word in words_of(bag)[-1:] if word in ("and", "or")), "")


def same(first: Bag, second: Bag) -> bool:
    """Tell whether two bags hold the same words, in the same structure where both have one."""
    if words_of(first) != words_of(second):
        return False
    one, other = _shape(first), _shape(second)
    if not one or not other:
        return True
    if len(one) != len(other):
        return False
    rest = list(other)
    for item in one:
        match = next((candidate for candidate in rest if _same_item(item, candidate)), None)
        if match is None:
            return False
        rest.remove(match)
    return True


def less(bag: Bag, removed: Collection[str]) -> Bag:
    """Return the bag without one of each of these words."""
    rest = list(words_of(bag))
    shape = [[part.split(" ") for part in item] for item in _shape(bag)]
    joint = joint_of(bag)
    for word in removed:
        if word in rest:
            rest.remove(word)
            part = next((part for item in shape for part in item if word in part), None)
            if part is not None:
                part.remove(word)
    return bag_of(shape, joint) if shape else tuple(rest)


def _shape(bag: Bag) -> list[list[str]]:
    if not bag or not bag[-1].startswith(_MARK):
        return []
    return [item.split(_OF) for item in bag[-1][1:].split(_ITEM)]


def _same_item(first: Sequence[str], second: Sequence[str]) -> bool:
    if len(first) > 1 and len(second) > 1:
        return list(first) == list(second)
    return sorted(" ".join(first).split()) == sorted(" ".join(second).split())
