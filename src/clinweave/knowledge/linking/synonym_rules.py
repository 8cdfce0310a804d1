"""Synonym substitutions between names of the same concept, learned from the vocabulary itself.

HPO calls one finding "Hearing impairment" and "Hearing loss", another "Sensorineural hearing impairment" alone: what
alternates in one finding is tried on the others. A rule (these word families for those) counts where it joins names of
one concept in at least `FEWEST` concepts, and hardly ever leads from a name of one concept to a name of another.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

Bag = tuple[str, ...]  # sorted word families of a name

FEWEST = 4  # concepts in which a rule holds
MAX_WRONG = 0.25  # of its rightful uses: how often it may lead to a name of another concept
LONGEST = 2  # families that a rule takes away or puts in


def learned(owners: Mapping[Bag, frozenset[str]]) -> dict[Bag, list[Bag]]:
    """Return, for each bag that may be taken out of a name, what may stand in its place; `owners` by name."""
    tried = _tried(owners)
    counts: Counter[tuple[Bag, Bag, bool]] = Counter()
    for bag, concepts in owners.items():
        for out, into, other in changed(bag, tried):
            if other in owners:
                counts[out, into, not concepts.isdisjoint(owners[other])] += 1
    together = _together(owners, tried)
    return {
        out: targets
        for out, options in tried.items()
        if (targets := sorted(into for into in options if _holds(counts, together, out, into)))
    }


def _tried(owners: Mapping[Bag, frozenset[str]]) -> dict[Bag, list[Bag]]:
    """Return what the names of one concept have in each other's place, in `FEWEST` frames or more."""
    of: dict[str, list[Bag]] = defaultdict(list)
    for bag, concepts in owners.items():
        for concept in concepts:
            of[concept].append(bag)
    frames: dict[tuple[Bag, Bag], set[Bag]] = defaultdict(set)
    for bags in of.values():
        for first, other in combinations(sorted(bags), 2):
            out, into = _less(first, other), _less(other, first)
            if not 0 < len(out) <= LONGEST or not 0 < len(into) <= LONGEST:
                continue  # skip pure deletions: the dropped word ("muscle") often carries the meaning
            frame = _less(first, out)
            if frame:
                frames[out, into].add(frame)
                frames[into, out].add(frame)
    tried: dict[Bag, list[Bag]] = defaultdict(list)
    for (out, into), seen in frames.items():
        if len(seen) >= FEWEST:
            tried[out].append(into)
    return tried


def variants(owners: Mapping[Bag, frozenset[str]]) -> dict[Bag, Bag]:
    """Return new names, each with the name it replaces: one rule away, unused so far, and of one concept."""
    rules = learned(owners)
    spellings: dict[Bag, Bag] = {}
    unclear: set[Bag] = set()
    for bag, concepts in owners.items():
        for _, _, other in changed(bag, rules):
            if other in owners or len(other) < 2:
                continue
            if other in spellings and owners[spellings[other]] != concepts:
                unclear.add(other)
            spellings.setdefault(other, bag)
    return {new: old for new, old in spellings.items() if new not in unclear}


def changed(bag: Bag, rules: Mapping[Bag, Sequence[Bag]]) -> Iterator[tuple[Bag, Bag, Bag]]:
    """Yield (taken out, put in, the new bag) for every rule that fits."""
    parts = {(word,) for word in bag} | set(combinations(bag, 2))
    for out in sorted(parts):  # the order of a set of strings changes with each run of Python
        if len(out) == len(bag):
            continue
        for into in rules.get(out, ()):
            yield out, into, tuple(sorted((*_less(bag, out), *into)))


def _together(owners: Iterable[Bag], tried: Mapping[Bag, Sequence[Bag]]) -> Counter[tuple[Bag, Bag]]:
    """Count the names that have both sides of a rule: words that go together do not stand for one another."""
    counts: Counter[tuple[Bag, Bag]] = Counter()
    for bag in owners:
        parts = {(word,) for word in bag} | set(combinations(bag, 2))
        for out in parts.intersection(tried):
            counts.update((out, into) for into in tried[out] if into in parts and set(out).isdisjoint(into))
    return counts


def _holds(
    counts: Mapping[tuple[Bag, Bag, bool], int], together: Mapping[tuple[Bag, Bag], int], out: Bag, into: Bag
) -> bool:
    right, wrong = counts.get((out, into, True), 0), counts.get((out, into, False), 0)
    return right >= FEWEST and max(wrong, together.get((out, into), 0)) <= MAX_WRONG * right


def _less(bag: Iterable[str], other: Iterable[str]) -> Bag:
    left = Counter(bag)
    left.subtract(Counter(other))
    return tuple(sorted(left.elements()))
