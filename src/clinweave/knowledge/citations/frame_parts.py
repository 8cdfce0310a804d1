"""Building blocks of frames that several modules of rewriting share: noun phrases and sorted phrases."""

from collections.abc import Iterable

from clinweave.knowledge.citations.bags import Bag, items_of, joint_of
from clinweave.knowledge.citations.clauses import Chunk

Phrase = tuple[str, Bag]
THERE = Chunk(("there",), (("there",),))


def noun(bag: Bag) -> Chunk:
    """Return a noun phrase of these words."""
    return Chunk(bag, items_of(bag), joint_of(bag))


def plain(chunk: Chunk) -> Chunk:
    """Return a noun phrase without its article and phrases."""
    return Chunk(chunk.bag, chunk.items, chunk.joint)


def bare(chunk: Chunk) -> Chunk:
    """Return a noun phrase without its article."""
    return Chunk(chunk.bag, chunk.items, chunk.joint, "", chunk.phrases)


def sort(phrases: Iterable[Phrase]) -> tuple[Phrase, ...]:
    """Return phrases in the order in which frames keep them."""
    return tuple(sorted(phrases))


def with_phrase(phrases: Iterable[Phrase], more: Phrase) -> tuple[Phrase, ...]:
    """Return phrases and one more, sorted."""
    return sort([*phrases, more])


def without(phrases: Iterable[Phrase], gone: Phrase) -> list[Phrase]:
    """Return phrases without one of them."""
    rest = list(phrases)
    rest.remove(gone)
    return rest
